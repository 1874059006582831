"""A county whose people live in institutions: told in few words, made through the commands the offices use."""

import datetime as dt

import pytest

from app.commands import awards, parameters, payment_results, payments
from app.commands.care import contracts, institutions, invoices
from app.core import clock, roc
from app.extensions import db
from app.models.award import Award
from app.models.care_institution import CareContract
from app.models.care_invoice import CareInvoice
from app.models.decision import Decision
from app.models.disability_care_subsidy import CareApplication
from app.models.parameter import Parameter
from app.models.payment import PaymentLine
from app.models.payment_run import PaymentRun
from app.models.person import Person
from app.payments.line import Payee
from app.security import scope
from tests.casework.conftest import Desk, person_id
from tests.seed import HOME_TOWN

BENEFIT = "disability_care_subsidy"
GRANTED = dt.date(2026, 3, 11)
SETTINGS = {
    "disability_care_ceiling.residential": 21_000, "disability_care_ceiling.day": 12_000, "disability_care_ceiling.night": 15_000,
    "disability_care_ceiling.community": 18_000, "disability_care_absence.days": 5, "disability_care_absence.holidays": 1,
}  # fmt: skip
FACTS = {
    "card_held": True, "card_number": "J0000001", "card_grade": "severe", "card_classes": "1", "card_issued": dt.date(2024, 3, 1),
    "card_expires": dt.date(2029, 2, 28), "lives_at_registration": True, "days_in_taiwan": 366, "placed": True, "care_home": "示範教養院",
    "service": "residential", "fee": 20_000, "same_service": False, "disabled_in_family": 1, "parent_65": False, "low_income_status": "near_low",
}  # fmt: skip


def day(text):
    return roc.parse_date(text)


def month(text):
    return roc.parse_month(text)


