"""The caseworker's words of the scenario files, each turned into one fact. A word nobody knows is an error, never ignored."""

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from app.core import roc
from app.rules.assistive_device_subsidy import DeviceItem, PriorDevice
from app.rules.disability import Card, Grade
from app.rules.disability_register import Assessment, Issue
from app.rules.facts import Asset, AssetKind, ConditionKind, Finding, OtherBenefit, PriorAward, Residence, Status, Work
from app.rules.local_definition import NamedFinding
from app.rules.parking_permit import Holder, Vehicle
from tests.rules.disabled import NO, YES_, ah_mei, card, day, gets
from tests.rules.families import HSINCHU, R, case, is_, pays, person, setting

UNKNOWN = Finding(None)
GRADES = {"輕度": Grade.MILD, "中度": Grade.MODERATE, "重度": Grade.SEVERE, "極重度": Grade.PROFOUND}
STATUS = {"低收": Status.LOW, "中低收": Status.NEAR_LOW, "一般戶": Status.NONE, "身分未查": None}
KINDS = {
    "老人津貼": "elderly_living_allowance", "老農津貼": "farmer_allowance", "就養金": "veteran_care", "低收扶助": "low_income_living_assistance",
    "身障補助": "disability_living_allowance", "托育養護": "disability_care_subsidy", "特境津貼": "county_special_circumstance_child",
    "老年保證年金": "np_old_age_guaranteed", "身障保證年金": "np_disability_guaranteed", "長照同性質": "ltc_same_service", "社保年金": "social_insurance_pension",
}  # fmt: skip
RELATIONS = {"配偶": R.SPOUSE, "子女": R.CHILD, "父母": R.PARENT, "手足": R.SIBLING, "祖父母": R.GRANDPARENT}


class Story:
    """One row being understood: fields of the case, of the benefit's own facts, of the applicant and the card, and county settings."""

    def __init__(self, on: Any):
        self.on = on
        self.case: dict[str, Any] = {"status": Status.NONE}
        self.own: dict[str, Any] = {}
        self.who: dict[str, Any] = {}
        self.card: dict[str, Any] | None = {}
        self.others: list[Any] = []
        self.benefits: list[OtherBenefit] = []
        self.found: dict[str, bool | None] = {}
        self.members: dict[str, dict[str, Any]] = {}
        self.item: dict[str, Any] = {}
        self.assessment: dict[str, Any] = {}
        self.history: list[PriorDevice] = []
        self.settings: list[Any] = []

    def held(self) -> Card | None:
        if self.card is None:
            return None
        return Card(held=False) if self.card.get("held") is False else card(**self.card)

    def built(self, applicant: Callable[..., Any] = ah_mei) -> Any:
        if self.benefits and "other_benefits" not in self.case:
            self.case["other_benefits"] = tuple(self.benefits)
        return case(*self.others, who=applicant(**self.who), on=self.on, **self.case)


def _benefit(s: Story, m: re.Match[str]) -> None:
    detail = {"日間": "day", "住宿": "residential", "夜間": "night"}.get(m["detail"] or "", "")
    amount = int(m["amount"]) if m["amount"] else None
    compatible = {"得併領": True, "不得併領": False}.get(m["county"] or "")
    s.benefits.append(OtherBenefit(KINDS[m["kind"]], roc.month_of(s.on) - 2, amount=amount, detail=detail, compatible=compatible))


def _relative(s: Story, m: re.Match[str]) -> None:
    """`父母70歲同住`, `手足15歲同住`, `子女30歲月薪20000`, `子女10歲`, `子女40歲服刑`."""
    born = s.on.replace(year=s.on.year - int(m["age"]), day=1)
    rest, name = m["rest"], f"{m['relation']}{len(s.others) + 1}"
    more: dict[str, Any] = {
        "birth": born,
        "lives_together": "不同住" not in rest,
        "same_registration": "不同住" not in rest and "不同戶" not in rest,
    }
    more["work"] = pays(int(p[1])) if (p := re.search(r"月薪(\d+)", rest)) else Work(False)
    kinds = {"不能工作": ConditionKind.DISABLED_CANNOT_WORK, "服刑": ConditionKind.INCARCERATED, "服役": ConditionKind.CONSCRIPT,
             "在學": ConditionKind.DAY_STUDENT, "未盡扶養": ConditionKind.NONCUSTODIAL_PARENT}  # fmt: skip
    more["conditions"] = tuple(c for word, kind in kinds.items() if word in rest for c in is_(kind))
    s.others.append(person(name, RELATIONS[m["relation"]], "50/1/1", **more))
    s.members[name] = {"student": "高中" in rest, "card": "手冊" in rest}


