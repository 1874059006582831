"""Tasks of money: a register with a dead person on it, a register paid through two channels, an overpayment an auditor found."""

from typing import Any

from sqlalchemy import select

from app.commands import awards, payments
from app.commands.base import Context, command
from app.core import clock, roc
from app.models.overpayment import Overpayment
from app.models.payment import PaymentLine
from app.models.payment_run import PaymentRun
from app.models.training import TrainingTry
from app.payments.line import Line, Part, Payee
from app.security.actor import Actor

from ..work import Work

BENEFIT, AMOUNT = "elderly_living_allowance", 8_329


@command("training.material")
def _register(ctx: Context, town: str, month: int, awarded: list[tuple[int, int, str, str, Payee]]) -> int:
    """A register of these awards alone, made as the product makes one."""
    run = PaymentRun(
        county_code=town[:5], town_code=town[:5], benefit=BENEFIT, run_no=payments.run_no(ctx, BENEFIT, town[:5], month), kind="regular", month=month,
        first_month=month, last_month=month, cutoff_on=clock.today(), value_date=roc.last_day(month), made_by_id=None, made_at=ctx.now, omitted=[],
    )  # fmt: skip
    lines = [
        Line(n, award, person, number, name, town, AMOUNT, month, month, payee, "full", "", (Part(month, AMOUNT),))
        for n, (award, person, number, name, payee) in enumerate(awarded, 1)
    ]
    payments.save_run(ctx, run, lines)
    return run.id


class _Register:
    """Four people of this try, two paid at the post office and two at a bank."""

    def make(self, work: Work, dead: bool) -> tuple[PaymentRun, str]:
        month = roc.month_of(clock.today()) + 1
        awarded, late = [], ""
        for n in range(4):
            who = work.person(work.rng.randint(67, 88))
            gone = dead and n == 2
            row = work.add_person(who, died_on=roc.first_day(month - 2) if gone else None)
            work.session.commit()
            late = who.name if gone else late
            payee = Payee("post", who.person_id, who.name, "0061234", f"{work.rng.randrange(10**7):07d}") if n % 2 else Payee(
                "bank", who.person_id, who.name, "0081005", f"{work.rng.randrange(10**12):012d}"
            )  # fmt: skip
            award = awards.create_award(
                work.officer, recipient_id=row.id, benefit=BENEFIT, case_no=f"TRN{row.id:08d}", decision_no=f"訓練字第{row.id}號", from_month=month - 3,
                paid_until=month - 1, amount=AMOUNT, band="full", payee=payee,
            )  # fmt: skip
            awarded.append((award.id, row.id, who.person_id, who.name, payee))
        pk = _register(Actor.system("訓練"), work.town, month, awarded)
        return work.session.get_one(PaymentRun, pk), late

    def paper(self, run: PaymentRun) -> list[list[str]]:
        return [["清冊", run.run_no], ["發放月份", roc.show_month(run.month)], ["筆數與金額", f"{run.line_count} 筆，{run.total:,} 元"]]


class CheckRegister(_Register):
    """The officer checks it: who died is held back with a reason, the rest is confirmed."""

    def prepare(self, work: Work, setup: dict[str, Any]) -> dict[str, Any]:
        run, late = self.make(work, dead=True)
        return {"run": run.id, "late": late, "paper": self.paper(run)}

    def check(self, work: Work, row: TrainingTry, setup: dict[str, Any]) -> dict[str, bool]:
        run = work.session.get_one(PaymentRun, row.material["run"])
        held = work.session.scalars(select(PaymentLine.name).where(PaymentLine.run_id == run.id, PaymentLine.status == "withheld")).all()
        return {
            "checked": run.state != "built" and run.checked_by_id == row.user_id,
            "held": row.material["late"] in held,
            "others": not set(held) - {row.material["late"]},
            "confirmed": run.state == "checked" and not payments.open_findings(run),
        }


class TwoChannels(_Register):
    """Accounting releases an approved register and writes one file a channel."""

    def prepare(self, work: Work, setup: dict[str, Any]) -> dict[str, Any]:
        run, _ = self.make(work, dead=False)
        payments.check_run(work.officer, run.id)
        for finding in payments.open_findings(run):
            payments.acknowledge_finding(work.officer, finding.id, "已查核確認")
        payments.approve_run(work.director, run.id)
        return {"run": run.id, "total": run.total, "paper": [*self.paper(run), ["通路", "郵局、銀行"]]}

    def check(self, work: Work, row: TrainingTry, setup: dict[str, Any]) -> dict[str, bool]:
        run = work.session.get_one(PaymentRun, row.material["run"])
        channels = set(work.session.scalars(select(PaymentLine.channel).where(PaymentLine.run_id == run.id, PaymentLine.status.in_(("filed", "credited", "returned")))))
        return {
            "released": run.released_by_id == row.user_id and run.released_at is not None,
            "written": run.state in ("filed", "reconciled") and len(run.files) >= 2,
            "channels": channels == {"post", "bank"},
            "total": run.total == row.material["total"] and run.filed_at is not None,
        }


class Found:
    """An auditor's letter: who was paid too much, in which months, how much. The claim is opened as it says."""

    def prepare(self, work: Work, setup: dict[str, Any]) -> dict[str, Any]:
        last = roc.month_of(clock.today()) - 2
        who, months = work.person(74), work.rng.randint(2, 4)
        work.add_person(who)
        amount = AMOUNT * months
        return {
            "person_id": who.person_id, "first": last - months + 1, "last": last, "amount": amount,
            "paper": [
                ["來文", "審計室抽查發現溢領"], ["姓名", who.name], ["身分證號", who.person_id], ["給付", "中低收入老人生活津貼"], ["鄉鎮市", work.town_name],
                ["溢領起迄月", f"{roc.show_month(last - months + 1)}至{roc.show_month(last)}"], ["溢領金額", f"{amount:,} 元"], ["原因", "死亡後未即時停發"],
            ],
        }  # fmt: skip

    def check(self, work: Work, row: TrainingTry, setup: dict[str, Any]) -> dict[str, bool]:
        claim = work.session.scalars(
            select(Overpayment).where(Overpayment.person_id == row.material["person_id"], Overpayment.made_by_id == row.user_id)
        ).first()
        return {
            "opened": claim is not None and claim.state != "dropped",
            "origin": claim is not None and claim.origin == "audit",
            "months": claim is not None and (claim.first_month, claim.last_month) == (row.material["first"], row.material["last"]),
            "amount": claim is not None and claim.amount == row.material["amount"],
            "reason": claim is not None and "死亡" in claim.reason,
        }


KINDS: dict[str, Any] = {"check_register": CheckRegister(), "two_channels": TwoChannels(), "audit_finding": Found()}
