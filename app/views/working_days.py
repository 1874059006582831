"""The holiday calendar on screen: a year's days off, whether the year is confirmed, and the county's corrections with their reasons."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l

from app.commands import working_days
from app.commands.base import CommandError, Refused
from app.core import clock, roc
from app.extensions import db
from app.security import web
from app.security.roles import CASEWORKERS, COUNTY

from .base import PageView, name_events

ORDER = 71
KINDS = {"off": "放假", "worked": "上班"}


class WorkingDaysView(PageView):
    """One year of the calendar that the statutory clocks are reckoned with."""

    route_base = "/working-days"
    title = _l("Holiday calendar")
    default_roles = {"can_index": CASEWORKERS, "can_settings": COUNTY}

    @expose("/")
    @has_access
    def index(self) -> str:
        return self._page()

    @expose("/settings", methods=["POST"])
    @has_access
    def settings(self) -> ResponseReturnValue:
        """Correct a day, take a correction back, or confirm the year."""
        who, form = web.signed_in(), request.form
        year = _year(form.get("year", ""))
        try:
            if form.get("what") == "confirm":
                working_days.confirm_year(who, year, form.get("source", ""))
                flash(f"已確認民國 {year - roc.EPOCH} 年的行事曆，期限已重新計算。", "success")
            else:
                try:
                    day = roc.parse_date(form.get("day", ""))
                except roc.RocError:
                    raise Refused("日期請填民國年月日，例如 115/07/10", "E-DATE") from None
                if form.get("what") == "drop":
                    working_days.drop_day(who, day)
                else:
                    working_days.set_day(who, day, form.get("kind", ""), form.get("name", ""), form.get("reason", ""))
                year = day.year
                flash("行事曆已更正，期限已重新計算。", "success")
            return redirect(url_for("WorkingDaysView.index", year=year - roc.EPOCH), 303)
        except CommandError as error:
            return self._page(error.message, year), error.status

    def _page(self, problem: str = "", year: int | None = None) -> str:
        who = web.signed_in()
        year = year or _year(request.args.get("year", ""))
        own = who.scope.county_code
        this = clock.today().year
        return self.page(
            "working_days/index.html", year=year, years=range(this - 2, this + 3), epoch=roc.EPOCH, kinds=KINDS, problem=problem,
            days=working_days.days_of(db.session(), own, year), confirmed=working_days.confirmation(db.session(), own, year),
            may_correct=own is not None and self.may("settings"), weekdays="一二三四五六日", typed=request.form if problem else {},
        )  # fmt: skip

    def may(self, method: str) -> bool:
        return bool(self.appbuilder.sm.has_access(f"can_{method}", self.class_permission_name))


def _year(text: str) -> int:
    """A year (AD) from what stands in the URL or the form (ROC); this year when it is no year."""
    this = clock.today().year
    number = int(text) + roc.EPOCH if text.isdecimal() and len(text) <= 3 else this
    return number if working_days.FIRST_YEAR <= number <= this + 2 else this


def register(appbuilder: Any) -> None:
    name_events(
        {
            "working_days.set": _l("Holiday calendar corrected"),
            "working_days.dropped": _l("Correction of the calendar taken back"),
            "working_days.confirmed": _l("Holiday calendar confirmed"),
        }
    )
    appbuilder.add_view(
        WorkingDaysView, "Holiday calendar", label=_l("Holiday calendar"), icon="fa-calendar", category="Rules", category_label=_l("Rules and settings")
    )
