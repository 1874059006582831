"""From an application as stored to the facts a rule is given. What nobody found out stays not known; it never becomes zero or no."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import is_dataclass
from fractions import Fraction
from typing import Any, get_args, get_type_hints

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session, joinedload, selectin_polymorphic, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from app.core import clock, roc
from app.models.application import Application
from app.models.household import AssetLine, Circumstance, HouseholdMember, IncomeLine
from app.rules import facts as f
from app.rules.laws import facts_of

from .fact_columns import fill
from .own import own


def load(session: Session, ids: Sequence[int], of: type[Application] = Application) -> list[Application]:
    """Applications with everything their facts need, in a handful of queries however many they are. `of`: their class, when it is known."""
    members = selectinload(of.members)
    statement = (
        select(of)
        .where(of.id.in_(ids))
        .options(
            *([selectin_polymorphic(of, [m.class_ for m in inspect(of).self_and_descendants])] if of is Application else []),
            selectinload(of.applicant),
            members.selectinload(HouseholdMember.circumstances),
            members.selectinload(HouseholdMember.incomes),
            members.selectinload(HouseholdMember.assets),
        )
    )
    return list(session.scalars(statement))


def load_household(session: Session, application: Application) -> None:
    """The members of one application with their circumstances, incomes and assets, in one query."""
    h = HouseholdMember
    lines = (joinedload(h.circumstances), joinedload(h.incomes), joinedload(h.assets))
    found = session.scalars(select(h).where(h.application_id == application.id).order_by(h.position).options(*lines)).unique()
    set_committed_value(application, "members", list(found))


def case_facts(application: Application, on: dt.date) -> Any:
    """The facts of one application as judged on a day, of the kind its benefit's rule wants."""
    wanted = facts_of(application.benefit)
    case = _case(application, on)
    if wanted is f.CaseFacts:
        return case
    given: dict[str, Any] = {"case": case}
    hints = get_type_hints(wanted)
    if extra := _member_facts(hints.get("members")):
        given["members"] = tuple(
            fill(extra, m, {"ref": str(m.position), "other_benefits": other_benefits(application, m.position)}) for m in application.members
        )
    if more := own(application.benefit, "given_facts"):
        given |= more(application, on)
    return fill(wanted, application, given, application.FACT_SOURCES)


def _member_facts(hint: Any) -> type | None:
    """What a rule asks about every member beyond the case (low income), when it does."""
    inner = get_args(hint)[0] if get_args(hint) else None
    return inner if inner is not None and is_dataclass(inner) else None  # type: ignore[return-value]


def _case(a: Any, on: dt.date) -> f.CaseFacts:
    """What every rule gets. A column the benefit does not have stays not known."""
    days = getattr(a, "days_in_taiwan", None)
    status = getattr(a, "low_income_status", None)
    since = getattr(a, "recipient_since", None)
    return f.CaseFacts(
        on=on,
        county_code=a.county_code,
        members=_members(a),
        application_date=a.received_on,
        documents_complete=a.documents_complete_on,
        residence=f.Residence(
            registered_county=a.county_code if a.household_taken_on else None,
            lives_there=getattr(a, "lives_at_registration", None),
            days_in_taiwan=days,
            source=_source("戶籍資料", a.household_taken_on),
            days_source=None if days is None else f.Source("國人入出境資料"),
        ),
        placement=f.Finding(getattr(a, "public_placement", None), getattr(a, "placement_since", None), f.Source("申請書及安置資料")),
        custody=f.Finding(getattr(a, "in_custody", None), getattr(a, "custody_since", None), f.Source("監管資料")),
        other_benefits=other_benefits(a),
        other_benefits_source=None if a.exclusions_checked_at is None else f.Source("互斥查核", clock.to_taipei(a.exclusions_checked_at).date()),
        status=None if status is None else f.Status(status),
        prior_award=None if since is None else f.PriorAward(since, a.uninterrupted),
        prior_holdings=None if since is None else _holdings(a),
        special_approval=getattr(a, "special_approval", None) or "",
    )


def _holdings(a: Any) -> f.PriorHoldings:
    received = roc.month_of(a.received_on) - 12 >= a.recipient_since
    return f.PriorHoldings(received, a.holdings_unchanged, a.land_last_year, a.land_this_year)


def other_benefits(application: Application, position: int = 1) -> tuple[f.OtherBenefit, ...] | None:
    """What the exclusion check found about the applicant (or the member at `position`); None when it was not run.

    A hard exclusion with a lawful exception is the county's to answer for: it stays on the page and on the decision, not in the test.
    """
    if application.exclusions is None or application.exclusions_checked_at is None:
        return None
    return tuple(_other(h) for h in application.exclusions["hits"] if h["position"] == position and not (h["hard"] and h["exception"]))


def _other(hit: dict[str, Any]) -> f.OtherBenefit:
    as_of = dt.date.fromisoformat(hit["as_of"]) if hit.get("as_of") else None
    return f.OtherBenefit(
        kind=hit["counterpart"],
        first=hit["first"],
        last=hit["last"],
        amount=hit["amount"],
        detail=hit["detail"],
        agency=hit["agency"],
        compatible=True if hit["exception"] else None,
        source=f.Source(hit["source"], as_of),
    )


def _source(name: str, as_of: dt.date | None) -> f.Source | None:
    return f.Source(name, as_of) if as_of else None


def _members(application: Application) -> tuple[f.Member, ...]:
    registry = _source("戶籍資料", application.household_taken_on)
    return tuple(_member(m, registry) for m in application.members)


def _member(m: HouseholdMember, registry: f.Source | None) -> f.Member:
    looked_up = m.tax_year is not None
    return f.Member(
        ref=str(m.position),
        relation=f.Relation(m.relation),
        name=m.name,
        birth=m.birth,
        sex=m.sex or "",
        death=m.death,
        via="" if m.via is None else str(m.via),
        lives_together=m.lives_together,
        same_registration=m.same_registration,
        claims_dependant=m.claims_dependant,
        conditions=tuple(_condition(c) for c in m.circumstances),
        work=_work(m),
        incomes=tuple(income_fact(line) for line in m.incomes) if looked_up else None,
        assets=tuple(asset_fact(line) for line in m.assets) if looked_up else None,
        source=registry,
    )


def _condition(c: Circumstance) -> f.Condition:
    return f.Condition(f.ConditionKind(c.kind), c.proven, c.since, c.until, f.Source(c.proof) if c.proof else None)


def _work(m: HouseholdMember) -> f.Work | None:
    if m.employed is None and m.monthly_pay is None:
        return None
    return f.Work(m.employed, monthly_pay=m.monthly_pay, occupation=m.occupation or "", source=f.Source("申請書"))


def _line_source(line: IncomeLine | AssetLine) -> f.Source:
    if line.source == "register":
        return f.Source("退撫機關提供資料")
    return f.Source(f"{line.tax_year}年度財稅資料" if line.source == "tax" and line.tax_year else "申請人檢附證明")


def income_fact(line: IncomeLine) -> f.Income:
    """An income line as a fact."""
    return f.Income(
        f.IncomeKind(line.kind), line.amount, line.per, line.tax_year, line.counted, line.principal, _line_source(line)
    )


def asset_fact(line: AssetLine) -> f.Asset:
    """A holding as a fact."""
    return f.Asset(
        kind=f.AssetKind(line.kind),
        value=line.value,
        share=Fraction(line.share_num, line.share_den),
        exemption=None if line.exemption is None else f.LandExemption(line.exemption),
        certified=line.certified,
        label=line.location or "",
        source=_line_source(line),
    )
