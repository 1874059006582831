"""Payment slips (繳款書) of a claim: for the whole balance, or one for every open instalment of the plan in force."""

import datetime as dt

from app.core import clock, roc
from app.models.overpayment import Overpayment
from app.payments.amount_words import in_words
from app.printing.documents import Slip
from app.security.roles import ACCOUNTANT, COUNTY

from .base import Context, Refused, command
from .notices.senders import sender_of
from .recovery import OPEN, plan_in_force, title


def open_slips(claim: Overpayment, today: dt.date) -> list[tuple[str, int, dt.date | None, str]]:
    """(slip number, NTD, to pay by, what it is) of what is still to be paid; a number that was paid on gets a following one.

    The number is the claim's with plan and instalment, so that the same slip printed twice is the same slip.
    """
    used = {r.slip_no for r in claim.repayments}
    states = [s for s in plan_in_force(claim, today) if s.open]
    if not states:
        return [(_free(f"{claim.claim_no}-0", used), claim.balance, claim.pay_by, "全額")] if claim.balance else []
    plan = max(i.plan_no for i in claim.instalments)
    total = len(plan_in_force(claim, today))
    return [
        (_free(f"{claim.claim_no}-{plan}-{s.instalment.no}", used), s.open, s.instalment.due_on, f"第 {s.instalment.no} 期（共 {total} 期）")
        for s in states
    ]


def _free(number: str, used: set[str]) -> str:
    tries = (number, *(f"{number}-{n}" for n in range(2, len(used) + 3)))
    return next(n for n in tries if n not in used)


@command("recovery.print_slips", roles=(*COUNTY, ACCOUNTANT))
def slips(ctx: Context, claim_id: int) -> tuple[list[Slip], dt.datetime]:
    """The slips of a decided claim, to be printed. Raises Refused."""
    claim = ctx.get(Overpayment, claim_id)
    if claim.state not in OPEN or claim.state in ("opened", "heard") or not claim.balance:
        raise Refused("作成追繳處分後、還有待繳金額時，才能列印繳款書", "E-MOVE")
    sender = sender_of(ctx.session, claim.county_code)
    made = [
        Slip(
            agency=sender.agency, title="溢領給付繳款書", number=number, date=f"中華民國{roc.long_date(clock.today())}",
            rows=(
                ("繳款人", claim.name), ("溢領給付", title(claim)), ("處分文號", claim.decision_no or ""), ("期別", what),
                ("應繳金額", f"新臺幣 {amount:,} 元"), ("金額大寫", in_words(amount)), ("繳款期限", roc.long_date(until) if until else ""),
            ),
            note=f"請於期限前持本單至{sender.agency}出納或其指定之公庫繳納；繳款後請保存收據聯。查詢：{sender.unit}　{sender.phone}",
        )
        for number, amount, until, what in open_slips(claim, clock.today())
    ]  # fmt: skip
    ctx.audit("overpayment.slips_printed", claim, slips=len(made))
    return made, ctx.now
