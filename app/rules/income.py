"""Household income a month: work (certified, tax file, pay table, occupation, starting wage, basic wage), yields, other income.

Amounts stay exact fractions; nothing is rounded before it is shown. A missing figure makes the line, and so the total, "not known".
"""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

from .ability import Ability
from .facts import ConditionKind as K
from .facts import Income, IncomeKind, Member, Source
from .parameters import Missing, Number, Parameters
from .sheet import Sheet, Sum
from .trace import MissingItem

_WORK = (IncomeKind.WAGE, IncomeKind.PROFESSIONAL)
_YIELD = (IncomeKind.INTEREST, IncomeKind.DIVIDEND, IncomeKind.RENTAL, IncomeKind.PROPERTY_TRANSACTION)
_ALWAYS = frozenset((*_YIELD, IncomeKind.UNEMPLOYMENT_BENEFIT, IncomeKind.TRAINING_ALLOWANCE, IncomeKind.INSURANCE_PENSION))
_ELA = "中低收入老人生活津貼發給辦法"
_SAA = "社會救助法"


@dataclass(frozen=True, slots=True)
class IncomeLaw:
    """One version of the income rule. `reduced` = imputed pay at 70 % (16–19, 60–64) and 55 % (身心障礙者)."""

    code: str
    name: str
    article: str
    imputed_article: str
    basic_article: str
    pay_table: bool = False
    monthly_pension: bool = False
    unemployed_exempt: bool = False
    seekers_exempt: bool = False
    indigenous_ratio: bool = False
    reduced: bool = False


ELA_96 = IncomeLaw(
    "ELA-96", f"{_ELA}第7條、第9條、第10條", f"{_ELA}第7條", f"{_ELA}第10條", f"{_ELA}第9條", pay_table=True, monthly_pension=True
)
SAA_97 = IncomeLaw(
    "SAA-97",
    f"{_SAA}第5條之1（97年1月16日版）",
    f"{_SAA}第5條之1",
    f"{_SAA}第5條之1第1項第1款第1目",
    f"{_SAA}第5條之1第1項第1款第2目",
    unemployed_exempt=True,
    indigenous_ratio=True,
)
SAA_100 = IncomeLaw(
    "SAA-100",
    f"{_SAA}第5條之1（100年7月1日施行）",
    f"{_SAA}第5條之1",
    f"{_SAA}第5條之1第1項第1款第1目",
    f"{_SAA}第5條之1第1項第1款第2目",
    unemployed_exempt=True,
    seekers_exempt=True,
    indigenous_ratio=True,
    reduced=True,
)


@lru_cache(maxsize=1024)
def income_law(benefit: str, on: dt.date) -> IncomeLaw:
    """The elders' allowance had its own rule until 110-12-31; everything else follows the Public Assistance Act."""
    if benefit == "elderly_living_allowance" and on < dt.date(2022, 1, 1):
        return ELA_96
    return SAA_100 if on >= dt.date(2011, 7, 1) else SAA_97


class _Incomes(Sheet):
    """The income of one household while it is worked through."""

    __slots__ = ("law", "on", "parameters")

    def __init__(self, on: dt.date, law: IncomeLaw, parameters: Parameters):
        super().__init__()
        self.on, self.law, self.parameters = on, law, parameters

    def imputed(self, m: Member, name: str, basis: str, article: str) -> None:
        """Pay assumed from a parameter, with the indigenous ratio and the age and disability reductions where the law has them."""
        found = self.parameters.on(self.on, name)
        if isinstance(found, Missing):
            self._not_set(m, found, article)
            return
        assert found.value is not None
        pay: Number = found.value
        if self.law.indigenous_ratio and name != "basic_wage" and m.has(K.INDIGENOUS, self.on):
            ratio, basic = self.parameters.on(self.on, "indigenous_income_ratio"), self.parameters.on(self.on, "basic_wage")
            for needed in (ratio, basic):
                if isinstance(needed, Missing):
                    self._not_set(m, needed, article)
                    return
            assert not isinstance(ratio, Missing) and not isinstance(basic, Missing) and ratio.value and basic.value
            pay = max(pay * ratio.value, basic.value)
            basis += "，依原住民主要工作所得比例核算（不低於基本工資）"
        percent, why = self._reduction(m)
        amount, parts = pay.numerator * percent, pay.denominator * 100
        self.add(m, "工作收入", amount, parts, basis + why, article, Source(found.source, found.effective_from))

    def _not_set(self, m: Member, setting: Missing, article: str) -> None:
        self.unsettled(m, "工作收入", setting.text, article, MissingItem("setting", setting.name, setting.text))

    def _reduction(self, m: Member) -> tuple[int, str]:
        """Percent of the pay that is assumed, and why."""
        age = m.age_on(self.on) if self.law.reduced else None
        if age is None:
            return 100, ""
        if m.has(K.DISABLED, self.on):
            return 55, "，身心障礙者以55%計算（第5條之1第3項）"
        if 16 <= age < 20 or 60 <= age < 65:
            return 70, f"，{age}歲以70%計算（第5條之1第3項）"
        return 100, ""


