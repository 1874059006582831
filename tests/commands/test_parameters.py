"""Settings: delivered once, proposed by one person, approved by another, in force from their day, and county files all or nothing."""

import datetime as dt
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from app.commands import exclusion_file, parameters
from app.commands.base import Forbidden, NotFound, Refused
from app.commands.exclusion_file import BadSettings, load_county_exclusions
from app.extensions import db
from app.models.audit import AuditEntry
from app.models.exclusion import ExclusionPair
from app.models.parameter import Parameter
from app.rules import exclusions as law_pairs
from app.rules import parameters as law_values
from app.rules.exclusions import CountyState
from app.rules.parameters import Missing
from app.security.actor import Actor

MARCH = dt.date(2009, 3, 15)
JAN = dt.date(2009, 1, 1)
ELA = "elderly_living_allowance"
HEAD = "county_code,benefit,counterpart,relation,enabled,effective_from,effective_to,law,article,note\n"
SYSTEM = Actor.system("test")


def propose(actor: Any, **changes: Any) -> int:
    return parameters.propose_parameter(
        actor, **{"name": "average_consumption", "value": "18,465", "effective_from": JAN, "source": "主計處98年公布", **changes}
    )


def test_內建資料載入一次_再載入不變(session: Any) -> None:
    assert session.scalar(select(func.count()).select_from(Parameter)) == len(law_values.reference())
    assert session.scalar(select(func.count()).select_from(ExclusionPair)) == len(law_pairs.reference())
    parameters.load_reference(session)
    assert session.scalar(select(func.count()).select_from(Parameter)) == len(law_values.reference())


def test_資料庫內容與內建檔逐列相同(session: Any) -> None:
    in_force = parameters.parameters_in_force(session, "10004")
    assert sorted(map(repr, in_force.rows())) == sorted(map(repr, law_values.reference()))
    national, settings = parameters.exclusion_rows(session)
    assert national == law_pairs.reference() and settings == ()


def test_一人登錄_另一人核准後才生效_全程留下稽核(session: Any, actor: Any) -> None:
    row = propose(actor("officer.10004"))
    assert isinstance(parameters.parameters_in_force(session, "10004").on(MARCH, "average_consumption"), Missing)
    parameters.approve_parameter(actor("director.10004"), row)
    found = parameters.parameters_in_force(session, "10004").need(MARCH, "average_consumption")
    assert found.value == 18_465 and found.county_code == "10004" and found.source == "主計處98年公布"
    assert isinstance(parameters.parameters_in_force(session, "10005").on(MARCH, "average_consumption"), Missing)
    events = set(session.scalars(select(AuditEntry.event).where(AuditEntry.subject_table == "parameter")))
    assert events == {"parameter.proposed", "parameter.approve"}


def test_登錄者不可核准自己的設定(session: Any, actor: Any) -> None:
    row = propose(actor("director.10004"))
    with pytest.raises(Refused, match="同一人"):
        parameters.approve_parameter(actor("director.10004"), row)


def test_資料庫也擋下同一人核准(session: Any, actor: Any) -> None:
    row = session.get(Parameter, propose(actor("officer.10004")))
    row.approved_by_id = row.entered_by_id
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_公所與他縣不得登錄或核准(session: Any, actor: Any) -> None:
    with pytest.raises(Forbidden):
        propose(actor("clerk.10004010"))
    with pytest.raises(Refused, match="本縣"):
        propose(actor("officer.10004"), county_code="10005")
    row = propose(actor("officer.10004"))
    with pytest.raises(NotFound):
        parameters.approve_parameter(actor("director.10005"), row)
    with pytest.raises(Forbidden):
        parameters.approve_parameter(actor("officer.10004"), row)


