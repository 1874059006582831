"""Month and year closing for 主計: figures that must be equal, what is still open, and reopening by two people.

After a closing the database refuses every new or changed row of the month (`models.closing_guard`); what must still be put right stands as
a line in an open month.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask_babel import lazy_gettext as _l
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.core import clock, roc
from app.models.budget import BudgetLine
from app.models.closing import STATES, AccountingClosing, AccountingLine, ClosingFigure
from app.models.payment import PaymentLine
from app.models.payment_run import STATES as RUN_STATES
from app.models.payment_run import PaymentFile, PaymentRun
from app.payments.funding import SOURCES
from app.security import scope
from app.security.roles import ACCOUNTANT, COUNTY_SUPERVISOR

from . import bulk
from .base import Context, Refused, command
from .lifecycle import Lifecycle, Move

CLOSING = Lifecycle(
    AccountingClosing,
    STATES,
    (
        Move("ask", _l("Ask for reopening"), ("closed",), "asked", "closing.close", by="asked_by_id", needs_comment=True),
        Move(
            "reopen", _l("Reopen the books"), ("asked",), "reopened", "closing.reopen",
            by="reopened_by_id", differs_from=("asked_by_id",), style="danger",
        ),
        Move("keep", _l("Keep the books closed"), ("asked",), "closed", "closing.reopen", differs_from=("asked_by_id",), needs_comment=True),
    ),
)  # fmt: skip
SENT = ("filed", "credited", "returned", "closed")
BACK = ("returned", "closed")


@dataclass(frozen=True)
class Figure:
    """NTD and lines of one benefit and funding source ('' = altogether) in a month; `deducted` is the part kept back by consent."""

    benefit: str
    source: str
    lines: int = 0
    approved: int = 0
    filed: int = 0
    credited: int = 0
    returned: int = 0
    deducted: int = 0

    @property
    def agrees(self) -> bool:
        """approved = filed = credited + returned."""
        return self.approved == self.filed == self.credited + self.returned


@dataclass(frozen=True)
class Blocker:
    """What still keeps a period from being closed; `run_id` leads to the register it is about."""

    text: str
    run_id: int | None = None


def figures(session: Session, county: str, first: int, last: int) -> list[Figure]:
    """The months' registers by benefit and funding source, benefits in order, each altogether first. In the session's scope."""
    line, run = PaymentLine, PaymentRun
    funds = [getattr(line, f"fund_{s}") for s in SOURCES]
    gross = line.amount + line.deduction
    rows = session.execute(
        select(
            run.benefit, line.status, func.count(), func.sum(gross), func.sum(line.deduction),
            *(func.sum(func.coalesce(f, 0)) for f in funds), func.sum(case((funds[0].is_(None), gross), else_=0)),
        )
        .join(run, run.id == line.run_id)
        .where(run.county_code == county, run.month.between(first, last), run.state != "cancelled", line.status != "withheld")
        .group_by(run.benefit, line.status)
    ).all()  # fmt: skip
    in_files = dict(
        session.execute(
            select(run.benefit, func.sum(PaymentFile.total))
            .join(run, run.id == PaymentFile.run_id)
            .where(run.county_code == county, run.month.between(first, last))
            .group_by(run.benefit)
        ).all()
    )
    found: dict[tuple[str, str], Figure] = {}
    for benefit, status, count, amount, deducted, *parts in rows:
        for source, value, of in zip(("", *SOURCES, "none"), (amount, *parts), (deducted, 0, 0, 0, 0), strict=True):
            f, value = found.get((benefit, source), Figure(benefit, source)), int(value)
            found[benefit, source] = replace(
                f, lines=f.lines + (count if value else 0), approved=f.approved + value, deducted=f.deducted + int(of),
                filed=f.filed + (value if status in SENT else 0), credited=f.credited + (value if status == "credited" else 0),
                returned=f.returned + (value if status in BACK else 0),
            )  # fmt: skip
    for (benefit, source), f in found.items():
        if source == "":  # altogether: what the files say left, and what was kept back from it
            found[benefit, source] = replace(f, filed=int(in_files.get(benefit, 0)) + f.deducted if f.filed else 0)
    order = {s: i for i, s in enumerate(("", *SOURCES, "none"))}
    return sorted((f for f in found.values() if f.approved), key=lambda f: (f.benefit, order[f.source]))


def standing(session: Session, county: str, month: int, period: str = "month") -> AccountingClosing | None:
    """The closing that holds for a month (or for the year that ends with it), or None."""
    with scope.use(scope.SYSTEM):  # townships and other programmes are bound by it too
        c = AccountingClosing
        return session.scalar(select(c).where(c.county_code == county, c.period == period, c.month == month, c.state != "reopened"))


def refuse_closed(session: Session, county: str, month: int) -> None:
    """Raises Refused when the month is closed."""
    if standing(session, county, month) is not None:
        raise Refused(f"{roc.show_month(month)}已結帳，不能再新增或更改；請列入未結帳的月份，或請主計人員申請重開", "E-CLOSED")


def blockers(session: Session, county: str, month: int) -> list[Blocker]:
    """What keeps the month from being closed: it is not over, an earlier one is open, registers are not reconciled, sums differ."""
    out = []
    if clock.today() <= roc.last_day(month):
        out.append(Blocker(f"{roc.show_month(month)}還沒有結束，月底後才能結帳"))
    earlier = _open_before(session, county, month)
    if earlier is not None:
        out.append(Blocker(f"{roc.show_month(earlier)}還沒有結帳，請依月份先後辦理"))
    rows = session.execute(
        select(PaymentRun.id, PaymentRun.run_no, PaymentRun.state)
        .where(PaymentRun.county_code == county, PaymentRun.month == month, PaymentRun.state.not_in(("reconciled", "cancelled")))
        .order_by(PaymentRun.run_no)
    )
    out += [Blocker(f"清冊 {no}：{RUN_STATES[state]}，還沒有對帳完成；請完成對帳或取消清冊", pk) for pk, no, state in rows]
    if not out:
        differ = [f for f in figures(session, county, month, month) if not f.agrees]
        out += [Blocker(f"{f.benefit}：核定 {f.approved:,} 元、送出 {f.filed:,} 元、入帳加退匯 {f.credited + f.returned:,} 元不相等") for f in differ]
    return out


def _open_before(session: Session, county: str, month: int) -> int | None:
    """The earliest month with registers before `month` that is not closed. Before the first closing earlier books are not ours."""
    closed = select(AccountingClosing.month).where(
        AccountingClosing.county_code == county, AccountingClosing.period == "month", AccountingClosing.state != "reopened"
    )
    first = session.scalar(
        select(func.min(PaymentRun.month)).where(
            PaymentRun.county_code == county, PaymentRun.month < month, PaymentRun.month.not_in(closed), PaymentRun.state != "cancelled"
        )
    )
    return int(first) if first is not None else None


def year_blockers(session: Session, county: str, december: int) -> list[Blocker]:
    """What keeps the year from being closed: open months, returned money nothing follows, budget lines nobody decided."""
    first = december - 11
    closed = set(
        session.scalars(
            select(AccountingClosing.month).where(
                AccountingClosing.county_code == county, AccountingClosing.period == "month", AccountingClosing.state != "reopened",
                AccountingClosing.month.between(first, december),
            )
        )
    )  # fmt: skip
    used = set(
        session.scalars(
            select(PaymentRun.month)
            .where(PaymentRun.county_code == county, PaymentRun.month.between(first, december), PaymentRun.state != "cancelled")
            .distinct()
        )
    )
    out = [Blocker(f"{roc.show_month(m)}還沒有結帳") for m in sorted((used | {december}) - closed)]
    last = (
        select(func.max(PaymentLine.id)).where(PaymentLine.status != "withheld").group_by(PaymentLine.root_run_id, PaymentLine.root_line_no)
    )
    waiting = session.execute(
        select(PaymentRun.id, PaymentRun.run_no, func.count())
        .join(PaymentLine, PaymentLine.run_id == PaymentRun.id)
        .where(
            PaymentRun.county_code == county, PaymentRun.month.between(first, december), PaymentLine.status == "returned", PaymentLine.id.in_(last)
        )
        .group_by(PaymentRun.id, PaymentRun.run_no)
        .order_by(PaymentRun.run_no)
    )
    out += [Blocker(f"清冊 {no} 有 {count} 筆退匯還沒有重匯或結案", pk) for pk, no, count in waiting]
    year = december // 12 - roc.EPOCH
    lines = session.scalar(
        select(func.count()).select_from(BudgetLine).where(BudgetLine.county_code == county, BudgetLine.year == year, BudgetLine.state == "proposed")
    )
    if lines:
        out.append(Blocker(f"{year} 年度還有 {lines} 筆預算沒有核定或退回"))
    return out


def _county(ctx: Context) -> str:
    county = ctx.actor.scope.county_code
    if county is None or ctx.actor.scope.level == "township":
        raise Refused("結帳由縣府主計辦理", "E-CLOSING")
    return county


def _close(ctx: Context, period: str, month: int, first: int) -> AccountingClosing:
    county = _county(ctx)
    if ctx.session.get_bind().dialect.name == "postgresql":  # registers under way finish first (their triggers hold it shared)
        ctx.session.execute(select(func.pg_advisory_xact_lock(func.hashtext("swis closing " + county), month)))
    if standing(ctx.session, county, month, period) is not None:
        raise Refused("已經結帳了，請重新整理", "E-CLOSED")
    with scope.use(scope.SYSTEM):  # every register of the county counts, also those of programmes the person does not see
        stops = year_blockers(ctx.session, county, month) if period == "year" else blockers(ctx.session, county, month)
        found = figures(ctx.session, county, first, month)
    if stops:
        raise Refused(f"還不能結帳：{'；'.join(b.text for b in stops[:5])}" + (f"；共 {len(stops)} 項" if len(stops) > 5 else ""), "E-CLOSING")
    row = AccountingClosing(county_code=county, period=period, month=month, closed_by_id=ctx.actor.user_id, closed_at=ctx.now)
    ctx.session.add(row)
    ctx.session.flush()
    columns = ("benefit", "source", "lines", "approved", "filed", "credited", "returned", "deducted")
    bulk.add_rows(
        ctx.session, ClosingFigure, [{"county_code": county, "closing_id": row.id, **{c: getattr(f, c) for c in columns}} for f in found]
    )
    ctx.audit(f"accounting_closing.{period}", row, month=month, approved=sum(f.approved for f in found if f.source == ""))
    return row


@command("closing.close", roles=(ACCOUNTANT,))
def close_month(ctx: Context, month: int) -> AccountingClosing:
    """Close a month of the county's books. Raises Refused with what is still open."""
    return _close(ctx, "month", month, month)


