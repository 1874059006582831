"""What the counted members own: deposits, investments and securities on one side, land and houses on the other."""

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from .facts import Asset, AssetKind, IncomeKind, LandExemption, Member, Source
from .lazy import Later
from .parameters import Missing, Parameters
from .sheet import Sheet
from .trace import MissingItem, SumLine

_MOVABLE = (AssetKind.DEPOSIT, AssetKind.INVESTMENT, AssetKind.SECURITY)
_ELA = "中低收入老人生活津貼發給辦法"
_SAA = "社會救助法"
_FOUR = (LandExemption.INDIGENOUS_RESERVED, LandExemption.PUBLIC_FACILITY, LandExemption.CONSERVATION, LandExemption.ANCESTRAL)


@dataclass(frozen=True, slots=True)
class AssetSum(Later):
    """`total` NTD; None while a line is not known. `at_most`: with every pending exemption refused (None = not known)."""

    lines: tuple[SumLine, ...]
    total: Fraction | None
    at_most: Fraction | None
    missing: tuple[MissingItem, ...]


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


def movable(members: tuple[Member, ...], parameters: Parameters, article: str) -> AssetSum:
    """Deposits, investments and securities at face value. A deposit nobody stated is worked out from the year's interest."""
    sheet = Sheet()
    for m in members:
        _looked_up(sheet, m, article)
        if m.incomes is None and m.assets is not None:
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
    total = sheet.total
    return _sum(sheet, total, total)


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


def real_estate(members: tuple[Member, ...], law: LandLaw, article: str) -> AssetSum:
    """Land and houses at the owner's share; certified land the law leaves out counts zero."""
    sheet = Sheet()
    pending = Fraction(0)
    for m in members:
        _looked_up(sheet, m, article)
        for asset in m.assets or ():
            if asset.kind in _MOVABLE:
                continue
            exempt = asset.exemption if asset.kind is AssetKind.LAND and asset.exemption in law.exemptions else None
            if exempt and asset.certified:
                sheet.add(m, asset.kind.zh, 0, 1, f"{asset.label} {exempt.zh}，不列入".strip(), law.article, asset.source)
            elif exempt and asset.certified is None and asset.value is not None:
                pending += asset.value * asset.share
                sheet.unsettled(m, asset.kind.zh, f"{asset.label} 是否屬{exempt.zh}，認定尚未完成".strip(), law.article)
            else:
                _value(sheet, m, asset, article)
    only_pending = all(item.text.endswith("認定尚未完成") for item in sheet.missing)
    total = sheet.total
    return _sum(sheet, total, total if total is not None else sheet.known + pending if only_pending else None)


def _looked_up(sheet: Sheet, m: Member, article: str) -> None:
    if m.assets is None:
        sheet.unsettled(m, "財產資料", "最近一年度財產資料尚未查調", article)


def _value(sheet: Sheet, m: Member, asset: Asset, article: str) -> None:
    """An asset at the owner's share."""
    value, share, label = asset.value, asset.share, asset.label
    if value is None:
        return sheet.unsettled(m, asset.kind.zh, f"{label} 價值不明".strip(), article)

    def basis() -> str:
        return label if share == 1 else f"{label} {value:,}元×{share}".strip()

    return sheet.add(m, asset.kind.zh, value * share.numerator, share.denominator, basis, article, asset.source)


def _sum(sheet: Sheet, total: Fraction | None, at_most: Fraction | None) -> AssetSum:
    missing = sheet.distinct_missing()
    return AssetSum.later(lambda: AssetSum(sheet.lines(), total, at_most, missing), total=total, at_most=at_most, missing=missing)
