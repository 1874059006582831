"""Judging 200,000 households of four again: households a second of one core, traces not read, traces read, and traces written as JSON.

The alternative in the same run is the same rule with every sentence read, which is what the product did before sentences were
written on demand. Time is the processor's, so that other work on the machine does not count; `SWIS_BENCH_ROWS` sets the households.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from app.rules.elderly_living_allowance import decide
from app.rules.facts import Asset, AssetKind, CaseFacts, Income, IncomeKind, Source, Work
from app.rules.parameters import Parameters
from app.rules.trace import Decision
from tests.rules.families import MARCH_98, MARCH_113, R, case, grandma, parameters, person, setting, with_113

PROMISED = 10_000
YEARS = {
    "98年（第7條應計人口）": (MARCH_98, parameters(setting("starting_wage", 22_000))),
    "113年（社會救助法第5條）": (
        MARCH_113,
        with_113(
            setting("basic_wage", 27_470, "113/1/1"),
            setting("starting_wage", 27_000),
            setting("elderly_living_allowance.full", 8_329),
            setting("elderly_living_allowance.half", 4_164),
        ),
    ),
}


def household(on: Any, seeded: random.Random) -> CaseFacts:
    """An elder with a pension and some land, a working child, the child's spouse with or without work, a grandchild; nothing alike."""
    year, tax = on.year - 1912, Source("財稅資料", on)

    def wages(amount: int, interest: int = 0) -> tuple[Income, ...]:
        found = [Income(IncomeKind.WAGE, amount, "year", year, source=tax)] if amount else []
        if interest:
            found.append(Income(IncomeKind.INTEREST, interest, "year", year, principal=interest * 60, source=tax))
        return tuple(found)

    def apart() -> bool:
        return seeded.random() < 0.5

    pension = Income(IncomeKind.INSURANCE_PENSION, seeded.randrange(0, 8_000), "month", source=tax)
    land = Asset(AssetKind.LAND, seeded.randrange(100_000, 12_000_000), Fraction(1, seeded.randrange(1, 6)), source=tax)
    return case(
        person("兒", R.CHILD, f"{seeded.randrange(50, 70)}/2/3", work=Work(True), incomes=wages(seeded.randrange(100_000, 1_500_000), seeded.choice((0, 0, 9_000))), lives_together=apart()),
        person("媳", R.CHILD_SPOUSE, f"{seeded.randrange(50, 70)}/5/6", via="兒", work=Work(apart()), incomes=wages(seeded.choice((0, 300_000))), lives_together=apart(), claims_dependant=apart()),
        person("孫", R.GRANDCHILD, f"{seeded.randrange(85, 97) if on == MARCH_98 else seeded.randrange(98, 112)}/8/9", via="兒", work=Work(False), same_registration=apart()),
        who=grandma(work=Work(False), incomes=(pension,), assets=(land, Asset(AssetKind.DEPOSIT, seeded.randrange(500_000), source=tax))),
        on=on,
    )  # fmt: skip


def per_second(cases: list[CaseFacts], rates: Parameters, use: Callable[[Decision], Any] | None) -> float:
    began = time.process_time()
    for facts in cases:
        found = decide(facts, rates)
        if use is not None:
            use(found)
    return len(cases) / (time.process_time() - began)


def read(found: Decision) -> int:
    """Every sentence of a decision, read."""
    return sum(len(x.measured) for x in found.trace) + len(found.household) + len(found.income) + len(found.movable) + len(found.real_estate)


WAYS: dict[str, tuple[int, Callable[[Decision], Any] | None]] = {
    "不讀試算過程": (10_000, None),
    "逐句讀出試算過程": (1_000, read),
    "試算過程寫成 JSON": (300, Decision.to_json),
}


def run(scale: float) -> list[str]:
    """Measure; what was promised and not kept."""
    rows = int(os.environ.get("SWIS_BENCH_ROWS", int(200_000 * scale)))
    broken = []
    for label, (on, rates) in YEARS.items():
        seeded = random.Random(7)
        speeds: dict[str, float] = {}
        answers: Counter[str] = Counter()
        left = rows
        while left > 0:
            cases = [household(on, seeded) for _ in range(min(left, 10_000))]
            left -= len(cases)
            for name, (many, use) in WAYS.items():
                speeds.setdefault(name, 0)
                speeds[name] += per_second(cases[:many], rates, use) * len(cases) / rows
            answers.update(decide(facts, rates).eligible.zh for facts in cases[:1000])
        print(f"   {label}：{rows:,} 戶，系統負載 {os.getloadavg()[0]:.1f}，抽樣結果 {dict(answers)}", flush=True)
        for name, speed in speeds.items():
            times = f"，不讀是它的 {speeds['不讀試算過程'] / speed:.1f} 倍" if name != "不讀試算過程" else ""
            print(f"      {name:<12}{speed:>10,.0f} 戶／秒（每核心）{times}", flush=True)
        if speeds["不讀試算過程"] < PROMISED:
            broken.append(f"{label}每核心每秒 {speeds['不讀試算過程']:,.0f} 戶，應達 {PROMISED:,}")
    return broken
