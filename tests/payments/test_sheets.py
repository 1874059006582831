"""The register in Excel and back (the way 澎湖 works): differences shown, totals checked, everything or nothing."""

import io

import openpyxl
import pytest

from app.commands import payment_sheets, payments
from app.commands.base import Conflict, Refused
from app.commands.verify_payments import payment_invariants
from app.extensions import db
from app.payments import work_sheet
from app.payments.line import Part
from app.security import scope

from .making import MARCH, line

AMOUNT, HANDLING, REASON = 10, 11, 12


def sheet_of(county, run_id, changes=(), total=None, drop=None):
    """The register's work sheet with cells changed: (row of the line from 1, column, value)."""
    content, _, _ = payment_sheets.write(county.officer, run_id)
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.active
    for row, column, value in changes:
        sheet.cell(row + 1, column).value = value
    if total is not None:
        sheet.cell(sheet.max_row, AMOUNT).value = total
    if drop:
        sheet.delete_rows(drop + 1)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def four(county):
    for n in range(1, 5):
        county.award(n)
    return county.build()


def refused(county, run_id, content, match):
    before = [(x.status, x.amount) for x in county.lines(run_id)]
    with pytest.raises(Refused, match=match):
        payment_sheets.look(county.officer, run_id, content)
    with pytest.raises(Refused, match=match):
        payment_sheets.apply(county.officer, run_id, content, None)
    assert [(x.status, x.amount) for x in county.lines(run_id)] == before


def test_amounts_and_lines_held_back_come_home_from_excel(county):
    run_id = four(county)
    payments.check_run(county.officer, run_id)
    content = sheet_of(county, run_id, [(1, AMOUNT, 5500), (1, REASON, "本月住院 3 日"), (2, HANDLING, "暫緩"), (2, REASON, "待查戶籍")], total=23500)
    shown = payment_sheets.look(county.officer, run_id, content)
    assert [c.said for c in shown.changes] == ["金額 6,000 元改為 5,500 元", "暫緩（待查戶籍）"]
    assert county.run(run_id).total == 24000  # looking changes nothing
    payment_sheets.apply(county.officer, run_id, content, county.run(run_id).version)
    run = county.run(run_id)
    assert (run.state, run.line_count, run.total) == ("built", 3, 17500)
    assert [(x.line_no, x.status, x.amount, x.adjusts_line_no) for x in county.lines(run_id)] == [
        (1, "withheld", 6000, None), (2, "withheld", 6000, None), (3, "planned", 6000, None), (4, "planned", 6000, None), (5, "planned", 5500, 1),
    ]  # fmt: skip
    payments.check_run(county.officer, run_id)
    said = next(f for f in county.run(run_id).findings if f.code == "adjusted")
    assert said.severity == "soft" and "系統計算 6,000 元，調整為 5,500 元（金額調整：本月住院 3 日）" in said.message
    county.filed(run_id)
    county.take_in(run_id, county.result(run_id, only=[3, 4, 5]))
    with scope.use(scope.SYSTEM):
        assert payment_invariants(db.session) == []
    assert [(x.amount, x.month_from) for x in county.lines(county.build())] == [(6000, MARCH)]  # the one held back; the adjusted month is paid


def test_results_come_home_from_excel(county):
    run_id = county.filed(four(county))
    content = sheet_of(county, run_id, [(1, HANDLING, "入帳"), (2, HANDLING, "退匯"), (2, REASON, "04"), (3, HANDLING, "入帳"), (4, HANDLING, "入帳")])
    payment_sheets.apply(county.accountant, run_id, content, None)
    assert [x.status for x in county.lines(run_id)] == ["credited", "returned", "credited", "credited"]
    assert county.run(run_id).state == "reconciled"
    with pytest.raises(Refused, match="對帳完成"):
        payment_sheets.apply(county.accountant, run_id, content, None)


def test_a_sheet_that_does_not_fit_is_refused_with_the_reason_and_nothing_is_applied(county):
    run_id = four(county)
    other = payments.build_run(county.officer, benefit="elderly_living_allowance", payer="10004", month=MARCH + 1).id
    refused(county, run_id, sheet_of(county, other), "不是這份清冊")
    refused(county, run_id, sheet_of(county, run_id, [(1, AMOUNT, 5500), (1, REASON, "住院")]), "各列合計 4 筆 23,500 元")
    refused(county, run_id, sheet_of(county, run_id, total=1), "總計列寫 4 筆 1 元")
    refused(county, run_id, sheet_of(county, run_id, [(1, 2, 99)]), "沒有編號「99」")
    refused(county, run_id, sheet_of(county, run_id, [(1, 2, 2)]), "身分證統一編號與清冊第 2 筆不同")
    refused(county, run_id, sheet_of(county, run_id, drop=2), "少了 1 筆（編號 2）")
    refused(county, run_id, sheet_of(county, run_id, [(1, AMOUNT, 5500)], total=23500), "要填原因")
    refused(county, run_id, sheet_of(county, run_id, [(1, HANDLING, "入帳")]), "只能留白或填暫緩")
    refused(county, run_id, sheet_of(county, run_id, [(1, AMOUNT, "=1+1")]), "金額請填|無法讀取")
    refused(county, run_id, b"not a workbook", "無法讀取")
    good_and_bad = [(1, HANDLING, "暫緩"), (1, REASON, "查"), (2, AMOUNT, 0), (2, REASON, "查")]
    refused(county, run_id, sheet_of(county, run_id, good_and_bad), "大於 0")


def test_a_register_changed_meanwhile_is_not_overwritten(county):
    run_id = four(county)
    content, seen = sheet_of(county, run_id, [(1, HANDLING, "暫緩"), (1, REASON, "查")]), county.run(run_id).version
    payments.withhold_line(county.officer, run_id, 4, "查")
    with pytest.raises((Conflict, Refused)):
        payment_sheets.apply(county.officer, run_id, content, seen)


def test_an_adjusted_line_keeps_its_months():
    given = line(1, 18000, month_from=MARCH - 2, month_to=MARCH, parts=tuple(Part(MARCH - 2 + i, 6000) for i in range(3)))
    less, more = work_sheet.adjusted(given, 7, 11000), work_sheet.adjusted(given, 7, 18500)
    assert [p.amount for p in less.parts] == [6000, 5000] and less.month_to == MARCH - 1
    assert [p.amount for p in more.parts] == [6000, 6000, 6500]
    assert (less.adjusts, less.line_no, less.amount) == (1, 7, 11000)


def test_the_sheet_on_screen(county, client_as):
    run_id = four(county)
    content = sheet_of(county, run_id, [(1, AMOUNT, 5500), (1, REASON, "住院")], total=23500)
    officer = client_as("officer.10004")
    assert officer.post(f"/payment_sheets/{run_id}/xlsx").data[:2] == b"PK"
    page = officer.post(f"/payment_sheets/{run_id}", data={"file": (io.BytesIO(content), "x.xlsx")}, content_type="multipart/form-data").text
    assert "金額 6,000 元改為 5,500 元" in page
    sha256 = page.split('name="sha256" value="')[1][:64]
    assert "已登錄 1 筆更改" in officer.post(f"/payment_sheets/{run_id}/apply", data={"sha256": sha256}, follow_redirects=True).text
    assert county.run(run_id).total == 23500
    assert "找不到剛才的工作表" in officer.post(f"/payment_sheets/{run_id}/apply", data={"sha256": "0" * 64}, follow_redirects=True).text
