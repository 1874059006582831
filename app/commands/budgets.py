"""Budgets of benefits: entered by one person, approved by another; what is used, left and expected, and what a register may still take."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from app.core import clock, roc
from app.models.award import Award
from app.models.budget import EXCESS, FUNDS, BudgetLine
from app.models.closing import AccountingLine
from app.models.payment import Payment, PaymentLine
from app.models.payment_run import PaymentRun
from app.payments.funding import SOURCES
from app.security import scope
from app.security.roles import ACCOUNTANT, COUNTY_OFFICER, COUNTY_SUPERVISOR

from .base import Context, Refused, command
from .benefit_rows import benefit_row

SPENT = ("released", "filed", "reconciled")
LARGEST = 10**12
"""NTD; more than this in one line is a typing mistake."""


@dataclass
class Position:
    """One benefit of one county in a year, in NTD. `funds`: approved budget by source; empty = no budget was set, which is not 0.
    `used_by`: what was used, by source; what no shares split stands under "none".

    `forecast` is what the year will have used by its end; None where it cannot be told (paid once per decision).
    """

    county_code: str
    benefit: str
    funds: dict[str, int] = field(default_factory=dict)
    used: int = 0
    used_by: dict[str, int] = field(default_factory=dict)
    forecast: int | None = None
    on_excess: str = "warn"

    @property
    def budget(self) -> int | None:
        return sum(self.funds.values()) if self.funds else None

    @property
    def left(self) -> int | None:
        return None if self.budget is None else self.budget - self.used

    @property
    def share(self) -> float | None:
        """Percent used; None without a budget."""
        return self.used * 100 / self.budget if self.budget else None


def year_of(month: int) -> int:
    """The ROC fiscal year (= calendar year) of a month."""
    return month // 12 - roc.EPOCH


def _first(year: int) -> int:
    return (year + roc.EPOCH) * 12


def positions(session: Session, year: int) -> list[Position]:
    """Every benefit with a budget or payments in the year, within the session's scope, by county and benefit, with its forecast."""
    found = _standing(session, year)
    first = _first(year)
    until = (
        select(PaymentRun.county_code, PaymentRun.benefit, func.max(PaymentRun.last_month))
        .where(PaymentRun.month.between(first, first + 11), PaymentRun.state.in_(SPENT), PaymentRun.kind == "regular")
        .group_by(PaymentRun.county_code, PaymentRun.benefit)
    )
    to_come = _to_come(session, first, {(c, b): m for c, b, m in session.execute(until)})
    by_source = used_by_source(session, year)
    for key, row in found.items():
        row.used_by = by_source.get(key, {})
        if benefit_row(session, row.benefit).rhythm != "once":
            row.forecast = row.used + to_come.get(key, 0)
    return [found[key] for key in sorted(found)]


def _standing(session: Session, year: int, county: str | None = None, benefit: str | None = None) -> dict[tuple[str, str], Position]:
    """Budget and use by (county, benefit), of one or of all.

    Used = live payments in registers released for the year's months; money paid again after a return counts once.
    """
    lined = [] if county is None else [BudgetLine.county_code == county, BudgetLine.benefit == benefit]
    paying = [] if county is None else [PaymentRun.county_code == county, PaymentRun.benefit == benefit]
    found: dict[tuple[str, str], Position] = {}

    def at(place: str, code: str) -> Position:
        return found.setdefault((place, code), Position(place, code))

    lines = select(BudgetLine).where(BudgetLine.year == year, BudgetLine.state == "approved", *lined).order_by(BudgetLine.approved_at, BudgetLine.id)
    for line in session.scalars(lines):
        row = at(line.county_code, line.benefit)
        row.funds[line.fund] = row.funds.get(line.fund, 0) + line.amount
        row.on_excess = line.on_excess
    first = _first(year)
    paid = (
        select(PaymentRun.county_code, PaymentRun.benefit, func.sum(Payment.amount))
        .join(Payment, Payment.run_id == PaymentRun.id)
        .where(PaymentRun.month.between(first, first + 11), PaymentRun.state.in_(SPENT), Payment.live, *paying)
        .group_by(PaymentRun.county_code, PaymentRun.benefit)
    )
    for county_code, code, amount in session.execute(paid):
        at(county_code, code).used = int(amount)
    for county_code, code, amount in session.execute(_kept_later(first).where(*paying)):
        at(county_code, code).used += int(amount)
    return found


