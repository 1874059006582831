"""Parking permits: issued by 核定 (or in one step with the print), printed, issued again when lost, ended, and for misuse banned."""

import datetime as dt
import re
from collections.abc import Mapping

from sqlalchemy import func, select

from app.commands.base import Context, Refused, command
from app.commands.casework import review
from app.commands.casework.hooks import CHANGED
from app.commands.casework.steps import MOVES
from app.commands.lifecycle import Lifecycle, Move
from app.commands.numbers import take
from app.core import clock, roc
from app.core.text import fold
from app.models.application import STATES, Application
from app.models.case_task import CaseTask
from app.models.decision import Change, Decision
from app.models.parking_permit import PermitApplication
from app.models.permit import ParkingPermit
from app.printing.documents import Permit as Document
from app.rules.parking_permit import BENEFIT, banned_until, renewal_opens
from app.rules.plates import normal
from app.security import roles

from .reading import valid_permit
from .tasks import close_tasks

ENDS = ("returned", "cancelled", "misused")
REISSUES = {"lost": "遺失", "damaged": "破損", "plate": "更換車輛"}
_LABEL = re.compile(r"[A-Z0-9-]{4,20}")
PERMIT_APPLICATION = Lifecycle(
    Application,
    STATES,
    (
        *MOVES,
        Move(
            "issue", "核發並列印", ("complete", "preliminary_reviewed", "forwarded", "second_reviewed"), "approved", "permits.issue", by="decided_by_id",
            differs_from=("submitted_by_id", "first_reviewed_by_id", "second_reviewed_by_id"), style="primary",
        ),
    ),
)  # fmt: skip
"""A permit needs one approval (benefits.csv): the county may issue and print it as soon as the papers are complete."""


# -- issue --------------------------------------------------------------------------------------------------------------------
def issue(ctx: Context, application: Application, decision: Decision) -> None:
    """核定 makes the permit: one valid per person; a renewal within the last month, and an expired one, make room. Raises Refused."""
    if decision.outcome != "granted":
        return
    assert isinstance(application, PermitApplication) and decision.valid_from is not None and decision.valid_to is not None
    a, today = application, clock.today()
    refuse_banned(ctx, a.applicant_id, today)
    old = valid_permit(ctx.session, a.applicant_id, lock=True)
    if old is not None:
        if today <= old.expires and today < renewal_opens(old.expires):
            raise Refused(
                f"已有有效的識別證 {old.permit_no}（至 {roc.show_date(old.expires)}），一人以一張為限；到期前一個月內才能換發，遺失或破損請辦補發", "E-PERMIT-ONE"
            )
        _close(ctx, old, "expired" if old.expires < today else "renewed", min(old.expires, today), "換發")
    plate = normal(a.plate or "")
    if not plate:
        raise Refused("車牌號碼格式不符，請更正後再核發，例如 ABC-1234", "E-PLATE")
    _new(ctx, a, plate, decision.valid_from, decision.valid_to, old)


def refuse_banned(ctx: Context, person_id: int, today: dt.date) -> None:
    """Raises Refused during the three years after a misuse (第13條)."""
    until = ctx.session.scalar(select(func.max(ParkingPermit.ban_until)).where(ParkingPermit.person_id == person_id))
    if until is not None and today <= until:
        raise Refused(f"違規使用經註銷，{roc.show_date(until)} 以前不得再申請（停車位設置管理辦法第13條）", "E-PERMIT-BAN")


def _new(ctx: Context, a: PermitApplication, plate: str, on: dt.date, expires: dt.date, old: ParkingPermit | None) -> ParkingPermit:
    year = on.year - roc.EPOCH
    permit = ParkingPermit(
        county_code=a.county_code, town_code=a.town_code, person_id=a.applicant_id, application_id=a.id, replaces_id=old.id if old else None,
        permit_no=f"P{year:03d}{take(ctx.session, f'permit:{a.county_code}:{year}'):06d}", plate=plate, vehicle=a.vehicle or "car",
        holder=a.holder or "self", holder_name=a.holder_name or a.applicant.name, issued_on=on, expires=expires,
        created_by_id=ctx.actor.user_id, changed_by_id=ctx.actor.user_id,
    )  # fmt: skip
    ctx.session.add(permit)
    ctx.session.flush()
    ctx.audit("parking_permit.issued", permit, permit_no=permit.permit_no)
    return permit


