"""What is wrong with an application for a card or a permit, or with the card another application names, each at its field."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import object_session

from app.commands.casework.hooks import PROBLEMS
from app.commands.casework.problems import Problem
from app.core import roc
from app.models.application import Application
from app.models.application_facts import GRADES, HoldsCard
from app.models.disability_register import RegisterApplication
from app.models.parking_permit import PermitApplication
from app.models.permit import ParkingPermit
from app.rules.disability import NEW_CLASSES, OLD_CLASSES
from app.rules.parking_permit import renewal_opens
from app.rules.plates import normal
from app.security import scope

from .reading import codes_of, current_card, timeline, valid_permit

DRIVING_AGE = 18
PROVISIONAL_AGE = 6


def find(application: Application, today: dt.date) -> Iterator[Problem]:
    """The problems of what these forms ask beyond the common fields."""
    if isinstance(application, RegisterApplication):
        yield from _assessment(application, today)
        yield from _old_card(application, today)
    if isinstance(application, PermitApplication):
        yield from _permit(application, today)
    if isinstance(application, HoldsCard):
        yield from _card(application, today)
        yield from _against_register(application, today)


def _at(field: str, message: str, level: str = "refuse") -> Problem:
    return Problem("facts", field, message, level)


def _classes(field: str, typed: str | None) -> Iterator[Problem]:
    codes = codes_of(typed)
    if unknown := [c for c in codes if c not in OLD_CLASSES and c not in NEW_CLASSES]:
        yield _at(field, f"類別代碼「{'、'.join(unknown)}」不存在；新制填 1 至 8，舊制填 01 至 16，多個以頓號隔開")
    elif any(c in OLD_CLASSES for c in codes) and any(c in NEW_CLASSES for c in codes):
        yield _at(field, "舊制（01 至 16）與新制（1 至 8）類別不可混填，請依鑑定表填同一制")


def _assessment(a: RegisterApplication, today: dt.date) -> Iterator[Problem]:
    birth, day = a.applicant.birth, a.assessment_day
    for name, text in (("assessment_day", "鑑定日期"), ("assessment_received", "收到鑑定報告的日期"), ("assessment_needs_assessed", "需求評估日期")):
        value = getattr(a, name)
        if value is not None and value > today:
            yield _at(name, f"{text}不可晚於今天")
    if day is not None and day < birth:
        yield _at("assessment_day", "鑑定日期早於出生日期，請檢查年份")
    if day is not None and a.assessment_received is not None and a.assessment_received < day:
        yield _at("assessment_received", "收到報告的日期不可早於鑑定日期")
    if day is not None and a.assessment_needs_assessed is not None and a.assessment_needs_assessed < day:
        yield _at("assessment_needs_assessed", "需求評估日期不可早於鑑定日期")
    if day is not None and a.assessment_reassess is not None and a.assessment_reassess <= day:
        yield _at("assessment_reassess", "重新鑑定日期應在鑑定日期之後；無須重新鑑定請留白，並選「無法減輕或恢復」")
    if a.assessment_irreversible and a.assessment_reassess is not None:
        yield _at("assessment_reassess", "已選「無法減輕或恢復」，不應再填重新鑑定日期，請擇一更正")
    if a.assessment_provisional and day is not None and _age(birth, day) >= PROVISIONAL_AGE:
        yield _at("assessment_provisional", f"鑑定時已滿 {PROVISIONAL_AGE} 歲，不能暫判定等級；請填鑑定表所載等級")
    if a.assessment_provisional and a.assessment_grade not in (None, "mild", "severe"):
        yield _at("assessment_grade", "未滿6歲暫判定只有輕度與重度，請核對鑑定表")
    if a.issue in ("first", "reassessed") and a.assessment_qualifies and not codes_of(a.assessment_classes):
        yield _at("assessment_classes", "已達法定等級，請填鑑定表所載的類別代碼", "unknown")
    yield from _classes("assessment_classes", a.assessment_classes)


def _old_card(a: RegisterApplication, today: dt.date) -> Iterator[Problem]:
    yield from _span(a, "old", today)
    yield from _classes("old_classes", a.old_classes)
    if a.issue in ("exchanged", "replaced", "reassessed", "moved_in") and a.old_held is False:
        yield _at("old_held", "換發、補發、重新鑑定與遷入都以原有證明為前提；沒有領過請選「初次核發」")
    if a.issue == "replaced" and a.loss is False:
        yield _at("loss", "補發以遺失或破損為前提，請附切結；沒有遺失請選其他製證原因")


def _span(a: Any, prefix: str, today: dt.date) -> Iterator[Problem]:
    issued, expires = getattr(a, f"{prefix}_issued"), getattr(a, f"{prefix}_expires")
    if issued is not None and issued > today:
        yield _at(f"{prefix}_issued", "核發日期不可晚於今天")
    if issued is not None and issued < a.applicant.birth:
        yield _at(f"{prefix}_issued", "核發日期早於出生日期，請檢查年份")
    if issued is not None and expires is not None and expires < issued:
        yield _at(f"{prefix}_expires", "有效期限早於核發日期，請核對證明")
    if expires is not None and getattr(a, f"{prefix}_permanent"):
        yield _at(f"{prefix}_expires", "已選「無註記有效期限」，不應再填有效期限，請擇一更正")


def _permit(a: PermitApplication, today: dt.date) -> Iterator[Problem]:
    plate = normal(a.plate or "")
    if a.plate and not plate:
        yield _at("plate", f"「{a.plate}」不是車牌號碼的格式，請照行車執照填，例如 ABC-1234、AB-1234")
    young = _age(a.applicant.birth, today) < DRIVING_AGE
    if young and a.driver_is_self:
        yield _at("driver_is_self", f"身心障礙者未滿 {DRIVING_AGE} 歲，不能考領駕駛執照，請改填由親屬駕駛")
    if young and a.holder == "self" and a.vehicle in ("taxi", "light_truck"):
        yield _at("vehicle", f"計程車、自用小貨車限本人駕駛，身心障礙者未滿 {DRIVING_AGE} 歲不能申請")
    if a.holder in ("spouse_or_first", "other_relative") and not a.holder_name:
        yield _at("holder_name", "由親屬持用時，請填持用人姓名")
    if a.mobility_since and a.mobility_until and a.mobility_until <= a.mobility_since:
        yield _at("mobility_until", "行動不便重新評估日期應在評估日期之後")
    session = object_session(a)
    if session is None or a.applicant_id is None:
        return
    own = valid_permit(session, a.applicant_id)
    if own is not None and own.expires >= today and today < renewal_opens(own.expires):
        yield _at(
            "other_permit", f"此人已有有效的識別證 {own.permit_no}（至 {roc.show_date(own.expires)}），一人一張；到期前一個月內才能換發，遺失或破損請辦補發"
        )
    if plate:
        with scope.use(scope.SYSTEM), session.no_autoflush:  # only the yes leaves: whose permit it is stays with that office
            same = session.scalar(
                select(ParkingPermit.permit_no)
                .where(ParkingPermit.county_code == a.county_code, ParkingPermit.plate == plate, ParkingPermit.status == "valid",
                       ParkingPermit.person_id != a.applicant_id)
                .limit(1)
            )  # fmt: skip
        if same:
            yield _at("plate", f"車牌 {plate} 已登記於另一人的有效識別證 {same}，請核對行車執照；同車確由兩位身心障礙者使用可保留", "warn")


def _card(a: Any, today: dt.date) -> Iterator[Problem]:
    yield from _span(a, "card", today)
    yield from _classes("card_classes", a.card_classes)


def _against_register(a: Any, today: dt.date) -> Iterator[Problem]:
    """The county's own register knows better than a photocopy."""
    session = object_session(a)
    if session is None or a.applicant_id is None or not a.card_held:
        return
    card = current_card(session, a.applicant_id)
    if card is None:
        ended = [e for e in timeline(session, a.applicant_id) if e.kind in ("cancelled", "moved_out")]
        if ended and ended[-1].happened_on <= today:
            word = "註銷" if ended[-1].kind == "cancelled" else "遷出"
            yield _at("card_held", f"本縣身心障礙者資料登記此人的證明已於 {roc.show_date(ended[-1].happened_on)} {word}，請查明後更正")
        return
    wrong = []
    if a.card_grade and a.card_grade != card.grade:
        wrong.append(("card_grade", f"等級為{GRADES[card.grade]}"))
    if (a.card_expires or a.card_permanent) and a.card_expires != card.expires:
        wrong.append(("card_expires", f"效期至{roc.show_date(card.expires)}" if card.expires else "無註記有效期限"))
    for field, words in wrong:
        yield _at(field, f"與本縣身心障礙者資料不同：{card.card_no} {words}，請核對證明；以登記資料為準", "warn")


def _age(birth: dt.date, day: dt.date) -> int:
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


PROBLEMS.append(find)
