"""Funding sources: shares entered by one person and approved by another; the lines of a register split when it is approved."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, cast, func, select, update
from sqlalchemy.orm import Session, aliased

from app.models.fund_share import FundShare
from app.models.payment import PaymentLine
from app.models.payment_run import PaymentRun
from app.payments import funding
from app.security import scope
from app.security.roles import ACCOUNTANT, COUNTY_OFFICER, COUNTY_SUPERVISOR

from .base import Context, Refused, command
from .benefit_rows import benefit_row
from .budgets import year_of


def shares_in_force(session: Session, county: str, benefit: str, month: int) -> FundShare | None:
    """The newest approved shares of the month's year that begin by `month`; None = nobody set them, which is not 0."""
    with scope.use(scope.SYSTEM):
        return session.scalar(
            select(FundShare)
            .where(
                FundShare.county_code == county, FundShare.benefit == benefit, FundShare.state == "approved",
                FundShare.from_month.between(month // 12 * 12, month),
            )
            .order_by(FundShare.from_month.desc(), FundShare.id.desc())
            .limit(1)
        )  # fmt: skip


def parts_of(share: FundShare) -> tuple[int, int, int]:
    """Central, county, township: parts of 10,000."""
    return share.central, share.county, share.town


def split_run(session: Session, run: PaymentRun) -> None:
    """Store every line's funding sources: one statement, whatever the size. Money paid again keeps the sources of its first attempt."""
    line = PaymentLine
    if run.kind == "repay":
        root = aliased(PaymentLine)
        values: dict[str, Any] = {f"fund_{s}": getattr(root, f"fund_{s}") for s in funding.SOURCES}
        statement = update(line).where(line.run_id == run.id, root.run_id == line.root_run_id, root.line_no == line.root_line_no).values(values)
        session.execute(statement.execution_options(synchronize_session=False))
        return
    share = shares_in_force(session, run.county_code, run.benefit, run.month)
    if share is None:
        nothing = {f"fund_{s}": None for s in funding.SOURCES}
        session.execute(update(line).where(line.run_id == run.id, line.fund_central.is_not(None)).values(nothing).execution_options(synchronize_session=False))
        return
    gross = line.amount + line.deduction
    until = cast(func.sum(gross).over(order_by=line.line_no), BigInteger)
    so_far = select(line.id, gross.label("gross"), until.label("until")).where(line.run_id == run.id, line.status != "withheld").subquery()
    shares = parts_of(share)
    rest = funding.leading(shares)
    parts: list[Any] = [so_far.c.until * s // funding.WHOLE - (so_far.c.until - so_far.c.gross) * s // funding.WHOLE for s in shares]
    parts[rest] = so_far.c.gross - sum(p for i, p in enumerate(parts) if i != rest)
    values = {f"fund_{s}": p for s, p in zip(funding.SOURCES, parts, strict=True)}
    session.execute(update(line).where(line.id == so_far.c.id).values(values).execution_options(synchronize_session=False))


def of_run(session: Session, run: PaymentRun) -> list[tuple[str, int]]:
    """(source, NTD) of a register: as stored, or before its approval as it would be; nothing while no shares are in force."""
    sums = [func.sum(getattr(PaymentLine, f"fund_{s}")) for s in funding.SOURCES]
    stored = session.execute(select(*sums).where(PaymentLine.run_id == run.id, PaymentLine.status != "withheld")).one()
    if stored[0] is not None:
        return [(s, int(v)) for s, v in zip(funding.SOURCES, stored, strict=True)]
    share = shares_in_force(session, run.county_code, run.benefit, run.month)
    if run.kind == "repay" or run.approved_at is not None or share is None:
        return []
    kept = session.scalar(select(func.sum(PaymentLine.deduction)).where(PaymentLine.run_id == run.id, PaymentLine.status != "withheld")) or 0
    return list(zip(funding.SOURCES, funding.split(run.total + int(kept), parts_of(share)), strict=True))


# -- two people --------------------------------------------------------------------------------------------------------------------------


def shares_of(session: Session, year: int) -> Sequence[FundShare]:
    """The shares entered for a year in scope, the newest first."""
    first = (year + 1911) * 12
    return list(session.scalars(select(FundShare).where(FundShare.from_month.between(first, first + 11)).order_by(FundShare.id.desc())))


@command("budgets.enter", roles=(COUNTY_OFFICER,))
def enter(ctx: Context, *, benefit: str, from_month: int, central: int, county: int, town: int, reason: str) -> FundShare:
    """Enter the shares of a benefit from a pay month on (parts of 10,000), for somebody else to approve. Raises Refused."""
    office = ctx.actor.scope.county_code
    if office is None or ctx.actor.scope.level == "township":
        raise Refused("經費分攤比率由縣府登錄", "E-FUND")
    if not benefit_row(ctx.session, benefit).pays:
        raise Refused("這個項目不發放現金，不需要登錄經費分攤比率", "E-FUND")
    if min(central, county, town) < 0 or central + county + town != funding.WHOLE:
        raise Refused("中央、縣（市）與鄉（鎮、市）三項比率合計要等於 100%，請更正", "E-FUND")
    if not reason.strip():
        raise Refused("請填寫依據，例如補助計畫核定文號", "E-COMMENT")
    row = FundShare(
        county_code=office, benefit=benefit, from_month=from_month, central=central, county=county, town=town, reason=reason.strip()[:200],
        entered_by_id=ctx.actor.user_id, entered_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(row)
    ctx.session.flush()
    ctx.audit("fund_share.enter", row, benefit=benefit, from_month=from_month, central=central, county=county, town=town)
    return row


@command("budgets.approve", roles=(COUNTY_SUPERVISOR, ACCOUNTANT))
def decide(ctx: Context, share_id: int, approve: bool, seen_version: int | None = None) -> FundShare:
    """Approve or refuse shares somebody else entered; registers approved from now on use them. Raises Refused, Conflict, NotFound."""
    row = ctx.get(FundShare, share_id, lock=True)
    ctx.check_version(row, seen_version)
    if row.state != "proposed":
        raise Refused("這一筆已經處理過了，請重新整理", "E-MOVE")
    if row.entered_by_id == ctx.actor.user_id:
        raise Refused("登錄的人不能自己核定，請由另一位同仁核定", "E-FOUR-EYES")
    row.state = "approved" if approve else "refused"
    row.approved_by_id, row.approved_at = ctx.actor.user_id, ctx.now
    ctx.session.flush()
    ctx.audit("fund_share.approve" if approve else "fund_share.refuse", row, year=year_of(row.from_month))
    return row
