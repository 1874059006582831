"""The facts a rule is given. Everywhere None means "not known"; nothing here is ever taken as zero or no.

Only the special circumstances (`Condition`) work the other way round: the law counts a person unless somebody claims and
proves an exception, so a condition that is not listed is not claimed, and one listed with `holds=None` is claimed but not proven.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Source:
    """Who said so and as of when: `Source("國人入出境", date(2009, 2, 28))`."""

    name: str
    as_of: dt.date | None = None


class Relation(StrEnum):
    """To the applicant."""

    APPLICANT = "applicant"
    SPOUSE = "spouse"
    CHILD = "child"
    CHILD_SPOUSE = "child_spouse"
    GRANDCHILD = "grandchild"
    PARENT = "parent"
    GRANDPARENT = "grandparent"
    SIBLING = "sibling"
    OTHER = "other"

    @property
    def zh(self) -> str:
        return _RELATION_ZH[self]


_RELATION_ZH = {
    "applicant": "申請人",
    "spouse": "配偶",
    "child": "子女",
    "child_spouse": "子女之配偶",
    "grandchild": "孫子女",
    "parent": "父母",
    "grandparent": "（外）祖父母",
    "sibling": "兄弟姊妹",
    "other": "其他",
}


class ConditionKind(StrEnum):
    """Special circumstances the law knows; each is claimed for one member and proven by a document."""

    # who is counted
    MARRIED_OUT = "married_out"
    WIDOWED_IN_LAW = "widowed_in_law"
    SPOUSE_MAY_NOT_WORK = "spouse_may_not_work"
    SPOUSE_UNREGISTERED = "spouse_unregistered"
    CONSCRIPT = "conscript"
    FUNDED_STUDENT = "funded_student"
    INCARCERATED = "incarcerated"
    MISSING_6M = "missing_6m"
    NO_SUPPORT_DUTY = "no_support_duty"
    BEARS_SUPPORT = "bears_support"
    SUPPORTED = "supported"
    HARDSHIP_SINGLE_PARENT_ASCENDANT = "hardship_single_parent_ascendant"
    MARRIED_WITHOUT_MEANS = "married_without_means"
    NONCUSTODIAL_PARENT = "noncustodial_parent"
    EXEMPT_BY_VISIT = "exempt_by_visit"
    # working ability
    DAY_STUDENT = "day_student"
    DISABLED_CANNOT_WORK = "disabled_cannot_work"
    SERIOUS_ILLNESS = "serious_illness"
    SOLE_CARER = "sole_carer"
    CARER = "carer"
    SOLE_PARENT_UNDER_6 = "sole_parent_under_6"
    PREGNANT_6M = "pregnant_6m"
    PREGNANT_UNFIT = "pregnant_unfit"
    GUARDIANSHIP = "guardianship"
    # income
    DISABLED = "disabled"
    INDIGENOUS = "indigenous"
    CERTIFIED_UNEMPLOYED = "certified_unemployed"
    UNMATCHED_55 = "unmatched_55"
    IN_TRAINING = "in_training"

    @property
    def zh(self) -> str:
        return _CONDITION_ZH[self.value]


_CONDITION_ZH = {
    "married_out": "出嫁女兒或子為他人贅夫",
    "widowed_in_law": "已喪偶之媳或贅婿",
    "spouse_may_not_work": "不得在臺灣地區工作之非本國籍或大陸地區配偶",
    "spouse_unregistered": "尚未設有戶籍之非本國籍或大陸地區配偶",
    "conscript": "應徵（召）集入營服兵役或替代役現役",
    "funded_student": "在學領有公費",
    "incarcerated": "入獄服刑、因案羈押或依法拘禁",
    "missing_6m": "失蹤經報案協尋未獲達六個月以上",
    "no_support_duty": "經法院免除或依法不負扶養義務",
    "bears_support": "實際負擔扶養義務",
    "supported": "受應計算人口扶養",
    "hardship_single_parent_ascendant": "無扶養事實之特定境遇單親家庭直系血親尊親屬",
    "married_without_means": "無扶養能力之已結婚直系血親卑親屬",
    "noncustodial_parent": "未行使負擔權利義務且無扶養事實之父或母",
    "exempt_by_visit": "未履行扶養義務，經訪視評估以不列入為宜",
    "day_student": "二十五歲以下就讀日間學校",
    "disabled_cannot_work": "身心障礙致不能工作",
    "serious_illness": "嚴重傷病須三個月以上治療或療養",
    "sole_carer": "獨自照顧特定身心障礙或罹患特定病症之親屬",
    "carer": "照顧特定身心障礙或罹患特定病症之親屬",
    "sole_parent_under_6": "獨自扶養六歲以下直系血親卑親屬",
    "pregnant_6m": "懷胎六個月以上至分娩後二個月內",
    "pregnant_unfit": "懷胎期間經醫師診斷不宜工作",
    "guardianship": "受監護宣告",
    "disabled": "身心障礙者",
    "indigenous": "原住民",
    "certified_unemployed": "經公立就業服務機構認定失業",
    "unmatched_55": "五十五歲以上經媒介工作三次以上未成功",
    "in_training": "參加政府全日制職業訓練",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A claimed circumstance. `holds` None = claimed, proof still to come. Dates None = open."""

    kind: ConditionKind
    holds: bool | None = True
    since: dt.date | None = None
    until: dt.date | None = None
    source: Source | None = None


