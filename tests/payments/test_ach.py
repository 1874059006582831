"""The clearing house's credits and returns, byte by byte against records written by hand, and a register that goes there and back."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands import payer_settings, payment_files
from app.commands.base import Refused
from app.payments import ach
from app.payments.fixed_width import Layout, RecordError
from app.payments.line import Payee

from .county import ELA
from .making import line, payee, person_id

WHO = ach.Originator("0040680", "0040680", "12345678901", "51234567", "312")
DAY, BEFORE = dt.date(2009, 3, 24), dt.date(2009, 3, 23)
RUN = "10004-ELA-09803-01"
CLEARING = {"bank_format": "ach", "ach_sender": "0040680", "ach_bank": "0040680", "ach_account": "12345678901", "tax_id": "51234567"}


def made(lines, with_post=False):
    return ach.write(lines, WHO, RUN, DAY, BEFORE, dt.time(9, 5, 7), "中老", with_post=with_post)


def back(rows, *, run="10004ELA0980301", count=None, total=None):
    """A file of returns written by hand: rows of (sequence, bank, account 16, amount, payee, code)."""
    head = b"BOF" + b"ACHR01" + b"00980325" + b"091500" + b"0040680" + b"9990250" + b"V10" + b" " * 210
    details = [
        b"R" + b"SC" + b"312" + b"%08d" % no + bank + account + b"0040680" + b"0000012345678901" + b"%010d" % amount + code + b"B"
        + b"51234567  " + payee_id + b" " * 6 + b"00980324" + b"%08d" % sequence + b"B" + run.encode().ljust(20) + b" " * 40
        + "中老".encode("cp950").ljust(10) + b" " * 64
        for no, (sequence, bank, account, amount, payee_id, code) in enumerate(rows, 1)
    ]  # fmt: skip
    count = len(rows) if count is None else count
    total = sum(r[3] for r in rows) if total is None else total
    tail = b"EOF" + b"ACHR01" + b"00980325" + b"0040680" + b"9990250" + b"%08d" % count + b"%016d" % total + b"00980324" + b" " * 187
    return b"".join(r + b"\r\n" for r in (head, *details, tail))


def test_bytes_are_those_of_the_clearing_house():
    lines = [line(1, channel="cash"), line(2, 3000, channel="bank"), line(3, 4500)]
    header, first, second, trailer, end = made(lines, with_post=True).content.split(b"\r\n")
    assert end == b"" and {len(r) for r in (header, first, second, trailer)} == {250}
    assert header == b"BOFACHP01" + b"00980324" + b"090507" + b"0040680" + b"9990250" + b"V10" + b" " * 210
    memo = "中老".encode("cp950") + b" " * 6
    assert first == (
        b"NSC312" + b"00000001" + b"0040680" + b"0000012345678901" + b"0040680" + b"0000000000000002" + b"0000003000" + b"  " + b"B"
        + b"51234567  " + person_id(2).encode() + b" " * 6 + b" " * 8 + b" " * 8 + b" " + b"10004ELA0980301     " + b" " * 40 + memo
        + b" " * 5 + b" " * 20 + b" " * 39
    )  # fmt: skip
    assert second[6:14] == b"00000002" and second[37:60] == b"7000021" + b"00" + b"0101234" + b"0000003"
    assert trailer == b"EOFACHP01" + b"00980324" + b"0040680" + b"9990250" + b"00000002" + b"%016d" % 7500 + b"00980323" + b" " * 187


def test_postal_accounts_stay_outside_unless_the_office_wants_them_in():
    lines = [line(1, channel="bank"), line(2)]
    assert (made(lines).count, made(lines).total) == (1, 6000)
    assert (made(lines, True).count, made(lines, True).total) == (2, 12000)


def test_every_problem_is_said_and_nothing_is_given_out():
    bad = [
        line(1, channel="bank", payee=Payee("bank", person_id(1), "王", "00A0680", "1")),
        line(2, channel="bank", payee=Payee("bank", "X1", "王", "0040680", "")),
    ]
    with pytest.raises(RecordError) as e:
        made(bad)
    said = "".join(map(str, e.value.problems))
    for wanted in ("第 1 筆「提回行代號」只能是數字", "第 2 筆「收受者帳號」空白", "第 2 筆「收受者統一編號」不是身分證"):
        assert wanted in said


@given(st.lists(st.tuples(st.integers(1, 10**9), st.sampled_from(["bank", "post", "cash", "ach"])), min_size=1, max_size=30))
def test_what_is_written_is_what_was_paid(rows):
    lines = [line(n, amount, channel=channel) for n, (amount, channel) in enumerate(rows, 1)]
    paid = [x for x in lines if x.payee.channel != "cash"]
    if not paid:
        return
    content, detail, problems = made(lines, True).content, Layout.load("ach_detail"), []
    records = [detail.unpack(n, r, problems) for n, r in enumerate(content.split(b"\r\n")[1:-2], 1)]
    assert not problems and [r["amount"] for r in records] == [x.amount for x in paid]
    assert [r["payee_id"] for r in records] == [x.payee.person_id for x in paid]
    assert len(content) == 252 * (len(paid) + 2)


FILE = ach.sent([line(1, channel="cash"), line(2, 3000, channel="bank"), line(3, 4500)], with_post=True)
BANK, POST = b"0000000000000002", b"0001012340000003"


def test_a_return_finds_its_line():
    rows = [(2, b"7000021", POST, 4500, person_id(3).encode(), b"27")]
    (found,) = ach.read_returns(back(rows), RUN, FILE)
    assert (found.line_no, found.result, found.return_code, found.amount) == (3, "returned", "27", 4500)


@pytest.mark.parametrize(
    ("rows", "more", "said"),
    [
        ([(1, b"0040680", BANK, 3000, b"J200000029", b"04")], {"run": "10004ELA0980302"}, "不是清冊 10004-ELA-09803-01 送出的"),
        ([(9, b"0040680", BANK, 3000, b"J200000029", b"04")], {}, "不在送出的檔案裡"),
        ([(1, b"0040680", BANK, 2999, b"J200000029", b"04")], {}, "金額"),
        ([(1, b"0040690", BANK, 3000, b"J200000029", b"04")], {}, "收受帳戶不同"),
        ([(1, b"0040680", BANK, 3000, b"J200000029", b"  ")], {}, "退件理由代號"),
        ([(1, b"0040680", BANK, 3000, b"J200000029", b"04")] * 2, {}, "出現兩次"),
        ([(1, b"0040680", BANK, 3000, b"J200000029", b"04")], {"count": 2}, "筆數或金額合計與明細不符"),
        ([(1, b"0040680", BANK, 3000, b"J200000029", b"04")], {"total": 1}, "筆數或金額合計與明細不符"),
    ],
)
def test_a_return_file_that_does_not_fit_is_refused(rows, more, said):
    with pytest.raises(RecordError) as e:
        ach.read_returns(back(rows, **more), RUN, FILE)
    assert said in str(e.value)


def test_a_truncated_or_foreign_file_is_refused():
    whole = back([(1, b"0040680", BANK, 3000, b"J200000029", b"04")])
    for broken in (whole[:300], whole[:252], made([line(1, channel="bank")]).content, b""):
        with pytest.raises(RecordError):
            ach.read_returns(broken, RUN, FILE)


def test_a_register_goes_through_the_clearing_house_and_comes_back(county):
    county.setting(ach_with_post=True, **CLEARING)
    county.award(1, pay=payee(1))
    county.award(2, pay=payee(2, "bank"))
    county.award(3, pay=payee(3, "cash"))
    run_id = county.filed(county.build())
    run = county.run(run_id)
    assert sorted(f.kind for f in run.files) == ["ach", "cash_list"]
    file = next(f for f in run.files if f.kind == "ach")
    content = payment_files.content_of(run.run_no, file)
    assert (file.line_count, file.total) == (2, 12000) and content.startswith(b"BOFACHP0100980330")  # one working day before 3/31
    lines = {x.person_id: x for x in county.lines(run_id)}
    returned, kept = lines[person_id(2)], lines[person_id(1)]
    sequence = 1 + sorted(x.line_no for x in (returned, kept)).index(returned.line_no)
    file_back = back([(sequence, b"0040680", BANK, 6000, person_id(2).encode(), b"22")], run=run.run_no.replace("-", ""))
    outcome = county.take_in(run_id, file_back)
    assert (len(outcome.credited), len(outcome.returned)) == (0, 1), "a credit is not taken for granted"
    from app.commands import payment_results

    payment_results.import_transfer_result(county.accountant, run_id, file_back, "ACHR01.txt", rest_credited=True)
    state = {x.person_id: (x.status, x.return_code) for x in county.lines(run_id)}
    assert state == {person_id(1): ("credited", None), person_id(2): ("returned", "22"), person_id(3): ("filed", None)}


def test_returns_need_a_credit_file(county):
    county.award(1)
    run_id = county.filed(county.build())
    with pytest.raises(Refused, match="沒有 ACH 代付檔"):
        county.take_in(run_id, back([]))


@pytest.mark.parametrize(
    ("change", "said"), [({"ach_sender": ""}, "發送單位代號"), ({"tax_id": "12A"}, "機關統一編號須為 8 碼"), ({"ach_transaction": "999"}, "交易代號")]
)
def test_the_office_says_all_its_numbers_first(county, change, said):
    with pytest.raises(Refused, match=said):
        payer_settings.add_payer_setting(county.director, town_code="10004020", benefit=ELA, **{**CLEARING, **change})
