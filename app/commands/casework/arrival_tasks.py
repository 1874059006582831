"""Received records that touch a running case open a task in it, with the month they take effect; what takes them back closes it.

What should stand is worked out anew from everything in force (`arrival_facts`) and compared with the tasks there are, so it does not
matter in which order records come, or whether a file comes twice, corrected, or is taken back.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.commands.arrivals import on_arrival, on_taking_back
from app.commands.base import Context, Refused, command
from app.commands.deliveries import SENDERS, current_snapshots
from app.commands.parameters import exclusions_in_force
from app.core import clock, roc
from app.exchange import snapshots
from app.exchange.delivery import Delivery
from app.models.application import Application
from app.models.award import Award
from app.models.case_task import TASK_SOURCES, ArrivalWait, CaseTask
from app.models.decision import Change
from app.models.household import HouseholdMember
from app.models.person import Person
from app.rules import timing
from app.rules.exclusions import Exclusion, Relation, active
from app.security import roles

from . import changes
from .arrival_facts import READINGS, Fact, Row
from .steps import TASK

_MEMBER_EVENTS = ("death", "move_out", "household", "custody", "placement", "elsewhere", "abroad")
_ADVICE = {"elsewhere": "，請查核可否併領"}
_MEMBER_ADVICE = {
    "elsewhere": "，請重新核算家庭收入（社會救助給付不計入）",
    "placement": "，請重新認定應計人口與家庭收入",
    "abroad": "，申請戶內人口均應最近一年居住國內超過 183 日，請重新審核",
}
_WHOLE_HOUSEHOLD_AT_HOME = ("low_income_living_assistance",)
"""Benefits whose law asks every person of the household to have lived in the country (社會救助法 §4 VI); the others ask the recipient alone."""
_CARD_ONLY = ("death", "identity")
_LASTING = ("death", "move_out", "custody", "placement", "abroad", "elsewhere")
"""What still matters when it began before the award did."""


Name = tuple[str, str, str, str]
"""County, benefit, case number and the key of the fact."""


@dataclass(frozen=True, slots=True)
class Case:
    """A running case and one of its people: the recipient, or a counted member (`recipient` False)."""

    award_id: int | None
    application_id: int | None
    county: str
    town: str
    benefit: str
    case_no: str
    since: int
    status: str
    person_id: str
    name: str
    birth: dt.date | None
    recipient: bool

    @property
    def name_of(self) -> tuple[str, str, str]:
        return self.county, self.benefit, self.case_no


def running_cases(ctx: Context, source: str) -> list[Case]:
    """Live awards, valid cards and permits, and what already has a task of the source; one entry for each of their people."""
    s = ctx.session
    approved = select(Application.applicant_id, Application.benefit, func.max(Application.id)).where(Application.state == "approved")
    newest = {(p, b): i for p, b, i in s.execute(approved.group_by(Application.applicant_id, Application.benefit))}
    tasked = select(CaseTask.award_id).where(CaseTask.source == source, CaseTask.award_id.is_not(None))
    awards = s.execute(select(Award, Person).join(Person, Person.id == Award.recipient_id).where(or_(Award.status != "ended", Award.id.in_(tasked))))
    out = []
    for award, person in awards:
        application = newest.get((award.recipient_id, award.benefit), award.application_id)
        out.append(Case(award.id, application, award.county_code, award.town_code, award.benefit, award.case_no, award.from_month,
                        award.status, person.person_id, person.name, person.birth, True))  # fmt: skip
    cards = s.execute(
        select(Application.id, Application.county_code, Application.town_code, Application.benefit, Application.case_no, Application.valid_from,
               Person.person_id, Person.name, Person.birth)
        .join(Person, Person.id == Application.applicant_id)
        .where(Application.state == "approved", Application.valid_from.is_not(None), or_(Application.valid_to.is_(None), Application.valid_to >= clock.today()))
    )  # fmt: skip
    out += [Case(None, i, c, t, b, no, roc.month_of(since), "active", pid, name, birth, True) for i, c, t, b, no, since, pid, name, birth in cards if since]
    return out + _members(ctx, {c.application_id: c for c in out if c.award_id is not None and c.application_id is not None})


def _members(ctx: Context, cases: dict[int | None, Case]) -> list[Case]:
    rows = ctx.session.execute(
        select(HouseholdMember.application_id, HouseholdMember.person_id, HouseholdMember.name, HouseholdMember.birth)
        .join(Application, Application.id == HouseholdMember.application_id)
        .where(Application.state == "approved", HouseholdMember.position > 1, HouseholdMember.counted.is_(True), HouseholdMember.person_id.is_not(None))
    )  # fmt: skip
    return [replace(cases[i], person_id=p, name=n, birth=b, recipient=False) for i, p, n, b in rows if i in cases and p]


def received_rows(ctx: Context, source: str, people: Iterable[Case]) -> dict[str, list[Row]]:
    """By ID number: the rows in force of these people. ID and birth or name agree; where the register has neither, the ID alone."""
    known = pl.DataFrame(
        sorted({(c.person_id, c.name, c.birth) for c in people}, key=str),
        schema={"person_id": pl.String, "known_name": pl.String, "known_birth": pl.Date}, orient="row",
    )  # fmt: skip
    found = [b for b in current_snapshots(ctx.session, roc.month_of(clock.today())) if b.source == source and b.path is not None]
    if not found or known.is_empty():
        return {}
    frame = pl.concat([pl.scan_parquet(str(b.path)).with_columns(pl.lit(b.batch_no, dtype=pl.Int64).alias("batch_no")) for b in found])
    mine = frame.join(known.lazy(), on="person_id")
    if "name" in snapshots.schema(source):
        mine = mine.filter((pl.col("birth") == pl.col("known_birth")) | (pl.col("name") == pl.col("known_name")))
    out: dict[str, list[Row]] = defaultdict(list)
    for row in mine.drop("known_name", "known_birth").unique().collect().iter_rows(named=True):
        out[row["person_id"]].append(row)
    return out


class _Law:
    """The pairs that hold in a county on a day, read once."""

    def __init__(self, ctx: Context) -> None:
        self.ctx, self.known = ctx, dict[tuple[str, dt.date], dict[tuple[str, str], Exclusion]]()

    def pair(self, case: Case, counterpart: str, on: dt.date) -> Exclusion | None:
        day = on.replace(day=1)
        if (case.county, day) not in self.known:
            rows = active(exclusions_in_force(self.ctx.session, case.county, day))
            self.known[case.county, day] = {(e.benefit, e.counterpart): e for e in rows}
        return self.known[case.county, day].get((case.benefit, counterpart))


def wanted(ctx: Context, source: str, cases: Sequence[Case], have: Collection[Name]) -> dict[Name, CaseTask]:
    """The tasks that should stand, not yet in the database. Of a case that is over, only what it has a task for already."""
    rows = received_rows(ctx, source, cases)
    law, wait = _Law(ctx), _waits(ctx, source)
    grades = _grades(ctx, cases) if source == "disability_assessment" else {}
    today = clock.today()
    out: dict[Name, CaseTask] = {}
    for case in cases:
        if case.person_id not in rows:
            continue
        for fact in READINGS[source](rows[case.person_id], case.county):
            task = _task(case, fact, source, law, grades)
            if task is not None and (case.status != "ended" or (*case.name_of, task.key) in have):
                task.act_from = max(today, fact.happened_on) + dt.timedelta(days=wait.get(case.county, 0))
                task.opened_at = ctx.now
                out[*case.name_of, task.key] = task
    return out


def _task(case: Case, fact: Fact, source: str, law: _Law, grades: dict[int, str]) -> CaseTask | None:
    """The task a fact makes in a case; None when it does not concern it."""
    begin = roc.first_day(case.since)
    if fact.until is not None and fact.until < begin:
        return None
    if fact.happened_on < begin and not (case.recipient and fact.kind in _LASTING):
        return None
    pair = law.pair(case, fact.pair, max(fact.happened_on, begin)) if fact.pair else None
    if fact.pair and pair is None and (case.recipient or fact.kind not in ("elsewhere", "placement")):
        return None  # what a member receives counts in the household's means whatever the recipient may receive beside the benefit
    if case.award_id is None and fact.kind not in _CARD_ONLY:
        return None
    if fact.kind == "assessment" and grades.get(case.application_id or 0) in (None, fact.details["grade"]):
        return None
    kind, change, text, key = fact.kind, fact.change_kind, fact.text + _ADVICE.get(fact.kind, ""), fact.key
    if not case.recipient:
        if fact.kind not in _MEMBER_EVENTS or (fact.kind == "abroad" and case.benefit not in _WHOLE_HOUSEHOLD_AT_HOME):
            return None
        said = f"應計人口成員，{fact.text}{_MEMBER_ADVICE.get(fact.kind, '')}"
        kind, change, text, key = "household", "household", said, f"{fact.key}/{case.person_id}"
    elif pair is not None and pair.relation is Relation.INFO_ONLY and change:
        change = "household"
    month, article = _effect(case, kind, change, fact, pair)
    return CaseTask(
        county_code=case.county, town_code=case.town, benefit=case.benefit, case_no=case.case_no, award_id=case.award_id,
        application_id=case.application_id, source=source, key=key[:80], kind=kind, change_kind=change if case.application_id else "",
        person_id=case.person_id, name=case.name, happened_on=fact.happened_on, until=fact.until, effective_month=month,
        article=article[:160], facts=text, details=fact.details, batch_id=fact.batch_no,
    )  # fmt: skip


def _effect(case: Case, kind: str, change: str, fact: Fact, pair: Exclusion | None) -> tuple[int | None, str]:
    """The first month the fact counts for, and the article."""
    if kind == "elsewhere" and pair is not None:
        return max(timing.stop(case.benefit, timing.StopReason.OTHER_BENEFIT, fact.happened_on).month, case.since), pair.article_zh
    if not change:
        return None, ""
    month, article = changes.effective(case.benefit, change, fact.happened_on, fact.happened_on)
    if fact.kind == "abroad" and not case.recipient and pair is not None:
        article = pair.article_zh
    return max(month, case.since), article


def _waits(ctx: Context, source: str) -> dict[str, int]:
    return {w.county_code: w.days for w in ctx.session.scalars(select(ArrivalWait).where(ArrivalWait.source == source))}


def _grades(ctx: Context, cases: Sequence[Case]) -> dict[int, str]:
    """The grade on the card by application, for benefits that look at one."""
    out: dict[int, str] = {}
    ids = [c.application_id for c in cases if c.application_id is not None and c.award_id is not None]
    for mapper in Application.__mapper__.self_and_descendants:
        if "card_grade" in mapper.columns:
            column = mapper.class_.card_grade
            found = select(mapper.class_.id, column).where(mapper.class_.id.in_(ids), column.is_not(None))
            for application, grade in ctx.session.execute(found):
                out[application] = grade
    return out


# --- what should stand against what stands ---------------------------------------------------------------------------


def synchronise(ctx: Context, source: str) -> Counter[str]:
    """Open, correct, reopen and withdraw tasks until they agree with what is in force; how many of each."""
    cases = running_cases(ctx, source)
    done: Counter[str] = Counter()
    have = {(t.county_code, t.benefit, t.case_no, t.key): t for t in ctx.session.scalars(select(CaseTask).where(CaseTask.source == source))}
    if not cases and not have:
        return done
    want = wanted(ctx, source, cases, have)
    suspended = {c.name_of for c in cases if c.status == "suspended"}
    want |= _followed(have, want, suspended, ctx.now)
    known = _known_changes(ctx, {t.application_id for t in want.values() if t.application_id})
    gone = defaultdict(list)
    for name, task in have.items():
        if name not in want and task.state == "open":
            gone[task.case_no, task.benefit, task.kind, task.person_id].append(task)
    for name, task in want.items():
        old = have.get(name)
        if old is None and (task.application_id, task.change_kind, task.happened_on) in known:
            continue
        if old is None and (same := gone.get((task.case_no, task.benefit, task.kind, task.person_id))):
            done[_amend(ctx, same.pop(), task)] += 1
        elif old is None:
            ctx.session.add(task)
            done["opened"] += 1
        elif old.state == "withdrawn":
            TASK.advance(ctx, old, "reopen", f"第 {task.batch_id or '－'} 批資料再次通報", **_said(task))
            done["opened"] += 1
        elif old.state == "open" and (old.facts, old.until) != (task.facts, task.until):
            done[_amend(ctx, old, task)] += 1
    for tasks in gone.values():
        for task in tasks:
            TASK.advance(ctx, task, "withdraw", "來源資料已撤銷或更正，這件事不再成立")
            done["withdrawn"] += 1
    if done:
        ctx.audit("case_task.synchronised", ("case_task", source), **done)
    return done


def _said(task: CaseTask) -> dict[str, Any]:
    return {c: getattr(task, c) for c in ("key", "happened_on", "until", "effective_month", "article", "facts", "details", "batch_id", "act_from")}


def _amend(ctx: Context, old: CaseTask, task: CaseTask) -> str:
    before = old.facts
    TASK.advance(ctx, old, "amend", f"原通報：{before}", **_said(task))
    return "amended"


def _followed(have: dict[Name, CaseTask], want: dict[Name, CaseTask], suspended: set[tuple[str, str, str]], now: dt.datetime) -> dict[Name, CaseTask]:
    """What follows from a task that was answered: its fact was annulled since, or is over since."""
    out = {}
    for (county, benefit, case_no, key), old in have.items():
        if old.state != "done" or old.kind in ("ended", "annulled", "elsewhere", "household", "identity", "move_within"):
            continue
        stands = want.get((county, benefit, case_no, key))
        name = (county, benefit, case_no)
        if stands is None:
            kind, day, text = "annulled", clock.today(), f"已處理的通報經來源撤銷或更正：{old.facts}。請確認是否恢復發給"
            new = f"undo:{key}"
        elif stands.until is not None and old.until is None:
            kind, day, text, new = "ended", stands.until, f"{stands.facts}。請確認是否恢復發給", f"end:{key}@{stands.until:%Y%m%d}"
        else:
            continue
        out[*name, new[:80]] = CaseTask(
            county_code=county, town_code=old.town_code, benefit=benefit, case_no=case_no, award_id=old.award_id, application_id=old.application_id,
            source=old.source, key=new[:80], kind=kind, change_kind="resume" if name in suspended and old.application_id else "",
            person_id=old.person_id, name=old.name, happened_on=min(day, clock.today()), effective_month=roc.month_of(day),
            facts=text, details={}, batch_id=stands.batch_id if stands else None, act_from=clock.today(), opened_at=now,
        )  # fmt: skip
    return out


def _known_changes(ctx: Context, applications: set[int]) -> set[tuple[int | None, str, dt.date]]:
    """Changes people recorded already, which need no task."""
    rows = select(Change.application_id, Change.kind, Change.happened_on).where(Change.application_id.in_(applications), Change.state != "refused")
    return {(application, kind, day) for application, kind, day in ctx.session.execute(rows)}


def _on_arrival(source: str) -> None:
    def act(ctx: Context, delivery: Delivery, frame: pl.DataFrame) -> list[str]:
        done = synchronise(ctx, source)
        said = {"opened": "新增", "amended": "更正", "withdrawn": "撤回"}
        return ["個案待辦：" + "、".join(f"{word} {done[k]:,} 件" for k, word in said.items() if done[k]) + "。"] if done else []

    on_arrival(source)(act)
    on_taking_back(source)(lambda ctx: synchronise(ctx, source))


for _source in READINGS:
    _on_arrival(_source)


# --- what people do with them ----------------------------------------------------------------------------------------


@command("casework.record_change", roles=(*roles.TOWNSHIP, roles.COUNTY_OFFICER))
def record(ctx: Context, task_id: int, comment: str = "", seen_version: int | None = None) -> int:
    """Record the change the task proposes, for somebody else to apply; its id. Raises Refused, Conflict, NotFound."""
    task = ctx.get(CaseTask, task_id, lock=True)
    if not task.change_kind or task.application_id is None:
        raise Refused("這件通報沒有可直接登錄的異動；請開啟案件處理後選「另行處理」並說明", "E-TASK")
    TASK.advance(ctx, task, "record", comment, seen_version)
    note = "；".join(x for x in (comment.strip(), f"依{TASK_SOURCES[task.source]}通報") if x)
    task.change_id = changes.record_change(ctx, task.application_id, task.change_kind, task.happened_on, None, dict(task.details), note)
    return task.change_id


@command("casework.settle_task", roles=roles.CASEWORKERS)
def settle(ctx: Context, task_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """It was dealt with in another way. Raises Refused, Conflict, NotFound."""
    TASK.advance(ctx, ctx.get(CaseTask, task_id, lock=True), "settle", comment, seen_version)


@command("casework.settle_task", roles=roles.CASEWORKERS)
def dismiss(ctx: Context, task_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Looked into: nothing changes. Raises Refused, Conflict, NotFound."""
    TASK.advance(ctx, ctx.get(CaseTask, task_id, lock=True), "dismiss", comment, seen_version)