def test_中央登錄全國參數_縣不得登錄全國(session: Any, actor: Any) -> None:
    row = session.get(Parameter, propose(actor("ministry"), name="basic_wage", value="17,880"))
    assert row.county_code is None and row.region == "全國"
    with pytest.raises(Refused, match="縣市自行登錄"):
        propose(actor("ministry"), county_code="10004")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"value": "不詳"}, "不是數字"),
        ({"value": ""}, "請填數值"),
        ({"value": "-1"}, "負數"),
        ({"value": "1/0"}, "不是數字"),
        ({"name": "something"}, "目錄"),
        ({"source": " "}, "來源"),
        ({"effective_from": None}, "生效日期"),
        ({"effective_to": dt.date(2008, 12, 31)}, "不可早於"),
    ],
)
def test_登錄不完整就說明要補什麼(session: Any, actor: Any, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        propose(actor("officer.10004"), **changes)


def test_利率以精確分數保存(session: Any, actor: Any) -> None:
    row = propose(actor("officer.10004"), name="deposit_interest_rate", value="0.01325")
    session.expire_all()
    assert session.get(Parameter, row).value == Fraction(1325, 100_000)


def test_較新核准的同日設定優先_撤回後回復(session: Any, actor: Any) -> None:
    def current() -> Any:
        return parameters.parameters_in_force(session, "10004").need(MARCH, "average_consumption").value

    first, second = propose(actor("officer.10004")), propose(actor("officer.10004"), value="19000")
    for row in (first, second):
        parameters.approve_parameter(actor("director.10004"), row)
    assert current() == 19_000
    with pytest.raises(Refused, match="理由"):
        parameters.withdraw_parameter(actor("director.10004"), second)
    parameters.withdraw_parameter(actor("director.10004"), second, comment="誤植")
    assert current() == 18_465


def test_別的連線改了數值_立刻適用_未存檔的不留下(session: Any, actor: Any) -> None:
    """What is kept of a look-up hangs on the rows themselves, so no process has to tell another."""

    def in_force() -> Any:
        return parameters.parameters_in_force(session, "10004")

    def value() -> Any:
        return in_force().need(MARCH, "average_consumption").value

    row = propose(actor("officer.10004"))
    parameters.approve_parameter(actor("director.10004"), row)
    assert value() == 18_465 and in_force() is in_force()
    session.rollback()
    with db.engine.begin() as elsewhere:
        elsewhere.execute(update(Parameter.__table__).where(Parameter.__table__.c.id == row).values(value=19_000))
    assert value() == 19_000
    session.execute(update(Parameter).where(Parameter.id == row).values(value=20_000))
    assert value() == 20_000
    session.rollback()
    assert value() == 19_000


def test_別的連線停用互斥_立刻適用(session: Any) -> None:
    def enabled() -> bool:
        rows = parameters.exclusions_in_force(session, "10004", MARCH)
        return next(p for p in rows if p.benefit == ELA and p.counterpart == "farmer_allowance").enabled

    assert enabled()
    session.rollback()
    table = ExclusionPair.__table__
    with db.engine.begin() as elsewhere:
        elsewhere.execute(update(table).where(table.c.benefit == ELA, table.c.counterpart == "farmer_allowance").values(enabled=False))
    assert not enabled()


def test_內建參數不能撤回(session: Any, actor: Any) -> None:
    row = session.scalar(select(Parameter).where(Parameter.name == "basic_wage"))
    with pytest.raises(Refused, match="內建"):
        parameters.withdraw_parameter(actor("ministry"), row.id, comment="試")


def test_不予核准要有理由_且不生效(session: Any, actor: Any) -> None:
    row = propose(actor("officer.10004"))
    parameters.reject_parameter(actor("director.10004"), row, comment="來源不符")
    assert session.get(Parameter, row).state == "rejected"
    assert isinstance(parameters.parameters_in_force(session, "10004").on(MARCH, "average_consumption"), Missing)


def test_縣登錄互斥設定_核准後取代全國列(session: Any, actor: Any) -> None:
    row = parameters.propose_exclusion(
        actor("officer.10004"), benefit="ELA", counterpart="farmer_allowance", relation="choose_one", enabled=False, effective_from=JAN
    )
    parameters.approve_exclusion(actor("director.10004"), row)
    rows = parameters.exclusions_in_force(session, "10004", MARCH)
    pair = next(p for p in rows if p.benefit == ELA and p.counterpart == "farmer_allowance")
    assert not pair.enabled and pair.county_code == "10004" and pair.article == "12"
    other = parameters.exclusions_in_force(session, "10005", MARCH)
    assert next(p for p in other if p.benefit == ELA and p.counterpart == "farmer_allowance").enabled


# --- 設定檔


def load(tmp_path: Path, text: str, encoding: str = "utf-8-sig") -> exclusion_file.Loaded:
    file = tmp_path / "exclusions.csv"
    file.write_bytes((HEAD + text).encode(encoding))
    return load_county_exclusions(SYSTEM, file)


ROW = f"10004,{ELA},farmer_allowance,choose_one,Y,0980101,,中低收入老人生活津貼發給辦法,12,本縣沿用\n"
OFF = f"10004,{ELA},county_senior_allowance,choose_one,N,0980101,,,,\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp950"])
def test_載入設定檔_再載入相同內容不變(session: Any, tmp_path: Path, encoding: str) -> None:
    got = load(tmp_path, ROW + OFF, encoding)
    assert (got.rows, got.added, got.replaced, got.unchanged, got.counties) == (2, 2, 0, 0, ("10004",))
    assert load(tmp_path, ROW + OFF, encoding).unchanged == 2
    _, settings = parameters.exclusion_rows(session)
    assert law_pairs.county_state(settings, "10004", ELA, "farmer_allowance", MARCH) is CountyState.ON
    assert law_pairs.county_state(settings, "10004", ELA, "county_senior_allowance", MARCH) is CountyState.OFF
    assert law_pairs.county_state(settings, "10004", ELA, "veteran_care", MARCH) is CountyState.NO_ROW
    assert law_pairs.county_defined(settings, "10005", ELA, MARCH) is None