def _put(where: str, **fields: Any) -> Callable[[Story, re.Match[str]], None]:
    return lambda s, m: getattr(s, where).update(fields)


def _date(where: str, name: str) -> Callable[[Story, re.Match[str]], None]:
    return lambda s, m: getattr(s, where).update({name: day(m[1])})


def _number(where: str, name: str) -> Callable[[Story, re.Match[str]], None]:
    return lambda s, m: getattr(s, where).update({name: int(m[1])})


def _asset(kind: AssetKind) -> Callable[[Story, re.Match[str]], None]:
    return lambda s, m: s.who.update(assets=(*s.who.get("assets", ()), Asset(kind, int(m[1]))))


def _condition(kind: ConditionKind) -> Callable[[Story, re.Match[str]], None]:
    return lambda s, m: s.who.update(conditions=(*s.who.get("conditions", ()), *is_(kind)))


def _set(name: str, divide: int = 1, unit: str = "") -> Callable[[Story, re.Match[str]], None]:
    return lambda s, m: s.settings.append(setting(name, Fraction(int(m[1]), divide), unit=unit))


def _home(**fields: Any) -> Callable[[Story, re.Match[str]], None]:
    return lambda s, m: s.case.update(residence=replace(s.case.get("residence", Residence(HSINCHU, True, 365)), **fields))


def _days(s: Story, m: re.Match[str]) -> None:
    _home(days_in_taiwan=None if m[1] == "未查" else int(m[1]))(s, m)


