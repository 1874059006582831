"""The random sample: drawn with the match, the county's own rows alone, repeatable; its findings estimate what the rules miss."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from sqlalchemy import func, select

from app.commands import doubts, matching
from app.commands import sampling as commands
from app.commands.base import Forbidden, NotFound, Refused
from app.commands.sampling import Finding
from app.matching.precision import wilson
from app.matching.sampling import Stratum, draw, recall, unflagged
from app.models.overpayment import Overpayment
from app.models.sample import RosterSample, SampleRow
from app.security import scope

from .frames import DLA, MAR, change, entry, paid
from .test_commands import SYSTEM, deliver, registers
from .test_rule_control import setting

PEOPLE = [{"person_id": f"A{200000000 + n}", "name": f"王{n}"} for n in range(30)]
DEAD = PEOPLE[:4]


@pytest.fixture
def matched(session: Any) -> Any:
    """Thirty recipients in 新竹縣, four of them dead, and ten in 苗栗縣; twelve rows a county and month are to be looked at."""
    setting(session, "match_sample.size", 12)
    deliver(session, "roster", [paid(rec_no=f"R{n}", case_no=f"C{n}", **who) for n, who in enumerate(PEOPLE)], MAR, "10004", "elderly_living_allowance")
    deliver(session, "roster", [paid(DLA, amount=0, rec_no="D1", **PEOPLE[9])], MAR, "10004", DLA)
    others = [{"person_id": f"B{200000000 + n}", "name": f"陳{n}"} for n in range(10)]
    deliver(session, "roster", [paid(county="10005", rec_no=f"S{n}", **who) for n, who in enumerate(others)], MAR, "10005", "elderly_living_allowance")
    registers(
        session,
        household_register=[entry(**who) for who in PEOPLE] + [entry(county_code="10005", **who) for who in others],
        household_change=[change("death", "0970115", "0970301", **who) for who in DEAD],
    )
    matching.run_match(SYSTEM, MAR)
    session.expire_all()
    return session


def drawn(session: Any, county: str = "10004") -> list[SampleRow]:
    return list(session.scalars(select(SampleRow).where(SampleRow.county_code == county).order_by(SampleRow.id)))


def test_unflagged_paid_rows_of_each_county_are_drawn(matched: Any) -> None:
    kept = {s.county_code: (s.population, s.wanted) for s in matched.scalars(select(RosterSample))}
    assert kept == {"10004": (26, 12), "10005": (10, 12)}
    rows = drawn(matched)
    assert len({r.rec_no for r in rows}) == 12 and len(drawn(matched, "10005")) == 10
    assert not {r.person_id for r in rows} & {who["person_id"] for who in DEAD}
    assert "D1" not in {r.rec_no for r in rows}


def test_the_same_month_again_draws_nothing_new_and_leaves_out_what_became_a_doubt(matched: Any) -> None:
    before = [r.rec_no for r in drawn(matched)]
    late = drawn(matched)[0].person_id
    who = next(p for p in PEOPLE if p["person_id"] == late)
    registers(
        matched,
        household_register=[entry(**p) for p in PEOPLE],
        household_change=[change("death", "0970115", "0970301", **p) for p in (*DEAD, who)],
    )
    matching.run_match(SYSTEM, MAR)
    matched.expire_all()
    assert [r.rec_no for r in drawn(matched)] == before
    assert [r.state for r in drawn(matched)] == ["flagged", *["open"] * 11]
    assert matched.scalar(select(RosterSample.population).where(RosterSample.county_code == "10004")) == 25
    with pytest.raises(Refused, match="疑義"):
        commands.answer_sample(SYSTEM, drawn(matched)[0].id, Finding("correct"))


def test_the_same_rows_and_seed_give_the_same_sample() -> None:
    rows = pl.DataFrame({"data_kind": ["a"] * 50, "rec_no": [f"{n:02d}" for n in range(50)], "amount": [0, *[100] * 49]})
    free = unflagged(rows, {("a", "01"), ("b", "02")})
    assert free.height == 48
    one, again = draw(free, "x", 10), draw(free.sample(fraction=1.0, shuffle=True, seed=1), "x", 10)
    assert one["rec_no"].to_list() == again["rec_no"].to_list() and one["rec_no"].n_unique() == 10
    assert draw(free, "y", 10)["rec_no"].to_list() != one["rec_no"].to_list()
    assert draw(free, "x", 999).height == 48


def test_an_overpaid_row_opens_a_claim_and_counts_as_missed(matched: Any, actor: Callable[[str], Any]) -> None:
    officer = actor("officer.10004")
    rows = drawn(matched)
    with pytest.raises(Refused, match="溢領金額"):
        commands.answer_sample(officer, rows[0].id, Finding("overpaid", "已遷出"))
    with pytest.raises(Refused, match="查核經過"):
        commands.answer_sample(officer, rows[0].id, Finding("unclear"))
    commands.answer_sample(officer, rows[0].id, Finding("overpaid", "訪視發現已遷出", MAR, MAR, 6000))
    for row in rows[1:]:
        commands.answer_sample(officer, row.id, Finding("correct"))
    with pytest.raises(Refused, match="溢領案"):
        commands.answer_sample(officer, rows[0].id, Finding("correct"))
    claim = matched.scalars(select(Overpayment)).one()
    assert (claim.origin, claim.amount, claim.county_code) == ("sample", 6000, "10004")
    for key in matched.scalars(select(doubts.Doubt.id)).all():
        doubts.answer_doubt(officer, key, doubts.Answer("overpaid", "死亡", overpaid_from=MAR, overpaid_to=MAR, overpaid_amount=6000))
    with scope.use(officer.scope):
        (figures,) = commands.sample_figures(matched, MAR, MAR)
    assert (figures.population, figures.looked, figures.overpaid, figures.caught, figures.waiting) == (26, 12, 1, 4, 0)
    found = commands.recall_of([figures])
    assert found is not None and found.share == pytest.approx(4 / (4 + 26 / 12)) and found.low < found.share < found.high < 1


def test_another_county_and_a_township_cannot_reach_a_row(matched: Any, actor: Callable[[str], Any]) -> None:
    key = drawn(matched)[0].id
    with pytest.raises(NotFound):
        commands.answer_sample(actor("officer.10005"), key, Finding("correct"))
    with pytest.raises(Forbidden):
        commands.answer_sample(actor("clerk.10004010"), key, Finding("correct"))
    assert matched.scalar(select(func.count()).select_from(SampleRow).where(SampleRow.state == "answered")) == 0


def test_without_a_size_nothing_is_drawn(session: Any) -> None:
    setting(session, "match_sample.size", 0)
    deliver(session, "roster", [paid()], MAR, "10004", "elderly_living_allowance")
    registers(session)
    matching.run_match(SYSTEM, MAR)
    assert session.scalar(select(func.count()).select_from(RosterSample)) == 0


class TestEstimate:
    def test_nothing_missed_still_has_a_width(self) -> None:
        found = recall([Stratum(10_000, 200, 0, 300)])
        high = wilson(0, 200 / (1 - 0.02))
        assert found is not None and high is not None
        assert (found.share, found.high, found.missed) == (1.0, 1.0, 0.0)
        assert found.low == pytest.approx(300 / (300 + 10_000 * high[1]))

    def test_counties_are_weighted_by_their_unflagged_rows(self) -> None:
        found = recall([Stratum(1_000, 100, 10, 50), Stratum(9_000, 100, 1, 50), Stratum(5_000, 0, 0, 70)])
        assert found is not None
        assert found.missed == pytest.approx(1_000 * 0.1 + 9_000 * 0.01)
        assert found.share == pytest.approx(100 / (100 + 190))

    def test_everything_looked_at_is_known(self) -> None:
        found = recall([Stratum(20, 20, 5, 15)])
        assert found is not None and (found.low, found.share, found.high) == (0.75, 0.75, 0.75)

    @pytest.mark.parametrize("strata", [[], [Stratum(100, 0, 0, 5)], [Stratum(0, 0, 0, 0)]])
    def test_without_a_finding_nothing_is_said(self, strata: list[Stratum]) -> None:
        assert recall(strata) is None

    def test_the_interval_holds_the_truth_about_as_often_as_it_says(self) -> None:
        """2,000 seeded samples of 150 from a county with 3,000 unflagged rows, 60 of them overpaid, 240 caught: recall is 0.8."""
        import random

        generator, inside = random.Random(98), 0
        for _ in range(2_000):
            missed = sum(n < 60 for n in generator.sample(range(3_000), 150))
            found = recall([Stratum(3_000, 150, missed, 240)])
            assert found is not None
            inside += found.low <= 0.8 <= found.high
        assert 0.93 <= inside / 2_000 <= 0.985
