"""The demo county's own benefits: the two delivered proposals with invented articles and values, put in force by two people, and one in writing."""

import datetime as dt
from dataclasses import replace
from typing import Any

from app.commands import local_benefits, parameters
from app.models.local_benefit import LocalBenefitVersion
from app.rules.local_definition import AmountRow, LocalDocument, LocalTest, LocalVersion
from app.rules.local_examples import Told, example_of

from . import places
from .accounts import DIRECTOR, OFFICER, OFFICER2, Staff

SETTINGS = (
    ("county_senior_allowance.age", "65"),
    ("paralysis_living_allowance", "5000"),
    ("paralysis_living_allowance.registered_months", "6"),
)
SOURCE = "示範縣設定，非真實數值"
_BASE: dict[str, Any] = {"lives_at_registration": True, "public_placement": False, "in_custody": False, "registered_since": dt.date(1995, 3, 1)}
SENIOR: dict[str, Any] = {
    **_BASE, "days_in_taiwan": 360, "own_income": 120_000, "own_real_estate": 800_000, "finding_public_pension": False,
    "finding_active_public_employee": False,
}  # fmt: skip
PARALYSED: dict[str, Any] = {
    **_BASE, "card_held": True, "card_grade": "profound", "card_classes": "7", "card_permanent": True, "finding_bedridden": True,
    "finding_institution": False,
}  # fmt: skip


def define(staff: Staff) -> None:
    """Settings, definitions and their activation, through the product's own commands."""
    for name, value in SETTINGS:
        row = parameters.propose_parameter(staff.actor(OFFICER), name, value, dt.date(2008, 1, 1), SOURCE, note="示範")
        parameters.approve_parameter(staff.actor(DIRECTOR), row)
    for code in ("county_senior_allowance", "paralysis_living_allowance"):
        pk = local_benefits.adopt(staff.actor(OFFICER), code)
        local_benefits.save_draft(staff.actor(OFFICER), pk, _filled(_stored(staff, pk)))
        local_benefits.propose(staff.actor(OFFICER), pk)
        local_benefits.activate(staff.actor(DIRECTOR), pk, "示範縣的假設規定")
    pk = local_benefits.create_benefit(staff.actor(OFFICER2), "示範縣百歲敬老金", "百歲", "C100")
    local_benefits.save_draft(staff.actor(OFFICER2), pk, _centenarian())
    local_benefits.propose(staff.actor(OFFICER2), pk, "請主管確認後啟用")


def _stored(staff: Staff, pk: int) -> LocalVersion:
    return local_benefits.version_of(staff.session.get_one(LocalBenefitVersion, pk))


def _filled(version: LocalVersion) -> LocalVersion:
    """The proposal as an invented county would complete it: every article, every exclusion decided, the grant among the examples."""
    examples = tuple(
        replace(e, name=e.name.replace("：確認前尚無法認定", ""), eligible="yes", amount=3_000) if e.eligible == "unknown" else e
        for e in version.examples
    )
    return replace(
        version,
        law="示範縣自治規定（假設）",
        who=version.who.replace("（建議，由縣府確認）", ""),
        amount_article="第5條（示範）",
        tests=tuple(replace(t, article=f"第3條第{i}款（示範）", edge="in") for i, t in enumerate(version.tests, 1)),
        amounts=tuple(replace(a, article="第5條（示範）") for a in version.amounts),
        exclusions=tuple(replace(x, article="第6條（示範）", note="", confirmed=True) for x in version.exclusions),
        confirmed=True,
        examples=examples,
    )


def _centenarian() -> LocalVersion:
    def told(name: str, born: dt.date, eligible: str) -> Any:
        values = {"birth": born, "registered": True, "registered_since": dt.date(2000, 1, 1)}
        return example_of(Told(name, dt.date(2026, 10, 1), eligible, 10_000 if eligible == "yes" else None, dict(values), {}), places.COUNTY)

    return LocalVersion(
        number=1,
        effective_from=dt.date(2026, 1, 1),
        law="示範縣百歲敬老金發給要點（假設）",
        who="設籍本縣滿一年且年滿一百歲之老人",
        rhythm="yearly",
        tests=(
            LocalTest("registered", "第2點第1款"), LocalTest("registered_months", "第2點第2款", limit=12),
            LocalTest("age_at_least", "第2點第3款", limit=100),
        ),
        amounts=(AmountRow(10_000, article="第3點"),),
        documents=(LocalDocument("application_form"), LocalDocument("identity"), LocalDocument("power_of_attorney", False)),
        examples=(told("生日當天滿百歲", dt.date(1926, 10, 1), "yes"), told("差一天滿百歲", dt.date(1926, 10, 2), "no")),
    )  # fmt: skip
