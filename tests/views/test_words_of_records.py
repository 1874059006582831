"""Days, months and versions that are stored as codes are read by people as everywhere else."""

import pytest

from app.models.award import AwardChange
from app.models.care_institution import CareContract
from app.models.exchange import Batch
from app.rules import versions
from app.views.base_timeline import _pair
from app.views.trail import subject_name


@pytest.mark.parametrize(
    ("model", "key", "stored", "read"),
    [
        (CareContract, "since", "1150901", "115/09/01"),
        (CareContract, "since", ["1150901", "1151001"], "115/09/01 → 115/10/01"),
        (AwardChange, "month", "11511", "115年11月"),
        (Batch, "month", "11508", "115年8月"),
        (CareContract, "since", "不是日期", "不是日期"),
        (CareContract, "since", "", ""),
    ],
)
def test_days_and_months_in_a_history(app, model, key, stored, read):
    assert _pair(model, key, stored)[1] == read


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ("DLA-109-01-01/DLA-100", "109/01/01 版（家庭人口依 100 年版）"),
        ("CYLA-102-01-01", "102/01/01 版"),
        ("DREG-96", "96 年版"),
        ("paralysis_living_allowance-3", "第 3 版"),
    ],
)
def test_the_version_of_a_law(code, read):
    assert versions.shown(code) == read


def test_a_roster_in_the_trail(app):
    assert subject_name("10004/11509/elderly_living_allowance").endswith("　115年9月　中低收入老人生活津貼")
