"""The county's catalogue of devices: entered or imported by one person, in force by another, dated; and its screens."""

import datetime as dt
import io
import re

import openpyxl
import pytest
from sqlalchemy import select

from app.commands import device_catalogue as catalogue
from app.commands.base import Forbidden, NotFound, Refused
from app.core import clock, roc
from app.models.device import DeviceItem
from tests.casework.conftest import person_id
from tests.casework.test_screens import CLERK, opened

TITLES = "項目代碼,輔具名稱,最高補助金額,最低使用年限,須評估,評估單位,計入四項,全額補助,障礙類別,障礙等級,生效日期,停止適用日期,來源"
GOOD = 'D01,示範輪椅,"4,000",3,Y,示範輔具中心,Y,N,7、05,中度、重度,1150101,,示範公告'
PLAIN = "D02,示範拐杖,1000,2,N,,Y,,,,1150101,,示範公告"
DAY = dt.date(2026, 3, 2)


def file(tmp_path, *rows, name="catalogue.csv", titles=TITLES):
    path = tmp_path / name
    path.write_text("\n".join((titles, *rows)), "utf-8")
    return path


def test_a_file_is_taken_in_as_proposals_and_approved_by_somebody_else(actor, session, tmp_path):
    done = catalogue.import_items(actor("officer.10004"), file(tmp_path, GOOD, PLAIN))
    assert (done.rows, done.unchanged) == (2, 0)
    assert catalogue.in_force(session, "10004", DAY) == {}, "nothing is in force before a second person approved it"
    with pytest.raises(Forbidden):
        catalogue.approve_all(actor("officer.10004"))
    assert catalogue.approve_all(actor("director.10004")) == 2
    items = catalogue.in_force(session, "10004", DAY)
    assert list(items) == ["D01", "D02"]
    law = catalogue.law_item(items["D01"])
    assert (law.max_amount, law.min_years, law.assessed, law.classes) == (4_000, 3, True, ("7", "05"))
    assert [g.zh for g in law.grades] == ["中度", "重度"]
    again = catalogue.import_items(actor("officer.10004"), file(tmp_path, GOOD, PLAIN))
    assert (again.rows, again.unchanged) == (0, 2), "the same file twice changes nothing"


def test_a_spreadsheet_is_read_too(actor, session, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(TITLES.split(","))
    book.active.append(["D01", "示範輪椅", 4000, 3, "是", None, "是", None, None, None, "1150101", None, "示範公告"])
    path = tmp_path / "catalogue.xlsx"
    book.save(path)
    assert catalogue.import_items(actor("officer.10004"), path).rows == 1
    assert session.scalars(select(DeviceItem)).one().max_amount == 4_000


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (PLAIN.replace("1000", "0"), "第 3 列：最高補助金額須大於 0 元"),
        (PLAIN.replace("1000", "-5"), "第 3 列：最高補助金額須大於 0 元"),
        (PLAIN.replace("1000,2,", "1000,二,"), "第 3 列：最低使用年限"),
        (PLAIN.replace("1150101", "1151301"), "第 3 列：生效日期"),
        (PLAIN.replace("1150101,,", "1150101,1141231,"), "停止適用日期不可早於生效日期"),
        (PLAIN.replace(",N,,Y,", ",也許,,Y,"), "「須評估」請填 Y 或 N"),
        (PLAIN.replace(",Y,,,,", ",Y,,9,,"), "障礙類別「9」不正確"),
        (PLAIN.replace(",Y,,,,", ",Y,,,超重度,"), "障礙等級「超重度」不正確"),
        (PLAIN.replace("示範公告", ""), "請填來源"),
        (PLAIN.replace("D02", ""), "請填項目代碼"),
        (GOOD, "與第 2 列的代碼與生效日期相同"),
    ],
)
def test_a_fault_is_named_by_its_row_and_nothing_is_taken_in(actor, session, tmp_path, row, words):
    with pytest.raises(catalogue.BadCatalogue) as error:
        catalogue.import_items(actor("officer.10004"), file(tmp_path, GOOD, row))
    assert any(words in fault for fault in error.value.faults), error.value.faults
    assert session.scalars(select(DeviceItem)).all() == []


