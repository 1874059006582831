"""Bad input through the real form: each case has its sentence at its field, and is refused, warned of, or marked as not known."""

import re

import pytest

from app.core import clock, identity, roc
from app.models.application import Application
from tests.casework.conftest import Desk, person_id
from tests.casework.test_screens import BASE, clerk, fill, save, start, version

__all__ = ["clerk"]

WRONG_CHECK = identity.with_check_digit("J10000009")[:9] + str((int(identity.with_check_digit("J10000009")[9]) + 1) % 10)
CHILD = {"m2-relation": "child", "m2-name": "范志明", "m2-person_id": person_id(31), "m2-birth": "65/3/1", "m2-sex": "M", "m2-lives_together": "n",
         "m2-same_registration": "n", "m2-claims_dependant": "n", "m2-employed": "y"}  # fmt: skip
WAGE = {"m1-tax_year": "114", "m2-tax_year": "114", "m2-i0-kind": "wage", "m2-i0-amount": "480000", "m2-i0-per": "year", "m2-i0-source": "tax"}
LAND = {"m1-tax_year": "114", "m2-tax_year": "114", "m1-a0-kind": "land", "m1-a0-value": "100", "m1-a0-share_num": "1", "m1-a0-share_den": "1",
        "m1-a0-source": "tax"}  # fmt: skip
TODAY = {"household_taken_on": roc.show_date(clock.today())}

ROWS = [
    # what is wrong, section, what is typed over a complete form, the sentence, refuse | warn | unknown, stopped at the field already?
    ("wrong checksum of a member", "household", {**CHILD, **TODAY, "m2-person_id": WRONG_CHECK}, "檢查碼不符", "warn", False),
    ("a day that does not exist", "household", {**CHILD, **TODAY, "m2-birth": "65/2/30"}, "日期", "refuse", True),
    ("born tomorrow", "household", {**CHILD, **TODAY, "m2-birth": "150/1/1"}, "出生日期在今天之後", "refuse", False),
    ("died before being born", "household", {**CHILD, **TODAY, "m2-death": "60/1/1"}, "死亡日期早於出生日期", "refuse", False),
    ("a child older than the mother", "household", {**CHILD, **TODAY, "m2-birth": "30/1/1"}, "早於范秀妹", "refuse", False),
    ("a child ten years younger than the mother", "household", {**CHILD, **TODAY, "m2-birth": "47/1/1"}, "請核對", "warn", False),
    ("the mother younger than the applicant", "household", {**CHILD, **TODAY, "m2-relation": "parent", "m2-birth": "50/1/1"}, "晚於范秀妹", "refuse", False),
    ("the same number twice", "household", {**CHILD, **TODAY, "m2-person_id": person_id(7, "F")}, "統一編號相同", "refuse", False),
    ("negative income", "means", {**WAGE, "m2-i0-amount": "-1"}, "不可為負", "refuse", False),
    ("share 0/0", "means", {**LAND, "m1-a0-share_num": "0", "m1-a0-share_den": "0"}, "持分不可大於 1", "refuse", True),
    ("share 3/2", "means", {**LAND, "m1-a0-share_num": "3", "m1-a0-share_den": "2"}, "持分不可大於 1", "refuse", True),
    ("a tax year of the western calendar", "means", {**WAGE, "m2-tax_year": "2025"}, "請填民國年", "refuse", False),
    ("tax year missing", "means", {**WAGE, "m2-tax_year": ""}, "財稅資料尚未查調", "unknown", False),
    ("tax year too old", "means", {**WAGE, "m2-tax_year": "110"}, "應查調 114 年度", "unknown", False),
    ("an income without an amount", "means", {**WAGE, "m2-i0-amount": ""}, "沒有金額", "unknown", False),
]


@pytest.fixture
def filled(clerk):
    pk = start(clerk)
    fill(clerk, pk)
    return pk


@pytest.mark.parametrize(("section", "typed", "words", "level", "at_field"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS])
def test_each_has_its_sentence_its_place_and_its_rule(clerk, filled, session, section, typed, words, level, at_field):
    answer = save(clerk, filled, section, **typed)
    if at_field:
        assert answer.status_code == 422
        fields = re.findall(r'<span class="field-message"[^>]*>([^<]*)</span>|class="field-message"[^>]*>([^<]*)<', answer.text)
        assert any(words in "".join(f) for f in fields), fields
    else:
        assert answer.status_code == 303
    summary = clerk.get(f"{BASE}/intake/{filled}/summary").text
    said = re.findall(rf'<li class="problem-{level}">(.*?)</li>', summary, re.S)
    names = {"household": "范志明　出生日期", "means": "范秀妹　第 1 筆財產　持分"}
    assert any((words in s) if not at_field else ("看不懂" in s and names[section] in s) for s in said), said
    assert all(f"/intake/{filled}/{section}" in s for s in said if words in s), "the sentence leads to its section"
    at_fields = re.findall(r'<span class="field-message[^>]*>([^<]*)</span>', clerk.get(f"{BASE}/intake/{filled}/{section}").text)
    assert at_field or any(words in s for s in at_fields), at_fields
    answer = clerk.post(f"{BASE}/intake/{filled}/summary", data={"_seen_version": version(clerk, filled)})
    assert (answer.status_code, session.get(Application, filled).state) == ((422, "draft") if level == "refuse" else (303, "submitted"))


def test_what_is_not_known_is_never_counted_as_nothing(clerk, filled, desk):
    save(clerk, filled, "means", **{**WAGE, "m2-tax_year": ""})
    page = clerk.get(f"{BASE}/intake/{filled}/summary").text
    assert re.search(r"平均每人每月</dt><dd>尚無法認定", page) and "試算：符合" not in page


def test_a_wrong_checksum_of_the_applicant_must_be_confirmed(clerk):
    form = {"person_id": WRONG_CHECK, "name": "范秀妹", "birth": "37/5/6", "sex": "M", "registered_address": "新竹縣竹北市福坪里1鄰"}
    answer = clerk.post(f"{BASE}/open", data=form)
    assert answer.status_code == 422 and "檢查碼不符" in answer.text and "證件確實如此" in answer.text
    assert clerk.post(f"{BASE}/open", data={**form, "checksum_confirmed": "y"}).status_code == 303


def test_two_open_cases_for_one_benefit(clerk, filled):
    answer = clerk.post(f"{BASE}/open", data={"person_id": person_id(7, "F"), "name": "范秀妹", "birth": "37/5/6", "sex": "F", "registered_address": "竹北"})
    assert answer.status_code == 422 and "已有審核中的申請案" in answer.text


def test_a_member_counted_in_two_households(clerk, filled, actor, session):
    other = Desk(actor, session)
    other.open(n=60, name="范大伯").save(members=[{"position": 2, "relation": "child", "person_id": person_id(31), "name": "范志明", "sex": "M",
        "birth": roc.parse_date("65/3/1"), "employed": True}])  # fmt: skip
    page = clerk.get(f"{BASE}/intake/{filled}/summary").text
    said = "".join(re.findall(r'<li class="problem-warn">(.*?)</li>', page, re.S))
    assert "范志明也列計於另一件審核中的同項申請案" in said and other.case.case_no not in page
    assert re.search(r'id="m2-person_id-said"><span class="field-message field-warning">范志明也列計於', clerk.get(f"{BASE}/intake/{filled}/household").text)