_YEAR = 12


def household_income(members: tuple[Member, ...], ability: dict[str, Ability], on: dt.date, law: IncomeLaw, parameters: Parameters) -> Sum:
    """All income of the counted members a month, line by line."""
    sheet = _Incomes(on, law, parameters)
    for m in members:
        if m.incomes is None:
            sheet.unsettled(m, "財稅資料", "最近一年度所得資料尚未查調", law.article)
        _work(sheet, m, ability[m.ref])
        for line in m.incomes or ():
            if line.kind not in _WORK:
                _other(sheet, m, line)
    return sheet.sum()


def _work(sheet: _Incomes, m: Member, able: Ability) -> None:
    law = sheet.law
    wages = [i for i in m.incomes if i.kind in _WORK] if m.incomes else ()
    earned = 0  # of a year
    for i in wages:
        if i.amount is None:
            return sheet.unsettled(m, "工作收入", "薪資所得金額不明", law.article)
        earned += i.amount if i.per == "year" else i.amount * _YEAR
    employed = m.work.employed if m.work else None
    if employed is None:
        if able.able is False and m.incomes is not None:
            text = "財稅資料所列工作收入÷12" if earned else f"{able.reason}，財稅資料查無工作收入"
            return sheet.add(m, "工作收入", earned, _YEAR, text, law.article, *(i.source for i in wages))
        return sheet.unsettled(m, "工作收入", "是否就業尚未查明", law.article)
    if employed:
        assert m.work is not None
        if m.work.monthly_pay is not None:
            return sheet.add(m, "工作收入", m.work.monthly_pay, 1, "薪資證明所載實際收入", law.article, m.work.source)
        if earned:
            text = "最近一年度財稅資料所列工作收入÷12"
            return sheet.add(m, "工作收入", earned, _YEAR, text, law.article, *(i.source for i in wages))
        if m.incomes is None:
            return sheet.unsettled(m, "工作收入", "未附薪資證明，財稅資料尚未查調", law.article)
        if law.pay_table and m.work.pay_table is not None:
            text = "全國軍公教員工待遇支給要點"
            return sheet.add(m, "工作收入", m.work.pay_table, 1, text, f"{law.imputed_article}第1款", m.work.source)
        if m.work.occupation:
            return sheet.imputed(m, f"occupation_wage.{m.work.occupation}", f"職類別平均薪資（{m.work.occupation}）", law.imputed_article)
        return sheet.imputed(m, "starting_wage", "各業初任人員平均薪資", law.imputed_article)
    source = m.work.source if m.work else None
    if able.able is None:
        return sheet.unsettled(m, "工作收入", f"未就業，有無工作能力尚未查明（{able.reason}）", able.article)
    if not able.able:
        return sheet.add(m, "工作收入", 0, 1, lambda: f"無工作能力：{able.reason}", able.article, source, *able.sources(m))
    exempt = (
        *((K.CERTIFIED_UNEMPLOYED,) if law.unemployed_exempt else ()),
        *((K.UNMATCHED_55, K.IN_TRAINING) if law.seekers_exempt else ()),
    )
    for kind in exempt if m.conditions else ():
        if m.has(kind, sheet.on):
            return sheet.add(m, "工作收入", 0, 1, f"{kind.zh}，期間不計工作收入", law.basic_article, *m.source_of(kind))
        if m.has(kind, sheet.on) is None:
            return sheet.unsettled(m, "工作收入", f"是否{kind.zh}尚未查明", law.basic_article)
    return sheet.imputed(m, "basic_wage", "有工作能力未就業，依基本工資核算", law.basic_article)


def _other(sheet: _Incomes, m: Member, line: Income) -> None:
    law, item = sheet.law, line.kind.zh
    article = law.article
    if line.kind is IncomeKind.SOCIAL_ASSISTANCE:
        return sheet.add(m, item, 0, 1, "社會救助給付不計入", article, line.source)
    counted = line.counted
    if line.kind in _ALWAYS or (line.kind is IncomeKind.MONTHLY_PENSION and law.monthly_pension):
        counted = True
    if counted is None:
        return sheet.unsettled(m, item, f"{item}是否列為其他收入，須由縣府認定", article)
    if not counted:
        return sheet.add(m, item, 0, 1, "縣府認定不列為其他收入", article, line.source)
    if line.amount is None:
        return sheet.unsettled(m, item, f"{item}金額不明", article)
    if line.per == "year":
        return sheet.add(m, item, line.amount, _YEAR, f"{item}÷12", article, line.source)
    return sheet.add(m, item, line.amount, 1, item, article, line.source)
