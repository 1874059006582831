"""Local benefits a county defines: written as a draft, proposed, put in force by a second person once every example case passes.

A version in force is never changed: another one follows it, and the days of the two touch without gap or overlap.
"""

import datetime as dt
import re
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.models.local_benefit import IN_FORCE, STATES, UNITS, LocalBenefit, LocalBenefitVersion
from app.rules import codec, local_activation
from app.rules.benefits import benefits
from app.rules.local_benefit import Tried, try_examples
from app.rules.local_definition import Definition, LocalVersion, delivered, problems
from app.security import roles, scope

from .base import Context, Refused, command
from .benefit_rows import forget
from .lifecycle import Lifecycle, Move
from .numbers import take
from .parameters import parameters_in_force

WRITERS = (roles.COUNTY_OFFICER, roles.COUNTY_SUPERVISOR)
ACTIVATORS = (roles.COUNTY_SUPERVISOR,)
VERSION = Lifecycle(
    LocalBenefitVersion,
    STATES,
    (
        Move("propose", _l("Propose for activation"), ("draft",), "proposed", "local_benefits.write", by="proposed_by_id", style="primary"),
        Move(
            "activate", _l("Put the version in force"), ("proposed",), "active", "local_benefits.activate", by="activated_by_id",
            differs_from=("proposed_by_id", "written_by_id"), style="primary",
        ),
        Move("send_back", _l("Back to the writer"), ("proposed",), "draft", "local_benefits.write", needs_comment=True),
    ),
)  # fmt: skip
_DATES = ("number", "effective_from", "effective_to")


# -- reading --------------------------------------------------------------------------------------------------------------------------


def version_of(row: LocalBenefitVersion) -> LocalVersion:
    """A stored version as the law reads it; a draft without a date counts as in force from the beginning of the ROC 80s."""
    plain = {
        **row.body,
        "number": row.number,
        "effective_from": (row.effective_from or dt.date(1991, 1, 1)).isoformat(),
        "effective_to": row.effective_to and row.effective_to.isoformat(),
    }
    found: LocalVersion = codec.from_plain(LocalVersion, plain)
    return found


def definition_of(benefit: LocalBenefit, versions: list[LocalBenefitVersion] | None = None) -> Definition:
    """A benefit with its versions in force (or the given ones)."""
    rows = [v for v in benefit.versions if v.state in IN_FORCE] if versions is None else versions
    found = tuple(version_of(v) for v in rows)
    last = found[-1] if found else None
    return Definition(
        code=benefit.code, name=benefit.name, short_name=benefit.short_name, who=last.who if last else "", law=last.law if last else "",
        county_code=benefit.county_code, unit=benefit.unit, versions=found,
    )  # fmt: skip


def definitions_in_force(session: Session, county_code: str, code: str | None = None) -> dict[str, Definition]:
    """A county's definitions by code (or the one of `code`), for its townships too: what is in force is public. Two queries."""
    statement = select(LocalBenefit).where(LocalBenefit.county_code == county_code).options(selectinload(LocalBenefit.versions))
    if code is not None:
        statement = statement.where(LocalBenefit.code == code)
    with scope.use(scope.SYSTEM), session.no_autoflush:
        found = [definition_of(b) for b in session.scalars(statement.order_by(LocalBenefit.id))]
    return {d.code: d for d in found if d.versions}


def names_in_force(session: Session, county_code: str) -> dict[str, str]:
    """code → name of a county's benefits with a version in force, for menus. One query."""
    in_force = select(LocalBenefitVersion.benefit_id).where(LocalBenefitVersion.state == "active")
    statement = select(LocalBenefit.code, LocalBenefit.name).where(LocalBenefit.county_code == county_code, LocalBenefit.id.in_(in_force))
    with scope.use(scope.SYSTEM):
        return {code: name for code, name in session.execute(statement.order_by(LocalBenefit.id))}  # noqa: C416 (rows, not tuples, to mypy)


def against_activation(session: Session, row: LocalBenefitVersion) -> list[str]:
    """Everything that still stands against putting a version in force, in Chinese; empty = a second person may."""
    benefit = row.benefit
    found = list(local_activation.against(definition_of(benefit, [row]), version_of(row), parameters_in_force(session, row.county_code)))
    spans = [(v.effective_from, v.effective_to) for v in benefit.versions if v.state in IN_FORCE and v.effective_from]
    if wrong := local_activation.neighbours(row.effective_from, row.effective_to, spans):
        found.insert(0, wrong)
    return found


def tried(session: Session, row: LocalBenefitVersion) -> tuple[Tried, ...]:
    """A version's example cases, judged now; none while the version has faults of its own."""
    version = version_of(row)
    if [p for p in problems(version) if "測試案例" not in p]:
        return ()
    return try_examples(definition_of(row.benefit, [row]), version, parameters_in_force(session, row.county_code))


