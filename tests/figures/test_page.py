"""The page of the figures: every role and scope, whatever the address says, the spreadsheet, the chart, kept questions, the list behind a figure."""

import io

import openpyxl
import pytest
from sqlalchemy import select

from app.extensions import db
from app.models.access import AccessEntry
from app.models.statistic_question import SavedQuestion
from app.security import scope

from .test_refresh_and_ask import HOME, OTHER, world  # noqa: F401

ASKED = "/figures/?measure=benefits.drawing&by1=town&by2=band&first=09803&last=09803"


def test_the_page_the_chart_the_sheet_and_the_list(world, client_as):  # noqa: F811
    county, clerk = client_as("officer.10004"), client_as("clerk.10004010")
    page = county.get(ASKED).text
    assert "竹北市" in page and "竹東鎮" in page and f'value="{OTHER}|half"' in page
    other = clerk.get(ASKED).text
    assert "竹北市" in other and f'value="{OTHER}|' not in other
    svg = county.get(ASKED.replace("/figures/?", "/figures/chart.svg?"))
    assert svg.mimetype == "image/svg+xml" and "竹北市" in svg.text
    sheet = openpyxl.load_workbook(io.BytesIO(county.post(ASKED.replace("/figures/?", "/figures/export?")).data)).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[-1][0] == "合計" and rows[-1][-1] == 5
    people = county.post(ASKED.replace("/figures/?", "/figures/people?"), data={"at": f"{HOME}|full"})
    assert people.status_code == 200 and "王1" in people.text and "王2" not in people.text
    assert "共 0 筆" in clerk.post(ASKED.replace("/figures/?", "/figures/people?"), data={"at": f"{OTHER}|full"}).text
    with scope.use(scope.SYSTEM):
        assert [e.rows for e in db.session.scalars(select(AccessEntry).where(AccessEntry.subject_table == "statistic_fact"))] == [1, 0]


def test_the_ministry_gets_no_small_cell_and_no_list(world, client_as):  # noqa: F811
    ministry = client_as("ministry")
    page = ministry.get(ASKED).text
    assert "＊" in page and "figure-link" not in page and "王" not in page
    assert ministry.post(ASKED.replace("/figures/?", "/figures/people?"), data={"at": f"{HOME}|full"}).status_code in (302, 303, 403)


@pytest.mark.parametrize("query", ["", "?first=junk", "?measure=nothing", "?measure=applications.received&by1=band", "?by1=&measure=benefits.paid", "?f_month=x&by1=town", "?first=09812&last=09801"])
def test_the_page_opens_whatever_the_address_says(client_as, query):
    page = client_as("officer.10004").get(f"/figures/{query}")
    assert page.status_code in (200, 422) and "統計項目" in page.text


def test_kept_questions_are_shared_within_the_county_and_forgotten_by_their_owner(client_as):
    keep = ASKED.replace("/figures/?", "/figures/keep?")
    officer = client_as("officer.10004")
    officer.post(keep, data={"name": "各鄉鎮", "shared": "1"})
    assert "各鄉鎮" in client_as("clerk.10004010").get("/figures/").text and "各鄉鎮" not in client_as("officer.10005").get("/figures/").text
    row = db.session.scalars(select(SavedQuestion)).one()
    client_as("clerk.10004010").post(f"/figures/forget/{row.id}")
    assert db.session.scalars(select(SavedQuestion)).one_or_none() is not None
    number = row.id
    officer.post(f"/figures/forget/{number}")
    db.session.rollback()  # SQLite reads on as of the first look
    assert db.session.scalars(select(SavedQuestion)).one_or_none() is None
