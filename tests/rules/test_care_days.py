"""Days of care, to the dollar: parts of a month never exceed it and add up to it, in months of 28 to 31 days."""

import datetime as dt
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import roc
from app.rules.care_days import Leave, Turn, absent_days, days_of, month_due, part, percents, whole_month, within_month
from app.rules.clocks import Calendar

MONTHS = st.integers(roc.month(102, 1), roc.month(116, 12))
NTD = st.integers(1, 60_000)
SETTLED = settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SETTLED
@given(MONTHS, NTD, st.lists(st.integers(1, 30), max_size=6))
def test_一個月怎麼切_各段相加等於整月(m, monthly, cuts):
    days = days_of(m)
    edges = sorted({0, *(c for c in cuts if c < len(days)), len(days)})
    pieces = [part(monthly, m, days[a], days[b - 1]) for a, b in pairwise(edges)]
    assert sum(pieces) == monthly and min(pieces) >= 0


@SETTLED
@given(MONTHS, NTD, st.data())
def test_請假後所發不超過整月_且扣得越多發得越少(m, monthly, data):
    days = days_of(m)
    absent = data.draw(st.lists(st.sampled_from(days), unique=True))
    more, fewer = sorted(data.draw(st.tuples(st.integers(0, 31), st.integers(0, 31))), reverse=True)
    worth = dict.fromkeys(days, monthly)
    lenient, strict = month_due(m, worth, absent, more), month_due(m, worth, absent, fewer)
    assert 0 <= strict.amount <= lenient.amount <= monthly
    assert lenient.deducted == max(0, len(absent) - more)
    assert lenient.whole == (lenient.deducted == 0) and (not lenient.whole or lenient.amount == monthly)


@SETTLED
@given(MONTHS, st.lists(NTD, min_size=1, max_size=5), st.data())
def test_月中換機構換比例_各機構合計不超過一個月(m, amounts, data):
    days = days_of(m)
    owner = [data.draw(st.integers(0, len(amounts) - 1)) for _ in days]
    values, already = list(amounts), 0
    for i, amount in enumerate(amounts):
        due = month_due(m, {d: amount for d, o in zip(days, owner, strict=True) if o == i}).amount
        already += within_month(due, values, already)
    assert already <= max(amounts)


@SETTLED
@given(st.integers(0, 99_999), st.integers(0, 99_999), st.sampled_from((100, 85, 75, 70, 60, 50, 40, 35, 25, 0)))
def test_整月補助不超過收費也不超過上限(fee, ceiling, percent):
    assert 0 <= whole_month(fee, ceiling, percent) <= min(fee, ceiling)


def test_二月28與29日_大小月():
    for text, length in (("11502", 28), ("11302", 29), ("11504", 30), ("11505", 31)):
        days = days_of(roc.parse_month(text))
        assert len(days) == length
        assert month_due(roc.parse_month(text), dict.fromkeys(days[:14], 15_000)).amount == int(15_000 * 14 / length + 0.5)


def test_101年7月11日前整月_七月起按日():
    june, july = roc.month(101, 6), roc.month(101, 7)
    assert month_due(june, {dt.date(2012, 6, 30): 9_000}, [dt.date(2012, 6, 30)], 0).amount == 9_000
    assert month_due(july, dict.fromkeys(days_of(july)[10:], 9_300)).amount == 6_300


def test_離開日算請假_返回日不算():
    m = roc.month(115, 8)
    away = absent_days(m, [Leave(dt.date(2026, 8, 3), dt.date(2026, 8, 6))])
    assert [d.day for d in away] == [3, 4, 5]
    assert [d.day for d in absent_days(m, [Leave(dt.date(2026, 8, 28))])] == [28, 29, 30, 31]
    assert [d.day for d in absent_days(m, [Leave(dt.date(2026, 8, 28))], Calendar.of([dt.date(2026, 8, 31)]))] == [28], "8/29、8/30為週六、週日，8/31放假"


def test_比例自事實發生日起_停發自次日起_恢復後再計():
    m = roc.month(115, 8)
    turns = [Turn(dt.date(2026, 3, 11), 75, True), Turn(dt.date(2026, 8, 10), 50), Turn(dt.date(2026, 8, 20), runs=False), Turn(dt.date(2026, 8, 30), runs=True)]
    found = percents(m, turns)
    assert [found.get(dt.date(2026, 8, d)) for d in (1, 9, 10, 19, 20, 29, 30, 31)] == [75, 75, 50, 50, None, None, 50, 50]
    assert max(percents(m, turns, dt.date(2026, 8, 5))) == dt.date(2026, 8, 5), "死亡當日仍計"


def test_沒有一天在院_不發():
    assert month_due(roc.month(115, 8), {}).amount == 0 and within_month(5_000, [], 0) == 0
