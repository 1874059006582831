"""托育養護補助: the county's finding of the rate where the law's two measures (joined by 「或」) contradict each other."""

from app.commands.base import Context, Refused, command
from app.core import clock
from app.models.disability_care_subsidy import RATES, CareApplication
from app.rules.disability_care_subsidy import in_conflict
from app.security.roles import COUNTY_OFFICER

from .intake import touch
from .judge import assess


@command("care.rate", roles=(COUNTY_OFFICER,))
def decide_rate(ctx: Context, application_id: int, rate: int | None, reason: str, seen_version: int | None = None) -> None:
    """Record the rate (percent; 0 = no subsidy) with its reason; the supervisor approves it with the case. Raises Refused, Conflict."""
    application = ctx.get(CareApplication, application_id, lock=True)
    ctx.check_version(application, seen_version)
    if application.state not in ("forwarded", "second_reviewed"):
        raise Refused("案件在縣府複審或待核定時才能認定補助比例", "E-MOVE")
    if rate not in RATES:
        raise Refused(f"補助比例應為條文所列之一：{'、'.join(str(r) for r in RATES)}（不予補助填 0）", "E-CARE-RATE")
    if not reason.strip():
        raise Refused("請填寫認定的理由與依據", "E-COMMENT")
    judged = assess(ctx.session, application, clock.today())
    if judged is None or not in_conflict(judged):
        raise Refused("本案兩項基準沒有牴觸，補助比例依條文計算，不必認定", "E-CARE-RATE")
    application.decided_rate, application.rate_reason, application.rate_decided_by_id = rate, reason.strip()[:200], ctx.actor.user_id
    ctx.session.flush()
    assess(ctx.session, application, clock.today())
    touch(ctx, application)
    ctx.audit("application.rate", application, rate=rate, reason=application.rate_reason)
