"""The demo's disability register and permits: cards and permits in every state, made by the commands the offices use, each on its day."""

import datetime as dt
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from sqlalchemy import select, update

from app.commands.base import Context
from app.commands.casework import documents, intake, review
from app.commands.register import cards, permits, watch
from app.commands.register.reading import current_card
from app.core import clock
from app.extensions import WRITE
from app.models.application import Application
from app.models.disability_card import DisabilityCard
from app.models.permit import ParkingPermit
from app.security.actor import Actor

from .accounts import DIRECTOR, OFFICER, Staff
from .people import Someone

DAY = dt.timedelta(days=1)


class Office:
    """One person's dealings with the register; `on` moves the clock."""

    def __init__(self, staff: Staff, who: Someone, rng: Random) -> None:
        self.staff, self.who, self.rng = staff, who, rng
        self.clerk, self.chief = staff.actor(staff.clerk(who.town_code)), staff.actor(staff.chief(who.town_code))
        self.officer, self.director = staff.actor(OFFICER), staff.actor(DIRECTOR)

    def submit(self, benefit: str, fields: dict[str, Any]) -> int:
        """An application with all its papers, handed in today; its id."""
        today, w = clock.today(), self.who
        pk = intake.open_draft(self.clerk, benefit, intake.NewPerson(w.person_id, w.name, w.birth, w.sex, w.address, w.address, w.phone))
        model = intake.model_of(benefit)
        papers = {code: {"received_on": today} for code, required in model.DOCUMENTS if required}
        common = {"lives_at_registration": True, "household_taken_on": today, "consent_on": today, "affidavit_on": today}
        account = {"channel": "post", "institution": "0061234", "account": f"{pk % 10**7:07d}"} if "account" in model.SECTIONS else {}
        means = {1: {"tax_year": today.year - 1911 - (1 if today.month >= 10 else 2), "employed": False}} if "means" in model.SECTIONS else {}
        intake.save_draft(self.clerk, pk, intake.Draft(fields=common | account | fields, lines=means, documents=papers))
        intake.submit(self.clerk, pk)
        documents.mark_documents_complete(self.clerk, pk)
        return pk

    def approve(self, pk: int) -> None:
        review.first_review(self.chief, pk, "pass", "資料相符，擬准予辦理")
        review.forward(self.chief, pk)
        review.second_review(self.officer, pk, "複核無誤")
        review.approve(self.director, pk)

    def card(self, grade: str = "severe", issue: str = "first", **facts: Any) -> DisabilityCard:
        """Assessed a month ago and issued today."""
        today = clock.today()
        fields = {
            "issue": issue, "assessment_number": f"D{self.rng.randrange(10**7):07d}", "assessment_hospital": "示範醫院", "assessment_doctor": "林示範",
            "assessment_day": today - 35 * DAY, "assessment_received": today - 25 * DAY, "assessment_qualifies": True, "assessment_grade": grade,
            "assessment_classes": self.rng.choice(("1", "7", "2、7")), "assessment_irreversible": False, "assessment_needs_assessed": today - 8 * DAY,
            "cause": "illness", "mobility_difficulty": True, "function_codes": "b110.2、d450.3",
        }  # fmt: skip
        pk = self.submit("disability_register", fields | ({"old_held": True} if issue != "first" else {}) | facts)
        self.approve(pk)
        holder = self.staff.session.scalars(select(Application.applicant_id).where(Application.id == pk)).one()
        found = current_card(self.staff.session, holder)
        assert found is not None
        return found

    def living(self) -> int:
        """Draws the living allowance on the card."""
        fields = {"days_in_taiwan": 360, "public_placement": False, "housed": False, "in_custody": False, "low_income_status": "low"}
        pk = self.submit("disability_living_allowance", fields)
        self.approve(pk)
        return pk

    def permit(self, label: str | None) -> ParkingPermit:
        """Issued and printed (or, without a label, decided and waiting for its print)."""
        plate = f"{''.join(self.rng.choice('ABCDEFGHJKLMNPQRSTUVWXYZ') for _ in range(3))}-{self.rng.randint(1000, 9999)}"
        pk = self.submit("parking_permit", {"mobility": True, "holder": "self", "vehicle": "car", "plate": plate, "special_plate": False, "other_permit": False})
        if label is None:
            self.approve(pk)
        else:
            permits.issue_at_once(self.officer, pk, label)
        return self.staff.session.scalars(select(ParkingPermit).where(ParkingPermit.application_id == pk)).one()