def test_a_column_that_is_missing_is_named(actor, tmp_path):
    with pytest.raises(Refused, match="最低使用年限"):
        catalogue.import_items(actor("officer.10004"), file(tmp_path, "D02,示範拐杖", titles="項目代碼,輔具名稱"))


def test_a_later_row_holds_from_its_day_and_the_newer_of_two_for_one_day_stands(actor, session):
    def enter(most, day):
        row = catalogue.propose_item(actor("officer.10004"), "D01", "示範輪椅", most, 3, day, "示範公告")
        catalogue.approve_item(actor("director.10004"), row)

    enter(4_000, dt.date(2025, 1, 1))
    enter(5_000, dt.date(2026, 1, 1))
    assert catalogue.in_force(session, "10004", dt.date(2025, 12, 31))["D01"].max_amount == 4_000
    assert catalogue.in_force(session, "10004", dt.date(2026, 1, 1))["D01"].max_amount == 5_000
    enter(5_500, dt.date(2026, 1, 1))
    session.expire_all()
    assert catalogue.in_force(session, "10004", DAY)["D01"].max_amount == 5_500
    assert [r.state for r in session.scalars(select(DeviceItem).order_by(DeviceItem.id))] == ["approved", "withdrawn", "approved"]


def test_every_county_keeps_its_own(actor, session):
    row = catalogue.propose_item(actor("officer.10004"), "D01", "示範輪椅", 4_000, 3, dt.date(2025, 1, 1), "示範公告")
    with pytest.raises(NotFound):
        catalogue.approve_item(actor("director.10005"), row)
    catalogue.approve_item(actor("director.10004"), row)
    assert catalogue.in_force(session, "10005", DAY) == {}
    with pytest.raises(Forbidden):
        catalogue.propose_item(actor("clerk.10004010"), "D02", "示範拐杖", 1_000, 3, dt.date(2025, 1, 1), "示範公告")


# -- on screen ----------------------------------------------------------------------------------------------------------------------------


def test_import_and_approval_on_screen(client_as, session):
    officer, director = client_as("officer.10004"), client_as("director.10004")
    bad = officer.post("/device-catalogue/import", data={"file": (io.BytesIO(f"{TITLES}\n{PLAIN.replace('1000', '0')}".encode()), "c.csv")})
    assert bad.status_code == 422 and "第 2 列：最高補助金額須大於 0 元" in bad.text
    good = officer.post("/device-catalogue/import", data={"file": (io.BytesIO(f"{TITLES}\n{GOOD}".encode()), "c.csv")})
    assert good.status_code == 303
    assert "核准 1 項待核准項目" not in officer.get("/device-catalogue/list/").text
    assert "核准 1 項待核准項目" in director.get("/device-catalogue/list/").text
    director.post("/device-catalogue/approve-all")
    assert session.scalars(select(DeviceItem)).one().state == "approved"
    assert "示範輪椅" not in client_as("director.10005").get("/device-catalogue/list/").text


