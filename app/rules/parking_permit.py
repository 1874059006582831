"""身心障礙者專用停車位識別證: who may hold one, for which car, until when; one per person, ended with the card, banned after misuse."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from app.core import roc
from app.core.months import Months

from . import disability, personal
from .clocks import months_after
from .disability import ACT, SINCE_101, Card
from .exclusions import Exclusion
from .facts import NOT_LOOKED_UP, CaseFacts, Finding
from .logic import Truth, all_of, negate
from .parameters import Parameters
from .record import Record
from .trace import Decision, Outcome, TestLine, outcome_of
from .versions import in_force

BENEFIT = "parking_permit"
LAW = "身心障礙者專用停車位設置管理辦法"
BAN_YEARS = 3


class Holder(StrEnum):
    """Who will hold the permit: the disabled person, spouse or first-degree relative, or another relative."""

    SELF = "self"
    SPOUSE_OR_FIRST = "spouse_or_first"
    OTHER_RELATIVE = "other_relative"
    STRANGER = "stranger"

    @property
    def zh(self) -> str:
        return {
            "self": "身心障礙者本人", "spouse_or_first": "配偶或一親等親屬", "other_relative": "二親等以上親屬", "stranger": "非親屬",
        }[self.value]  # fmt: skip


class Vehicle(StrEnum):
    CAR = "car"
    CAR_TRUCK = "car_truck"
    LIGHT_TRUCK = "light_truck"
    TAXI = "taxi"
    OTHER = "other"

    @property
    def zh(self) -> str:
        return {"car": "自用小客車", "car_truck": "自用小客貨車", "light_truck": "自用小貨車", "taxi": "計程車", "other": "其他車種"}[
            self.value
        ]


@dataclass(frozen=True, slots=True)
class Version:
    """`needs`: an assessment of mobility (身權法第56條) and the card's last day bind; `ban`: three years after misuse; `full`: holder, vehicle
    and plate rules as published. What is not published of a version the county judges by its own paper."""

    code: str
    since: dt.date
    needs: bool
    ban: bool
    full: bool


VERSIONS = (
    Version("PKP-91-12-13", dt.date(2002, 12, 13), False, False, False),
    Version("PKP-101-07-11", SINCE_101, True, False, False),
    Version("PKP-104-12-14", dt.date(2015, 12, 14), True, True, False),
    Version("PKP-112-03-14", dt.date(2023, 3, 14), True, True, True),
)


@dataclass(frozen=True, slots=True)
class PermitFacts:
    """The case is the disabled person's. `mobility`: assessed as having difficulty to move, until `mobility_until`. `same_home`: registered in
    the same household or at the same address. `special_plate`: a special plate was issued (asked of the motor office).
    `other_permit`: a valid permit already given for this person. `misuse_found`: day a misuse was established."""

    case: CaseFacts
    card: Card | None = None
    mobility: Finding = NOT_LOOKED_UP
    mobility_until: dt.date | None = None
    holder: Holder | None = None
    same_home: bool | None = None
    vehicle: Vehicle | None = None
    plate: str = ""
    owner_is_self: bool | None = None
    driver_is_self: bool | None = None
    special_plate: Finding = NOT_LOOKED_UP
    other_permit: Finding = NOT_LOOKED_UP
    misuse_found: dt.date | None = None
    county_rules: Finding = NOT_LOOKED_UP
    issued: dt.date | None = None


def version_on(day: dt.date) -> Version:
    """The version in force. Raises NoLaw."""
    return in_force(VERSIONS, day, LAW)


def decide(facts: PermitFacts, parameters: Parameters, exclusions: tuple[Exclusion, ...] | None = None) -> Decision:
    """May the permit be given, and until when? `exclusions` play no part: the only pair (special plate) is a test of its own."""
    case = facts.case
    version = version_on(case.on)
    parameters = parameters.for_county(case.county_code)
    record = Record()
    record.ask(*personal.alive(case, f"{LAW}第11條"))
    record.ask(personal.residence(case, f"{LAW}第7條")[0])
    record.ask(disability.card_line(facts.card, f"{LAW}第7條第1款", case.on))
    if version.needs:
        question = "是否經需求評估為行動不便？"
        record.ask(personal.required("mobility", f"{ACT}第56條第2項", question, "行動不便", "非屬行動不便", facts.mobility))
        one = "身心障礙者本人、配偶及親屬是否已領有識別證？"
        record.ask(personal.finding("other_permit", f"{LAW}第8條", one, "未領有", "已領有，以一張為限", facts.other_permit))
    if version.ban:
        record.ask(_ban_line(facts.misuse_found, case.on))
    if version.full:
        record.ask(_holder_line(facts), _vehicle_line(facts), _plate_line(facts))
    else:
        year = version.since.year - roc.EPOCH
        what = f"停車位識別證{year}年版之申請人、車輛及牌照要件"
        record.by_county(personal.county_rule("county_rules", LAW, "申請人、車輛及牌照是否符合當時規定？", what, facts.county_rules))
    issued = facts.issued or case.on
    last, line = _expiry(facts, version, parameters, issued, record)
    record.add(line)
    months = Months.of((roc.month_of(issued), None if last is None else roc.month_of(last)))
    return record.decision(BENEFIT, version.code, case.on, amount=0, months=months, valid_from=issued, valid_to=last)


def _ban_line(misuse: dt.date | None, on: dt.date) -> TestLine:
    article, question = f"{LAW}第13條第2項、第3項", "是否在違規後三年禁止申請期間？"
    if misuse is None:
        return TestLine("ban", article, question, "無違規紀錄", "不在禁止申請期間", Outcome.MET)
    until = banned_until(misuse)
    measured = f"{roc.show_date(misuse)}查證違規，禁止至{roc.show_date(until)}"
    return TestLine("ban", article, question, measured, "不在禁止申請期間", outcome_of(on > until))


def banned_until(misuse: dt.date) -> dt.date:
    """The last day of the three years after a misuse was established (§13)."""
    return months_after(misuse, 12 * BAN_YEARS)


def _holder_line(facts: PermitFacts) -> TestLine:
    article, question = f"{LAW}第6條第1項", "持用人資格為何？"
    limit = "本人；配偶或一親等親屬；同一戶籍或同址分戶之二親等以上親屬"
    if facts.holder is None:
        return TestLine("holder", article, question, "尚未登錄", limit, Outcome.NOT_KNOWN)
    truth: Truth = facts.holder in (Holder.SELF, Holder.SPOUSE_OR_FIRST)
    measured = facts.holder.zh
    if facts.holder is Holder.OTHER_RELATIVE:
        truth = facts.same_home
        measured += {True: "，同一戶籍或同址分戶", False: "，非同一戶籍或同址", None: "，是否同一戶籍或同址尚未查明"}[truth]
    return TestLine("holder", article, question, measured, limit, outcome_of(truth))


def _vehicle_line(facts: PermitFacts) -> TestLine:
    article, question = f"{LAW}第6條第2項、第5項", "車輛種類、車主及駕駛人是否符合？"
    limit = "自用小客車、自用小客貨車；自用小貨車及計程車之車主及駕駛人限本人"
    if facts.vehicle is None:
        return TestLine("vehicle", article, question, "車輛種類尚未登錄", limit, Outcome.NOT_KNOWN)
    measured = f"{facts.vehicle.zh} {facts.plate}".strip()
    truth: Truth = facts.vehicle is not Vehicle.OTHER
    if facts.vehicle in (Vehicle.TAXI, Vehicle.LIGHT_TRUCK):
        truth = all_of(facts.owner_is_self, facts.driver_is_self)
        measured += {True: "，車主及駕駛人為本人", False: "，車主或駕駛人非本人", None: "，車主及駕駛人尚未查明"}[truth]
    return TestLine("vehicle", article, question, measured, limit, outcome_of(truth))


def _plate_line(facts: PermitFacts) -> TestLine:
    question = "監理機關是否確認未領用專用牌照？"
    found = facts.special_plate
    measured = {None: "尚未向專用牌照核發機關確認", True: "已領用專用牌照", False: "未領用專用牌照"}[found.holds]
    note = "計程車僅得申請識別證" if facts.vehicle is Vehicle.TAXI else "識別證與專用牌照擇一"
    return TestLine(
        "special_plate", f"{LAW}第6條第4項、第6項", question, measured, "未領用", outcome_of(negate(found.holds)), sources=personal.some(found.source),
        note=note,
    )  # fmt: skip


def _expiry(
    facts: PermitFacts, version: Version, parameters: Parameters, issued: dt.date, record: Record
) -> tuple[dt.date | None, TestLine]:
    """Not beyond the card; where that has no end, until the assessment of mobility is due again or the county's number of years."""
    article, question = f"{LAW}第10條第1項", "使用期限至何日？"
    card = facts.card
    ends = [d for d in (card.expires if card else None, facts.mobility_until) if d is not None]
    if card is None or (card.expires is None and not card.permanent):
        return None, TestLine("expiry", article, question, "證明有效期限尚未查明", "最長不得超過證明有效期限", Outcome.NOT_KNOWN)
    if not ends:
        found = parameters.on(facts.case.on, "parking_permit.max_years")
        years = record.value(found)
        if years is None:
            return None, TestLine("expiry", article, question, "證明無有效期限", getattr(found, "text", ""), Outcome.NOT_KNOWN)
        ends = [months_after(issued, 12 * int(years))]
    last = min(ends)
    if card.expires is not None and facts.case.on > card.expires:
        text = "原證明已逾期（註記暫用），識別證期限須俟新證明"
        return None, TestLine("expiry", article, question, text, "最長不得超過證明有效期限", Outcome.NOT_KNOWN)
    return last, TestLine("expiry", article, question, f"至{roc.show_date(last)}", "最長不得超過證明有效期限", outcome_of(last >= issued))


