"""The exclusion check before 核定: every township of the county, every register, other counties; and lawful exceptions."""

import datetime as dt

import pytest
from sqlalchemy import select

from app.commands import awards, exchange, parameters
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


LILA = "low_income_living_assistance"


def granted(session, person, benefit, amount, band="", household_no=None):
    row = session.scalars(select(Person).where(Person.person_id == person)).one()
    awards.create_award(
        Actor.system("測試"), recipient_id=row.id, benefit=benefit, case_no=f"T{row.id}{benefit[:3]}", decision_no="x", from_month=roc.month(115, 1),
        amount=amount, band=band, payee=Payee("cash", person, row.name), household_no=household_no,
    )  # fmt: skip


@pytest.mark.parametrize(("band", "hard", "words"), [("class1", True, "擇一領取"), ("class3", False, "合計設上限（同人各項合計不得超過基本工資")])
def test_low_income_goes_by_its_class_beside_the_elderly_allowance(desk, session, band, hard, words):
    """第一款按人全額給付須擇一；第二、三款只合計不超過基本工資（社會救助法第8條）。"""
    at_county(desk)
    granted(session, person_id(1), LILA, 9_829, band, "LILA1")
    desk.second_review()
    hit = desk.case.exclusions["hits"][0]
    assert (hit["hard"], hit["source"]) == (hard, "本縣發放資料") and words in hit["rule"]
    if hard:
        with pytest.raises(Refused, match="低收入戶第一款"):
            desk.approve()


def test_a_member_of_a_low_income_household_is_seen_with_the_share_the_decision_puts_on_him(desk, actor, session):
    """The elder who applies is counted in his daughter's low-income household; the daughter is the one who is paid."""
    from tests.casework.conftest import Desk
    from tests.casework.test_low_income_living_assistance import HERE, MEMBER

    other = Desk(actor, session)
    other.open(n=50, benefit=LILA, born=dt.date(1976, 3, 1), sex="F", name="彭美玉")
    who = {"position": 2, "relation": "parent", "person_id": person_id(1), "name": "彭水木", "birth": dt.date(1948, 3, 1), "sex": "M", "lives_together": True,
           "same_registration": True, "claims_dependant": False, "employed": False, **MEMBER}  # fmt: skip
    row = parameters.propose_parameter(actor("officer.10004"), f"{LILA}.supplement_rate", "0.2", dt.date(2008, 1, 1), "縣府公告（測試）")
    parameters.approve_parameter(actor("director.10004"), row)
    ill = [{"kind": "serious_illness", "proven": True, "proof": "診斷書"}]
    own = {"tax_year": 114, "incomes": [], "assets": []}
    other.save(fields=HERE, members=[{"position": 1, "circumstances": ill}, who], lines={1: {**own, "employed": False, **MEMBER}, 2: own})
    other.papers().account().submit().complete().first_review(visited_on=clock.today(), visit_report="父女同住").forward().second_review()
    from app.models.decision import Decision

    decision = session.get(Decision, other.approve())
    share = sum(int(p["amount"]) for p in decision.judgement["payments"] if p["ref"] == "2")
    assert decision.band == "class1" and share > 0
    at_county(desk).second_review()
    hit = next(h for h in desk.case.exclusions["hits"] if h["source"] == "本縣發放資料")
    assert (hit["position"], hit["counterpart"], hit["amount"], hit["agency"], hit["hard"]) == (1, "low_income_class1", share, "列於他戶之成員", True)
    assert other.case.case_no not in str(desk.case.exclusions)


def test_every_member_of_a_low_income_household_is_checked_and_the_other_laws_rule_is_told(desk, actor, session):
    """The child draws the allowance for children in need: its own law gives way (第5條), the household's assistance does not."""
    from tests.casework.test_low_income_living_assistance import HERE, MEMBER

    session.add(Person(county_code="10004", town_code="10004010", person_id=person_id(800), name="羅小明", birth=dt.date(2018, 1, 5), sex="M"))
    session.commit()
    granted(session, person_id(800), "child_youth_living_assistance", 2_197)
    desk.open(benefit=LILA, born=dt.date(1986, 3, 1), sex="F", name="羅美蘭")
    child = {"position": 2, "relation": "child", "name": "羅小明", "person_id": person_id(800), "birth": dt.date(2018, 1, 5), "sex": "M", **MEMBER}
    desk.save(fields=HERE, members=[child]).papers().account().submit().complete()
    exclusions.check_exclusions(desk.who("clerk"), desk.id)
    hit = desk.case.exclusions["hits"][0]
    assert (hit["position"], hit["hard"]) == (2, False)
    assert hit["rule"].startswith("由中低收入戶兒童少年生活補助") and "擇一領取" in hit["rule"] and "第5條" in hit["article"]


def test_what_is_under_way_at_another_desk_is_shown_as_applied_for(desk, actor, session):
    from tests.casework.conftest import Desk

    other = Desk(actor, session)
    other.open(benefit="disability_living_allowance", born=dt.date(1948, 3, 1)).papers().account().submit()
    at_county(desk).second_review()
    hit = next(h for h in desk.case.exclusions["hits"] if h["source"] == "本縣審核中案件")
    assert (hit["counterpart"], hit["hard"], hit["paid"], hit["rule"].startswith("擇一領取")) == ("disability_living_allowance", False, False, True)


def test_the_review_page_names_every_member_and_how_old_each_source_is(desk, client_as, tmp_path):
    from tests.casework.test_screens import opened

    draws(tmp_path, "benefit_elsewhere", ELSEWHERE, f"E1,{person_id(1)},彭水木,0370301,farmer_allowance,11401,,8110,勞動部勞工保險局")
    at_county(desk).second_review()
    page = opened(client_as("officer.10004"), desk.id).partition('id="check-title"')[2].partition("</section>")[0]
    assert "彭水木" in page and "彭志明" in page and "查核的來源中沒有其他津貼" in page
    assert "擇一領取" in page and "其他機關給付資料" in page and "（0 日前）" in page


def test_the_clerk_who_asks_for_an_id_of_another_township_stays_in_the_log(desk, session):
    from app.models.access import SecurityEvent

    session.add(Person(county_code="10004", town_code="10004020", person_id=person_id(77), name="彭水木", birth=dt.date(1948, 3, 1), sex="M"))
    session.commit()
    with pytest.raises(Refused, match="竹東鎮"):
        desk.open(n=77)
    row = session.scalars(select(SecurityEvent).order_by(SecurityEvent.id.desc()).limit(1)).one()
    assert row.kind == "denied" and '"person"' in row.details and person_id(77) not in row.details
