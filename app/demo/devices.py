"""Assistive devices in the demo: a small invented catalogue, and cases with a device in each state. Nothing of it is the nation's table."""

import datetime as dt
from collections.abc import Iterator
from random import Random
from typing import Any

from app.commands import device_catalogue, payer_settings
from app.commands.casework import devices, documents, intake, review
from app.core import clock
from app.models.assistive_device_subsidy import DeviceApplication
from app.models.device import DeviceRequest

from .accounts import DIRECTOR, OFFICER, OFFICER2, Staff
from .people import Someone

BENEFIT = "assistive_device_subsidy"
SOURCE = "示範用虛構項目，非公告之補助基準"
CATALOGUE: tuple[tuple[str, str, int, int, bool, dict[str, Any]], ...] = (
    ("D01", "示範手推輪椅", 4_000, 3, True, {"assessor": "示範輔具資源中心"}),
    ("D02", "示範拐杖", 1_000, 2, False, {}),
    ("D03", "示範助聽器", 20_000, 4, True, {"assessor": "示範醫院", "classes": "2、02"}),
    ("D04", "示範電動床", 8_000, 5, True, {"assessor": "示範輔具資源中心", "grades": "重度、極重度"}),
    ("D05", "示範洗澡椅", 1_200, 3, False, {}),
    ("D06", "示範氣墊床", 6_000, 2, False, {"counted": False}),
)


def fill(people: Iterator[Someone], staff: Staff, rng: Random) -> int:
    """The catalogue and the cases; how many."""
    today = clock.today()
    with _on(today - dt.timedelta(days=200)):
        for code, name, most, years, assessed, more in CATALOGUE:
            row = device_catalogue.propose_item(
                staff.actor(OFFICER), code, name, most, years, dt.date(today.year - 1, 1, 1), SOURCE, assessed=assessed, **more
            )
            device_catalogue.approve_item(staff.actor(DIRECTOR), row)
    device_catalogue.propose_item(staff.actor(OFFICER), "D01", "示範手推輪椅", 4_500, 3, dt.date(today.year + 1, 1, 1), SOURCE)
    payer_settings.add_payer_setting(
        staff.actor(DIRECTOR), benefit=BENEFIT, payer_name="新竹縣政府", cutoff_day=25, post_office="0061234", post_account="50123457"
    )
    cases = (_draft, _assessing, _reviewed, _served, _late, _claimed, _delivered, _refused)
    made = 0
    for make in cases:
        someone = next(people, None)
        if someone is None:
            break
        make(_Case(staff, someone, rng))
        made += 1
    return made


def _on(day: dt.date) -> Any:
    return clock.frozen(dt.datetime.combine(day, dt.time(2), dt.UTC))


