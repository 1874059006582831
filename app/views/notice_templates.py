"""Templates of notices and sending offices: written with a list of fields beside, looked at with an invented person, approved by another."""

import io
from typing import Any

from flask import flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import Form, SelectField, StringField, TextAreaField

from app.commands import printing
from app.commands.base import CommandError, Refused
from app.commands.benefit_rows import BenefitNames, benefit_row
from app.commands.notices import fields, issue, senders, templates
from app.commands.notices.templates import PARTS, TEMPLATE, Wording, delivered, in_force, wording_of
from app.core import clock
from app.extensions import db
from app.models.notice import APPROVED, DRAFT, KINDS, WITHDRAWN, NoticeSender, NoticeTemplate
from app.models.office import Township
from app.security import roles, web

from . import locking
from .base import ReferenceView, ViewInterface, describe
from .base_layout import place_names
from .fields_roc import RocDateField

ORDER = 36

describe(NoticeTemplate.state, styles={DRAFT: "warn", APPROVED: "good", WITHDRAWN: "neutral"})


class TemplateForm(Form):
    """The texts; one item a line."""

    kind = SelectField("通知書種類", choices=list(KINDS.items()))
    benefit = SelectField("給付項目", description="留空適用全部；某一給付另有用語時才指定")
    effective_from = RocDateField("啟用日期", description="核可後從這一天起的發文使用")
    title = StringField("標題")
    subject = TextAreaField("主旨", render_kw={"rows": 4})
    explanation = TextAreaField("說明", description="每行一項；填好後空白的行不印", render_kw={"rows": 12})
    basis = TextAreaField("法令依據", render_kw={"rows": 2})
    remedy = TextAreaField("救濟教示", description="行政處分必填：須寫明期間、經由機關與受理訴願機關", render_kw={"rows": 5})
    note = StringField("備註")

    def wording(self) -> Wording:
        d = self.data
        return Wording(d["title"] or "", d["subject"] or "", d["explanation"] or "", d["basis"] or "", d["remedy"] or "")


class NoticeTemplateView(ReferenceView):
    """A county's own editions; what it did not write is the delivered wording."""

    datamodel = ViewInterface(NoticeTemplate)
    route_base = "/notice_templates"
    record_name = _l("Notice template")
    lifecycle = TEMPLATE
    base_order = ("id", "desc")
    list_template = "notices/templates.html"
    show_template = "notices/template.html"
    list_columns = ["kind", "benefit", "edition", "title", "effective_from", "state"]
    order_columns = ["effective_from", "edition", "state"]
    search_columns = ["kind", "benefit", "state"]
    show_fieldsets = [(_l("Notice template"), {"fields": ["kind", "benefit", "edition", "state", "effective_from", "title", "note"]})]
    move_commands = {"approve": templates.approve_template, "discard": templates.discard_template, "withdraw": templates.withdraw_template}
    formatters_columns = {"benefit": lambda code: BenefitNames(db.session())[code] if code else "全部給付"}
    default_roles = {
        "can_list": (*roles.COUNTY, roles.AUDITOR),
        "can_show": (*roles.COUNTY, roles.AUDITOR),
        "can_export": (*roles.COUNTY, roles.AUDITOR),
        "can_write": roles.COUNTY,
    }
    list_hint = "縣府沒有另寫的種類使用系統預設用語。改過的內容成為新版，由另一位同仁核可後從啟用日起使用；已發文的通知書不受影響。"

    def record_title(self, item: NoticeTemplate) -> str:
        return str(item)

    def list_context(self) -> dict[str, Any]:
        county = web.signed_in().scope.county_code or ""
        used = {kind: in_force(db.session(), county, kind, "", clock.today()) for kind in KINDS}
        return {
            "in_use": [(kind, KINDS[kind], w, url_for(f"{self.endpoint}.delivered", kind=kind)) for kind, w in used.items()],
            "write_url": url_for(f"{self.endpoint}.write") if self.permits("write") else "",
        }

    def show_context(self, item: NoticeTemplate) -> dict[str, Any]:
        letter, problem = self._sample(item.kind, item.benefit, wording_of(item))
        return {
            "parts": [(PARTS[name], text) for name, text in wording_of(item).parts.items()],
            "letter": letter,
            "problem": problem,
            "write_url": url_for(f"{self.endpoint}.write", pk=item.id) if self.permits("write") else "",
            "pdf_url": url_for(f"{self.endpoint}.sample", pk=item.id),
        }

    @expose("/delivered/<kind>")
    @has_access
    @permission_name("show")
    def delivered(self, kind: str) -> ResponseReturnValue:
        """The delivered wording of a kind, as it is and filled in."""
        if kind not in KINDS:
            return redirect(url_for(f"{self.endpoint}.list"))
        used = delivered()[kind]
        letter, problem = self._sample(kind, "", used)
        return self.render_template(
            "notices/delivered.html", title=f"系統預設用語：{KINDS[kind]}", parts=[(PARTS[n], t) for n, t in used.parts.items()], letter=letter, problem=problem,
            write_url=url_for(f"{self.endpoint}.write", kind=kind) if self.permits("write") else "", back=url_for(f"{self.endpoint}.list"),
        )  # fmt: skip

    def _sample(self, kind: str, benefit: str, used: Wording) -> tuple[Any, str]:
        """The wording filled in for an invented person: (letter, "") or (None, why not)."""
        scope = web.signed_in().scope
        county = db.session.scalars(select(NoticeSender).where(NoticeSender.town_code == (scope.county_code or ""))).one_or_none()
        sender = county or NoticeSender(
            agency="範例縣政府", head_title="縣長", head_name="○○○", word="範例字", address="範例縣範例市範例路1號", unit="社會處", phone="00-0000000"
        )
        of = benefit or (issue.LOW_INCOME if kind == "certificate" else "disability_living_allowance")
        known = {
            **fields.invented(benefit_row(db.session(), of)), **fields.remedy_values(of, kind in issue.BY_TOWNSHIP, "範例縣", clock.today()),
            "發文日期": "115年11月21日", "發文字號": "範例字第1150000001號", "機關": sender.agency,
        }  # fmt: skip
        try:
            return issue.filled(used, kind, known, sender), ""
        except (Refused, ValueError) as error:
            return None, str(error)

    @expose("/sample/<pk>", methods=["POST"])
    @has_access
    @permission_name("show")
    def sample(self, pk: str) -> ResponseReturnValue:
        """The template printed for an invented person, marked 預覽."""
        item = self.item(pk)
        letter, problem = self._sample(item.kind, item.benefit, wording_of(item))
        try:
            if letter is None:
                raise Refused(problem, "E-NOTICE-FIELD")
            content = printing.print_letters([issue.marked(letter, "預覽")], clock.now())
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)
        return send_file(io.BytesIO(content), "application/pdf", as_attachment=True, download_name=f"預覽_{KINDS[item.kind]}.pdf")

    @expose("/write", methods=["GET", "POST"])
    @expose("/write/<int:pk>", methods=["GET", "POST"])
    @has_access
    def write(self, pk: int | None = None) -> ResponseReturnValue:
        """A new edition, from the one given or from the delivered wording."""
        item = self.item(pk) if pk is not None else None
        kind = item.kind if item else request.args.get("kind", "granted")
        kind = kind if kind in KINDS else "granted"
        start = wording_of(item) if item else delivered()[kind]
        given = {"kind": kind, "benefit": item.benefit if item else "", "title": start.title, "effective_from": clock.today(), **start.parts}
        if item is not None and item.state == DRAFT:
            given |= {"effective_from": item.effective_from, "note": item.note}
        form = TemplateForm(request.form if request.method == "POST" else None, data=given)
        form.benefit.choices = [("", "全部給付"), *((code, name) for code, name in BenefitNames(db.session()).items())]
        problems: list[str] = []
        letter = None
        if request.method == "POST" and form.validate():
            wrong = templates.faults(form.kind.data, form.benefit.data, form.wording())
            if "look" in request.form and not wrong:
                letter, said = self._sample(form.kind.data, form.benefit.data, form.wording())
                problems = [said] if said else []
            elif wrong:
                problems = wrong
            else:
                try:
                    number = templates.save_template(
                        web.signed_in(), form.kind.data, form.benefit.data, form.effective_from.data, form.wording(), form.note.data or "", pk,
                        seen_version=locking.seen_version(request.form),
                    )  # fmt: skip
                    flash("已存成草稿；請另一位同仁核可後啟用。", "success")
                    return redirect(url_for(f"{self.endpoint}.show", pk=number), 303)
                except CommandError as error:
                    problems = [error.message]
        page = self.render_template(
            "notices/template_form.html", title="撰寫通知書範本", form=form, problems=problems, letter=letter, item=item,
            names=[(KINDS[k], sorted(fields.fields_of(k))) for k in KINDS], back=url_for(f"{self.endpoint}.list"),
        )  # fmt: skip
        return page, 422 if problems or form.errors else 200