def test_rows_of_devices_are_typed_kept_and_marked_in_place(client_as, county_settings, actor, session):
    row = catalogue.propose_item(actor("officer.10004"), "D01", "示範輪椅", 4_000, 3, dt.date(2025, 1, 1), "示範公告", classes="2")
    catalogue.approve_item(actor("director.10004"), row)
    clerk, base = client_as(CLERK), "/assistive_device_subsidy"
    answer = clerk.post(f"{base}/open", data={"person_id": person_id(9), "name": "林小安", "birth": "60/5/6", "sex": "M", "registered_address": "新竹縣"})
    pk = int(re.search(r"/intake/(\d+)/person", answer.location)[1])

    def save(**data):
        page = clerk.get(f"{base}/intake/{pk}/devices").text
        seen = re.search(r'name="_seen_version" value="(\d+)"', page)[1]
        return clerk.post(f"{base}/intake/{pk}/devices", data={"_seen_version": seen, "go": "stay", **data})

    assert save(**{"d1-item_code": "D01", "d1-spec": "示範型", "d1-provision": "cash", "e1-item_code": "D01"}).status_code == 303
    page = clerk.get(f"{base}/intake/{pk}/devices").text
    assert "示範型" in page and "請填其他機關補助的日期" in page
    odd = save(**{"d1-item_code": "X99", "d1-spec": "示範型", "e1-item_code": "D01", "e1-granted_on": "114/13/1"})
    assert odd.status_code == 422 and "請從清單中選擇" in odd.text and "不是存在的日期" in odd.text
    assert "114/13/1" in clerk.get(f"{base}/intake/{pk}/devices").text, "what was typed is kept"
    today = roc.show_date(clock.today())
    assert save(**{"d1-item_code": "D01", "d2-item_code": "D01", "d2-recycled": "y", "e1-item_code": "D01", "e1-granted_on": today}).status_code == 303
    page = clerk.get(f"{base}/intake/{pk}/devices").text
    assert "起才可再申請" in page
    opened(clerk, pk, base=base)
    shown = clerk.get(f"{base}/show/{pk}").text
    assert "1. 示範輪椅" in shown and "2. 示範輪椅" in shown and "（回收輔具）" in shown
    assert save(**{"d2-item_code": "D01"}).status_code == 303
    assert "1. 示範輪椅" not in clerk.get(f"{base}/show/{pk}").text
    assert clerk.get(f"{base}/device/{pk}/999999/claim").status_code == 404


def test_a_refused_receipt_stands_at_its_field_with_what_was_typed(client_as, desk, actor, session):
    from tests.casework.test_devices import ITEMS, Case

    for code, name, most, years, assessed, more in ITEMS[:2]:
        row = catalogue.propose_item(actor("officer.10004"), code, name, most, years, dt.date(2025, 1, 1), "示範公告", assessed=assessed, **more)
        catalogue.approve_item(actor("director.10004"), row)
    case = Case(desk).granted("D02").serve()
    clerk, base = client_as(CLERK), "/assistive_device_subsidy"
    opened(clerk, desk.id, base=base)
    url = f"{base}/device/{desk.id}/{case.row().id}/claim"
    seen = re.search(r'name="_seen_version" value="(\d+)"', clerk.get(url).text)[1]
    today = roc.show_date(clock.today())
    typed = {"_seen_version": seen, "claimed_on": today, "vendor": "示範醫材行", "receipt_no": "AB-1", "receipt_on": "115/1/2", "receipt_amount": "-5"}
    bad = clerk.post(url, data=typed)
    assert bad.status_code == 422 and "示範醫材行" in bad.text
    bad = clerk.post(url, data={**typed, "receipt_amount": "0"})
    assert bad.status_code == 422 and "早於核定日" in bad.text and "須大於 0 元" in bad.text
    good = {**typed, "receipt_on": today, "receipt_amount": "４５０"}
    assert clerk.post(url, data=good).status_code == 303
    assert clerk.post(url, data=good).status_code in (409, 422), "a second press finds the device in another state"
    officer = client_as("officer.10004")
    assert "示範拐杖" in officer.get("/devices/list/?_flt_0_state=claimed").text
    opened(officer, desk.id, base=base)
    check = f"{base}/device/{desk.id}/{case.row().id}/check"
    assert "應撥付 450 元" in officer.get(check).text
    seen = re.search(r'name="_seen_version" value="(\d+)"', officer.get(check).text)[1]
    assert officer.post(check, data={"_seen_version": seen}).status_code == 303
    session.rollback()
    assert case.row().payable_amount == 450
