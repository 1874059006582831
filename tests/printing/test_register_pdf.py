"""印領清冊 of a real run, printed from the run's page."""

import pytest
from sqlalchemy import select

from app.core import clock
from app.models.access import AccessEntry
from tests.payments.county import NOON, County
from tests.payments.making import payee

from .test_letters import text_of


@pytest.fixture
def county(app, actor):
    from app.commands import payment_files

    payment_files.log_path().unlink(missing_ok=True)
    with clock.frozen(NOON):
        yield County(actor)


def approved(county, channels):
    for n, channel in enumerate(channels, 1):
        county.award(n, pay=payee(n, channel=channel))
    return county.approved(county.build())


def test_the_signature_list_of_an_approved_run_is_printed_and_logged(county, client_as, session):
    run_id = approved(county, ["cash", "cash", "post"])
    browser = client_as("accountant.10004")
    assert "印領清冊（PDF）" in browser.get(f"/payment_runs/show/{run_id}").text
    answer = browser.post(f"/payment_runs/signature/{run_id}")
    assert answer.mimetype == "application/pdf" and answer.data.startswith(b"%PDF")
    (page,) = text_of(answer.data)
    assert "王1" in page and "王3" not in page and "本頁小計2筆12,000" in page and "總計2筆12,000" in page
    logged = session.scalars(select(AccessEntry).where(AccessEntry.action == "print")).all()
    assert [(e.subject_table, e.subject_id, e.rows) for e in logged] == [("payment_run", str(run_id), 2)]


def test_a_run_without_cash_offers_no_list_and_refuses_it(county, client_as):
    run_id = approved(county, ["post"])
    browser = client_as("accountant.10004")
    assert "印領清冊（PDF）" not in browser.get(f"/payment_runs/show/{run_id}").text
    assert "沒有以現金印領的對象" in browser.post(f"/payment_runs/signature/{run_id}", follow_redirects=True).text


def test_without_a_font_the_button_says_which_package_to_install(county, client_as, app, tmp_path, session):
    run_id = approved(county, ["cash"])
    kept, app.config["FONT_FOLDERS"] = app.config["FONT_FOLDERS"], [tmp_path]
    try:
        shown = client_as("accountant.10004").post(f"/payment_runs/signature/{run_id}", follow_redirects=True).text
    finally:
        app.config["FONT_FOLDERS"] = kept
    assert "fonts-cns11643-kai" in shown and "沒有中文字型" in shown
    assert not session.scalars(select(AccessEntry).where(AccessEntry.action == "print")).all()


def test_another_county_and_the_supervisor_get_no_list(county, client_as):
    run_id = approved(county, ["cash"])
    assert client_as("accountant.10005").post(f"/payment_runs/signature/{run_id}").status_code in (403, 404)
    assert client_as("director.10004").post(f"/payment_runs/signature/{run_id}").status_code == 403
