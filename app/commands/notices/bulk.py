"""Many notices in the background: every decision that waits, issued and printed as one file for the person who asked."""

from app.commands.base import Context, command
from app.commands.jobs import enqueue
from app.security import roles

KIND = "notices_issue"


@command("notices.issue_all", roles=roles.COUNTY)
def issue_all(ctx: Context, benefit: str = "") -> int:
    """Queue the notices of all decisions that wait (of one benefit); the number of the run."""
    job = enqueue(ctx, KIND, {"benefit": benefit, "asked_at": ctx.now.isoformat()}, scope=f"{ctx.actor.user_id} {benefit}".strip())
    ctx.audit("notice.issue_all", job, benefit=benefit)
    return job.id
