"""Small cells: what is left out cannot be worked out again from the totals that are shown."""

from fractions import Fraction
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from app.core.small_cells import TOTAL, hidden, with_totals


def _can_be_worked_out(whole, out):
    """By plain Gaussian elimination with fractions, written apart from the product's own: the hidden keys that have one solution only."""
    unknown = sorted(out)
    rows = []
    for axis in range(len(next(iter(whole)))):
        for total in (key for key in whole if key[axis] == TOTAL):
            parts = [key for key in whole if key[axis] != TOTAL and (*key[:axis], TOTAL, *key[axis + 1 :]) == total]
            rows.append([Fraction((k in parts) - (k == total)) for k in unknown])
    rank = 0
    for column in range(len(unknown)):
        at = next((i for i in range(rank, len(rows)) if rows[i][column]), None)
        if at is None:
            continue
        rows[rank], rows[at] = rows[at], rows[rank]
        rows[rank] = [v / rows[rank][column] for v in rows[rank]]
        for i, row in enumerate(rows):
            if i != rank and row[column]:
                rows[i] = [a - row[column] * b for a, b in zip(row, rows[rank], strict=True)]
        rank += 1
    return {unknown[row.index(1)] for row in rows if sum(1 for v in row if v) == 1}


def test_one_small_cell_takes_others_with_it_and_the_totals_stay():
    inner = {("a", "x"): 2, ("a", "y"): 40, ("b", "x"): 30, ("b", "y"): 50}
    assert hidden(inner, 5) == set(inner)


def test_two_small_ones_do_not_add_up_to_a_small_number():
    assert hidden({("a",): 1, ("b",): 1, ("c",): 9, ("d",): 50}, 5) == {("a",), ("b",), ("c",)}


def test_nothing_small_nothing_hidden_and_a_zero_is_shown():
    assert hidden({("a",): 0, ("b",): 7, ("c",): 9}, 5) == frozenset()


def test_a_total_that_is_small_goes_too():
    assert hidden({("a",): 1, ("b",): 2}, 5) == {("a",), ("b",), (TOTAL,)}


@given(st.lists(st.sampled_from((0, 0, 1, 2, 3, 4, 6, 8, 20, 90)), min_size=12, max_size=12), st.sampled_from(((3, 4), (2, 6), (2, 2, 3))))
def test_no_hidden_cell_follows_from_what_is_shown(values, shape):
    keys = list(product(*(tuple("abcdef"[:n]) for n in shape)))
    inner = dict(zip(keys, values, strict=True))
    whole, out = with_totals(inner), hidden(inner, 5)
    assert {k for k, v in whole.items() if 0 < v < 5} <= out
    if {k for k, v in whole.items() if v} - out:  # something besides zeros is shown
        assert not _can_be_worked_out(whole, out)