def _kept_later(first: int) -> Select[str, str, int]:
    """Returned money of this year's closed months that was kept in a later year: that year's income, this year's expense stands."""
    a = AccountingLine
    return (
        select(PaymentRun.county_code, PaymentRun.benefit, func.sum(a.amount))
        .join(PaymentRun, PaymentRun.id == a.root_run_id)
        .where(PaymentRun.month.between(first, first + 11), a.month > first + 11)
        .group_by(PaymentRun.county_code, PaymentRun.benefit)
    )


def used_by_source(session: Session, year: int) -> dict[tuple[str, str], dict[str, int]]:
    """(county, benefit) → what the year used by funding source, as split when the registers were approved; "none" = no shares in force."""
    first, line = _first(year), PaymentLine
    lives = select(Payment.id).where(Payment.run_id == line.run_id, Payment.line_no == line.line_no, Payment.live).exists()
    funds = [func.sum(getattr(line, f"fund_{s}")) for s in SOURCES]
    rest = func.sum(case((line.fund_central.is_(None), line.amount + line.deduction), else_=0))
    rows = session.execute(
        select(PaymentRun.county_code, PaymentRun.benefit, *funds, rest)
        .join(PaymentRun, PaymentRun.id == line.run_id)
        .where(PaymentRun.month.between(first, first + 11), PaymentRun.state.in_(SPENT), line.run_id == line.root_run_id, line.status != "withheld", lives)
        .group_by(PaymentRun.county_code, PaymentRun.benefit)
    )
    out: dict[tuple[str, str], dict[str, int]] = {}
    for county, benefit, *amounts in rows:
        out[county, benefit] = {s: int(v) for s, v in zip((*SOURCES, "none"), amounts, strict=True) if v}
    return out