class IncomeKind(StrEnum):
    WAGE = "wage"
    PROFESSIONAL = "professional"
    INTEREST = "interest"
    DIVIDEND = "dividend"
    RENTAL = "rental"
    PROPERTY_TRANSACTION = "property_transaction"
    MONTHLY_PENSION = "monthly_pension"
    LUMP_SUM_PENSION = "lump_sum_pension"
    INSURANCE_PENSION = "insurance_pension"
    UNEMPLOYMENT_BENEFIT = "unemployment_benefit"
    TRAINING_ALLOWANCE = "training_allowance"
    SOCIAL_ASSISTANCE = "social_assistance"
    OTHER = "other"

    @property
    def zh(self) -> str:
        return _INCOME_ZH[self]


_INCOME_ZH = {
    "wage": "薪資所得",
    "professional": "執行業務所得",
    "interest": "利息所得",
    "dividend": "股利所得",
    "rental": "租賃所得",
    "property_transaction": "財產交易所得",
    "monthly_pension": "月退休金、月撫恤金",
    "lump_sum_pension": "一次退休金",
    "insurance_pension": "社會保險年金",
    "unemployment_benefit": "失業給付",
    "training_allowance": "職業訓練生活津貼",
    "social_assistance": "社會救助給付",
    "other": "其他所得",
}


@dataclass(frozen=True, slots=True)
class Income:
    """An income line. `per` is `year` or `month`. `counted` is the county's own finding where the law leaves it to the county.

    `principal` (interest only) is the deposit as the bank states it; without it the deposit is worked out from the interest.
    """

    kind: IncomeKind
    amount: int | None
    per: str = "year"
    tax_year: int | None = None
    counted: bool | None = None
    principal: int | None = None
    source: Source | None = None


class AssetKind(StrEnum):
    DEPOSIT = "deposit"
    INVESTMENT = "investment"
    SECURITY = "security"
    LAND = "land"
    HOUSE = "house"

    @property
    def zh(self) -> str:
        return _ASSET_ZH[self]


_ASSET_ZH = {"deposit": "存款", "investment": "投資", "security": "有價證券", "land": "土地", "house": "房屋"}


