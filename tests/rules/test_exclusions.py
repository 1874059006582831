"""Exclusion pairs, county settings, and the living allowance beside every other benefit."""

import datetime as dt

import pytest

from app.core import roc
from app.core.months import Months
from app.rules import exclusions
from app.rules.benefits import benefit, benefits, code_of_short
from app.rules.elderly_living_allowance import decide
from app.rules.exclusions import CountyState, Exclusion, Relation, county_defined, county_state, merged, pairs_for, reference
from app.rules.facts import OtherBenefit
from app.rules.trace import Answer, Decision

from .families import HSINCHU, MARCH_98, case, earning, parameters

ELA = "elderly_living_allowance"
JAN = roc.month(98, 1)


def with_other(kind: str, pairs: tuple[Exclusion, ...] | None = None, **more: object) -> Decision:
    fields = {"first": JAN, **more}
    return decide(case(other_benefits=(OtherBenefit(kind, **fields),)), parameters(), pairs)


@pytest.mark.parametrize(
    "kind",
    [
        "farmer_allowance",
        "np_old_age_guaranteed",
        "np_disability_guaranteed",
        "disability_living_allowance",
        "veteran_care",
        "same_benefit_other_county",
    ],
)
def test_第12條擇一領取_正在領取者不得再領(kind: str) -> None:
    got = with_other(kind)
    assert got.eligible is Answer.NO
    line = got.failed()[0]
    assert line.code == f"other.{kind}" and "第" in line.article and "放棄" in line.note


def test_老農津貼已於2月停領_自3月起發給() -> None:
    got = with_other("farmer_allowance", last=roc.month(98, 2))
    assert got.eligible is Answer.YES and got.start_month == roc.month(98, 3)


def test_申請月起算但當月仍領老農_自次月起() -> None:
    facts = case(application_date=roc.parse_date("98/1/5"), other_benefits=(OtherBenefit("farmer_allowance", JAN, roc.month(98, 2)),))
    got = decide(facts, parameters())
    assert got.months == Months.of((roc.month(98, 3), None))


def test_將來才起領的津貼_發到前一個月() -> None:
    got = with_other("np_old_age_guaranteed", first=roc.month(98, 6))
    assert got.eligible is Answer.YES
    assert roc.month(98, 5) in got.months and roc.month(98, 6) not in got.months


def test_身障生活補助在98年與101年都要擇一() -> None:
    assert any(e.counterpart == "disability_living_allowance" for e in pairs_for(ELA, MARCH_98))
    assert any(e.counterpart == "disability_living_allowance" for e in pairs_for(ELA, dt.date(2013, 1, 1)))


@pytest.mark.parametrize(("detail", "compatible", "eligible"), [
    ("residential", None, Answer.NO), ("residential", True, Answer.YES), ("night", None, Answer.NO), ("day", None, Answer.UNKNOWN),
    ("day", True, Answer.YES), ("day", False, Answer.NO), ("", None, Answer.UNKNOWN),
])  # fmt: skip
def test_托育養護_住宿停發_日間由縣認定(detail: str, compatible: bool | None, eligible: Answer) -> None:
    assert with_other("disability_care_subsidy", detail=detail, compatible=compatible).eligible is eligible


@pytest.mark.parametrize("kind", ["monthly_retirement", "lump_sum_retirement", "social_insurance_pension"])
def test_僅列為收入者不排斥(kind: str) -> None:
    assert with_other(kind).eligible is Answer.YES


@pytest.mark.parametrize(
    ("amount", "eligible"), [(5_000, Answer.YES), (11_280, Answer.YES), (11_281, Answer.UNKNOWN), (None, Answer.UNKNOWN)]
)
def test_低收入戶第二三款_合計不得超過基本工資(amount: int | None, eligible: Answer) -> None:
    assert with_other("low_income_class23", amount=amount).eligible is eligible


@pytest.mark.parametrize("kind", ["county_senior_allowance", "low_income_class1", "np_old_age_addon"])
def test_法源未查得者_未定_縣認定後才定(kind: str) -> None:
    assert with_other(kind).eligible is Answer.UNKNOWN
    assert with_other(kind, compatible=True).eligible is Answer.YES


def test_未列於互斥規定的津貼_由縣認定() -> None:
    assert with_other("something_new").eligible is Answer.UNKNOWN
    assert with_other("something_new", compatible=True).eligible is Answer.YES
    assert with_other("something_new", compatible=False).eligible is Answer.NO


def test_縣設定敬老津貼擇一之後_結果確定() -> None:
    own = (county("county_senior_allowance", Relation.CHOOSE_ONE),)
    assert with_other("county_senior_allowance", merged(reference(), own, HSINCHU, MARCH_98)).eligible is Answer.NO
    free = (county("county_senior_allowance", Relation.NONE),)
    assert with_other("county_senior_allowance", merged(reference(), free, HSINCHU, MARCH_98)).eligible is Answer.YES


def test_重疊月份以外不生影響() -> None:
    assert with_other("farmer_allowance", last=roc.month(97, 12), first=roc.month(97, 1)).eligible is Answer.YES


