"""The offices that send: what stands at the head and at the end of their letters (行政程序法第96條第1項第4款)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commands.base import Context, Refused, command
from app.models.notice import NoticeSender
from app.models.office import Township
from app.security import roles

FIELDS = ("agency", "head_title", "head_name", "word", "address", "unit", "phone")


def sender_of(session: Session, office: str) -> NoticeSender:
    """The sender of a county (5 digits) or township (8 digits). Raises Refused: who may enter it, and where."""
    found = session.scalars(select(NoticeSender).where(NoticeSender.town_code == office)).one_or_none()
    if found is None:
        who = "縣府主管" if len(office) == 5 else "公所主管"
        raise Refused(f"還沒有登錄發文機關的名稱、首長與發文字，不能發文；請{who}在「通知書 › 發文機關」登錄", "E-NOTICE-SENDER")
    return found


@command("notices.sender", roles=roles.SUPERVISORS)
def add_sender(ctx: Context, *, town_code: str | None = None, **values: object) -> int:
    """Enter an office; without a township it is one's own office. Its key. Raises Refused, Conflict."""
    own = ctx.actor.scope
    office = town_code or own.town_code or own.county_code or ""
    if (len(office) == 8 and ctx.session.get(Township, office) is None) or len(office) not in (5, 8):
        raise Refused("請選擇發文機關所在的鄉鎮市；縣府本身請留白", "E-NOTICE-SENDER")
    row = NoticeSender(county_code=office[:5], town_code=office, created_by_id=ctx.actor.user_id)
    _set(row, values)
    ctx.session.add(row)
    ctx.session.flush()
    ctx.audit("notice_sender.add", row, office=office)
    return row.id


@command("notices.sender", roles=roles.SUPERVISORS)
def change_sender(ctx: Context, sender_id: int, *, seen_version: int | None = None, **values: object) -> int:
    """Change an office, as when its head changes. What was issued keeps the head of its day. Raises Refused, Conflict."""
    row = ctx.get(NoticeSender, sender_id, lock=True)
    ctx.check_version(row, seen_version)
    _set(row, values)
    row.changed_by_id = ctx.actor.user_id
    ctx.audit("notice_sender.change", row)
    return row.id


def _set(row: NoticeSender, values: dict[str, object]) -> None:
    for name in FIELDS:
        value = str(values.get(name) or "").strip()
        if not value:
            raise Refused("發文機關的每一欄都要填寫；機關與首長是處分書的必要記載事項（行政程序法第96條）", "E-NOTICE-SENDER")
        setattr(row, name, value)
