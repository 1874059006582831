"""The tables of a match: what comes in (contract field names), what stage 0 makes once per run, what every rule puts out."""

from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Date, Integer, String, column, table
from sqlalchemy.sql.expression import TableClause
from sqlalchemy.types import TypeEngine

TEXT, INT, BIG, DATE, BOOL = String(200), Integer(), BigInteger(), Date(), Boolean()


def _table(table_name: str, /, **columns: TypeEngine[Any]) -> TableClause:
    return table(table_name, *(column(c, t) for c, t in columns.items()))


roster = _table(
    "roster",
    rec_no=TEXT,
    county_code=TEXT,
    town_code=TEXT,
    data_kind=TEXT,
    ref_month=INT,
    person_id=TEXT,
    name=TEXT,
    birth=DATE,
    case_no=TEXT,
    start_month=INT,
    end_month=INT,
    status=TEXT,
    pay_month_from=INT,
    pay_month_to=INT,
    pay_unit=TEXT,
    amount=BIG,
    exempt_code=TEXT,
    service_type=TEXT,
    household_no=TEXT,
    channel=TEXT,
    account_hash=TEXT,
    grade=TEXT,
    low_income_flag=TEXT,
    assess_date=DATE,
    expiry=DATE,
    id_ok=BOOL,
    **{"class": TEXT},
)
household_register = _table(
    "household_register",
    person_id=TEXT,
    name=TEXT,
    birth=DATE,
    county_code=TEXT,
    status=TEXT,
    household_no=TEXT,
    spouse_id=TEXT,
    father_id=TEXT,
    mother_id=TEXT,
)
household_change = _table(
    "household_change",
    change_no=TEXT,
    person_id=TEXT,
    name=TEXT,
    birth=DATE,
    event=TEXT,
    event_date=DATE,
    registered_date=DATE,
    county_from=TEXT,
    county_to=TEXT,
    new_value=TEXT,
)
custody = _table("custody", record_no=TEXT, person_id=TEXT, name=TEXT, birth=DATE, kind=TEXT, from_date=DATE, to_date=DATE)
border_crossing = _table("border_crossing", record_no=TEXT, person_id=TEXT, date=DATE, direction=TEXT)
pension = _table("pension", record_no=TEXT, person_id=TEXT, name=TEXT, birth=DATE, kind=TEXT, from_date=DATE, to_date=DATE, amount=BIG)
benefit_elsewhere = _table(
    "benefit_elsewhere",
    record_no=TEXT,
    person_id=TEXT,
    name=TEXT,
    birth=DATE,
    kind=TEXT,
    month_from=INT,
    month_to=INT,
    amount=BIG,
    agency=TEXT,
)
INPUTS: Final = (roster, household_register, household_change, custody, border_crossing, pension, benefit_elsewhere)

# Small tables made by the product for one run.
month_dim = _table(
    "month_dim",
    month=INT,
    first_day=DATE,
    last_day=DATE,
    year_ago=DATE,
    half_year_ago=DATE,
    born_by=DATE,
    cap=BIG,
    mild_low=BIG,
    mild_other=BIG,
)  # year_ago, half_year_ago: same day so long before first_day; born_by: who was born after it is under 65 all month; cap: basic wage;
# mild_low, mild_other: the living allowance of a mild disability, with and without low income. NULL = not known
kind_dim = _table("kind_dim", kind=TEXT, cut_order=INT)  # cash benefits only; cut_order NULL = does not count toward the cap
condition = _table("condition", pair_key=TEXT, relation=TEXT, grade=INT, own=INT, law=TEXT, article=TEXT)

