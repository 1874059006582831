"""The exclusion check before 核定: every township of the county, every register, other counties; and lawful exceptions."""

import datetime as dt

import pytest
from sqlalchemy import select

from app.commands import awards, exchange
from app.commands.base import Refused
from app.commands.casework import exclusions
from app.core import clock, roc
from app.models.person import Person
from app.payments.line import Payee
from app.security.actor import Actor
from tests.casework.conftest import person_id


def draws(tmp_path, source, header, *rows, county=None, month=None, kind=None):
    path = tmp_path / f"{source}.csv"
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    result = exchange.import_file(Actor.system("測試"), source, path, county, month, kind)
    assert result.problem is None and result.accepted == len(rows), result


ELSEWHERE = "record_no,person_id,name,birth,kind,month_from,month_to,amount,agency"


def at_county(desk):
    desk.open(born=dt.date(1948, 3, 1)).fill(children=[(45, 42_000)])
    return desk.to_county()


def test_somebody_drawing_the_farmers_allowance_must_choose(desk, tmp_path):
    draws(tmp_path, "benefit_elsewhere", ELSEWHERE, f"E1,{person_id(1)},彭水木,0370301,farmer_allowance,11401,,8110,勞動部勞工保險局")
    at_county(desk).second_review()
    hit = desk.case.exclusions["hits"][0]
    assert (hit["counterpart"], hit["hard"], hit["article"]) == ("farmer_allowance", True, "中低收入老人生活津貼發給辦法第12條")
    with pytest.raises(Refused, match="老年農民福利津貼互斥"):
        desk.approve()


def test_a_lawful_exception_with_its_code_opens_the_way(desk, session, tmp_path):
    draws(tmp_path, "benefit_elsewhere", ELSEWHERE, f"E1,{person_id(1)},彭水木,0370301,farmer_allowance,11401,,8110,勞動部勞工保險局")
    at_county(desk).second_review()
    with pytest.raises(Refused, match="例外代碼與理由"):
        exclusions.record_exception(desk.who("officer"), desk.id, 0, "E01", " ")
    exclusions.record_exception(desk.who("officer"), desk.id, 0, "E01", "已於115年10月放棄老農津貼，農保局115號函")
    from app.models.decision import Decision

    assert session.get(Decision, desk.approve()).exception_code == "E01"


def test_a_new_check_keeps_the_exception(desk, tmp_path):
    draws(tmp_path, "benefit_elsewhere", ELSEWHERE, f"E1,{person_id(1)},彭水木,0370301,farmer_allowance,11401,,8110,勞動部勞工保險局")
    at_county(desk).second_review()
    exclusions.record_exception(desk.who("officer"), desk.id, 0, "E01", "已放棄")
    exclusions.check_exclusions(desk.who("officer"), desk.id)
    assert desk.case.exclusions["hits"][0]["exception"] == "E01"


@pytest.mark.parametrize(
    "row",
    [
        f"E1,{person_id(1)},彭水木,0370301,farmer_allowance,10801,11312,7550,勞保局",  # ended long ago
        f"E1,{person_id(1)},王大同,0300101,farmer_allowance,11401,,8110,勞保局",  # same number, another person
        f"E1,{person_id(2)},彭水木,0370301,farmer_allowance,11401,,8110,勞保局",  # another number
    ],
)
def test_what_only_looks_like_a_hit_is_none(desk, tmp_path, row):
    draws(tmp_path, "benefit_elsewhere", ELSEWHERE, row)
    at_county(desk).second_review()
    assert desk.case.exclusions["hits"] == []
    desk.approve()


def test_what_a_child_draws_is_told_but_excludes_nothing(desk, tmp_path):
    draws(tmp_path, "benefit_elsewhere", ELSEWHERE, f"E1,{person_id(900)},彭志明,0700101,unemployment_benefit,11401,,20000,勞保局")
    at_county(desk)
    child = desk.case.members[1]
    assert child.person_id == person_id(900)
    desk.second_review()
    assert [(h["position"], h["hard"]) for h in desk.case.exclusions["hits"]] == [(2, False)]
    desk.approve()


def test_somebody_in_prison(desk, tmp_path):
    draws(tmp_path, "custody", "record_no,person_id,name,birth,kind,from_date,to_date", f"J1,{person_id(1)},彭水木,0370301,prison,1150901,")
    at_county(desk).second_review()
    with pytest.raises(Refused, match="互斥"):
        desk.approve()


def test_the_same_allowance_in_another_county(desk, tmp_path):
    month = roc.month_of(clock.today()) - 1
    m = roc.month5(month)
    header = "rec_no,county_code,town_code,data_kind,ref_month,person_id,name,birth,sex,case_no,start_month,status,pay_month_from,pay_month_to,pay_unit,amount,channel,band"
    row = f"1,10018,10018010,elderly_living_allowance,{m},{person_id(1)},彭水木,0370301,M,N1,11401,active,{m},{m},person,8329,post,full"
    draws(tmp_path, "roster", header, row, county="10018", month=month, kind="elderly_living_allowance")
    at_county(desk).second_review()
    hit = desk.case.exclusions["hits"][0]
    assert (hit["counterpart"], hit["agency"], hit["hard"]) == ("same_benefit_other_county", "新竹市", True)


def test_another_townships_award_is_seen_but_only_benefit_months_and_amount_come_back(desk, actor, session):
    """The person moved files: an award of another benefit stands in 竹東. The township check may not show more than that."""
    at_county(desk)
    other = Person(county_code="10004", town_code="10004020", person_id=person_id(77), name="彭水木", birth=dt.date(1948, 3, 1), sex="M")
    session.add(other)
    session.commit()
    person = session.scalars(select(Person).where(Person.person_id == person_id(1))).one()
    awards.create_award(
        Actor.system("測試"), recipient_id=person.id, benefit="disability_living_allowance", case_no="DLA1150200009", decision_no="x", from_month=roc.month(115, 1),
        amount=5_437, payee=Payee("cash", person_id(1), "彭水木"),
    )  # fmt: skip
    desk.second_review()
    hit = desk.case.exclusions["hits"][0]
    assert hit["counterpart"] == "disability_living_allowance" and hit["hard"]
    assert "DLA1150200009" not in str(desk.case.exclusions) and person_id(1) not in str(desk.case.exclusions)


def test_sources_that_never_came_are_not_checked_and_said_so(desk):
    at_county(desk).second_review()
    assert exclusions.unchecked(desk.case) == ["其他機關給付資料", "監管資料", "退休撫卹給與資料", "其他縣市名冊"]


def test_a_child_counted_in_two_open_cases_is_pointed_out(desk, actor):
    from tests.casework.conftest import Desk

    at_county(desk)
    second = Desk(actor, desk.session)
    second.open(n=2, name="范秀妹", sex="F").fill(children=[(45, 42_000)]).to_county().second_review()
    assert [s["position"] for s in second.case.exclusions["shared"]] == [2]
