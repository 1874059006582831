"""A county that has entered who sends its letters, and cases decided there."""

import pytest

from app.commands.notices import senders
from tests.casework.conftest import Desk, county_settings, desk  # noqa: F401  (fixtures)
from tests.seed import HOME_TOWN

COUNTY = {
    "agency": "新竹縣政府", "head_title": "縣長", "head_name": "范測試", "word": "府社救字", "address": "302099 新竹縣竹北市光明六路10號",
    "unit": "社會處社會救助科", "phone": "03-5518101 轉 100",
}  # fmt: skip
TOWN = {**COUNTY, "agency": "竹北市公所", "head_title": "市長", "head_name": "鄭測試", "word": "竹市社字", "unit": "社會課"}


@pytest.fixture
def offices(actor):
    """Both offices have entered their head and address."""
    senders.add_sender(actor("director.10004"), **COUNTY)
    senders.add_sender(actor(f"chief.{HOME_TOWN}"), **TOWN)


@pytest.fixture
def granted(desk, offices):  # noqa: F811
    """The decision that grants a widower the allowance; `desk.case` is the case."""
    desk.open().fill(children=[(45, 42_000)]).to_decision()
    return desk.approve()


@pytest.fixture
def rejected(desk, offices):  # noqa: F811
    """The decision that refuses a family that earns too much."""
    desk.open().fill(children=[(45, 95_000), (40, 88_000)])
    desk.submit().complete().first_review("fail").forward().second_review()
    return desk.reject()
