"""Laws about the other nine benefits: more income never raises, bands fall, days add up to the month, the cap holds, unknown is never yes."""

import datetime as dt
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.core import roc
from app.rules import codec, disability_care_subsidy, disability_living_allowance
from app.rules.bands import rate_of
from app.rules.caps import capped
from app.rules.care_days import Span, month_shares
from app.rules.child_youth_living_assistance import ChildFacts
from app.rules.child_youth_living_assistance import decide as decide_child
from app.rules.disability import Grade, valid_on
from app.rules.disability_care_subsidy import _10_OLD, CareFacts, _5, _6, _9, _10, _11
from app.rules.disability_living_allowance import DisabilityLivingFacts
from app.rules.disability_register import VERSIONS, Assessment, expiry
from app.rules.facts import Finding, OtherBenefit, Residence, Status, Work
from app.rules.low_income_amounts import LowIncomeMember
from app.rules.low_income_living_assistance import LowIncomeFacts
from app.rules.low_income_living_assistance import decide as decide_low
from app.rules.trace import Answer, Decision

from .disabled import NO, YES_, ah_mei, card, day, gets, her_case
from .families import HSINCHU, MARCH_98, R, case, parameters, person, setting

TABLES = (_9, _10_OLD, _10, _11, _5, _6)
ROWS = parameters(
    setting("low_income_living_assistance.supplement_rate", Fraction(1, 5)), setting("low_income_living_assistance.child_age", 15),
    setting("low_income_living_assistance.child_class23", 1800), setting("low_income_living_assistance.student_class23", 4000),
    setting("disability_care_ceiling.residential", 21_000), setting("disability_care_ceiling.day", 12_000),
    setting("minimum_living_expense", 9_829, "99/1/1"), setting("basic_wage", 17_280, "100/1/1"),
)  # fmt: skip
money = st.one_of(st.integers(0, 12_000), st.integers(0, 90_000))
pos = st.integers(1, 90_000).map(Fraction)
aid = st.sampled_from(["veteran_care", "farmer_allowance", "low_income_living_assistance", "np_old_age_guaranteed"])


# --- 級距


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TABLES), st.integers(0, 400_000), st.integers(0, 50_000), pos, pos)
def test_收入愈高補助比例不升(table: Any, pc: int, more: int, minimum: Fraction, consumption: Fraction) -> None:
    one, two = (rate_of(table, Fraction(v), minimum, consumption).percent for v in (pc, pc + more))
    assert one is not None and two is not None and two <= one


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TABLES), st.integers(0, 400_000), pos, pos)
def test_且不會比或更優_有衝突時一定有一項達不予補助(table: Any, pc: int, minimum: Fraction, consumption: Fraction) -> None:
    here = rate_of(table, Fraction(pc), minimum, consumption)
    both = rate_of(replace(table, both=True), Fraction(pc), minimum, consumption)
    either = rate_of(replace(table, both=False), Fraction(pc), minimum, consumption)
    assert (both.percent or 0) <= (either.percent or 0)
    if here.conflict:
        assert here.percent and (pc >= minimum * 6 or pc >= consumption * Fraction(7, 2))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TABLES), st.integers(0, 400_000), pos, pos, st.integers(0, 2))
def test_少知道一項_只會未定_不會換一個比例(table: Any, pc: int, minimum: Fraction, consumption: Fraction, forget: int) -> None:
    known: list[Fraction | None] = [Fraction(pc), minimum, consumption]
    full = rate_of(table, *known)
    known[forget] = None
    less = rate_of(table, *known)
    assert less.percent in (None, full.percent)


# --- 按日


@st.composite
def split_months(draw: st.DrawFn) -> tuple[int, int, tuple[Span, ...]]:
    month = draw(st.integers(roc.month(101, 8), roc.month(114, 12)))
    length = roc.last_day(month).day
    cuts = sorted(draw(st.sets(st.integers(1, length - 1), max_size=4)))
    monthly = draw(st.integers(0, 40_000))
    first = roc.first_day(month)
    edges = [0, *cuts, length]
    spans = tuple(Span(first + dt.timedelta(days=a), first + dt.timedelta(days=b - 1), monthly) for a, b in pairwise(edges))
    return month, monthly, spans


@settings(max_examples=300, deadline=None)
@given(split_months())
def test_按日各段加總等於整月(drawn: tuple[int, int, tuple[Span, ...]]) -> None:
    month, monthly, spans = drawn
    shares = month_shares(month, spans)
    assert sum(s.amount for s in shares) == monthly and sum(s.days for s in shares) == roc.last_day(month).day
    assert all(s.amount >= 0 for s in shares)


