"""The institution's own list (CSV, XLSX) onto its invoice: every row fits or nothing is taken."""

import datetime as dt

import pytest
import xlsxwriter

from app.commands.base import Refused
from app.commands.care import invoice_file, invoices
from app.exchange import confined
from tests.casework.conftest import person_id

from .conftest import month

AUGUST = month("11508")
TITLES = "身分證統一編號,姓名,每月收費,請領金額,離開日期,返回日期"


@pytest.fixture
def invoice(care):
    home = care.institution()
    for n, name in ((1, "彭水木"), (2, "林阿秀")):
        care.contract(care.granted(n, name), home)
    return care.invoice(home, AUGUST)


def csv(*rows, titles=TITLES):
    return ("\r\n".join((titles, *rows)) + "\r\n").encode("utf-8-sig")


def row(n, name, fee="20000", claimed="15000", left="", back=""):
    return f"{person_id(n)},{name},{fee},{claimed},{left},{back}"


def lines(care, pk):
    return {x.recipient.name: x for x in care.get(invoices.CareInvoice, pk).lines}


def test_匯入請領金額收費與請假_合計列相符(care, invoice):
    content = csv(row(1, "彭水木"), row(2, "林阿秀", "18000", "12194", "1150803", "1150811"), "合計,,,27194,,")
    assert invoice_file.import_invoice(care.officer, invoice, content, "8月.csv", reader=confined.rows_confined) == 2
    found = lines(care, invoice)
    assert (found["彭水木"].amount, found["林阿秀"].fee, found["林阿秀"].deducted, found["林阿秀"].amount) == (15_000, 18_000, 3, 12_193)
    assert "機構請領 12,194 元，發給 12,193 元" in found["林阿秀"].note


def test_同一份再匯入一次_結果相同_請假不重複(care, invoice):
    content = csv(row(1, "彭水木"), row(2, "林阿秀", left="1150803", back="1150811"))
    for _ in range(2):
        invoice_file.import_invoice(care.officer, invoice, content, "8月.csv")
    assert len(lines(care, invoice)["林阿秀"].contract.absences) == 1


def test_兩次請假_第二列金額留白(care, invoice):
    content = csv(row(1, "彭水木"), row(2, "林阿秀", left="1150803", back="1150806"), row(2, "林阿秀", "", "", "1150810", "1150816"))
    invoice_file.import_invoice(care.officer, invoice, content, "8月.csv")
    assert lines(care, invoice)["林阿秀"].absent == 9


def test_試算表也可以(care, invoice, tmp_path):
    path = tmp_path / "8月.xlsx"
    workbook(path, [TITLES.split(","), [person_id(1), "彭水木", 20000, 15000, None, None], [person_id(2), "林阿秀", 20000, 14000, None, None]])
    invoice_file.import_invoice(care.officer, invoice, path.read_bytes(), path.name)
    assert lines(care, invoice)["林阿秀"].amount == 14_000


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((row(1, "彭水木"),), "有 1 人不在請款明細（林阿秀）"),
        ((row(1, "彭水木"), row(2, "林阿秀"), row(9, "王小明")), "第 4 列：此人本月在這家機構沒有契約"),
        ((row(1, "彭大木"), row(2, "林阿秀")), "第 2 列：姓名與統一編號不符"),
        ((row(1, "彭水木", claimed="-1"), row(2, "林阿秀")), "請領金額不可為負數"),
        ((row(1, "彭水木", fee="0"), row(2, "林阿秀")), "每月收費須大於 0 元"),
        ((row(1, "彭水木", claimed="一萬"), row(2, "林阿秀")), "「一萬」不是整數金額"),
        ((row(1, "彭水木", claimed=""), row(2, "林阿秀")), "沒有請領金額"),
        ((row(1, "彭水木", left="1150703", back="1150705"), row(2, "林阿秀")), "請假日期不在115年8月"),
        ((row(1, "彭水木", left="1150230"), row(2, "林阿秀")), "第 2 列："),
        ((row(1, "彭水木", back="1150805"), row(2, "林阿秀")), "沒有離開日期"),
        ((row(1, "彭水木"), row(1, "彭水木"), row(2, "林阿秀")), "已在前面的列填過"),
        ((row(1, "彭水木"), row(2, "林阿秀"), "合計,,,30001,,"), "合計列的請領金額 30,001 元，各列合計 30,000 元"),
    ],
)
@pytest.mark.sqlite
def test_不符的列_整份不匯入(care, invoice, rows, said):
    with pytest.raises(Refused, match="整份沒有匯入") as refused:
        invoice_file.import_invoice(care.officer, invoice, csv(*rows), "8月.csv")
    assert said in refused.value.message
    assert all(x.claimed is None for x in lines(care, invoice).values())


def test_公文總額與明細不符(care):
    home = care.institution()
    care.contract(care.granted(), home)
    pk = care.invoice(home, AUGUST, claimed_total=16_000)
    with pytest.raises(Refused, match="公文請領總額 16,000 元，各列合計 15,000 元"):
        invoice_file.import_invoice(care.officer, pk, csv(row(1, "彭水木")), "8月.csv")


def test_請假在契約之外_說出是哪一列(care):
    home = care.institution()
    care.contract(care.granted(), home, since=dt.date(2026, 8, 10))
    pk = care.invoice(home, AUGUST)
    with pytest.raises(Refused, match="第 2 列：離開日期 115/08/03 不在契約期間"):
        invoice_file.import_invoice(care.officer, pk, csv(row(1, "彭水木", left="1150803", back="1150805")), "8月.csv")


@pytest.mark.sqlite
def test_缺欄位_空檔_壞檔_已核定(care, invoice):
    with pytest.raises(Refused, match="缺少必要欄位：姓名"):
        invoice_file.import_invoice(care.officer, invoice, csv(f"{person_id(1)},15000", titles="身分證統一編號,請領金額"), "8月.csv")
    for content in (b"", b"PK\x03\x04broken"):
        with pytest.raises(Refused, match="無法讀取"):
            invoice_file.import_invoice(care.officer, invoice, content, "8月.xlsx", reader=confined.rows_confined)
    care.approved(invoice)
    with pytest.raises(Refused, match="不能再匯入"):
        invoice_file.import_invoice(care.officer, invoice, csv(row(1, "彭水木")), "8月.csv")


def workbook(path, rows):
    """A small XLSX, written by hand so that the reader is not checked against our own writer."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    for r, cells in enumerate(rows):
        for c, value in enumerate(cells):
            if value is not None:
                sheet.write(r, c, value)
    book.close()
