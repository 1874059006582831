"""Invented people: the same seed gives the same county, and they are believable."""

import datetime as dt
from collections import Counter

import pytest

from app.core import identity
from app.demo import means, people, places

TODAY = dt.date(2026, 11, 21)


@pytest.fixture(scope="module")
def county():
    return people.generate(600, 7, TODAY)


def test_the_same_seed_gives_the_same_people(county):
    again = people.generate(600, 7, TODAY)
    assert [(p.person_id, p.name, p.birth) for p in again.people] == [(p.person_id, p.name, p.birth) for p in county.people]
    assert again.events == county.events
    assert people.generate(600, 8, TODAY).people[0].person_id != county.people[0].person_id


def test_every_number_holds_its_check_digit_says_the_sex_and_is_given_once(county):
    assert all(identity.checksum_ok(p.person_id) for p in county.people)
    assert all(identity.sex_of(p.person_id) == p.sex for p in county.people)
    assert len({p.person_id for p in county.people}) == len(county.people)


def test_elders_are_old_enough_and_children_younger_than_their_parents(county):
    for family in county.families:
        assert county.people[family.elder].age_on(TODAY) >= 65
    for p in county.people:
        for parent in (p.father, p.mother):
            if parent is not None:
                assert county.people[parent].birth.year + 14 < p.birth.year


def test_towns_weigh_as_they_should(county):
    towns = Counter(county.people[f.elder].town_code for f in county.families)
    assert set(towns) == set(places.TOWN)
    assert towns["10004010"] > towns["10004050"] > towns["10004130"]


def test_households_have_one_head_and_members_share_an_address(county):
    homes = {}
    for p in county.people:
        homes.setdefault(p.household_no, []).append(p)
    for members in homes.values():
        assert [m.relation for m in members].count("戶長") == 1
        assert len({m.address for m in members}) == 1


def test_links_point_at_each_other(county):
    for p in county.people:
        if p.spouse is not None:
            assert county.people[p.spouse].spouse == p.key


def test_something_happens_to_some_of_them(county):
    kinds = Counter(e.kind for e in county.events)
    assert kinds["death"] > 10 and kinds["move_out"] > 3
    assert all(e.on <= e.registered <= TODAY for e in county.events)


def test_believable_mix_of_old_and_young_names(county):
    elders = [county.people[f.elder].name for f in county.families]
    young = [p.name for p in county.people if p.birth.year > 2005]
    assert any("妹" in n for n in elders) and not any("妹" in n for n in young)
    assert any(c in "".join(young) for c in "宥妤睿")


def test_means_belong_to_people_and_shares_are_whole(county):
    wealth = means.generate(county, 7, TODAY, 29_500)
    assert min(i.gross for i in wealth.incomes if i.format_code == "50") >= 29_500 * 3
    assert all(0 < p.share_num <= p.share_den for p in wealth.properties)
    assert {i.person for i in wealth.incomes} <= {p.key for p in county.people}
