"""Who is counted: every clause, with and without living together, and what is not yet known."""

import datetime as dt

import pytest

from app.rules import household
from app.rules.facts import Member
from app.rules.household import DLA_101, ELA_96, SAA_97, SAA_100, MemberLaw, counted_members, member_law
from app.rules.trace import CountedMember

from .families import MARCH_98, MARCH_113, K, R, case, is_, person, replace


def verdict(law: MemberLaw, *members: Member, on: dt.date = MARCH_98) -> dict[str, CountedMember]:
    return {line.ref: line for line in counted_members(case(*members, on=on), law)}


def counted(law: MemberLaw, *members: Member, on: dt.date = MARCH_98) -> dict[str, bool | None]:
    return {ref: line.counted for ref, line in verdict(law, *members, on=on).items()}


def son(**more: object) -> Member:
    return person("兒子", R.CHILD, "55/1/1", **more)


def daughter(**more: object) -> Member:
    return person("女兒", R.CHILD, "57/1/1", sex="F", **more)


def test_阿嬤獨居_只算一人() -> None:
    line = verdict(ELA_96)["阿嬤"]
    assert line.counted and line.article == "中低收入老人生活津貼發給辦法第7條第1款"


def test_阿嬤68歲獨居_女兒已出嫁不同住_女兒女婿外孫都不計() -> None:
    away = {"lives_together": False, "same_registration": False}
    got = verdict(
        ELA_96,
        daughter(conditions=is_(K.MARRIED_OUT), **away),
        person("女婿", R.CHILD_SPOUSE, "56/1/1", via="女兒", **away),
        person("外孫", R.GRANDCHILD, "90/1/1", via="女兒", **away),
    )
    assert [x.counted for x in got.values()] == [True, False, False, False]
    assert got["女兒"].article == "中低收入老人生活津貼發給辦法第8條第1項第1款"
    assert "出嫁女兒" in got["外孫"].reason


def test_出嫁女兒同住_照算() -> None:
    assert counted(ELA_96, daughter(conditions=is_(K.MARRIED_OUT)))["女兒"] is True


def test_出嫁女兒是否同住還沒查_就是尚未查明() -> None:
    line = verdict(ELA_96, daughter(conditions=is_(K.MARRIED_OUT), lives_together=None))["女兒"]
    assert line.counted is None and "尚未查明" in line.reason


def test_出嫁女兒不同住但報稅扶養阿嬤_仍列入() -> None:
    line = verdict(ELA_96, daughter(conditions=is_(K.MARRIED_OUT), lives_together=False, claims_dependant=True))["女兒"]
    assert line.counted and "第7條第5款" in line.article and "第8條第2項" in line.reason


def test_出嫁女兒不同住_有無報稅扶養還沒查() -> None:
    assert counted(ELA_96, daughter(conditions=is_(K.MARRIED_OUT), lives_together=False, claims_dependant=None))["女兒"] is None


def test_未出嫁的女兒不同住也照算() -> None:
    assert counted(ELA_96, daughter(lives_together=False))["女兒"] is True


def test_喪偶媳婦同住要算_不同住不算_她的孩子也不算() -> None:
    widow = person("媳婦", R.CHILD_SPOUSE, "58/1/1", conditions=is_(K.WIDOWED_IN_LAW))
    child = person("孫", R.GRANDCHILD, "92/1/1", via="媳婦", lives_together=None)
    assert counted(ELA_96, widow, child) == {"阿嬤": True, "媳婦": True, "孫": True}
    assert counted(ELA_96, replace(widow, lives_together=False), child) == {"阿嬤": True, "媳婦": False, "孫": False}


def test_兒子媳婦與未成年孫子女都算_已成年就業的孫子不算() -> None:
    got = counted(
        ELA_96,
        son(),
        person("媳婦", R.CHILD_SPOUSE, "58/1/1", via="兒子"),
        person("小孫", R.GRANDCHILD, "92/1/1", via="兒子"),
        person("大孫", R.GRANDCHILD, "75/1/1", via="兒子"),
        person("大學生", R.GRANDCHILD, "77/1/1", via="兒子", conditions=is_(K.DAY_STUDENT)),
    )
    assert got == {"阿嬤": True, "兒子": True, "媳婦": True, "小孫": True, "大孫": False, "大學生": True}