class _Case:
    """One person's application walking through the offices."""

    def __init__(self, staff: Staff, who: Someone, rng: Random) -> None:
        self.staff, self.who, self.rng = staff, who, rng
        self.clerk, self.chief = staff.actor(staff.clerk(who.town_code)), staff.actor(staff.chief(who.town_code))
        self.officer, self.second = staff.actor(OFFICER), staff.actor(OFFICER2)
        self.pk = 0

    def open(self, *items: dict[str, Any], classes: str = "7", elsewhere: tuple[dict[str, Any], ...] = ()) -> None:
        today, who = clock.today(), self.who
        person = intake.NewPerson(who.person_id, who.name, who.birth, who.sex, who.address, who.address, who.phone)
        self.pk = intake.open_draft(self.clerk, BENEFIT, person)
        fields = {
            "lives_at_registration": True, "days_in_taiwan": 360, "low_income_status": self.rng.choice(("none", "low", "near_low")),
            "card_held": True, "card_number": f"J{self.rng.randrange(10**8):08d}", "card_grade": "moderate", "card_classes": classes,
            "card_issued": today - dt.timedelta(days=400), "card_expires": today + dt.timedelta(days=900), "history_checked_on": today,
            "household_taken_on": today, "consent_on": today, "affidavit_on": today, "channel": "post", "institution": "0061234",
            "account": f"{self.pk % 10**7:07d}",
        }  # fmt: skip
        rows = {"devices": [{"position": i, **r} for i, r in enumerate(items, 1)], "elsewhere": [{"position": i, **r} for i, r in enumerate(elsewhere, 1)]}
        papers = {c: {"received_on": today} for c, required in DeviceApplication.DOCUMENTS if required}
        intake.save_draft(self.clerk, self.pk, intake.Draft(fields=fields, rows=rows, documents=papers))

    def submit(self) -> None:
        intake.submit(self.clerk, self.pk)

    def row(self, position: int = 1) -> DeviceRequest:
        return self.staff.session.get_one(DeviceApplication, self.pk).devices[position - 1]

    def assess(self) -> None:
        today = clock.today()
        for row in list(self.staff.session.get_one(DeviceApplication, self.pk).devices):
            number = f"示評{self.pk:04d}-{row.position}"
            devices.record_report(
                self.officer, row.id, qualifies=True, assessed_by="示範輔具資源中心", report_no=number, report_on=today, report_received_on=today,
                assessment_note="評估建議使用",
            )  # fmt: skip

    def review(self, result: str = "pass") -> None:
        documents.mark_documents_complete(self.clerk, self.pk)
        review.first_review(self.chief, self.pk, result, "資料相符，擬准予補助" if result == "pass" else "不符合補助對象，擬不准")
        review.forward(self.chief, self.pk)
        review.second_review(self.second, self.pk, "複核無誤")

    def grant(self) -> None:
        self.submit()
        self.assess()
        self.review()
        review.approve(self.staff.actor(DIRECTOR), self.pk)
        devices.serve_notice(self.clerk, self.pk, clock.today())

    def claim(self, position: int, amount: int) -> None:
        today = clock.today()
        devices.enter_claim(
            self.clerk, self.row(position).id, claimed_on=today, vendor="示範醫療器材行", receipt_no=f"DM-{self.pk:06d}{position}", receipt_on=today,
            receipt_amount=amount, serial_no=f"SN{self.pk:05d}{position}",
        )  # fmt: skip

    def check(self, position: int) -> None:
        devices.check_claim(self.officer, self.row(position).id)


def _draft(case: _Case) -> None:
    case.open({"item_code": "D01", "spec": "示範型 18 吋"}, {"item_code": "D05"})


def _assessing(case: _Case) -> None:
    with _on(clock.today() - dt.timedelta(days=7)):
        case.open({"item_code": "D01"}, {"item_code": "D02"})
        case.submit()
        devices.ask_assessment(case.clerk, case.row().id, clock.today(), "示範輔具資源中心")


def _reviewed(case: _Case) -> None:
    with _on(clock.today() - dt.timedelta(days=4)):
        other = {"item_code": "D05", "granted_on": clock.today() - dt.timedelta(days=300), "agency": "苗栗縣政府（示範）"}
        case.open({"item_code": "D01"}, elsewhere=(other,))
        case.submit()
        case.assess()
        case.review()


def _served(case: _Case) -> None:
    with _on(clock.today() - dt.timedelta(days=10)):
        case.open({"item_code": "D01"}, {"item_code": "D05"})
        case.grant()


def _late(case: _Case) -> None:
    """Approved nearly six months ago; one device bought before the decision after all."""
    with _on(clock.today() - dt.timedelta(days=178)):
        case.open({"item_code": "D02"}, {"item_code": "D06"})
        case.grant()
    with _on(clock.today() - dt.timedelta(days=20)):
        devices.close_approval(case.officer, case.row(2).id, "憑證日期早於核定日，不予撥付")


def _claimed(case: _Case) -> None:
    """Two receipts: one waits for its check, one is ready for the next register."""
    with _on(clock.today() - dt.timedelta(days=15)):
        case.open({"item_code": "D01"}, {"item_code": "D02"})
        case.grant()
    case.claim(1, 5_200)
    case.claim(2, 480)
    case.check(2)


def _delivered(case: _Case) -> None:
    """In kind: one was handed over, one came back."""
    with _on(clock.today() - dt.timedelta(days=60)):
        case.open({"item_code": "D01", "provision": "kind"}, {"item_code": "D05", "provision": "kind"})
        case.grant()
        case.claim(1, 4_000)
        case.claim(2, 1_200)
        case.check(1)
        case.check(2)
    devices.take_back(case.clerk, case.row(2).id, clock.today(), "不再使用，歸還輔具資源中心")


def _refused(case: _Case) -> None:
    case.open({"item_code": "D03"})
    case.submit()
    case.assess()
    case.review("fail")
    review.reject(case.staff.actor(DIRECTOR), case.pk, "障礙類別不符合補助對象")
