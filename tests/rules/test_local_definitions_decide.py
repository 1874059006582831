"""Whatever a county writes in the form: either its faults are said, or every case can be decided without falling over."""

import datetime as dt
from dataclasses import replace
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.rules import codec, local_activation, local_words
from app.rules.disability import NEW_CLASSES, OLD_CLASSES, Grade
from app.rules.exclusions import Relation, counterpart_names
from app.rules.facts import Status
from app.rules.local_benefit import decide, try_examples
from app.rules.local_definition import (
    RHYTHMS,
    TEST_TYPES,
    AmountRow,
    Definition,
    LocalDocument,
    LocalExclusion,
    LocalTest,
    LocalVersion,
    problems,
)
from app.rules.local_examples import Told, example_of, facts_of, questions_of, settings_of, told_of
from app.rules.local_form import FINDING, form_of
from app.rules.parameters import Parameters, reference
from app.rules.trace import Answer, Outcome

from .families import HSINCHU

PARAMETERS = Parameters(reference(), HSINCHU)
DAYS = st.dates(dt.date(2009, 1, 1), dt.date(2027, 12, 31))
SETTINGS = st.sampled_from(["", "county_senior_allowance", "county_senior_allowance.age", "paralysis_living_allowance.registered_months"])
NUMBERS = st.one_of(st.none(), st.integers(0, 10), st.integers(0, 10_000_000))
CHOICES = [*(g.value for g in Grade), *(s.value for s in Status), *OLD_CLASSES, *NEW_CLASSES, "?"]
ARTICLES = st.sampled_from(["", "第3條", "條次由縣府補登"])
TIMES = st.one_of(st.none(), st.fractions(Fraction(1, 2), 4, max_denominator=4))

tests = st.builds(
    LocalTest,
    type=st.sampled_from([*TEST_TYPES, "nonsense"]), article=ARTICLES, question=st.sampled_from(["", "是否如此？"]), limit=NUMBERS, parameter=SETTINGS,
    edge=st.sampled_from(["in", "out", "unclear", "x"]), before=st.one_of(st.none(), DAYS), values=st.lists(st.sampled_from(CHOICES), max_size=3).map(tuple),
    times_minimum=TIMES, times_consumption=TIMES, code=st.sampled_from(["", "q1", "q2"]), expected=st.booleans(),
)  # fmt: skip
amounts = st.builds(
    AmountRow,
    amount=st.one_of(st.none(), st.integers(-1, 100_000)), parameter=SETTINGS, grades=st.lists(st.sampled_from(CHOICES[:4]), max_size=2).map(tuple),
    statuses=st.lists(st.sampled_from([s.value for s in Status]), max_size=2).map(tuple), age_from=st.one_of(st.none(), st.integers(0, 120)),
    age_below=st.one_of(st.none(), st.integers(0, 120)), name=st.sampled_from(["", "甲"]), article=ARTICLES,
)  # fmt: skip
exclusions = st.builds(
    LocalExclusion, counterpart=st.sampled_from(sorted(counterpart_names())), relation=st.sampled_from(list(Relation)), article=ARTICLES,
    confirmed=st.booleans(),
)  # fmt: skip
versions = st.builds(
    LocalVersion,
    number=st.just(1), effective_from=st.just(dt.date(1991, 1, 1)), law=st.sampled_from(["", "某縣發給辦法"]), tests=st.lists(tests, max_size=5).map(tuple),
    amounts=st.lists(amounts, max_size=3).map(tuple), exclusions=st.lists(exclusions, max_size=2).map(tuple),
    household_of=st.sampled_from(["low_income_living_assistance", "elderly_living_allowance", "disability_living_allowance"]),
    start=st.sampled_from(["documents_complete", "application"]), amount_article=ARTICLES, confirmed=st.booleans(), who=st.just("老人"),
    rhythm=st.sampled_from(list(RHYTHMS)), documents=st.just((LocalDocument("identity"),)),
)  # fmt: skip


