"""Background jobs: the list, one run (progress, log, cancel, repeat, settle), and the grid of kinds and their last runs."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import abort, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select

from app import jobs as registry
from app.commands import jobs
from app.commands.base import CommandError, Refused
from app.commands.job_kinds import KINDS, Argument, Kind
from app.core import clock, roc
from app.extensions import db
from app.jobs import timetable
from app.models.job import CANCELLED, DONE, FAILED, LIVE, NEEDS_PERSON, QUEUED, RUNNING, STATES, Job, JobLog
from app.security import web
from app.security.actor import Actor
from app.security.roles import ALL

from .base import Cell, MoveButton, PageView, ReferenceView, ViewInterface, column_at, describe, name_events, show_moment
from .home import tile

ORDER = 90
STYLES = {QUEUED: "neutral", RUNNING: "info", DONE: "good", FAILED: "bad", CANCELLED: "neutral", NEEDS_PERSON: "warn"}
SIGNS = {QUEUED: "候", RUNNING: "行", DONE: "成", FAILED: "敗", CANCELLED: "消", NEEDS_PERSON: "查"}
LATE = dt.timedelta(minutes=5)
RUNS_SHOWN = 12
LOG_LINES = 500


def _actor() -> Actor:
    who = web.actor()
    if who is None:
        abort(401)
    return who


class VisibleJobs(BaseFilter):
    """Only the runs the signed-in person may see."""

    name = "VisibleJobs"
    arg_name = "visible"

    def apply(self, query: Any, value: Any) -> Any:
        return query.filter(jobs.visible(_actor()))


def _cancel(actor: Actor, job_id: int, comment: str, seen_version: Any) -> None:
    jobs.cancel(actor, job_id=job_id, reason=comment)


def _rerun(actor: Actor, job_id: int, comment: str, seen_version: Any) -> None:
    jobs.rerun(actor, job_id=job_id, reason=comment or None)


def _happened(actor: Actor, job_id: int, comment: str, seen_version: Any) -> None:
    jobs.settle(actor, job_id=job_id, happened=True, reason=comment)


def _did_not_happen(actor: Actor, job_id: int, comment: str, seen_version: Any) -> None:
    jobs.settle(actor, job_id=job_id, happened=False, reason=comment)


class JobView(ReferenceView):
    """The runs."""

    datamodel = ViewInterface(Job)
    route_base = "/jobs"
    record_name = _l("Background job")
    base_filters = [["id", VisibleJobs, lambda: None]]
    base_order = ("id", "desc")
    list_columns = ["id", "kind", "scope", "state", "done", "total", "requested_at", "started_at", "finished_at", "started_by", "office.name"]
    order_columns = ["id", "kind", "state", "requested_at", "finished_at"]
    search_columns = ["kind", "state", "scope", "requested_at"]
    show_fieldsets = [
        (_l("Request"), {"fields": ["kind", "scope", "args", "due_at", "requested_at", "started_by", "office.name", "reason", "rerun_of_id"]}),
        (_l("Run"), {"fields": ["state", "started_at", "finished_at", "attempt", "done", "total", "heartbeat_at", "result"]}),
    ]
    show_template = "jobs/show.html"
    default_roles = {"can_list": ALL, "can_show": ALL, "can_export": ALL}
    move_commands = {"cancel": _cancel, "rerun": _rerun, "happened": _happened, "did_not_happen": _did_not_happen}

    formatters_columns = {"args": lambda raw: asked(raw or {}), "started_by": lambda raw: str(raw or "系統")}

    def record_title(self, item: Job) -> str:
        return f"第 {item.id} 號作業　{label_of(item.kind)}"

    def record_subtitle(self, item: Job) -> str:
        return item.scope

    def moves(self, item: Job) -> Sequence[MoveButton]:
        who = _actor()
        if not who.can("jobs.start"):
            return []
        if item.state == NEEDS_PERSON:
            return [
                MoveButton("happened", _l("It happened"), "primary", needs_comment=True),
                MoveButton("did_not_happen", _l("It did not happen"), "default", needs_comment=True),
            ]
        if item.state in LIVE:
            asked = item.cancel_requested
            return [] if asked else [MoveButton("cancel", _l("Cancel the job"), "danger", needs_comment=True)]
        return [MoveButton("rerun", _l("Run again"), "default", confirm="會以相同的內容重新執行一次，原來的紀錄保留。")]

    def after_move(self, pk: Any, name: str) -> str:
        """A repeated run leads to its own page."""
        if name == "rerun" and (again := db.session.scalar(select(func.max(Job.id)).where(Job.rerun_of_id == pk))):
            pk = again
        return url_for(f"{self.endpoint}.show", pk=pk)

    def _state(self, item: Job) -> Cell:
        return Cell.of(item.state, column_at(Job, "state"))

    def show_context(self, item: Job) -> dict[str, Any]:
        return {"progress": progress_of(item), "log": log_of(item), "progress_url": url_for(f"{self.endpoint}.progress", pk=item.id)}

    @expose("/progress/<pk>")
    @has_access
    @permission_name("show")
    def progress(self, pk: str) -> ResponseReturnValue:
        """How far a run is, for the page that shows it."""
        item = self.item(pk)
        return jsonify(**progress_of(item), log=[line | {"at": str(line["at"])} for line in log_of(item)])


def label_of(kind: str) -> str:
    """A kind's name for people; the stored name for kinds this version no longer has."""
    return str(KINDS[kind].label) if kind in KINDS else kind


