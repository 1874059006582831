"""What the check before release finds."""

import datetime as dt
from dataclasses import replace

import pytest

from app.core import roc
from app.payments import checks
from app.payments.checks import CheckInput, OtherBenefit, PersonFacts, Source
from app.payments.line import Payee

from .making import MARCH, line, payee, person_id

FRESH = [Source("戶籍異動資料", dt.date(2009, 3, 31))]


def found(*lines, people=None, **more):
    values = {"lines": lines, "month": MARCH, "people": people or {}, "sources": FRESH} | more
    return [(f.code, f.severity, f.line_no) for f in checks.check(CheckInput(**values))]


def test_a_clean_line_has_no_finding():
    assert found(line(1)) == []


@pytest.mark.parametrize(
    ("facts", "code", "severity"),
    [
        (PersonFacts(died_on=dt.date(2009, 2, 28)), "dead", "hard"),
        (PersonFacts(died_on=dt.date(2009, 3, 1)), "death_month", "soft"),
        (PersonFacts(moved_out_on=dt.date(2009, 2, 3), moved_to="苗栗縣"), "moved_out", "hard"),
        (PersonFacts(custody=((dt.date(2009, 1, 3), None),)), "custody", "hard"),
        (PersonFacts(custody=((dt.date(2009, 3, 3), None),)), "custody_month", "soft"),
        (PersonFacts(placement=((dt.date(2009, 1, 3), None),)), "placed", "hard"),
        (PersonFacts(others=(OtherBenefit("老農津貼", "choose_one", MARCH, MARCH),)), "exclusion", "hard"),
        (PersonFacts(others=(OtherBenefit("低收", "cap_sum", MARCH, MARCH),)), "cap", "soft"),
    ],
)
def test_people(facts, code, severity):
    assert found(line(1), people={1: facts}) == [(code, severity, 1)]


@pytest.mark.parametrize(
    "facts",
    [
        PersonFacts(died_on=dt.date(2009, 4, 1)),
        PersonFacts(moved_out_on=dt.date(2009, 3, 31)),
        PersonFacts(custody=((dt.date(2008, 1, 1), dt.date(2009, 2, 28)),)),
        PersonFacts(others=(OtherBenefit("老農津貼", "choose_one", MARCH - 9, MARCH - 1),)),
        PersonFacts(others=(OtherBenefit("月退", "info_only", MARCH, MARCH),)),
    ],
)
def test_people_about_whom_nothing_speaks_against(facts):
    assert found(line(1), people={1: facts}) == []


@pytest.mark.parametrize(
    "bad",
    [
        Payee("post", person_id(1), "王1", "123456", "1234567"),
        Payee("post", person_id(1), "王1", "0101234", ""),
        Payee("bank", person_id(1), "王1", "004", "123456"),
        Payee("bank", person_id(1), "王1", "0040680", "12"),
        Payee("bank", person_id(1), "王1", "9310014", "123456789012345"),
    ],
)
def test_account_format(bad):
    assert found(line(1, payee=bad)) == [("account_format", "hard", 1)]


def test_somebody_else_s_account_and_a_wrong_check_digit():
    assert found(line(1, payee=payee(2))) == [("other_payee", "soft", 1)]
    wrong = person_id(1)[:-1] + "1"
    assert found(line(1, person_id=wrong, payee=replace(payee(1), person_id=wrong))) == [("id_checksum", "soft", 1)]


def test_one_person_twice():
    assert found(line(1), line(2, person_id=person_id(1), payee=payee(1))) == [("duplicate_person", "hard", 2)]
    assert found(line(1), paid_elsewhere={1: "10004-ELA-09803-01"}) == [("duplicate_person", "hard", 1)]


def test_an_account_shared_by_more_than_two_homes():
    lines = [line(n, payee=Payee("post", person_id(n), f"王{n}", "0101234", "7777777")) for n in (1, 2, 3)]
    assert found(*lines[:2]) == []
    assert found(*lines) == [("shared_account", "soft", n) for n in (1, 2, 3)]
    family = {n: PersonFacts(household="F1") for n in (1, 2, 3)}
    assert found(*lines, people=family) == []


def test_against_last_month():
    last = {1: line(1)}
    assert found(line(1, payee=payee(1, account="9999999")), previous=last) == [("account_changed", "soft", 1)]
    assert found(line(1, 3000), previous=last) == [("large_change", "soft", 1)]
    assert found(line(1, 24000, month_from=MARCH - 3)) == [("arrears", "soft", 1)]
    assert found(line(1), previous_total=7400) == []
    assert found(line(1), previous_total=7600) == [("total_change", "soft", 0)]


def test_a_source_that_was_not_consulted_is_said():
    assert found(line(1), sources=[Source("監管資料", None)]) == [("not_checked", "soft", 0)]
    assert found(line(1), sources=[Source("監管資料", dt.date(2009, 2, 28))]) == [("not_checked", "soft", 0)]


def test_a_tick_survives_renumbering_and_not_other_facts():
    a = checks.Finding("account_changed", "soft", 1, 7, "帳戶由郵局 ****0001改為郵局 ****0002")
    assert a.key == replace(a, line_no=9).key
    assert a.key != replace(a, message=a.message.replace("0002", "0003")).key
    assert set(checks.TITLES) >= {f[0] for f in found(line(1, 24000, month_from=MARCH - 3), previous_total=1)}
    assert roc.show_month(MARCH) == "98年3月"
