"""Tax, pension and insurance files fill the households of applications that are still being prepared."""

import datetime as dt

import pytest

from app.commands import exchange
from app.commands.base import Refused
from app.commands.casework import received_means
from app.security.actor import Actor
from tests.casework.conftest import person_id
from tests.exchange.making import write_csv

SYSTEM = Actor.system("test")
SON = {"person_id": person_id(900), "name": "彭志明"}
INCOME = SON | {"tax_year": "114", "format_code": "50", "payer_id": "1", "payer_name": "示範公司", "gross": "600000", "withheld": "0"}
HOUSE = SON | {"tax_year": "114", "kind": "house", "location": "竹北市", "lot_no": "福坪段1號", "area": "80", "share_num": "1", "share_den": "2",
               "assessed_value": "500000"}  # fmt: skip
SHARES = SON | {"tax_year": "114", "company_id": "1", "company_name": "示範公司", "face_value": "20000"}
FILES = {"tax_income": INCOME, "tax_property": HOUSE, "tax_investment": SHARES}


@pytest.fixture
def arrive(tmp_path):
    def send(source, *rows, mode="new"):
        return exchange.import_file(SYSTEM, source, write_csv(tmp_path / f"{source}.csv", list(rows)), None, None, None, mode)

    return send


@pytest.fixture
def family(desk):
    """A draft with a son about whom nothing is known yet."""
    desk.open().save(members=[{"position": 2, "relation": "child", **SON, "birth": dt.date(1980, 1, 1), "sex": "M"}])
    return desk


def son(desk):
    return desk.case.members[1]


def test_the_year_counts_when_all_three_tax_files_are_there(family, arrive):
    arrive("tax_income", INCOME)
    arrive("tax_property", HOUSE)
    assert (son(family).tax_year, son(family).incomes, son(family).assets) == (None, [], [])
    said = arrive("tax_investment", SHARES)
    assert "1 件" in "".join(said.notices)
    m = son(family)
    assert m.tax_year == 114
    assert [(i.kind, i.amount, i.per, i.source) for i in m.incomes] == [("wage", 600_000, "year", "tax")]
    assert [(a.kind, a.value, a.share_num, a.share_den) for a in m.assets] == [("house", 500_000, 1, 2), ("investment", 20_000, 1, 1)]
    assert family.case.members[0].tax_year is None, "who stands in no file was not looked up"


def test_another_name_under_the_same_number_fills_nothing(family, arrive):
    for source, row in FILES.items():
        arrive(source, row | {"name": "陳美玉"})
    assert son(family).tax_year is None


def test_what_the_clerk_entered_stays(family, arrive):
    family.save(lines={2: {"tax_year": 114, "incomes": [{"kind": "wage", "amount": 480_000, "per": "year", "tax_year": 114, "source": "declared"}]}})
    for source, row in FILES.items():
        arrive(source, row)
    assert [i.amount for i in son(family).incomes] == [480_000]


def test_a_newer_year_replaces_the_older_tax_lines_and_keeps_the_declared_ones(family, arrive):
    old = {"kind": "wage", "amount": 1, "per": "year", "tax_year": 113, "source": "tax"}
    family.save(lines={2: {"tax_year": 113, "incomes": [old, old | {"source": "declared", "kind": "other", "amount": 9}]}})
    for source, row in FILES.items():
        arrive(source, row)
    assert {(i.kind, i.amount) for i in son(family).incomes} == {("wage", 600_000), ("other", 9)}


def test_pensions_are_income_and_insurance_shows_employment_without_inventing_pay(family, arrive):
    row = SON | {"birth": "0690101"}
    arrive("pension", row | {"record_no": "P1", "kind": "civil_monthly", "from_date": "1100101", "to_date": "", "amount": "12000"},
           row | {"record_no": "P2", "kind": "military_monthly", "from_date": "0900101", "to_date": "1000101", "amount": "8000"})  # fmt: skip
    arrive("insured_wage", SON | {"from_date": "1130101", "to_date": "", "employer_id": "1", "monthly_wage": "30300"})
    m = son(family)
    assert [(i.kind, i.amount, i.per, i.source) for i in m.incomes] == [("monthly_pension", 12_000, "month", "register")]
    assert (m.employed, m.monthly_pay, m.tax_year) == (True, None, None)
    arrive("pension", row | {"record_no": "P1", "kind": "civil_monthly", "from_date": "1100101", "to_date": "", "amount": "12000"}, mode="replacement")
    assert len(son(family).incomes) == 1


def test_files_that_came_before_the_application_are_filled_in_by_hand_once(desk, arrive):
    for source, row in FILES.items():
        arrive(source, row)
    desk.open().save(members=[{"position": 2, "relation": "child", **SON, "birth": dt.date(1980, 1, 1), "sex": "M"}])
    assert son(desk).tax_year is None
    assert received_means.fill_means(desk.who("clerk"), desk.id) == 1
    assert son(desk).tax_year == 114
    with pytest.raises(Refused) as refused:
        received_means.fill_means(desk.who("clerk"), desk.id)
    assert refused.value.code == "E-MEANS-NONE"
