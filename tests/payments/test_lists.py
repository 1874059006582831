"""Printed lists and other files: what is in the cells, and that totals agree with the register and the deposit file."""

import csv
import datetime as dt
import io
import re

import openpyxl
import python_calamine
from hypothesis import given, settings
from hypothesis import strategies as st

from app.payments import bank_csv, cash_list, export_log, post_office, register
from app.payments.line import Payee

from .making import MARCH, line, payee, person_id

HEAD = cash_list.Heading(
    "新竹縣政府", "中低收入老人生活津貼", MARCH, "10004-ELA-09803-01", "ab" * 32, dt.datetime(2009, 3, 21, 4), {"10004010": "竹北市", "10004020": "竹東鎮"},
    dt.date(2009, 3, 25),
)  # fmt: skip


def cells(content, sheet):
    return [[c.value for c in row] for row in openpyxl.load_workbook(io.BytesIO(content))[sheet].iter_rows()]


def test_signature_list():
    lines = [line(n, 6000 if n % 2 else 3000, channel="cash") for n in range(1, 31)] + [line(31), line(32, channel="cash", town="10004020")]
    content = cash_list.signature_list(HEAD, lines)
    rows = cells(content, "竹北市")
    assert rows[0][0] == "新竹縣政府　竹北市中低收入老人生活津貼印領清冊　98年3月"
    assert rows[2] == ["編號", "姓名", "身分證統一編號", "住址", "金額", "簽章", "備註"]
    assert rows[3][:5] == [1, "王1", person_id(1), "新竹縣竹北市光明六路10號", 6000]
    pages = [r for r in rows if r[1] == "本頁小計"]
    assert [(r[2], r[4]) for r in pages] == [("12 筆", 54000), ("12 筆", 54000), ("6 筆", 27000)]
    [total] = [r for r in rows if r[1] == "總計"]
    assert (total[2], total[4]) == ("30 筆", 135000)
    text = [c for r in rows for c in r if c]
    assert "總計金額：新臺幣壹拾參萬伍仟元整" in text
    assert all(s in text for s in ("承辦", "主管", "主計", "機關首長"))
    sheet = openpyxl.load_workbook(io.BytesIO(content))["竹北市"]
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation, sheet.print_title_rows) == (9, "landscape", "$1:$3")
    assert [b.id for b in sheet.row_breaks.brk] == [16, 29]
    masked = cells(cash_list.signature_list(HEAD, lines, masked=True), "竹北市")
    assert masked[3][2] == person_id(1)[:6] + "****"


def test_register_list_with_differences_and_totals():
    lines = [line(1), line(2, 12000, month_from=MARCH - 1, town="10004020"), line(3, channel="bank")]
    content = cash_list.register_list(HEAD, lines, register.compare(lines, [line(1, 3000), line(9)]))
    assert openpyxl.load_workbook(io.BytesIO(content)).sheetnames == ["竹北市", "竹東鎮", "與上次差異", "彙總"]
    assert cells(content, "竹東鎮")[3] == [
        2,
        "王2",
        person_id(2),
        "98年2月至98年3月",
        "郵局",
        "0101234",
        "0000002",
        12000,
        "含補發（98年2月至98年3月）",
    ]
    assert sorted(r[0] for r in cells(content, "與上次差異")[1:]) == ["新增", "新增", "減少", "金額變更"]
    summary = cells(content, "彙總")
    assert ["全冊", 3, 24000] in summary and ["竹北市", 2, 12000] in summary and ["郵局", 2, 18000] in summary


def test_the_same_list_gives_the_same_bytes():
    assert cash_list.register_list(HEAD, [line(1)]) == cash_list.register_list(HEAD, [line(1)])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1, max_size=30), st.integers(1, 90000)), min_size=1, max_size=5))
def test_text_stays_text_in_both_readers(rows):
    rows = [(re.sub(r"[\ud800-\udfff\x00-\x1f\ufffe\uffff]", "", n) or "王", a) for n, a in rows]
    lines = [line(i, a, payee=Payee("cash", person_id(i), n)) for i, (n, a) in enumerate(rows, 1)]
    content = cash_list.signature_list(HEAD, lines)
    opened = openpyxl.load_workbook(io.BytesIO(content))["竹北市"]
    calamine = python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_name("竹北市").to_python()
    for i, (name, amount) in enumerate(rows):
        cell = opened.cell(4 + i, 2)
        assert (cell.data_type, cell.value) == ("s", name)
        assert (calamine[3 + i][1], calamine[3 + i][4]) == (name, amount)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 90000), st.sampled_from(["post", "cash", "bank"])), min_size=1, max_size=40))
def test_totals_on_list_file_and_register_agree(rows):
    lines = [line(i, a, channel=c) for i, (a, c) in enumerate(rows, 1)]
    t = register.totals(lines)
    post = post_office.write(lines, post_office.Payer("新竹縣政府", "0061234", "12345678"), dt.date(2009, 3, 25)).slip
    _, bank_rows, bank_total, _ = bank_csv.write(lines, "津貼")
    cash = next(r for r in cells(cash_list.signature_list(HEAD, lines), "竹北市" if "cash" in t.by_channel else "無資料") if r[1] == "總計")
    assert post.total + bank_total + cash[4] == t.amount
    assert post.count + bank_rows + int(cash[2].split()[0]) == t.count
    shown = next(r for r in cells(cash_list.register_list(HEAD, lines), "彙總") if r[0] == "全冊")
    assert shown[1:] == [t.count, t.amount]


def test_bank_file_is_no_place_for_formulas():
    content, count, total, _ = bank_csv.write(
        [line(1, channel="bank", payee=Payee("bank", person_id(1), "=1+1", "0040680", "123456"))], "津貼"
    )
    assert content.startswith(b"\xef\xbb\xbf") and content.endswith(b"\r\n")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[1] == ["1", "0040680", "123456", person_id(1), "'=1+1", "6000", "津貼"]
    assert (count, total) == (1, 6000)


def test_export_log_keeps_what_left(tmp_path):
    path = tmp_path / "payments" / "export.log"
    entry = export_log.Entry("2009-03-21T04:00:00", "R1", "10004", "ela", MARCH, "regular", "h", "f.txt", "s", 2, 9000)
    for _ in range(2):
        export_log.append(path, [entry])
    assert export_log.read(path) == [entry]
    with path.open("a") as log:
        log.write('{"at": "cut o')
    assert export_log.read(path) == [entry]
    assert export_log.unknown([entry], "10004", "ela", MARCH, {"R1": "h"}) == []
    assert export_log.unknown([entry], "10004", "ela", MARCH, {"R1": "other"}) == [entry]
    assert export_log.unknown([entry], "10004", "ela", MARCH, {}) == [entry]
    assert payee(1).account_key == ("0101234", "0000001")
