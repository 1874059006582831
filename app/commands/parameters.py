"""Parameters and exclusion pairs as data: what is in force for a county, proposals and their approval by a second person."""

import datetime as dt
from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import String, or_, select, type_coerce
from sqlalchemy.orm import Session

from app.core import roc
from app.matching import rule_settings
from app.models.exclusion import RELATIONS, ExclusionPair
from app.models.parameter import Parameter
from app.rules import exclusions as law_pairs
from app.rules import parameters as law_values
from app.rules.benefits import benefits
from app.rules.exclusions import Exclusion, Relation
from app.rules.parameters import Parameters
from app.rules.regions import same_name
from app.security import roles

from .base import Context, NotFound, Refused, command
from .lifecycle import Lifecycle, Move
from .reference import reference_loader
from .replay_gate import replay_needed

PROPOSERS = (roles.COUNTY_OFFICER, roles.COUNTY_SUPERVISOR, roles.MINISTRY_OFFICER)
APPROVERS = (roles.COUNTY_SUPERVISOR, roles.MINISTRY_OFFICER)
STATE_LABELS = {
    "proposed": _l("Waiting for approval"),
    "approved": _l("In force"),
    "rejected": _l("Not approved"),
    "withdrawn": _l("Withdrawn"),
}


def two_step(model: type[Any]) -> Lifecycle:
    """Entered by one person, put in force by another: the lifecycle of every proposal."""
    return Lifecycle(
        model,
        STATE_LABELS,
        (
            Move("approve", _l("Approve setting"), ("proposed",), "approved", "parameters.approve", "approved_by_id", ("entered_by_id",), style="primary"),
            Move("reject", _l("Do not approve"), ("proposed",), "rejected", "parameters.approve", "approved_by_id", ("entered_by_id",), True, "danger"),
            Move(
                "withdraw", _l("Withdraw setting"), ("approved",), "withdrawn", "parameters.approve", None, ("entered_by_id",), True, "danger"
            ),
        ),
    )


PARAMETER = two_step(Parameter)
EXCLUSION = two_step(ExclusionPair)


# -- what is in force -------------------------------------------------------------------------------------------------------------------------


_PARAMETER = (
    Parameter.name, Parameter.region, type_coerce(Parameter.value, String), Parameter.unit, Parameter.effective_from, Parameter.effective_to,
    Parameter.source, Parameter.confidence, Parameter.county_code,
)  # fmt: skip
_PAIR = (
    ExclusionPair.benefit, ExclusionPair.counterpart, ExclusionPair.relation, ExclusionPair.law, ExclusionPair.article, ExclusionPair.effective_from,
    ExclusionPair.effective_to, ExclusionPair.exception, ExclusionPair.source, ExclusionPair.confidence, ExclusionPair.benefit_zh,
    ExclusionPair.counterpart_zh, ExclusionPair.county_code, ExclusionPair.enabled,
)  # fmt: skip
Rows = tuple[tuple[Any, ...], ...]


def parameters_in_force(session: Session, county_code: str, *, proposed: bool = False) -> Parameters:
    """The approved parameters as one county sees them: its own settings before the region's and the nation's. One query.

    With `proposed` those count too that nobody has approved yet, for trials; of two for the same day the newer row wins.
    """
    states = ("approved", "proposed") if proposed else ("approved",)
    rows = session.execute(
        select(*_PARAMETER)
        .where(Parameter.state.in_(states), or_(Parameter.county_code.is_(None), Parameter.county_code == county_code))
        .order_by(Parameter.id.desc())
    )
    return _parameters(county_code, tuple(tuple(r) for r in rows))


@lru_cache(maxsize=64)
def _parameters(county_code: str, rows: Rows) -> Parameters:
    """Kept by the very rows the transaction has read: a change is seen at once, in every process, and only then is the look-up built anew."""
    return Parameters(
        (
            law_values.Parameter(name, same_name(region), law_values.number(value or ""), unit, first, last, source, confidence, own or "")
            for name, region, value, unit, first, last, source, confidence, own in rows
        ),
        county_code,
    )


