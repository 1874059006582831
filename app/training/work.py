"""What the kinds of tasks work with: the trainee, colleagues of the generated county, people nobody else plays with, days said as distances."""

import datetime as dt
import secrets
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commands.base import Refused
from app.commands.casework import documents, intake, review
from app.core import clock, identity, roc
from app.demo import names, places
from app.demo.accounts import CASHIER, DIRECTOR, OFFICER, OFFICER2, Staff
from app.models.application import Application
from app.models.person import Person
from app.security.actor import Actor


@dataclass(frozen=True)
class Invented:
    """Somebody who exists for one try alone."""

    person_id: str
    name: str
    birth: dt.date
    sex: str
    address: str
    phone: str

    @property
    def paper(self) -> list[list[str]]:
        sex = "男" if self.sex == "M" else "女"
        return [["姓名", self.name], ["身分證號", self.person_id], ["出生日期", roc.show_date(self.birth)], ["性別", sex], ["戶籍地址", self.address], ["電話", self.phone]]

    @property
    def at_counter(self) -> intake.NewPerson:
        return intake.NewPerson(self.person_id, self.name, self.birth, self.sex, self.address, self.address, self.phone)


class Work:
    """One try being prepared or checked. Colleagues are the generated county's own staff, never the trainee."""

    def __init__(self, session: Session, trainee: Actor) -> None:
        self.session, self.trainee, self.rng = session, trainee, Random(secrets.randbits(64))
        self.staff = Staff(session)
        self.county = places.COUNTY
        self.town = trainee.scope.town_code or places.TOWNS[0].code
        self.town_name = next((t.name for t in places.TOWNS if t.code == self.town), "")
        if trainee.scope.county_code not in (None, self.county):
            raise Refused("訓練用的縣是新竹縣；請系統管理人員把您的帳號設在新竹縣的單位", "E-TRAINING")

    def colleague(self, *usernames: str) -> Actor:
        """The first of these who is not the trainee."""
        return self.staff.actor(next(u for u in usernames if u != self.trainee.username))

    @property
    def clerk(self) -> Actor:
        return self.staff.actor(self.staff.clerk(self.town))

    @property
    def chief(self) -> Actor:
        return self.staff.actor(self.staff.chief(self.town))

    @property
    def officer(self) -> Actor:
        return self.colleague(OFFICER2, OFFICER)

    @property
    def director(self) -> Actor:
        return self.staff.actor(DIRECTOR)

    @property
    def cashier(self) -> Actor:
        return self.staff.actor(CASHIER)

    def person(self, age: int, sex: str = "") -> Invented:
        """Somebody of that age in the trainee's township, with an ID number nobody has."""
        sex = sex or self.rng.choice("MF")
        today = clock.today()
        birth = dt.date(today.year - age, 1, 1) - dt.timedelta(days=self.rng.randint(1, 300))
        while True:
            number = identity.with_check_digit(f"J{1 if sex == 'M' else 2}{self.rng.randrange(10**7):07d}")
            if self.session.scalar(select(Person.id).where(Person.person_id == number)) is None:
                break
        address = f"新竹縣{self.town_name}訓練里{self.rng.randint(1, 30)}鄰練習路{self.rng.randint(1, 300)}號"
        name = names.full_name(Random(self.rng.random()), names.surname(self.rng), sex, birth.year)
        return Invented(number, name, birth, sex, address, f"03-555{self.rng.randrange(10**4):04d}")

    def add_person(self, who: Invented, **more: Any) -> Person:
        """The person's row."""
        row = Person(county_code=self.county, town_code=self.town, person_id=who.person_id, name=who.name, birth=who.birth, sex=who.sex,
                     registered_address=who.address, actual_address=who.address, phone=who.phone, **more)  # fmt: skip
        self.session.add(row)
        self.session.flush()
        return row

    # -- cases ---------------------------------------------------------------------------------------------------------------
    def case(
        self, benefit: str, who: Invented, fields: dict[str, Any], members: tuple[dict[str, Any], ...] = (), lines: dict[int, dict[str, Any]] | None = None,
        without: tuple[str, ...] = (),
    ) -> int:  # fmt: skip
        """An application handed in by the township's clerk, with all its papers but `without`."""
        pk = intake.open_draft(self.clerk, benefit, who.at_counter)
        application = self.session.get_one(Application, pk)
        today = clock.today()
        common: dict[str, Any] = {"household_taken_on": today, "consent_on": today, "affidavit_on": today}
        if "account" in application.SECTIONS:
            common |= {"channel": "post", "institution": "0061234", "account": f"{pk % 10**7:07d}"}
        own: dict[str, Any] = {}
        if "means" in application.SECTIONS:
            own = {"tax_year": tax_year(), "employed": False}
        papers = {d.code: {"received_on": today} for d in application.documents if d.required and d.code not in without}
        all_lines = ({1: own} if own else {}) | (lines or {})
        intake.save_draft(self.clerk, pk, intake.Draft(fields=common | fields, members=members or None, lines=all_lines, documents=papers))
        intake.submit(self.clerk, pk)
        return pk

    def forwarded(self, pk: int) -> None:
        """Reviewed by the township and sent to the county."""
        documents.mark_documents_complete(self.clerk, pk)
        review.first_review(self.chief, pk, "pass", "資料相符，擬准予辦理", clock.today(), "訪視所見與申請相符")
        review.forward(self.chief, pk)


def tax_year() -> int:
    """The latest year for which tax data are there."""
    today = clock.today()
    return today.year - roc.EPOCH - (1 if today.month >= 10 else 2)


def day(value: Any) -> Any:
    """`"-400d"` in a task's file is a distance from today; everything else is itself."""
    if isinstance(value, str) and value.endswith("d") and value[:-1].lstrip("+-").isdigit():
        return clock.today() + dt.timedelta(days=int(value[:-1]))
    return value
