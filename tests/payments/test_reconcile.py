"""Results against lines: everything fits or nothing is applied."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from app.payments import reconcile
from app.payments.reconcile import SentLine, TransferResult

from .making import person_id

DAY = dt.date(2009, 3, 31)


def result(no, amount=6000, outcome="credited", code="", row=None, run="R1"):
    return TransferResult(row or no, run, no, person_id(no), amount, outcome, code, DAY)


def sent(no, amount=6000, done=None, code=""):
    return SentLine(no, person_id(no), amount, done, code)


@given(st.lists(st.sampled_from(["credited", "returned", None]), max_size=40))
def test_every_line_ends_in_one_place(outcomes):
    lines = [sent(n, 1000 + n) for n in range(1, len(outcomes) + 1)]
    rows = [result(n, 1000 + n, o, "22" if o == "returned" else "") for n, o in enumerate(outcomes, 1) if o]
    made = reconcile.reconcile("R1", lines, rows)
    assert made.broken == []
    assert set(made.credited) | set(made.returned) | set(made.missing) == {x.line_no for x in lines}
    assert len(made.credited) + len(made.returned) + len(made.missing) == len(lines)
    assert made.complete == (not made.missing)


def test_what_does_not_fit_is_said_row_by_row():
    rows = [
        result(1, run="R2"), result(9), TransferResult(3, "R1", 2, person_id(1), 6000, "credited"), result(3, 1), result(4, outcome="ok"),
        result(5, code="22"), result(6), result(6, row=8), result(7, outcome="returned", code="27"),
    ]  # fmt: skip
    made = reconcile.reconcile("R1", [*(sent(n) for n in range(1, 7)), sent(7, done="credited")], rows)
    said = [b[b.index("：") + 1 :] for b in made.broken]
    wanted = [
        "是清冊 R2 的結果", "清冊沒有第 9 筆", "統一編號與清冊第 2 筆不同", "金額 1 元與清冊第 3 筆", "結果「ok」不是", "已入帳卻有退匯代碼 22",
        "第 6 筆在檔案中出現兩次", "第 7 筆先前已登錄為入帳",
    ]  # fmt: skip
    assert len(said) == len(wanted) and all(x.startswith(w) for x, w in zip(said, wanted, strict=True)), said
    assert not made.complete


def test_the_same_result_again_changes_nothing():
    made = reconcile.reconcile("R1", [sent(1, done="returned", code="22")], [result(1, outcome="returned", code="22")])
    assert (made.repeated, made.credited, made.returned, made.complete) == (1, {}, {}, True)


def test_return_codes_ask_for_action():
    assert reconcile.action_for("27").doubt
    assert "專戶" in reconcile.action_for("25").action
    assert "改匯通知" in reconcile.action_for("04").action
    assert reconcile.action_for("77").title == "未定義的退匯代碼"


def test_a_level_closes_when_everything_came_back():
    level = reconcile.Level("", (3, 18000), (3, 18000), (2, 12000), (1, 6000))
    assert level.closes
    assert not reconcile.Level("", (3, 18000), (3, 18000), (2, 12000), (0, 0)).closes
    assert not reconcile.Level("", (3, 18000), (2, 12000), (2, 12000), (0, 0)).closes
