"""Look an applicant's family up in the received household register, for the person who asked. The case itself is left alone."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from app.commands.casework import household_data
from app.models.household_download import STATES

from . import JobContext, job


@job(household_data.JOB, label=_l("Household data of an applicant"), permission="casework.save", by_hand=False, on_behalf=True)
def run(ctx: JobContext) -> Iterator[None]:
    """One chunk: the register is read, the lines are kept, a person decides."""
    found = household_data.look(ctx, ctx.args["application"])
    ctx.progress(1, 1)
    ctx.result = {"結果": str(STATES[found.state]), "差異": len(found.lines or [])}
    yield
