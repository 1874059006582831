"""County exclusion settings: entered by one person, approved by another, compared on one page, warned about where looser than the law."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from app.commands import exclusion_compare, parameters
from app.commands.base import Forbidden, NotFound, Refused
from app.models.exclusion import ExclusionPair
from app.rules.exclusions import Stance

ELA = "elderly_living_allowance"
JAN = dt.date(2009, 1, 1)
MARCH = dt.date(2009, 3, 15)


def setting(actor: Any, county: str, counterpart: str, relation: str, enabled: bool = True, approve: bool = True, **more: Any) -> int:
    row = parameters.propose_exclusion(
        actor(f"officer.{county}"), **{"benefit": ELA, "counterpart": counterpart, "relation": relation, "enabled": enabled, "effective_from": JAN, **more}
    )
    if approve:
        parameters.approve_exclusion(actor(f"director.{county}"), row)
    return row


def test_第二人核准前不算_核准後才列入比較(session: Any, actor: Any) -> None:
    row = setting(actor, "10004", "farmer_allowance", "choose_one", enabled=False, approve=False)
    with pytest.raises((Refused, Forbidden)):
        parameters.approve_exclusion(actor("officer.10004"), row)
    assert exclusion_compare.compare(session, ELA, MARCH).counts == {}
    with pytest.raises(NotFound):
        parameters.approve_exclusion(actor("director.10005"), row)
    parameters.approve_exclusion(actor("director.10004"), row)
    found = exclusion_compare.compare(session, ELA, MARCH)
    assert {c: (n.on, n.looser) for c, n in found.counts.items()} == {("10004", ELA): (0, 1)}
    assert found.count("10005", ELA) is None


@pytest.mark.parametrize(("counterpart", "relation", "enabled", "stance"), [
    ("farmer_allowance", "choose_one", True, Stance.SAME),
    ("farmer_allowance", "choose_one", False, Stance.LOOSER),
    ("farmer_allowance", "top_up", True, Stance.LOOSER),
    ("farmer_allowance", "suspend_a", True, Stance.STRICTER),
    ("monthly_retirement", "choose_one", True, Stance.STRICTER),
    ("unemployment_benefit", "choose_one", True, Stance.OWN),
])  # fmt: skip
def test_與全國規定相比(session: Any, actor: Any, counterpart: str, relation: str, enabled: bool, stance: Stance) -> None:
    setting(actor, "10004", counterpart, relation, enabled)
    (pair,) = [p for p in exclusion_compare.compare(session, ELA, MARCH).pairs if p.counterpart == counterpart]
    assert pair.settings["10004"].stance is stance
    assert exclusion_compare.compare(session, ELA, dt.date(2008, 12, 31)).counts == {}


def test_中央看到全部縣市_縣市只看到自己的(session: Any, actor: Any, client_as: Any) -> None:
    setting(actor, "10004", "farmer_allowance", "choose_one", enabled=False, law="新竹縣自治條例", article="3")
    setting(actor, "10005", "veteran_care", "top_up", enabled=True)
    url = f"/exclusion-comparison/?benefit={ELA}&on=98/3/15"
    page = client_as("ministry").get(url).text
    assert "比全國規定寬" in page and "新竹縣自治條例" in page and "補足差額" in page and "苗栗縣" in page
    rows = page.split("各縣市各津貼自訂條件數")[1].split("<tr>")
    (hsinchu,) = [r for r in rows if "新竹縣" in r]
    (taipei,) = [r for r in rows if "台北縣" in r]
    assert ">0 " in hsinchu and ">0" not in taipei and "未自訂" in taipei
    own = client_as("officer.10004").get(url).text
    assert "新竹縣自治條例" in own and "補足差額" not in own and "苗栗縣" not in own
    other = client_as("officer.10005").get(url).text
    assert "新竹縣" not in other and "補足差額" in other


def test_核准的人看到比法令寬的警告(session: Any, actor: Any, client_as: Any) -> None:
    loose = setting(actor, "10004", "farmer_allowance", "info_only", approve=False)
    strict = setting(actor, "10004", "monthly_retirement", "choose_one", approve=False)
    director = client_as("director.10004")
    assert "比全國規定寬" in director.get(f"/exclusions/show/{loose}").text
    assert "比全國規定寬" not in director.get(f"/exclusions/show/{strict}").text
    national = session.scalars(select(ExclusionPair.id).where(ExclusionPair.county_code.is_(None)).limit(1)).one()
    assert "比全國規定寬" not in director.get(f"/exclusions/show/{national}").text


def test_日期看不懂與未知津貼(client_as: Any) -> None:
    page = client_as("ministry").get("/exclusion-comparison/?on=abc&benefit=nothing").text
    assert "不是日期" in page and "逐項比較" in page
