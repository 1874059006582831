"""Deliveries: what became of a file, its returned rows, taking it back; and the published specification."""

import io
from pathlib import Path
from typing import Any

from flask import abort, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.commands import deliveries
from app.commands.deliveries import SENDERS
from app.core import roc
from app.exchange import codes, sample
from app.exchange.layouts import FORM_WORDING, Field, Layout, every_layout, layout
from app.exchange.messages import CATALOGUE
from app.models.exchange import ACCEPTED, NIL, REJECTED, SOURCES, SUPERSEDED, UNDONE, Batch, BatchError
from app.security import web
from app.security.roles import ADMINISTRATOR, ALL

from .base import MoveButton, PageView, ReferenceView, ViewInterface, describe, name_events
from .home import tile

ORDER = 41
READERS = (*SENDERS, ADMINISTRATOR)
STYLES = {ACCEPTED: "good", REJECTED: "bad", SUPERSEDED: "neutral", NIL: "info", UNDONE: "neutral"}
LEVEL_STYLES = {"file": "bad", "row": "bad", "notice": "warn"}
LEVELS = {"file": "整個檔案退回", "row": "該列退回", "notice": "收下並提醒"}


def _undo(who: Any, key: Any, comment: str = "", seen_version: int | None = None) -> None:
    deliveries.undo(who, int(key), comment)


class BatchView(ReferenceView):
    """One delivery and what was found in it."""

    datamodel = ViewInterface(Batch)
    route_base = "/batches"
    record_name = _l("Delivery")
    base_order = ("id", "desc")
    show_template = "exchange/batch.html"
    list_columns = ["id", "source", "kind", "county_code", "month", "state", "rows", "noticed", "rejected", "received_at"]
    search_columns = ["source", "kind", "county_code", "month", "state", "received_at"]
    show_fieldsets = [
        (
            _l("Delivery"),
            {"fields": ["source", "kind", "county_code", "month", "mode", "state", "supersedes_id", "received_at", "received_by", "reason"]},
        ),
        (_l("Rows in the file"), {"fields": ["rows", "accepted", "noticed", "rejected", "sum_amount", "snapshot_rows"]}),
        (_l("File"), {"fields": ["file_name", "carrier", "encoding", "mapping", "file_sha256", "content_sha256"]}),
    ]
    move_commands = {"undo": _undo}
    default_roles = {"can_list": READERS, "can_show": READERS, "can_export": READERS, "can_errors": SENDERS}
    list_hint = "每一批收下的資料都封存，不會更改；更正時以「補正」或「全檔取代」送件，原來的批次保留並標示已被取代。"

    def record_title(self, item: Batch) -> str:
        return f"第 {item.id} 批　{what_of(item)}"

    def moves(self, item: Batch) -> list[MoveButton]:
        who = web.actor()
        if who is None or item.state not in (ACCEPTED, NIL) or not who.can("exchange.undo"):
            return []
        return [MoveButton("undo", _l("Take the delivery back"), "danger", needs_comment=True)]

    def show_context(self, item: Batch) -> dict[str, Any]:
        errors = url_for(f"{self.endpoint}.errors", pk=item.id) if item.error_path and self.permits("errors") else ""
        may_send = web.signed_in().can("exchange.import")
        again: dict[str, Any] = {
            "source": item.source,
            "county": item.county_code,
            "month": roc.month5(item.month) if item.month is not None else "",
            "kind": item.kind,
        }
        return {
            "levels": LEVELS,
            "level_styles": LEVEL_STYLES,
            "errors_url": errors,
            "correct_url": url_for("UploadView.index", mode="supplement", **again)
            if may_send and item.state == ACCEPTED and item.rejected
            else "",
            "again_url": url_for("UploadView.index", **again) if may_send and item.state == REJECTED else "",
        }

    @expose("/errors/<pk>")
    @has_access
    def errors(self, pk: str) -> ResponseReturnValue:
        """The rejected rows as the uploader wrote them, with what to do (personal data: the download is logged)."""
        item = self.item(pk)
        path = deliveries.home() / item.error_path if item.error_path else None
        if path is None or not path.is_file():
            abort(404)
        web.log_access("export", (Batch.__tablename__, str(item.id)), "退回列更正", rows=item.rejected)
        stem = Path(item.file_name).stem or f"{item.id}"
        return send_file(path, as_attachment=True, download_name=f"{stem}_錯誤{path.suffix}")


