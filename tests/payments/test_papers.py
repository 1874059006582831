"""What is printed for a citizen: only his or her own money, only what arrived, each printing on record."""

import datetime as dt
from dataclasses import asdict

import pytest
from sqlalchemy import select

from app.commands import citizen_papers
from app.commands.base import Forbidden, NotFound, Refused
from app.core import clock
from app.extensions import db
from app.models.access import AccessEntry
from app.models.notice import NoticeSender
from app.models.person import Person
from app.security import scope

from .county import ELA, HOME, OTHER
from .making import MARCH, payee, person_id


@pytest.fixture
def paid(county):
    """Two people of two townships paid for January to March, one of them returned; the sender known."""
    with scope.use(scope.SYSTEM):
        for code, agency in (("10004", "新竹縣政府"), (HOME, "竹北市公所")):
            if db.session.scalar(select(NoticeSender.id).where(NoticeSender.town_code == code)) is None:
                db.session.add(NoticeSender(
                    county_code="10004", town_code=code, agency=agency, head_title="首長", head_name="範例", word="範社字", address="範例路1號", unit="社會課",
                    phone="03-0000000",
                ))  # fmt: skip
        db.session.commit()
    county.award(1, from_month=MARCH - 2)
    county.award(2, town=OTHER)
    county.award(3, pay=payee(3, account="7777777"))
    run = county.filed(county.build())
    with scope.use(scope.SYSTEM):
        assert [x.person_id for x in county.lines(run)] == [person_id(1), person_id(3), person_id(2)]
    county.take_in(run, county.result(run, {2: "22"}))
    return run


def who(number):
    with scope.use(scope.SYSTEM):
        return db.session.scalars(select(Person.id).where(Person.person_id == person_id(number))).one()


def text_of(letter):
    return str(asdict(letter))


def test_the_yearly_statement_adds_up_and_names_nobody_else(county, paid):
    letter, _ = citizen_papers.statement(county.officer, who(1), 98)
    said = text_of(letter)
    assert "18,000" in letter.subject and letter.members[-1][-1] == "18,000"
    assert "王1" in said and "王2" not in said and "王3" not in said and person_id(2) not in said
    with pytest.raises(Refused, match="97 年度沒有"):
        citizen_papers.statement(county.officer, who(1), 97)
    with pytest.raises(Refused, match="沒有入帳"):
        citizen_papers.statement(county.officer, who(3), 98)


def test_the_proof_takes_the_months_asked_and_only_what_arrived(county, paid):
    letter, _ = citizen_papers.proof(county.officer, who(2), MARCH, MARCH)
    assert letter.certificate and "陸仟元整" in letter.subject and "匯入帳戶（末四碼 0002）" in text_of(letter)
    one, _ = citizen_papers.proof(county.officer, who(1), MARCH, MARCH)
    assert "陸仟元整" in one.subject and len(one.members) == 3
    for person, first, last in ((2, MARCH + 1, MARCH + 2), (2, MARCH, MARCH - 1), (3, MARCH, MARCH)):
        with pytest.raises(Refused, match="不能開立"):
            citizen_papers.proof(county.officer, who(person), first, last)


def test_a_protected_account_needs_a_running_benefit_whose_law_has_one(county, paid):
    with pytest.raises(Refused, match="法令依據"):
        citizen_papers.protected(county.officer, who(1), ELA)  # 老津辦法§8 came in 111
    with clock.frozen(dt.date(2023, 3, 1)):
        letter, _ = citizen_papers.protected(county.officer, who(1), ELA)
        assert "中低收入老人生活津貼發給辦法第8條" in text_of(letter)
        with pytest.raises(Refused, match="沒有發放中"):
            citizen_papers.protected(county.officer, who(1), "low_income_living_assistance")


def test_notices_of_a_register_by_township_one_letter_a_person(county, paid):
    everybody, _ = citizen_papers.notices(county.officer, paid)
    assert sorted(n.receiver for n in everybody) == ["王1 君", "王2 君"]
    [only], _ = citizen_papers.notices(county.officer, paid, OTHER)
    assert only.receiver == "王2 君" and "王1" not in text_of(only) and "末四碼 0002" in text_of(only)
    assert len({n.number for n in everybody}) == 2


def test_a_township_prints_for_its_own_people_only_and_accounting_not_at_all(county, paid, actor):
    clerk = actor("clerk.10004010")
    with pytest.raises(NotFound):
        citizen_papers.proof(clerk, who(2), MARCH, MARCH)
    assert citizen_papers.proof(clerk, who(1), MARCH, MARCH)[0].agency == "竹北市公所"
    [notice], _ = citizen_papers.notices(clerk, paid)
    assert notice.receiver == "王1 君"
    with pytest.raises(Forbidden):
        citizen_papers.proof(county.accountant, who(1), MARCH, MARCH)


def test_from_the_persons_page_to_paper_with_a_line_in_the_query_log(county, paid, client_as):
    client, pk = client_as("officer.10004"), who(1)
    page = client.get(f"/people/show/{pk}")
    assert "列印給民眾" not in page.text  # the purpose first
    client.post(f"/people/purpose/{pk}", data={"purpose": "民眾查詢"})
    assert "列印給民眾" in client.get(f"/people/show/{pk}").text
    answer = client.post(f"/people/paper/{pk}/proof", data={"first": "98/1", "last": "98/3"})
    assert answer.content_type == "application/pdf" and answer.data.startswith(b"%PDF")
    assert client.post(f"/people/paper/{pk}/proof", data={"first": "x", "last": "98/3"}).status_code == 303
    many = client.post("/payment_notices/print", data={"run": paid, "town": HOME})
    assert many.data.startswith(b"%PDF")
    with scope.use(scope.SYSTEM):
        db.session.rollback()
        prints = db.session.execute(select(AccessEntry.subject_table, AccessEntry.rows).where(AccessEntry.action == "print").order_by(AccessEntry.id)).all()
    assert [tuple(p) for p in prints] == [("person", 1), ("payment_run", 1)]
