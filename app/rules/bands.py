"""Subsidy rates by income: bands of the minimum living expense joined with the average consumption by 或 (either) or 且 (both)."""

from dataclasses import dataclass
from fractions import Fraction

from app.core import money

from .logic import Truth, all_of, any_of


@dataclass(frozen=True, slots=True)
class Band:
    """Less than `minimum` times the minimum living expense, or/and less than `consumption` times the average consumption: `rate` percent."""

    rate: int
    minimum: int
    consumption: Fraction


@dataclass(frozen=True, slots=True)
class Table:
    """Bands from the best to the worst of one article. `both`: 且. `none_minimum`, `none_consumption`: from here the article says nothing
    is paid (None = it does not say so; then nothing is paid because no band holds)."""

    article: str
    name: str
    bands: tuple[Band, ...]
    both: bool
    none_minimum: int | None = None
    none_consumption: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """`percent` None = not known. `conflict`: one measure pays and the other says nothing is paid (或): somebody has to decide."""

    percent: int | None
    band: Band | None
    conflict: Truth
    text: str


def bands(*rows: tuple[int, int, str]) -> tuple[Band, ...]:
    return tuple(Band(rate, minimum, Fraction(consumption)) for rate, minimum, consumption in rows)


def rate_of(table: Table, per_capita: Fraction | None, minimum: Fraction | None, consumption: Fraction | None) -> Rate:
    """The first band that holds, from the top. What is not known stays open unless the other measure settles it."""
    for band in table.bands:
        holds = _holds(table, band, per_capita, minimum, consumption)
        if holds is None:
            return Rate(None, None, None, "每人每月收入、最低生活費或平均消費支出尚未查明")
        if holds:
            conflict = _conflict(table, per_capita, minimum, consumption)
            return Rate(band.rate, band, conflict, limit_text(table, band, minimum, consumption))
    return Rate(0, None, False, "不屬任何補助級距，不予補助")


def _below(value: Fraction | None, limit: Fraction | None, times: Fraction | int) -> Truth:
    return None if value is None or limit is None else value < limit * times


def _holds(table: Table, band: Band, pc: Fraction | None, minimum: Fraction | None, consumption: Fraction | None) -> Truth:
    both = (_below(pc, minimum, band.minimum), _below(pc, consumption, band.consumption))
    return all_of(*both) if table.both else any_of(*both)


def _conflict(table: Table, pc: Fraction | None, minimum: Fraction | None, consumption: Fraction | None) -> Truth:
    if table.both or table.none_minimum is None or table.none_consumption is None:
        return False
    paid = (_below(pc, minimum, table.none_minimum), _below(pc, consumption, table.none_consumption))
    return any_of(*(None if p is None else not p for p in paid))


def limit_text(table: Table, band: Band, minimum: Fraction | None, consumption: Fraction | None) -> str:
    """`未達最低生活費2倍（19,658元）或未達平均消費支出1倍（20,000元）`."""
    first = f"未達最低生活費{band.minimum}倍" + (f"（{money.show_exact(minimum * band.minimum)}元）" if minimum is not None else "")
    second = f"未達平均消費支出{float(band.consumption):g}倍"
    second += f"（{money.show_exact(consumption * band.consumption)}元）" if consumption is not None else ""
    return f"{first}{'且' if table.both else '或'}{second}"
