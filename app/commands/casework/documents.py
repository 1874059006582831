"""Documents: what came when, the day they were complete (備齊文件日), and asking for what is missing (補正)."""

import datetime as dt

from app.commands.base import Context, Refused, command
from app.core import clock, roc
from app.models.application import DOCUMENTS, Application, CorrectionNotice, Document
from app.security import roles

from .steps import APPLICATION

PERIOD = 15
"""Days a correction notice gives when nobody says otherwise (practice: 7 to 15)."""


@command("casework.documents", roles=roles.TOWNSHIP)
def receive_document(ctx: Context, application_id: int, code: str, received_on: dt.date | None, waived_because: str = "") -> None:
    """Note that a document came, or why it is not needed (an online look-up replaces it). Raises Refused, NotFound."""
    application = ctx.get(Application, application_id, lock=True)
    if not application.editable:
        raise Refused("本案已送出審查，不能再登錄文件", "E-CLOSED")
    document = next((d for d in application.documents if d.code == code), None)
    if document is None:
        where = {"county_code": application.county_code, "town_code": application.town_code}
        document = Document(code=code, required=False, **where)
        application.documents.append(document)
    if received_on and received_on > clock.today():
        raise Refused("文件的收到日期不可晚於今天", "E-DATE")
    document.received_on, document.waived_because = received_on, waived_because or None
    ctx.audit("application.document", application, code=code, received_on=received_on)


@command("casework.documents", roles=roles.TOWNSHIP)
def mark_documents_complete(ctx: Context, application_id: int, on: dt.date | None = None, seen_version: int | None = None) -> None:
    """All required documents are there; entitlement counts from `on` (default: the day the last one came). Raises Refused, Conflict."""
    application = ctx.get(Application, application_id, lock=True)
    missing = [d for d in application.documents if d.missing]
    if missing:
        names = "、".join(str(DOCUMENTS.get(d.code, d.code)) for d in missing)
        raise Refused(f"還缺 {len(missing)} 項必備文件：{names}；請登錄收到日期，或發補正通知", "E-DOCUMENTS")
    last = max((d.received_on for d in application.documents if d.required and d.received_on), default=application.received_on)
    on = on or max(last, application.received_on)
    if on < last or on < application.received_on:
        raise Refused(f"備齊文件日不可早於最後一件文件的收到日期 {roc.show_date(max(last, application.received_on))}", "E-DATE")
    if on > clock.today():
        raise Refused("備齊文件日不可晚於今天", "E-DATE")
    APPLICATION.advance(ctx, application, "mark_complete", f"備齊文件日 {roc.show_date(on)}", seen_version, documents_complete_on=on)


@command("casework.correct", roles=roles.TOWNSHIP)
def request_correction(
    ctx: Context, application_id: int, items: list[str], days: int = PERIOD, comment: str = "", seen_version: int | None = None
) -> int:
    """A 補正通知 for `items`, to be answered within `days`; its id. Raises Refused, Conflict."""
    application = ctx.get(Application, application_id, lock=True)
    items = [i.strip() for i in items if i.strip()]
    if not items:
        raise Refused("請至少列出一項要補正的內容", "E-CORRECTION")
    if not 1 <= days <= 90:
        raise Refused("補正期限應為 1 至 90 日", "E-CORRECTION")
    today = clock.today()
    notice = CorrectionNotice(
        county_code=application.county_code,
        town_code=application.town_code,
        items=items,
        issued_on=today,
        due_on=today + dt.timedelta(days=days),
        issued_by_id=ctx.actor.user_id,
    )
    APPLICATION.advance(ctx, application, "request_correction", comment or "、".join(items), seen_version, documents_complete_on=None)
    application.corrections.append(notice)
    ctx.session.flush()
    ctx.audit("correction_notice.issued", notice, items=len(items), due_on=notice.due_on)
    return notice.id
