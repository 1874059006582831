"""A register from the cases to the bank and back, on both databases."""

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.commands import awards, exchange, payment_files, payment_results, payments
from app.commands.base import Conflict, Forbidden, NotFound, Refused
from app.core import clock
from app.extensions import db
from app.models.exchange import Batch
from app.models.payment import Payment, PaymentLine
from app.payments import export_log, post_office
from app.security import scope
from app.security.actor import Actor

from .county import ELA, HOME, OTHER
from .making import MARCH, payee, person_id

APRIL = MARCH + 1
SYSTEM = Actor.system("test")


def test_a_month_from_cases_to_reconciled(county):
    county.award(1)
    county.award(2, amount=3000, from_month=MARCH - 1, town=OTHER)
    county.award(3, pay=payee(3, "cash"))
    county.award(4, pay=payee(4, "bank"))
    run_id = county.build()
    run = county.run(run_id)
    assert (run.state, run.line_count, run.total, run.run_no) == ("built", 4, 24000, "10004-ELA-09803-01")
    assert run.totals["by_channel"] == {"bank": [1, 6000], "cash": [1, 6000], "post": [2, 12000]}
    assert payments.check_run(county.officer, run_id) == 3  # three registers were never received
    with pytest.raises(Refused, match="3 項待確認"):
        payments.approve_run(county.director, run_id)
    county.confirm_all(run_id)
    payments.approve_run(county.director, run_id)
    payments.release_run(county.accountant, run_id)
    files = {f.kind: f for f in payment_results.write_files(county.accountant, run_id)}
    assert {k: (f.line_count, f.total) for k, f in files.items()} == {
        "post_office": (2, 12000), "bank_csv": (1, 6000), "cash_list": (1, 6000),
    }  # fmt: skip
    run = county.run(run_id)
    sent = post_office.read(payment_files.content_of(run.run_no, files["post_office"]))
    assert [(r["person_id"], r["amount"]) for r in sent] == [(person_id(1), 6000), (person_id(2), 6000)]
    outcome = county.take_in(run_id, county.result(run_id))
    assert (len(outcome.credited), outcome.complete) == (4, True)
    run = county.run(run_id)
    assert run.state == "reconciled"
    with scope.use(scope.SYSTEM):
        overall, *towns = payment_results.levels(db.session(), run)
    assert overall.closes and overall.credited == (4, 24000)
    assert [t.credited for t in towns] == [(3, 18000), (1, 6000)]


def test_nobody_twice(county):
    county.award(1)
    run_id = county.build()
    payments.check_run(county.officer, run_id)
    county.confirm_all(run_id)
    with pytest.raises(Forbidden):
        payments.approve_run(county.officer, run_id)
    payments.approve_run(county.director, run_id)
    for other in (county.officer, county.director):
        with pytest.raises(Forbidden):
            payments.release_run(other, run_id)


def test_the_database_itself_refuses_one_person_in_two_roles(county):
    county.award(1)
    run_id = county.approved(county.build())
    with scope.use(scope.SYSTEM), pytest.raises(IntegrityError):
        run = county.run(run_id)
        run.released_by_id = run.approved_by_id
        db.session.commit()
    db.session.rollback()


@pytest.mark.parametrize("change", [{"amount": 1}, {"month": 0}, {"run_id": 99}])
def test_a_posted_payment_cannot_be_changed(county, change):
    county.award(1)
    county.build()
    with scope.use(scope.SYSTEM), pytest.raises(IntegrityError):
        db.session.execute(update(Payment).values(**change))
    db.session.rollback()
    with scope.use(scope.SYSTEM), pytest.raises(IntegrityError):
        db.session.delete(db.session.scalars(select(Payment)).first())
        db.session.commit()
    db.session.rollback()


def test_a_frozen_line_cannot_be_changed(county):
    county.award(1)
    county.build()
    for change in ({"account": "7"}, {"amount": 1}, {"payee_name": "李"}):
        with scope.use(scope.SYSTEM), pytest.raises(IntegrityError):
            db.session.execute(update(PaymentLine).values(**change))
        db.session.rollback()