def _to_come(session: Session, first: int, reached: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """(county, benefit) → what the running awards draw in the months of the year no register has paid yet; of a past year nothing."""
    last, now = first + 11, roc.month_of(clock.today())
    if now > last:
        return {}
    starts: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for county, benefit in session.execute(select(Award.county_code, Award.benefit).where(Award.status == "active").distinct()):
        starts[max(first, reached.get((county, benefit), max(first, now) - 1) + 1)].append((county, benefit))
    out: dict[tuple[str, str], int] = {}
    for start, keys in starts.items():
        begin = case((Award.from_month > start, Award.from_month), else_=start)
        end = case((Award.to_month < last, Award.to_month), else_=last)
        rows = session.execute(
            select(Award.county_code, Award.benefit, func.sum(Award.amount * (end - begin + 1)))
            .where(Award.status == "active", end >= begin)
            .group_by(Award.county_code, Award.benefit)
        )
        out |= {(c, b): int(amount) for c, b, amount in rows if (c, b) in keys}
    return out


def lines_of(session: Session, year: int) -> Sequence[BudgetLine]:
    """The lines of a year in scope, those to approve first, then the newest."""
    order = (case((BudgetLine.state == "proposed", 0), else_=1), BudgetLine.id.desc())
    return list(session.scalars(select(BudgetLine).where(BudgetLine.year == year).order_by(*order)))


# -- two people --------------------------------------------------------------------------------------------------------------------------


@command("budgets.enter", roles=(COUNTY_OFFICER,))
def enter(ctx: Context, *, benefit: str, year: int, fund: str, amount: int, reason: str, on_excess: str = "warn") -> int:
    """Enter an amount (or a change of one, plus or minus) for somebody else to approve; its id. Raises Refused."""
    county = ctx.actor.scope.county_code
    if county is None or ctx.actor.scope.level == "township":
        raise Refused("預算由縣府登錄", "E-BUDGET")
    if fund not in FUNDS or on_excess not in EXCESS or not 90 <= year <= 300:
        raise Refused("請選擇年度、經費來源與超支時的處理", "E-BUDGET")
    if not benefit_row(ctx.session, benefit).pays:
        raise Refused("這個項目不發放現金，不需要登錄預算", "E-BUDGET")
    if amount == 0 or abs(amount) > LARGEST:
        raise Refused("金額請填不是 0 的整數（元）；追減填負數", "E-BUDGET")
    if not reason.strip():
        raise Refused("請填寫依據，例如預算書頁次或追加減文號", "E-COMMENT")
    line = BudgetLine(
        county_code=county, benefit=benefit, year=year, fund=fund, amount=amount, reason=reason.strip()[:200], on_excess=on_excess,
        entered_by_id=ctx.actor.user_id, entered_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(line)
    ctx.session.flush()
    ctx.audit("budget_line.enter", line, benefit=benefit, year=year, fund=fund, amount=amount)
    return line.id


@command("budgets.approve", roles=(COUNTY_SUPERVISOR, ACCOUNTANT))
def decide(ctx: Context, line_id: int, approve: bool, seen_version: int | None = None) -> BudgetLine:
    """Approve or refuse a line somebody else entered. Raises Refused, Conflict, NotFound."""
    line = ctx.get(BudgetLine, line_id, lock=True)
    ctx.check_version(line, seen_version)
    if line.state != "proposed":
        raise Refused("這一筆已經處理過了，請重新整理", "E-MOVE")
    if line.entered_by_id == ctx.actor.user_id:
        raise Refused("登錄的人不能自己核定，請由另一位同仁核定", "E-FOUR-EYES")
    with scope.use(scope.SYSTEM):
        of = (BudgetLine.county_code == line.county_code, BudgetLine.year == line.year, BudgetLine.benefit == line.benefit)
        before = ctx.session.scalar(select(func.sum(BudgetLine.amount)).where(*of, BudgetLine.fund == line.fund, BudgetLine.state == "approved")) or 0
    if approve and before + line.amount < 0:
        raise Refused(f"追減後{FUNDS[line.fund]}預算會成為負數（目前 {before:,} 元），請退回更正", "E-BUDGET")
    line.state = "approved" if approve else "refused"
    line.approved_by_id, line.approved_at = ctx.actor.user_id, ctx.now
    ctx.session.flush()
    ctx.audit("budget_line.approve" if approve else "budget_line.refuse", line, amount=line.amount)
    return line


# -- what a register may take ------------------------------------------------------------------------------------------------------------


def _position(session: Session, run: PaymentRun) -> Position | None:
    with scope.use(scope.SYSTEM):  # a township that pays draws on the county's budget
        return _standing(session, year_of(run.month), run.county_code, run.benefit).get((run.county_code, run.benefit))


def shortage(session: Session, run: PaymentRun) -> str:
    """What this register lacks in the year's budget (Chinese), or empty: enough is left, or no budget was set.

    A register that pays returns again takes nothing: its money is counted already.
    """
    if run.kind == "repay":
        return ""
    place = _position(session, run)
    asked = run.total + run.totals.get("deducted", 0)
    if place is None or place.budget is None or place.left is None or asked <= place.left:
        return ""
    return (
        f"{year_of(run.month)} 年度預算 {place.budget:,} 元，已支用 {place.used:,} 元，尚餘 {place.left:,} 元；"
        f"本冊 {asked:,} 元，不足 {asked - place.left:,} 元，請確認財源或辦理追加"
    )


def refuse_overdraw(ctx: Context, run: PaymentRun) -> None:
    """Raises Refused when the county blocks registers beyond the budget and this one goes beyond; one release looks at a time."""
    with scope.use(scope.SYSTEM):
        of = (BudgetLine.county_code == run.county_code, BudgetLine.year == year_of(run.month), BudgetLine.benefit == run.benefit)
        ctx.session.execute(select(BudgetLine.id).where(*of).order_by(BudgetLine.id).with_for_update())
        short = shortage(ctx.session, run)
        place = _position(ctx.session, run) if short else None
    if place is not None and place.on_excess == "block":
        raise Refused(f"超過預算，不能撥款：{short}", "E-PAY-BUDGET")