class LandExemption(StrEnum):
    """Land the law leaves out when the authority certifies it."""

    INDIGENOUS_RESERVED = "indigenous_reserved"
    PUBLIC_FACILITY = "public_facility"
    CONSERVATION = "conservation"
    ANCESTRAL = "ancestral"
    WATER = "water"
    SUBSIDENCE = "subsidence"
    DISASTER = "disaster"
    POLLUTED = "polluted"

    @property
    def zh(self) -> str:
        return {
            "indigenous_reserved": "未產生經濟效益之原住民保留地",
            "public_facility": "未產生經濟效益之公共設施保留地或既成道路",
            "conservation": "未產生經濟效益之國土保安、生態保護、古蹟保存或墳墓用地",
            "ancestral": "祭祀公業解散後分割所得未產生經濟效益之土地",
            "water": "未產生經濟效益之水利用地",
            "subsidence": "嚴重地層下陷區未產生經濟效益之農牧、養殖用地",
            "disaster": "因天然災害致未產生經濟效益之農牧、養殖、林業用地",
            "polluted": "依法公告之污染整治場址",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Asset:
    """A holding. Land by 公告土地現值, house by 評定標準價格 (NTD, the whole object); `share` is the owner's part.

    `certified` answers whether the authority certified `exemption` (None = asked, no answer yet).
    """

    kind: AssetKind
    value: int | None
    share: Fraction = Fraction(1)
    exemption: LandExemption | None = None
    certified: bool | None = None
    label: str = ""
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """Employment now. `monthly_pay` = certified pay this year; `pay_table` = by the public pay table (teachers, soldiers);
    `occupation` = a name in the occupational wage survey, empty when the survey does not list it."""

    employed: bool | None
    monthly_pay: int | None = None
    pay_table: int | None = None
    occupation: str = ""
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One person. `via` is the `ref` of the child through whom a child's spouse or a grandchild is related.

    `incomes`/`assets` None = the tax data were not looked up; empty = looked up, nothing there.
    """

    ref: str
    relation: Relation
    name: str = ""
    birth: dt.date | None = None
    sex: str = ""
    death: dt.date | None = None
    via: str = ""
    lives_together: bool | None = None
    same_registration: bool | None = None
    claims_dependant: bool | None = None
    conditions: tuple[Condition, ...] = ()
    work: Work | None = None
    incomes: tuple[Income, ...] | None = None
    assets: tuple[Asset, ...] | None = None
    source: Source | None = None

    def has(self, kind: ConditionKind, on: dt.date) -> bool | None:
        """Does the circumstance hold on a day? Not listed = not claimed = False."""
        if not self.conditions:
            return False
        answer: bool | None = False
        for c in self.conditions:
            if c.kind is kind and (c.since is None or c.since <= on) and (c.until is None or on <= c.until):
                if c.holds:
                    return True
                answer = None if c.holds is None else answer
        return answer

    def source_of(self, kind: ConditionKind) -> tuple[Source, ...]:
        return tuple(c.source for c in self.conditions if c.kind is kind and c.source)

    def age_on(self, day: dt.date) -> int | None:
        """Full years on a day (實足年齡)."""
        birth = self.birth
        if birth is None:
            return None
        before = day.month < birth.month or (day.month == birth.month and day.day < birth.day)
        return day.year - birth.year - before


@dataclass(frozen=True, slots=True)
class Residence:
    """`days_in_taiwan` = days lived in Taiwan in the last year, from the exit and entry record."""

    registered_county: str | None = None
    lives_there: bool | None = None
    days_in_taiwan: int | None = None
    source: Source | None = None
    days_source: Source | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A yes or no somebody looked up (public placement, custody). `since` = when it began."""

    holds: bool | None
    since: dt.date | None = None
    source: Source | None = None


NOT_LOOKED_UP = Finding(None)
NOTHING_REPORTED = Finding(False)


@dataclass(frozen=True, slots=True)
class OtherBenefit:
    """Another benefit of the applicant. `kind` is a benefit code or a counterpart code of the exclusion table.

    Months are month numbers, `last` None = still paid. `detail` = service type of care (`day`, `night`, `residential`).
    `compatible` = the county's own written finding that both may be drawn (or may not).
    """

    kind: str
    first: int
    last: int | None = None
    amount: int | None = None
    detail: str = ""
    agency: str = ""
    compatible: bool | None = None
    source: Source | None = None


class Status(StrEnum):
    """Public-assistance status of the applicant's household."""

    LOW = "low"
    NEAR_LOW = "near_low"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PriorAward:
    """An earlier award of the same benefit: since which month, and whether it ever broke off."""

    first_month: int
    uninterrupted: bool | None = None


@dataclass(frozen=True, slots=True)
class PriorHoldings:
    """Last year's recipient: are land and houses unchanged, and what was the land worth last year and now (NTD)?"""

    received_last_year: bool | None = None
    unchanged: bool | None = None
    land_last_year: int | None = None
    land_this_year: int | None = None


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """Everything about one application on the day it is judged. `members` holds the applicant too, exactly once.

    `other_benefits` None = the exclusion check was not run. `status` None = not known (asked from ROC 111 on).
    """

    on: dt.date
    county_code: str
    members: tuple[Member, ...]
    application_date: dt.date | None = None
    documents_complete: dt.date | None = None
    residence: Residence = Residence()
    placement: Finding = Finding(None)
    custody: Finding = Finding(None)
    other_benefits: tuple[OtherBenefit, ...] | None = None
    other_benefits_source: Source | None = None
    status: Status | None = None
    prior_award: PriorAward | None = None
    prior_holdings: PriorHoldings | None = None
    special_approval: str = ""

    def __post_init__(self) -> None:
        if sum(m.relation is Relation.APPLICANT for m in self.members) != 1:
            raise ValueError("案件必須有一位且只有一位申請人")
        if len({m.ref for m in self.members}) != len(self.members):
            raise ValueError("成員編號重複")

    @property
    def applicant(self) -> Member:
        first = self.members[0]
        return first if first.relation is Relation.APPLICANT else next(m for m in self.members if m.relation is Relation.APPLICANT)