def what_of(item: Batch) -> str:
    """What a delivery is of, in words."""
    parts = [
        codes.COUNTIES.get(item.county_code, ""),
        roc.show_month(item.month),
        codes.KINDS.get(item.kind or "", str(SOURCES[item.source])),
    ]
    return "　".join(part for part in parts if part)


class SpecificationView(PageView):
    """What files look like: made from the same declarations that read and check them."""

    route_base = "/specification"
    title = _l("File specification")
    default_roles = {"can_index": ALL, "can_record": ALL, "can_sample": ALL}

    @expose("/")
    @has_access
    def index(self) -> ResponseReturnValue:
        return self.page(
            "exchange/specification.html", layouts=list(every_layout()), catalogue=CATALOGUE.values(), levels=LEVELS, styles=LEVEL_STYLES
        )

    @expose("/<source>/<kind>")
    @has_access
    def record(self, source: str, kind: str) -> ResponseReturnValue:
        found = _layout(source, kind)
        return self.page(
            "exchange/record.html", title=found.label, layout=found, kind=kind, wording=FORM_WORDING, required=required_wording
        )

    @expose("/<source>/<kind>/sample.csv")
    @has_access
    def sample(self, source: str, kind: str) -> ResponseReturnValue:
        """A file of invented rows that would be taken in as it is."""
        found = _layout(source, kind)
        data = io.BytesIO(sample.sample_csv(found))
        return send_file(data, mimetype="text/csv", as_attachment=True, download_name=f"範例_{found.label}.csv")

    @expose("/<source>/<kind>/bad.csv")
    @has_access
    @permission_name("sample")
    def bad_sample(self, source: str, kind: str) -> ResponseReturnValue:
        """A file of invented rows with the usual mistakes, to see how they come back."""
        found = _layout(source, kind)
        data = io.BytesIO(sample.bad_csv(found))
        return send_file(data, mimetype="text/csv", as_attachment=True, download_name=f"錯誤範例_{found.label}.csv")


def _layout(source: str, kind: str) -> Layout:
    try:
        return layout(source, kind if source == "roster" else None)
    except KeyError:
        abort(404)


def required_wording(field: Field, kind: str | None) -> str:
    """必填 or empty."""
    return "必填" if field.is_required(kind) else ""


def _to_correct() -> Any:
    return select(Batch.id).where(Batch.state == ACCEPTED, Batch.rejected > 0)


def register(appbuilder: Any) -> None:
    describe(Batch.state, styles=STYLES)
    describe(Batch.county_code, choices=codes.COUNTIES)
    describe(Batch.kind, choices=codes.KINDS)
    describe(Batch.carrier, choices={name: name.upper() for name in ("csv", "txt", "xlsx", "ods", "xls", "zip")} | {"fixed": _l("Fixed width")})
    describe(BatchError.level, styles=LEVEL_STYLES)
    name_events(
        {
            "exchange.received": _l("Received"),
            "exchange.refused": _l("File refused"),
            "exchange.duplicate": _l("Sent again with the same content"),
            "exchange.superseded": _l("Superseded by a later delivery"),
            "exchange.nil": _l("Declared as nothing to report"),
            "exchange.undone": _l("Taken back"),
        }
    )
    category = {"category": "Exchange", "category_label": _l("Data exchange"), "category_icon": "fa-exchange"}
    appbuilder.add_view(BatchView, "Deliveries", label=_l("Deliveries"), icon="fa-inbox", **category)
    appbuilder.add_view(SpecificationView, "Specification", label=_l("File specification"), icon="fa-file-text-o", **category)
    tile(
        _l("Deliveries with rows to correct"),
        _to_correct,
        lambda: url_for("BatchView.list", _flt_0_state=ACCEPTED),
        roles=SENDERS,
        permission=("can_list", "BatchView"),
        tone="warn",
        order=45,
    )
