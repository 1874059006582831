"""The post office's 80-byte deposit file, byte by byte, against an expectation written by hand."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.payments import post_office
from app.payments.amount_words import in_words
from app.payments.fixed_width import Layout, LayoutError, RecordError
from app.payments.line import Payee

from .making import line, person_id

PAYER = post_office.Payer("新竹縣政府", "0061234", "12345678")
DAY = dt.date(2009, 3, 25)

GOLDEN = (
    b"0330061234      12345678098032501012340000001J2000000100000600000               \r\n"
    b"0330061234      12345678098032501012340000002J2000000290000300000               \r\n"
)


def test_bytes_are_those_of_the_layout():
    assert (person_id(1), person_id(2)) == ("J200000010", "J200000029")
    made = post_office.write([line(1), line(2, 3000)], PAYER, DAY)
    assert made.content == GOLDEN
    assert all(len(r) == 80 for r in made.content.split(b"\r\n")[:-1])
    assert (made.slip.count, made.slip.total) == (2, 9000)


def test_line_end_lf_and_the_older_amount_field():
    made = post_office.write([line(1)], PAYER, DAY, newline="lf")
    assert made.content == GOLDEN[:80] + b"\n"
    older = post_office.write([line(1)], PAYER, DAY, layout=Layout.load("post_office_80_whole"), newline="lf")
    assert older.content[55:80] == b"00006000" + b" " * 17


def test_only_post_lines_are_written_and_short_numbers_are_filled_on_the_left():
    short = line(3, payee=Payee("post", person_id(3), "王", "1234", "88"))
    made = post_office.write([line(1, channel="cash"), line(2, channel="bank"), short], PAYER, DAY)
    assert made.slip.count == 1
    assert made.content[31:45] == b"0001234" + b"0000088"


def test_every_problem_of_every_line_is_said_and_nothing_is_given_out():
    bad = [
        line(1, payee=Payee("post", person_id(1), "王", "01A1234", "")),
        line(2, payee=Payee("post", "12345", "王", "0101234", "12345678")),
        line(3, 100_000_000),
        line(4, 0),
    ]
    with pytest.raises(RecordError) as e:
        post_office.write(bad, PAYER, DAY)
    said = [str(p) for p in e.value.problems]
    assert said == [
        "第 1 筆「立帳局號」只能是數字，請修正",
        "第 1 筆「存簿帳號」空白，請補登",
        "第 2 筆「存簿帳號」超過 7 碼，請修正",
        "第 2 筆「身分證統一編號」不是身分證統一編號或統一證號，請修正",
        "第 3 筆「金額」100,000,000 元超過檔案欄位能記的位數，請分筆",
        "第 4 筆「金額」必須是大於 0 的整數元，請修正",
    ]


def test_payer_without_account_is_told():
    with pytest.raises(RecordError, match="委存帳號"):
        post_office.write([line(1)], post_office.Payer("竹北市公所", "0061234", ""), DAY)


@given(st.lists(st.integers(1, 99_999_999), max_size=30), st.sampled_from(["lf", "crlf"]))
def test_what_is_written_reads_back(amounts, newline):
    lines = [line(i, a) for i, a in enumerate(amounts, 1)]
    made = post_office.write(lines, PAYER, DAY, newline=newline)
    back = post_office.read(made.content)
    assert [r["amount"] for r in back] == amounts
    assert [r["person_id"] for r in back] == [x.payee.person_id for x in lines]
    assert sum(amounts) == made.slip.total
    assert all(r["value_date"] == DAY for r in back)


@pytest.mark.parametrize("cut", [1, 40, 79])
def test_truncated_file_is_refused(cut):
    with pytest.raises(RecordError, match="截斷"):
        post_office.read(GOLDEN[:-2][: 82 + cut])


def test_foreign_file_is_refused():
    with pytest.raises(RecordError, match="可能不是這種檔案"):
        post_office.read(b"034" + GOLDEN[3:])


COUNTY = """start,length,name,label,form,value
1,7,institution,局號,digits,
8,7,account,帳號,digits,
15,8,name,戶名,name,
23,8,value_date,日期,date8,
31,9,amount,金額,whole,
"""


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=12))
def test_a_county_adds_its_own_layout_and_names_are_cut_at_a_character(name):
    layout = Layout.from_csv("county", COUNTY)
    x = line(1, payee=Payee("post", person_id(1), name, "0101234", "0000001"))
    made = post_office.write([x], PAYER, DAY, layout=layout, newline="lf")
    record = made.content[:-1]
    assert len(record) == 39
    record[14:22].decode("cp950")  # whole characters only
    assert record[22:30] == b"00980325"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("start,length,name,label,form,value\n2,7,a,甲,digits,\n", "應從第 1 碼開始"),
        ("start,length,name,label,form,value\n1,3,a,甲,const,12\n", "固定值長度"),
        ("start,length,name,label,form,value\n1,3,a,甲,roman,\n", "不存在"),
        ("start,length,name,label,form,value\nx,3,a,甲,digits,\n", "不是數字"),
        ("start,length,name,label,form,value\n", "沒有任何欄位"),
    ],
)
def test_a_wrong_layout_says_where(table, said):
    with pytest.raises(LayoutError, match=said):
        Layout.from_csv("county", table)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "新臺幣零元整"),
        (6000, "新臺幣陸仟元整"),
        (10_005, "新臺幣壹萬零伍元整"),
        (5_286_000, "新臺幣伍佰貳拾捌萬陸仟元整"),
        (100_010_000, "新臺幣壹億零壹萬元整"),
    ],
)
def test_amounts_in_words(amount, words):
    assert in_words(amount) == words