class NoticeSenderView(ReferenceView):
    """Who sends: the office's name, head, address, the word before its numbers."""

    datamodel = ViewInterface(NoticeSender)
    route_base = "/notice_senders"
    record_name = _l("Notice sender")
    list_columns = ["agency", "head_title", "head_name", "word", "unit", "phone"]
    search_columns = ["agency"]
    show_columns = ["agency", "head_title", "head_name", "word", "address", "unit", "phone"]
    add_columns = ["agency", "head_title", "head_name", "word", "address", "unit", "phone"]
    edit_columns = ["agency", "head_title", "head_name", "word", "address", "unit", "phone"]
    add_form_extra_fields = {"town": SelectField("所屬", choices=lambda: _offices())}
    description_columns = {
        "word": "機關自取文號時的字，例如 府社救字；核定處分沿用處分書文號",
        "unit": "例如 社會處社會救助科",
        "phone": "含分機",
    }
    add_command = senders.add_sender
    edit_command = senders.change_sender
    default_roles = {
        "can_list": roles.CASEWORKERS,
        "can_show": roles.CASEWORKERS,
        "can_add": roles.SUPERVISORS,
        "can_edit": roles.SUPERVISORS,
    }
    list_hint = "印在通知書的機關、首長與聯絡方式；沒有登錄的機關不能發文。首長更替時在這裡修改，已發文的通知書不受影響。"

    def add_values(self, form: Any) -> dict[str, Any]:
        values = super().add_values(form)
        values["town_code"] = values.pop("town", "") or None
        return values


def _offices() -> list[tuple[str, str]]:
    """One's own office; for the county also its townships."""
    scope = web.signed_in().scope
    if scope.level == "township":
        return [("", "本公所")]
    towns = sorted((code, name) for code, name in place_names(Township).items() if code.startswith(scope.county_code or "-"))
    return [("", "縣府"), *towns]


def register(appbuilder: Any) -> None:
    menu = {"category": "Notices", "category_label": _l("Notices"), "category_icon": "fa-envelope"}
    appbuilder.add_view(NoticeTemplateView, "Notice templates", label=_l("Notice templates"), icon="fa-file-text-o", **menu)
    appbuilder.add_view(NoticeSenderView, "Notice senders", label=_l("Notice senders"), icon="fa-university", **menu)