def to_adopt(session: Session, county_code: str) -> list[Definition]:
    """The delivered proposals this county has not taken over yet."""
    have = set(session.scalars(select(LocalBenefit.code).where(LocalBenefit.county_code == county_code)))
    return [d for d in delivered().values() if d.code not in have and d.county_code in ("", county_code)]


# -- writing --------------------------------------------------------------------------------------------------------------------------


@command("local_benefits.write", roles=WRITERS)
def create_benefit(ctx: Context, name: str, short_name: str, short: str, unit: str = "person") -> int:
    """A new local benefit with an empty draft; the draft's id. Raises Refused."""
    county = _county(ctx)
    number = take(ctx.session, f"local_benefit:{county}")
    benefit = LocalBenefit(county_code=county, code=f"local_{county}_{number}", created_by_id=ctx.actor.user_id)
    _name(ctx, benefit, name, short_name, short, unit)
    ctx.session.add(benefit)
    row = _draft(ctx, benefit, 1, {"documents": [{"code": "application_form"}, {"code": "identity"}, {"code": "passbook"}]})
    ctx.audit("local_benefit.created", benefit, name=benefit.name)
    return row.id


@command("local_benefits.write", roles=WRITERS)
def adopt(ctx: Context, code: str) -> int:
    """Take over the newest version of a delivered proposal as the county's draft; the draft's id. Raises Refused."""
    county = _county(ctx)
    proposal = next((d for d in to_adopt(ctx.session, county) if d.code == code), None)
    if proposal is None:
        raise Refused("這項範本已採用，或不適用於本縣", "E-LOCAL")
    known = benefits()[code]
    benefit = LocalBenefit(
        county_code=county, code=code, short=known.short, name=proposal.name, short_name=proposal.short_name, unit=proposal.unit,
        created_by_id=ctx.actor.user_id,
    )  # fmt: skip
    ctx.session.add(benefit)
    version = proposal.versions[-1]
    papers = codec.to_plain(version.documents) or [{"code": c} for c in ("application_form", "identity", "household_transcript", "passbook")]
    body = {**_body(version), "who": version.who or proposal.who, "rhythm": proposal.rhythm_of(version), "documents": papers}
    for example in body["examples"]:
        example["facts"]["case"]["county_code"] = county
    row = _draft(ctx, benefit, 1, body, version.effective_from)
    ctx.audit("local_benefit.adopted", benefit, name=benefit.name)
    return row.id


@command("local_benefits.write", roles=WRITERS)
def rename_benefit(ctx: Context, benefit_id: int, name: str, short_name: str, short: str, unit: str, seen_version: int | None = None) -> None:
    """Change what a benefit is called. Its short word and unit stay once a version is in force. Raises Refused, Conflict."""
    benefit = ctx.get(LocalBenefit, benefit_id, lock=True)
    ctx.check_version(benefit, seen_version)
    if any(v.state in IN_FORCE for v in benefit.versions) and (short, unit) != (benefit.short, benefit.unit):
        raise Refused("已有生效的版本，案件編號字首與發給單位不能再改", "E-LOCAL")
    _name(ctx, benefit, name, short_name, short, unit)
    benefit.changed_by_id = ctx.actor.user_id
    ctx.audit("local_benefit.renamed", benefit, name=benefit.name)


@command("local_benefits.write", roles=WRITERS)
def save_draft(ctx: Context, version_id: int, version: LocalVersion, dated: bool = True, seen_version: int | None = None) -> None:
    """Keep what the form says; it may be incomplete, but nothing unknown to the law. `dated` False: the date is not known yet."""
    row = ctx.get(LocalBenefitVersion, version_id, lock=True)
    ctx.check_version(row, seen_version)
    if row.state != "draft":
        raise Refused("這一版已送審或已生效，不能修改；生效版本請另立新版", "E-LOCAL-STATE")
    row.body = _body(version)
    row.effective_from = version.effective_from if dated else None
    row.effective_to = version.effective_to
    if row.effective_to and (row.effective_from is None or row.effective_to < row.effective_from):
        raise Refused("施行迄日早於施行起日，請檢查", "E-DATE")
    row.written_by_id = row.changed_by_id = ctx.actor.user_id
    ctx.session.flush()
    ctx.audit("local_benefit_version.saved", row, tests=len(version.tests), examples=len(version.examples))