@settings(max_examples=200, deadline=None)
@given(st.integers(roc.month(101, 8), roc.month(114, 12)), st.integers(0, 40_000), st.integers(0, 27), st.integers(0, 27))
def test_多一日不會少給_一個月不會超過(month: int, monthly: int, a: int, b: int) -> None:
    first, low, high = roc.first_day(month), min(a, b), max(a, b)
    short, longer = (month_shares(month, (Span(first, first + dt.timedelta(days=n), monthly),))[0].amount for n in (low, high))
    assert 0 <= short <= longer <= monthly


# --- 上限


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 30_000), st.lists(st.tuples(aid, st.integers(0, 20_000)), max_size=4))
def test_上限後合計不超過基本工資_除非他項自己就超過(amount: int, drawn: list[tuple[str, int]]) -> None:
    others = tuple(OtherBenefit(kind, roc.month(98, 1), amount=value) for kind, value in drawn)
    got = capped(amount, others, roc.month(98, 3), MARCH_98, ROWS, "第8條", "補助", even_alone=True)
    assert got.amount is not None and 0 <= got.amount <= amount
    rest = sum(value for _, value in drawn)
    assert got.amount + rest <= max(17_280, rest)
    if amount + rest <= 17_280:
        assert got.amount == amount


# --- 身障生活補助


@st.composite
def disabled_cases(draw: st.DrawFn) -> DisabilityLivingFacts:
    mother = person("母", R.PARENT, "20/1/1", incomes=gets(draw(money)))
    others = draw(st.sampled_from([(), (), (OtherBenefit("veteran_care", roc.month(98, 1), amount=draw(money)),)]))
    c = her_case(mother, income=draw(money), status=draw(st.sampled_from([Status.NONE, Status.LOW])), other_benefits=others)
    return DisabilityLivingFacts(c, card(draw(st.sampled_from(list(Grade)))), institution=NO)


def judged(facts: DisabilityLivingFacts) -> Decision:
    return disability_living_allowance.decide(facts, ROWS)


@settings(max_examples=150, deadline=None)
@given(disabled_cases(), st.integers(1, 40_000))
def test_身障生活補助_收入增加不會變多(facts: DisabilityLivingFacts, more: int) -> None:
    me = facts.case.applicant
    assert me.incomes
    richer = replace(me, incomes=(replace(me.incomes[0], amount=(me.incomes[0].amount or 0) + more),))
    assert (judged(with_member(facts, richer)).amount or 0) <= (judged(facts).amount or 0)


