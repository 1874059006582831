"""The way of one device after the counter: assessment, notice served, receipt, check, payment; closed, or taken back.

Two steps of money: approval fixes what may be paid at most; a checked receipt makes the award that the next payment register takes up.
"""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.commands import awards
from app.commands.base import Context, Refused, command
from app.commands.device_catalogue import in_force
from app.commands.lifecycle import Lifecycle, Move
from app.commands.working_days import calendar_of
from app.core import clock, roc
from app.models.application import CLOSED, CorrectionNotice
from app.models.assistive_device_subsidy import DeviceApplication
from app.models.decision import Decision
from app.models.device import DEVICE_STATES, DeviceRequest
from app.rules import clocks, device_item
from app.rules.clocks import Calendar, Due
from app.security import roles

from .documents import PERIOD
from .problems import Incomplete, Problem
from .review import payee

OFFICES = (*roles.TOWNSHIP, roles.COUNTY_OFFICER)
ASKED = ("requested", "assessing", "assessed")
DEVICE = Lifecycle(
    DeviceRequest,
    DEVICE_STATES,
    (
        Move("ask", _l("Ask for an assessment"), ("requested", "assessing"), "assessing", "devices.assess"),
        Move("report", _l("Enter the assessment"), ASKED, "assessed", "devices.assess"),
        Move("approve", _l("Approve the device"), ASKED, "approved", "casework.approve"),
        Move("refuse", _l("Refuse the device"), ASKED, "refused", "casework.approve"),
        Move("claim", _l("Enter the receipt"), ("approved",), "claimed", "devices.claim", by="claimed_by_id"),
        Move(
            "pay", _l("Receipt is right: pay"), ("claimed",), "payable", "devices.check", by="checked_by_id", differs_from=("claimed_by_id",), style="primary"
        ),
        Move(
            "hand_over", _l("Receipt is right: handed over"), ("claimed",), "delivered", "devices.check", by="checked_by_id",
            differs_from=("claimed_by_id",), style="primary",
        ),
        Move("send_back", _l("Send the receipt back"), ("claimed",), "approved", "devices.check", needs_comment=True),
        Move("close", _l("Close the approval"), ("approved", "claimed"), "closed", "devices.close", needs_comment=True, style="danger"),
        Move("recover", _l("Take the device back"), ("payable", "delivered"), "recovered", "devices.recover", needs_comment=True),
    ),
)  # fmt: skip
CLOCKS = {
    "assessing": ("assessment_report", "assessment_asked_on"),
    "assessed": ("decision", "report_received_on"),
    "approved": ("claim", "served_on"),
    "claimed": ("payment", "claimed_on"),
    "payable": ("payment", "claimed_on"),
}
"""Which clock runs in a state, and from which date."""
CLAIM_FIELDS = ("claimed_on", "vendor", "receipt_no", "receipt_on", "receipt_amount", "serial_no")


def running(row: DeviceRequest, calendar: Calendar, **changed: Any) -> Due | None:
    """The deadline that runs for a device (as it will be with `changed` columns); None when nobody has to act by law."""
    code, event = CLOCKS.get(changed.get("state", row.state), ("", ""))
    since = changed.get(event, getattr(row, event)) if event else None
    clock_of = clocks.clock(device_item.BENEFIT, code, since) if since else None
    return clocks.due(clock_of, since, calendar) if clock_of and since else None


def refresh(session: Session, county: str) -> None:
    """Reckon the deadlines of a county's devices anew, after its calendar changed. Leaves their versions alone."""
    calendar = calendar_of(session, county)
    table = DeviceRequest.__table__
    for row in session.scalars(select(DeviceRequest).where(DeviceRequest.county_code == county, DeviceRequest.due_on.is_not(None))):
        due = running(row, calendar)
        if due is not None and due.day != row.due_on:
            session.execute(update(table).where(table.c.id == row.id).values(due_on=due.day))
            set_committed_value(row, "due_on", due.day)