def fill(people: Iterator[Someone], staff: Staff, rng: Random) -> int:
    """Make them; how many applications."""
    session = staff.session
    before = session.query(Application).count()
    for story in STORIES:
        who = next(people, None)
        if who is None:
            break
        story(Office(staff, who, rng))
    session.rollback()
    session.connection(execution_options=WRITE)
    watch.run(Context(session, Actor.system("示範資料")))
    session.commit()
    return session.query(Application).count() - before


def _long_ago(office: Office, card: DisabilityCard, ends_in: int) -> None:
    """As if the card had been issued five years before its end, which is so many days from today."""
    session, today = office.staff.session, clock.today()
    ends = today + ends_in * DAY
    values = {"expires": ends, "issued_on": ends - 1825 * DAY, "assessed_on": ends - 1860 * DAY, "picked_up_on": ends - 1820 * DAY}
    session.execute(update(DisabilityCard).where(DisabilityCard.id == card.id).values(**values))
    session.commit()


def _picked_up(o: Office) -> None:
    cards.pick_up(o.clerk, o.card().id, clock.today())


def _permanent(o: Office) -> None:
    o.card("profound", assessment_irreversible=True)


def _ending(days: int) -> Callable[[Office], None]:
    def story(o: Office) -> None:
        card = o.card("moderate")
        o.living()
        _long_ago(o, card, days)

    return story


def _annotated(o: Office) -> None:
    card = o.card("moderate")
    _long_ago(o, card, 15)
    o.submit("disability_register", {"issue": "reassessed"})
    cards.extend(o.officer, card.id, clock.today(), "住院治療中")
    cards.annotate(o.clerk, card.id, clock.today())


def _downgraded(o: Office) -> None:
    o.card("severe")
    o.living()
    o.permit("LB000001")
    o.card("mild", issue="reassessed")


def _cancelled(o: Office) -> None:
    card = o.card("mild")
    o.living()
    cards.cancel(o.officer, card.id, clock.today(), "recovered", "重新鑑定已無障礙")


def _ordered(o: Office) -> None:
    cards.order_reassessment(o.officer, o.card().id, clock.today(), "行走能力改善")


def _moved(o: Office) -> None:
    cards.move_out(o.officer, o.card().id, clock.today(), "臺中市")


def _replaced(o: Office) -> None:
    o.card("moderate")
    o.card("moderate", issue="replaced", loss=True)


def _unprinted(o: Office) -> None:
    o.card()
    o.permit(None)


def _lost(o: Office) -> None:
    o.card()
    permits.reissue(o.clerk, o.permit("LB000002").id, "lost", clock.today())


def _misused(o: Office) -> None:
    o.card()
    permits.end(o.officer, o.permit("LB000003").id, "misused", clock.today(), "經查出借他人使用")


def _returned(o: Office) -> None:
    o.card()
    permits.end(o.clerk, o.permit("LB000004").id, "returned", clock.today(), "不再使用車輛")


def _running_out(o: Office) -> None:
    card = o.card()
    permit = o.permit("LB000005")
    _long_ago(o, card, 25)
    session, ends = o.staff.session, clock.today() + 25 * DAY
    session.execute(update(ParkingPermit).where(ParkingPermit.id == permit.id).values(expires=ends, issued_on=ends - 700 * DAY))
    session.commit()


def _ready(o: Office) -> None:
    o.card()
    o.submit("parking_permit", {"mobility": True, "holder": "self", "vehicle": "car", "plate": f"RBX-{o.rng.randint(1000, 9999)}", "special_plate": False, "other_permit": False})


STORIES: tuple[Callable[[Office], None], ...] = (
    _picked_up, _permanent, _ending(80), _ending(50), _ending(45), _annotated, _downgraded, _cancelled, _ordered, _moved, _replaced, _unprinted, _lost,
    _misused, _returned, _running_out, _ready, _ready,
)  # fmt: skip