def test_a_second_register_finds_nothing_left_to_pay(county):
    county.award(1)
    county.build()
    with pytest.raises(Refused, match="沒有造冊"):
        county.build()


def test_who_died_before_the_month_blocks_and_is_out_of_the_next_register(county):
    award_id, other = county.award(1, from_month=MARCH - 2, paid_until=MARCH - 1), county.award(2)
    run_id = county.build()
    with scope.use(scope.SYSTEM):
        county.get_award(award_id).recipient.died_on = dt.date(2009, 2, 11)
        db.session.commit()
    payments.check_run(county.officer, run_id)
    county.confirm_all(run_id)
    hard = [f for f in county.run(run_id).findings if f.severity == "hard"]
    assert [(f.code, f.award_id) for f in hard] == [("dead", award_id)]
    with pytest.raises(Refused, match="不可確認放行"):
        payments.acknowledge_finding(county.officer, hard[0].id)
    with pytest.raises(Refused, match="不得發放"):
        payments.approve_run(county.director, run_id)
    awards.end_award(county.director, award_id, MARCH, "死亡")
    fresh = payments.rebuild_run(county.officer, run_id)
    assert [x.award_id for x in county.lines(fresh.id)] == [other]
    assert county.run(run_id).state == "cancelled"
    county.approved(fresh.id)  # what was confirmed before stays confirmed


def test_death_between_approval_and_release_is_seen(county):
    award_id = county.award(1, from_month=MARCH - 2, paid_until=MARCH - 1)
    run_id = county.approved(county.build())
    with scope.use(scope.SYSTEM):
        county.get_award(award_id).recipient.died_on = dt.date(2009, 2, 11)
        db.session.commit()
    with pytest.raises(Refused, match="第 1 筆死亡後仍發放"):
        payments.release_run(county.accountant, run_id)
    payments.return_run(county.accountant, run_id, "死亡")
    assert county.run(run_id).state == "built"
    assert county.run(run_id).approved_at is None


def test_a_withheld_line_is_unpaid_again_and_the_freeze_is_new(county):
    county.award(1)
    county.award(2)
    run_id = county.build()
    before = county.run(run_id).content_hash
    payments.withhold_line(county.officer, run_id, 1, "帳戶查證中")
    run = county.run(run_id)
    assert (run.line_count, run.total, run.state) == (1, 6000, "built")
    assert run.content_hash != before
    county.filed(run_id)
    next_run = county.build(APRIL)
    assert [(x.month_from, x.month_to, x.amount) for x in county.lines(next_run)] == [(MARCH, APRIL, 12000), (APRIL, APRIL, 6000)]


def test_returned_money_is_paid_again_to_the_new_account_once(county):
    county.award(1)
    award_id = county.award(2)
    run_id = county.filed(county.build())
    county.take_in(run_id, county.result(run_id, {2: "22"}))
    assert county.run(run_id).state == "reconciled"
    line = county.lines(run_id)[1]
    assert (line.status, line.return_code, line.reason) == ("returned", "22", "帳戶已結清")
    again = {"benefit": ELA, "payer": "10004", "line_ids": [line.id]}
    with pytest.raises(Refused, match="先登錄新帳戶"):
        payment_results.repay_returned(county.officer, **again)
    awards.change_award(county.director, award_id, from_month=MARCH, payee=payee(2, account="7654321"), reason="改匯")
    repay_id = payment_results.repay_returned(county.officer, **again).id
    with pytest.raises(Refused, match="已重匯"):
        payment_results.repay_returned(county.officer, **again)
    county.filed(repay_id)
    [sent] = county.lines(repay_id)
    assert (sent.account, sent.amount, sent.root_run_id, sent.root_line_no) == ("7654321", 6000, run_id, 2)
    county.take_in(repay_id, county.result(repay_id))
    assert county.run(repay_id).state == "reconciled"
    assert county.lines(run_id)[1].status == "returned"
    with pytest.raises(Refused, match="沒有造冊"):
        county.build(MARCH)


