"""The demo's last months as they were worked: registers come in, changes are recorded, money is paid by three people, returns are paid again,
the roster is reported and matched, doubts are answered, overpayments claimed. Everything through the product's own commands, each at its day."""

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.commands import (
    budgets,
    calendar,
    closing,
    deliveries,
    doubts,
    exchange,
    funding,
    matching,
    offsets,
    outgoing,
    parameters,
    payer_settings,
    payment_results,
    payment_roster,
    payments,
    recovery,
    sampling,
)
from app.commands.base import CommandError
from app.commands.casework import changes
from app.core import clock, identity, roc
from app.exchange import codes
from app.models.answer_check import AnswerCheck
from app.models.award import Award
from app.models.calendar import CalendarSetting
from app.models.doubt import Doubt
from app.models.overpayment import Overpayment
from app.models.payment import PaymentLine
from app.models.payment_run import PaymentRun
from app.models.sample import SampleRow
from app.payments import checks
from app.security import access
from app.security.actor import Actor

from . import places, registers
from .accounts import CASHIER, DIRECTOR, OFFICER, OFFICER2, Staff
from .cases import BENEFIT, Made
from .means import Means
from .people import Population

RETURNED = 0.009
CODES = ("04", "22", "23", "05")
REASONS = {
    "no_overpayment": "經查個案資料與對方資料非同一期間，無溢領",
    "source_data_error": "對方資料有誤，已函請更正",
    "stopped_no_overpayment": "已於撥款前停發，無溢領",
    "overpaid": "經查屬實，應追繳",
}