@command("permits.issue", roles=roles.COUNTY)
def issue_at_once(ctx: Context, application_id: int, label_no: str, comment: str = "", seen_version: int | None = None) -> int:
    """核發 in one step: the decision, the permit, its label and the first print; the permit's id. Raises Refused, Conflict."""
    application = ctx.get(PermitApplication, application_id, lock=True)
    review.grant(ctx, application, PERMIT_APPLICATION, "issue", comment, seen_version=seen_version)
    permit = valid_permit(ctx.session, application.applicant_id)
    assert permit is not None
    print_permits(ctx, {permit.id: label_no})
    return permit.id


# -- print --------------------------------------------------------------------------------------------------------------------
@command("permits.print", roles=roles.CASEWORKERS)
def print_permits(ctx: Context, labels: Mapping[int, str]) -> list[int]:
    """Note that these permits (id → label number stuck on) are printed now; their ids in the order of their numbers. Raises Refused."""
    if not labels:
        raise Refused("請先勾選要列印的識別證", "E-PERMIT-NONE")
    permits = list(
        ctx.session.scalars(
            select(ParkingPermit).where(ParkingPermit.id.in_(labels)).order_by(ParkingPermit.permit_no).with_for_update(of=ParkingPermit)
        )
    )
    if len(permits) < len(labels):
        raise Refused("有識別證已不存在，或不在您的業務範圍，請重新整理頁面", "E-404")
    given = {p.id: fold(labels[p.id] or "").upper() or (p.label_no or "") for p in permits}
    for permit in permits:
        if permit.status != "valid":
            raise Refused(f"識別證 {permit.permit_no} 已失效，不能列印", "E-PERMIT-STATUS")
        if not _LABEL.fullmatch(given[permit.id]):
            raise Refused(f"請填識別證 {permit.permit_no} 的防偽標籤號碼（4 至 20 個英文字母、數字）", "E-LABEL")
    used = select(ParkingPermit.label_no).where(
        ParkingPermit.county_code == permits[0].county_code, ParkingPermit.label_no.in_(given.values()), ParkingPermit.id.not_in(labels)
    )
    twice = sorted({x for x in ctx.session.scalars(used) if x} | {x for x in given.values() if list(given.values()).count(x) > 1})
    if twice:
        raise Refused(f"防偽標籤號碼 {'、'.join(twice[:5])} 已經用過或重複，請核對標籤", "E-LABEL")
    for permit in permits:
        permit.label_no, permit.print_count, permit.printed_at = given[permit.id], permit.print_count + 1, ctx.now
        permit.changed_by_id = ctx.actor.user_id
        ctx.audit("parking_permit.printed", permit, count=permit.print_count)
    ctx.session.flush()
    return [p.id for p in permits]


def document(permit: ParkingPermit, agency: str, town: str) -> Document:
    """What is printed of a permit; who it is for and who keeps it stand on the receipt, not behind the windscreen."""
    again = f"　第{permit.print_count}次列印" if permit.print_count > 1 else ""
    return Document(
        agency=agency,
        title="身心障礙者專用停車位識別證",
        plate=permit.plate,
        facts=(
            ("證號", permit.permit_no), ("防偽標籤", permit.label_no or ""),
            ("有效期限", roc.long_date(permit.expires)), ("核發日期", roc.long_date(permit.issued_on)),
        ),
        note=f"限搭載身心障礙者本人時使用，停車時置於前擋風玻璃明顯處。借他人使用者註銷，三年內不得申請。{again}",
        receipt=(
            ("身心障礙者", permit.person.name), ("持證人", permit.holder_name),
            ("證號", permit.permit_no), ("車牌號碼", permit.plate),
            ("有效期限", roc.long_date(permit.expires)), ("公所", town),
        ),
    )  # fmt: skip