class Care:
    """The officer who enters, the second officer, the supervisor, 主計; short cuts for the usual steps."""

    def __init__(self, actor, session):
        self.actor, self.session = actor, session
        self.officer, self.officer2 = actor("officer.10004"), actor("officer2.10004")
        self.director, self.accountant = actor("director.10004"), actor("accountant.10004")

    def setting(self, name, value, since=dt.date(2008, 1, 1)):
        row = parameters.propose_parameter(self.officer, name, value, since, "縣府公告（測試）")
        parameters.approve_parameter(self.director, row)

    def unset(self, name):
        """As if the county had never entered it."""
        with scope.use(scope.SYSTEM):
            db.session.query(Parameter).filter_by(name=name).delete()
            db.session.commit()

    def institution(self, n=1, ceiling=21_000, service="residential", since=dt.date(2008, 1, 1), **more):
        values = {
            "name": f"示範教養院{n}", "tax_no": f"{n:08d}", "place_code": "10004", "licence_no": f"府社障字第{n:04d}號",
            "licence_from": dt.date(2008, 1, 1), "licence_to": None, "bank_code": "0040001", "account": f"00412345{n:04d}",
            "payee_name": f"示範教養院{n}",
        } | more  # fmt: skip
        pk = institutions.add_institution(self.officer, **values)
        institutions.set_service(self.officer, pk, service, since, ceiling, 30, "府社障字第1150000001號")
        return pk

    def granted(self, n=1, name="彭水木", on=GRANTED, rate=75):
        """A person whose care was granted at 75 % of 20,000: the recipient's key. The decision is put down as 核定 leaves it."""
        where = {"county_code": "10004", "town_code": HOME_TOWN}
        with scope.use(scope.SYSTEM):
            person = Person(**where, person_id=person_id(n), name=name, birth=dt.date(2000, 3, 1), sex="M", registered_address="新竹縣竹北市福坪里1鄰和順路1號")
            case = CareApplication(**where, applicant=person, case_no=f"DCS115{n:07d}", state="approved", received_on=on, service="residential", fee=20_000)
            db.session.add(case)
            db.session.flush()
            decided = Decision(
                **where, benefit=BENEFIT, application_id=case.id, decision_no=f"府社障字第115{n:07d}號", outcome="granted", amount=200 * rate,
                band=f"rate{rate}", start_month=roc.month_of(on), valid_from=on, rule_version="DCS-111-12-27", facts={}, judgement={}, decided_at=clock.now(),
            )  # fmt: skip
            db.session.add(decided)
            db.session.commit()
            case_id, recipient = case.id, person.id
        awards.create_award(
            self.director, recipient_id=recipient, benefit=BENEFIT, case_no=f"DCS115{n:07d}", decision_no=f"府社障字第115{n:07d}號",
            from_month=roc.month_of(on), amount=200 * rate, band=f"rate{rate}", payee=Payee("institution", person_id(n), name), application_id=case_id,
        )  # fmt: skip
        return recipient

    def walked(self, n=1, name="彭水木", on=GRANTED, **facts):
        """A person of 26, near-low income, placed, taken from the counter to 核定 (75 %): the recipient's key."""
        with clock.frozen(on):
            desk = Desk(self.actor, self.session)
            desk.open(n, born=dt.date(2000, 3, 1), name=name, benefit=BENEFIT)
            desk.save(fields={**FACTS, **facts}, lines={1: {"tax_year": 113, "employed": False}})
            desk.papers().to_decision().approve()
            return desk.case.applicant_id

    def contract(self, person, institution, since=GRANTED, **more):
        values = {"service": "residential", "fee": 20_000} | more
        return contracts.open_contract(self.officer, recipient_id=person, institution_id=institution, since=since, **values)

    def away(self, contract, left, back=None):
        return contracts.add_absence(self.officer, contract, left, back, "home")

    def invoice(self, institution, m, **more):
        return invoices.create_invoice(self.officer, institution_id=institution, month=m, **more)

    def get(self, model, pk):
        with scope.use(scope.SYSTEM):
            db.session.rollback()
            return db.session.get(model, pk, populate_existing=True)

    def line(self, invoice, no=1):
        found = self.get(CareInvoice, invoice)
        db.session.expire(found, ["lines"])
        return next(x for x in found.lines if x.line_no == no)

    def approved(self, invoice):
        assert invoices.check_invoice(self.officer, invoice) == []
        invoices.approve_invoice(self.director, invoice)
        return invoice

    def billed(self, institution, m, **more):
        """An approved invoice of the month."""
        return self.approved(self.invoice(institution, m, **more))

    def register(self, m, **more):
        return payments.build_run(self.officer, benefit=BENEFIT, payer="10004", month=m, **more).id

    def paid(self, m):
        """A register of the month, through every hand until its files are written."""
        run = self.register(m)
        payments.check_run(self.officer, run)
        for f in self.get(PaymentRun, run).findings:
            if f.severity == "soft" and f.acknowledged_at is None:
                payments.acknowledge_finding(self.officer, f.id, "已查明")
        payments.approve_run(self.director, run)
        payments.release_run(self.accountant, run)
        payment_results.write_files(self.accountant, run)
        return run

    def lines(self, run):
        with scope.use(scope.SYSTEM):
            db.session.rollback()
            return db.session.query(PaymentLine).filter_by(run_id=run).order_by(PaymentLine.line_no).populate_existing().all()

    def award(self, person):
        with scope.use(scope.SYSTEM):
            return db.session.query(Award).filter_by(recipient_id=person, benefit=BENEFIT).order_by(Award.id.desc()).first()

    def contracts_of(self, person):
        with scope.use(scope.SYSTEM):
            return db.session.query(CareContract).filter_by(recipient_id=person).all()


@pytest.fixture
def care(app, actor, session):
    """The county has entered its ceilings and its rule for absences; the clock stands at 115/9/10."""
    from app.commands import payment_files

    payment_files.log_path().unlink(missing_ok=True)
    with clock.frozen(dt.date(2026, 9, 10)):
        county = Care(actor, session)
        session.add_all(
            Parameter(
                name=name, region="新竹縣", county_code="10004", value=value, unit="", effective_from=dt.date(2008, 1, 1), source="縣府公告（測試）",
                confidence="county", state="approved", origin="file", entered_at=clock.now(),
            )
            for name, value in SETTINGS.items()
        )  # fmt: skip
        session.commit()
        yield county