class Months:
    """Works the months from `first` to `last` and leaves the month after `last` at the checked register."""

    def __init__(
        self, session: Session, staff: Staff, population: Population, means: Means, made: Sequence[Made], seed: int, first: int, last: int
    ) -> None:
        self.session, self.staff, self.population, self.made = session, staff, population, made
        self.first, self.last, self.seed, self.rng = first, last, seed, Random(seed * 101 + 9)
        self.real_now = clock.now()
        self.agencies = registers.Agencies.invent(population, made, means, first, last, seed)
        self.case_of = {f.elder: f.application_id for f in made if f.from_month is not None}
        self.elder_of = {application: elder for elder, application in self.case_of.items()}
        self.known: set[int] = set()
        self.stopped: dict[int, str] = {}
        self.delivered_until = roc.first_day(first) - dt.timedelta(days=400)
        self.actors: dict[str, Actor] = {}

    def who(self, username: str) -> Actor:
        if username not in self.actors:
            self.actors[username] = self.staff.actor(username)
        return self.actors[username]

    @contextmanager
    def day(self, month: int, day: int, hour: int = 10) -> Iterator[None]:
        """The clock stands on a working hour of that day, never later than it really is."""
        moment = dt.datetime.combine(roc.first_day(month) + dt.timedelta(days=day - 1), dt.time(hour - 8))
        with clock.frozen(min(moment, self.real_now).replace(tzinfo=dt.UTC)):
            yield

    def work(self) -> None:
        with self.day(self.first, 1):
            payer_settings.add_payer_setting(
                self.who(DIRECTOR), benefit=BENEFIT, payer_name="新竹縣政府", post_office="0061000", post_account="00123456"
            )
        self.second_person()
        self.budgets()
        with tempfile.TemporaryDirectory() as folder:
            self.folder = Path(folder)
            self.registers(self.first)
            for month in range(self.first, self.last + 1):
                self.record_changes(month)
                run = self.pay(month)
                self.results(run, month)
                self.stop_withheld(month)
                self.pay_again(month)
                self.registers(month + 1)
                self.lists(month)
                self.match(month)
            self.record_changes(self.last + 1)
            self.told_late()
            with self.day(self.last + 1, 20, 16):
                self.made_and_checked(self.last + 1, confirm=False)
            self.claims()
            with self.day(self.last + 1, 6, 16):
                closing.close_month(self.who(CASHIER), self.first)

    def second_person(self) -> None:
        """The county has a second person look at every overpayment of more than 8,000."""
        with self.day(self.first, 1):
            own = parameters.propose_parameter(
                self.who(OFFICER), "answer_check.amount", "8000", roc.first_day(self.first), "本縣內部控制規定（示範）", unit="元"
            )
            parameters.approve_parameter(self.who(DIRECTOR), own)

    def budgets(self) -> None:
        """A tenth more than the running awards draw in a year, six parts of ten from the central government."""
        drawn = self.session.scalar(select(func.sum(Award.amount)).where(Award.benefit == BENEFIT, Award.status == "active")) or 0
        yearly = drawn * 12 * 11 // 10 // 1000 * 1000
        with self.day(self.first, 1):
            for year in () if yearly < 2000 else sorted({budgets.year_of(self.first), budgets.year_of(self.last + 1)}):
                for fund, amount in (("central", yearly * 6 // 10), ("county", yearly - yearly * 6 // 10)):
                    line = budgets.enter(self.who(OFFICER), benefit=BENEFIT, year=year, fund=fund, amount=amount, reason=f"{year} 年度單位預算")
                    budgets.decide(self.who(DIRECTOR), line, True)
                share = funding.enter(
                    self.who(OFFICER), benefit=BENEFIT, from_month=roc.month(year, 1), central=6000, county=3500, town=500,
                    reason=f"{year} 年度補助計畫核定函",
                )
                funding.decide(self.who(DIRECTOR), share.id, True)

    # -- what comes in --------------------------------------------------------------------------------------------------
    def registers(self, month: int) -> None:
        """On the third: the deliveries about the month before."""
        until = roc.first_day(month) + dt.timedelta(days=1)
        written = registers.write(self.folder / roc.month5(month), self.population, self.agencies, month - 1, self.delivered_until, until)
        self.delivered_until = until
        with self.day(month, 3):
            for source, path in written.items():
                if path is None:
                    deliveries.declare_nil(Actor.system("資料交換"), source, places.COUNTY, month - 1)
                else:
                    exchange.import_file(Actor.system("資料交換"), source, path, None, month - 1, None, "new")

    def record_changes(self, month: int) -> None:
        """On the twelfth: deaths and moves that the register brought, for running cases; one in eight is overlooked for now."""
        until = roc.first_day(month) + dt.timedelta(days=1)
        for event in self.population.events:
            case = self.case_of.get(event.person)
            if case is None or event.registered > until or event.person in self.known or event.kind == "name_change":
                continue
            if event.on < roc.first_day(self.first - 8) or (event.kind == "death" and self.rng.random() < 0.12):
                continue
            self.known.add(event.person)
            elder = self.population.people[event.person]
            details = {"county_code": event.county_to, "address": event.new_value} if event.kind == "move_out" else {}
            if event.kind == "move_within":
                details = {"town_code": elder.town_code, "address": event.new_value}
            with self.day(month, 12):
                change = changes.record_change(
                    self.who(self.staff.clerk(elder.town_code)), case, event.kind, event.on, clock.today(), details, "依戶役政異動資料"
                )
            with self.day(month, 13):
                changes.apply_change(self.who(OFFICER), change)

    def lists(self, month: int) -> None:
        """On the third of the next month: the list for the national pension leaves, and its receipt comes; the last one is still to be sent."""
        with self.day(month + 1, 3, 11):
            number = outgoing.make(self.who(OFFICER), "np_insurance", month)
            if month < self.last:
                outgoing.send(self.who(OFFICER), number)
                outgoing.receipt(self.who(OFFICER), number, f"保國三字第{month}號")

    # -- money ----------------------------------------------------------------------------------------------------------
    def made_and_checked(self, month: int, confirm: bool = True) -> PaymentRun:
        officer = self.who(OFFICER)
        run = payments.build_run(officer, benefit=BENEFIT, payer=places.COUNTY, month=month)
        payments.check_run(officer, run.id)
        if not confirm:
            return run
        for _ in range(3):
            found = [f for f in payments.open_findings(self.fresh(run)) if f.severity == checks.HARD]
            hard, awards = {f.line_no: f.message for f in found}, {f.award_id: f.code for f in found if f.award_id}
            if not hard:
                break
            for line_no, message in hard.items():
                payments.withhold_line(officer, run.id, line_no, f"暫緩查明：{message}"[:180])
            self.stopped.update(awards)
            payments.check_run(officer, run.id)
        for finding in payments.open_findings(self.fresh(run)):
            payments.acknowledge_finding(officer, finding.id, "已查核確認")
        return run

    def fresh(self, run: PaymentRun) -> PaymentRun:
        self.session.expire_all()
        return self.session.get_one(PaymentRun, run.id)

    def pay(self, month: int) -> PaymentRun:
        with self.day(month, 20, 14):
            run = self.made_and_checked(month)
        return self.through(run, month, 22)

    def through(self, run: PaymentRun, month: int, day: int) -> PaymentRun:
        """Approved, released and written: three hands in three hours."""
        with self.day(month, day, 10):
            payments.approve_run(self.who(DIRECTOR), run.id)
        with self.day(month, day, 15):
            payments.release_run(self.who(CASHIER), run.id)
            payment_results.write_files(self.who(CASHIER), run.id)
        return run

    def stop_withheld(self, month: int) -> None:
        """What the check held back is looked into and stopped, so that next month's register is clean of it."""
        dead = {e.person: e.on for e in self.population.events if e.kind == "death"}
        held = {p.key: since for p, _, since, until in self.agencies.custody if until is None}
        last_month = roc.last_day(month - 1)
        for award_id, code in self.stopped.items():
            award = self.session.get_one(Award, award_id)
            if award.application_id is None or award.status != "active":
                continue
            application, elder = award.application_id, self.elder_of[award.application_id]
            kind, on = {"dead": ("death", dead.get(elder)), "custody": ("custody", held.get(elder)), "placed": ("placement", last_month)}.get(
                code, ("suspend", last_month)
            )
            if on is None or elder in self.known:
                continue
            self.known.add(elder)
            with self.day(month, 25):
                change = changes.record_change(self.who(OFFICER2), application, kind, on, clock.today(), {}, "撥款前檢核發現，經查屬實")
            with self.day(month, 26):
                changes.apply_change(self.who(OFFICER), change)
        self.stopped.clear()

    def results(self, run: PaymentRun, month: int, returns: float = RETURNED, day: int = 27) -> None:
        """What the post office and the banks send back."""
        with self.day(month, day, 11):
            rows = self.session.execute(
                select(PaymentLine.line_no, PaymentLine.person_id, PaymentLine.amount)
                .where(PaymentLine.run_id == run.id, PaymentLine.status == "filed")
                .order_by(PaymentLine.line_no)
            ).all()
            text = io.StringIO()
            writer = csv.writer(text)
            writer.writerow(("run_no", "line_no", "person_id", "amount", "result", "return_code", "value_date"))
            run_no = self.fresh(run).run_no
            for line_no, person_id, amount in rows:
                back = self.rng.random() < returns
                writer.writerow((run_no, line_no, person_id, amount, "returned" if back else "credited", self.rng.choice(CODES) if back else "", roc.date7(clock.today())))
            payment_results.import_transfer_result(self.who(CASHIER), run.id, text.getvalue().encode("utf-8"), f"{run_no}-result.csv")

    def pay_again(self, month: int) -> None:
        """Returned money goes out again once the new account is there; of the last month some still wait."""
        lines = payment_results.unpaid_returns(self.session, BENEFIT, places.COUNTY)
        ready = [x for x in lines if month < self.last or self.rng.random() < 0.4]
        for line in ready:
            award = self.session.get_one(Award, line.award_id)
            if award.application_id is None or award.status == "ended":
                continue
            details = {
                "channel": "post", "institution": f"006{self.rng.randrange(10_000):04d}", "account": f"{self.rng.randrange(10_000_000):07d}",
                "payee_name": award.payee_name, "payee_person_id": award.payee_person_id,
            }  # fmt: skip
            clerk = self.staff.clerk(line.town_code)
            application_id = award.application_id
            with self.day(month, 28):
                change = changes.record_change(self.who(clerk), application_id, "account", clock.today(), None, details, "退匯後重新提供帳戶")
            with self.day(month, 29):
                changes.apply_change(self.who(OFFICER2), change)
        ids = [x.id for x in ready if self.session.get_one(Award, x.award_id).status != "ended"]
        if not ids:
            return
        with self.day(month, 29, 9):
            run = payment_results.repay_returned(self.who(OFFICER), benefit=BENEFIT, payer=places.COUNTY, line_ids=ids, month=month)
            payments.check_run(self.who(OFFICER), run.id)
            for finding in payments.open_findings(self.fresh(run)):
                if finding.severity == checks.HARD:
                    payments.cancel_run(self.who(OFFICER), run.id, "案件情形變更，另行處理")
                    return
                payments.acknowledge_finding(self.who(OFFICER), finding.id, "新帳戶已核對存摺")
        self.through(run, month, 29)
        self.results(run, month, returns=0.0, day=30)

    # -- the loop -------------------------------------------------------------------------------------------------------
    def match(self, month: int) -> None:
        """In the next month: our roster and a neighbour's, the match, the answers."""
        following = month + 1
        roster = self.folder / f"{roc.month5(month)}.csv"
        with self.day(following, 1):
            self.say_what_is_not_sent()
        with self.day(following, 2):
            payment_roster.write_roster(self.who(OFFICER), places.COUNTY, month, BENEFIT, roster)
            exchange.import_file(self.who(OFFICER), "roster", roster, places.COUNTY, month, BENEFIT, "new")
            other = registers.neighbour_roster(self.folder / f"n{roc.month5(month)}.csv", self.made, self.population, month, self.seed)
            exchange.import_file(Actor.system("資料交換"), "roster", other, "10018", month, BENEFIT, "new")
        with self.day(following, 5):
            matching.run_match(Actor.system("每月比對"), month)
        self.answer(month, following)

    def say_what_is_not_sent(self) -> None:
        """The county keeps most other benefits elsewhere for now; the one it left expected stands on the board as owed."""
        if self.session.scalar(select(CalendarSetting.id).limit(1)) is None:
            for kind in codes.KINDS:
                if kind not in (BENEFIT, "disability_living_allowance"):
                    calendar.set_expected(self.who(OFFICER), places.COUNTY, "roster", kind, False, None, "本縣尚由原系統辦理，上線後送件")

    def answer(self, month: int, following: int) -> None:
        open_ones = list(
            self.session.scalars(
                select(Doubt).where(Doubt.county_code == places.COUNTY, Doubt.state == "open", Doubt.last_month == month).order_by(Doubt.id)
            )
        )
        share = 0.45 if month == self.last else 0.85
        for doubt in open_ones:
            if self.rng.random() > share:
                continue
            with self.day(following, 10 + self.rng.randint(0, 5)):
                self.answer_one(doubt)
        with self.day(following, 17):
            self.check_answers(keep=month == self.last)
            self.look_at_sample(month, 0.4 if month == self.last else 1.0)

    def check_answers(self, keep: bool) -> None:
        """The director looks at the large overpayments; of the last month, the newest still waits."""
        waiting = self.session.scalars(select(AnswerCheck.id).where(AnswerCheck.state == "waiting").order_by(AnswerCheck.id)).all()
        for key in waiting[:-1] if keep else waiting:
            try:
                doubts.approve_answer(self.who(DIRECTOR), key)
            except CommandError:
                doubts.send_back_answer(self.who(DIRECTOR), key, "同月份已另立溢領案")

    def look_at_sample(self, month: int, share: float) -> None:
        """The officer goes through the month's random sample: nearly all rightly paid, now and then nobody can be reached."""
        rows = self.session.scalars(
            select(SampleRow.id).where(SampleRow.county_code == places.COUNTY, SampleRow.month == month, SampleRow.state == "open").order_by(SampleRow.id)
        ).all()
        for n, key in enumerate(rows[: round(len(rows) * share)]):
            unclear = n % 40 == 17
            finding = sampling.Finding("unclear", "兩次訪視未遇，函詢未復") if unclear else sampling.Finding("correct")
            sampling.answer_sample(self.who(OFFICER), key, finding)

    def answer_one(self, doubt: Doubt) -> None:
        real = doubt.grade in ("A", "B") and doubt.expected_overpaid > 0 and not doubt.mirror and self.rng.random() < 0.8
        outcome = "overpaid" if real else self.rng.choice(("no_overpayment", "no_overpayment", "source_data_error", "stopped_no_overpayment"))
        answer = doubts.Answer(outcome=outcome, reason=REASONS[outcome], decided_by=self.who(OFFICER).display, decided_on=clock.today())
        if outcome == "overpaid":
            answer = doubts.Answer(
                outcome=outcome, reason=REASONS[outcome], overpaid_from=min(doubt.months), overpaid_to=max(doubt.months),
                overpaid_amount=doubt.expected_overpaid, decided_by=self.who(OFFICER).display, decided_on=clock.today(),
            )  # fmt: skip
        look = access.entry(self.who(OFFICER), "show", (Doubt.__tablename__, str(doubt.id)), "疑義查核")
        look.at = clock.now() - dt.timedelta(seconds=self.rng.randint(60, 900))
        self.session.add(look)
        self.session.commit()
        try:
            doubts.answer_doubt(self.who(OFFICER), doubt.id, answer)
        except CommandError:
            self.session.rollback()  # the claim already stands from another doubt about the same months

    def told_late(self) -> None:
        """Two families tell late: a death, which is claimed from an heir, and a move away, which nobody has claimed yet."""
        month, rows = self.last + 1, self.session.execute(
            select(Award.application_id, Award.id)
            .join(PaymentLine, PaymentLine.award_id == Award.id)
            .where(Award.status == "active", Award.benefit == BENEFIT, PaymentLine.status == "credited", PaymentLine.month_to == self.last)
            .order_by(Award.id.desc())
        ).all()  # fmt: skip
        late = [(a, award) for a, award in dict.fromkeys(map(tuple, rows)) if a in self.elder_of and self.elder_of[a] not in self.known][:2]
        happened = roc.first_day(self.last) - dt.timedelta(days=10)
        for (application, award), kind in zip(late, ("death", "move_out"), strict=False):
            self.known.add(self.elder_of[application])
            details = {"county_code": "10018", "address": "新竹市東區中正路1號"} if kind == "move_out" else {}
            with self.day(month, 12):
                town = self.session.get_one(Award, award).town_code
                change = changes.record_change(self.who(self.staff.clerk(town)), application, kind, happened, clock.today(), details, "家屬補申報")
            with self.day(month, 13):
                changes.apply_change(self.who(OFFICER), change)
                if kind == "death":
                    claim = recovery.open_overpayment(
                        self.who(OFFICER2), origin="change", origin_ref=None, benefit=BENEFIT, award_id=award, reason="死亡次月以後續領"
                    )  # fmt: skip
                    recovery.name_heir(
                        self.who(OFFICER2), claim.id, person_id=identity.with_check_digit(f"J1{9_000_000 + claim.id}"), name=f"{claim.name[0]}家和",
                        relation="child", address="新竹縣竹北市光明六路10號",
                    )  # fmt: skip

    def claims(self) -> None:
        """Half of the claims go on: the opinion is invited, the decision made and served, a first instalment paid."""
        for n, claim_id in enumerate(self.session.scalars(select(Overpayment.id).order_by(Overpayment.id)).all()):
            if n % 2:
                continue
            month = self.last + 1
            with self.day(month, 15):
                recovery.invite_opinion(self.who(OFFICER), claim_id, clock.today() + dt.timedelta(days=1))
            if n % 4 == 0:
                self.decide_claim(claim_id, month)

    def decide_claim(self, claim_id: int, month: int) -> None:
        """Decision, service, and for some the first money back."""
        officer = self.who(OFFICER)
        with self.day(month, 17):
            recovery.record_opinion(officer, claim_id, "家屬表示同意繳還")
            recovery.decide(self.who(DIRECTOR), claim_id, decision_no=f"府社老字第{month // 12 - roc.EPOCH}9{claim_id:06d}號")
        with self.day(month, 20):
            recovery.record_service(officer, claim_id, clock.today(), "郵務送達")
            recovery.make_plan(officer, claim_id, parts=3, first_due=clock.today() + dt.timedelta(days=10))
            claim = self.session.get_one(Overpayment, claim_id)
            amount, slip = recovery.plan_in_force(claim, clock.today())[0].instalment.amount, f"{claim.claim_no}-1-1"
            recovery.record_repayment(self.who(CASHIER), claim_id, amount=amount, received_on=clock.today(), method="slip", slip_no=slip)
            award = claim.award
            if award is not None and award.status == "active" and claim.state in recovery.OPEN:
                offsets.enter_consent(
                    officer, claim_no=claim.claim_no, case_no=award.case_no, document_no=f"扣抵{claim_id:05d}", signed_by=claim.name,
                    signed_as="self", signed_on=clock.today(), monthly_limit=1_000, from_month=month + 1,
                )  # fmt: skip