@dataclass(frozen=True, slots=True)
class Ending:
    """A permit that is void from a day on, by which article."""

    day: dt.date
    article: str
    text: str


def ended_by(on: dt.date, *, died: dt.date | None = None, card: Card | None = None, moves_freely: bool | None = None,
             misuse: dt.date | None = None) -> tuple[Ending, ...]:  # fmt: skip
    """Everything known on a day that voids a permit: death, the card's end, no more difficulty to move, misuse."""
    out = []
    if died is not None and died <= on:
        out.append(Ending(died, f"{LAW}第11條第1項", "死亡，繳還註銷；未繳還者逕行註銷"))
    if card is not None and disability.valid_on(card, on) is False:
        day = card.cancelled or (card.expires + dt.timedelta(days=1) if card.expires else on)
        out.append(Ending(day, f"{LAW}第10條第1項、第11條第1項", "證明失效，識別證同時失效"))
    if moves_freely:
        out.append(Ending(on, f"{LAW}第11條第1項", "重新評估已非行動不便，繳還註銷"))
    if misuse is not None:
        out.append(Ending(misuse, f"{LAW}第13條", f"違規使用，註銷並於{roc.show_date(banned_until(misuse))}前不得再申請"))
    return tuple(sorted(out, key=lambda e: e.day))


def renewal_opens(last: dt.date) -> dt.date:
    """From when a new permit may be asked for: within one month before the last day (§10)."""
    return months_after(last, -1)
