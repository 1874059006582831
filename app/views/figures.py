"""統計查詢: a question put together from closed lists, its table, the chart beside it, the list behind each figure, kept and shared questions."""

import dataclasses
import io
from typing import Any

from flask import Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l

from app.commands.base import CommandError
from app.commands.figures import questions, refresh
from app.commands.figures.ask import LEAST, LISTED, Answer, Question, ask, behind, choices, question_of
from app.commands.figures.catalogue import offered
from app.core import clock, roc
from app.core.small_cells import TOTAL, Key
from app.core.text import mask_id
from app.extensions import db
from app.models.figures import MOVEMENTS, StatisticFact
from app.models.statistic_question import SavedQuestion
from app.security import roles, web

from .base import PageView, name_events
from .export import Facts, Spreadsheet, file_response
from .statistics_chart import draw_answer

ORDER = 69
WIDEST = 14
"""More columns than this do not fit the page; the longer dimension then becomes rows."""
FIRST_QUESTION = ("benefits.drawing", "benefit", "town")


class FiguresView(PageView):
    """One page: question, table, chart. The address holds codes and months, never a person."""

    route_base = "/figures"
    title = _l("Ask the figures")
    default_roles = {
        "can_index": questions.ASKERS, "can_export": questions.ASKERS, "can_keep": questions.KEEPERS,
        "can_people": (*roles.CASEWORKERS, roles.AUDITOR), "can_compute": roles.COUNTY,
    }  # fmt: skip

    # -- the question ----------------------------------------------------------------------------------------------------------------
    def _question(self) -> tuple[Question, str]:
        """The question of the address, and what could not be read in it."""
        values, now = request.values, roc.month_of(clock.today())
        problem = ""
        try:
            first = roc.parse_month(values["first"]) if values.get("first") else now - 1
            last = roc.parse_month(values["last"]) if values.get("last") else max(first, now - 1)
        except roc.RocError as error:
            first = last = now - 1
            problem = str(error)
        subject, _, measure = values.get("measure", FIRST_QUESTION[0]).partition(".")
        by = [values.get(f"by{i}", "") for i in (1, 2, 3)] if "by1" in values else [*FIRST_QUESTION[1:]]
        filters = {k[2:]: tuple(v for v in values.getlist(k) if v) for k in values if k.startswith("f_")}
        filters = {k: v for k, v in filters.items() if v}
        return Question(subject, measure, tuple(b for b in by if b), first, last, filters, bool(values.get("publish"))), problem

    @staticmethod
    def _address(q: Question) -> dict[str, Any]:
        by = {f"by{i}": code for i, code in enumerate(q.dimensions, 1)}
        filters = {f"f_{k}": list(v) for k, v in q.filters.items()}
        return {"measure": f"{q.subject}.{q.measure}", **by, "first": roc.month5(q.first), "last": roc.month5(q.last), **filters, **({"publish": "1"} if q.publish else {})}

    @staticmethod
    def _answer(q: Question) -> Answer:
        """The answer, its longest dimension in rows where it would be too wide."""
        found = ask(db.session(), q)
        if len(found.columns) > WIDEST:
            longest = max(range(len(found.axes)), key=lambda i: len(found.axes[i]))
            if longest == len(found.axes) - 1 and any(len(a) <= WIDEST for a in found.axes[:-1]):
                found = ask(db.session(), dataclasses.replace(q, dimensions=(q.dimensions[-1], *q.dimensions[:-1])))
        return found

    @expose("/")
    @has_access
    def index(self) -> ResponseReturnValue:
        """The question asked, or the first one."""
        q, problem = self._question()
        who, answer = web.signed_in(), None
        if not problem:
            try:
                answer = self._answer(q)
            except CommandError as error:
                problem = error.message
        subjects = offered(who.scope)
        chosen = subjects.get(q.subject)
        dimensions = {code: d.label for s in subjects.values() for code, d in s.dimensions.items()}
        offers = [(d, choices(db.session(), d)) for d in (chosen.dimensions.values() if chosen else ()) if d.show is None]
        args = self._address(q)
        page = self.page(
            "figures/index.html", q=q, answer=answer, problem=problem, subjects=subjects, chosen=chosen, dimensions=dimensions,
            offers=[(d, options) for d, options in offers if 1 < len(options) <= 500], args=args, total=TOTAL, rows=self._rows(answer) if answer else [],
            kept=questions.kept(db.session(), who), me=who.user_id, may_keep=who.can("figures.save_question"), address=lambda row: url_for("FiguresView.index", **self._address(question_of(row.asked))),
            chart=url_for("FiguresView.chart", **args), least=LEAST, may_list=self._lists(answer), guarded=who.scope.level == "ministry",
            may_compute=who.can("figures.refresh") and who.scope.level == "county",
        )  # fmt: skip
        return (page, 422) if problem else page

    @staticmethod
    def _rows(answer: Answer) -> list[tuple[Key, tuple[str, ...]]]:
        """The rows that hold anything, and the totals."""
        held = {key[: len(answer.axes) - 1 or 1] for key in answer.cells}
        return [(key, names) for key, names in answer.rows() if key in held or all(part == TOTAL for part in key)]

    def _lists(self, answer: Answer | None) -> bool:
        computed = answer is not None and answer.subject.computed and not answer.hidden
        return computed and web.signed_in().scope.level != "ministry" and bool(self.appbuilder.sm.has_access("can_people", self.class_permission_name))

    @expose("/chart.svg")
    @has_access
    @permission_name("index")
    def chart(self) -> Response:
        """The chart beside the table."""
        q, problem = self._question()
        try:
            answer = self._answer(q)
        except CommandError:
            abort(404)
        if problem:
            abort(404)
        drawing = Response(draw_answer(answer), mimetype="image/svg+xml")
        drawing.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"  # the drawing's own style sheet
        return drawing

    @expose("/export", methods=["POST"])
    @has_access
    def export(self) -> ResponseReturnValue:
        """The table as a spreadsheet; what was left out is `*`, what is not known is empty."""
        q, who = self._question()[0], web.signed_in()
        try:
            answer = self._answer(q)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.index", **self._address(q)), 303)
        heads = [(str(d.label), "text") for d in (answer.dimensions[:-1] if answer.columns else answer.dimensions)]
        columns = [(name, "number") for _, name in answer.columns] or [(str(answer.measure.label), "number")]
        memory = io.BytesIO()
        words = [("期間", f"{roc.show_month(q.first)}至{roc.show_month(q.last)}"), ("統計項目", f"{answer.measure.label}（{answer.measure.unit}）")]
        book = Spreadsheet(memory, Facts("統計查詢", who.display, who.office, clock.now(), words, "統計"), [*heads, *columns])
        rows = self._rows(answer)
        for key, names in rows:
            book.add([*names, *(cell(answer, key, value) for value, _ in answer.columns or (("", ""),))])
        book.close(len(rows))
        memory.seek(0)
        return file_response(memory, "統計查詢", clock.now())

    # -- behind a figure -------------------------------------------------------------------------------------------------------------
    @expose("/people", methods=["POST"])
    @has_access
    def people(self) -> ResponseReturnValue:
        """The list behind one figure: read under the row scope, and logged."""
        q, _ = self._question()
        at = dict(zip(q.dimensions, request.form.get("at", "").split("|"), strict=False))
        try:
            answer = self._answer(q)
            rows, more = behind(db.session(), q, at)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.index", **self._address(q)), 303)
        names = {d.code: dict(axis) for d, axis in zip(answer.dimensions, answer.axes, strict=True)}
        words = [(d.label, names[d.code].get(at.get(d.code, TOTAL), "")) for d in answer.dimensions]
        web.log_access("list", (StatisticFact.__tablename__, None), f"統計查詢：{answer.measure.label}", rows=len(rows))
        benefit = offered(web.signed_in().scope)["benefits"].dimensions
        bands, benefits = benefit["band"].names(db.session()), benefit["benefit"].names(db.session())
        return self.page(
            "figures/people.html", answer=answer, rows=rows, more=more, most=LISTED, words=words, bands=bands, benefits=benefits, movements=MOVEMENTS,
            mask=mask_id, towns=benefit["town"].names(db.session()), back=url_for(f"{self.endpoint}.index", **self._address(q)),
        )  # fmt: skip

    # -- kept questions --------------------------------------------------------------------------------------------------------------
    @expose("/keep", methods=["POST"])
    @has_access
    def keep(self) -> ResponseReturnValue:
        """Keep the question shown under a name."""
        q, _ = self._question()
        try:
            questions.keep(web.signed_in(), q, request.form.get("name", ""), bool(request.form.get("shared")))
            flash("已儲存查詢。", "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.index", **self._address(q)), 303)

    @expose("/forget/<int:question_id>", methods=["POST"])
    @has_access
    @permission_name("keep")
    def forget(self, question_id: int) -> ResponseReturnValue:
        """Delete a kept question of one's own."""
        try:
            questions.forget(web.signed_in(), question_id)
            flash("已刪除查詢。", "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.index"), 303)

    @expose("/compute", methods=["POST"])
    @has_access
    def compute(self) -> ResponseReturnValue:
        """Compute the months shown anew, in the background."""
        q, _ = self._question()
        try:
            job = refresh.request(web.signed_in(), q.first, q.last)
            flash(f"已排入背景作業（第 {job} 號），完成後重新整理本頁。", "info")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.index", **self._address(q)), 303)


class Number(str):
    """A figure as text with its value beside it."""

    raw: int


def cell(answer: Answer, key: Key, column: str) -> str:
    """A figure for the spreadsheet."""
    at = (*key, column) if answer.columns else key
    value = answer.figure(*at)
    if value is None:
        return "*" if at in answer.hidden else ""
    number = Number(f"{value:,}")
    number.raw = value
    return number


def register(appbuilder: Any) -> None:
    name_events({f"{SavedQuestion.__tablename__}.keep": _l("Question kept"), f"{SavedQuestion.__tablename__}.forget": _l("Question deleted")})
    appbuilder.add_view(FiguresView, "Ask the figures", label=_l("Ask the figures"), icon="fa-table", category="Statistics", category_label=_l("Statistics"), category_icon="fa-bar-chart")
