"""Why counties did not use the payment file (workflow.md §8), one test a cause: what used to stop them no longer does.

台東縣 and 苗栗縣 (amounts adjusted by institutions' invoices) have theirs in tests/care as well.
"""

import datetime as dt
import io

import openpyxl
import pytest

from app.commands import payment_differences, payment_files, payment_results, payment_sheets, payments
from app.commands.base import Forbidden, Refused
from app.core import clock
from app.extensions import db
from app.models.payment_run import PaymentRun
from app.security import scope

from .county import ELA, HOME, OTHER
from .making import MARCH, payee, person_id

APRIL = MARCH + 1
CLEARING = {"bank_format": "ach", "ach_sender": "0040680", "ach_bank": "0040680", "ach_account": "12345678901", "tax_id": "51234567"}


def kinds(run):
    return {f.kind: (f.line_count, f.total) for f in run.files}


def test_keelung_every_district_pays_and_the_city_sees_all(county, actor):
    """基隆市: districts pay, not the city."""
    for town, name in ((HOME, "竹北市公所"), (OTHER, "竹東鎮公所")):
        county.setting(town, payer_name=name, post_office="0061234", post_account="11111111")
    county.award(1, town=HOME)
    county.award(2, town=OTHER)
    home = payments.build_run(actor("clerk.10004010"), benefit=ELA, payer=HOME, month=MARCH).id
    other = county.build(payer=OTHER)
    assert [[x.town_code for x in county.lines(r)] for r in (home, other)] == [[HOME], [OTHER]]
    with scope.use(county.officer.scope):
        assert {r.town_code for r in db.session.query(PaymentRun)} == {HOME, OTHER}
    db.session.rollback()
    with scope.use(actor("clerk.10004010").scope):
        assert {r.town_code for r in db.session.query(PaymentRun)} == {HOME}
    db.session.rollback()
    with pytest.raises(Refused, match="沒有應發而未發"):
        county.build()  # nothing is left for the county to pay twice


def test_taitung_accounting_releases_and_takes_its_own_file(county):
    """台東縣: the accounting office holds the power to transfer; what is paid differs from what was computed."""
    county.award(1)
    run_id = county.build()
    payments.adjust_lines(county.officer, run_id, {1: (5200, "本月住院 4 日，依機構通知")})
    county.approved(run_id)
    for nobody in (county.officer, county.director):
        with pytest.raises(Forbidden):
            payments.release_run(nobody, run_id)
    payments.release_run(county.accountant, run_id)
    payment_results.write_files(county.accountant, run_id)
    county.take_in(run_id, county.result(run_id, only=[2]))
    with scope.use(scope.SYSTEM):
        level = payment_results.levels(db.session, county.run(run_id))[0]
    assert level.approved == level.filed == level.credited == (1, 5200)


def test_yunlin_two_institutions_and_two_cycles_from_one_register(county):
    """雲林縣: post office and farmers' association, every two months, beside others paid monthly."""
    county.setting(rhythm="two_monthly")
    county.setting(OTHER, payer_name="竹東鎮公所", rhythm="monthly")
    county.award(1)
    county.award(2, pay=payee(2, "ach"))
    county.award(3, town=OTHER)
    with pytest.raises(Refused, match="不是發放月份"):
        county.build(MARCH)
    monthly = county.build(MARCH, payer=OTHER)
    assert [x.amount for x in county.lines(monthly)] == [6000]
    with clock.frozen(dt.date(2009, 4, 21)):
        run_id = county.filed(county.build(APRIL))
    assert kinds(county.run(run_id)) == {"post_office": (1, 12000), "bank_csv": (1, 12000)}


def test_chiayi_city_the_check_is_one_page(county):
    """嘉義市: checking the data takes long."""
    county.award(1)
    before = county.filed(county.build())
    county.award(2, from_month=APRIL)
    county.award(3, from_month=APRIL, pay=payee(3, "post", "12"))
    with clock.frozen(dt.date(2009, 4, 21)):
        run_id = county.build(APRIL)
        payments.check_run(county.officer, run_id)
    found = {f.code: f for f in county.run(run_id).findings}
    assert found["account_format"].severity == "hard" and found["total_change"].severity == "soft"
    with scope.use(scope.SYSTEM):
        run = county.run(run_id)
        assert run.previous_id == before and payment_differences.counts(db.session, run)["new"] == 2
    with pytest.raises(Refused, match="不得發放"):
        payments.approve_run(county.director, run_id)
    payments.withhold_line(county.officer, run_id, found["account_format"].line_no, "帳戶待更正")
    county.approved(run_id)


