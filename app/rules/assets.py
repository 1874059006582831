"""What the counted members own: deposits, investments and securities on one side, land and houses on the other."""

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

from .facts import AssetKind, IncomeKind, LandExemption, Member, Source
from .parameters import Missing, Parameters
from .trace import MissingItem, SumLine

_MOVABLE = (AssetKind.DEPOSIT, AssetKind.INVESTMENT, AssetKind.SECURITY)
_ELA = "中低收入老人生活津貼發給辦法"
_SAA = "社會救助法"
_FOUR = (LandExemption.INDIGENOUS_RESERVED, LandExemption.PUBLIC_FACILITY, LandExemption.CONSERVATION, LandExemption.ANCESTRAL)


@dataclass(frozen=True, slots=True)
class AssetSum:
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


def land_law(benefit: str, on: dt.date) -> LandLaw:
    """The elders' allowance left out two kinds of land until 110-12-31 (§4 II); since then as the Public Assistance Act §5-2."""
    if benefit == "elderly_living_allowance" and on < dt.date(2022, 1, 1):
        return LandLaw(f"{_ELA}第4條第2項", (LandExemption.INDIGENOUS_RESERVED, LandExemption.PUBLIC_FACILITY))
    return LandLaw(f"{_SAA}第5條之2第1項", tuple(LandExemption) if on >= dt.date(2011, 7, 1) else _FOUR)


def movable(members: tuple[Member, ...], parameters: Parameters, article: str) -> AssetSum:
    """Deposits, investments and securities at face value. A deposit nobody stated is worked out from the year's interest."""
    lines: list[SumLine] = []
    missing: list[MissingItem] = []
    for m in members:
        _looked_up(m, lines, missing, article)
        if m.incomes is None and m.assets is not None:
            _unknown(m, "存款", "利息所得尚未查調", article, lines, missing)
        for asset in m.assets or ():
            if asset.kind in _MOVABLE:
                _value(m, asset.kind.zh, asset.label, asset.value, asset.share, article, asset.source, lines, missing)
        for line in m.incomes or ():
            if line.kind is not IncomeKind.INTEREST or line.amount == 0:
                continue
            if line.principal is not None:
                _value(m, "存款本金", "存款證明", line.principal, Fraction(1), article, line.source, lines, missing)
            elif line.amount is None or line.tax_year is None:
                _unknown(m, "存款本金", "利息金額或所得年度不明", article, lines, missing)
            else:
                _principal(m, line.amount, line.tax_year, parameters, article, line.source, lines, missing)
    return _sum(lines, missing)


def _principal(
    m: Member, interest: int, year: int, parameters: Parameters, article: str, source: Source | None,
    lines: list[SumLine], missing: list[MissingItem],
) -> None:  # fmt: skip
    """本金 = 利息 ÷ 年利率 of the tax year."""
    rate = parameters.on(dt.date(1911 + year, 12, 31), "deposit_interest_rate")
    if isinstance(rate, Missing) or not rate.value:
        text = rate.text if isinstance(rate, Missing) else f"{year}年度利率為0，無法推算本金"
        lines.append(SumLine(m.ref, m.name, "存款本金", None, text, article))
        missing.append(MissingItem("setting", "deposit_interest_rate", text))
        return
    basis = f"{year}年度利息{interest:,}元÷年利率{float(rate.value):.5f}"
    lines.append(SumLine(m.ref, m.name, "存款本金", Fraction(interest) / rate.value, basis, article, (source,) if source else ()))


def real_estate(members: tuple[Member, ...], law: LandLaw, article: str) -> AssetSum:
    """Land and houses at the owner's share; certified land the law leaves out counts zero."""
    lines: list[SumLine] = []
    missing: list[MissingItem] = []
    pending = Fraction(0)
    for m in members:
        _looked_up(m, lines, missing, article)
        for asset in m.assets or ():
            if asset.kind in _MOVABLE:
                continue
            exempt = asset.exemption if asset.kind is AssetKind.LAND and asset.exemption in law.exemptions else None
            if exempt and asset.certified:
                sources = (asset.source,) if asset.source else ()
                lines.append(
                    SumLine(m.ref, m.name, asset.kind.zh, Fraction(0), f"{asset.label} {exempt.zh}，不列入".strip(), law.article, sources)
                )
            elif exempt and asset.certified is None and asset.value is not None:
                pending += asset.value * asset.share
                _unknown(m, asset.kind.zh, f"{asset.label} 是否屬{exempt.zh}，認定尚未完成".strip(), law.article, lines, missing)
            else:
                _value(m, asset.kind.zh, asset.label, asset.value, asset.share, article, asset.source, lines, missing)
    plain = _sum(lines, missing)
    known = sum((line.amount for line in lines if line.amount is not None), Fraction(0))
    only_pending = all(item.text.endswith("認定尚未完成") for item in missing)
    return AssetSum(plain.lines, plain.total, known + pending if only_pending else None, plain.missing)


def _looked_up(m: Member, lines: list[SumLine], missing: list[MissingItem], article: str) -> None:
    if m.assets is None:
        _unknown(m, "財產資料", "最近一年度財產資料尚未查調", article, lines, missing)


def _unknown(m: Member, item: str, basis: str, article: str, lines: list[SumLine], missing: list[MissingItem]) -> None:
    lines.append(SumLine(m.ref, m.name, item, None, basis, article))
    missing.append(MissingItem("fact", f"{m.ref}.{item}", f"{m.name or m.relation.zh}：{basis}"))


def _value(
    m: Member, item: str, label: str, value: int | None, share: Fraction, article: str, source: Source | None,
    lines: list[SumLine], missing: list[MissingItem],
) -> None:  # fmt: skip
    if value is None:
        return _unknown(m, item, f"{label} 價值不明".strip(), article, lines, missing)
    basis = label if share == 1 else f"{label} {value:,}元×{share}".strip()
    return lines.append(SumLine(m.ref, m.name, item, value * share, basis, article, (source,) if source else ()))


def _sum(lines: list[SumLine], missing: list[MissingItem]) -> AssetSum:
    amounts = [line.amount for line in lines]
    total = None if any(a is None for a in amounts) else sum((a for a in amounts if a is not None), Fraction(0))
    return AssetSum(tuple(lines), total, total, tuple(dict.fromkeys(missing)))
