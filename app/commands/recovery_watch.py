"""What recovery still has to do, and by when: periods that ran out, instalments missed, limits that come near, and how old the open claims are."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from app.core import clock, roc
from app.models.notice import Notice
from app.models.overpayment import Overpayment
from app.models.person import Person
from app.payments import recovery as sums

from .notices.fields import REMINDER_DAYS
from .recovery import OPEN, plan_in_force

NEAR = dt.timedelta(days=180)
"""A limit that comes within half a year is said."""
BAD, WARN, INFO = "bad", "warn", "info"


@dataclass(frozen=True)
class Due:
    """One thing to do about a claim. `day`: since when, or by when; `todo` says what."""

    claim: Overpayment
    day: dt.date
    tone: str
    todo: str


def due_of(claim: Overpayment, today: dt.date) -> dt.date | None:
    """The day the oldest unpaid part of a claim was or is to be paid; None before the decision."""
    return sums.due_since(plan_in_force(claim, today), claim.pay_by)


def limits(claim: Overpayment, today: dt.date) -> list[tuple[str, dt.date]]:
    """The statutory limits of an open claim that are near or past: two years to revoke (§121), five years of the claim (§131) or of enforcement (§7)."""
    if claim.state not in OPEN:
        return []
    if claim.state in ("opened", "heard"):
        found = [("撤銷期限（行政程序法第121條，二年）", claim.revoke_by), ("請求權時效（行政程序法第131條，五年）", claim.lapses_on)]
    elif claim.enforce_by is None:
        found = [("請求權時效（行政程序法第131條，五年）", claim.lapses_on)]
    else:
        found = [("執行期間（行政執行法第7條，五年）", claim.enforce_by)]
    return [(name, day) for name, day in found if day - today <= NEAR]


def open_claims(session: Session) -> Sequence[Overpayment]:
    """Open claims within scope, with their plans and heirs."""
    wanted = select(Overpayment).where(Overpayment.state.in_(OPEN)).order_by(Overpayment.id)
    return session.scalars(wanted.options(selectinload(Overpayment.instalments), selectinload(Overpayment.heirs))).all()


def watch(session: Session, today: dt.date) -> list[Due]:
    """Everything to do about open claims, the oldest day first."""
    claims = open_claims(session)
    issued = _issued(session)
    dead = _dead(session)
    out: list[Due] = []
    for claim in claims:
        out += [Due(claim, day, BAD if day < today else WARN, f"{name}{'已過' if day < today else '將屆'}") for name, day in limits(claim, today)]
        if claim.state in ("opened", "heard", "decided") and not claim.heirs and (claim.county_code, claim.person_id) in dead:
            out.append(Due(claim, clock.to_taipei(claim.created_at).date(), WARN, "當事人已死亡，請登錄繼承人"))
        out += _steps(claim, issued.get(claim.id, {}), today)
    return sorted(out, key=lambda d: (d.day, d.claim.id))


def _steps(claim: Overpayment, issued: Mapping[str, dt.date], today: dt.date) -> list[Due]:
    """The next step of the procedure, where its time has come."""
    if claim.state == "opened":
        return [Due(claim, clock.to_taipei(claim.created_at).date(), INFO, "請通知陳述意見")]
    if claim.state == "heard" and claim.opinion_by is not None:
        if claim.opinion is not None or claim.opinion_by < today:
            return [Due(claim, claim.opinion_by, INFO, "已陳述意見或期限已過，請作成處分")]
        return [] if "hearing" in issued else [Due(claim, today, INFO, "請發陳述意見通知書")]
    if claim.state == "decided" and claim.decided_on is not None:
        return [Due(claim, claim.decided_on, WARN, "處分書還沒有送達" if "recovery" in issued else "請發追繳處分書")]
    due = due_of(claim, today)
    if claim.state != "served" or due is None or due >= today:
        return []
    late = [s.instalment.no for s in plan_in_force(claim, today) if s.overdue]
    what = f"分期第 {'、'.join(map(str, late))} 期逾期" if late else "逾期未繳"
    reminded = issued.get("reminder")
    if reminded is None or reminded <= due:
        return [Due(claim, due, BAD, f"{what}，請催繳")]
    if today > reminded + dt.timedelta(days=REMINDER_DAYS):
        return [Due(claim, due, BAD, f"{what}，催繳期滿，得移送行政執行")]
    return []


def _issued(session: Session) -> dict[int, dict[str, dt.date]]:
    """Claim → kind of notice → the day the last one left."""
    rows = session.execute(
        select(Notice.overpayment_id, Notice.kind, func.max(Notice.issued_on))
        .join(Overpayment, Overpayment.id == Notice.overpayment_id)
        .where(Notice.state != "withdrawn", Overpayment.state.in_(OPEN))
        .group_by(Notice.overpayment_id, Notice.kind)
    )
    out: dict[int, dict[str, dt.date]] = {}
    for claim, kind, day in rows:
        out.setdefault(int(claim or 0), {})[kind] = day
    return out


def _dead(session: Session) -> set[tuple[str, str]]:
    """(county, ID number) of the people of open claims who died."""
    rows = session.execute(
        select(Person.county_code, Person.person_id)
        .join(Overpayment, (Overpayment.person_id == Person.person_id) & (Overpayment.county_code == Person.county_code))
        .where(Person.died_on.is_not(None), Overpayment.state.in_(OPEN))
    )
    return {(county, number) for county, number in rows}


def ageing(session: Session, today: dt.date) -> Mapping[str, tuple[int, int]]:
    """Open claims by how long their oldest unpaid part is overdue: column → (claims, NTD). Claims without a decision stand under 未處分."""
    out = dict.fromkeys(("未處分", "未到期", *(name for _, name in sums.AGES)), (0, 0))
    for claim in open_claims(session):
        name = age_of(claim, today)
        count, amount = out[name]
        out[name] = (count + 1, amount + claim.balance)
    return out


def age_of(claim: Overpayment, today: dt.date) -> str:
    """Which column of the ageing list a claim stands in."""
    due = due_of(claim, today)
    return "未處分" if due is None else sums.age(due, today)


AGEING_HEAD = ("編號", "姓名", "給付", "溢領期間", "應追繳", "已繳", "待繳餘額", "最早應繳日", "帳齡", "處分文號", "狀態")


def ageing_rows(session: Session, today: dt.date, names: Mapping[str, str], states: Mapping[str, str]) -> list[list[str | int | None]]:
    """The ageing list, claim by claim; its balances add up to the ageing table. `names` of benefits, `states` of claims."""
    out: list[list[str | int | None]] = []
    for c in open_claims(session):
        due, span = due_of(c, today), roc.show_month(c.first_month)
        span += "" if c.last_month == c.first_month else f" 至 {roc.show_month(c.last_month)}"
        out.append(
            [c.claim_no, c.name, names.get(c.benefit, c.benefit), span, c.amount, c.repaid, c.balance, roc.show_date(due) if due else "－",
             age_of(c, today), c.decision_no or "－", states[c.state]]
        )  # fmt: skip
    return out