def exclusion_rows(session: Session) -> tuple[tuple[Exclusion, ...], tuple[Exclusion, ...]]:
    """All approved pairs: the nation's, and the settings of all counties (newest first). One query, for matching over many counties."""
    pairs = _pairs_in_force(session)
    return pairs.national, pairs.settings


def exclusions_in_force(session: Session, county_code: str, on: dt.date) -> tuple[Exclusion, ...]:
    """The pairs a county works with on a day: its own setting where it has one (switched off or not), else the nation's."""
    return _pairs_in_force(session).merged(county_code, on)


def _pair(benefit: str, counterpart: str, relation: str, *others: Any) -> Exclusion:
    """A row of `_PAIR`, whose columns are the fields of an Exclusion in their order."""
    *between, county, enabled = others
    values: list[Any] = [benefit, counterpart, Relation(relation), *between, county or "", enabled]
    return Exclusion(*values)


class _Pairs:
    """Pairs as read, and what they come to for a county on a day."""

    def __init__(self, rows: Rows) -> None:
        pairs = [_pair(*row) for row in rows]
        self.national = tuple(p for p in pairs if not p.county_code)
        self.settings = tuple(p for p in reversed(pairs) if p.county_code)
        self.merged = lru_cache(maxsize=512)(lambda county, day: law_pairs.merged(self.national, self.settings, county, day))


def _pairs_in_force(session: Session) -> _Pairs:
    return _pairs(tuple(tuple(r) for r in session.execute(select(*_PAIR).where(ExclusionPair.state == "approved").order_by(ExclusionPair.id))))


@lru_cache(maxsize=8)
def _pairs(rows: Rows) -> _Pairs:
    """Kept by the rows, like `_parameters`."""
    return _Pairs(rows)


def pair_of(session: Session, pair_id: int) -> Exclusion:
    """One row as the law's pair, whatever its state."""
    return _pair(*session.execute(select(*_PAIR).where(ExclusionPair.id == pair_id)).one())


def looser_than_law(session: Session, row: ExclusionPair) -> Exclusion | None:
    """The nation's pair that a county's setting (proposed or in force) is looser than on its first day; None when it is not."""
    national, _ = exclusion_rows(session)
    day = row.effective_from or dt.date.min
    law = next((e for e in national if (e.benefit, e.counterpart) == (row.benefit, row.counterpart) and e.in_force(day)), None)
    return law if row.county_code and law_pairs.stance(Relation(row.relation), row.enabled, law) is law_pairs.Stance.LOOSER else None


# -- what every installation starts with ------------------------------------------------------------------------------------------------------


@reference_loader
def load_reference(session: Session) -> None:
    """Add delivered parameters and pairs that are not there yet; never touch what is. Safe to repeat."""
    have = set(session.scalars(select(Parameter.delivered_key).where(Parameter.delivered_key.is_not(None))))
    for value in law_values.reference():
        key = _key(value.name, value.region, value.effective_from, value.unit)
        if key not in have:
            session.add(
                Parameter(
                    name=value.name, region=value.region, value=value.value, unit=value.unit, effective_from=value.effective_from,
                    effective_to=value.effective_to, source=value.source, confidence=value.confidence,
                    state="approved", origin="delivered", delivered_key=key,
                )
            )  # fmt: skip
    have = set(session.scalars(select(ExclusionPair.delivered_key).where(ExclusionPair.delivered_key.is_not(None))))
    for pair in law_pairs.reference():
        key = _key(pair.benefit, pair.counterpart, "", pair.effective_from)
        if key not in have:
            session.add(
                ExclusionPair(
                    benefit=pair.benefit, counterpart=pair.counterpart, relation=pair.relation.value, enabled=True, law=pair.law,
                    article=pair.article, effective_from=pair.effective_from, effective_to=pair.effective_to, exception=pair.exception,
                    source=pair.source, confidence=pair.confidence, benefit_zh=pair.benefit_zh, counterpart_zh=pair.counterpart_zh,
                    state="approved", origin="delivered", delivered_key=key,
                )
            )  # fmt: skip
    session.flush()


