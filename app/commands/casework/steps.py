"""The lifecycles of an application, of a change and of a reported event, as data: who may move what from where to where."""

from flask_babel import lazy_gettext as _l

from app.commands.lifecycle import Lifecycle, Move
from app.models.application import STATES, Application
from app.models.case_task import TASK_STATES, CaseTask
from app.models.decision import CHANGE_STATES, Change

from . import deadlines

MOVES = (
    Move("submit", _l("Submit the application"), ("draft", "returned_to_township"), "submitted", "casework.submit", by="submitted_by_id", style="primary"),
    Move("request_correction", _l("Request correction"), ("submitted", "complete"), "returned_for_correction", "casework.correct", style="default"),
    Move("resubmit", _l("Corrected"), ("returned_for_correction",), "submitted", "casework.submit", by="submitted_by_id", style="primary"),
    Move("mark_complete", _l("Documents are complete"), ("submitted",), "complete", "casework.documents", style="primary"),
    Move(
        "first_review", _l("Preliminary review"), ("complete", "preliminary_reviewed"), "preliminary_reviewed", "casework.first_review",
        by="first_reviewed_by_id", differs_from=("submitted_by_id",), needs_comment=True, style="primary",
    ),
    Move(
        "forward", _l("Forward to the county"), ("preliminary_reviewed",), "forwarded", "casework.forward", style="primary",
        when=lambda case: "second_review" in case.STEPS,
    ),
    Move(
        "forward_to_decide", _l("Forward for the decision"), ("preliminary_reviewed",), "second_reviewed", "casework.forward", style="primary",
        when=lambda case: "second_review" not in case.STEPS,
    ),
    Move(
        "second_review", _l("Second review"), ("forwarded",), "second_reviewed", "casework.second_review",
        by="second_reviewed_by_id", differs_from=("submitted_by_id", "first_reviewed_by_id"), needs_comment=True, style="primary",
    ),
    Move(
        "return_to_township", _l("Return to the township"), ("forwarded", "second_reviewed"), "returned_to_township", "casework.return",
        needs_comment=True, style="default",
    ),
    Move(
        "approve", _l("Approve the case"), ("second_reviewed",), "approved", "casework.approve",
        by="decided_by_id", differs_from=("submitted_by_id", "first_reviewed_by_id", "second_reviewed_by_id"), style="primary",
    ),
    Move(
        "reject", _l("Reject the case"), ("second_reviewed",), "rejected", "casework.approve",
        by="decided_by_id", differs_from=("submitted_by_id", "first_reviewed_by_id", "second_reviewed_by_id"), needs_comment=True, style="danger",
    ),
    Move(
        "withdraw", _l("Withdraw the application"), ("draft", "submitted", "returned_for_correction", "complete", "returned_to_township"), "withdrawn",
        "casework.submit", needs_comment=True, style="danger",
    ),
)  # fmt: skip

APPLICATION = Lifecycle(Application, STATES, MOVES, after=deadlines.note)

CHANGE = Lifecycle(
    Change,
    CHANGE_STATES,
    (
        Move("apply", _l("Apply the change"), ("recorded",), "applied", "casework.decide_change", by="decided_by_id", differs_from=("recorded_by_id",), style="primary"),
        Move("refuse", _l("Do not accept"), ("recorded",), "refused", "casework.decide_change", by="decided_by_id", differs_from=("recorded_by_id",), needs_comment=True, style="danger"),
    ),
)  # fmt: skip

TASK = Lifecycle(
    CaseTask,
    TASK_STATES,
    (
        Move("record", _l("Record the change"), ("open",), "done", "casework.record_change", by="handled_by_id", style="primary"),
        Move("settle", _l("Handled otherwise"), ("open",), "done", "casework.settle_task", by="handled_by_id", needs_comment=True),
        Move("dismiss", _l("No change needed"), ("open",), "dismissed", "casework.settle_task", by="handled_by_id", needs_comment=True),
        Move("withdraw", _l("Withdrawn by its source"), ("open",), "withdrawn", "exchange.import"),
        Move("reopen", _l("Reported again"), ("withdrawn",), "open", "exchange.import"),
        Move("amend", _l("Corrected by its source"), ("open",), "open", "exchange.import"),
    ),
)
