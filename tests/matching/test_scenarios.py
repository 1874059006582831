"""One small world per rule and per look-alike, said as a caseworker would say it."""

from pathlib import Path
from typing import Any

import pytest

from app.core import roc
from app.rules.exclusions import Exclusion, Relation

from .frames import DCS, DLA, ELA, LILA, MAR, brief, change, day, entry, match, paid, record, stops

A, B, C = "A", "B", "C"


def only(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The one doubt that is not a mirror."""
    (one,) = [d for d in found if not d["mirror"]]
    return one


class TestDeath:
    def test_paid_the_month_after_death(self, tmp_path: Path) -> None:
        found = match(tmp_path, roster=[paid()], household_change=[change("death", "0980215", "0980301")])
        one = only(found)
        assert (one["rule"], one["grade"], one["over"], one["law"], one["article"]) == (
            "DEATH",
            A,
            6000,
            "中低收入老人生活津貼發給辦法",
            "11",
        )
        assert "98/02/15死亡" in one["facts"] and "6,000元" in one["facts"]

    def test_the_month_of_death_is_due(self, tmp_path: Path) -> None:
        rows = {"roster": [paid()], "household_change": [change("death", "0980301")]}
        assert brief(match(tmp_path, **rows)) == set()
        assert ("DEATH", "month_of_fact") in stops(tmp_path, **rows)

    def test_the_last_day_of_the_month_before_counts(self, tmp_path: Path) -> None:
        found = match(tmp_path, roster=[paid()], household_change=[change("death", "0980228")])
        assert brief(found) == {("DEATH", A, ELA, (MAR,), 6000)}

    def test_annulled(self, tmp_path: Path) -> None:
        rows = {"roster": [paid()], "household_change": [change("death", "0980110"), change("death_annulled", "0980110", "0980302")]}
        assert brief(match(tmp_path, **rows)) == set()
        assert ("DEATH", "annulled") in stops(tmp_path, **rows)

    def test_recorded_again_after_the_annulment(self, tmp_path: Path) -> None:
        events = [
            change("death", "0980110"),
            change("death_annulled", "0980110", "0980201"),
            change("death", "0980112", "0980205"),
        ]
        assert only(match(tmp_path, roster=[paid()], household_change=events))["d1"] == day("0980112")

    def test_the_correction_of_a_date_into_the_month_itself(self, tmp_path: Path) -> None:
        events = [
            change("death", "0980225", "0980226"),
            change("death_annulled", "0980225", "0980303"),
            change("death", "0980302", "0980303"),
        ]
        assert brief(match(tmp_path, roster=[paid()], household_change=events)) == set()

    def test_recorded_late_counts_from_the_event(self, tmp_path: Path) -> None:
        found = match(tmp_path, roster=[paid()], household_change=[change("death", "0971205", "0980428")])
        assert brief(found) == {("DEATH", A, ELA, (MAR,), 6000)}

    def test_arrears_are_split_by_month(self, tmp_path: Path) -> None:
        row = paid(amount=18000, pay_month_from=MAR - 2, pay_month_to=MAR)
        found = match(tmp_path, roster=[row], household_change=[change("death", "0980120")])
        assert brief(found) == {("DEATH", A, ELA, (MAR - 1, MAR), 12000)}

    def test_arrears_for_months_before_the_death_are_due(self, tmp_path: Path) -> None:
        row = paid(amount=12000, pay_month_from=MAR - 2, pay_month_to=MAR - 1)
        assert brief(match(tmp_path, roster=[row], household_change=[change("death", "0980220")])) == set()

    def test_died_under_the_number_before_it_was_corrected(self, tmp_path: Path) -> None:
        new = "B123456780"
        events = [change("id_change", "0971101", new_value=new), change("death", "0980105", person_id=new)]
        found = match(tmp_path, roster=[paid()], household_change=events, household_register=[entry(person_id=new, status="deceased")])
        assert brief(found) == {("DEATH", A, ELA, (MAR,), 6000)}
        assert "另一統一編號" in only(found)["facts"]

    def test_the_old_number_in_the_death_register_the_new_one_in_the_roster(self, tmp_path: Path) -> None:
        new = "B123456780"
        events = [change("id_change", "0971101", new_value=new), change("death", "0980105")]
        found = match(tmp_path, roster=[paid(person_id=new)], household_change=events, household_register=[entry(person_id=new)])
        assert brief(found) == {("DEATH", A, ELA, (MAR,), 6000)}

    def test_somebody_else_under_the_same_number(self, tmp_path: Path) -> None:
        other = {"name": "林小春", "birth": day("0220202")}
        rows = {
            "roster": [paid()],
            "household_change": [change("death", "0980105", **other)],
            "household_register": [entry(status="deceased", **other)],
        }
        assert brief(match(tmp_path, **rows)) == {("IDENTITY", C, ELA, (MAR,), 0)}
        assert ("DEATH", "other_person") in stops(tmp_path, **rows)

    def test_a_birthday_typed_wrong_is_only_likely(self, tmp_path: Path) -> None:
        found = match(tmp_path, roster=[paid(birth=day("0190518"))], household_change=[change("death", "0980105")])
        assert brief(found) == {("DEATH", B, ELA, (MAR,), 6000)}

    def test_a_changed_name_is_the_same_person(self, tmp_path: Path) -> None:
        events = [change("name_change", "0970901", new_value="王天明"), change("death", "0980105", name="王天明")]
        found = match(tmp_path, roster=[paid()], household_change=events, household_register=[entry(name="王天明")])
        assert brief(found) == {("DEATH", A, ELA, (MAR,), 6000)}

    def test_a_member_who_carries_no_amount(self, tmp_path: Path) -> None:
        row = paid(LILA, amount=0, pay_unit="household", **{"class": "2"})
        assert brief(match(tmp_path, roster=[row], household_change=[change("death", "0980105")])) == set()

    def test_the_head_of_a_household_that_is_paid_together_is_only_likely(self, tmp_path: Path) -> None:
        row = paid(LILA, amount=5000, pay_unit="household", **{"class": "2"})
        found = match(tmp_path, roster=[row], household_change=[change("death", "0980105")])
        assert brief(found) == {("DEATH", B, LILA, (MAR,), 5000)}

    @pytest.mark.parametrize("kind", [DLA, DCS, LILA])
    def test_every_personal_benefit_ends_with_its_person(self, tmp_path: Path, kind: str) -> None:
        found = match(tmp_path, roster=[paid(kind, amount=4000)], household_change=[change("death", "0980105")])
        assert brief(found) == {("DEATH", A, kind, (MAR,), 4000)}

    def test_a_register_without_payment_makes_no_doubt(self, tmp_path: Path) -> None:
        row = paid("disability_register", amount=0, pay_month_from=None, pay_month_to=None, pay_unit=None, channel=None)
        assert match(tmp_path, roster=[row], household_change=[change("death", "0971105")]) == []

    def test_dead_by_status_only(self, tmp_path: Path) -> None:
        found = match(tmp_path, roster=[paid()], household_register=[entry(status="deceased")], household_change=[])
        assert brief(found) == {("DEATH_STATUS", B, ELA, (MAR,), 6000)}


class TestMoved:
    OUT = {"county_from": "10004", "county_to": "10018"}
    BACK = {"county_from": "10018", "county_to": "10004"}

    def test_paid_the_month_after_moving_out(self, tmp_path: Path) -> None:
        found = match(
            tmp_path, roster=[paid()], household_change=[change("move_out", "0980228", **self.OUT)],
            household_register=[entry(county_code="10018")],
        )  # fmt: skip
        assert brief(found) == {("MOVED", A, ELA, (MAR,), 6000)}
        assert "新竹市" in only(found)["facts"]

    def test_the_month_of_moving_is_due(self, tmp_path: Path) -> None:
        events = [change("move_out", "0980301", **self.OUT)]
        assert brief(match(tmp_path, roster=[paid()], household_change=events, household_register=[entry(county_code="10018")])) == set()

    @pytest.mark.parametrize("back", ["0980225", "0980301", "0980331"])
    def test_moved_out_and_back(self, tmp_path: Path, back: str) -> None:
        events = [change("move_out", "0980205", **self.OUT), change("move_in", back, **self.BACK)]
        assert brief(match(tmp_path, roster=[paid()], household_change=events)) == set()

    def test_back_only_in_the_month_after(self, tmp_path: Path) -> None:
        events = [change("move_out", "0980205", **self.OUT), change("move_in", "0980401", **self.BACK)]
        assert brief(match(tmp_path, roster=[paid()], household_change=events)) == {("MOVED", A, ELA, (MAR,), 6000)}

    def test_out_and_back_on_one_day(self, tmp_path: Path) -> None:
        events = [change("move_in", "0971231", "0980101", **self.BACK), change("move_out", "0971231", "0980119", **self.OUT)]
        assert brief(match(tmp_path, roster=[paid()], household_change=events)) == set()

    def test_moved_within_the_county(self, tmp_path: Path) -> None:
        events = [change("move_within", "0980105", county_from="10004", county_to="10004")]
        assert brief(match(tmp_path, roster=[paid()], household_change=events)) == set()

    def test_handed_over_without_overlap(self, tmp_path: Path) -> None:
        rows = [paid(month=MAR - 1, end_month=MAR - 1), paid(county="10018", start_month=MAR)]
        events = [change("move_out", "0980212", **self.OUT)]
        for month in (MAR - 1, MAR):
            got = match(tmp_path, month, roster=rows, household_change=events, household_register=[entry(county_code="10018")])
            assert brief(got) == set()

    def test_the_living_allowance_knew_no_such_condition_before_101(self, tmp_path: Path) -> None:
        rows = {
            "roster": [paid(DLA)],
            "household_change": [change("move_out", "0980105", **self.OUT)],
            "household_register": [entry(county_code="10018")],
        }
        assert brief(match(tmp_path, **rows)) == set()
        assert ("MOVED", "no_rule") in stops(tmp_path, **rows)

    def test_the_living_allowance_has_it_since_101(self, tmp_path: Path) -> None:
        month = roc.month(101, 9)
        found = match(
            tmp_path, month, roster=[paid(DLA, month=month)], household_change=[change("move_out", "1010805", **self.OUT)],
            household_register=[entry(county_code="10018")],
        )  # fmt: skip
        assert {d[0] for d in brief(found)} == {"MOVED"}

    def test_an_exception_of_the_county(self, tmp_path: Path) -> None:
        events = [change("move_out", "0980105", **self.OUT)]
        assert brief(match(tmp_path, roster=[paid(exempt_code="E1")], household_change=events)) == set()

    def test_moved_out_by_status_only(self, tmp_path: Path) -> None:
        found = match(tmp_path, roster=[paid()], household_register=[entry(status="moved_out")])
        assert brief(found) == {("REGISTERED_ELSEWHERE", B, ELA, (MAR,), 6000)}

    def test_registered_elsewhere_without_a_move_is_only_likely(self, tmp_path: Path) -> None:
        found = match(tmp_path, roster=[paid()], household_register=[entry(county_code="10018")])
        assert brief(found) == {("REGISTERED_ELSEWHERE", B, ELA, (MAR,), 6000)}


class TestCustody:
    @pytest.mark.parametrize(("since", "until", "want"), [
        ("0970501", None, A),
        ("0980228", "0980331", A),
        ("0970501", "0980330", B),
        ("0970501", "0980301", B),
        ("0970501", "0980228", None),
        ("0980301", None, B),
        ("0980302", None, None),
        ("0980401", None, None),
    ])  # fmt: skip
    def test_days(self, tmp_path: Path, since: str, until: str | None, want: str | None) -> None:
        held = record(kind="prison", from_date=day(since), to_date=day(until) if until else None)
        found = brief(match(tmp_path, roster=[paid()], custody=[held]))
        assert found == ({("CUSTODY", want, ELA, (MAR,), 6000)} if want else set())

    def test_handed_from_detention_to_prison_inside_the_month(self, tmp_path: Path) -> None:
        held = [
            record(kind="detention", from_date=day("0980101"), to_date=day("0980315")),
            record(kind="prison", from_date=day("0980316"), to_date=None),
        ]
        assert brief(match(tmp_path, roster=[paid(DLA)], custody=held)) == {("CUSTODY", A, DLA, (MAR,), 6000)}

    def test_released_long_ago_and_taken_in_again_this_month(self, tmp_path: Path) -> None:
        held = [
            record(kind="prison", from_date=day("0940101"), to_date=day("0971031")),
            record(kind="detention", from_date=day("0980315"), to_date=None),
        ]
        assert brief(match(tmp_path, roster=[paid()], custody=held)) == set()

    def test_handed_over_on_the_last_day_of_the_month_before(self, tmp_path: Path) -> None:
        held = [
            record(kind="detention", from_date=day("0980101"), to_date=day("0980228")),
            record(kind="prison", from_date=day("0980301"), to_date=None),
        ]
        assert brief(match(tmp_path, roster=[paid()], custody=held)) == {("CUSTODY", A, ELA, (MAR,), 6000)}

    def test_low_income_is_counted_again_not_recovered(self, tmp_path: Path) -> None:
        held = [record(kind="prison", from_date=day("0970101"), to_date=None)]
        rows = {"roster": [paid(LILA)], "custody": held}
        assert brief(match(tmp_path, **rows)) == set()
        assert ("CUSTODY", "info_only") in stops(tmp_path, **rows)

    def test_a_namesake_with_the_wrong_number(self, tmp_path: Path) -> None:
        held = [record(kind="prison", from_date=day("0970101"), to_date=None, name="別人", birth=day("0500101"))]
        assert brief(match(tmp_path, roster=[paid()], custody=held)) == set()


class TestElsewhere:
    @pytest.mark.parametrize(("kind", "drawn", "first", "last", "want"), [
        (ELA, "farmer_allowance", -5, None, A),
        (ELA, "farmer_allowance", 0, None, A),
        (ELA, "farmer_allowance", -5, -1, None),
        (ELA, "farmer_allowance", 1, None, None),
        (ELA, "np_old_age_guaranteed", -5, 0, A),
        (ELA, "veteran_care", -5, None, B),
        (DLA, "veteran_care", -5, None, None),
        (LILA, "veteran_care", -5, None, None),
        (DLA, "np_disability_guaranteed", -5, None, A),
        (ELA, "unemployment_benefit", -5, None, None),
        (ELA, "other", -5, None, None),
    ])  # fmt: skip
    def test_months_and_pairs(self, tmp_path: Path, kind: str, drawn: str, first: int, last: int | None, want: str | None) -> None:
        other = record(kind=drawn, month_from=MAR + first, month_to=None if last is None else MAR + last, amount=3000, agency="勞工保險局")
        found = brief(match(tmp_path, roster=[paid(kind, amount=4000)], benefit_elsewhere=[other]))
        assert found == ({("ELSEWHERE", want, kind, (MAR,), 4000)} if want else set())

    @pytest.mark.parametrize(("kind", "first", "want"), [(ELA, -3, A), (DLA, -3, A), (ELA, 0, B), (ELA, 1, None), (LILA, -3, None)])
    def test_public_placement(self, tmp_path: Path, kind: str, first: int, want: str | None) -> None:
        other = record(kind="public_placement", month_from=MAR + first, amount=12000)
        found = brief(match(tmp_path, roster=[paid(kind, amount=4000)], benefit_elsewhere=[other]))
        assert found == ({("PLACEMENT", want, kind, (MAR,), 4000)} if want else set())

    @pytest.mark.parametrize("pension", ["civil_monthly", "civil_lump_sum", "military_monthly", "survivor_monthly"])
    @pytest.mark.parametrize("kind", [ELA, DLA, LILA])
    def test_a_pension_is_income_not_a_double_benefit(self, tmp_path: Path, kind: str, pension: str) -> None:
        other = record(kind=pension, from_date=day("0891101"), amount=20000)
        assert brief(match(tmp_path, roster=[paid(kind)], pension=[other])) == set()

    def test_the_county_has_said_it_is_lawful(self, tmp_path: Path) -> None:
        other = record(kind="farmer_allowance", month_from=MAR - 5, amount=6000)
        assert brief(match(tmp_path, roster=[paid(exempt_code="E1")], benefit_elsewhere=[other])) == set()


class TestTwoPayments:
    def test_two_counties_the_one_without_the_register_gives_way(self, tmp_path: Path) -> None:
        found = match(tmp_path, roster=[paid(), paid(county="10005")])
        assert brief(found) == {("DUPLICATE", A, ELA, (MAR,), 6000)}
        assert only(found)["county"] == "10005"
        (mirror,) = [d for d in found if d["mirror"]]
        assert (mirror["county"], mirror["grade"], mirror["over"]) == ("10004", C, 0)

    def test_two_cases_in_one_county(self, tmp_path: Path) -> None:
        found = match(tmp_path, roster=[paid(case_no="10004ELA01"), paid(case_no="10004ELA01X")])
        assert only(found)["case_no"] == "10004ELA01X"
        assert brief(found) == {("DUPLICATE", A, ELA, (MAR,), 6000)}

    def test_a_supplement_of_the_same_case(self, tmp_path: Path) -> None:
        assert brief(match(tmp_path, roster=[paid(case_no="C1"), paid(case_no="C1", amount=1200)])) == set()

    def test_one_case_twice_with_one_amount_is_only_likely(self, tmp_path: Path) -> None:
        assert brief(match(tmp_path, roster=[paid(case_no="C1"), paid(case_no="C1")])) == {("DUPLICATE", B, ELA, (MAR,), 6000)}

    def test_months_that_do_not_overlap(self, tmp_path: Path) -> None:
        assert brief(match(tmp_path, roster=[paid(), paid(pay_month_from=MAR - 1, pay_month_to=MAR - 1)])) == set()

    def test_arrears_for_a_month_another_county_paid_then(self, tmp_path: Path) -> None:
        before = paid(month=MAR - 1)
        late = paid(county="10005", pay_month_from=MAR - 1, pay_month_to=MAR, amount=12000)
        assert brief(match(tmp_path, roster=[before, late])) >= {("DUPLICATE", A, ELA, (MAR - 1,), 6000)}

    def test_choose_one_the_lesser_gives_way(self, tmp_path: Path) -> None:
        found = match(tmp_path, roster=[paid(amount=6000), paid(DLA, amount=4000)])
        assert brief(found) == {("CHOOSE_ONE", A, DLA, (MAR,), 4000)}
        assert only(found)["law"] == "身心障礙者生活托育養護費用補助辦法"

    def test_choose_one_across_counties_the_one_without_the_register_gives_way(self, tmp_path: Path) -> None:
        found = match(tmp_path, roster=[paid(county="10018", amount=6000), paid(DLA, amount=4000)])
        assert brief(found) == {("CHOOSE_ONE", A, ELA, (MAR,), 6000)}

    def test_one_of_the_two_is_suspended_and_unpaid(self, tmp_path: Path) -> None:
        rows = {"roster": [paid(amount=0, status="suspended"), paid(DLA, amount=4000)]}
        assert brief(match(tmp_path, **rows)) == set()
        assert ("CHOOSE_ONE", "no_payment") in stops(tmp_path, **rows)

    def test_an_exception_on_either_row(self, tmp_path: Path) -> None:
        assert brief(match(tmp_path, roster=[paid(exempt_code="E1"), paid(DLA, amount=4000)])) == set()

    def test_low_income_and_living_allowance_are_lawful_together(self, tmp_path: Path) -> None:
        rows = {"roster": [paid(LILA, amount=5000, pay_unit="household", **{"class": "2"}), paid(DLA, amount=7000, low_income_flag="Y")]}
        assert brief(match(tmp_path, **rows)) == set()
        assert ("CHOOSE_ONE", "lawful_together") in stops(tmp_path, **rows)

    @pytest.mark.parametrize(("service", "month", "want"), [
        ("day", MAR, True), ("residential", MAR, True), ("day", roc.month(101, 9), False), ("residential", roc.month(101, 9), True),
    ])  # fmt: skip
    def test_care_against_living_allowance(self, tmp_path: Path, service: str, month: int, want: bool) -> None:
        found = brief(
            match(tmp_path, month, roster=[paid(DCS, amount=8000, service_type=service, month=month), paid(DLA, amount=4000, month=month)])
        )
        assert ({d[0] for d in found} == {"SUSPENDED_BY"}) is want
        assert all(d[2] == DLA for d in found)

    def test_the_other_payment_is_taken_back_anyway(self, tmp_path: Path) -> None:
        elder, living = paid(amount=6000), paid(DLA, amount=7000)
        moved = change("move_out", "0980105", county_from="10004", county_to="10018")
        found = match(tmp_path, roster=[elder, living], household_change=[moved], household_register=[entry(county_code="10018")])
        assert brief(found) == {("MOVED", A, ELA, (MAR,), 6000)}


class TestCap:
    def test_the_living_allowance_is_cut(self, tmp_path: Path) -> None:
        found = match(tmp_path, roster=[paid(LILA, amount=14000), paid(DLA, amount=4000)])
        assert brief(found) == {("CAP", A, DLA, (MAR,), 720)}

    def test_exactly_the_basic_wage_is_lawful(self, tmp_path: Path) -> None:
        assert brief(match(tmp_path, roster=[paid(LILA, amount=13280), paid(DLA, amount=4000)])) == set()

    def test_with_a_veterans_allowance(self, tmp_path: Path) -> None:
        other = record(kind="veteran_care", month_from=MAR - 9, amount=14000)
        assert brief(match(tmp_path, roster=[paid(DLA, amount=4000)], benefit_elsewhere=[other])) == {("CAP", A, DLA, (MAR,), 720)}

    def test_a_household_amount_makes_it_only_likely(self, tmp_path: Path) -> None:
        other = record(kind="veteran_care", month_from=MAR - 9, amount=9000)
        rows = [paid(DLA, amount=4000), paid(LILA, amount=5000, pay_unit="household", **{"class": "2"})]
        assert brief(match(tmp_path, roster=rows, benefit_elsewhere=[other])) == {("CAP", B, DLA, (MAR,), 720)}

    def test_a_two_month_cycle_is_compared_by_month(self, tmp_path: Path) -> None:
        rows = [paid(LILA, amount=24000, pay_month_from=MAR - 1, pay_month_to=MAR), paid(DLA, amount=4000)]
        assert brief(match(tmp_path, roster=rows)) == set()


class TestAbsence:
    def go(self, out: str, back: str | None = None) -> list[dict[str, Any]]:
        crossings = [{"record_no": "B1", "person_id": "A123456789", "date": day(out), "direction": "out"}]
        if back:
            crossings.append({"record_no": "B2", "person_id": "A123456789", "date": day(back), "direction": "in"})
        return crossings

    @pytest.mark.parametrize(("out", "back", "want"), [
        ("0970428", None, A),
        ("0970401", "0971227", A),
        ("0970801", "0980131", B),  # 183 nights: 182 days inside, 183 when the day of leaving and that of return count too
        ("0970801", "0980201", A),
        ("0970801", "0980129", None),
        ("0980101", None, None),
        ("0960101", "0970601", None),
    ])  # fmt: skip
    def test_days_in_the_year_before_the_month(self, tmp_path: Path, out: str, back: str | None, want: str | None) -> None:
        found = brief(match(tmp_path, roster=[paid()], border_crossing=self.go(out, back)))
        assert found == ({("ABSENCE", want, ELA, (MAR,), 6000)} if want else set())

    def test_the_living_allowance_knew_no_such_condition_in_98(self, tmp_path: Path) -> None:
        rows = {"roster": [paid(DLA)], "border_crossing": self.go("0970401")}
        assert brief(match(tmp_path, **rows)) == set()
        assert ("ABSENCE", "no_rule") in stops(tmp_path, **rows)

    def test_a_return_that_was_not_recorded_counts_for_nothing(self, tmp_path: Path) -> None:
        crossings = [*self.go("0970401"), {"record_no": "B9", "person_id": "A123456789", "date": day("0980115"), "direction": "out"}]
        assert brief(match(tmp_path, roster=[paid()], border_crossing=crossings)) == set()

    def test_a_day_trip_in_any_order(self, tmp_path: Path) -> None:
        crossings = [
            {"record_no": "B1", "person_id": "A123456789", "date": day("0970601"), "direction": "in"},
            {"record_no": "B2", "person_id": "A123456789", "date": day("0970601"), "direction": "out"},
        ]
        assert brief(match(tmp_path, roster=[paid()], border_crossing=crossings)) == set()


class TestAge:
    def test_under_65(self, tmp_path: Path) -> None:
        young = {"birth": day("0330401")}
        assert brief(match(tmp_path, roster=[paid(**young)], household_register=[entry(**young)])) == {("AGE", A, ELA, (MAR,), 6000)}

    def test_the_month_of_the_birthday_is_due(self, tmp_path: Path) -> None:
        just = {"birth": day("0330331")}
        assert brief(match(tmp_path, roster=[paid(**just)], household_register=[entry(**just)])) == set()


class TestSettings:
    FARMER = {"benefit": ELA, "counterpart": "farmer_allowance", "law": "", "article": "", "effective_from": None}

    def own(self, enabled: bool, relation: Relation = Relation.CHOOSE_ONE, **more: Any) -> list[Exclusion]:
        return [Exclusion(**{**self.FARMER, "relation": relation, "county_code": "10004", "enabled": enabled, **more})]

    def test_switched_off_by_the_county(self, tmp_path: Path) -> None:
        rows = {"roster": [paid()], "benefit_elsewhere": [record(kind="farmer_allowance", month_from=MAR - 3, amount=6000)]}
        assert brief(match(tmp_path, own=self.own(False), **rows)) == set()
        assert ("ELSEWHERE", "county_off") in stops(tmp_path, own=self.own(False), **rows)

    def test_the_neighbour_keeps_the_nations_rule(self, tmp_path: Path) -> None:
        rows = [paid(county="10005")]
        found = match(
            tmp_path, own=self.own(False), roster=rows, household_register=[entry(county_code="10005")],
            benefit_elsewhere=[record(kind="farmer_allowance", month_from=MAR - 3, amount=6000)],
        )  # fmt: skip
        assert {d[0] for d in brief(found)} == {"ELSEWHERE"}

    def test_a_pair_only_this_county_has(self, tmp_path: Path) -> None:
        own = self.own(True, counterpart="unemployment_benefit", law="某縣自治條例", article="3")
        found = match(
            tmp_path, own=own, roster=[paid()], benefit_elsewhere=[record(kind="unemployment_benefit", month_from=MAR, amount=9000)]
        )
        one = only(found)
        assert (one["grade"], one["law"], one["own"]) == (A, "某縣自治條例", 1)

    def test_only_the_difference_may_be_paid(self, tmp_path: Path) -> None:
        own = self.own(True, Relation.TOP_UP)
        found = match(tmp_path, own=own, roster=[paid()], benefit_elsewhere=[record(kind="farmer_allowance", month_from=MAR, amount=4000)])
        assert brief(found) == {("ELSEWHERE", A, ELA, (MAR,), 4000)}


def test_the_same_facts_next_month_are_the_same_doubt(tmp_path: Path) -> None:
    death = [change("death", "0980105")]
    row = {"case_no": "10004ELA1"}
    first = only(match(tmp_path, MAR - 1, roster=[paid(month=MAR - 1, **row)], household_change=death))
    again = only(match(tmp_path, MAR, roster=[paid(**row)], household_change=death))
    assert first["fingerprint"] == again["fingerprint"]
    moved_date = only(match(tmp_path, MAR, roster=[paid(**row)], household_change=[change("death", "0980106")]))
    assert moved_date["fingerprint"] != first["fingerprint"]
