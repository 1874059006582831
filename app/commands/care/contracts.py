"""Contracts of people with institutions, and the days they were away. Nobody is in two places on the same day."""

import datetime as dt

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.commands.base import Context, Refused, command
from app.core import clock, money, roc
from app.models.care_institution import ABSENCES, CareAbsence, CareContract, CareInstitution
from app.models.person import Person
from app.rules.disability_care_subsidy import SERVICES
from app.security.roles import COUNTY_OFFICER


@command("care.contract", roles=(COUNTY_OFFICER,))
def open_contract(
    ctx: Context,
    *,
    recipient_id: int,
    institution_id: int,
    service: str,
    since: dt.date | None,
    fee: int | None,
    until: dt.date | None = None,
    bed: str = "",
    self_pay: int | None = None,
) -> int:
    """Enter a contract; its key. Raises Refused: no licence or service on the first day, another contract on the same day, a bad fee."""
    person = ctx.get(Person, recipient_id, lock=True)  # two contracts of one person are entered one after the other
    institution = ctx.get(CareInstitution, institution_id)
    if service not in SERVICES or since is None:
        raise Refused("請選擇照顧方式並填寫契約起日", "E-CARE-CONTRACT")
    if fee is None or fee <= 0:
        raise Refused("每月收費須大於 0 元", "E-CARE-FEE")
    if self_pay is not None and not 0 <= self_pay <= fee:
        raise Refused("自付額應在 0 元到每月收費之間", "E-CARE-FEE")
    if until is not None and until < since:
        raise Refused("契約迄日早於起日，請檢查", "E-CARE-CONTRACT")
    if person.died_on is not None and since > person.died_on:
        raise Refused(f"此人已於 {roc.show_date(person.died_on)} 死亡，契約起日不可在其後", "E-CARE-CONTRACT")
    if not institution.licensed_on(since):
        end = f"至 {roc.show_date(institution.licence_to)}" if institution.licence_to else f"自 {roc.show_date(institution.licence_from)} 起"
        raise Refused(f"{institution.name}的立案效期{end}，未涵蓋契約起日；請先更新立案資料，未立案機構不得簽約", "E-CARE-LICENCE")
    if institution.ceiling_on(service, since) is None:
        raise Refused(
            f"{institution.name}在 {roc.show_date(since)} 未經核定辦理{SERVICES[service]}；請先登錄核定的服務與收費上限", "E-CARE-SERVICE"
        )
    _nowhere_else(ctx, person, since, until)
    row = CareContract(
        county_code=person.county_code, town_code=person.town_code, recipient_id=person.id, institution_id=institution.id, service=service,
        since=since, until=until, fee=fee, bed=bed.strip()[:20] or None, self_pay=self_pay, created_by_id=ctx.actor.user_id,
        changed_by_id=ctx.actor.user_id,
    )  # fmt: skip
    ctx.session.add(row)
    ctx.session.flush()
    licensed = institution.tax_no
    ctx.audit("care_contract.open", row, institution=licensed, service=service, since=roc.date7(since), fee=fee)
    return row.id


def _nowhere_else(ctx: Context, person: Person, since: dt.date, until: dt.date | None, but: int = 0) -> None:
    other = ctx.session.scalar(
        select(CareContract)
        .where(
            CareContract.recipient_id == person.id,
            CareContract.id != but,
            or_(CareContract.until.is_(None), CareContract.until >= since),
            CareContract.since <= (until or dt.date.max),
        )
        .limit(1)
    )
    if other is not None:
        span = f"{roc.show_date(other.since)}起{'至 ' + roc.show_date(other.until) if other.until else ''}"
        raise Refused(
            f"此人與{other.institution.name}的契約（{span}）和這份契約有同一天；請先終止前約，新約自次日起", "E-CARE-OVERLAP"
        )


def fee_notice(contract: CareContract) -> str:
    """What the person at the screen should know about the fee and the places (Chinese), or empty."""
    said = []
    ceiling = contract.institution.ceiling_on(contract.service, contract.since)
    if ceiling is not None and contract.fee > ceiling:
        said.append(f"收費 {money.show(contract.fee)} 元超過該機構核定上限 {money.show(ceiling)} 元，補助以上限計算")
    end = contract.institution.licence_to
    if end is not None and (contract.until is None or contract.until > end):
        said.append(f"機構立案效期到 {roc.show_date(end)}，其後的月份須更新立案資料才能請款")
    return "；".join(said)


def places_notice(session: Session, contract: CareContract) -> str:
    """Says when more people are in than places are approved (Chinese), or empty."""
    c, institution = CareContract, contract.institution
    services = [s for s in institution.services if s.service == contract.service and s.since <= contract.since]
    beds = max(services, key=lambda s: s.since).beds if services else None
    inside = session.scalar(
        select(func.count()).select_from(c).where(
            c.institution_id == institution.id, c.service == contract.service, c.since <= contract.since,
            or_(c.until.is_(None), c.until >= contract.since),
        )
    )  # fmt: skip
    return f"本縣在該機構的簽約人數 {inside} 人，超過核定的 {beds} 人" if beds is not None and inside and inside > beds else ""