def test_returned_twice_then_closed_counts_as_unpaid(county):
    award_id = county.award(1)
    run_id = county.filed(county.build())
    county.take_in(run_id, county.result(run_id, {1: "91"}))
    repay_id = payment_results.repay_returned(county.officer, benefit=ELA, payer="10004", line_ids=[county.lines(run_id)[0].id]).id
    county.filed(repay_id)
    county.take_in(repay_id, county.result(repay_id, {1: "27"}))
    first, second = county.lines(run_id)[0], county.lines(repay_id)[0]
    with pytest.raises(Refused, match="不是待處理"):
        payment_results.close_return(county.director, first.id, "死亡")
    payment_results.close_return(county.director, second.id, "死亡，款項繳回公庫")
    with scope.use(scope.SYSTEM):
        assert not db.session.scalars(select(Payment).where(Payment.award_id == award_id, Payment.live)).all()


def test_a_result_file_that_does_not_fit_changes_nothing(county):
    county.award(1)
    county.award(2)
    run_id = county.filed(county.build())
    good = county.result(run_id)
    for broken, said in (
        (good.replace(b",6000,", b",5999,", 1), "金額 5,999"),
        (good.replace(b"-01,2,", b"-01,7,"), "沒有第 7 筆"),
        (good.replace(b"09803-01", b"09802-01"), "是清冊"),
        (good.replace(person_id(2).encode(), person_id(1).encode()), "統一編號"),
        (good[: len(good) - 30], "結果檔"),
    ):
        with pytest.raises(Refused, match=said):
            county.take_in(run_id, broken)
        assert {x.status for x in county.lines(run_id)} == {"filed"}
    county.take_in(run_id, county.result(run_id, only=[1]))
    assert county.run(run_id).state == "filed"
    assert county.take_in(run_id, county.result(run_id, only=[1])).repeated == 1
    county.take_in(run_id, good)
    assert county.run(run_id).state == "reconciled"


def test_a_delivery_with_two_registers_is_taken_in_whole(county):
    county.award(1)
    first = county.filed(county.build())
    second = county.filed(county.build(APRIL))
    rows = [r for run_id in (first, second) for r in payment_results.parse_results(county.result(run_id), "r.csv")]
    wrong = [*rows[:-1], replace(rows[-1], amount=1)]
    with pytest.raises(Refused, match="全部未登錄"):
        payment_results.apply_transfer_results(county.accountant, wrong, "a" * 64)
    assert county.run(first).state == "filed"
    with pytest.raises(Refused, match="查無清冊 X"):
        payment_results.apply_transfer_results(county.accountant, [*rows, replace(rows[0], run_no="X")], "a" * 64)
    payment_results.apply_transfer_results(county.accountant, rows, "a" * 64)
    assert {county.run(r).state for r in (first, second)} == {"reconciled"}


def test_a_restored_backup_never_sends_twice(county):
    county.award(1)
    run_id = county.filed(county.build())
    with scope.use(scope.SYSTEM):  # the database as it was before the files left
        db.session.execute(update(PaymentLine).values(status="planned"))
        run = county.run(run_id)
        run.state, run.filed_at, run.content_hash = "released", None, "0" * 64
        db.session.commit()
    with pytest.raises(Refused, match="備份"):
        payment_results.write_files(county.accountant, run_id)
    with pytest.raises(Refused, match="備份"):
        county.build()


def test_files_made_again_after_a_crash_are_the_same_bytes(county):
    county.award(1)
    county.award(2, pay=payee(2, "cash"))
    run_id = county.approved(county.build())
    payments.release_run(county.accountant, run_id)
    hashes = []
    for hour in (1, 2):  # the first attempt stores and logs its files, then loses its connection at commit
        with clock.frozen(dt.datetime(2009, 3, 25, hour)), pytest.MonkeyPatch.context() as patch:
            if hour == 1:
                patch.setattr(db.session(), "commit", lambda: (_ for _ in ()).throw(ConnectionError))
            try:
                payment_results.write_files(county.accountant, run_id)
            except ConnectionError:
                assert county.run(run_id).state == "released"
        hashes.append({e.sha256 for e in export_log.read(payment_files.log_path())})
    run = county.run(run_id)
    assert run.state == "filed"
    assert hashes[0] == hashes[1] == {f.sha256 for f in run.files}


