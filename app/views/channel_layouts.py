"""File layouts of the county's own banks and farmers' associations: written in a table, seen on a sample, put in force by a second person."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import Form, SelectField, StringField

from app.commands import channel_layouts as commands
from app.commands.base import CommandError
from app.commands.channel_layouts import ACTIVATORS, LAYOUT, WRITERS
from app.extensions import db
from app.models.channel_layout import IN_FORCE, ChannelLayout
from app.payments import own_layout
from app.payments.rare_names import OTHERWISE
from app.security import roles, web

from . import channel_layout_forms as forms
from . import locking
from .base import ReferenceView, ViewInterface, name_events
from .home import tile

ORDER = 45


class NameForm(Form):
    """A new layout."""

    name = StringField("格式名稱", description="例如「竹北市農會」；會印在檔名與遞送單上，訂定後不能改")
    template = SelectField("從哪一種格式開始")


class ChannelLayoutView(ReferenceView):
    """Versions of the county's own file layouts."""

    datamodel = ViewInterface(ChannelLayout)
    route_base = "/channel-layouts"
    record_name = _l("File format for transfers")
    base_order = ("id", "desc")
    list_columns = ["name", "number", "state", "effective_from", "effective_to", "activated_at", "note"]
    search_columns = ["name", "state", "effective_from"]
    list_template = "payments/layouts.html"
    show_template = "payments/layout.html"
    show_fieldsets = [(_l("File format for transfers"), {"fields": ["name", "number", "state", "effective_from", "effective_to", "activated_at", "note"]})]
    lifecycle = LAYOUT
    move_commands = {"propose": commands.propose, "activate": commands.activate, "send_back": commands.send_back}
    default_roles = {
        "can_list": roles.READERS,
        "can_show": roles.READERS,
        "can_export": roles.READERS,
        "can_write": WRITERS,
    }
    list_hint = "郵局與 ACH 以外，各銀行、農漁會要的檔案在這裡訂：欄位、寬度、首尾錄與難字寫法；由第二人啟用後，到「發放單位設定」勾選使用。"

    def list_context(self) -> dict[str, Any]:
        return {"may_write": self._writes()}

    def _writes(self) -> bool:
        who = web.signed_in()
        return who.can("channel_layouts.write") and who.scope.level == "county"

    def show_context(self, item: ChannelLayout) -> dict[str, Any]:
        layout = commands.layout_of(item)
        others = db.session.scalars(
            select(ChannelLayout).where(
                ChannelLayout.county_code == item.county_code, ChannelLayout.name == item.name, ChannelLayout.id != item.id
            ).order_by(ChannelLayout.number.desc())
        ).all()  # fmt: skip
        settled = all(v.state in IN_FORCE for v in (item, *others))
        return {
            "layout": layout,
            "page": forms.page_of(layout, item.effective_from, item.note),
            "against": commands.against_activation(db.session(), item) if item.state not in IN_FORCE else [],
            "sample": commands.sample_of(layout) if not own_layout.faults(layout) else None,
            "said_of": commands.said_of,
            "others": others,
            "may_edit": self._writes() and item.state == "draft",
            "may_copy": self._writes() and settled,
            **WORDS,
        }

    @expose("/new", methods=["GET", "POST"])
    @has_access
    @permission_name("write")
    def new(self) -> ResponseReturnValue:
        """Begin a layout from a delivered one."""
        form = NameForm(request.form if request.method == "POST" else None)
        form.template.choices = [(code, f"{t['name']}－{t['note']}") for code, t in commands.templates().items()]
        problem = ""
        if request.method == "POST" and form.validate():
            try:
                pk = commands.create(web.signed_in(), form.name.data or "", form.template.data)
                return redirect(url_for(f"{self.endpoint}.edit_version", pk=pk), 303)
            except CommandError as error:
                problem = error.message
        page = self.render_template(
            "payments/form.html", title="新增檔案格式", form=form, problem=problem, back=url_for(f"{self.endpoint}.list"), button="開始"
        )
        return (page, 422) if problem or form.errors else page

    @expose("/copy/<int:pk>", methods=["POST"])
    @has_access
    @permission_name("write")
    def copy(self, pk: int) -> ResponseReturnValue:
        """A new version, starting as a copy of the last one."""
        item = self.item(pk)
        try:
            made = commands.new_version(web.signed_in(), item.id)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)
        flash("已依這一版建立新版草稿，請填施行日期並修改內容。", "success")
        return redirect(url_for(f"{self.endpoint}.edit_version", pk=made), 303)

    @expose("/edit/<int:pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("write")
    def edit_version(self, pk: int) -> ResponseReturnValue:
        """Columns as rows of a table; saved as a draft even while something is wrong, which then stands at its field."""
        item = self.item(pk)
        if item.state != "draft":
            return redirect(url_for(f"{self.endpoint}.show", pk=pk))
        seen, go, problem, status, sample = item.version, request.form.get("go", ""), "", 200, None
        if request.method == "GET":
            page = forms.page_of(commands.layout_of(item), item.effective_from, item.note)
        else:
            page, seen = forms.page_posted(request.form), locking.seen_version(request.form)
            if go in ("save", "preview"):
                faults = own_layout.faults(page.layout) if page.readable() else None
                if faults is None:
                    status = 422
                elif go == "save":
                    try:
                        commands.save_draft(
                            web.signed_in(), pk, page.layout, page.head.effective_from.data, page.head.note.data or "", seen_version=seen
                        )
                        flash("草稿已儲存。" if not faults else f"草稿已儲存，還有 {len(faults)} 處要處理才能送請啟用。", "warning" if faults else "success")
                        if not faults:
                            return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)
                        seen = self.item(pk).version
                    except CommandError as error:
                        problem, status = error.message, 422
                elif not faults:
                    sample = commands.sample_of(page.layout)
                page.mark(faults or [])
        return self.render_template(
            "payments/layout_edit.html", title=f"{item}：欄位與寫法", item=item, page=page, problem=problem, sample=sample, said_of=commands.said_of,
            seen_version=seen, back=url_for(f"{self.endpoint}.show", pk=pk), fixed=page.head.carrier.data == "fixed", **WORDS,
        ), status  # fmt: skip


WORDS: dict[str, Any] = {
    "parts": own_layout.PARTS,
    "sources": own_layout.SOURCES,
    "line_only": own_layout.LINE_ONLY,
    "forms": own_layout.FORMS,
    "carriers": own_layout.CARRIERS,
    "encodings": own_layout.ENCODINGS,
    "line_ends": own_layout.LINE_ENDS,
    "delimiters": own_layout.DELIMITERS,
    "accounts": own_layout.COVERS,
    "otherwise": OTHERWISE,
}


def register(appbuilder: Any) -> None:
    name_events(
        {
            "channel_layout.drafted": _l("File format begun"),
            "channel_layout.saved": _l("Draft version saved"),
            "channel_layout.superseded": _l("Followed by a later version"),
        }
    )
    appbuilder.add_view(
        ChannelLayoutView, "File formats for transfers", label=_l("File formats for transfers"), icon="fa-table", category="Payments",
        category_label=_l("Payments"),
    )  # fmt: skip
    tile(
        _l("File formats to put in force"),
        lambda: select(ChannelLayout.id).where(ChannelLayout.state == "proposed"),
        lambda: url_for("ChannelLayoutView.list", _flt_0_state="proposed"),
        roles=ACTIVATORS,
        permission=("can_list", "ChannelLayoutView"),
        tone="warn",
        order=66,
    )
