"""What the audit trail's events and the logs' records are called. Lifecycle moves bring their own names."""

from typing import Any

from flask_babel import lazy_gettext as _l

from .base_timeline import event_names, name_events, name_records, record_names
from .base_values import labels_for

ORDER = 1

EVENTS = {
    "account.changed": _l("Account changed by an administrator"),
    "account.created": _l("Account created"),
    "account.password_changed": _l("Own password changed"),
    "account.password_reset": _l("Password reset"),
    "application.document": _l("Document noted"),
    "application.exception": _l("Lawful exception recorded"),
    "application.exclusions_checked": _l("Exclusions checked"),
    "application.opened": _l("Application opened"),
    "application.reopened": _l("Application reopened"),
    "application.saved": _l("Draft saved"),
    "recomputation.started": _l("Recomputation started"),
    "award.change": _l("Award changed"),
    "award.create": _l("Award created"),
    "award.move": _l("Award moved to another township"),
    "award.resume": _l("Award resumed"),
    "award.suspend": _l("Award suspended"),
    "award.end": _l("Award ended"),
    "case_change.recorded": _l("Change recorded"),
    "correction_notice.issued": _l("Correction notice issued"),
    "decision.made": _l("Decision made"),
    "demo.filled": _l("Demo county filled"),
    "doubt.answered": _l("Doubt answered"),
    "doubt.exported": _l("Doubts exported"),
    "exchange.duplicate": _l("The same delivery came again"),
    "exchange.nil": _l("Nothing to report was declared"),
    "exchange.received": _l("Delivery received"),
    "exchange.refused": _l("Delivery refused"),
    "exchange.superseded": _l("Delivery replaced"),
    "exchange.undone": _l("Delivery undone"),
    "exclusion.proposed": _l("Exclusion proposed"),
    "exclusions.loaded": _l("Exclusions loaded"),
    "export.requested": _l("Export requested"),
    "job.cancel": _l("Job cancelled"),
    "job.queued": _l("Job queued"),
    "job.settle": _l("Job outcome settled"),
    "match.run": _l("Match run"),
    "overpayment.open": _l("Overpayment opened"),
    "overpayment.opinion": _l("Opinion of the person concerned noted"),
    "overpayment.plan": _l("Repayment plan made"),
    "overpayment.repaid": _l("Repayment noted"),
    "parameter.proposed": _l("Parameter proposed"),
    "payer_setting.add": _l("Paying agency added"),
    "payer_setting.change": _l("Paying agency changed"),
    "payment_line.close": _l("Returned payment closed"),
    "payment_run.build": _l("Payment register built"),
    "payment_run.confirm": _l("Payment run confirmed"),
    "payment_run.file_written": _l("Media file written"),
    "payment_run.result": _l("Transfer result imported"),
    "person.moved": _l("Person moved to another township"),
    "role.changed": _l("Role changed"),
    "roster.write": _l("Roster written"),
}
RECORDS = {
    "arrival_wait": _l("Waiting period"),
    "ab_role": _l("Role"),
    "ab_user": _l("Account of a user"),
    "application": _l("Application"),
    "award": _l("Award"),
    "batch": _l("Delivery"),
    "case_change": _l("Change of a case"),
    "correction_notice": _l("Correction notice"),
    "decision": _l("Decision"),
    "exchange": _l("Exchange of data"),
    "payment_line": _l("Payment line"),
    "payment_run": _l("Payment run"),
    "recomputation": _l("Recomputation"),
    "roster": _l("Roster"),
}


def register(appbuilder: Any) -> None:
    """Tell the histories and the logs."""
    name_events(EVENTS)
    for table, name in RECORDS.items():
        name_records(table, name)
    labels_for("event", event_names)
    labels_for("subject_table", record_names)
