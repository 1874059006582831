"""Mappings of files of other shapes: written line by line, tested on a sample, put to use; old versions stay to be read."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l

from app.commands import mappings
from app.commands.base import CommandError, Refused
from app.commands.deliveries import SENDERS
from app.core.text import row_number
from app.exchange import codes
from app.exchange.internal import INTERNAL, READABLE
from app.models.exchange import SOURCES
from app.models.mapping import DRAFT, IN_USE, RETIRED, ExchangeMapping
from app.security import web

from .base import MoveButton, ReferenceView, ViewInterface, describe

ORDER = 43
KNOWN = SOURCES | {source: layout.label for source, layout in INTERNAL.items()}
STYLES = {DRAFT: "warn", IN_USE: "good", RETIRED: "neutral"}


def _use(who: Any, key: Any, comment: str = "", seen_version: int | None = None) -> None:
    mappings.use_mapping(who, int(key))


class MappingView(ReferenceView):
    """The versions, and what each says."""

    datamodel = ViewInterface(ExchangeMapping)
    route_base = "/mappings"
    record_name = _l("Mapping")
    base_order = ("id", "desc")
    list_columns = ["name", "source", "version", "state", "tested_at", "tested_rows", "tested_accepted", "used_at"]
    search_columns = ["name", "source", "state"]
    show_template = "exchange/mapping.html"
    list_template = "exchange/mappings.html"
    show_fieldsets = [(_l("Mapping"), {"fields": ["name", "source", "version", "state", "tested_at", "tested_rows", "tested_accepted", "used_at", "note"]})]
    move_commands = {"use": _use}
    default_roles = {"can_list": SENDERS, "can_show": SENDERS, "can_export": SENDERS, "can_write": SENDERS}
    list_hint = "檔案的欄名或形狀與規格不同時，用格式對照讀成規格的欄位。改過的內容成為新版，用樣本測試過才能啟用。"

    def record_title(self, item: ExchangeMapping) -> str:
        return str(item)

    def moves(self, item: ExchangeMapping) -> list[MoveButton]:
        who = web.actor()
        if who is None or item.state != DRAFT or not item.tested_accepted or not who.can("exchange.mapping"):
            return []
        return [MoveButton("use", _l("Put to use"), "primary")]

    def show_context(self, item: ExchangeMapping) -> dict[str, Any]:
        return {"parts": [(part, mappings.lines_of(item.body, part)) for part in mappings.WRITTEN], "labels": PARTS, "body": item.body, "kinds": codes.KINDS}

    @expose("/write", methods=["GET", "POST"])
    @expose("/write/<int:pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("write")
    def write(self, pk: int | None = None) -> ResponseReturnValue:
        """A new mapping, or a new version of one."""
        item = self.item(pk) if pk is not None else None
        typed: dict[str, Any] = {"source": item.source, "name": item.name, "note": item.note, **item.body} if item is not None else {}
        lines = {part: mappings.lines_of(typed, part) for part in mappings.WRITTEN}
        problem = ""
        if request.method == "POST":
            typed, lines = dict(request.form), {part: request.form.get(part, "") for part in mappings.WRITTEN}
            try:
                body: dict[str, Any] = {part: mappings.parsed(part, text) for part, text in lines.items()}
                length = typed.get("record_length", "").strip()
                if length and row_number(length) is None:
                    raise Refused("每列長度請填整數（位元組）", "E-MAP-LENGTH")
                body |= {"carrier": typed.get("carrier", ""), "encoding": typed.get("encoding", ""), "record_length": int(length or 0)}
                number = mappings.save_mapping(web.signed_in(), typed.get("source", ""), typed.get("name", ""), body, typed.get("note", ""))
                flash("已存成草稿；請上傳樣本檔測試後啟用。", "success")
                return redirect(url_for("MappingView.show", pk=number), 303)
            except CommandError as error:
                problem = error.message
        page = self.render_template(
            "exchange/mapping_form.html", title=str(_l("Mapping")), typed=typed, lines=lines, problem=problem, written=mappings.WRITTEN,
            labels=PARTS, sources=KNOWN, layouts=READABLE, item=item,
        )  # fmt: skip
        return page, 422 if problem else 200

    @expose("/try/<int:pk>", methods=["POST"])
    @has_access
    @permission_name("write")
    def try_out(self, pk: int) -> ResponseReturnValue:
        """Read a sample with the mapping; nothing is taken in and the sample is not kept."""
        item = self.item(pk)
        try:
            file = request.files.get("file")
            if file is None or not file.filename:
                raise Refused("還沒有選擇樣本檔；請選擇檔案", "E-EXC-FILE")
            with TemporaryDirectory(prefix="swis-sample-") as folder:
                path = Path(folder) / f"sample{Path(file.filename).suffix.lower()[:8]}"
                file.save(path)
                found = mappings.test_mapping(web.signed_in(), item.id, path, request.form.get("kind") or None)
            tone = "success" if found["accepted"] == found["rows"] else "warning"
            flash(f"樣本 {found['rows']:,} 列，可收 {found['accepted']:,} 列，會退回 {found['rejected']:,} 列。", tone)
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for("MappingView.show", pk=pk), 303)


PARTS = {
    "columns": _l("Columns"),
    "positions": _l("Byte positions"),
    "codes": _l("Code translation"),
    "constants": _l("Fixed values"),
    "characters": _l("User-defined characters"),
}


def register(appbuilder: Any) -> None:
    describe(ExchangeMapping.state, styles=STYLES)
    describe(ExchangeMapping.source, choices=KNOWN)
    describe(ExchangeMapping.county_code, choices=codes.COUNTIES)
    appbuilder.add_view(
        MappingView, "Mappings", label=_l("Mappings"), icon="fa-columns", category="Exchange", category_label=_l("Data exchange")
    )
