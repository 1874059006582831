"""Household data for a case: asked for as a job, compared line by line, and taken over only where a person ticks."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commands import jobs
from app.commands.base import Context, Refused, command
from app.core import clock, roc
from app.models.application import Application
from app.models.household import HouseholdMember
from app.models.household_download import HouseholdDownload
from app.security import roles

from . import deadlines, facts, registry
from .intake import touch
from .judge import assess

JOB = "household_register"
FROM_REGISTER = "register"
FIELDS = {
    "relation": "關係", "person_id": "統一編號", "name": "姓名", "birth": "出生日期", "sex": "性別", "death": "死亡日期", "same_registration": "同一戶籍",
}  # fmt: skip
DATES = ("birth", "death")
FIRST_DEGREE = ("spouse", "child", "parent")


@command("casework.save", roles=roles.TOWNSHIP)
def ask(ctx: Context, application_id: int) -> int:
    """Queue the look into the household register for an application; the job's number. Raises Refused, NotFound."""
    application = ctx.get(Application, application_id, lock=True)
    _open(application)
    if application.consent_on is None:
        raise Refused("申請人尚未簽署查調同意書，請先登錄簽署日期再查調戶籍資料", "E-CONSENT")
    job = jobs.enqueue(ctx, JOB, {"application": application.id}, scope=f"application:{application.id}", reason=application.case_no)
    latest = last(ctx.session, application.id)
    if latest is None or latest.state != "asked":
        ctx.session.add(
            HouseholdDownload(
                county_code=application.county_code, town_code=application.town_code, application_id=application.id, asked_at=ctx.now,
                asked_by_id=ctx.actor.user_id,
            )
        )  # fmt: skip
    ctx.audit("application.household_asked", application, job=job.id)
    return job.id


def _open(application: Application) -> None:
    if not application.editable:
        raise Refused("本案已送出審查，不能再帶入戶籍資料；需要更正時請由縣府退回公所", "E-CLOSED")
    if "household" not in application.SECTIONS:
        raise Refused("本項申請不問家庭人口", "E-SECTION")


def last(session: Session, application_id: int) -> HouseholdDownload | None:
    """The latest look for an application."""
    rows = select(HouseholdDownload).where(HouseholdDownload.application_id == application_id)
    return session.scalars(rows.order_by(HouseholdDownload.id.desc()).limit(1)).first()


def look(ctx: Context, application_id: int) -> HouseholdDownload:
    """What the job does: compare the register with the case and keep the lines. Nothing of the case changes."""
    application = ctx.get(Application, application_id)
    (application,) = facts.load(ctx.session, [application.id])
    person = application.applicant
    answer = registry.ask(ctx.session, person.person_id, person.name, person.birth)
    found = last(ctx.session, application.id)
    if found is None or found.state != "asked":
        found = HouseholdDownload(
            county_code=application.county_code, town_code=application.town_code, application_id=application.id, asked_at=ctx.now,
            asked_by_id=ctx.actor.user_id,
        )  # fmt: skip
        ctx.session.add(found)
    found.as_of = answer.as_of
    if answer.as_of is None:
        found.state = "nothing"
    elif not answer.found:
        found.state = "absent"
    else:
        found.lines = differences(application, answer)
        found.state = "ready" if found.lines else "same"
        if not found.lines:
            application.household_taken_on = clock.today()
    ctx.session.flush()
    ctx.audit("application.household_read", application, state=found.state, lines=len(found.lines or []))
    return found


def differences(application: Application, answer: registry.Answer) -> list[dict[str, Any]]:
    """New persons, persons who are gone, and changed fields, in the order of the household."""
    lines: list[dict[str, Any]] = []
    by_id = {m.person_id: m for m in application.members if m.person_id}
    by_name = {(m.name, m.birth): m for m in application.members if not m.person_id}
    seen: set[int] = set()
    for relative in answer.family:
        member = by_id.get(relative.person_id) or by_name.get((relative.name, relative.birth))
        if member is None:
            lines.append({"kind": "new", "position": None, "name": relative.name, "values": _plain(relative)})
        else:
            seen.add(member.position)
            lines += _changed(member, relative)
    for member in application.members:
        looked_for = member.relation in FIRST_DEGREE or member.same_registration
        if member.position not in seen and member.relation != "applicant" and looked_for:
            lines.append({"kind": "gone", "position": member.position, "name": member.name})
    return [{"no": i, "field": "", "old": None, "new": None, "values": None, "taken": None, **line} for i, line in enumerate(lines, 1)]