def test_payer_without_its_account_is_told_before_approval(county):
    county.setting(post_account="")
    county.award(1)
    run_id = county.build()
    payments.check_run(county.officer, run_id)
    assert [f.code for f in county.run(run_id).findings if f.severity == "hard"] == ["payer"]


def test_township_that_pays_itself_and_the_county_pays_the_rest(county, actor):
    """基隆市: districts pay, not the city."""
    county.setting(HOME, payer_name="竹北市公所")
    county.award(1)
    mine = county.award(2, town=OTHER)
    assert [x.award_id for x in county.lines(county.build())] == [mine]
    clerk = actor("clerk.10004010")
    own = payments.build_run(clerk, benefit=ELA, payer=HOME, month=MARCH)
    assert (own.run_no, own.line_count) == ("10004010-ELA-09803-01", 1)
    payments.check_run(clerk, own.id)
    with pytest.raises(Refused, match="沒有設定"):
        payments.build_run(clerk, benefit=ELA, payer=OTHER, month=MARCH)


def test_a_township_neither_sees_nor_moves_the_county_s_run(county, actor):
    county.award(1)
    run_id = county.build()
    with pytest.raises(NotFound):
        payments.check_run(actor("clerk.10004010"), run_id)
    with pytest.raises(NotFound):
        payments.approve_run(actor("director.10005"), run_id)


def test_two_month_rhythm(county):
    """雲林縣: two institutions, every two months."""
    county.setting(rhythm="two_monthly")
    county.award(1)
    with pytest.raises(Refused, match="不是發放月份"):
        county.build(MARCH)
    [line] = county.lines(county.build(APRIL))
    assert (line.month_from, line.month_to, line.amount) == (MARCH, APRIL, 12000)


def test_difference_run_after_a_raise_with_past_effect(county):
    award_id = county.award(1)
    run_id = county.filed(county.build())
    awards.change_award(county.director, award_id, from_month=MARCH, amount=7200, reason="調整給付", rule_version="101")
    with pytest.raises(Refused, match="法令依據"):
        county.build(APRIL, kind="difference")
    made = county.build(APRIL, kind="difference", ground="101年調整", cutoff_on=dt.date(2009, 4, 20))
    [line] = county.lines(made)
    assert (line.amount, line.month_from) == (1200, MARCH)
    assert [x.amount for x in county.lines(run_id)] == [6000]


def test_stale_page_is_told(county):
    county.award(1)
    run_id = county.build()
    seen = county.run(run_id).version
    payments.check_run(county.officer, run_id)
    with pytest.raises(Conflict):
        payments.check_run(county.officer2, run_id, seen_version=seen)


def delivered(county, tmp_path, content, mode="new"):
    path = tmp_path / "result.csv"
    path.write_bytes(content)
    return exchange.import_file(SYSTEM, "transfer_result", path, mode=mode)


def test_a_delivery_of_results_reconciles_as_it_arrives(county, tmp_path):
    county.award(1)
    county.award(2)
    run_id = county.filed(county.build())
    number = county.run(run_id).run_no
    content = county.result(run_id, returned={2: "22"})
    with_foreign = content + f"X-1,1,{person_id(9)},100,credited,,0980331\r\n".encode()
    taken = delivered(county, tmp_path, with_foreign)
    assert county.run(run_id).state == "reconciled" and taken.accepted == 3
    assert [x.status for x in county.lines(run_id)] == ["credited", "returned"]
    assert "查無清冊 X-1" in taken.notices[0] and taken.notices[-1] == f"清冊 {number} 已登錄入帳 1 筆、退匯 1 筆，全部到齊。"
    again = delivered(county, tmp_path, with_foreign)
    assert again.duplicate_of == taken.batch_no and not any(number in text for text in again.notices)


