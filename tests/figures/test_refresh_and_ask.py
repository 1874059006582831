"""Monthly figures on a small world: what is counted when, who may ask what, and that the same holds on both databases."""

import datetime as dt

import pytest
from sqlalchemy import select

from app.commands import awards, payment_files
from app.commands.base import Refused
from app.commands.figures import refresh
from app.commands.figures.ask import Question, ask, behind
from app.core import clock, roc
from app.core.small_cells import TOTAL
from app.extensions import db
from app.models.figures import StatisticCell, StatisticFact
from app.payments.entitlement import segments
from app.security import scope
from tests.payments.county import HOME, OTHER, County
from tests.payments.making import MARCH

APRIL, MAY, FEBRUARY = MARCH + 1, MARCH + 2, MARCH - 1
ELA = "elderly_living_allowance"


@pytest.fixture
def world(app, actor):
    """Five people: two of one township, two of another, one that ends, one that is raised; March paid."""
    payment_files.log_path().unlink(missing_ok=True)
    with clock.frozen(dt.date(2009, 3, 21)):
        county = County(actor)
        county.award(1)
        county.award(2, amount=3000)
        ends = county.award(3, town=OTHER)
        raised = county.award(4, town=OTHER, amount=3000)
        paused = county.award(5, town=OTHER, amount=3000)
        county.filed(county.build())
        awards.end_award(county.director, ends, APRIL, "死亡")
        awards.change_award(county.director, raised, from_month=APRIL, amount=6000, band="full", reason="收入減少")
        awards.suspend_award(county.director, paused, APRIL, "入監")
        awards.resume_award(county.director, paused, MAY, "出監")
        compute(FEBRUARY, MARCH, APRIL, MAY)
        yield county


def compute(*months):
    with scope.use(scope.SYSTEM):
        for month in months:
            refresh.build(db.session(), "10004", month, clock.now())
        db.session().commit()


def answer(who, measure, *dimensions, first=MARCH, last=MARCH, subject="benefits", **more):
    with scope.use(who.scope):
        return ask(db.session(), Question(subject, measure, dimensions, first, last, **more))


def test_months_by_movement_amount_and_place(world):
    moves = answer(world.officer, "months", "month", "movement", first=FEBRUARY, last=MAY)
    stopped = answer(world.officer, "stopped", "month", first=FEBRUARY, last=MAY)
    assert [moves.figure(str(m), TOTAL) for m in (FEBRUARY, MARCH, APRIL, MAY)] == [0, 5, 3, 4]
    assert (moves.figure(str(MARCH), "new"), moves.figure(str(APRIL), "changed"), moves.figure(str(MAY), "resumed")) == (5, 1, 1)
    assert [stopped.figure(str(m)) for m in (MARCH, APRIL, MAY)] == [0, 2, 0]
    paid = answer(world.officer, "paid", "town", "band")
    assert (paid.figure(HOME, "full"), paid.figure(HOME, "half"), paid.figure(OTHER, TOTAL), paid.figure(TOTAL, TOTAL)) == (6000, 3000, 12000, 21000)
    assert answer(world.officer, "due", "month", first=APRIL, last=APRIL).figure(TOTAL) == 6000 + 3000 + 6000


def test_figures_agree_with_the_arithmetic_of_the_registers(world):
    with scope.use(scope.SYSTEM):
        from app.commands.award_facts import load
        from app.models.award import Award

        rows = {(f.source_id, f.month): f.due for f in db.session.scalars(select(StatisticFact)) if f.due}
        expected = {}
        for facts in load(db.session(), [Award.county_code == "10004"], FEBRUARY, amounts=True):
            for s in segments(facts.changes, facts.died_on, facts.to_month, facts.every):
                expected |= {(facts.award_id, m): s.amount for m in s.due_months(FEBRUARY, MAY)}
    assert rows == expected


def test_a_stock_is_not_added_up_over_months_and_persons_are_counted_once(world):
    stock = answer(world.officer, "drawing", "month", "town", first=MARCH, last=MAY)
    assert stock.figure(str(MAY), TOTAL) == 4 and stock.figure(TOTAL, TOTAL) is None
    assert answer(world.officer, "drawing", "town", first=MARCH, last=MAY).figure(TOTAL) == 4
    assert answer(world.officer, "persons", "sex", subject="people", first=MARCH, last=MAY).figure(TOTAL) == 5


