"""What a first-week clerk leans on while filling in: one more member each time it is asked, tabs that tell what is not known, no year of 999 days."""

import re

from app.models.application import Application
from tests.casework.conftest import person_id
from tests.casework.test_screens import BASE, clerk, fill, save, start
from tests.seed import HOME_TOWN

__all__ = ["clerk"]


def tabs(page: str) -> dict[str, str]:
    """The note at each tab of the intake."""
    return dict(re.findall(r'<a href="[^"]*/intake/\d+/(\w+)"[^>]*>[^<]*<span class="tab-note">([^<]*)</span>', page))


def test_every_request_for_one_more_member_shows_an_empty_one(clerk, session):
    pk = start(clerk)
    typed: dict[str, str] = {}
    for position, name in ((2, "范志明"), (3, "范志強"), (4, "范美惠")):
        typed |= {f"m{position}-relation": "child", f"m{position}-name": name}
        answer = save(clerk, pk, "household", go="add", **typed)
        assert answer.status_code == 303
        assert f'name="m{position + 1}-name"' in clerk.get(answer.location).text
    assert [m.name for m in session.get(Application, pk).members][1:] == ["范志明", "范志強", "范美惠"]


def test_what_nobody_asked_yet_is_not_called_done(clerk):
    pk = start(clerk)
    notes = tabs(clerk.get(f"{BASE}/intake/{pk}/person").text)
    assert notes == {"person": "", "facts": "待查", "household": "待查", "means": "待查", "documents": "待填", "account": "待填", "summary": "待填"}
    fill(clerk, pk)
    notes = tabs(clerk.get(f"{BASE}/intake/{pk}/person").text)
    assert set(notes.values()) == {"", "完成", "待填"} and notes["summary"] == "待填"


def test_a_year_has_no_999_days(clerk):
    pk = start(clerk)
    save(clerk, pk, "facts", days_in_taiwan="999", lives_at_registration="y")
    page = clerk.get(f"{BASE}/intake/{pk}/facts").text
    assert "應在 0 到 366 之間" in page
    assert tabs(clerk.get(f"{BASE}/intake/{pk}/person").text)["facts"] == "待填"


def test_a_number_too_short_says_so_when_it_is_shown_again(clerk):
    pk = start(clerk)
    save(clerk, pk, "household", **{"m2-relation": "child", "m2-name": "范志明", "m2-person_id": person_id(31)[:9]})
    page = clerk.get(f"{BASE}/intake/{pk}/household").text
    assert re.search(r'id="m2-person_id-error">[^<]*1 個英文字母加 9 個數字', page)


def test_a_share_above_the_whole_and_a_western_tax_year_are_refused_in_place(clerk, session):
    pk = start(clerk)
    land = {"m1-a0-kind": "land", "m1-a0-value": "800000", "m1-a0-share_num": "3", "m1-a0-share_den": "2", "m1-a0-source": "tax"}
    answer = save(clerk, pk, "means", **{"m1-tax_year": "2025", **land})
    assert answer.status_code == 422 and "持分不可大於 1" in answer.text
    again = clerk.get(f"{BASE}/intake/{pk}/means").text
    assert "持分不可大於 1" in again and 'value="3"' in again and "請填民國年" in again
    assert save(clerk, pk, "means", **{"m1-tax_year": "114", **land, "m1-a0-share_num": "1"}).status_code == 303
    asset = session.get(Application, pk).members[0].assets[0]
    assert (asset.share_num, asset.share_den) == (1, 2)


def test_a_number_no_column_can_hold(clerk):
    pk = start(clerk)
    answer = save(clerk, pk, "facts", days_in_taiwan="9" * 30)
    assert answer.status_code == 422 and "太大，請檢查位數" in answer.text


def test_nothing_comes_in_tomorrow(clerk):
    pk = start(clerk)
    fill(clerk, pk)
    save(clerk, pk, "documents", **{"consent_on": "150/1/1", "affidavit_on": "115/1/1", "affidavit-received_on": "150/1/1"})
    page = clerk.get(f"{BASE}/intake/{pk}/summary").text
    assert "查調同意書簽署日不可晚於今天" in page and "切結書的收到日期不可晚於今天" in page


def test_the_summary_shows_no_button_but_its_own(clerk, session):
    pk = start(clerk)
    fill(clerk, pk)
    page = clerk.get(f"{BASE}/intake/{pk}/summary").text.partition('<main')[2]
    assert "****" in page and re.findall(r"<button[^>]*>([^<]*)", page.partition("</main>")[0]) == ["送出申請案"]


def test_the_longest_waiting_is_first_in_a_queue(desk, client_as):
    desk.open(1).fill().submit()
    first = desk.case.case_no
    desk.open(2).fill().submit()
    page = client_as(f"clerk.{HOME_TOWN}").get("/").text
    queue = re.search(r'href="(/elderly_living_allowance/[^"]*_flt_0_state=submitted[^"]*)"', page)[1].replace("&amp;", "&")
    rows = re.findall(r"ELA\d+", client_as(f"clerk.{HOME_TOWN}").get(queue).text)
    assert rows[0] == first
