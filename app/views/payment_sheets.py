"""The register's work sheet: out to Excel, back with its differences shown, and applied."""

import io
from typing import Any

from flask import flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.commands import payment_sheets
from app.commands.base import CommandError
from app.commands.payments import MAKERS
from app.core.text import row_number
from app.exchange import confined
from app.extensions import db
from app.models.payment_run import PaymentRun
from app.security import roles, web

from .base import PageView, name_events

HANDLERS = (roles.ACCOUNTANT, *MAKERS)


class PaymentSheetView(PageView):
    """One register's sheet."""

    route_base = "/payment_sheets"
    title = _l("Work sheet")
    default_roles = {"can_index": HANDLERS, "can_download": HANDLERS, "can_apply": HANDLERS}

    def _run(self, pk: int) -> PaymentRun:
        return db.first_or_404(select(PaymentRun).where(PaymentRun.id == pk))

    @expose("/<int:pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("index")
    def index(self, pk: int) -> ResponseReturnValue:
        """Choose a sheet; what it would change."""
        run, problem, found, sha256 = self._run(pk), "", None, ""
        upload = request.files.get("file")
        if request.method == "POST":
            try:
                if upload is None or not upload.filename:
                    raise CommandError("請選擇工作表", "E-PAY-SHEET")
                content = upload.read()
                found = payment_sheets.look(web.signed_in(), pk, content, confined.rows_confined)
                sha256 = payment_sheets.keep(run.run_no, content)
            except CommandError as error:
                problem = error.message
        page = self.page("payments/sheet.html", f"工作表　{run.run_no}", run=run, problem=problem, found=found, sha256=sha256, open=run.state in payment_sheets.BACK)
        return (page, 422) if problem else page

    @expose("/<int:pk>/xlsx", methods=["POST"])
    @has_access
    @permission_name("download")
    def download(self, pk: int) -> ResponseReturnValue:
        """The work sheet; logged."""
        try:
            content, name, count = payment_sheets.write(web.signed_in(), self._run(pk).id)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.index", pk=pk), 303)
        web.log_access("export", (PaymentRun.__tablename__, str(pk)), "撥款作業：下載工作表", rows=count)
        return send_file(io.BytesIO(content), as_attachment=True, download_name=name)

    @expose("/<int:pk>/apply", methods=["POST"])
    @has_access
    @permission_name("apply")
    def apply(self, pk: int) -> ResponseReturnValue:
        """Apply the sheet whose changes were shown."""
        run = self._run(pk)
        try:
            content = payment_sheets.kept(run.run_no, request.form.get("sha256", ""))
            found = payment_sheets.apply(web.signed_in(), pk, content, row_number(request.form.get("_seen_version", "")), confined.rows_confined)
            flash(f"已登錄 {len(found.changes)} 筆更改。", "success")
            return redirect(url_for("PaymentRunView.show", pk=pk), 303)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.index", pk=pk), 303)


def register(appbuilder: Any) -> None:
    name_events({"payment_run.sheet": _l("Work sheet taken in")})
    appbuilder.add_view_no_menu(PaymentSheetView)
