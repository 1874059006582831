"""Which lines a month's register has, and what differs from the last."""

import datetime as dt
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.core import roc
from app.payments import entitlement, register
from app.payments.entitlement import Change
from app.payments.line import content_hash

from .making import CUTOFF, LONG_AGO, MARCH, award, grant, line, payee

JAN, FEB, APRIL = MARCH - 2, MARCH - 1, MARCH + 1


def months_of(made):
    return [[(p.month, p.amount) for p in x.parts] for x in made.lines]


def regular(*awards, month=MARCH, last=None, cutoff=CUTOFF):
    return register.build(awards, kind=register.REGULAR, month=month, cutoff=cutoff, last=last)


def test_this_month_and_what_was_never_paid():
    assert months_of(regular(award(1, grant(JAN), paid={JAN: 6000}))) == [[(FEB, 6000), (MARCH, 6000)]]


def test_months_paid_before_the_product_kept_the_books_are_not_arrears():
    assert months_of(regular(award(1, grant(JAN - 60), paid_until=FEB))) == [[(MARCH, 6000)]]


def test_nothing_twice():
    assert regular(award(1, grant(MARCH), paid={MARCH: 6000})).lines == []


def test_change_after_the_cutoff_waits_but_a_stop_never_does():
    raised = Change(1, "amount", MARCH, CUTOFF + dt.timedelta(days=1), 7200)
    assert months_of(regular(award(1, grant(MARCH), raised))) == [[(MARCH, 6000)]]
    stopped = Change(1, "suspend", MARCH, CUTOFF + dt.timedelta(days=1))
    assert regular(award(1, grant(MARCH), stopped)).lines == []


def test_month_of_death_is_paid_and_no_later_one():
    dead = award(1, grant(JAN), died_on=dt.date(2009, 2, 1))
    assert months_of(regular(dead)) == [[(JAN, 6000), (FEB, 6000)]]


def test_suspended_months_are_not_paid_after_resuming():
    changes = (grant(JAN), Change(1, "suspend", FEB, LONG_AGO), Change(2, "resume", MARCH, LONG_AGO))
    assert months_of(regular(award(1, *changes))) == [[(JAN, 6000), (MARCH, 6000)]]


def test_ended_award_stops_for_good():
    changes = (grant(JAN), Change(1, "end", FEB, LONG_AGO), Change(2, "resume", MARCH, LONG_AGO))
    assert months_of(regular(award(1, *changes))) == [[(JAN, 6000)]]


def test_award_with_a_last_month():
    assert months_of(regular(award(1, grant(FEB), to_month=FEB))) == [[(FEB, 6000)]]


def test_two_month_cycle_pays_both_months_at_the_end_of_it():
    first, last = register.cycle(APRIL, "two_monthly")
    assert (first, last) == (MARCH, APRIL)
    assert months_of(regular(award(1, grant(MARCH)), month=APRIL, last=last)) == [[(MARCH, 6000), (APRIL, 6000)]]


def test_account_in_force_in_the_pay_month():
    other = payee(9, account="7654321")
    changes = (grant(JAN), Change(1, "account", MARCH, LONG_AGO, payee=other))
    assert regular(award(1, *changes)).lines[0].payee == other
    late = (grant(JAN), Change(1, "account", APRIL, LONG_AGO, payee=other))
    assert regular(award(1, *late)).lines[0].payee == payee(1)


def test_award_without_account_is_left_out_and_said():
    made = regular(award(1, replace(grant(MARCH), payee=None)))
    assert made.lines == []
    assert [o.award_id for o in made.omitted] == [1]


def test_difference_register_pays_only_what_is_missing_in_paid_months():
    raised = Change(1, "amount", FEB, LONG_AGO, 7200)
    a = award(1, grant(JAN), raised, paid={JAN: 6000, FEB: 6000}, paid_parts={JAN: 1, FEB: 1})
    made = register.build([a], kind=register.DIFFERENCE, month=MARCH, cutoff=CUTOFF)
    assert [(p.month, p.amount, p.seq) for p in made.lines[0].parts] == [(FEB, 1200, 1)]
    again = replace(a, paid={JAN: 6000, FEB: 7200}, paid_parts={JAN: 1, FEB: 2})
    assert register.build([again], kind=register.DIFFERENCE, month=MARCH, cutoff=CUTOFF).lines == []


