"""Local benefits in the console: the county writes conditions as rows, tries them on example cases, and a second person puts them in force."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import Form, StringField

from app.commands import local_benefits as commands
from app.commands.base import CommandError
from app.commands.benefit_rows import local_rows
from app.commands.local_benefits import ACTIVATORS, VERSION, WRITERS
from app.commands.parameters import parameters_in_force
from app.core import clock
from app.extensions import db
from app.models.application import DOCUMENTS
from app.models.local_benefit import IN_FORCE, UNITS, LocalBenefitVersion
from app.rules import local_examples
from app.rules.exclusions import counterpart_names
from app.rules.local_benefit import decide
from app.rules.local_definition import TEST_TYPES, problems
from app.rules.local_words import difference, lines_of
from app.rules.parameters import Parameter, Parameters
from app.security import web
from app.security.roles import AUDITOR, COUNTY

from . import local_benefit_forms as forms
from .base import ReferenceView, ViewInterface, name_events
from .casework import TONES
from .casework_forms import CodeSelect
from .home import tile

ORDER = 69
READERS = (*COUNTY, AUDITOR)


class NameForm(Form):
    """What a benefit is called."""

    name = StringField("津貼名稱", description="照縣府規定的全名，例如「新竹縣百歲人瑞敬老金」")
    short_name = StringField("簡稱", description="2 至 4 個字，例如「人瑞」")
    short = StringField("案件編號字首", description="2 至 5 個英文大寫字母或數字，例如 C100")
    unit = CodeSelect("發給單位", codes=UNITS, blank="")


class LocalBenefitVersionView(ReferenceView):
    """Versions of the county's own benefits."""

    datamodel = ViewInterface(LocalBenefitVersion)
    route_base = "/local-benefits"
    record_name = _l("Local benefit")
    base_order = ("id", "desc")
    list_columns = ["benefit.name", "number", "state", "effective_from", "effective_to", "activated_at"]
    search_columns = ["benefit.name", "state", "effective_from"]
    list_template = "local/list.html"
    show_template = "local/show.html"
    show_fieldsets = [(_l("Local benefit"), {"fields": [
        "benefit.name", "benefit.short_name", "benefit.short", "benefit.unit", "number", "state", "effective_from", "effective_to", "activated_at",
    ]})]  # fmt: skip
    lifecycle = VERSION
    move_commands = {"propose": commands.propose, "activate": commands.activate, "send_back": commands.send_back}
    default_roles = {"can_list": READERS, "can_show": READERS, "can_export": READERS, "can_write": WRITERS}
    list_hint = "縣（市）自訂的津貼在這裡訂定：要件從清單選擇、金額填成表、附上測試案例，全部通過後由第二人啟用，公所即可受理。"

    def record_title(self, item: LocalBenefitVersion) -> str:
        return f"{item.benefit.name}　第 {item.number} 版"

    def list_context(self) -> dict[str, Any]:
        who = web.signed_in()
        may = who.can("local_benefits.write") and bool(who.scope.county_code)
        return {"may_write": may, "proposals": commands.to_adopt(db.session(), who.scope.county_code or "") if may else []}

    def show_context(self, item: LocalBenefitVersion) -> dict[str, Any]:
        version = commands.version_of(item)
        lines = lines_of(version, _papers())
        before = db.session.scalar(
            select(LocalBenefitVersion)
            .where(LocalBenefitVersion.benefit_id == item.benefit_id, LocalBenefitVersion.number < item.number)
            .order_by(LocalBenefitVersion.number.desc())
            .limit(1)
        )
        who = web.signed_in()
        writes = who.can("local_benefits.write")
        others = [v for v in item.benefit.versions if v.id != item.id]
        return {
            "lines": lines,
            "dated": item.effective_from is not None,
            "before": before,
            "changed": difference(lines_of(commands.version_of(before), _papers()), lines) if before else [],
            "against": commands.against_activation(db.session(), item) if item.state not in IN_FORCE else [],
            "tried": commands.tried(db.session(), item),
            "tones": TONES,
            "others": others,
            "to_confirm": version.to_confirm,
            "may_edit": writes and item.state == "draft",
            "may_copy": writes and all(v.state in IN_FORCE for v in item.benefit.versions),
        }

    # -- a new benefit, its name ------------------------------------------------------------------------------------------
    @expose("/new", methods=["GET", "POST"])
    @has_access
    @permission_name("write")
    def new(self) -> ResponseReturnValue:
        """Begin a local benefit by its name."""
        form = NameForm(request.form if request.method == "POST" else None, data={"unit": "person"})

        def act() -> int:
            return commands.create_benefit(web.signed_in(), form.name.data or "", form.short_name.data or "", form.short.data or "", form.unit.data or "")

        return self._named(form, "新增地方津貼", act, "已建立草稿，請填要件與金額。")

    @expose("/rename/<int:pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("write")
    def rename(self, pk: int) -> ResponseReturnValue:
        """Change what a benefit is called."""
        item = self.item(pk)
        form = NameForm(request.form if request.method == "POST" else None, obj=item.benefit)

        def act() -> int:
            commands.rename_benefit(
                web.signed_in(), item.benefit_id, form.name.data or "", form.short_name.data or "", form.short.data or "", form.unit.data or ""
            )
            return pk

        return self._named(form, f"修改名稱：{item.benefit.name}", act, "名稱已更新。")

    def _named(self, form: NameForm, title: str, act: Any, done: str) -> ResponseReturnValue:
        problem = ""
        if request.method == "POST" and form.validate():
            try:
                pk = act()
                flash(done, "success")
                return redirect(url_for(f"{self.endpoint}.edit_version" if title.startswith("新增") else f"{self.endpoint}.show", pk=pk), 303)
            except CommandError as error:
                problem = error.message
        failed = bool(problem or form.errors)
        page = self.render_template("local/name.html", title=title, form=form, problem=problem, back=url_for(f"{self.endpoint}.list"))
        return (page, 422) if failed else page

    @expose("/adopt/<code>", methods=["POST"])
    @has_access
    @permission_name("write")
    def adopt(self, code: str) -> ResponseReturnValue:
        """Take over a delivered proposal as a draft."""
        try:
            pk = commands.adopt(web.signed_in(), code)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.list"), 303)
        flash("已採用範本為草稿；條次、金額與未查得的內容請依本縣規定補登。", "success")
        return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)

    @expose("/copy/<int:pk>", methods=["POST"])
    @has_access
    @permission_name("write")
    def copy(self, pk: int) -> ResponseReturnValue:
        """A new version, starting as a copy of the last one."""
        item = self.item(pk)
        try:
            made = commands.new_version(web.signed_in(), item.benefit_id)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)
        flash("已依前一版建立新版草稿，請填施行日期並修改內容。", "success")
        return redirect(url_for(f"{self.endpoint}.edit_version", pk=made), 303)

    # -- writing a version ------------------------------------------------------------------------------------------------
    @expose("/edit/<int:pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("write")
    def edit_version(self, pk: int) -> ResponseReturnValue:
        """Conditions, amounts, exclusions and documents as rows; a button adds or removes one and keeps what was typed."""
        item = self.item(pk)
        if item.state != "draft":
            return redirect(url_for(f"{self.endpoint}.show", pk=pk))
        version, names = commands.version_of(item), _counterparts()
        problem, status = "", 200
        if request.method == "GET":
            page = forms.page_of(version, item.effective_from is not None, names)
        else:
            page = forms.page_posted(request.form, names)
            if request.form.get("go") in ("save", "examples"):
                if page.valid():
                    made = forms.version_posted(page, item.number, version.examples, version.to_confirm)
                    try:
                        commands.save_draft(web.signed_in(), pk, made, page.head.effective_from.data is not None, _seen())
                        flash("草稿已儲存。", "success")
                        return redirect(url_for(f"{self.endpoint}.{'examples' if request.form['go'] == 'examples' else 'show'}", pk=pk), 303)
                    except CommandError as error:
                        problem, item = error.message, self.item(pk)
                status = 422
        body = self.render_template(
            "local/edit.html", title=f"{item.benefit.name}　第 {item.number} 版：要件與金額", item=item, page=page, problem=problem,
            errors=page.errors() if status == 422 else [], types=TEST_TYPES, papers=_papers(), focus=_focus(page),
            seen_version=request.form.get("_seen_version", item.version), back=url_for(f"{self.endpoint}.show", pk=pk),
        )  # fmt: skip
        return body, status

    @expose("/examples/<int:pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("write")
    def examples(self, pk: int) -> ResponseReturnValue:
        """The example cases a version must pass; each asks only the facts the chosen tests need."""
        item = self.item(pk)
        if item.state != "draft":
            return redirect(url_for(f"{self.endpoint}.show", pk=pk))
        version, names = commands.version_of(item), _counterparts()
        kind = forms.example_form(version, names)
        problem, errors, status = "", [], 200
        if request.method == "GET":
            told = [local_examples.told_of(e) for e in version.examples]
            rows = [forms.Row(i, kind(prefix=f"e{i}-", data=forms.example_data(t, version))) for i, t in enumerate(told)]
        else:
            rows = forms.examples_posted(request.form, kind, clock.today())
            if request.form.get("go") == "save":
                checked = [row.form.validate() for row in rows]  # every row, so that every message is shown
                if all(checked):
                    made = tuple(local_examples.example_of(forms.told_posted(r.form, version, clock.today()), item.county_code) for r in rows)
                    try:
                        commands.save_draft(web.signed_in(), pk, replace(version, examples=made), item.effective_from is not None, _seen())
                        flash(f"{len(made)} 個測試案例已儲存。", "success")
                        return redirect(url_for(f"{self.endpoint}.show", pk=pk, _anchor="examples"), 303)
                    except CommandError as error:
                        problem, item = error.message, self.item(pk)
                status = 422
                errors = [(f.id, f"案例 {r.number + 1}　{f.label.text}：{e}") for r in rows for f in r.form for e in f.errors]
        body = self.render_template(
            "local/examples.html", title=f"{item.benefit.name}　第 {item.number} 版：測試案例", item=item, rows=rows, problem=problem, errors=errors,
            seen_version=request.form.get("_seen_version", item.version), back=url_for(f"{self.endpoint}.show", pk=pk), faults=_faults(version),
        )  # fmt: skip
        return body, status

    @expose("/try/<int:pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("show")
    def try_out(self, pk: int) -> ResponseReturnValue:
        """Judge an invented case by this version and show the trace; nothing is stored."""
        item = self.item(pk)
        version, names = commands.version_of(item), _counterparts()
        kind = forms.example_form(version, names)
        form = kind(request.form if request.method == "POST" else None, prefix="e0-", data={"on": clock.today()})
        faults, judged, problem = _faults(version), None, ""
        if request.method == "POST" and form.validate() and not faults:
            told = forms.told_posted(form, version, clock.today())
            example = local_examples.example_of(told, item.county_code)
            own = [Parameter(s.name, "", s.value, "", None, None, "試算", "example", item.county_code) for s in example.settings]
            rows = [r for r in parameters_in_force(db.session(), item.county_code).rows() if r.name not in told.settings]
            try:
                judged = decide(commands.definition_of(item.benefit, [item]), example.facts, Parameters((*rows, *own), item.county_code))
            except LookupError as gap:
                problem = str(gap)
        failed = bool(form.errors or problem)
        page = self.render_template(
            "local/try.html", title=f"{item.benefit.name}　第 {item.number} 版：試算", item=item, form=form, judged=judged, problem=problem,
            faults=faults, tones=TONES, skip=("name", "eligible", "amount"), back=url_for(f"{self.endpoint}.show", pk=pk),
        )  # fmt: skip
        return (page, 422) if failed else page


def _seen() -> int | None:
    typed = request.form.get("_seen_version", "")
    return int(typed) if typed.isdigit() else None


def _papers() -> Mapping[str, str]:
    return {code: str(name) for code, name in DOCUMENTS.items()}


def _counterparts() -> dict[str, str]:
    """What a local benefit can exclude: benefits, registers' states, and the county's other local benefits."""
    own = {code: b.name for code, b in local_rows(db.session(), web.signed_in().scope.county_code).items()}
    return {**counterpart_names(), **own}


def _faults(version: Any) -> list[str]:
    """What is wrong with the conditions themselves; examples can only be judged without."""
    return [p for p in problems(version) if "測試案例" not in p]


def _focus(page: forms.Page) -> str:
    """The id of the first field of a row just added, so that the keyboard is there."""
    go = request.form.get("go", "")
    rows = {"add-t": page.tests, "add-a": page.amounts, "add-x": page.exclusions}.get(go, [])
    return next((f.id for f in rows[-1].form if f.type != "HiddenField"), "") if rows else ""


def register(appbuilder: Any) -> None:
    name_events(
        {
            "local_benefit.created": _l("Local benefit begun"),
            "local_benefit.adopted": _l("Delivered proposal taken over"),
            "local_benefit.renamed": _l("Local benefit renamed"),
            "local_benefit_version.saved": _l("Draft version saved"),
            "local_benefit_version.copied": _l("New version begun"),
            "local_benefit_version.superseded": _l("Followed by a later version"),
        }
    )
    appbuilder.add_view(
        LocalBenefitVersionView, "Local benefit definitions", label=_l("Definitions of local benefits"), icon="fa-map-marker",
        category="Rules", category_label=_l("Rules and settings"),
    )  # fmt: skip
    tile(
        _l("Local benefits to put in force"),
        lambda: select(LocalBenefitVersion.id).where(LocalBenefitVersion.state == "proposed"),
        lambda: url_for("LocalBenefitVersionView.list", _flt_0_state="proposed"),
        roles=ACTIVATORS,
        permission=("can_list", "LocalBenefitVersionView"),
        tone="warn",
        order=36,
    )