def _advance(ctx: Context, row: DeviceRequest, move: str, comment: str = "", seen_version: int | None = None, **values: Any) -> None:
    """The move, with the deadline that runs afterwards."""
    due = running(row, calendar_of(ctx.session, row.county_code), state=DEVICE.moves[move].target, **values)
    DEVICE.advance(ctx, row, move, comment, seen_version, due_code=due.clock.code if due else None, due_on=due.day if due else None, **values)


def _wrong(*found: tuple[str, str | None]) -> None:
    """Raises Incomplete with the messages there are, each at its field."""
    if hard := [Problem("device", field, message) for field, message in found if message]:
        raise Incomplete(hard)


def _day(day: dt.date | None, name: str, needed: bool = True) -> str | None:
    if day is None:
        return f"請填{name}" if needed else None
    return f"{name}不可晚於今天" if day > clock.today() else None


def _open_case(ctx: Context, row: DeviceRequest) -> None:
    state = row.application.state
    if state == "draft" or state in (*CLOSED, "second_reviewed"):
        raise Refused("評估在送件之後、縣府複審之前登錄；已複審的案件請先退回", "E-DEVICE-CASE")


# -- assessment --------------------------------------------------------------------------------------------------------------------------


@command("devices.assess", roles=OFFICES)
def ask_assessment(
    ctx: Context, row_id: int, asked_on: dt.date | None, assessed_by: str = "", seen_version: int | None = None
) -> None:
    """An assessment was asked for: nine working days run. Raises Incomplete, Refused, Conflict."""
    row = ctx.get(DeviceRequest, row_id, lock=True)
    _open_case(ctx, row)
    _wrong(("assessment_asked_on", _day(asked_on, "委託評估日期")))
    assert asked_on is not None
    _wrong(("assessment_asked_on", "委託評估日期不可早於收件日期" if asked_on < row.application.received_on else None))
    _advance(ctx, row, "ask", seen_version=seen_version, assessment_asked_on=asked_on, assessed_by=assessed_by.strip() or None)


@command("devices.assess", roles=OFFICES)
def record_report(
    ctx: Context,
    row_id: int,
    *,
    qualifies: bool | None,
    assessed_by: str = "",
    report_no: str = "",
    report_on: dt.date | None = None,
    report_received_on: dt.date | None = None,
    assessment_note: str = "",
    seen_version: int | None = None,
) -> None:
    """The assessment (or, for an item that needs none, the county's finding). Raises Incomplete, Refused, Conflict."""
    row = ctx.get(DeviceRequest, row_id, lock=True)
    _open_case(ctx, row)
    item = in_force(ctx.session, row.county_code, clock.today()).get(row.item_code)
    needed = item is None or item.assessed
    _wrong(
        ("assessed_by", "請填評估單位或評估人員" if needed and not assessed_by.strip() else None),
        ("report_no", "請填評估報告編號" if needed and not report_no.strip() else None),
        ("report_on", _day(report_on, "評估日期", needed)),
        ("report_received_on", _day(report_received_on, "收到報告日期", needed)),
        ("qualifies", "請選擇評估結果是否符合補助基準" if qualifies is None else None),
        (
            "report_received_on",
            "收到報告日期不可早於評估日期" if report_on and report_received_on and report_received_on < report_on else None,
        ),
    )
    _advance(
        ctx, row, "report", seen_version=seen_version, qualifies=qualifies, assessed_by=assessed_by.strip() or None,
        report_no=report_no.strip() or None, report_on=report_on, report_received_on=report_received_on,
        assessment_note=assessment_note.strip()[:200] or None,
    )  # fmt: skip


# -- notice and receipt ------------------------------------------------------------------------------------------------------------------


@command("devices.serve", roles=OFFICES)
def serve_notice(ctx: Context, application_id: int, served_on: dt.date | None) -> int:
    """The notice of the decision reached the person: six months to buy run for every approved device; how many. Raises Incomplete, Refused."""
    application = ctx.get(DeviceApplication, application_id, lock=True)
    rows = [r for r in application.devices if r.state == "approved"]
    if not rows:
        raise Refused("沒有核定而尚未請款的輔具", "E-DEVICE-STATE")
    _wrong(("served_on", _day(served_on, "通知送達日期")))
    assert served_on is not None
    for row in rows:
        early = row.decided_on is not None and served_on < row.decided_on
        _wrong(("served_on", f"送達日期不可早於核定日 {roc.show_date(row.decided_on)}" if early and row.decided_on else None))
    return put_served(ctx, application, served_on)