def test_each_level_sees_its_own_and_the_ministry_no_small_cell(world, actor):
    clerk, ministry, other = actor("clerk.10004010"), actor("ministry"), actor("officer.10005")
    assert answer(clerk, "drawing", "town").cells == {(HOME,): 2, (TOTAL,): 2}
    assert answer(other, "drawing", "town").cells == {}
    seen = answer(ministry, "drawing", "town", "band")
    assert seen.figure(TOTAL, TOTAL) == 5 and seen.figure(HOME, "full") is None and seen.figure(OTHER, TOTAL) is None
    published = answer(world.officer, "paid", "town", publish=True)
    assert published.figure(HOME) is None and published.figure(OTHER) is None and published.figure(TOTAL) == 21000
    with pytest.raises(Refused):
        answer(ministry, "persons", "sex", subject="people")
    with scope.use(ministry.scope), pytest.raises(Refused):
        behind(db.session(), Question("benefits", "drawing", ("town",), MARCH, MARCH), {"town": HOME})


def test_the_list_behind_a_figure_has_as_many_rows_as_it_says(world, actor):
    question = Question("benefits", "drawing", ("town",), MARCH, MAY)
    with scope.use(world.officer.scope):
        assert len(behind(db.session(), question, {"town": OTHER})[0]) == 2
    with scope.use(actor("clerk.10004010").scope):
        assert behind(db.session(), question, {"town": OTHER})[0] == []


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Question("benefits", "nothing", ("town",), MARCH, MARCH), "沒有這個統計項目"),
        (Question("nothing", "drawing", ("town",), MARCH, MARCH), "不能查詢這個主題"),
        (Question("applications", "received", ("band",), MARCH, MARCH), "可用的分組有"),
        (Question("benefits", "drawing", (), MARCH, MARCH), "請選 1 到 3 個"),
        (Question("benefits", "drawing", ("town", "town"), MARCH, MARCH), "請選 1 到 3 個"),
        (Question("benefits", "drawing", ("year",), MARCH, MARCH), "月底的人數"),
        (Question("benefits", "paid", ("town",), MAY, MARCH), "迄月不可早於起月"),
        (Question("benefits", "paid", ("town",), MARCH, MARCH, {"month": ("x",)}), "沒有這個值"),
    ],
)
def test_what_cannot_be_asked_is_said(world, asked, says):
    with scope.use(world.officer.scope), pytest.raises(Refused, match=says):
        ask(db.session(), asked)


def test_computing_again_gives_the_same_and_what_was_not_computed_is_said(world):
    def cells():
        with scope.use(scope.SYSTEM):
            return sorted((c.month, c.place, c.band, c.movement, c.rows, c.due, c.paid) for c in db.session.scalars(select(StatisticCell)))

    before = cells()
    compute(MARCH, APRIL)
    assert cells() == before
    assert answer(world.officer, "paid", "month", first=MARCH, last=MAY + 2).missing == (MAY + 1, MAY + 2)


@pytest.mark.parametrize(("born", "group"), [("1944-03-31", 65), ("1944-04-01", 60), ("2009-03-01", 0), ("1909-03-31", 100)])
def test_the_age_is_that_of_the_last_day_of_the_month(app, born, group):
    day = dt.date.fromisoformat(born)
    assert db.session.scalar(select(refresh.age_group(db.literal(day, db.Date), MARCH))) == group


def test_registers_count_holders_at_the_end_of_the_month(world):
    from app.models.disability_card import DisabilityCard

    def card(number, **more):
        values = {"county_code": "10004", "town_code": HOME, "holder_id": world.person(number), "card_no": f"C{number}", "issue": "new", "grade": "mild",
                  "classes": "1", "issued_on": dt.date(2009, 2, 1), "permanent": True, "created_at": clock.now(), "changed_at": clock.now()}  # fmt: skip
        db.session.add(DisabilityCard(**values | more))

    with scope.use(scope.SYSTEM):
        card(21)
        card(22, classes="1、7", grade="severe")
        card(23, status="cancelled", ended_on=dt.date(2009, 3, 10), end_reason="died")
        card(24, permanent=False, expires=dt.date(2009, 3, 30))
        db.session.commit()
    compute(MARCH)
    held = answer(world.officer, "drawing", "band", "grade", filters={"benefit": ("disability_register",)})
    assert held.cells == {("1", "mild"): 1, ("1", TOTAL): 1, ("multiple", "severe"): 1, ("multiple", TOTAL): 1, (TOTAL, "mild"): 1, (TOTAL, "severe"): 1, (TOTAL, TOTAL): 2}
    assert answer(world.officer, "stopped", "benefit", filters={"benefit": ("disability_register",)}).figure(TOTAL) == 2
    assert roc.show_month(MARCH) == "98年3月"
