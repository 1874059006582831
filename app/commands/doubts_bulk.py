"""One answer for many doubts: first a rehearsal that says what would be stored and what is refused and why, then the same again for good."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.exc import IntegrityError

from app.models.answer_check import AnswerCheck
from app.models.doubt import Doubt
from app.security.actor import Actor
from app.security.roles import COUNTY

from .base import CommandError, Context, NotFound, Refused, command
from .doubts import Answer, answer_doubt

MOST: Final = 100
"""So many doubts at once: what a person can have looked at."""


@dataclass(frozen=True)
class Line:
    """What becomes of one doubt. `result`: stored | proposed (waits for a second person) | refused, with the `reason`; NTD."""

    doubt_id: int
    doubt_no: str
    result: str
    amount: int | None = None
    reason: str = ""


class _Rehearsed(Exception):
    """Rolls the rehearsal back and carries what it found."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines


def rehearse(actor: Actor, chosen: Sequence[tuple[int, int]], answer: Answer) -> list[Line]:
    """What `answer_many` would do; nothing is stored. Raises Refused, NotFound."""
    try:
        _answer(actor, chosen, answer, rehearsal=True)
    except _Rehearsed as done:
        return done.lines
    raise AssertionError("a rehearsal ends by raising")


def answer_many(actor: Actor, chosen: Sequence[tuple[int, int]], answer: Answer) -> list[Line]:
    """Give the doubts `chosen` (id, version seen) the same answer, each with the checks of a single one; what is refused is left as it was.
    `overpaid` takes each doubt's own months and amount. Raises Refused, NotFound."""
    return _answer(actor, chosen, answer, rehearsal=False)


@command("matching.answer", roles=COUNTY)
def _answer(ctx: Context, chosen: Sequence[tuple[int, int]], answer: Answer, rehearsal: bool) -> list[Line]:
    if not chosen:
        raise Refused("請先勾選要答復的疑義", "E-ANS-NONE")
    if len(chosen) > MOST:
        raise Refused(f"一次最多答復 {MOST} 筆，請分次勾選", "E-ANS-MANY")
    lines = [_one(ctx, doubt_id, version, answer) for doubt_id, version in chosen]
    if rehearsal:
        raise _Rehearsed(lines)
    return lines


def _one(ctx: Context, doubt_id: int, version: int, answer: Answer) -> Line:
    doubt = ctx.get(Doubt, doubt_id)
    number, amount = doubt.doubt_no, None
    if answer.outcome == "overpaid":
        amount = doubt.expected_overpaid
        answer = replace(answer, overpaid_from=min(doubt.months), overpaid_to=max(doubt.months), overpaid_amount=amount)
    noted = len(ctx.drafts)
    try:
        with ctx.session.begin_nested():
            made = answer_doubt(ctx, doubt_id, answer, version, "bulk")
    except NotFound:
        raise
    except CommandError as error:
        del ctx.drafts[noted:]
        return Line(doubt_id, number, "refused", amount, error.message)
    except IntegrityError:
        del ctx.drafts[noted:]
        return Line(doubt_id, number, "refused", amount, "這幾個月的溢領已由另一筆疑義開立，不能重複追繳；請逐筆答復")
    return Line(doubt_id, number, "proposed" if isinstance(made, AnswerCheck) else "stored", amount)
