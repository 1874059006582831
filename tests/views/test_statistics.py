"""The statistics page: the audit's five months add up as printed; an unknown figure is never 0."""

import io

import openpyxl
import pytest

from app.core import roc
from app.extensions import db
from app.security import scope

PRINTED = {  # month: submitted, doubtful, by county conditions, overpaid cases, overpaid amount (審計部附表4 合計)
    "09803": (1526448, 81202, 10381, 341, 746810),
    "09804": (1439998, 83952, 10454, 225, 586940),
    "09805": (1527984, 117542, 18493, 289, 684200),
    "09806": (1613163, 109272, 15978, 357, 262930),
    "09807": (1561593, 104212, 16806, 145, 116700),
}


def test_the_published_months_add_up_as_printed(app):
    from app.commands.match_statistics import published_rows
    from app.views.statistics import PUBLISHED_FIRST, PUBLISHED_LAST, totals

    with scope.use(scope.SYSTEM):
        rows = totals(published_rows(db.session(), PUBLISHED_FIRST, PUBLISHED_LAST), True)
    found = {roc.month5(t.month): (t.submitted, t.doubtful, t.county_defined, t.overpaid_count, t.overpaid_amount) for t in rows}
    assert found == PRINTED


def test_an_unknown_figure_stays_unknown():
    from app.commands.match_statistics import Figures
    from app.views.statistics import totals

    (month,) = totals([Figures(1, "10004", "新竹縣", "k", 10), Figures(1, "10005", "苗栗縣", "k", 5)], False)
    assert (month.submitted, month.doubtful, month.county_defined) == (15, None, None)
    assert month.doubts_per_thousand is None and month.confirmed_share is None


@pytest.mark.parametrize("query", ["", "?first=junk&last=", "?first=09812&last=09801", "?month=xx", "?first=00101&last=99912"])
def test_the_page_opens_whatever_the_url_says(client_as, query):
    page = client_as("ministry").get(f"/statistics/{query}")
    assert page.status_code == 200 and "81,202" in page.text


def test_a_county_compares_with_its_own_published_rows(client_as):
    page = client_as("director.10004").get("/statistics/").text
    assert "21,800" in page and "苗栗縣" not in page


def test_the_chart_is_svg_without_anything_from_outside(client_as):
    browser = client_as("ministry")
    for measure in ("doubts", "confirmed"):
        answer = browser.get(f"/statistics/chart/{measure}.svg")
        assert answer.mimetype == "image/svg+xml" and "98年3月" in answer.text
        assert "xlink:href=\"http" not in answer.text and "@import" not in answer.text
    assert browser.get("/statistics/chart/nothing.svg").status_code == 404


def test_the_spreadsheet_holds_numbers_as_numbers(client_as):
    answer = client_as("ministry").post("/statistics/export?first=09801&last=09803")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 572 and rows[1][0] == "09803"
    assert sum(r[8] for r in rows[1:]) == 2397580
