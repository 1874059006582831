"""The health page: what the nightly verification found, every invariant with its result, and since when it stands."""

import datetime as dt
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import clock
from app.extensions import db
from app.models.job import DONE, FAILED, Job
from app.security import roles, web

from .base import PageView, show_moment
from .home import tile

ORDER = 91
KIND = "verify"
OLD = dt.timedelta(hours=36)
"""A verification that is older than a night and a morning is no longer an answer."""
READERS = (roles.ACCOUNTANT, roles.COUNTY_SUPERVISOR, roles.MINISTRY_OFFICER, roles.AUDITOR, roles.ADMINISTRATOR)


def latest() -> Job | None:
    """The newest run that looked at everything."""
    ended = select(Job).where(Job.kind == KIND, Job.state.in_((DONE, FAILED)), Job.finished_at.is_not(None)).order_by(Job.id.desc()).limit(10)
    return next((job for job in db.session.scalars(ended) if job.checkpoint.get("checks")), None)


class HealthView(PageView):
    """Sentences name registers and rows by number, never people."""

    route_base = "/health_check"
    title = _l("Health of the data")
    default_roles = {"can_index": READERS}

    @expose("/")
    @has_access
    def index(self) -> ResponseReturnValue:
        """Every check of the latest verification, what does not hold first."""
        job = latest()
        checks = job.checkpoint["checks"] if job else []
        age = clock.now() - job.finished_at if job and job.finished_at else None
        return self.page(
            "jobs/health.html", checks=sorted(checks, key=lambda c: (not c[2], c[1])), job=job, broken=sum(bool(c[2]) for c in checks),
            at=show_moment(job.finished_at) if job and job.finished_at else "", old=age is not None and age > OLD,
            start_url=url_for("JobGridView.start", kind=KIND) if web.signed_in().can("jobs.start") else "",
        )  # fmt: skip


def register(appbuilder: Any) -> None:
    appbuilder.add_view(HealthView, "Health of the data", label=_l("Health of the data"), icon="fa-heartbeat", category="Jobs", category_label=_l("Jobs"))

    def broken() -> int | None:
        job = latest()
        return sum(bool(c[2]) for c in job.checkpoint["checks"]) if job else None

    tile(_l("Checks that do not hold"), broken, lambda: url_for("HealthView.index"), roles=READERS, permission=("can_index", "HealthView"), order=95, tone="bad")  # fmt: skip