def test_chiayi_county_one_township_pays_itself_the_county_pays_the_rest(county):
    """嘉義縣: some townships do not pay, and a successor starts with nothing: who pays is a switch, not a habit."""
    county.award(1, town=HOME)
    county.award(2, town=OTHER)
    with pytest.raises(Refused, match="縣府統一發放"):
        county.build(payer=HOME)
    county.setting(HOME, payer_name="竹北市公所")
    assert [x.town_code for x in county.lines(county.build())] == [OTHER]
    assert [x.town_code for x in county.lines(county.build(payer=HOME))] == [HOME]


def test_tainan_the_post_offices_own_program_is_not_needed(county):
    """台南市: townships use the post office's program: its file is ours byte for byte, and what it says back is taken in."""
    county.award(1)
    county.award(2, amount=3000)
    run_id = county.filed(county.build())
    (file,) = county.run(run_id).files
    written = payment_files.content_of(county.run(run_id).run_no, file)
    expected = b"".join(
        b"033" + b"0061234" + b" " * 6 + b"12345678" + b"0980331" + b"0101234" + b"%07d" % n + person_id(n).encode() + b"%08d" % amount + b"00"
        + b" " * 15 + b"\r\n"
        for n, amount in ((1, 6000), (2, 3000))
    )  # fmt: skip
    assert written == expected and {len(r) for r in written.split(b"\r\n")[:-1]} == {80}
    county.take_in(run_id, county.result(run_id, {2: "04"}))
    assert [x.status for x in county.lines(run_id)] == ["credited", "returned"]


def test_penghu_works_in_excel(county):
    """澎湖縣: used to Excel: the same columns out and in, totals checked."""
    county.award(1)
    county.award(2)
    run_id = county.build()
    content, _, _ = payment_sheets.write(county.officer, run_id)
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.active
    sheet["J2"], sheet["L2"], sheet["J4"] = 5000, "重複住宿扣除", 11000
    changed = io.BytesIO()
    book.save(changed)
    payment_sheets.apply(county.officer, run_id, changed.getvalue(), None)
    assert county.run(run_id).total == 11000
    county.approved(run_id)
    lists, _, count = payment_files.register_sheet(county.officer, run_id)
    found = openpyxl.load_workbook(io.BytesIO(lists))["竹北市"]
    assert count == 2 and [r[7] for r in found.iter_rows(values_only=True) if r[1] == "總計"] == [11000]


def test_kinmen_one_file_for_all_institutions(county):
    """金門縣: many transfer institutions: one clearing house file pays them all, the post office too."""
    county.setting(**CLEARING, ach_with_post=True)
    for n, channel in enumerate(("post", "bank", "ach", "bank"), 1):
        county.award(n, pay=payee(n, channel))
    run_id = county.filed(county.build())
    run = county.run(run_id)
    assert kinds(run) == {"ach": (4, 24000)}
    records = payment_files.content_of(run.run_no, run.files[0]).split(b"\r\n")
    assert [r[37:44] for r in records[1:5]] == [b"7000021", b"0040680", b"9310014", b"0040680"]


def test_cycles_side_by_side_and_a_difference_with_its_legal_ground(county):
    """Monthly, two-monthly and quarterly payers of one benefit in one month, and a raise with past effect as a register of its own."""
    from app.commands import awards

    third = "10004030"
    for town, rhythm in ((HOME, "monthly"), (OTHER, "two_monthly"), (third, "quarterly")):
        county.setting(town, payer_name=town, rhythm=rhythm)
    june = MARCH + 3
    first = county.award(1, town=HOME, from_month=june - 2)
    county.award(2, town=OTHER, from_month=june - 2)
    county.award(3, town=third, from_month=june - 2)
    with clock.frozen(dt.date(2009, 6, 21)):
        runs = {town: county.build(june, payer=town) for town in (HOME, OTHER, third)}
        assert {t: (county.run(r).first_month, county.run(r).last_month) for t, r in runs.items()} == {
            HOME: (june, june), OTHER: (june - 1, june), third: (june - 2, june),
        }  # fmt: skip
        assert {t: county.run(r).total for t, r in runs.items()} == dict.fromkeys(runs, 18000)  # arrears are paid along
        awards.change_award(county.director, first, from_month=june - 2, amount=7000, reason="調整標準", rule_version="98b")
        made = county.build(june, payer=HOME, kind="difference", ground="98年6月1日公告調整給付標準", cutoff_on=dt.date(2009, 6, 21))
    run = county.run(made)
    assert (run.kind, run.ground, run.total, county.lines(made)[0].month_from) == ("difference", "98年6月1日公告調整給付標準", 3000, june - 2)