def asked(args: Mapping[str, Any]) -> str:
    """What a person filled in to start a run; what screens and other commands passed along is not for reading."""
    known = {a.name: a for kind in KINDS.values() for a in kind.arguments}
    return "；".join(f"{known[name].label}：{jobs.in_words(value, known[name])}" for name, value in args.items() if name in known)


def progress_of(job: Job) -> dict[str, Any]:
    """What the progress bar draws."""
    known = f"{job.done:,}／{job.total:,}" if job.total else f"{job.done:,}"
    return {
        "state": job.state,
        "label": str(STATES[job.state]),
        "style": STYLES[job.state],
        "live": job.state in LIVE,
        "percent": job.percent,
        "counts": known,
        "cancelling": job.cancel_requested and job.state == RUNNING,
    }


def log_of(job: Job) -> list[dict[str, Any]]:
    """The last lines of a run's log, oldest first."""
    newest = select(JobLog).where(JobLog.job_id == job.id).order_by(JobLog.id.desc()).limit(LOG_LINES)
    lines = reversed(db.session.scalars(newest).all())
    return [{"at": show_moment(line.at), "attempt": line.attempt, "level": line.level, "text": line.text} for line in lines]


@dataclass(frozen=True)
class Square:
    """One run on the grid."""

    url: str
    sign: str
    style: str
    title: str


@dataclass(frozen=True)
class KindRow:
    """One kind on the grid."""

    kind: Kind
    squares: Sequence[Square]
    next_due: str
    start_url: str
    asks: bool


