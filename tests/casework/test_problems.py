"""Bad input: each has its place on the form, its sentence and its weight (refuse, warn, or not known)."""

import datetime as dt

import pytest
from sqlalchemy.exc import IntegrityError

from app.commands.base import Conflict, Refused
from app.commands.casework import intake
from app.commands.casework.problems import find, latest_tax_year
from app.core import clock
from tests.casework.conftest import person_id

CHILD = {"position": 2, "relation": "child", "name": "彭志明", "person_id": person_id(900), "birth": dt.date(1975, 1, 1), "sex": "M"}


def problems(desk, field, level="refuse"):
    return [p.message for p in find(desk.case, clock.today()) if p.field == field and p.level == level]


@pytest.fixture
def case(desk):
    return desk.open().fill(children=[(45, 42_000)])


def test_a_complete_form_has_nothing_to_refuse(case):
    assert [p for p in find(case.case, clock.today()) if p.level == "refuse"] == []


@pytest.mark.parametrize(
    ("row", "field", "level", "words"),
    [
        ({"birth": dt.date(1940, 1, 1)}, "birth", "refuse", "早於彭水木"),
        ({"birth": dt.date(1958, 1, 1)}, "birth", "warn", "只差 10 歲"),
        ({"birth": dt.date(2099, 1, 1)}, "birth", "refuse", "今天之後"),
        ({"birth": None}, "birth", "refuse", "請填彭志明的出生日期"),
        ({"person_id": "J100000001"}, "person_id", "warn", "檢查碼不符"),
        ({"person_id": None}, "person_id", "warn", "才能查調財稅資料"),
        ({"person_id": person_id(1)}, "person_id", "refuse", "統一編號相同"),
        ({"sex": "F"}, "sex", "warn", "第二碼不一致"),
        ({"death": dt.date(1970, 1, 1)}, "death", "refuse", "早於出生日期"),
        ({"relation": "grandchild", "via": None}, "via", "refuse", "經由哪一位子女"),
    ],
)
def test_a_member_that_cannot_be(case, row, field, level, words):
    case.save(members=[{**CHILD, **row}])
    assert any(words in m for m in problems(case, field, level)), find(case.case, clock.today())


def test_a_child_older_than_the_spouse_is_asked_about(case):
    """It may be a child of an earlier marriage, so it is a question."""
    mother = {**CHILD, "position": 3, "relation": "spouse", "name": "劉玉妹", "person_id": person_id(901, "F"), "sex": "F", "birth": dt.date(1976, 1, 1)}
    case.save(members=[CHILD, mother])
    assert [m for m in problems(case, "birth", "warn") if "早於劉玉妹（申請人的配偶）" in m]
    case.save(members=[CHILD, {**mother, "birth": dt.date(1950, 1, 1)}])
    assert problems(case, "birth", "warn") == []


@pytest.mark.parametrize(
    ("circumstance", "field", "words"),
    [
        ({"kind": "disabled", "proven": True, "proof": None}, "c0-proof", "請填證明文件"),
        ({"kind": "conscript", "proven": None, "since": dt.date(2026, 5, 1), "until": dt.date(2026, 1, 1)}, "c0-until", "迄日早於起日"),
    ],
)
def test_a_circumstance_needs_proof_and_sensible_dates(case, circumstance, field, words):
    case.save(members=[{**CHILD, "circumstances": [circumstance]}])
    assert any(words in m for m in problems(case, field))


@pytest.mark.parametrize(
    ("lines", "field", "level", "words"),
    [
        ({"tax_year": None}, "tax_year", "unknown", "尚未查調"),
        ({"tax_year": 112}, "tax_year", "unknown", "應查調"),
        ({"incomes": [{"kind": "wage", "amount": -5}]}, "i0-amount", "refuse", "不可為負數"),
        ({"incomes": [{"kind": "wage", "amount": None}]}, "i0-amount", "unknown", "沒有金額"),
        ({"assets": [{"kind": "land", "value": -1}]}, "a0-value", "refuse", "不可為負數"),
    ],
)
def test_means_that_cannot_be(case, lines, field, level, words):
    case.save(lines={2: lines})
    assert any(words in m for m in problems(case, field, level))


def test_a_loss_on_a_sale_may_be_negative(case):
    case.save(lines={2: {"incomes": [{"kind": "property_transaction", "amount": -5000}]}})
    assert problems(case, "amount") == []


def test_a_share_of_zero_is_refused_by_the_database(case):
    with pytest.raises((Conflict, IntegrityError)):
        case.save(lines={2: {"assets": [{"kind": "land", "value": 1, "share_num": 0, "share_den": 0}]}})


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"channel": None}, "channel", "撥款方式"),
        ({"account": "12345"}, "account", "7 碼"),
        ({"channel": "bank", "institution": "004"}, "institution", "總行 3 碼"),
        ({"channel": "bank", "institution": "0040680", "account": "1-2"}, "account", "不含橫線"),
        ({"payee_person_id": person_id(55)}, "payee_reason", "不是申請人本人"),
        ({"payee_name": None}, "payee_name", "領款人姓名"),
        ({"consent_on": None}, "consent_on", "同意書"),
        ({"received_on": dt.date(2099, 1, 1)}, "received_on", "不可晚於今天"),
        ({"agent_name": "彭志明"}, "agent_relation", "關係"),
    ],
)
def test_account_and_papers(case, fields, field, words):
    case.save(fields=fields)
    assert any(words in m for m in problems(case, field))


@pytest.mark.parametrize(
    ("day", "year"),
    [(dt.date(2026, 9, 30), 113), (dt.date(2026, 10, 1), 114), (dt.date(2026, 12, 31), 114), (dt.date(2027, 1, 1), 114), (dt.date(2009, 3, 1), 96)],
)
def test_the_newest_tax_data_of_a_day(day, year):
    assert latest_tax_year(day) == year


def test_fields_nobody_offered_are_not_taken(case):
    for given in ({"state": "approved"}, {"decided_by_id": 1}, {"county_code": "10005"}):
        with pytest.raises(Refused, match="不在可修改的範圍"):
            case.save(fields=given)
    with pytest.raises(Refused, match="不在可修改的範圍"):
        case.save(person={"town_code": "10005010"})


def test_means_of_a_removed_member_are_refused(case):
    with pytest.raises(Refused, match="已被刪除"):
        intake.save_draft(case.who("clerk"), case.id, intake.Draft(lines={9: {"tax_year": 114}}))