def _key(*parts: Any) -> str:
    return "|".join(roc.date7(p) if isinstance(p, dt.date) else str(p or "") for p in parts)


# -- proposing and approving ------------------------------------------------------------------------------------------------------------------


def owner(ctx: Context, county_code: str | None) -> str | None:
    """Whose setting a person may enter: a county's people their county's, the ministry the nation's. Raises Refused."""
    scope = ctx.actor.scope
    if scope.level == "system":
        return county_code
    if scope.level == "ministry":
        if county_code:
            raise Refused("縣市設定須由該縣市自行登錄；中央只登錄全國適用之參數", "E-SET-01")
        return None
    if scope.level != "county" or (county_code or scope.county_code) != scope.county_code:
        raise Refused("只能登錄本縣（市）的設定", "E-SET-01")
    return scope.county_code


@command("parameters.propose", roles=PROPOSERS)
def propose_parameter(
    ctx: Context,
    name: str,
    value: str,
    effective_from: dt.date | None,
    source: str | None,
    effective_to: dt.date | None = None,
    unit: str | None = None,
    region: str | None = None,
    note: str | None = None,
    county_code: str | None = None,
) -> int:
    """Enter a value for somebody else to approve; the new row's id. `value` is text: `18465`, `0.0135`. Raises Refused."""
    county = owner(ctx, county_code)
    if name not in law_values.settings() and not name.startswith("occupation_wage."):
        raise Refused("參數名稱不在目錄內，請由清單選擇", "E-SET-02")
    if name == "occupation_wage.":
        raise Refused("請填職類名稱", "E-SET-02")
    setting = law_values.settings().get(name)
    if county and name.startswith("match_"):
        raise Refused("比對品質管制的數值由中央登錄，全國一致", "E-SET-01")
    try:
        exact = law_values.number(str(value or ""))
    except (ValueError, ZeroDivisionError):
        raise Refused(f"「{value}」不是數字，請填整數、小數或分數，例如 18465 或 0.0135", "E-SET-03") from None
    if exact is None or exact < 0:
        raise Refused("請填數值，而且不可以是負數", "E-SET-03")
    if (why := rule_settings.problem(name, exact)) is not None:
        raise Refused(why, "E-SET-03")
    _dates(effective_from, effective_to)
    if not (source or "").strip():
        raise Refused("請填來源（公告文號或資料出處）", "E-SET-04")
    row = Parameter(
        name=name, county_code=county, region="" if county else same_name(region or "全國"), value=exact,
        unit=(unit or (setting.unit if setting else "元/月")).strip(), effective_from=effective_from, effective_to=effective_to,
        source=(source or "").strip(), confidence="county" if county else "high", note=(note or "").strip() or None,
        entered_by_id=ctx.actor.user_id, entered_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(row)
    ctx.audit("parameter.proposed", row, name=name, value=str(exact), county=county or "", effective_from=roc.show_date(effective_from))
    return row.id


@command("parameters.propose", roles=PROPOSERS)
def propose_exclusion(
    ctx: Context,
    benefit: str,
    counterpart: str,
    relation: str,
    enabled: bool | None,
    effective_from: dt.date | None,
    effective_to: dt.date | None = None,
    law: str | None = None,
    article: str | None = None,
    note: str | None = None,
    county_code: str | None = None,
) -> int:
    """Enter a county's setting for a pair (or, by the ministry, a national pair); the new row's id. Raises Refused."""
    county = owner(ctx, county_code)
    benefit, counterpart = law_pairs.code(benefit), law_pairs.code(counterpart)
    if benefit not in benefits():
        raise Refused("津貼代碼不在目錄內，請由清單選擇", "E-SET-02")
    if relation not in RELATIONS:
        raise Refused("請由清單選擇互斥關係", "E-SET-02")
    if enabled is None:
        raise Refused("請選擇啟用或停用", "E-SET-02")
    _dates(effective_from, effective_to)
    row = ExclusionPair(
        county_code=county, benefit=benefit, counterpart=counterpart, relation=relation, enabled=enabled, effective_from=effective_from,
        effective_to=effective_to, law=(law or "").strip(), article=(article or "").strip(), note=(note or "").strip() or None,
        source="縣府設定" if county else "中央設定", confidence="county" if county else "high", benefit_zh=benefits()[benefit].name,
        counterpart_zh=law_pairs.counterpart_names().get(counterpart, counterpart), entered_by_id=ctx.actor.user_id, entered_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(row)
    ctx.audit("exclusion.proposed", row, benefit=benefit, counterpart=counterpart, relation=relation, enabled=enabled, county=county or "")
    return row.id


def _dates(first: dt.date | None, last: dt.date | None) -> None:
    if first is None:
        raise Refused("請填生效日期", "E-SET-05")
    if last is not None and last < first:
        raise Refused("停止適用日期不可早於生效日期", "E-SET-05")


def settle(ctx: Context, lifecycle: Lifecycle, row_id: int, name: str, comment: str, seen_version: int | None) -> None:
    """Approve, reject or withdraw a proposal of the actor's own authority. Raises Refused, NotFound, Conflict."""
    row = ctx.get(lifecycle.model, row_id)
    county = ctx.actor.scope.county_code
    if ctx.actor.scope.level != "system" and row.county_code != county:
        raise NotFound("只能核准或撤回自己機關的設定", "E-SET-01")
    if row.origin == "delivered":
        raise Refused("系統內建的參數不能撤回；請新增一筆較晚生效的設定", "E-SET-06")
    values = {"approved_at": ctx.now} if name == "approve" else {}
    lifecycle.advance(ctx, row, name, comment, seen_version, **values)


@command("parameters.approve", roles=APPROVERS)
def approve_parameter(ctx: Context, row_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Put a proposed value in force; not by the person who entered it, and one of a match rule only after a replay. Raises Refused, NotFound,
    Conflict."""
    if (why := replay_needed(ctx.session, ctx.get(Parameter, row_id))) is not None:
        raise Refused(why, "E-SET-07")
    settle(ctx, PARAMETER, row_id, "approve", comment, seen_version)


@command("parameters.approve", roles=APPROVERS)
def reject_parameter(ctx: Context, row_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Refuse a proposed value, with the reason."""
    settle(ctx, PARAMETER, row_id, "reject", comment, seen_version)


@command("parameters.approve", roles=APPROVERS)
def withdraw_parameter(ctx: Context, row_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Take a value out of force, with the reason; decisions made with it keep it."""
    settle(ctx, PARAMETER, row_id, "withdraw", comment, seen_version)


@command("parameters.approve", roles=APPROVERS)
def approve_exclusion(ctx: Context, row_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Put a proposed pair in force; not by the person who entered it, and only after a replay. Raises Refused."""
    if (why := replay_needed(ctx.session, ctx.get(ExclusionPair, row_id))) is not None:
        raise Refused(why, "E-SET-07")
    settle(ctx, EXCLUSION, row_id, "approve", comment, seen_version)


@command("parameters.approve", roles=APPROVERS)
def reject_exclusion(ctx: Context, row_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Refuse a proposed pair, with the reason."""
    settle(ctx, EXCLUSION, row_id, "reject", comment, seen_version)


@command("parameters.approve", roles=APPROVERS)
def withdraw_exclusion(ctx: Context, row_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Take a pair out of force, with the reason."""
    settle(ctx, EXCLUSION, row_id, "withdraw", comment, seen_version)
