"""A generated county goes through its yearly review: every planted change is found, no unplanted one is. SWIS_HOUSEHOLDS=30000 for a whole one."""

import datetime as dt
import os
import resource
import time

import pytest
from sqlalchemy import func, inspect, select

from app.commands import exchange
from app.commands.bulk import add_rows
from app.core import identity
from app.models.application import Application
from app.models.award import Award
from app.models.campaign import CampaignCase
from app.models.decision import Decision
from app.models.elderly_living_allowance import ElderlyApplication
from app.models.household import HouseholdMember
from app.models.person import Person
from tests.casework.test_campaign import SON, SYSTEM, review
from tests.casework.test_recomputation import approve
from tests.exchange.making import write_csv

__all__ = ["review"]
HOUSEHOLDS = int(os.environ.get("SWIS_HOUSEHOLDS", "3000"))
STOPS, RENAMED, LOST = 131, 70, 40
"""Planted: sons whose wage has risen far, sons who stand in the file under another name, old people without facts of a decision."""


def number(n: int, letter: str = "K") -> str:
    return identity.with_check_digit(f"{letter}1{n:07d}")


def columns(row, **changed):
    """The columns of a row, to be written again under another number."""
    mapper = inspect(type(row))
    table = mapper.local_table
    return {c.key: getattr(row, mapper.get_property_by_column(c).key) for c in table.columns if c.key != "form_kind"} | changed


def base_columns(row, model, **changed):
    mapper = inspect(model)
    return {c.key: getattr(row, mapper.get_property_by_column(c).key) for c in mapper.local_table.columns} | changed


@pytest.fixture
def county(desk, session):
    """One case made by the offices, and thousands like it."""
    case_id = approve(desk, 1, children=[(45, 42_000)])
    case, award, decision = session.get(Application, case_id), session.scalars(select(Award)).one(), session.scalars(select(Decision)).one()
    person, members = case.applicant, list(case.members)
    rows = {Person: [], Application: [], ElderlyApplication: [], HouseholdMember: [], Decision: [], Award: []}
    for n in range(1, HOUSEHOLDS):
        key = 100_000 + n
        rows[Person].append(columns(person, id=key, person_id=number(n), name=f"彭{n:05d}"))
        rows[Application].append(base_columns(case, Application, id=key, applicant_id=key, case_no=f"T{n:08d}"))
        rows[ElderlyApplication].append(columns(case, id=key))
        rows[HouseholdMember] += [
            columns(m, id=key * 10 + m.position, application_id=key, person_id=number(n, "K" if m.position == 1 else "M"), name=f"{'彭' if m.position == 1 else '子'}{n:05d}")
            for m in members
        ]  # fmt: skip
        if n > LOST:
            rows[Decision].append(columns(decision, id=key, application_id=key, decision_no=f"T{n:08d}"))
        rows[Award].append(columns(award, id=key, recipient_id=key, application_id=key, case_no=f"T{n:08d}", decision_no=f"T{n:08d}"))
    for model, lines in rows.items():
        add_rows(session, model, lines)
    session.commit()


class Clock:
    """What each part cost, printed for whoever runs a whole county (`-s`): CPU seconds, wall, largest memory."""

    def __init__(self):
        self.at = self._now()

    def _now(self):
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime, time.monotonic(), used.ru_maxrss // 1024

    def told(self, what):
        now = self._now()
        print(f"{HOUSEHOLDS} households, {what}: CPU {now[0] - self.at[0]:.1f} s, wall {now[1] - self.at[1]:.1f} s, memory {now[2]} MiB", flush=True)
        self.at = now


def planted(n: int) -> str:
    if n <= LOST:
        return "no_facts"
    if n <= LOST + STOPS:
        return "stops"
    return "renamed" if n <= LOST + STOPS + RENAMED else "same"


@pytest.mark.slow
@pytest.mark.sqlite
def test_every_planted_change_is_found_and_no_other(county, review, session, tmp_path):
    clock = Clock()
    wages = {"stops": "2400000", "renamed": "504000", "same": "504000", "no_facts": "504000"}
    income = [
        {"person_id": number(n, "M"), "name": "別人" if planted(n) == "renamed" else f"子{n:05d}", "tax_year": "114", "format_code": "50",
         "payer_id": "1", "payer_name": "示範公司", "gross": wages[planted(n)], "withheld": "0"}
        for n in range(1, HOUSEHOLDS)
    ]  # fmt: skip
    income.append(income[-1] | {"person_id": SON[0], "name": SON[1]})
    other = {"person_id": number(1), "name": "彭00001", "tax_year": "114"}
    files = {
        "tax_income": income,
        "tax_property": [other | {"kind": "house", "location": "竹北市", "lot_no": "1", "area": "80", "share_num": "1", "share_den": "1", "assessed_value": "1"}],
        "tax_investment": [other | {"company_id": "1", "company_name": "示範公司", "face_value": "1"}],
    }
    for source, lines in files.items():
        exchange.import_file(SYSTEM, source, write_csv(tmp_path / f"{source}.csv", lines), None, None, None, "new")
    clock.told("files taken in")
    review.open(sample_size=200)
    clock.told("cohort frozen")
    assert len(review.request().splitlines()) == 1 + 2 * HOUSEHOLDS - LOST, "both of every household; of those without facts the old person alone"
    review.answer()
    clock.told("tax data asked for and answered")
    review.judge()
    clock.told("judged")
    found = session.execute(
        select(func.coalesce(CampaignCase.reason, CampaignCase.outcome), func.count()).where(CampaignCase.campaign_id == review.id).group_by(CampaignCase.outcome, CampaignCase.reason)
    )  # fmt: skip
    rest = HOUSEHOLDS - LOST - STOPS - RENAMED
    assert dict(map(tuple, found)) == {"same": rest, "stops": STOPS, "tax_rejected": RENAMED, "no_facts": LOST}
    stops = session.scalars(select(CampaignCase.case_no).where(CampaignCase.outcome == "stops").order_by(CampaignCase.case_no)).all()
    assert stops == [f"T{n:08d}" for n in range(LOST + 1, LOST + STOPS + 1)]
    review.check_sample()
    clock.told("sample looked at")
    assert review.approve() == rest
    clock.told("approved together")
    assert session.scalar(select(func.count(Decision.id)).where(Decision.decided_at >= dt.datetime(2000, 1, 1))) == HOUSEHOLDS - LOST + rest