def _plain(relative: registry.Relative) -> dict[str, Any]:
    day = {name: getattr(relative, name) for name in DATES}
    return {name: getattr(relative, name) for name in (*FIELDS, "via")} | {name: d and d.isoformat() for name, d in day.items()}


def _changed(member: HouseholdMember, relative: registry.Relative) -> list[dict[str, Any]]:
    out = []
    told = _plain(relative)
    for name in FIELDS:
        old, new = getattr(member, name), told[name]
        old = old.isoformat() if isinstance(old, dt.date) else old
        if new is None or new == old or (name == "relation" and new == "other"):
            continue
        out.append({"kind": "changed", "position": member.position, "name": member.name, "field": name, "old": old, "new": new})
    if relative.dead_undated and member.death is None:
        out.append({"kind": "note", "position": member.position, "name": member.name, "field": "death"})
    return out


@command("casework.save", roles=roles.TOWNSHIP)
def take_over(ctx: Context, download_id: int, ticked: Collection[int], seen_version: int | None = None) -> int:
    """Take the ticked lines into the case, leave the others as they are, and judge anew; how many were taken. Raises Refused, Conflict."""
    found = ctx.get(HouseholdDownload, download_id, lock=True)
    application = ctx.get(Application, found.application_id, lock=True)
    ctx.check_version(application, seen_version)
    _open(application)
    if found.state != "ready" or last(ctx.session, application.id) is not found:
        raise Refused("這一批差異已經處理過，或已有較新的查調結果；請重新整理", "E-HOUSEHOLD-DONE")
    members = {m.position: m for m in application.members}
    lines = [dict(line) for line in found.lines]
    for line in lines:
        line["taken"] = line["no"] in ticked and line["kind"] != "note"
        if not line["taken"]:
            continue
        if line["kind"] == "new":
            _add(application, line["values"], found.as_of)
        elif line["kind"] == "gone":
            application.members.remove(members[line["position"]])
        else:
            _change(application, members[line["position"]], line["field"], line["new"], found.as_of)
    found.lines, found.state = lines, "decided"
    found.decided_at, found.decided_by_id = ctx.now, ctx.actor.user_id
    application.household_taken_on = clock.today()
    ctx.session.flush()
    assess(ctx.session, application, clock.today())
    touch(ctx, application)
    deadlines.note(ctx, application)
    taken = sum(bool(line["taken"]) for line in lines)
    ctx.audit("application.household_taken", application, taken=taken, left=len(lines) - taken, as_of=found.as_of)
    return taken


def _add(application: Application, told: dict[str, Any], as_of: dt.date | None) -> None:
    values = {name: _read(name, told[name]) for name in FIELDS}
    via = next((m.position for m in application.members if told["via"] and m.person_id == told["via"]), None)
    position = max((m.position for m in application.members), default=0) + 1
    application.members.append(
        HouseholdMember(
            position=position, via=via, source=FROM_REGISTER, as_of=as_of, county_code=application.county_code, town_code=application.town_code, **values
        )
    )  # fmt: skip


def _change(application: Application, member: HouseholdMember, name: str, new: Any, as_of: dt.date | None) -> None:
    value = _read(name, new)
    if member.relation == "applicant":
        if name in ("name", "birth", "sex"):
            setattr(application.applicant, name, value)
        elif name == "death":
            application.applicant.died_on = value
    setattr(member, name, value)
    member.source, member.as_of = FROM_REGISTER, as_of


def _read(name: str, value: Any) -> Any:
    return dt.date.fromisoformat(value) if name in DATES and value else value


def shown(name: str, value: Any) -> str:
    """A value of a line in words; ID numbers are masked by the caller's page."""
    if value is None or value == "":
        return "（未填）"
    if name in DATES:
        return roc.show_date(dt.date.fromisoformat(value))
    if name == "same_registration":
        return "是" if value else "否"
    return str(value)
