"""Many notices in the background: every decision that waits, issued and printed as one file for the person who asked."""

from app.commands.base import Context, command
from app.commands.jobs import enqueue
from app.security import roles

KIND = "notices_issue"


@command("notices.issue_all", roles=roles.COUNTY)
def issue_all(ctx: Context, benefit: str = "", campaign_id: int | None = None) -> int:
    """Queue the notices of all decisions that wait (of one benefit, of one yearly review); the number of the run."""
    job = enqueue(ctx, KIND, {"benefit": benefit, "campaign": campaign_id, "asked_at": ctx.now.isoformat()},
                  scope=f"{ctx.actor.user_id} {benefit} {campaign_id or ''}".strip())  # fmt: skip
    ctx.audit("notice.issue_all", job, benefit=benefit)
    return job.id