def right(kind: str) -> st.SearchStrategy[LocalTest]:
    """A test of a type with everything its type needs."""
    needs, values = TEST_TYPES[kind].needs, {"grade": CHOICES[:4], "status": [s.value for s in Status], "class": [*OLD_CLASSES, *NEW_CLASSES]}
    limited = st.one_of(st.tuples(st.integers(0, 150), st.just("")), st.tuples(st.none(), SETTINGS.filter(bool)))
    return st.builds(
        lambda limit, edge, day, chosen, code, expected, least: LocalTest(
            kind, "第3條", "是否如此？" if "question" in needs else "", limit[0] if "limit" in needs else None, limit[1] if "limit" in needs else "",
            edge, day if "before" in needs else None, tuple(chosen), least if kind == "household_income" else None, None,
            code if "code" in needs else "", expected,
        ),
        limited, st.sampled_from(["in", "out", "unclear"]), DAYS, st.lists(st.sampled_from(values[kind]), min_size=1, max_size=3) if kind in values else st.just([]),
        st.uuids().map(lambda u: f"q{u.hex[:8]}"), st.booleans(), st.fractions(Fraction(1, 2), 4, max_denominator=4),
    )  # fmt: skip


fitting = st.builds(
    lambda v, t, a: replace(v, tests=tuple(t), amounts=tuple(a)),
    versions,
    st.lists(st.sampled_from(list(TEST_TYPES)).flatmap(right), min_size=1, max_size=6),
    st.lists(st.builds(lambda a, n: replace(a, amount=n, parameter=""), amounts, st.integers(1, 100_000)), min_size=1, max_size=3),
)


@settings(max_examples=20, deadline=None)
@given(fitting)
def test_the_fitting_ones_have_no_faults(version):
    """Else the property below would say nothing."""
    assert [p for p in problems(version) if "測試案例" not in p] == []


def answers(version: LocalVersion) -> st.SearchStrategy[dict[str, object]]:
    """An answer of the right kind, or none, to everything the version asks."""
    kinds: dict[str, st.SearchStrategy[object]] = {
        "birth": st.dates(dt.date(1900, 1, 1), dt.date(2027, 12, 31)), "registered_since": st.dates(dt.date(1950, 1, 1), dt.date(2027, 12, 31)),
        "days_in_taiwan": st.integers(0, 366), "card_grade": st.sampled_from([*CHOICES[:4], "none"]), "card_class": st.sampled_from([*OLD_CLASSES, *NEW_CLASSES]),
        "low_income_status": st.sampled_from([s.value for s in Status]), "own_income": st.integers(0, 10_000_000), "own_real_estate": st.integers(0, 10_000_000),
        "household_income": st.integers(0, 200_000), "movable": st.integers(0, 5_000_000), "real_estate": st.integers(0, 20_000_000),
        "draws": st.sampled_from(["", *(x.counterpart for x in version.exclusions)]),
    }  # fmt: skip
    return st.fixed_dictionaries({name: st.one_of(st.none(), kinds.get(name, st.booleans())) for name in questions_of(version)})


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(versions, fitting, fitting), DAYS, st.data())
def test_every_definition_without_faults_decides_every_case(version, on, data):
    definition = Definition("local_10004_1", "某津貼", "某", "老人", "某縣發給辦法", HSINCHU, versions=(version,))
    stored = codec.from_plain(LocalVersion, codec.to_plain(version))
    assert stored == version
    local_words.lines_of(version, {})
    local_activation.against(definition, version, PARAMETERS)
    if [p for p in problems(version) if "測試案例" not in p]:
        return
    form_of(definition, version)
    told = Told("甲", on, "yes", None, data.draw(answers(version)), dict.fromkeys(settings_of(version), 65))
    facts = facts_of(told, HSINCHU)
    found = decide(definition, facts, PARAMETERS)
    assert found.eligible in Answer and all(isinstance(t.outcome, Outcome) for t in found.trace)
    assert (found.eligible is Answer.YES) == bool(found.amount)
    codec.to_plain(found)
    try_examples(definition, version, PARAMETERS)


@settings(max_examples=40, deadline=None)
@given(versions, DAYS, st.data())
def test_an_example_is_read_back_as_it_was_written(version, on, data):
    told = Told("甲", on, "no", None, data.draw(answers(version)), {})
    again = told_of(example_of(told, HSINCHU)).values
    household = {"household_income", "movable", "real_estate"}
    for name, value in told.values.items():
        if name in household and value is None:
            continue  # nothing known about one part, something about another
        if name in ("card_grade", "card_class") and "none" in (told.values.get("card_grade"),):
            continue
        assert again.get(name) == (value or None if name == "draws" else value), name
    assert all(n.startswith(FINDING) or n in again for n in told.values)
