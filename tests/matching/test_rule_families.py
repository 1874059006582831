"""Struck off, missing, the card behind the benefit, members counted twice, accounts of many families, rosters that contradict themselves."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from app.core import identity, roc

from .frames import DLA, ELA, LILA, MAR, brief, change, day, entry, match, paid, stops

A, B, C = "A", "B", "C"
SEP101 = roc.month(101, 9)


def card(month: int = MAR, **more: Any) -> dict[str, Any]:
    """A line of the disability register."""
    values = {"amount": 0, "pay_month_from": None, "pay_month_to": None, "pay_unit": None, "channel": None, "grade": "mild", "expiry": None}
    return paid("disability_register", month=month, **{**values, **more})


class TestMovedOn:
    def test_moved_out_and_then_within_the_new_county(self, tmp_path: Path) -> None:
        events = [
            change("move_out", "0980105", county_from="10004", county_to="10018"),
            change("move_within", "0980210", county_from="10018", county_to="10018"),
        ]
        found = match(tmp_path, roster=[paid()], household_change=events, household_register=[entry(county_code="10018")])
        assert brief(found) == {("MOVED", A, ELA, (MAR,), 6000)}
        assert "戶籍已在新竹市" in found[0]["facts"]


class TestRemoved:
    def test_struck_off_before_the_month(self, tmp_path: Path) -> None:
        found = match(tmp_path, roster=[paid()], household_change=[change("removed", "0980210", "0980212")])
        assert brief(found) == {("REMOVED", B, ELA, (MAR,), 6000)}
        assert "98/02/10除籍" in found[0]["facts"]

    def test_in_the_month_itself_it_is_still_due(self, tmp_path: Path) -> None:
        assert brief(match(tmp_path, roster=[paid()], household_change=[change("removed", "0980301")])) == set()

    def test_entered_again(self, tmp_path: Path) -> None:
        events = [change("removed", "0980110"), change("move_in", "0980220", county_to="10004")]
        assert brief(match(tmp_path, roster=[paid()], household_change=events)) == set()

    def test_by_status_only(self, tmp_path: Path) -> None:
        found = match(tmp_path, roster=[paid()], household_register=[entry(status="removed")])
        assert brief(found) == {("REMOVED", B, ELA, (MAR,), 6000)}
        assert "沒有除籍日期" in found[0]["facts"]

    def test_a_death_says_more(self, tmp_path: Path) -> None:
        events = [change("death", "0980110"), change("removed", "0980110")]
        assert brief(match(tmp_path, roster=[paid()], household_change=events)) == {("DEATH", A, ELA, (MAR,), 6000)}


class TestMissing:
    @pytest.mark.parametrize(("since", "want"), [
        ("1010228", True),  # six months are full on 28 August
        ("1010229", True),
        ("1010301", False),  # full on 1 September: that month is still due
        ("1010801", False),
    ])  # fmt: skip
    def test_six_months(self, tmp_path: Path, since: str, want: bool) -> None:
        found = brief(match(tmp_path, SEP101, roster=[paid(DLA, month=SEP101)], household_change=[change("missing", since)]))
        assert found == ({("MISSING", B, DLA, (SEP101,), 6000)} if want else set())

    def test_found_again(self, tmp_path: Path) -> None:
        events = [change("missing", "1000101"), change("found", "1010820")]
        rows = {"roster": [paid(DLA, month=SEP101)], "household_change": events}
        assert brief(match(tmp_path, SEP101, **rows)) == set()
        assert ("MISSING", "found") in stops(tmp_path, SEP101, **rows)

    def test_the_law_of_98_does_not_know_it(self, tmp_path: Path) -> None:
        rows = {"roster": [paid(DLA), paid(LILA)], "household_change": [change("missing", "0970101")]}
        assert brief(match(tmp_path, **rows)) == set()
        assert {("MISSING", "no_rule"), ("MISSING", "info_only")} <= stops(tmp_path, **rows)

    def test_by_status_only(self, tmp_path: Path) -> None:
        found = match(tmp_path, SEP101, roster=[paid(DLA, month=SEP101)], household_register=[entry(status="missing")])
        assert brief(found) == {("MISSING", B, DLA, (SEP101,), 6000)}


class TestCard:
    @pytest.mark.parametrize(("until", "want"), [("0980228", True), ("0980301", False), ("0980331", False), ("0980401", False)])
    def test_valid_until(self, tmp_path: Path, until: str, want: bool) -> None:
        found = brief(match(tmp_path, roster=[paid(DLA, amount=3000), card(expiry=day(until))]))
        assert found == ({("CARD_EXPIRED", B, DLA, (MAR,), 3000)} if want else set())

    def test_another_card_is_valid(self, tmp_path: Path) -> None:
        rows = [paid(DLA, amount=3000), card(expiry=day("0970101")), card(county="10018", expiry=day("0991231"))]
        assert brief(match(tmp_path, roster=rows)) == set()

    def test_cancelled(self, tmp_path: Path) -> None:
        found = match(tmp_path, roster=[paid(DLA, amount=3000), card(status="ended")])
        assert brief(found) == {("CARD_EXPIRED", B, DLA, (MAR,), 3000)}
        assert "已註銷" in found[0]["facts"]

    def test_being_renewed_the_county_has_noted_it(self, tmp_path: Path) -> None:
        rows = [paid(DLA, amount=3000, exempt_code="R"), card(expiry=day("0980101"))]
        assert brief(match(tmp_path, roster=rows)) == set()

    @pytest.mark.parametrize(("ours", "card_says", "assessed", "low", "amount", "want"), [
        ("severe", "mild", "0980215", "N", 4000, 1000),
        ("severe", "mild", "0980215", "Y", 7000, 3000),
        ("severe", "mild", "0980310", "N", 4000, None),  # assessed in the month: still due
        ("severe", "moderate", "0980215", "N", 4000, None),  # paid alike
        ("severe", "mild", "0980215", "N", 3000, None),  # paid as for mild already
        ("mild", "severe", "0980215", "N", 3000, None),
    ])  # fmt: skip
    def test_a_lighter_degree(
        self, tmp_path: Path, ours: str, card_says: str, assessed: str, low: str, amount: int, want: int | None
    ) -> None:
        rows = [paid(DLA, amount=amount, grade=ours, low_income_flag=low), card(grade=card_says, assess_date=day(assessed))]
        found = brief(match(tmp_path, roster=rows))
        assert found == ({("CARD_DOWNGRADED", B, DLA, (MAR,), want)} if want else set())

    def test_no_card_in_the_register_says_nothing(self, tmp_path: Path) -> None:
        assert brief(match(tmp_path, roster=[paid(DLA, amount=4000, grade="severe")])) == set()


class TestMemberTwice:
    MEMBER = {"amount": 0, "pay_unit": "household", "class": "2"}

    def test_two_households_in_two_counties(self, tmp_path: Path) -> None:
        rows = [paid(LILA, household_no="H1", **self.MEMBER), paid(LILA, county="10018", household_no="H2", **self.MEMBER)]
        (one,) = match(tmp_path, roster=rows)
        assert (one["rule"], one["grade"], one["county"], one["over"]) == ("MEMBER_TWICE", B, "10018", 0)
        assert "重新計算" in one["facts"]

    def test_two_households_in_one_county(self, tmp_path: Path) -> None:
        rows = [paid(LILA, household_no="H1", case_no="C1", **self.MEMBER), paid(LILA, household_no="H2", case_no="C2", **self.MEMBER)]
        (one,) = match(tmp_path, roster=rows)
        assert (one["rule"], one["case_no"]) == ("MEMBER_TWICE", "C2")

    def test_two_lines_of_one_household(self, tmp_path: Path) -> None:
        rows = [paid(LILA, household_no="H1", case_no=c, **self.MEMBER) for c in ("C1", "C2")]
        assert brief(match(tmp_path, roster=rows)) == set()

    def test_one_household_has_ended(self, tmp_path: Path) -> None:
        rows = [paid(LILA, household_no="H1", **self.MEMBER), paid(LILA, county="10018", household_no="H2", status="ended", **self.MEMBER)]
        assert brief(match(tmp_path, roster=rows)) == set()

    def test_handed_over_from_one_month_to_the_next(self, tmp_path: Path) -> None:
        rows = [paid(LILA, household_no="H1", month=MAR - 1, **self.MEMBER), paid(LILA, county="10018", household_no="H2", **self.MEMBER)]
        assert brief(match(tmp_path, roster=rows)) == set()

    def test_paid_twice_in_the_own_name_is_a_payment_made_twice(self, tmp_path: Path) -> None:
        rows = [paid(LILA, household_no="H1"), paid(LILA, county="10018", household_no="H2")]
        assert {d[0] for d in brief(match(tmp_path, roster=rows))} == {"DUPLICATE"}


class TestAccount:
    def people(self, count: int, **more: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        rows, entries = [], []
        for n in range(count):
            who = {"person_id": identity.with_check_digit(f"A1{n:07d}"), "name": f"王{n}"}
            rows.append(paid(account_hash="ab12", **who, **more))
            entries.append(entry(household_no=f"F{n}", **who))
        return rows, entries

    def test_three_families(self, tmp_path: Path) -> None:
        rows, entries = self.people(3)
        found = match(tmp_path, roster=rows, household_register=entries)
        assert brief(found) == {("ACCOUNT", C, ELA, (MAR,), 0)} and len(found) == 3
        assert "3人受款，分屬3個家庭" in found[0]["facts"]

    def test_two_are_nobodys_business(self, tmp_path: Path) -> None:
        rows, entries = self.people(2)
        assert match(tmp_path, roster=rows, household_register=entries) == []

    def test_a_family_of_four_generations_and_a_neighbour(self, tmp_path: Path) -> None:
        rows, entries = self.people(5)
        for older, younger in itertools.pairwise(entries[:4]):
            younger["mother_id"] = older["person_id"]
        assert match(tmp_path, roster=rows, household_register=entries) == []

    def test_husband_and_wife_in_one_household_and_two_others(self, tmp_path: Path) -> None:
        rows, entries = self.people(4)
        entries[1]["household_no"] = entries[0]["household_no"]
        assert len(match(tmp_path, roster=rows, household_register=entries)) == 4

    def test_an_institution_receives_for_its_residents(self, tmp_path: Path) -> None:
        rows, entries = self.people(6, channel="institution")
        assert match(tmp_path, roster=rows, household_register=entries) == []


class TestShape:
    @pytest.mark.parametrize(("fault", "row"), [
        ("bad_id", {"id_ok": False}),
        ("ended", {"status": "ended"}),
        ("suspended", {"status": "suspended"}),
        ("before_start", {"start_month": MAR + 1}),
        ("after_end", {"end_month": MAR - 1}),
        ("far_ahead", {"pay_month_from": MAR + 2, "pay_month_to": MAR + 2}),
    ])  # fmt: skip
    def test_a_line_that_contradicts_itself(self, tmp_path: Path, fault: str, row: dict[str, Any]) -> None:
        (one,) = match(tmp_path, roster=[paid(**row)])
        assert (one["rule"], one["grade"], one["c_kind"], one["over"]) == ("SHAPE", C, fault, 0)
        assert "不是溢領認定" in one["facts"]

    @pytest.mark.parametrize("row", [
        {"end_month": MAR}, {"start_month": MAR}, {"pay_month_to": MAR + 1, "amount": 12000}, {"status": "suspended", "amount": 0},
        {"pay_month_from": MAR - 2, "pay_month_to": MAR - 1, "amount": 12000},
    ])  # fmt: skip
    def test_lines_as_they_should_be(self, tmp_path: Path, row: dict[str, Any]) -> None:
        assert match(tmp_path, roster=[paid(**row)]) == []