def put_served(ctx: Context, application: DeviceApplication, served_on: dt.date | None) -> int:
    """The service of the notice in every approved device, with the deadline that runs from it (None: its notice was taken back); how many."""
    rows = [r for r in application.devices if r.state == "approved"]
    calendar = calendar_of(ctx.session, application.county_code)
    for row in rows:
        row.served_on = served_on
        due = running(row, calendar)
        row.due_code, row.due_on = (due.clock.code, due.day) if due else (None, None)
    ctx.session.flush()
    if rows:
        ctx.audit("device_request.served", application, served_on=served_on, devices=len(rows))
    return len(rows)


@command("devices.claim", roles=OFFICES)
def enter_claim(
    ctx: Context,
    row_id: int,
    *,
    claimed_on: dt.date | None,
    vendor: str,
    receipt_no: str,
    receipt_on: dt.date | None,
    receipt_amount: int | None,
    serial_no: str = "",
    seen_version: int | None = None,
) -> None:
    """The receipt is handed in. One of before the decision or after the six months is refused at its field. Raises Incomplete, Refused, Conflict."""
    row = ctx.get(DeviceRequest, row_id, lock=True)
    if row.state != "approved":
        raise Refused(f"目前狀態是「{DEVICE_STATES[row.state]}」，不能登錄憑證", "E-DEVICE-STATE")
    if row.served_on is None or row.decided_on is None:
        raise Refused("請先登錄核定通知送達日期，六個月期限由送達日起算", "E-DEVICE-SERVED")
    last = running(row, calendar_of(ctx.session, row.county_code))
    late = f"已逾請款期限 {roc.show_date(last.day)}（送達後 6 個月）；請辦理註銷" if last else ""
    before = receipt_on is not None and receipt_on < row.decided_on
    early = f"憑證日期早於核定日 {roc.show_date(row.decided_on)}；核定前購買不予補助（輔具費用補助辦法第16條），請辦理註銷"
    _wrong(
        ("claimed_on", _day(claimed_on, "請款日期")),
        ("receipt_on", _day(receipt_on, "憑證日期") or (early if before else None)),
        ("vendor", None if vendor.strip() else "請填廠商名稱"),
        ("receipt_no", None if receipt_no.strip() else "請填發票或收據號碼"),
        ("receipt_amount", None if receipt_amount is not None and receipt_amount > 0 else "憑證金額須大於 0 元"),
        ("receipt_on", late if last and receipt_on and receipt_on > last.day else None),
        ("claimed_on", late if last and claimed_on and claimed_on > last.day else None),
    )
    assert claimed_on is not None and receipt_on is not None
    _wrong(
        ("receipt_on", "憑證日期不可晚於請款日期" if receipt_on > claimed_on else None),
        ("receipt_no", _used_before(ctx, row, vendor.strip(), receipt_no.strip())),
    )
    for notice in row.application.corrections:
        if notice.answered_on is None and notice.items[0].startswith(_named(row)):
            notice.answered_on = clock.today()
    _advance(
        ctx, row, "claim", seen_version=seen_version, claimed_on=claimed_on, vendor=vendor.strip()[:60], receipt_no=receipt_no.strip()[:30],
        receipt_on=receipt_on, receipt_amount=receipt_amount, serial_no=serial_no.strip()[:40] or None,
    )  # fmt: skip


def _used_before(ctx: Context, row: DeviceRequest, vendor: str, number: str) -> str | None:
    """One receipt may list several devices of a case, but never pays in two cases."""
    other = ctx.session.scalar(
        select(DeviceRequest.id).where(
            DeviceRequest.county_code == row.county_code, DeviceRequest.vendor == vendor, DeviceRequest.receipt_no == number,
            DeviceRequest.application_id != row.application_id, DeviceRequest.state != "closed",
        ).limit(1)
    )  # fmt: skip
    return "這張憑證已用於另一件申請案，請查明是否重複請款" if other else None


