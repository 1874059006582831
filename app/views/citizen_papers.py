"""Payment notices of a register, for everybody in it or one township at a time, as one PDF."""

import io
from typing import Any

from flask import flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.commands import citizen_papers, printing
from app.commands.base import CommandError
from app.commands.benefit_rows import benefit_row
from app.core.text import row_number
from app.extensions import db
from app.models.office import Township
from app.models.payment import PaymentLine
from app.models.payment_run import PaymentRun
from app.security import roles, web

from .base import PageView
from .base_layout import place_names

ORDER = 47
RUNS = 24


class PaymentNoticesView(PageView):
    """The latest registers that left, each with its townships."""

    route_base = "/payment_notices"
    title = _l("Payment notices")
    default_roles = {"can_index": roles.CASEWORKERS, "can_print": roles.CASEWORKERS}

    @expose("/")
    @has_access
    def index(self) -> ResponseReturnValue:
        """One row a register, one button a township."""
        session = db.session()
        counted = (
            select(PaymentLine.run_id, PaymentLine.town_code, func.count())
            .where(PaymentLine.status.in_(citizen_papers.SENT), PaymentLine.channel != "institution")
            .group_by(PaymentLine.run_id, PaymentLine.town_code)
        )
        latest = session.scalars(
            select(PaymentLine.run_id).where(PaymentLine.status.in_(citizen_papers.SENT)).distinct().order_by(PaymentLine.run_id.desc()).limit(RUNS)
        ).all()
        towns: dict[int, list[tuple[str, int]]] = {}
        for run_id, town, count in session.execute(counted.where(PaymentLine.run_id.in_(latest))):
            towns.setdefault(run_id, []).append((town, count))
        runs = citizen_papers.registers(session, list(towns))
        return self.page(
            "payments/notices.html", names=place_names(Township), many=citizen_papers.MANY,
            runs=[(r, benefit_row(session, r.benefit).name, sorted(towns[r.id])) for r in runs],
        )  # fmt: skip

    @expose("/print", methods=["POST"])
    @has_access
    def print(self) -> ResponseReturnValue:
        """The notices as one PDF; logged."""
        run_id, town = row_number(request.form.get("run", "")) or 0, request.form.get("town", "")
        try:
            letters, made_at = citizen_papers.notices(web.signed_in(), run_id, town)
            content = printing.print_letters(letters, made_at)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.index"), 303)
        web.log_access("print", (PaymentRun.__tablename__, str(run_id)), "撥款作業：列印發放通知", rows=len(letters))
        return send_file(io.BytesIO(content), "application/pdf", as_attachment=True, download_name="發放通知.pdf")


def register(appbuilder: Any) -> None:
    appbuilder.add_view(PaymentNoticesView, "Payment notices", label=_l("Payment notices"), icon="fa-envelope-o", category="Payments", category_label=_l("Payments"))
