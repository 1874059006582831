"""A counter, a township and a county office for tests: cases are told in few words, people are named by their job."""

import datetime as dt

import pytest

from app.commands import parameters
from app.commands.casework import documents, intake, review
from app.core import clock, identity
from app.models.application import Application
from app.security import scope
from tests.seed import HOME_TOWN

SETTINGS = {"elderly_real_estate_limit": "6500000", "deposit_interest_rate": "0.017"}


@pytest.fixture
def county_settings(actor, session):
    """The county has entered what no public source gives: one person proposes, another approves."""
    for name, value in SETTINGS.items():
        row = parameters.propose_parameter(actor("officer.10004"), name, value, dt.date(2008, 1, 1), "縣府公告（測試）")
        parameters.approve_parameter(actor("director.10004"), row)


def person_id(n, sex="M"):
    return identity.with_check_digit(f"J{1 if sex == 'M' else 2}{n:07d}")


class Desk:
    """One case walking through the offices. `as_` picks who acts."""

    def __init__(self, actor, session):
        self.actor, self.session = actor, session
        self.id = 0

    def who(self, job):
        names = {"clerk": f"clerk.{HOME_TOWN}", "clerk2": f"clerk2.{HOME_TOWN}", "chief": f"chief.{HOME_TOWN}"}
        return self.actor(names.get(job, f"{job}.10004"))

    @property
    def case(self):
        self.session.expire_all()
        with scope.use(scope.SYSTEM):
            return self.session.get(Application, self.id)

    def open(self, n=1, sex="M", born=dt.date(1948, 3, 1), name="彭水木", town_clerk="clerk", benefit="elderly_living_allowance"):
        who = intake.NewPerson(person_id(n, sex), name, born, sex, "新竹縣竹北市福坪里1鄰和順路1號")
        self.id = intake.open_draft(self.who(town_clerk), benefit, who)
        return self

    def save(self, **given):
        intake.save_draft(self.who("clerk"), self.id, intake.Draft(**given))
        return self

    def fill(self, children=(), applicant=None, **facts):
        """A complete form: lives here, never abroad; each child is (age, monthly wage)."""
        today = clock.today()
        tax_year = 114
        members = [
            {"position": 2 + i, "relation": "child", "person_id": person_id(900 + i), "name": f"彭志{'明宏強華'[i]}",
             "birth": today.replace(year=today.year - age, day=1), "sex": "M", "lives_together": False, "same_registration": False,
             "claims_dependant": False, "employed": wage > 0}
            for i, (age, wage) in enumerate(children)
        ]  # fmt: skip
        lines = {1: {"tax_year": tax_year, **(applicant or {})}}
        for i, (_, wage) in enumerate(children):
            income = [{"kind": "wage", "amount": wage * 12, "per": "year", "tax_year": tax_year, "source": "tax"}] if wage else []
            lines[2 + i] = {"tax_year": tax_year, "incomes": income, "assets": []}
        self.save(
            fields={
                "channel": "post", "institution": "0061234", "account": "0123456", "consent_on": today, "affidavit_on": today,
                "household_taken_on": today, "lives_at_registration": True, "days_in_taiwan": 366, "public_placement": False,
                "in_custody": False, "low_income_status": "none", **facts,
            },
            members=members,
            lines=lines,
            documents={c: {"received_on": today} for c in ("application_form", "identity", "household_transcript", "passbook", "consent_form", "affidavit")},
        )  # fmt: skip
        return self

    def papers(self, *codes):
        """All documents asked for (or these) came today, and the papers are signed."""
        today = clock.today()
        wanted = codes or [d.code for d in self.case.documents if d.required]
        return self.save(
            fields={"consent_on": today, "affidavit_on": today, "household_taken_on": today}, documents={c: {"received_on": today} for c in wanted}
        )  # fmt: skip

    def account(self):
        return self.save(fields={"channel": "post", "institution": "0061234", "account": "0123456"})

    def submit(self, job="clerk"):
        intake.submit(self.who(job), self.id)
        return self

    def complete(self):
        documents.mark_documents_complete(self.who("clerk"), self.id)
        return self

    def first_review(self, result="pass", job="chief", **given):
        review.first_review(self.who(job), self.id, result, "資料相符，擬准予發給", **given)
        return self

    def forward(self):
        review.forward(self.who("chief"), self.id)
        return self

    def second_review(self, job="officer"):
        review.second_review(self.who(job), self.id, "複核無誤")
        return self

    def approve(self, job="director", **given):
        return review.approve(self.who(job), self.id, **given)

    def reject(self, reason="平均收入超過標準", job="director"):
        return review.reject(self.who(job), self.id, reason)

    def to_county(self):
        return self.submit().complete().first_review().forward()

    def to_decision(self):
        return self.to_county().second_review()


@pytest.fixture
def desk(actor, session, county_settings):
    return Desk(actor, session)