WORDS: dict[str, Callable[[Story, re.Match[str]], None]] = {
    # 人
    r"(\d+)歲": lambda s, m: s.who.update(birth=s.on.replace(year=s.on.year - int(m[1]), day=1)),
    r"(\S+)生": _date("who", "birth"),
    r"已死亡": lambda s, m: s.who.update(death=s.on),
    r"月入(\d+)": lambda s, m: s.who.update(incomes=gets(int(m[1]))),
    r"月薪(\d+)": lambda s, m: s.who.update(work=pays(int(m[1]))),
    r"存款(\d+)": _asset(AssetKind.DEPOSIT),
    r"土地(\d+)": _asset(AssetKind.LAND),
    r"房屋(\d+)": _asset(AssetKind.HOUSE),
    r"服役": _condition(ConditionKind.CONSCRIPT),
    r"失蹤六個月": _condition(ConditionKind.MISSING_6M),
    r"失業認定": _condition(ConditionKind.CERTIFIED_UNEMPLOYED),
    r"(?P<relation>配偶|子女|父母|手足|祖父母)(?P<age>\d+)歲(?P<rest>\S*)": _relative,
    # 案件
    r"(低收|中低收|一般戶|身分未查)": lambda s, m: s.case.update(status=STATUS[m[1]]),
    r"戶籍不在本縣": _home(registered_county="10005"),
    r"未住戶籍地": _home(lives_there=False),
    r"國內(\d+|未查)日?": _days,
    r"公費安置": _put("case", placement=YES_),
    r"公費安置未查": _put("case", placement=UNKNOWN),
    r"在監": _put("case", custody=YES_),
    r"文件未齊": _put("case", documents_complete=None),
    r"備齊(\S+)": _date("case", "documents_complete"),
    r"互斥未查": _put("case", other_benefits=None),
    r"領(?P<kind>" + "|".join(KINDS) + r")(?P<detail>日間|住宿|夜間)?(?P<amount>\d+)?(?P<county>得併領|不得併領)?": _benefit,
    r"99年起領取": lambda s, m: s.case.update(prior_award=PriorAward(roc.month(99, 1), True)),
    # 手冊
    r"(輕度|中度|重度|極重度)": lambda s, m: _card(s, grade=GRADES[m[1]]),
    r"無手冊": lambda s, m: _card(s, held=False),
    r"手冊未查": lambda s, m: setattr(s, "card", None),
    r"手冊效期(\S+)": lambda s, m: _card(s, permanent=False, expires=day(m[1])),
    r"手冊註銷(\S+)": lambda s, m: _card(s, cancelled=day(m[1])),
    r"註記續用": lambda s, m: _card(s, annotated=True),
    # 生活補助、托育養護
    r"住機構": _put("own", institution=YES_),
    r"補助費移作他用": _put("own", misuse=YES_),
    r"(日間|夜間|住宿|社區)照顧": lambda s, m: s.own.update(service={"日間": "day", "夜間": "night", "住宿": "residential", "社區": "community"}[m[1]]),
    r"收費(\d+)": _number("own", "fee"),
    r"未經同意安置": _put("own", placed=NO),
    r"轉介外縣市機構": _put("own", referred=True),
    r"父母滿65歲": _put("own", parent_65=YES_),
    r"家中身障(\d+)人": _number("own", "disabled_in_family"),
    r"同性質服務": _put("own", same_service=YES_),
    r"縣府認定補助(\d+)成": lambda s, m: s.own.update(decided_rate=int(m[1]) * 10),
    # 低收
    r"未訪視": _put("own", visited=None),
    r"資料不實": _put("own", fraud=YES_),
    r"拒絕工作": _put("own", refused=YES_),
    r"懷孕(\d+)個月": lambda s, m: s.members.setdefault("阿美", {}).update(pregnant_months=int(m[1])),
    r"本人有手冊": lambda s, m: s.members.setdefault("阿美", {}).update(card=True),
    r"有工作能力": _put("who", able=True),
    # 兒少
    r"遭遇困境": _put("own", hardship=YES_),
    r"未遭遇困境": _put("own", hardship=NO),
    r"因懷孕或生育": _put("own", category="pregnancy"),
    r"縣府評估": _put("own", category="assessed"),
    r"98年(兒童|少年)": lambda s, m: s.own.update(category={"兒童": "child", "少年": "youth"}[m[1]]),
    r"合於縣府要件": _put("own", county_means=YES_),
    r"合於縣府規定": _put("own", county_rules=YES_),
    # 輔具
    r"項目最高(\d+)元": _number("item", "max_amount"),
    r"年限(\d+)年": _number("item", "min_years"),
    r"免評估": _put("item", assessed=False),
    r"不受比例限制": _put("item", full_rate=True),
    r"未評估": _put("own", report=None),
    r"不合基準表": _put("own", qualifies=NO),
    r"(\S+)先購買": _date("own", "bought"),
    r"(\d+/\d+/\d+)補助過(同項)?": lambda s, m: s.history.append(PriorDevice("12" if m[2] else f"X{len(s.history)}", day(m[1]))),
    r"專案急迫": _put("own", special=YES_),
    r"紀錄未查": _put("own", history=None),
    r"縣府標準表(\d+)元": _number("own", "county_amount"),
    # 停車證
    r"行動不便": _put("own", mobility=YES_),
    r"非行動不便": _put("own", mobility=NO),
    r"行動未評估": _put("own", mobility=UNKNOWN),
    r"持用人(本人|配偶|同戶兄弟|不同戶兄弟|朋友)": lambda s, m: s.own.update(HOLDERS[m[1]]),
    r"(自用小客車|計程車本人|計程車非本人|自用小貨車本人|大客車)": lambda s, m: s.own.update(CARS[m[1]]),
    r"已有專用牌照": _put("own", special_plate=YES_),
    r"已有識別證": _put("own", other_permit=YES_),
    r"違規查獲(\S+)": _date("own", "misuse_found"),
    # 鑑定
    r"鑑定(輕度|中度|重度|極重度)": lambda s, m: s.assessment.update(grade=GRADES[m[1]]),
    r"未達等級": lambda s, m: s.assessment.update(qualifies=False),
    r"尚未鑑定": lambda s, m: s.assessment.update(day=None),
    r"未做需求評估": lambda s, m: s.assessment.update(needs_assessed=None),
    r"重新鑑定日(\S+)": _date("assessment", "reassess"),
    r"無法減輕": lambda s, m: s.assessment.update(irreversible=True),
    r"暫判定": lambda s, m: s.assessment.update(provisional=True),
    r"遺失補發": _put("own", issue=Issue.REPLACED, loss=YES_),
    r"未切結補發": _put("own", issue=Issue.REPLACED, loss=NO),
    r"遷入": _put("own", issue=Issue.MOVED_IN),
    # 縣自辦
    r"(\S+)設籍": _date("own", "registered_since"),
    r"年所得(\d+)": _number("own", "own_income"),
    r"不動產(\d+)": _number("own", "own_real_estate"),
    r"領退休金": lambda s, m: s.found.update(public_pension=True),
    r"現職公教": lambda s, m: s.found.update(active_public_employee=True),
    r"合於排富": lambda s, m: s.found.update(means_99=True),
    r"不合排富": lambda s, m: s.found.update(means_99=False),
    r"全癱": lambda s, m: s.found.update(bedridden=True),
    r"非全癱": lambda s, m: s.found.update(bedridden=False),
    r"全癱未評估": lambda s, m: s.found.update(bedridden=None),
    r"安置機構": lambda s, m: s.found.update(institution=True),
    r"安置未查": lambda s, m: s.found.update(institution=None),
    r"設籍日未查": _put("own", registered_since=None),
    r"縣府尚未確認規定": lambda s, m: s.found.update(confirmed=False),
    # 縣市設定
    r"癱瘓津貼(\d+)元": _set("paralysis_living_allowance"),
    r"癱瘓設籍(\d+)個月": _set("paralysis_living_allowance.registered_months"),
    r"加成(\d+)成": _set("low_income_living_assistance.supplement_rate", 10),
    r"兒童補助(\d+)元": _set("low_income_living_assistance.child_class23"),
    r"就學補助(\d+)元": _set("low_income_living_assistance.student_class23"),
    r"兒童未滿(\d+)歲": _set("low_income_living_assistance.child_age"),
    r"平均消費(\d+)元": _set("average_consumption"),
    r"最低生活費(\d+)元": _set("minimum_living_expense"),
    r"收費上限(\d+)元": lambda s, m: s.settings.extend(setting(f"disability_care_ceiling.{k}", int(m[1])) for k in ("day", "night", "residential", "community")),
    r"扶助金額(\d+)元": _set("child_youth_living_assistance"),
    r"敬老金額(\d+)元": _set("county_senior_allowance"),
    r"敬老年齡(\d+)歲": _set("county_senior_allowance.age"),
    r"停車證(\d+)年": _set("parking_permit.max_years"),
}  # fmt: skip
HOLDERS: dict[str, dict[str, Any]] = {
    "本人": {"holder": Holder.SELF}, "配偶": {"holder": Holder.SPOUSE_OR_FIRST}, "同戶兄弟": {"holder": Holder.OTHER_RELATIVE, "same_home": True},
    "不同戶兄弟": {"holder": Holder.OTHER_RELATIVE, "same_home": False}, "朋友": {"holder": Holder.STRANGER},
}  # fmt: skip
CARS: dict[str, dict[str, Any]] = {
    "自用小客車": {"vehicle": Vehicle.CAR}, "計程車本人": {"vehicle": Vehicle.TAXI, "owner_is_self": True, "driver_is_self": True},
    "計程車非本人": {"vehicle": Vehicle.TAXI, "owner_is_self": False, "driver_is_self": True},
    "自用小貨車本人": {"vehicle": Vehicle.LIGHT_TRUCK, "owner_is_self": True, "driver_is_self": True}, "大客車": {"vehicle": Vehicle.OTHER},
}  # fmt: skip


def _card(s: Story, **fields: Any) -> None:
    s.card = {**(s.card or {}), **fields}


def read(words: str, on: Any) -> Story:
    """The words of a row, separated by spaces. Raises ValueError for a word that means nothing."""
    story = Story(on)
    for word in words.split():
        for pattern, act in WORDS.items():
            if found := re.fullmatch(pattern, word):
                act(story, found)
                break
        else:
            raise ValueError(f"看不懂「{word}」")
    return story


__all__ = ["Assessment", "DeviceItem", "NamedFinding", "Story", "read"]
