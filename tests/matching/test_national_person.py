"""全國社會福利資源歸戶查詢: all counties, the purpose first, never out of date, nothing personal in the address."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.commands import exchange, national_person
from app.commands.base import Forbidden, Refused
from app.models.access import AccessEntry

from .frames import DLA, ELA, MAR, PERSON, paid, record
from .test_commands import OTHER, deliver, rosters

KEY = "test-only-audit-key-0123456789abcdefg"


@pytest.fixture
def two_counties(session: Any) -> Any:
    rosters(session, [paid(), paid(month=MAR - 1), paid(DLA, county="10005", amount=4000), paid(**OTHER)])
    deliver(session, "benefit_elsewhere", [record(kind="farmer_allowance", month_from=MAR - 3, amount=6000, agency="勞工保險局")])
    return session


def test_every_county_and_other_agencies(two_counties: Any, actor: Callable[[str], Any]) -> None:
    found = national_person.look_up(actor("officer.10004"), PERSON.lower(), "新竹縣社字第98號", MAR, KEY)
    assert [(r["ref_month"], r["county_code"], r["data_kind"], r["amount"]) for r in found.rows] == [
        (MAR, "10005", DLA, 4000), (MAR, "10004", ELA, 6000), (MAR - 1, "10004", ELA, 6000),
    ]  # fmt: skip
    assert found.total == 16_000 and found.counties_by_month == {MAR: 2, MAR - 1: 1}
    assert [(e["kind"], e["agency"]) for e in found.elsewhere] == [("farmer_allowance", "勞工保險局")]
    (entry,) = two_counties.scalars(select(AccessEntry).where(AccessEntry.action == "search"))
    assert (entry.purpose, entry.rows) == ("新竹縣社字第98號", 4) and entry.person_hash and PERSON not in entry.person_hash


@pytest.mark.parametrize(("number", "purpose", "why"), [(PERSON, "  ", "目的"), (PERSON, "看看", "目的"), ("王大明", "社字第98號", "格式")])
def test_without_purpose_or_number_nothing_is_read(
    two_counties: Any, actor: Callable[[str], Any], number: str, purpose: str, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        national_person.look_up(actor("officer.10004"), number, purpose, MAR, KEY)
    assert two_counties.scalars(select(AccessEntry).where(AccessEntry.action == "search")).all() == []


def test_townships_and_auditors_may_not(two_counties: Any, actor: Callable[[str], Any], client_as: Callable[[str], Any]) -> None:
    for who in ("clerk.10004010", "auditor.10004"):
        with pytest.raises(Forbidden):
            national_person.look_up(actor(who), PERSON, "社字第98號", MAR, KEY)
        assert client_as(who).get("/national-person/").status_code in (302, 303, 403, 404)


def test_a_corrected_roster_is_seen_at_once(two_counties: Any, actor: Callable[[str], Any]) -> None:
    officer = actor("ministry")
    before = national_person.look_up(officer, PERSON, "社字第98號", MAR, KEY)
    deliver(two_counties, "roster", [paid(amount=3000)], MAR, "10004", ELA)
    after = national_person.look_up(officer, PERSON, "社字第98號", MAR, KEY)
    assert before.total - after.total == 3000
    assert len(list((exchange.home() / "people" / "09803").glob("*.parquet"))) == 1


def test_the_page(two_counties: Any, client_as: Callable[[str], Any]) -> None:
    client = client_as("officer.10004")
    assert PERSON not in client.get("/national-person/").text
    page = client.post("/national-person/", data={"person_id": PERSON, "purpose": "新竹縣社字第98號"}).text
    assert "苗栗縣" in page and "共 3 筆" in page and "勞工保險局" in page and "2 個縣市" in page
    assert "至少 4 個字" in client.post("/national-person/", data={"person_id": PERSON, "purpose": ""}).text
    nobody = client.post("/national-person/", data={"person_id": "A123456789"[:-1] + "8", "purpose": "新竹縣社字第98號"}).text
    assert "沒有這個統一編號" in nobody
