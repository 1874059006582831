"""Working ability (社會救助法第5條之3): 16 to 64 years old and no circumstance that keeps the person from working.

The living allowance for elders has no definition of its own; before ROC 111 the county applied this one by analogy, since 111 by §3.
"""

import datetime as dt
from functools import cache
from typing import NamedTuple

from .facts import ConditionKind as K
from .facts import Member, Source

SINCE_100 = dt.date(2011, 7, 1)
_97 = (K.DAY_STUDENT, K.DISABLED_CANNOT_WORK, K.SERIOUS_ILLNESS, K.SOLE_CARER, K.SOLE_PARENT_UNDER_6, K.PREGNANT_6M, K.GUARDIANSHIP)
_100 = (
    K.DAY_STUDENT, K.DISABLED_CANNOT_WORK, K.SERIOUS_ILLNESS, K.SOLE_CARER, K.CARER, K.SOLE_PARENT_UNDER_6, K.PREGNANT_6M,
    K.PREGNANT_UNFIT, K.GUARDIANSHIP,
)  # fmt: skip
_CARERS = (K.SOLE_CARER, K.CARER)
_ITEM = {
    K.DAY_STUDENT: 1, K.DISABLED_CANNOT_WORK: 2, K.SERIOUS_ILLNESS: 3, K.SOLE_CARER: 4, K.CARER: 4, K.SOLE_PARENT_UNDER_6: 5,
    K.PREGNANT_6M: 6, K.PREGNANT_UNFIT: 6, K.GUARDIANSHIP: 7,
}  # fmt: skip


_ARTICLE = "社會救助法第5條之3第1項"


class Ability(NamedTuple):
    """Can this person work (None = not known), by which clause and why: a circumstance, or (`kind` None) the age alone."""

    able: bool | None
    article: str
    reason: str
    kind: K | None = None

    def sources(self, member: Member) -> tuple[Source, ...]:
        if self.kind is not None:
            return member.source_of(self.kind)
        return (member.source,) if member.source else ()


@cache
def _by_age(age: int | None) -> Ability:
    """Of somebody without any circumstance."""
    if age is None:
        return Ability(None, _ARTICLE, "出生日期尚未查明")
    if age < 16:
        return Ability(False, _ARTICLE, f"{age}歲，未滿16歲")
    if age >= 65:
        return Ability(False, _ARTICLE, f"{age}歲，已滿65歲")
    return Ability(True, _ARTICLE, f"{age}歲，無不能工作之情事")


def ability(member: Member, on: dt.date, carer_taken: bool = False) -> Ability:
    """`carer_taken`: another member of the household already counts as carer (one per household since 100-07-01)."""
    age = member.age_on(on)
    by_age = _by_age(age)
    if age is None or not by_age.able or not member.conditions:
        return by_age
    open_question: Ability | None = None
    for kind in _100 if on >= SINCE_100 else _97:
        holds = member.has(kind, on)
        if holds is False:
            continue
        clause = f"{_ARTICLE}第{_ITEM[kind]}款"
        if kind is K.DAY_STUDENT and age > 25:
            continue
        if kind in _CARERS and on >= SINCE_100 and carer_taken:
            continue
        if holds:
            return Ability(False, clause, f"{age}歲，{kind.zh}", kind)
        open_question = Ability(None, clause, f"是否{kind.zh}尚未查明", kind)
    return open_question or by_age


def abilities(members: tuple[Member, ...], on: dt.date) -> dict[str, Ability]:
    """Of a whole household by `ref`; since 100-07-01 only the first person who cares for a relative is excused for it."""
    out: dict[str, Ability] = {}
    taken = False
    for member in members:
        found = out[member.ref] = ability(member, on, taken)
        taken = taken or found.kind in _CARERS
    return out