@command("local_benefits.write", roles=WRITERS)
def new_version(ctx: Context, benefit_id: int) -> int:
    """A draft that starts as a copy of the last version; its id. Raises Refused while another one is being written."""
    benefit = ctx.get(LocalBenefit, benefit_id, lock=True)
    if any(v.state in ("draft", "proposed") for v in benefit.versions):
        raise Refused("已有一版正在撰寫或待啟用，請先完成該版", "E-LOCAL-OPEN")
    last = max(benefit.versions, key=lambda v: v.number)
    row = _draft(ctx, benefit, last.number + 1, dict(last.body))
    ctx.audit("local_benefit_version.copied", row, copied_from=last.number)
    return row.id


def _draft(ctx: Context, benefit: LocalBenefit, number: int, body: dict[str, Any], effective_from: dt.date | None = None) -> LocalBenefitVersion:
    row = LocalBenefitVersion(
        county_code=benefit.county_code, benefit=benefit, number=number, body=body, effective_from=effective_from, state="draft",
        written_by_id=ctx.actor.user_id, created_by_id=ctx.actor.user_id, changed_by_id=ctx.actor.user_id,
    )  # fmt: skip
    ctx.session.add(row)
    ctx.session.flush()
    forget(ctx.session)
    return row


def _body(version: LocalVersion) -> dict[str, Any]:
    return {k: v for k, v in codec.to_plain(version).items() if k not in _DATES}


def _county(ctx: Context) -> str:
    county = ctx.actor.scope.county_code
    if ctx.actor.scope.level != "county" or not county:
        raise Refused("地方津貼由縣（市）政府自行訂定，請以縣府帳號登入辦理", "E-LOCAL")
    return county


def _name(ctx: Context, benefit: LocalBenefit, name: str, short_name: str, short: str, unit: str) -> None:
    name, short_name, short = name.strip(), short_name.strip(), short.strip().upper()
    if not name or not short_name:
        raise Refused("請填津貼名稱與簡稱", "E-LOCAL-NAME")
    if not re.fullmatch(r"[A-Z][A-Z0-9]{1,4}", short):
        raise Refused("案件編號字首請填 2 至 5 個英文大寫字母或數字，第一個為字母，例如 NWD", "E-LOCAL-NAME")
    if unit not in UNITS:
        raise Refused("請選擇發給單位", "E-LOCAL-NAME")
    others = select(LocalBenefit).where(LocalBenefit.county_code == benefit.county_code, LocalBenefit.code != benefit.code)
    with ctx.session.no_autoflush:
        for other in ctx.session.scalars(others):
            if other.short == short or other.name == name:
                raise Refused(f"名稱或案件編號字首與「{other.name}」相同，請改用其他名稱", "E-LOCAL-NAME")
    taken = next((b for b in benefits().values() if b.code != benefit.code and (b.short == short or b.name == name)), None)
    if taken is not None:
        raise Refused(f"名稱或案件編號字首與「{taken.name}」相同，請改用其他名稱", "E-LOCAL-NAME")
    benefit.name, benefit.short_name, benefit.short, benefit.unit = name[:30], short_name[:8], short, unit
    forget(ctx.session)


# -- putting in force -----------------------------------------------------------------------------------------------------------------


@command("local_benefits.write", roles=WRITERS)
def propose(ctx: Context, version_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Hand a finished draft to a second person. Raises Refused while anything stands against it, Conflict."""
    row = ctx.get(LocalBenefitVersion, version_id, lock=True)
    _refuse_unready(ctx, row, "還不能送審")
    VERSION.advance(ctx, row, "propose", comment, seen_version)


@command("local_benefits.write", roles=WRITERS)
def send_back(ctx: Context, version_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Back to the writer, with the reason. Raises Refused, Conflict."""
    VERSION.advance(ctx, ctx.get(LocalBenefitVersion, version_id, lock=True), "send_back", comment, seen_version)


@command("local_benefits.activate", roles=ACTIVATORS)
def activate(ctx: Context, version_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Put a proposed version in force; not by who wrote or proposed it, and only when every example case passes today.

    The open version before it ends the day before. Raises Refused, Conflict.
    """
    row = ctx.get(LocalBenefitVersion, version_id, lock=True)
    if reason := VERSION.why_not(ctx.actor, row, "activate"):
        raise Refused(reason, "E-MOVE")
    _refuse_unready(ctx, row, "還不能啟用")
    assert row.effective_from is not None
    for before in row.benefit.versions:
        if before.state == "active":
            before.state = "superseded"
            before.effective_to = before.effective_to or row.effective_from - dt.timedelta(days=1)
            ctx.audit("local_benefit_version.superseded", before, by=row.number)
    VERSION.advance(ctx, row, "activate", comment, seen_version, activated_at=ctx.now)


def _refuse_unready(ctx: Context, row: LocalBenefitVersion, what: str) -> None:
    if row.state in IN_FORCE:
        return
    if found := against_activation(ctx.session, row):
        raise Refused(f"{what}：" + "；".join(found), "E-LOCAL-READY")