# -- lost, given back, cancelled, misused ---------------------------------------------------------------------------------------
@command("permits.reissue", roles=roles.CASEWORKERS)
def reissue(ctx: Context, permit_id: int, why: str, on: dt.date, plate: str = "", note: str = "", seen_version: int | None = None) -> int:
    """補發: lost or damaged, or another car; a new number until the same last day; the new permit's id. Raises Refused, Conflict."""
    old = _permit(ctx, permit_id, on, seen_version)
    if why not in REISSUES:
        raise Refused("請選擇補發原因", "E-PERMIT-WHY")
    if old.expires < clock.today():
        raise Refused("識別證已過期，不能補發；請重新申請", "E-PERMIT-STATUS")
    new_plate = normal(plate) if plate.strip() else old.plate
    if not new_plate:
        raise Refused("車牌號碼格式不符，例如 ABC-1234、AB-1234", "E-PLATE")
    if why == "plate" and new_plate == old.plate:
        raise Refused("車牌與原識別證相同；請填新車的車牌", "E-PLATE")
    application = ctx.get(PermitApplication, old.application_id)
    _close(ctx, old, "lost" if why != "plate" else "returned", on, "；".join(x for x in (REISSUES[why], note.strip()) if x))
    permit = _new(ctx, application, new_plate, clock.today(), old.expires, old)
    permit.vehicle, permit.holder, permit.holder_name = old.vehicle, old.holder, old.holder_name
    ctx.session.flush()
    return permit.id


@command("permits.end", roles=roles.CASEWORKERS)
def end(ctx: Context, permit_id: int, how: str, on: dt.date, reason: str, seen_version: int | None = None) -> None:
    """繳還 (returned), 註銷 (cancelled) or misuse established (misused: banned for three years, 第13條). Raises Refused, Conflict."""
    permit = _permit(ctx, permit_id, on, seen_version)
    if how not in ENDS:
        raise Refused("請選擇繳還、註銷或違規註銷", "E-PERMIT-WHY")
    if not reason.strip():
        raise Refused("請填寫原因", "E-COMMENT")
    if how == "misused" and ctx.actor.scope.level == "township":
        raise Refused("違規使用由縣府查證後註銷", "E-PERMIT-COUNTY")
    _close(ctx, permit, how, on, reason.strip())


def _permit(ctx: Context, permit_id: int, on: dt.date, seen_version: int | None) -> ParkingPermit:
    permit = ctx.get(ParkingPermit, permit_id, lock=True)
    ctx.check_version(permit, seen_version)
    if permit.status != "valid":
        raise Refused("這張識別證已失效，請到目前有效的那一張辦理", "E-PERMIT-STATUS")
    if on > clock.today():
        raise Refused("日期不可晚於今天", "E-DATE")
    if on < permit.issued_on:
        raise Refused(f"日期不可早於核發日期 {roc.show_date(permit.issued_on)}", "E-DATE")
    return permit


def _close(ctx: Context, permit: ParkingPermit, status: str, on: dt.date, reason: str) -> None:
    permit.status, permit.ended_on, permit.end_reason = status, on, reason[:200]
    permit.ban_until = banned_until(on) if status == "misused" else None
    permit.changed_by_id = ctx.actor.user_id
    ctx.session.flush()
    ctx.audit("parking_permit.ended", permit, status=status, on=on.isoformat())
    close_tasks(ctx, f"識別證 {permit.permit_no} 已{reason[:20]}", CaseTask.permit_id == permit.id)


def follow_change(ctx: Context, application: Application, change: Change) -> None:
    """A change of the permit's own case ends the permit."""
    if application.benefit != BENEFIT or change.kind not in ("death", "move_out", "terminate", "card_void"):
        return
    permit = valid_permit(ctx.session, application.applicant_id, lock=True)
    if permit is not None and permit.issued_on <= change.happened_on:
        _close(ctx, permit, "returned" if change.kind == "terminate" else "cancelled", change.happened_on, change.note or "登錄異動")


CHANGED.append(follow_change)