@command("closing.close", roles=(ACCOUNTANT,))
def close_year(ctx: Context, year: int) -> AccountingClosing:
    """Close a year (ROC) as of 12/31: all its months are closed, no return waits, and its budget takes no further line. Raises Refused."""
    december = (year + roc.EPOCH) * 12 + 11
    return _close(ctx, "year", december, december - 11)


@command("closing.close", roles=(ACCOUNTANT,))
def ask_to_reopen(ctx: Context, closing_id: int, comment: str = "", seen_version: int | None = None) -> AccountingClosing:
    """Ask for the reopening of a period, with the reason. Raises Refused when a later closing stands on it."""
    row = ctx.get(AccountingClosing, closing_id, lock=True)
    c = AccountingClosing
    later = c.month > row.month if row.period == "month" else c.month < 0
    year_end = row.month // 12 * 12 + 11
    over = (c.period == "month") & later | (c.period == "year") & (c.month == year_end) & (c.id != row.id)
    above = ctx.session.scalar(select(c).where(c.county_code == row.county_code, c.state != "reopened", over).order_by(c.month.desc()).limit(1))
    if above is not None:
        what = f"{above.month // 12 - roc.EPOCH} 年度" if above.period == "year" else roc.show_month(above.month)
        raise Refused(f"{what}已結帳，請先重開{what}", "E-CLOSING")
    CLOSING.advance(ctx, row, "ask", comment, seen_version, reason=comment.strip()[:200])
    return row


