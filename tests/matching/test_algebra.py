"""The algebra of months and amounts: its laws, and that the engines' expressions say the same."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import literal, literal_column, select

from app.matching import algebra, sql

months = st.integers(24000, 24200)
amounts = st.integers(0, 60_000)
lines = st.builds(
    algebra.Line,
    key=st.text("abc", min_size=1, max_size=3),
    month=st.just(24110),
    paid=st.sampled_from([3000, 4000, 6000, 7000]),
    home=st.sampled_from([True, False, None]),
    start=st.integers(24100, 24103),
    case_no=st.text("xy", min_size=1, max_size=2),
    county=st.sampled_from(["10004", "10005"]),
)


@given(amounts, months, st.integers(0, 11))
def test_nothing_is_lost_when_an_amount_is_spread(amount: int, first: int, more: int) -> None:
    parts = algebra.spread(amount, first, first + more)
    assert sum(parts.values()) == amount
    assert list(parts) == list(range(first, first + more + 1))
    assert max(parts.values()) - min(parts.values()) <= more


@given(amounts, months, st.integers(0, 5))
@settings(max_examples=60)
def test_the_engines_spread_alike(amount: int, first: int, more: int) -> None:
    last = first + more
    want = algebra.spread(amount, first, last)
    for month, part in want.items():
        expression = sql.paid_in(literal(amount), literal(first), literal(last), literal(month))
        assert duckdb.execute(sql.text_of(select(expression), "duckdb")).fetchone() == (part,)


def test_reversed_months_are_refused() -> None:
    with pytest.raises(ValueError, match="months"):
        algebra.spread(1, 5, 4)


@given(lines, lines)
def test_of_two_that_exclude_each_other_exactly_one_gives_way(a: algebra.Line, b: algebra.Line) -> None:
    if a.key != b.key:
        assert algebra.gives_way(a, b) != algebra.gives_way(b, a)
        assert algebra.is_second(a, b) != algebra.is_second(b, a)
        assert algebra.came_later(a, b) != algebra.came_later(b, a)


@given(lines, lines)
@settings(max_examples=80)
def test_the_engines_choose_alike(a: algebra.Line, b: algebra.Line) -> None:
    if a.key == b.key:
        return
    one, two = _row(a, "a"), _row(b, "b")
    asked = select(sql.gives_way(one, two), sql.is_second(one, two), sql.came_later(one, two))
    want = (algebra.gives_way(a, b), algebra.is_second(a, b), algebra.came_later(a, b))
    assert duckdb.execute(sql.text_of(asked, "duckdb")).fetchone() == want


def _row(line: algebra.Line, _name: str) -> object:
    class Columns:
        away = literal_column(str(int(line.home is False)))
        paid = literal_column(str(line.paid))
        rec_key = literal_column(f"'{line.key}'")
        county = literal_column(f"'{line.county}'")
        start_month = literal_column(str(line.start))
        case_no = literal_column(f"'{line.case_no}'")

    class Row:
        c = Columns

    return Row


@given(st.integers(1, 40_000), st.lists(st.integers(-100, 40_000), max_size=5))
def test_doubts_together_never_claim_more_than_was_paid(paid: int, claims: list[int]) -> None:
    given_ = algebra.allot(paid, claims)
    assert sum(given_) <= paid
    assert all(0 <= take <= max(0, claim) for take, claim in zip(given_, claims, strict=True))
    if claims and max(0, claims[0]) <= paid:
        assert given_[0] == max(0, claims[0])


@given(st.lists(st.tuples(st.sampled_from(algebra.CUT_ORDER), amounts), max_size=4), st.integers(0, 20_000), st.integers(1, 20_000))
def test_the_cut_takes_the_excess_and_no_more(parts: list[tuple[str, int]], elsewhere: int, cap: int) -> None:
    own = sum(p for _, p in parts)
    taken = algebra.cut(parts, own + elsewhere, cap)
    assert sum(taken) == min(own, max(0, own + elsewhere - cap))
    assert all(0 <= t <= p for t, (_, p) in zip(taken, parts, strict=True))


def test_the_living_allowance_is_cut_first() -> None:
    parts = [("low_income_living_assistance", 14000), ("disability_living_allowance", 4000)]
    assert algebra.cut(parts, 18000, 17280) == [0, 720]


def test_due_from_the_fact_on() -> None:
    gone = algebra.after(24108)
    assert 24108 not in gone
    assert 24109 in gone


@given(amounts, amounts)
def test_a_top_up_brings_the_person_to_the_higher_of_the_two(own: int, other: int) -> None:
    assert algebra.top_up_due(own, other) + other == max(own, other)


def test_the_table_shows_due_paid_and_difference() -> None:
    rows = algebra.table({1: 6000, 2: 6000}, {2: 6000})
    assert [(r.month, r.due, r.paid, r.difference) for r in rows] == [(1, 6000, 6000, 0), (2, 0, 6000, 6000)]
    with pytest.raises(ValueError, match="more claimed"):
        algebra.table({1: 10}, {1: 11})