def test_同一對同一生效日的新內容取代舊內容_舊列留存(session: Any, tmp_path: Path) -> None:
    load(tmp_path, ROW)
    assert load(tmp_path, ROW.replace(",Y,", ",N,")).replaced == 1
    states = sorted(session.scalars(select(ExclusionPair.state).where(ExclusionPair.county_code == "10004")))
    assert states == ["approved", "withdrawn"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (ROW.replace("10004", "99999"), "第 2 列：縣市代碼「99999」不存在"),
        (ROW.replace(ELA, "nothing"), "津貼代碼「nothing」不在目錄內"),
        (ROW.replace("choose_one", "maybe"), "關係「maybe」不正確"),
        (ROW.replace(",Y,", ",是,"), "啟用「是」不正確"),
        (ROW.replace("0980101", "0980231"), "生效日期"),
        (ROW.replace("0980101,", "0980101,0971231"), "早於生效日期"),
        (ROW.replace("farmer_allowance", ""), "「對象」未填"),
        (ROW + ROW, "第 3 列：與第 2 列是同一縣市"),
    ],
)
def test_有一列錯誤_整檔不載入_逐列說明(session: Any, tmp_path: Path, row: str, why: str) -> None:
    with pytest.raises(BadSettings, match="整檔未載入") as caught:
        load(tmp_path, OFF.replace("county_senior", "paralysis_living") + row if "第" not in why else row)
    assert any(why in fault for fault in caught.value.faults), caught.value.faults
    assert parameters.exclusion_rows(session)[1] == ()


def test_缺欄位_空檔_不認得的對象(session: Any, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("county_code,benefit\n10004,ELA\n", encoding="utf-8")
    with pytest.raises(Refused, match="缺少必要欄位"):
        load_county_exclusions(SYSTEM, file)
    with pytest.raises(Refused, match="沒有任何設定列"):
        load(tmp_path, "")
    assert "不在目錄內" in load(tmp_path, ROW.replace("farmer_allowance", "gold_card")).notices[0]


def test_短代碼與全形也讀得懂(session: Any, tmp_path: Path) -> None:
    load(tmp_path, "10004,ELA,DLA,choose_one,Ｙ,98/1/1,,,,\n")
    (setting,) = parameters.exclusion_rows(session)[1]
    assert (setting.benefit, setting.counterpart) == (ELA, "disability_living_allowance")


def test_指令列印出結果與錯誤(app: Any, tmp_path: Path) -> None:
    file = tmp_path / "exclusions.csv"
    file.write_text(HEAD + ROW, encoding="utf-8")
    from app import cli

    done = app.test_cli_runner().invoke(cli.load(), ["settings", "exclusions", str(file), "--json"])
    assert done.exit_code == 0 and '"added": 1' in done.stdout, done.output
    file.write_text(HEAD + ROW.replace("choose_one", "x"), encoding="utf-8")
    broken = app.test_cli_runner().invoke(cli.load(), ["settings", "exclusions", str(file)])
    assert broken.exit_code == 1 and "第 2 列" in broken.stderr