# Working tables (stage 0), materialised once per run.
person_map = _table("person_map", person_id=TEXT, canon_id=TEXT)
line = _table(
    "line",
    rec_key=TEXT,
    run=INT,
    county=TEXT,
    town=TEXT,
    kind=TEXT,
    b_key=TEXT,
    cut_order=INT,
    ref_month=INT,
    rec_no=TEXT,
    person_id=TEXT,
    written_id=TEXT,
    name=TEXT,
    birth=DATE,
    case_no=TEXT,
    status=TEXT,
    pay_unit=TEXT,
    exempt=INT,
    start_month=INT,
    end_month=INT,
    month=INT,
    first_day=DATE,
    last_day=DATE,
    year_ago=DATE,
    half_year_ago=DATE,
    born_by=DATE,
    cap=BIG,
    paid=BIG,
    skey=TEXT,
    household=TEXT,
    account=TEXT,
    card_grade=TEXT,
    mild_due=BIG,
    bad_id=INT,
)  # household: low income only; account: NULL when an institution is paid; card_grade: what the roster says; mild_due: due for a mild card
person = _table("person", id=TEXT)  # everybody in the rosters looked at
registered = _table(
    "registered",
    person_id=TEXT,
    reg_name=TEXT,
    reg_birth=DATE,
    reg_county=TEXT,
    reg_status=TEXT,
    reg_household=TEXT,
    spouse_id=TEXT,
    father_id=TEXT,
    mother_id=TEXT,
)
move = _table(
    "move",
    person_id=TEXT,
    name=TEXT,
    birth=DATE,
    change_no=TEXT,
    event=TEXT,
    event_date=DATE,
    registered_date=DATE,
    county_from=TEXT,
    county_to=TEXT,
    at_home=INT,
)
last_move = _table(
    "last_move", person_id=TEXT, month=INT, mv_no=TEXT, mv_name=TEXT, mv_birth=DATE, mv_date=DATE, mv_reg=DATE, mv_to=TEXT, mv_event=TEXT
)
next_move = _table("next_move", person_id=TEXT, month=INT, came_from=TEXT)
returned = _table("returned", person_id=TEXT, month=INT, county=TEXT, back=DATE)
known_name = _table("known_name", person_id=TEXT, name=TEXT)
work = _table(
    "work",
    **{c.name: c.type for c in line.columns},
    reg_name=TEXT,
    reg_birth=DATE,
    reg_county=TEXT,
    reg_status=TEXT,
    alias=INT,
    mv_no=TEXT,
    mv_name=TEXT,
    mv_birth=DATE,
    mv_date=DATE,
    mv_reg=DATE,
    mv_to=TEXT,
    mv_event=TEXT,
    back=DATE,
    home_county=TEXT,
    away=INT,
    together=INT,
)
death = _table(
    "death", person_id=TEXT, written_id=TEXT, change_no=TEXT, event=TEXT, event_date=DATE, registered_date=DATE, name=TEXT, birth=DATE
)
lost = _table(
    "lost", person_id=TEXT, written_id=TEXT, change_no=TEXT, event=TEXT, event_date=DATE, registered_date=DATE, name=TEXT, birth=DATE
)
card = _table(
    "card", person_id=TEXT, county=TEXT, rec_no=TEXT, name=TEXT, birth=DATE, grade=TEXT, assess_date=DATE, expiry=DATE, status=TEXT
)  # the best disability card of a person in this month's registers
shared = _table("shared", account=TEXT, person_id=TEXT)  # accounts that receive for three people or more
kin = _table("kin", account=TEXT, person_id=TEXT, kin_id=TEXT)  # among them: who is of one family with whom (oneself included)
account_use = _table("account_use", account=TEXT, people=INT, families=INT)
held = _table("held", person_id=TEXT, record_no=TEXT, name=TEXT, birth=DATE, kind=TEXT, from_date=DATE, to_date=DATE)
pensioned = _table("pensioned", person_id=TEXT, record_no=TEXT, name=TEXT, birth=DATE, kind=TEXT, from_date=DATE, to_date=DATE, amount=BIG)
drawn = _table(
    "drawn", person_id=TEXT, record_no=TEXT, name=TEXT, birth=DATE, kind=TEXT, month_from=INT, month_to=INT, amount=BIG, agency=TEXT
)
stay = _table("stay", person_id=TEXT, record_no=TEXT, out_date=DATE, in_date=DATE)

# What every rule puts out, one row per (roster row, month, counterpart): cast, so that all engines write the same types.
EVIDENCE: Final[dict[str, TypeEngine[Any]]] = {
    "rule": TEXT,
    "rec_key": TEXT,
    "run": INT,
    "county": TEXT,
    "town": TEXT,
    "kind": TEXT,
    "ref_month": INT,
    "rec_no": TEXT,
    "person_id": TEXT,
    "written_id": TEXT,
    "name": TEXT,
    "birth": DATE,
    "case_no": TEXT,
    "exempt": INT,
    "month": INT,
    "paid": BIG,
    "over": BIG,
    "grade": INT,
    "stop": TEXT,
    "relation": TEXT,
    "own": INT,
    "law": TEXT,
    "article": TEXT,
    "c_source": TEXT,
    "c_county": TEXT,
    "c_kind": TEXT,
    "c_rec": TEXT,
    "c_key": TEXT,
    "c_case": TEXT,
    "c_name": TEXT,
    "c_birth": DATE,
    "c_paid": BIG,
    "d1": DATE,
    "d2": DATE,
    "d3": DATE,
    "n1": INT,
    "n2": INT,
}
evidence = _table("evidence", **EVIDENCE)