@command("closing.reopen", roles=(ACCOUNTANT, COUNTY_SUPERVISOR))
def reopen(ctx: Context, closing_id: int, comment: str = "", seen_version: int | None = None) -> AccountingClosing:
    """Reopen a period somebody else asked for. Raises Refused, Conflict."""
    row = ctx.get(AccountingClosing, closing_id, lock=True)
    CLOSING.advance(ctx, row, "reopen", comment, seen_version, reopened_at=ctx.now)
    return row


@command("closing.reopen", roles=(ACCOUNTANT, COUNTY_SUPERVISOR))
def keep_closed(ctx: Context, closing_id: int, comment: str = "", seen_version: int | None = None) -> AccountingClosing:
    """Refuse a reopening somebody else asked for, with the reason."""
    row = ctx.get(AccountingClosing, closing_id, lock=True)
    CLOSING.advance(ctx, row, "keep", comment, seen_version)
    return row


def book_kept_return(ctx: Context, line: PaymentLine, reason: str) -> None:
    """Returned money stays with the county: when its month is closed, a line in the current open month says so before the rows follow."""
    months = dict(ctx.session.execute(select(PaymentRun.id, PaymentRun.month).where(PaymentRun.id.in_((line.run_id, line.root_run_id)))).all())
    closed = [m for m in months.values() if standing(ctx.session, line.county_code, m) is not None]
    if not closed:
        return
    today = roc.month_of(clock.today())
    refuse_closed(ctx.session, line.county_code, today)
    row = AccountingLine(
        county_code=line.county_code, town_code=line.town_code, benefit=line.benefit, month=today, of_month=max(closed),
        root_run_id=line.root_run_id, root_line_no=line.root_line_no, amount=line.amount + line.deduction, reason=reason,
        made_by_id=ctx.actor.user_id, made_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(row)
    ctx.session.flush()
    ctx.audit("accounting_line.return_kept", row, amount=row.amount, of_month=row.of_month)


def history(session: Session, county: str, year: int) -> Sequence[AccountingClosing]:
    """The closings of a year's months and of the year itself, the newest first."""
    first = (year + roc.EPOCH) * 12
    c = AccountingClosing
    return list(session.scalars(select(c).where(c.county_code == county, c.month.between(first, first + 11)).order_by(c.id.desc())))


def booked_lines(session: Session, county: str, month: int) -> Sequence[AccountingLine]:
    """Lines in this month that correct closed ones, and lines elsewhere that correct this one."""
    a = AccountingLine
    return list(session.scalars(select(a).where(a.county_code == county, (a.month == month) | (a.of_month == month)).order_by(a.id)))