def test_孫子由誰扶養不明_就是尚未查明() -> None:
    assert counted(ELA_96, son(), person("孫", R.GRANDCHILD, "92/1/1"))["孫"] is None
    assert counted(ELA_96, son(), person("孫", R.GRANDCHILD, "92/1/1", conditions=is_(K.SUPPORTED)))["孫"] is True
    assert counted(ELA_96, son(), person("孫", R.GRANDCHILD, "92/1/1", via="兒子", conditions=is_(K.SUPPORTED, False)))["孫"] is False


def test_免除扶養義務的兒子及其配偶不算() -> None:
    got = counted(ELA_96, son(conditions=is_(K.NO_SUPPORT_DUTY)), person("媳婦", R.CHILD_SPOUSE, "58/1/1", via="兒子"))
    assert got == {"阿嬤": True, "兒子": False, "媳婦": False}


def test_沒有子女_實際扶養的孫子才算() -> None:
    grown = person("孫", R.GRANDCHILD, "70/1/1", conditions=is_(K.BEARS_SUPPORT))
    assert counted(ELA_96, grown)["孫"] is True
    assert counted(ELA_96, person("孫", R.GRANDCHILD, "70/1/1"))["孫"] is False
    assert counted(ELA_96, son(), grown)["孫"] is False, "有負扶養義務之子女時，第4款不適用"
    assert counted(ELA_96, son(death=dt.date(2008, 1, 1)), grown) == {"阿嬤": True, "兒子": False, "孫": True}


def test_父母與兄弟姊妹在老人津貼98年不算() -> None:
    got = verdict(ELA_96, person("老母", R.PARENT, "5/1/1"), person("弟", R.SIBLING, "35/1/1"))
    assert [got["老母"].counted, got["弟"].counted] == [False, False]
    assert "不屬" in got["老母"].reason


def test_認列扶養的外人也要算() -> None:
    assert counted(ELA_96, person("姪子", R.OTHER, "55/1/1", claims_dependant=True))["姪子"] is True
    assert counted(ELA_96, person("姪子", R.OTHER, "55/1/1", claims_dependant=None))["姪子"] is None


@pytest.mark.parametrize(
    ("kind", "ela", "saa97", "saa100"),
    [
        (K.CONSCRIPT, "第8條第1項第4款", "第5條第3項第4款", "第5條第3項第5款"),
        (K.FUNDED_STUDENT, "第8條第1項第5款", "第5條第3項第5款", "第5條第3項第6款"),
        (K.INCARCERATED, "第8條第1項第6款", "第5條第3項第6款", "第5條第3項第7款"),
        (K.MISSING_6M, "第8條第1項第7款", "第5條第3項第7款", "第5條第3項第8款"),
        (K.SPOUSE_MAY_NOT_WORK, "第8條第1項第3款", "第5條第3項第1款", None),
        (K.SPOUSE_UNREGISTERED, None, None, "第5條第3項第1款"),
        (K.EXEMPT_BY_VISIT, None, "第5條第3項第8款", "第5條第3項第9款"),
    ],
)
def test_每一款不列入事由_成立則不算_未證明則未查明(kind: K, ela: str | None, saa97: str | None, saa100: str | None) -> None:
    for law, article in ((ELA_96, ela), (SAA_97, saa97), (SAA_100, saa100)):
        line = verdict(law, son(conditions=is_(kind)))["兒子"]
        assert line.counted is (article is None), law.code
        if article:
            assert line.article.endswith(article)
            assert line.sources[0].name == "證明文件"
            assert counted(law, son(conditions=is_(kind, None)))["兒子"] is None
        assert counted(law, son(conditions=is_(kind, False)))["兒子"] is True