FORGET: tuple[tuple[str, Any], ...] = (
    ("placement", Finding(None)), ("custody", Finding(None)), ("other_benefits", None), ("documents_complete", None), ("status", None),
    ("residence", Residence()),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(disabled_cases(), st.sampled_from(FORGET))
def test_身障生活補助_忘掉一件事_不會符合也不會因此否准(facts: DisabilityLivingFacts, forgotten: tuple[str, Any]) -> None:
    before, after = judged(facts), judged(replace(facts, case=replace(facts.case, **dict([forgotten]))))
    assert after.eligible is not Answer.YES
    if before.eligible is Answer.YES:
        assert after.eligible is Answer.UNKNOWN and after.amount is None


@settings(max_examples=100, deadline=None)
@given(disabled_cases(), st.sampled_from(["card", "institution"]))
def test_手冊或安置未查明_不會符合(facts: DisabilityLivingFacts, name: str) -> None:
    unknown: Any = None if name == "card" else Finding(None)
    assert judged(replace(facts, **{name: unknown})).eligible is not Answer.YES


@settings(max_examples=80, deadline=None)
@given(disabled_cases())
def test_事實與決定以JSON往返不變(facts: DisabilityLivingFacts) -> None:
    back = codec.loads(DisabilityLivingFacts, codec.dumps(facts))
    assert back == facts and judged(back) == judged(facts)
    assert Decision.from_json(judged(facts).to_json()) == judged(facts)


# --- 低收入戶


@st.composite
def poor_families(draw: st.DrawFn) -> LowIncomeFacts:
    able = draw(st.lists(st.integers(0, 30_000), max_size=3))
    others = [person(f"成人{i}", R.CHILD, "60/1/1", work=Work(True, monthly_pay=p)) for i, p in enumerate(able)]
    others += [person(f"孩童{i}", R.CHILD, "92/1/1") for i in range(draw(st.integers(0, 3)))]
    c = case(*others, who=ah_mei(incomes=gets(draw(st.integers(0, 15_000)))))
    drawn = st.sampled_from([(), (), (OtherBenefit("veteran_care", roc.month(98, 1), amount=draw(money)),)])
    extra = tuple(
        LowIncomeMember(m.ref, card=draw(st.booleans()), student=False, residence=Residence(HSINCHU, True, 365), other_benefits=draw(drawn))
        for m in c.members
    )
    return LowIncomeFacts(c, extra, visited=MARCH_98)


@settings(max_examples=150, deadline=None)
@given(poor_families())
def test_低收_各成員合計等於總額_每人不超過基本工資(facts: LowIncomeFacts) -> None:
    got = decide_low(facts, ROWS)
    if got.eligible is not Answer.YES:
        return
    assert got.amount == sum(int(p.amount or 0) for p in got.payments)
    for m in facts.members:
        own = sum(int(p.amount or 0) for p in got.payments if p.ref == m.ref)
        rest = sum(o.amount or 0 for o in m.other_benefits or ())
        assert own >= 0 and own + rest <= max(17_280, rest)


@settings(max_examples=150, deadline=None)
@given(poor_families(), st.integers(1, 20_000))
def test_低收_收入增加_款別不升_金額不增(facts: LowIncomeFacts, more: int) -> None:
    me = facts.case.applicant
    assert me.incomes
    richer = replace(me, incomes=(replace(me.incomes[0], amount=(me.incomes[0].amount or 0) + more),))
    before, after = decide_low(facts, ROWS), decide_low(with_member(facts, richer), ROWS)
    assert (after.band or "class9") >= (before.band or "class9")


@settings(max_examples=100, deadline=None)
@given(poor_families(), st.data())
def test_低收_忘掉成員一件事_不會變成否准(facts: LowIncomeFacts, data: st.DataObject) -> None:
    member = data.draw(st.sampled_from(facts.case.members))
    name = data.draw(st.sampled_from(["birth", "incomes", "assets", "same_registration", "lives_together"]))
    before = decide_low(facts, ROWS)
    after = decide_low(with_member(facts, replace(member, **{name: None})), ROWS)
    if before.eligible is Answer.YES:
        assert after.eligible is not Answer.NO, [x.measured for x in after.failed()]


# --- 托育養護、兒少、證明


@settings(max_examples=100, deadline=None)
@given(money, st.integers(1, 40_000), st.integers(0, 40_000), st.sampled_from(["98/3/15", "99/3/15", "101/7/11"]), st.booleans())
def test_托育養護_不超過收費與上限_收入增加不增(income: int, more: int, fee: int, on: str, two: bool) -> None:
    def amount(pc: int) -> Decision:
        c = her_case(income=pc, on=day(on))
        facts = CareFacts(c, card(), YES_, "residential", fee, False, NO, 2 if two else 1, None, NO)
        return disability_care_subsidy.decide(facts, ROWS)

    poor, rich = amount(income), amount(income + more)
    assert (poor.amount or 0) <= min(fee, 21_000)
    if poor.eligible is not Answer.UNKNOWN and rich.eligible is not Answer.UNKNOWN:
        assert (rich.amount or 0) <= (poor.amount or 0)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 3_000), max_size=3))
def test_兒少_差額加已領不超過扶助額(drawn: list[int]) -> None:
    others = tuple(OtherBenefit("low_income_living_assistance", roc.month(103, 1), amount=a) for a in drawn)
    c = case(who=person("小寶", R.APPLICANT, "95/6/20"), on=day("103/3/15"), status=Status.NEAR_LOW, other_benefits=others)
    got = decide_child(ChildFacts(c, "near_low", YES_), ROWS)
    assert (got.amount or 0) == max(0, 1900 - sum(drawn)) and (got.eligible is Answer.YES) is (sum(drawn) < 1900)


@settings(max_examples=150, deadline=None)
@given(st.dates(dt.date(2012, 7, 11), dt.date(2025, 1, 1)), st.one_of(st.none(), st.dates(dt.date(2012, 7, 12), dt.date(2040, 1, 1))))
def test_證明最長五年_不晚於重新鑑定日(issued: dt.date, reassess: dt.date | None) -> None:
    version = next(v for v in reversed(VERSIONS) if v.since <= issued)
    last, _ = expiry(version, issued, Assessment(reassess=reassess), None)
    assert last is not None and last <= roc.last_day(roc.month_of(issued) + 60)
    assert reassess is None or last <= reassess
    made = card(issued=issued, permanent=False, expires=last, annotated=False)
    assert valid_on(made, last) is (last >= issued) and valid_on(made, last + dt.timedelta(days=1)) is False


def with_member(facts: Any, member: Any) -> Any:
    members = tuple(member if m.ref == member.ref else m for m in facts.case.members)
    return replace(facts, case=replace(facts.case, members=members))
