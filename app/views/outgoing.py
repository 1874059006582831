"""Lists that leave every month by law: what is due when, making a list, handing it out, and its receipt."""

import io
from typing import Any

from flask import flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l

from app.commands import outgoing
from app.commands.base import CommandError
from app.core import clock, roc
from app.exchange import codes
from app.extensions import db
from app.models.outgoing import OutgoingFile
from app.security import web
from app.security.roles import AUDITOR, COUNTY

from .base import ReferenceView, ViewInterface, describe, name_events
from .home import tile

ORDER = 46


class OutgoingView(ReferenceView):
    """The files, and above them the calendar of what still has to leave."""

    datamodel = ViewInterface(OutgoingFile)
    route_base = "/outgoing"
    record_name = _l("Outgoing list")
    lifecycle = outgoing.OUTGOING
    base_order = ("id", "desc")
    list_template = "exchange/outgoing.html"
    show_template = "exchange/outgoing_file.html"
    list_columns = ["list_code", "month", "county_code", "seq", "rows", "due_on", "state", "made_at", "sent_at"]
    search_columns = ["list_code", "month", "county_code", "state", "due_on"]
    show_fieldsets = [
        (_l("Outgoing list"), {"fields": ["list_code", "month", "county_code", "seq", "rows", "due_on", "state", "receipt"]}),
        (_l("File"), {"fields": ["made_at", "made_by", "sent_at", "sha256"]}),
    ]
    progress = ((_l("List made, not sent"), ("made",)), (_l("List sent"), ("sent",)), (_l("Receipt recorded"), ("received", "returned")))
    stopped_states = ("returned",)
    move_commands = {"send": outgoing.send, "receipt": outgoing.receipt, "return": outgoing.returned}
    default_roles = {
        **dict.fromkeys(("can_list", "can_show", "can_export"), (*COUNTY, AUDITOR)),
        **dict.fromkeys(("can_make", "can_file"), COUNTY),
    }
    list_hint = "名冊由核定與異動資料產製；內容有變時再產製一次會另存新的一份，已送出的不會更改。期限依工作日行事曆計算。"

    def record_title(self, item: OutgoingFile) -> str:
        return f"{outgoing.lists()[item.list_code].label}　{roc.show_month(item.month)}"

    def list_context(self) -> dict[str, Any]:
        own = web.signed_in().scope.county_code
        months = outgoing.months_of(db.session(), own, clock.today()) if own else []
        return {
            "months": months[::-1], "lists": outgoing.lists(), "may_make": self.permits("make") and own is not None,
            "cells": {(o.wanted.code, o.month): o for o in outgoing.states(db.session(), own, months)} if own else {},
        }  # fmt: skip

    def show_context(self, item: OutgoingFile) -> dict[str, Any]:
        return {"wanted": outgoing.lists()[item.list_code], "may_open": self.permits("file")}

    @expose("/make", methods=["POST"])
    @has_access
    def make(self) -> ResponseReturnValue:
        """Write the list of a month."""
        try:
            month = roc.parse_month(request.form.get("month", ""))
            number = outgoing.make(web.signed_in(), request.form.get("list", ""), month)
        except (CommandError, roc.RocError) as error:
            flash(getattr(error, "message", None) or str(error), "danger")
            return redirect(url_for(f"{self.endpoint}.list"), 303)
        flash("名冊已產製，下載核對後送出，再按「已送出」。", "success")
        return redirect(url_for(f"{self.endpoint}.show", pk=number), 303)

    @expose("/file/<pk>", methods=["POST"])
    @has_access
    @permission_name("file")
    def file(self, pk: str) -> ResponseReturnValue:
        """The file as it was written; logged."""
        item = self.item(pk)
        try:
            content = outgoing.content_of(item)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)
        wanted = outgoing.lists()[item.list_code]
        web.log_access("export", (OutgoingFile.__tablename__, str(item.id)), f"{wanted.law}{wanted.article}：{wanted.label}", rows=item.rows)
        return send_file(io.BytesIO(content), "text/csv", as_attachment=True, download_name=outgoing.file_name(item))


def _owed() -> int:
    own = web.signed_in().scope.county_code
    return len(outgoing.owed(db.session(), own)) if own else 0


def register(appbuilder: Any) -> None:
    describe(OutgoingFile.list_code, choices={code: wanted.label for code, wanted in outgoing.lists().items()})
    describe(OutgoingFile.county_code, choices=codes.COUNTIES)
    name_events({"outgoing.made": _l("Outgoing list made")})
    appbuilder.add_view(
        OutgoingView, "Outgoing lists", label=_l("Outgoing lists"), icon="fa-paper-plane", category="Exchange", category_label=_l("Data exchange")
    )
    tile(
        _l("Lists to send to other agencies"), _owed, lambda: url_for("OutgoingView.list"), roles=COUNTY, permission=("can_list", "OutgoingView"),
        tone="warn", order=46, hint=_l("By the third working day of the month"),
    )  # fmt: skip