class JobGridView(PageView):
    """Rows are kinds of jobs, columns their last runs."""

    route_base = "/job-grid"
    title = _l("Job overview")
    default_roles = {"can_index": jobs.STARTERS, "can_start": jobs.STARTERS}

    @expose("/")
    @has_access
    def index(self) -> ResponseReturnValue:
        who = _actor()
        runs = jobs.last_runs(db.session(), who, RUNS_SHOWN)
        rows = [self._row(kind, runs.get(kind.name, []), who) for kind in KINDS.values() if kind.by_hand or kind.schedule or runs.get(kind.name)]
        return self.page("jobs/grid.html", rows=rows, states=STATES, signs=SIGNS, styles=STYLES, waiting=jobs.in_waiting(db.session()))

    def _row(self, kind: Kind, runs: Sequence[Job], who: Actor) -> KindRow:
        squares = [Square(url_for("JobView.show", pk=j.id), SIGNS[j.state], STYLES[j.state], _described(j)) for j in reversed(runs)]
        following = timetable.next_due(kind, clock.now()) if kind.schedule else None
        may_start = kind.by_hand and who.can("jobs.start") and who.can(kind.permission)
        start = url_for("JobGridView.start", kind=kind.name) if may_start else ""
        return KindRow(kind, squares, show_moment(following), start, bool(kind.arguments))

    @expose("/start/<kind>", methods=["GET", "POST"])
    @has_access
    def start(self, kind: str) -> ResponseReturnValue:
        """Start a kind by hand; kinds with arguments ask for them first."""
        found = KINDS.get(kind)
        if found is None or not found.by_hand:
            abort(404)
        problem = ""
        if request.method == "POST":
            try:
                args = read_arguments(found, request.form)
                job_id = jobs.start(_actor(), kind=kind, args=args, reason=request.form.get("reason", "").strip()[:200] or None)
                flash(f"「{found.label}」已排入，作業編號第 {job_id} 號。", "success")
                return redirect(url_for("JobView.show", pk=job_id), 303)
            except CommandError as error:
                problem = error.message
        page = self.page("jobs/start.html", title=str(found.label), kind=found, problem=problem, typed=request.form)
        return (page, 422) if problem else page


def _described(job: Job) -> str:
    late = "　補跑" if job.due_at and job.requested_at - job.due_at > LATE else ""
    covers = f"　{job.scope}" if job.scope else ""
    return f"第 {job.id} 號{covers}　{STATES[job.state]}　{show_moment(job.due_at or job.requested_at)}{late}"


def read_arguments(kind: Kind, form: Mapping[str, str]) -> dict[str, Any]:
    """The arguments as typed, read by their types. Raises Refused."""
    return {a.name: _read(a, form[a.name].strip()) for a in kind.arguments if form.get(a.name, "").strip()}


def _read(argument: Argument, typed: str) -> Any:
    try:
        if argument.type == "month":
            return roc.parse_month(typed)
        if argument.type == "date":
            return roc.parse_date(typed).isoformat()
        return int(typed) if argument.type == "int" else typed[:200]
    except roc.RocError as error:
        raise Refused(f"{argument.label}：{error}", "E-JOB-ARG") from None
    except ValueError:
        raise Refused(f"{argument.label}：「{typed[:20]}」不是整數", "E-JOB-ARG") from None


def register(appbuilder: Any) -> None:
    registry.load()
    describe(Job.state, choices=STATES, styles=STYLES)
    describe(Job.kind, choices=_KindLabels())
    name_events({"job.queued": _l("Job queued"), "job.cancel": _l("Cancel the job"), "job.settle": _l("Outcome found out")})
    appbuilder.add_view(JobGridView, "Job overview", label=_l("Job overview"), icon="fa-table", category="Jobs", category_label=_l("Jobs"))
    appbuilder.add_view(JobView, "Background jobs", label=_l("Background jobs"), icon="fa-tasks", category="Jobs", category_label=_l("Jobs"))
    for state, label, tone in ((NEEDS_PERSON, _l("Jobs waiting for a person"), "warn"), (FAILED, _l("Jobs that failed this week"), "bad")):
        tile(
            label,
            partial(_in_state, state),
            partial(url_for, "JobView.list", _flt_0_state=state),
            roles=jobs.STARTERS,
            permission=("can_list", "JobView"),
            tone=tone,
            order=80,
        )


def _in_state(state: str) -> Any:
    recent = or_(Job.finished_at.is_(None), Job.finished_at > clock.now() - dt.timedelta(days=7))
    return select(Job.id).where(Job.state == state, jobs.visible(_actor()), recent)


class _KindLabels(Mapping[str, Any]):
    """kind → label, as registered now."""

    def __getitem__(self, name: str) -> Any:
        return KINDS[name].label

    def __iter__(self) -> Any:
        return iter(KINDS)

    def __len__(self) -> int:
        return len(KINDS)