@command("care.contract", roles=(COUNTY_OFFICER,))
def end_contract(ctx: Context, contract_id: int, until: dt.date | None, reason: str, seen_version: int | None = None) -> None:
    """The last day of care, counted. Raises Refused, Conflict."""
    row = ctx.get(CareContract, contract_id, lock=True)
    ctx.check_version(row, seen_version)
    if until is None or until < row.since:
        raise Refused(f"最後照顧日不可早於契約起日 {roc.show_date(row.since)}", "E-CARE-CONTRACT")
    if not reason.strip():
        raise Refused("請填寫終止原因，例如轉換機構、返家、死亡", "E-COMMENT")
    person = ctx.get(Person, row.recipient_id, lock=True)
    _nowhere_else(ctx, person, row.since, until, but=row.id)
    row.until, row.end_reason, row.changed_by_id = until, reason.strip()[:200], ctx.actor.user_id
    ctx.session.flush()
    ctx.audit("care_contract.end", row, until=roc.date7(until), reason=row.end_reason)


@command("care.contract", roles=(COUNTY_OFFICER,))
def add_absence(ctx: Context, contract_id: int, left_on: dt.date | None, back_on: dt.date | None = None, reason: str = "home") -> int:
    """Days away: absent from the day of leaving to the day before the return; the key. Raises Refused."""
    row = ctx.get(CareContract, contract_id, lock=True)
    if left_on is None or reason not in ABSENCES:
        raise Refused("請填寫離開日期與原因", "E-CARE-ABSENCE")
    _absence_fits(row, left_on, back_on)
    for other in row.absences:
        if not other.withdrawn and left_on < (other.back_on or dt.date.max) and (back_on or dt.date.max) > other.left_on:
            raise Refused(f"與 {roc.show_date(other.left_on)} 離開的那一次重疊，請更正日期", "E-CARE-ABSENCE")
    made = CareAbsence(
        county_code=row.county_code, town_code=row.town_code, contract_id=row.id, left_on=left_on, back_on=back_on, reason=reason,
        created_by_id=ctx.actor.user_id, changed_by_id=ctx.actor.user_id,
    )  # fmt: skip
    row.absences.append(made)
    ctx.session.flush()
    ctx.audit("care_contract.absence", row, left_on=roc.date7(left_on), back_on=roc.date7(back_on) if back_on else "", reason=reason)
    return made.id


def _absence_fits(row: CareContract, left_on: dt.date, back_on: dt.date | None) -> None:
    if left_on > clock.today() or (back_on is not None and back_on > clock.today()):
        raise Refused("離開與返回日期不可晚於今天", "E-DATE")
    if back_on is not None and back_on <= left_on:
        raise Refused("返回日期應在離開日期之後；當日往返不算請假", "E-CARE-ABSENCE")
    if left_on < row.since or (row.until is not None and left_on > row.until):
        span = f"{roc.show_date(row.since)}起{'至 ' + roc.show_date(row.until) if row.until else ''}"
        raise Refused(f"離開日期 {roc.show_date(left_on)} 不在契約期間（{span}），請核對", "E-CARE-ABSENCE")


@command("care.contract", roles=(COUNTY_OFFICER,))
def close_absence(ctx: Context, contract_id: int, absence_id: int, back_on: dt.date | None) -> None:
    """The person is back. Raises Refused."""
    row, absence = _absence(ctx, contract_id, absence_id)
    if back_on is None or absence.back_on is not None:
        raise Refused("請填寫返回日期；已登錄返回者請註銷後重登", "E-CARE-ABSENCE")
    _absence_fits(row, absence.left_on, back_on)
    absence.back_on, absence.changed_by_id = back_on, ctx.actor.user_id
    ctx.audit("care_contract.absence", row, left_on=roc.date7(absence.left_on), back_on=roc.date7(back_on))


@command("care.contract", roles=(COUNTY_OFFICER,))
def withdraw_absence(ctx: Context, contract_id: int, absence_id: int) -> None:
    """It was entered by mistake; the row stays and does not count. Raises Refused."""
    row, absence = _absence(ctx, contract_id, absence_id)
    absence.withdrawn, absence.changed_by_id = True, ctx.actor.user_id
    ctx.audit("care_contract.absence_withdrawn", row, left_on=roc.date7(absence.left_on))


def _absence(ctx: Context, contract_id: int, absence_id: int) -> tuple[CareContract, CareAbsence]:
    row = ctx.get(CareContract, contract_id, lock=True)
    absence = next((a for a in row.absences if a.id == absence_id and not a.withdrawn), None)
    if absence is None:
        raise Refused("這筆請假已註銷或不存在，請重新整理頁面", "E-CARE-ABSENCE")
    return row, absence