def test_查核過沒有其他津貼_要寫出查核結果() -> None:
    line = next(x for x in decide(earning(0), parameters()).trace if x.code == "other_benefits")
    assert "未領有" in line.measured and "老年農民福利津貼" in line.limit and "第12條" in line.article


# --- 互斥表與縣市設定


def county(
    counterpart: str, relation: Relation = Relation.CHOOSE_ONE, enabled: bool = True, since: str = "98/1/1", **more: object
) -> Exclusion:
    return Exclusion(ELA, counterpart, relation, "", "", roc.parse_date(since), county_code=HSINCHU, enabled=enabled, **more)


def test_互斥表讀入_代碼都換成正式津貼代碼() -> None:
    assert len(reference()) > 100
    assert {e.benefit for e in reference()} - set(benefits()) == {"SCA"}
    assert all(isinstance(e.relation, Relation) for e in reference())
    assert next(e for e in reference() if e.counterpart == "farmer_allowance").article_zh == "中低收入老人生活津貼發給辦法第12條"


@pytest.mark.parametrize(
    ("short", "text"),
    [
        ("12", "第12條"), ("5-1", "第5條之1"), ("4 VI", "第4條第6項"), ("4 I(5)", "第4條第1項第5款"), ("2(3)", "第2條第3款"), ("2,6", "第2條、第6條"),
        ("7(98年版)", "第7條（98年版）"), ("", ""), ("另定", "另定"),
    ],
)  # fmt: skip
def test_條次寫成中文(short: str, text: str) -> None:
    assert exclusions.article_text(short) == text


def test_兩部法規各自對應條次() -> None:
    pair = next(e for e in reference() if e.article == "8 I(3)/15")
    assert pair.article_zh == "身心障礙者生活托育養護費用補助辦法第8條第1項第3款、身心障礙者權益保障法第15條"


def test_內建資料的來源與單位都是中文() -> None:
    from app.rules import parameters as values

    for text in [*(e.source for e in reference()), *(p.source for p in values.reference()), *(p.unit for p in values.reference())]:
        assert not any("a" <= c.lower() <= "z" for c in text), text


def test_生效日之前的互斥不適用() -> None:
    day = dt.date(2008, 9, 30)
    assert not any(e.counterpart == "farmer_allowance" for e in pairs_for(ELA, day))
    assert any(e.counterpart == "farmer_allowance" for e in pairs_for(ELA, dt.date(2008, 10, 1)))


def test_縣市沒有設定_與設定為停用_是兩回事() -> None:
    off = (county("farmer_allowance", enabled=False),)
    assert county_state((), HSINCHU, ELA, "farmer_allowance", MARCH_98) is CountyState.NO_ROW
    assert county_state(off, HSINCHU, ELA, "farmer_allowance", MARCH_98) is CountyState.OFF
    assert county_state(off, "10005", ELA, "farmer_allowance", MARCH_98) is CountyState.NO_ROW
    assert county_defined((), HSINCHU, ELA, MARCH_98) is None
    assert county_defined(off, HSINCHU, ELA, MARCH_98) is False
    assert county_defined((*off, county("death")), HSINCHU, ELA, MARCH_98) is True


def test_縣市設定依日期_較晚起算者為準() -> None:
    rows = (county("death", since="97/1/1"), county("death", enabled=False, since="98/1/1"))
    assert county_state(rows, HSINCHU, ELA, "death", roc.parse_date("97/12/31")) is CountyState.ON
    assert county_state(rows, HSINCHU, ELA, "death", MARCH_98) is CountyState.OFF


def test_合併_縣市列取代全國列_停用者保留但標示_縣市獨有者在後() -> None:
    own = (county("farmer_allowance", enabled=False), county("gold_card", Relation.CAP_SUM))
    rows = merged(reference(), own, HSINCHU, MARCH_98)
    pair = next(e for e in rows if e.benefit == ELA and e.counterpart == "farmer_allowance")
    assert not pair.enabled and pair.county_code == HSINCHU and pair.article == "12", "縣市未填的條次沿用全國"
    assert rows[-1].counterpart == "gold_card"
    assert all(e.enabled for e in exclusions.active(rows))
    assert not any(e.counterpart == "farmer_allowance" and e.benefit == ELA for e in exclusions.active(rows))


def test_別縣的設定不影響本縣() -> None:
    other = (county("farmer_allowance", enabled=False),)
    assert all(e.enabled for e in merged(reference(), other, "10005", MARCH_98))


# --- 津貼目錄


def test_十種津貼與登記() -> None:
    assert len(benefits()) == 10
    assert [b.code for b in benefits().values() if not b.pays] == ["disability_register", "parking_permit"]
    assert code_of_short()["ELA"] == ELA
    assert benefit(ELA).steps == ("preliminary_review", "second_review", "approval")
    assert benefit("low_income_living_assistance").payment_unit == "household"
    with pytest.raises(KeyError):
        benefit("nothing")
