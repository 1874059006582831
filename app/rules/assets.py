"""What the counted members own: deposits, investments and securities on one side, land and houses on the other."""

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from .exact import Quotient
from .facts import Asset, AssetKind, IncomeKind, LandExemption, Member, Source
from .parameters import Missing, Parameters
from .sheet import Sheet, Sum
from .trace import MissingItem

_MOVABLE = (AssetKind.DEPOSIT, AssetKind.INVESTMENT, AssetKind.SECURITY)
_ELA = "中低收入老人生活津貼發給辦法"
_SAA = "社會救助法"
_FOUR = (LandExemption.INDIGENOUS_RESERVED, LandExemption.PUBLIC_FACILITY, LandExemption.CONSERVATION, LandExemption.ANCESTRAL)


@dataclass(frozen=True, slots=True)
class LandLaw:
    """Which land a version of the law leaves out, when certified."""

    article: str
    exemptions: tuple[LandExemption, ...]


@lru_cache(maxsize=1024)
def land_law(benefit: str, on: dt.date) -> LandLaw:
    """The elders' allowance left out two kinds of land until 110-12-31 (§4 II); since then as the Public Assistance Act §5-2."""
    if benefit == "elderly_living_allowance" and on < dt.date(2022, 1, 1):
        return LandLaw(f"{_ELA}第4條第2項", (LandExemption.INDIGENOUS_RESERVED, LandExemption.PUBLIC_FACILITY))
    return LandLaw(f"{_SAA}第5條之2第1項", tuple(LandExemption) if on >= dt.date(2011, 7, 1) else _FOUR)


def movable(members: tuple[Member, ...], parameters: Parameters, article: str) -> Sum:
    """Deposits, investments and securities at face value. A deposit nobody stated is worked out from the year's interest."""
    sheet = Sheet()
    for m in members:
        if m.assets is None:
            _not_looked_up(sheet, m, article)
        elif m.incomes is None:
            sheet.unsettled(m, "存款", "利息所得尚未查調", article)
        for asset in m.assets or ():
            if asset.kind in _MOVABLE:
                _value(sheet, m, asset, article)
        for line in m.incomes or ():
            if line.kind is not IncomeKind.INTEREST or line.amount == 0:
                continue
            if line.principal is not None:
                sheet.add(m, "存款本金", line.principal, 1, "存款證明", article, line.source)
            elif line.amount is None or line.tax_year is None:
                sheet.unsettled(m, "存款本金", "利息金額或所得年度不明", article)
            else:
                _principal(sheet, m, line.amount, line.tax_year, parameters, article, line.source)
    return sheet.sum()


def _principal(
    sheet: Sheet, m: Member, interest: int, year: int, parameters: Parameters, article: str, source: Source | None
) -> None:  # fmt: skip
    """本金 = 利息 ÷ 年利率 of the tax year."""
    rate = parameters.on(dt.date(1911 + year, 12, 31), "deposit_interest_rate")
    if isinstance(rate, Missing) or not rate.value:
        text = rate.text if isinstance(rate, Missing) else f"{year}年度利率為0，無法推算本金"
        return sheet.unsettled(m, "存款本金", text, article, MissingItem("setting", "deposit_interest_rate", text))
    value = rate.value
    amount, parts = interest * value.denominator, value.numerator
    return sheet.add(m, "存款本金", amount, parts, lambda: f"{year}年度利息{interest:,}元÷年利率{float(value):.5f}", article, source)


def real_estate(members: tuple[Member, ...], law: LandLaw, article: str) -> Sum:
    """Land and houses at the owner's share; certified land the law leaves out counts zero."""
    sheet = Sheet()
    pending: list[Fraction] = []
    for m in members:
        if m.assets is None:
            _not_looked_up(sheet, m, article)
        for asset in m.assets or ():
            if asset.kind in _MOVABLE:
                continue
            exempt = asset.exemption if asset.kind is AssetKind.LAND and asset.exemption in law.exemptions else None
            if exempt and asset.certified:
                sheet.add(m, asset.kind.zh, 0, 1, f"{asset.label} {exempt.zh}，不列入".strip(), law.article, asset.source)
            elif exempt and asset.certified is None and asset.value is not None:
                pending.append(asset.value * asset.share)
                sheet.unsettled(m, asset.kind.zh, f"{asset.label} 是否屬{exempt.zh}，認定尚未完成".strip(), law.article)
            else:
                _value(sheet, m, asset, article)
    if pending and len(pending) == len(sheet.missing):  # nothing else is open
        refused = sum(pending, Fraction(0))
        return sheet.sum(Quotient(refused.numerator, refused.denominator))
    return sheet.sum()


def _not_looked_up(sheet: Sheet, m: Member, article: str) -> None:
    sheet.unsettled(m, "財產資料", "最近一年度財產資料尚未查調", article)


def _value(sheet: Sheet, m: Member, asset: Asset, article: str) -> None:
    """An asset at the owner's share."""
    value, share, label = asset.value, asset.share, asset.label
    if value is None:
        return sheet.unsettled(m, asset.kind.zh, f"{label} 價值不明".strip(), article)

    def basis() -> str:
        return label if share == 1 else f"{label} {value:,}元×{share}".strip()

    return sheet.add(m, asset.kind.zh, value * share.numerator, share.denominator, basis, article, asset.source)
