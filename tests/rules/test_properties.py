"""Laws about the law: what must hold for every household, not only for the ones somebody thought of."""

import dataclasses
import datetime as dt
from fractions import Fraction
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.rules import codec
from app.rules.elderly_living_allowance import decide
from app.rules.facts import (
    Asset,
    AssetKind,
    CaseFacts,
    Condition,
    Finding,
    Income,
    IncomeKind,
    Member,
    OtherBenefit,
    Residence,
    Status,
    Work,
)
from app.rules.logic import all_of, any_of, negate
from app.rules.trace import Answer, Decision

from .families import HSINCHU, MARCH_98, K, R, grandma, parameters, person, replace

ROWS = parameters()
RANK = {Answer.NO: 0, Answer.UNKNOWN: 1, Answer.YES: 2}
money = st.one_of(st.integers(0, 25_000), st.integers(0, 60_000))
maybe = st.sampled_from([True, False])
mostly = st.sampled_from([True] * 9 + [False])


@st.composite
def relatives(draw: st.DrawFn) -> tuple[Member, ...]:
    out = []
    for i in range(draw(st.integers(0, 4))):
        kinds = draw(
            st.lists(st.sampled_from([K.MARRIED_OUT, K.CONSCRIPT, K.DISABLED_CANNOT_WORK, K.NO_SUPPORT_DUTY]), max_size=2, unique=True)
        )
        out.append(
            person(
                f"親屬{i}",
                draw(st.sampled_from([R.SPOUSE, R.CHILD, R.CHILD_SPOUSE, R.PARENT, R.OTHER])),
                f"{draw(st.integers(20, 90))}/1/1",
                lives_together=draw(maybe),
                claims_dependant=draw(maybe),
                conditions=tuple(Condition(k) for k in kinds),
                work=draw(
                    st.sampled_from([Work(False), Work(True, monthly_pay=1)]) if i % 2 else st.just(Work(True, monthly_pay=draw(money)))
                ),
                assets=(Asset(AssetKind.DEPOSIT, draw(st.sampled_from([0, 100_000, 3_000_000]))),) if draw(maybe) else (),
            )
        )
    return tuple(out)


@st.composite
def cases(draw: st.DrawFn) -> CaseFacts:
    pension = (Income(IncomeKind.MONTHLY_PENSION, draw(money), "month"),)
    return CaseFacts(
        on=MARCH_98,
        county_code=HSINCHU,
        members=(
            grandma(
                incomes=pension, assets=(Asset(AssetKind.HOUSE, draw(st.one_of(st.integers(0, 6_500_000), st.integers(0, 8_000_000)))),)
            ),
            *draw(relatives()),
        ),
        application_date=MARCH_98,
        documents_complete=MARCH_98,
        residence=Residence(HSINCHU, draw(mostly), draw(st.one_of(st.integers(184, 365), st.integers(150, 365)))),
        placement=Finding(not draw(mostly)),
        custody=Finding(False),
        other_benefits=draw(st.sampled_from([(), (), (), (OtherBenefit("farmer_allowance", 24_108),)])),
        status=Status.NONE,
    )


def judged(facts: CaseFacts) -> Decision:
    return decide(facts, ROWS)


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(1, 30_000))
def test_收入增加_津貼不會變多(facts: CaseFacts, more: int) -> None:
    me = facts.applicant
    assert me.incomes
    richer = replace(me, incomes=(dataclasses.replace(me.incomes[0], amount=(me.incomes[0].amount or 0) + more),))
    assert (judged(with_member(facts, richer)).amount or 0) <= (judged(facts).amount or 0)


@settings(max_examples=100, deadline=None)
@given(cases(), st.integers(1, 5_000_000))
def test_財產增加_津貼不會變多(facts: CaseFacts, more: int) -> None:
    me = facts.applicant
    richer = replace(me, assets=(*(me.assets or ()), Asset(AssetKind.DEPOSIT, more)))
    assert (judged(with_member(facts, richer)).amount or 0) <= (judged(facts).amount or 0)


@settings(max_examples=100, deadline=None)
@given(cases())
def test_多一個沒有收入的應計算人口_津貼不會變少(facts: CaseFacts) -> None:
    son = person("兒子甲", R.CHILD, "60/1/1", conditions=(Condition(K.DISABLED_CANNOT_WORK),), work=Work(False))
    base = replace(facts, members=(*facts.members, son))
    child = person("孫子甲", R.GRANDCHILD, "95/1/1", via="兒子甲")
    assert (judged(replace(base, members=(*base.members, child))).amount or 0) >= (judged(base).amount or 0)


FORGET: tuple[tuple[str, Any], ...] = (
    ("residence", Residence()), ("placement", Finding(None)), ("custody", Finding(None)), ("other_benefits", None), ("application_date", None),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(cases(), st.sampled_from(FORGET))
def test_忘掉一件事_不會因此符合_也不會因此否准(facts: CaseFacts, forgotten: tuple[str, Any]) -> None:
    less = replace(facts, **dict([forgotten]))
    before, after = judged(facts), judged(less)
    assert after.eligible is not Answer.YES
    if before.eligible is Answer.YES:
        assert after.eligible is Answer.UNKNOWN and after.amount is None


@settings(max_examples=200, deadline=None)
@given(cases(), st.data())
def test_忘掉成員的一件事_同樣不會變成符合或否准(facts: CaseFacts, data: st.DataObject) -> None:
    member = data.draw(st.sampled_from(facts.members))
    name = data.draw(st.sampled_from(["birth", "incomes", "assets", "work", "lives_together", "claims_dependant"]))
    # who cannot work is judged by the tax file when nobody says whether he or she works: a certificate that says more is not there any more
    assume(name != "work" or member.work is None or member.work.monthly_pay is None)
    before = judged(facts)
    after = judged(with_member(facts, replace(member, **{name: None})))
    if before.eligible is not Answer.YES:
        assert after.eligible is not Answer.YES
    else:
        assert after.eligible is not Answer.NO, [x.measured for x in after.failed()]


@settings(max_examples=100, deadline=None)
@given(cases())
def test_決定與事實以JSON往返不變(facts: CaseFacts) -> None:
    decision = judged(facts)
    assert Decision.from_json(decision.to_json()) == decision
    assert codec.loads(CaseFacts, codec.dumps(facts)) == facts
    assert decide(codec.loads(CaseFacts, codec.dumps(facts)), ROWS).to_json() == decision.to_json()


@settings(max_examples=100, deadline=None)
@given(cases())
def test_成員的順序不影響結果(facts: CaseFacts) -> None:
    turned = judged(replace(facts, members=tuple(reversed(facts.members))))
    assert (turned.eligible, turned.amount, turned.per_capita) == (judged(facts).eligible, judged(facts).amount, judged(facts).per_capita)


@given(st.lists(st.sampled_from([True, False, None]), max_size=5))
def test_三值邏輯_德摩根(values: list[bool | None]) -> None:
    assert all_of(*values) is negate(any_of(*(negate(v) for v in values)))


def test_還原時欄位缺少則用預設_分數與整數不混淆() -> None:
    assert codec.loads(Income, '{"kind":"wage","amount":null}') == Income(IncomeKind.WAGE, None)
    assert codec.from_plain(int | Fraction, codec.to_plain(Fraction(1, 3))) == Fraction(1, 3)
    assert codec.from_plain(int | Fraction, 3) == 3
    assert codec.to_plain(dt.date(2009, 3, 1)) == "2009-03-01"


def with_member(facts: CaseFacts, member: Member) -> CaseFacts:
    return replace(facts, members=tuple(member if m.ref == member.ref else m for m in facts.members))
