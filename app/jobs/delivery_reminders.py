"""On working mornings: remind the counties by e-mail of the files they still owe and the doubts they have not answered. Without a mail server the console's tiles do it alone."""

import smtplib
from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from app.commands import doubt_clock, reminders
from app.core import clock, roc
from app.security import scope

from . import JobContext, job


@job("delivery_reminders", label=_l("Reminders of files to deliver"), schedule="30 8 * * 1-5")
def run(ctx: JobContext) -> Iterator[None]:
    """County by county; one reminded already is not reminded again when the run is repeated. A server that refuses does not stop the others."""
    if not reminders.configured():
        ctx.log("沒有設定郵件伺服器（SMTP_HOST），只在首頁提醒", "info")
        ctx.result = {"寄出": 0}
        yield
        return
    with ctx.read() as session, scope.use(scope.SYSTEM):
        owed = reminders.due_messages(session, roc.month_of(clock.today()) - 1)
        doubts = doubt_clock.waiting(session)
        people = {county: reminders.recipients(session, county) for county in owed.keys() | doubts.keys()}
    done: list[str] = ctx.checkpoint.setdefault("counties", [])
    for county in sorted(people):
        if county in done:
            continue
        if people[county]:
            try:
                reminders.send(reminders.written(county, owed.get(county, ()), doubts.get(county, (0, 0))), people[county])
            except (OSError, smtplib.SMTPException) as error:
                ctx.log(f"{county} 沒有寄出：{type(error).__name__}", "warning")
        else:
            ctx.log(f"{county} 沒有可寄的信箱", "warning")
        done.append(county)
        ctx.progress(len(done), len(people))
        yield
    ctx.result = {"寄出": len(done)}
    yield