@command("exchange.calendar", roles=SENDERS)
def set_wait(ctx: Context, county: str | None, source: str, days: int, reason: str = "") -> int:
    """How many days the county waits before acting on a source's reports; for tasks opened from now on. Raises Refused."""
    own = ctx.actor.scope.county_code or county
    if own is None:
        raise Refused("請選擇縣市", "E-EXC-COUNTY")
    if source not in READINGS or not 0 <= days <= 90:
        raise Refused("等待日數請填 0 到 90 的整數，並選擇會產生個案待辦的資料來源", "E-TASK-WAIT")
    row = ctx.session.scalars(select(ArrivalWait).where(ArrivalWait.county_code == own, ArrivalWait.source == source)).one_or_none()
    if row is None:
        row = ArrivalWait(county_code=own, source=source, days=days, created_by_id=ctx.actor.user_id)
        ctx.session.add(row)
    before = row.days
    row.days, row.reason, row.changed_by_id = days, reason.strip(), ctx.actor.user_id
    ctx.session.flush()
    ctx.audit("arrival_wait.set", row, source=source, before=before, after=days)
    return row.id


def open_for(session: Session, application_id: int) -> list[CaseTask]:
    """What still has to be handled in a case, the earliest first."""
    of = (CaseTask.application_id == application_id, CaseTask.state == "open")
    return list(session.scalars(select(CaseTask).where(*of).order_by(CaseTask.act_from, CaseTask.id)))