@command("devices.check", roles=roles.COUNTY)
def check_claim(ctx: Context, row_id: int, comment: str = "", seen_version: int | None = None) -> int:
    """The receipt is right: what it pays becomes due, once (NTD). In kind nothing is paid out. Not by who entered it. Raises Refused, Conflict."""
    row = ctx.get(DeviceRequest, row_id, lock=True)
    move = "pay" if row.provision == "cash" else "hand_over"
    if reason := DEVICE.why_not(ctx.actor, row, move):
        raise Refused(reason, "E-MOVE")
    assert row.approved_amount is not None and row.decided_on is not None and row.claimed_on is not None
    found = device_item.claim(
        row.approved_amount, row.served_on, row.receipt_amount, row.receipt_on, row.claimed_on, row.decided_on,
        calendar_of(ctx.session, row.county_code),
    )  # fmt: skip
    if not found.amount:
        raise Refused(f"{found.line.measured}（{found.line.article}），不能撥付", "E-DEVICE-CLAIM")
    values: dict[str, Any] = {"payable_amount": found.amount}
    if row.provision == "cash":
        values["award_id"] = _award(ctx, row, found.amount)
    _advance(ctx, row, move, comment, seen_version, **values)
    return found.amount


def _award(ctx: Context, row: DeviceRequest, amount: int) -> int:
    """One month of one award is one payment: what the register of that month, or the next, takes up exactly once."""
    application = row.application
    decision: Decision = application.decisions[-1]
    month = roc.month_of(clock.today())
    return awards.create_award(
        ctx,
        application_id=application.id,
        recipient_id=application.applicant_id,
        benefit=application.benefit,
        case_no=f"{application.case_no}-{row.position}",
        decision_no=decision.decision_no,
        from_month=month,
        to_month=month,
        amount=amount,
        payee=payee(application),
        rule_version=decision.rule_version,
        reason=f"憑證查核：{row.item_name}",
    ).id


@command("devices.check", roles=roles.COUNTY)
def send_back(ctx: Context, row_id: int, comment: str, seen_version: int | None = None) -> None:
    """The receipt is not right: to be entered again, and the person is told what to mend (補正通知). Raises Refused, Conflict."""
    row = ctx.get(DeviceRequest, row_id, lock=True)
    _advance(ctx, row, "send_back", comment, seen_version, claimed_by_id=None, **dict.fromkeys(CLAIM_FIELDS))
    application, today = row.application, clock.today()
    application.corrections.append(
        CorrectionNotice(
            county_code=application.county_code, town_code=application.town_code, items=[f"{_named(row)}之請款憑證：{comment.strip()}"],
            issued_on=today, due_on=today + dt.timedelta(days=PERIOD), issued_by_id=ctx.actor.user_id,
        )
    )  # fmt: skip
    ctx.session.flush()
    ctx.audit("correction_notice.issued", application.corrections[-1], items=1, due_on=application.corrections[-1].due_on)


def _named(row: DeviceRequest) -> str:
    return f"第{row.position}項{row.item_name or row.item_code}"


@command("devices.close", roles=roles.COUNTY)
def close_approval(ctx: Context, row_id: int, comment: str, seen_version: int | None = None) -> None:
    """Nothing will be paid (not bought in time, bought before the decision, given up); it counts no more. Raises Refused, Conflict."""
    _advance(ctx, ctx.get(DeviceRequest, row_id, lock=True), "close", comment, seen_version)


@command("devices.recover", roles=OFFICES)
def take_back(ctx: Context, row_id: int, recovered_on: dt.date | None, comment: str, seen_version: int | None = None) -> None:
    """The device came back to be used by somebody else. Raises Incomplete, Refused, Conflict."""
    row = ctx.get(DeviceRequest, row_id, lock=True)
    _wrong(("recovered_on", _day(recovered_on, "回收日期")))
    assert recovered_on is not None
    _wrong(("recovered_on", "回收日期不可早於購買日期" if row.receipt_on and recovered_on < row.receipt_on else None))
    _advance(ctx, row, "recover", comment, seen_version, recovered_on=recovered_on)