def test_a_delivery_that_contradicts_our_register_is_not_taken_in(county, tmp_path):
    county.award(1)
    run_id = county.filed(county.build())
    with pytest.raises(Refused, match="全部未登錄"):
        delivered(county, tmp_path, county.result(run_id).replace(b",6000,", b",5999,"))
    with scope.use(scope.SYSTEM):
        assert db.session.scalars(select(Batch).where(Batch.source == "transfer_result")).all() == []
    assert county.run(run_id).state == "filed"


def test_rows_sent_back_wait_for_their_correction(county, tmp_path):
    county.award(1)
    county.award(2)
    run_id = county.filed(county.build())
    content = county.result(run_id)
    first = delivered(county, tmp_path, content.replace(b",6000,", b",x,", 1))
    assert (first.accepted, first.rejected) == (1, 1) and "還沒有登錄" in "".join(first.notices)
    assert county.run(run_id).state == "filed"
    head, corrected, _ = content.split(b"\r\n", 2)
    delivered(county, tmp_path, head + b"\r\n" + corrected + b"\r\n", "supplement")
    assert county.run(run_id).state == "reconciled"


LILA = "low_income_living_assistance"


def beside(county, award_id, benefit, amount, band="", first=MARCH):
    """The same person is granted another benefit, after the register was approved."""
    awards.create_award(
        county.director, recipient_id=county.get_award(award_id).recipient_id, benefit=benefit, case_no=f"10004{benefit[:4]}", decision_no="府社字第1號", from_month=first,
        amount=amount, band=band, payee=payee(1),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("benefit", "amount", "band", "law"),
    [
        ("disability_living_allowance", 4_000, "other_severe", "中低收入老人生活津貼發給辦法第12條"),
        (LILA, 9_829, "class1", "中低收入老人生活津貼發給辦法第12條"),
    ],
    ids=["disability allowance", "low income paid per person"],
)
def test_an_exclusive_benefit_granted_after_approval_stops_the_payment(county, benefit, amount, band, law):
    """互斥在撥款時再查一次：造冊、核准之後才核定的給付，撥款被擋下，清冊退回後是不可放行的缺失。"""
    award_id = county.award(1)
    run_id = county.approved(county.build())
    assert not [f for f in county.run(run_id).findings if f.code == "exclusion"]
    beside(county, award_id, benefit, amount, band)
    with pytest.raises(Refused, match="互斥"):
        payments.release_run(county.accountant, run_id)
    assert county.run(run_id).state == "approved" and not county.run(run_id).files
    payments.return_run(county.accountant, run_id, "與其他給付互斥")
    payments.check_run(county.officer, run_id)
    (hard,) = [f for f in county.run(run_id).findings if f.severity == "hard"]
    assert (hard.code, hard.award_id) == ("exclusion", award_id) and law in hard.message
    with pytest.raises(Refused, match="不可確認放行"):
        payments.acknowledge_finding(county.officer, hard.id)


@pytest.mark.parametrize(("amount", "band", "codes"), [(5_900, "class2", ["cap"]), (0, "class3", [])], ids=["second class", "status without cash"])
def test_low_income_of_the_lower_classes_goes_together_with_the_elderly_allowance(county, amount, band, codes):
    """第二、三款只併計上限（社會救助法第8條）；沒有現金的身分不生併計。"""
    award_id = county.award(1)
    run_id = county.build()
    beside(county, award_id, LILA, amount, band)
    payments.check_run(county.officer, run_id)
    found = [f for f in county.run(run_id).findings if f.code in ("exclusion", "cap")]
    assert [f.code for f in found] == codes and all(f.severity == "soft" for f in found)


def test_an_exclusive_benefit_that_begins_later_stops_nothing_yet(county):
    award_id = county.award(1)
    run_id = county.approved(county.build())
    beside(county, award_id, "disability_living_allowance", 4_000, "other_severe", first=MARCH + 1)
    payments.release_run(county.accountant, run_id)
    assert county.run(run_id).state == "released"