def test_lines_are_ordered_and_numbered():
    made = regular(award(2, town_code="10004020"), award(3, name="丁"), award(1, name="丙"))
    assert [(x.line_no, x.award_id) for x in made.lines] == [(1, 3), (2, 1), (3, 2)]


def test_differences_against_last_month():
    last = [line(1), line(2), line(3), line(4)]
    now = [line(1), line(2, 3000), replace(line(3), payee=payee(3, account="9999999")), line(5)]
    kinds = [(d.kind, d.award_id) for d in register.compare(now, last)]
    assert kinds == [("amount", 2), ("account", 3), ("new", 5), ("dropped", 4)]


def test_hash_moves_with_any_frozen_fact_and_not_with_the_order():
    lines = [line(1), line(2)]
    assert content_hash(lines) == content_hash(lines[::-1])
    for other in (replace(lines[0], amount=1), replace(lines[0], payee=payee(7)), replace(lines[0], month_to=APRIL)):
        assert content_hash([other, lines[1]]) != content_hash(lines)


change_lists = st.lists(
    st.tuples(st.sampled_from(["amount", "suspend", "resume", "end"]), st.integers(-4, 4), st.integers(1, 9)), max_size=8
).map(lambda cs: [grant(MARCH - 6), *(Change(i, k, MARCH + m, LONG_AGO, a * 1000) for i, (k, m, a) in enumerate(cs, 1))])


@given(change_lists, st.one_of(st.none(), st.dates(dt.date(2008, 6, 1), dt.date(2009, 12, 31))))
def test_segments_agree_with_a_month_by_month_reading(changes, died_on):
    made = entitlement.segments(changes, died_on)
    for month in range(MARCH - 8, MARCH + 8):
        assert entitlement.due(made, month) == slow_due(changes, died_on, month), roc.month5(month)
    assert all(a.last < b.first for a, b in pairwise(made))


def slow_due(changes, died_on, month):
    """The same question asked the slow way: walk every change in force by then."""
    if died_on is not None and month > roc.month_of(died_on):
        return 0
    running, amount = False, 0
    for c in sorted((c for c in changes if c.month <= month), key=lambda c: (c.month, c.seq)):
        if c.kind == "end":
            return 0
        if c.kind in ("grant", "amount"):
            amount = c.amount
        running = {"grant": True, "resume": True, "suspend": False}.get(c.kind, running)
    return amount if running else 0


@given(change_lists, st.integers(0, 6))
def test_paying_month_after_month_pays_everything_due_once(changes, stop):
    paid: dict[int, int] = {}
    for month in range(MARCH - 6, MARCH + stop + 1):
        for x in regular(award(1, *changes, paid=dict(paid)), month=month, cutoff=dt.date(2100, 1, 1)).lines:
            for p in x.parts:
                assert p.month not in paid
                paid[p.month] = p.amount
    made = entitlement.segments(changes)
    assert paid == {m: entitlement.due(made, m) for m in range(MARCH - 6, MARCH + stop + 1) if entitlement.due(made, m)}


@given(
    st.lists(
        st.tuples(st.integers(1, 9000), st.sampled_from(["10004010", "10004020"]), st.sampled_from(["post", "cash", "bank"])), max_size=40
    )
)
def test_every_breakdown_of_the_totals_adds_up(rows):
    t = register.totals([line(i, a, town=town, channel=c) for i, (a, town, c) in enumerate(rows, 1)])
    for cells in (t.by_town, t.by_band, t.by_channel):
        assert sum(n for n, _ in cells.values()) == t.count == len(rows)
        assert sum(a for _, a in cells.values()) == t.amount == sum(r[0] for r in rows)