def test_社救法_報稅扶養者服役仍不算_與老人津貼不同() -> None:
    soldier = son(conditions=is_(K.CONSCRIPT), claims_dependant=True)
    assert counted(SAA_97, soldier)["兒子"] is False
    assert counted(ELA_96, soldier)["兒子"] is True


def test_社救法98年_同住兄弟姊妹要算_100年起不算() -> None:
    brother = person("弟", R.SIBLING, "35/1/1")
    assert counted(SAA_97, brother)["弟"] is True
    assert counted(SAA_97, replace(brother, lives_together=False, same_registration=True))["弟"] is True
    assert counted(SAA_97, replace(brother, lives_together=False, same_registration=False))["弟"] is False
    assert counted(SAA_97, replace(brother, lives_together=None, same_registration=False))["弟"] is None
    assert counted(SAA_100, brother)["弟"] is False


def test_社救法_父母不同住也算_媳婦不算_孫子同住才算() -> None:
    away = {"lives_together": False, "same_registration": False}
    got = counted(
        SAA_100,
        person("老母", R.PARENT, "5/1/1", **away),
        son(**away),
        person("媳婦", R.CHILD_SPOUSE, "58/1/1", via="兒子"),
        person("孫", R.GRANDCHILD, "92/1/1", via="兒子"),
        person("遠孫", R.GRANDCHILD, "92/1/1", via="兒子", **away),
    )
    assert got == {"阿嬤": True, "老母": True, "兒子": True, "媳婦": False, "孫": True, "遠孫": False}


@pytest.mark.parametrize(
    ("kind", "relation", "law", "article"),
    [
        (K.HARDSHIP_SINGLE_PARENT_ASCENDANT, R.PARENT, SAA_97, "第5條第3項第2款"),
        (K.MARRIED_WITHOUT_MEANS, R.CHILD, SAA_97, "第5條第3項第3款"),
        (K.NONCUSTODIAL_PARENT, R.PARENT, SAA_100, "第5條第3項第4款"),
    ],
)
def test_未共同生活才適用的款_同住就要算(kind: K, relation: R, law: MemberLaw, article: str) -> None:
    someone = person("某人", relation, "40/1/1", conditions=is_(kind), lives_together=False)
    line = verdict(law, someone)["某人"]
    assert line.counted is False and line.article.endswith(article)
    assert counted(law, replace(someone, lives_together=True))["某人"] is True
    assert counted(law, replace(someone, lives_together=None))["某人"] is None


def test_身障生活補助101年起_同住幼弟要算() -> None:
    assert counted(DLA_101, person("幼弟", R.SIBLING, "95/1/1"), on=dt.date(2013, 1, 1))["幼弟"] is True
    assert counted(DLA_101, person("兄", R.SIBLING, "60/1/1"), on=dt.date(2013, 1, 1))["兄"] is False


@pytest.mark.parametrize(
    ("benefit", "day", "law"),
    [
        ("elderly_living_allowance", dt.date(2021, 12, 31), ELA_96),
        ("elderly_living_allowance", dt.date(2022, 1, 1), SAA_100),
        ("low_income_living_assistance", dt.date(2011, 6, 30), SAA_97),
        ("low_income_living_assistance", dt.date(2011, 7, 1), SAA_100),
        ("disability_living_allowance", dt.date(2012, 7, 11), DLA_101),
        ("parking_permit", MARCH_113, None),
    ],
)
def test_各津貼各日期適用的應計算人口規定(benefit: str, day: dt.date, law: MemberLaw | None) -> None:
    assert member_law(benefit, day) is law


def test_死亡成員不算() -> None:
    assert verdict(ELA_96, son(death=dt.date(2009, 1, 1)))["兒子"].reason == "已死亡"


def test_每一條款都有條號與文字() -> None:
    for law in (ELA_96, SAA_97, SAA_100, DLA_101):
        for clause in (*law.include, *law.exclude, law.taxpayer):
            assert clause.article and clause.text
    assert household.ELA_96.taxpayer_stays
