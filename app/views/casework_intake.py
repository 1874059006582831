"""Intake as sections: each saved by itself (and by itself while typing), a summary before submitting, nothing typed ever lost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from wtforms import BooleanField, Form
from wtforms.validators import InputRequired

from app.commands.base import CommandError
from app.commands.casework import intake as counter
from app.commands.casework import unread
from app.commands.casework.judge import decide
from app.commands.casework.problems import Incomplete, Problem, find, latest_tax_year
from app.core import clock, money, roc
from app.extensions import db
from app.models.application import DOCUMENTS, Application, Document
from app.models.award import STATUS_BENEFITS
from app.models.person import Person
from app.security import web

from . import casework_forms as forms
from . import locking
from .base_values import show_moment

SECTIONS = {
    "person": "申請人",
    "facts": "居住與身分",
    "household": "家庭人口",
    "means": "所得與財產",
    "devices": "申請輔具",
    "documents": "應備文件",
    "account": "撥款帳戶",
    "summary": "確認送出",
}
PERSON = ("name", "birth", "sex", "phone", "registered_address", "actual_address")
CASE = ("received_on", "agent_name", "agent_relation", "agent_phone")
ACCOUNT = ("channel", "institution", "account", "payee_name", "payee_person_id", "payee_reason", "protected_account")
PAPERS = ("consent_on", "affidavit_on")
HINTS = {
    "institution": "郵局填局號 7 碼；銀行、農漁會填總分行代號 7 碼",
    "account": "郵局填帳號 7 碼，不足 7 碼左邊補 0；銀行不含橫線",
    "payee_person_id": "與申請人相同時不必填",
    "household_taken_on": "查調戶役政資料或收到謄本的日期",
}
NO_CASH = "列冊而沒有現金給付（第三款）時不必填；有現金給付時，核定前要登錄"


@dataclass(frozen=True)
class Tab:
    """A section in the list at the left of the form. `state`: done | open | wrong | current."""

    name: str
    label: str
    url: str
    state: str


class NewCaseForm(Form):
    """Who stands at the counter."""

    person_id = forms.field_of(Person, "person_id")
    name = forms.field_of(Person, "name")
    birth = forms.field_of(Person, "birth")
    sex = forms.field_of(Person, "sex", codes=forms.SEXES)
    phone = forms.field_of(Person, "phone")
    registered_address = forms.field_of(Person, "registered_address")
    received_on = forms.field_of(Application, "received_on")
    checksum_confirmed = BooleanField("檢查碼不符，但證件確實如此")


for _name, _message in (("person_id", "請填身分證統一編號"), ("name", "請填姓名"), ("birth", "請填出生日期"), ("sex", "請選擇性別")):
    _made = getattr(NewCaseForm, _name)
    _made.kwargs["validators"] = [InputRequired(_message), *(_made.kwargs.get("validators") or (_made.args[1] if len(_made.args) > 1 else ()))]
    _made.args = _made.args[:1]


class IntakePages:
    """Routes of the intake; mixed into an application view."""

    endpoint: str
    datamodel: Any
    benefit: str
    item: Callable[[Any], Any]
    sections: Callable[..., Any]
    render_template: Callable[..., str]
    _purpose_key: Callable[[Any], str]

    def asked(self, item: Application) -> dict[str, str]:
        """The sections of this case's form, by name, ending with the summary."""
        return {name: SECTIONS[name] for name in (*item.SECTIONS, "summary")}

    def open_title(self) -> str:
        """The heading of the counter's first page."""
        return f"受理新申請案：{type(self).datamodel.obj.LABEL}"

    def about(self, item: Application) -> str:
        """The line under the heading of every section: for what, who, since when."""
        return f"{item.form_asked.get('name') or item.LABEL}　{item.applicant.name}　收件 {roc.show_date(item.received_on)}"

    def benefit_to_open(self) -> str:
        """Which benefit a new case is for."""
        return self.benefit

    # -- a new case -----------------------------------------------------------------------------------------------------
    @expose("/open", methods=["GET", "POST"])
    @has_access
    @permission_name("intake")
    def open(self) -> ResponseReturnValue:
        form = NewCaseForm(request.form if request.method == "POST" else None, data={"received_on": clock.today()})
        problem, ask_checksum = "", False
        if request.method == "POST" and form.validate():
            who = counter.NewPerson(
                form.person_id.data, form.name.data, form.birth.data, form.sex.data, form.registered_address.data or "", "", form.phone.data or ""
            )
            try:
                pk = counter.open_draft(web.signed_in(), self.benefit_to_open(), who, form.received_on.data, form.checksum_confirmed.data)
                web.give_purpose(f"{Application.__tablename__}:{pk}", "受理申請")
                flash("已建立草稿，各節會自動儲存。", "success")
                return redirect(url_for(f"{self.endpoint}.intake", pk=pk, section="person"), 303)
            except CommandError as error:
                problem, ask_checksum = error.message, error.code == "E-ID-CHECK"
        failed = bool(problem or form.errors)
        page = self.render_template(
            "casework/open.html", title=self.open_title(), form=form, problem=problem, failed=failed,
            ask_checksum=ask_checksum or form.checksum_confirmed.data, back=url_for(f"{self.endpoint}.list"),
        )  # fmt: skip
        return (page, 422) if failed else page

    # -- the sections ---------------------------------------------------------------------------------------------------
    @expose("/intake/<pk>/<section>", methods=["GET", "POST"])
    @has_access
    def intake(self, pk: str, section: str) -> ResponseReturnValue:
        item: Application = self.item(pk)
        if section not in self.asked(item):
            abort(404)
        if web.purpose_for(self._purpose_key(item)) is None or not item.editable:
            return redirect(url_for(f"{self.endpoint}.show", pk=pk))
        if section == "summary":
            return self._summary(item) if request.method == "GET" else self._submit(item)
        if request.method == "GET":
            return self._section_page(item, section)
        return self._save(item, section)

    def _save(self, item: Application, section: str) -> ResponseReturnValue:
        read = forms.Read()
        draft = getattr(self, f"_read_{section}")(item, read)
        quiet = "X-Autosave" in request.headers
        try:
            version = counter.save_draft(web.signed_in(), item.id, draft, locking.seen_version(request.form))
        except CommandError as error:
            if quiet:
                return jsonify(saved=False, message=error.message), error.status
            return self._section_page(self.item(item.id), section, error.message, request.form), error.status
        if quiet:
            return jsonify(saved=True, version=version, at=show_moment(clock.now()), unread=len(read.unread))
        item = self.item(item.id)
        if read.errors and request.form.get("go") != "add":
            return self._section_page(item, section, errors=read.errors), 422
        names = list(self.asked(item))
        step = {"next": 1, "back": -1}.get(request.form.get("go", ""), 0)
        goal = names[max(0, min(len(names) - 1, names.index(section) + step))]
        one_more: dict[str, Any] = {"add": 1, "_anchor": "new-member"} if request.form.get("go") == "add" else {}
        return redirect(url_for(f"{self.endpoint}.intake", pk=item.id, section=goal, **one_more), 303)

    def _section_page(
        self, item: Application, section: str, problem: str = "", formdata: Any = None, errors: Sequence[tuple[str, str, str]] = ()
    ) -> str:
        problems = find(item, clock.today())
        told = {field for field, _, _ in errors}
        made = getattr(self, f"_form_{section}")(item, formdata)
        own = [p for p in problems if p.section == section and p.anchor not in told]
        forms.tell(made, [p for p in own if p.level != "unknown" or section != "facts"])  # there the field itself says 未查明
        return self.render_template(
            f"casework/intake_{section}.html",
            title=f"{SECTIONS[section]}　{item.case_no}",
            about=self.about(item),
            item=item,
            section=section,
            tabs=self._tabs(item, section, problems),
            problems=[p for p in own if p.level != "unknown"],
            problem=problem,
            errors=errors,
            failed=bool(problem or errors),
            seen_version=item.version if formdata is None else formdata.get("_seen_version", item.version),
            url=url_for(f"{self.endpoint}.intake", pk=item.id, section=section),
            back=url_for(f"{self.endpoint}.show", pk=item.id),
            last=section == item.SECTIONS[-1],
            **made,
        )

    def _tabs(self, item: Application, current: str, problems: Sequence[Problem]) -> list[Tab]:
        wrong = {p.section for p in problems if p.level == "refuse"}
        stuck = {name.partition(".")[0] for name in item.unread or {}}
        unknown = {p.section for p in problems if p.level == "unknown"}
        tabs = []
        for name, label in self.asked(item).items():
            state = (
                "current" if name == current else "wrong" if name in stuck else "open" if name in wrong else "ask" if name in unknown else "done"
            )
            tabs.append(Tab(name, label, url_for(f"{self.endpoint}.intake", pk=item.id, section=name), "open" if name == "summary" != current else state))
        return tabs

    # -- one section each: the form, and what it says -------------------------------------------------------------------
    def _parts(self, item: Application, section: str) -> Sequence[tuple[str, type[Form], str]]:
        """(attribute of the application, form class, key of `Draft`) of the simple sections."""
        model = type(item)
        hints = {name: {"hint": text} for name, text in HINTS.items()}

        def form(of: type[Any], names: Sequence[str], **more: Any) -> type[Form]:
            return forms.form_class(of, names, **{**{n: hints[n] for n in names if n in hints}, **more})

        return {
            "person": (("applicant", form(Person, PERSON, sex={"codes": forms.SEXES}), "person"), ("", form(model, CASE), "fields")),
            "facts": (("", forms.facts_form(item, () if "household" in item.SECTIONS else ("household_taken_on",), hints), "fields"),),
            "account": (("", form(model, ACCOUNT, **({"channel": {"hint": NO_CASH}} if item.benefit in STATUS_BENEFITS else {})), "fields"),),
            "documents": (("", form(model, PAPERS), "fields"),),
            "household": (("", form(model, ("household_taken_on",)), "fields"),),
            "means": (),
        }[section]

    def _simple(self, item: Application, section: str, formdata: Any) -> list[Form]:
        made = []
        for attribute, form_class, _ in self._parts(item, section):
            form = form_class(formdata, obj=getattr(item, attribute) if attribute else item)
            forms.refill(form, section, item.unread)
            made.append(form)
        return made

    def _read_simple(self, item: Application, section: str, read: forms.Read) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {"person": {}, "fields": {}}
        for attribute, form_class, key in self._parts(item, section):
            form = form_class(request.form, obj=getattr(item, attribute) if attribute else item)
            found[key] |= forms.read_form(form, section, read)
        for name in ("name", "birth", "sex", "received_on"):
            for values in found.values():
                if name in values and values[name] is None:
                    del values[name]
                    read.unread.setdefault(f"{section}.{name}", unread.BLANK)
        return found

    def _form_person(self, item: Application, formdata: Any) -> dict[str, Any]:
        return {"forms": self._simple(item, "person", formdata)}

    def _form_facts(self, item: Application, formdata: Any) -> dict[str, Any]:
        return {"forms": self._simple(item, "facts", formdata)}

    def _form_account(self, item: Application, formdata: Any) -> dict[str, Any]:
        return {"forms": self._simple(item, "account", formdata)}

    def _read_person(self, item: Application, read: forms.Read) -> counter.Draft:
        return self._draft(item, "person", read)

    def _read_facts(self, item: Application, read: forms.Read) -> counter.Draft:
        return self._draft(item, "facts", read)

    def _read_account(self, item: Application, read: forms.Read) -> counter.Draft:
        return self._draft(item, "account", read)

    def _draft(self, item: Application, section: str, read: forms.Read, **more: Any) -> counter.Draft:
        found = self._read_simple(item, section, read)
        return counter.Draft(person=found["person"], fields=found["fields"], unread=read.unread, sections=(section,), **more)

    # household
    def _form_household(self, item: Application, formdata: Any) -> dict[str, Any]:
        own_form, member_form = forms.member_forms(item)
        parts = [
            forms.member_part(m, own_form if m.relation == "applicant" else member_form, ("circumstances",), "household", item.unread, formdata)
            for m in item.members
        ]
        following = max((m.position for m in item.members), default=0) + 1
        if formdata is not None:
            known = {m.position for m in item.members}
            for position in forms.positions(formdata):
                if position not in known:
                    part = forms.blank_member(position, ("circumstances",))
                    part.form = member_form(formdata, prefix=f"m{position}-")
                    parts.append(part)
                    following = max(following, position + 1)
        if formdata is None and (request.args.get("add") or len(item.members) <= 1):
            part = forms.blank_member(following, ("circumstances",))
            part.form = member_form(prefix=f"m{following}-")
            parts.append(part)
        return {"forms": self._simple(item, "household", formdata), "parts": parts, "relations": forms.RELATIONS}

    def _read_household(self, item: Application, read: forms.Read) -> counter.Draft:
        own_form, member_form = forms.member_forms(item)
        known = {m.position: m for m in item.members}
        rows = []
        for position in forms.positions(request.form):
            member = known.get(position)
            own = member is not None and member.relation == "applicant"
            if request.form.get(f"m{position}-remove") and not own:
                continue
            form = (own_form if own else member_form)(request.form, obj=member, prefix=f"m{position}-")
            if member is None and forms.is_blank(form):
                continue
            whose = str(request.form.get(f"m{position}-name", "")).strip() or (member.name if member else "") or "新成員"
            values = forms.read_form(form, "household", read, f"m{position}-", whose)
            for name in ("relation", "name"):
                if not own and not values.get(name):
                    values[name] = (getattr(member, name, None) if member else None) or {"relation": "other", "name": "（未填姓名）"}[name]
                    read.unread.setdefault(f"household.m{position}-{name}", unread.BLANK)
            rows.append({"position": position, **values, **forms.posted_rows(request.form, position, ("circumstances",), "household", read, whose)})
        return self._draft(item, "household", read, members=rows)

    # means
    def _form_means(self, item: Application, formdata: Any) -> dict[str, Any]:
        kinds = ("incomes", "assets")
        parts = [forms.member_part(m, forms.MeansForm, kinds, "means", item.unread, formdata) for m in item.members]
        return {"parts": parts, "tax_year": latest_tax_year(clock.today())}

    def _read_means(self, item: Application, read: forms.Read) -> counter.Draft:
        lines = {}
        known = {m.position: m for m in item.members}
        for position in forms.positions(request.form):
            if position not in known:
                continue
            form = forms.MeansForm(request.form, prefix=f"m{position}-")
            own = forms.read_form(form, "means", read, f"m{position}-", known[position].name)
            rows = forms.posted_rows(request.form, position, ("incomes", "assets"), "means", read, known[position].name)
            for line in (*rows["incomes"], *rows["assets"]):
                line["tax_year"] = own.get("tax_year") if line["source"] == "tax" else None
            lines[position] = {**own, **rows}
        return counter.Draft(lines=lines, unread=read.unread, sections=("means",))

    # documents
    def _document_forms(self, item: Application, formdata: Any) -> list[tuple[Document, str, Form]]:
        form_class = forms.form_class(Document, ("received_on", "waived_because"), waived_because={"label": "免附原因"})
        made = []
        for d in item.documents:
            form = form_class(formdata, obj=d, prefix=f"{d.code}-")
            forms.refill(form, "documents", item.unread, f"{d.code}-")
            made.append((d, str(DOCUMENTS.get(d.code, d.code)), form))
        return made

    def _form_documents(self, item: Application, formdata: Any) -> dict[str, Any]:
        return {"forms": self._simple(item, "documents", formdata), "papers": self._document_forms(item, formdata)}

    def _read_documents(self, item: Application, read: forms.Read) -> counter.Draft:
        papers = {d.code: forms.read_form(form, "documents", read, f"{d.code}-", label) for d, label, form in self._document_forms(item, request.form)}
        return self._draft(item, "documents", read, documents=papers)

    # -- the summary ----------------------------------------------------------------------------------------------------
    def _summary(self, item: Application, problems: Sequence[Problem] | None = None, message: str = "") -> str:
        found = find(item, clock.today()) if problems is None else list(problems)
        return self.render_template(
            "casework/intake_summary.html",
            title=f"確認送出　{item.case_no}",
            about=self.about(item),
            item=item,
            section="summary",
            tabs=self._tabs(item, "summary", found),
            problems=found,
            labels=SECTIONS,
            section_url=lambda name: url_for(f"{self.endpoint}.intake", pk=item.id, section=name),
            judged=self.judged(item),
            message=message,
            exact=lambda v: "" if v is None else money.show_exact(v),
            failed=bool(message),
            seen_version=item.version,
            url=url_for(f"{self.endpoint}.intake", pk=item.id, section="summary"),
            back=url_for(f"{self.endpoint}.show", pk=item.id),
            sections=self.sections(item),
            members=item.members,
        )

    def _submit(self, item: Application) -> ResponseReturnValue:
        try:
            counter.submit(web.signed_in(), item.id, locking.seen_version(request.form))
        except Incomplete as error:
            return self._summary(self.item(item.id), find(self.item(item.id), clock.today()), f"還有 {len(error.problems)} 項要先處理，才能送出"), 422
        except CommandError as error:
            return self._summary(self.item(item.id), message=error.message), error.status
        flash("申請案已送出。", "success")
        return redirect(url_for(f"{self.endpoint}.show", pk=item.id), 303)

    def judged(self, item: Application) -> Any:
        """What the rule says now, or None while there is nobody to judge."""
        if not any(m.relation == "applicant" for m in item.members):
            return None
        return decide(db.session(), item, clock.today())


__all__ = ["SECTIONS", "IntakePages", "Tab"]
