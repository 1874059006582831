"""Who is counted as the household (全家人口應計算範圍), per benefit and date, with the clause and the reason for every person.

A law is data: clauses that bring a person in, clauses that leave one out. Each clause answers yes, no or "not known".
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from .ability import Ability, abilities
from .facts import CaseFacts, Condition, Member, Status
from .facts import ConditionKind as K
from .facts import Relation as R
from .logic import Truth, all_of, any_of, negate
from .trace import CountedMember


class Family:
    """The people of a case on a day, with what clauses ask about them."""

    def __init__(self, members: tuple[Member, ...], on: dt.date, status: Status | None = None, ability: dict[str, Ability] | None = None):
        self.members = members
        self.on = on
        self.status = status
        self.ability = abilities(members, on) if ability is None else ability
        self._by_ref = {m.ref: m for m in members}

    def via(self, member: Member) -> Member | None:
        return self._by_ref.get(member.via)

    def has(self, member: Member | None, kind: K) -> Truth:
        return False if member is None else member.has(kind, self.on)

    def together(self, member: Member) -> Truth:
        """共同生活 of the person; what is not asked follows the child through whom the person is related."""
        own = self.via(member)
        return member.lives_together if member.lives_together is not None or own is None else own.lives_together

    def supporting_children(self) -> Truth:
        """Is there a child (or a child's spouse) with a duty to support the applicant?"""
        return any_of(*(_ela_child(m, self) for m in self.members if m.relation in (R.CHILD, R.CHILD_SPOUSE) and m.death is None))


Test = Callable[[Member, Family], Truth]


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """One clause of an article: `text` says in the law's words why a person is in or out."""

    article: str
    text: str
    test: Test
    asks: tuple[K, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class MemberLaw:
    """One version of the counted-member rule. With `taxpayer_stays`, who claims a counted person as tax dependant stays counted
    even where a clause would leave the person out."""

    code: str
    name: str
    include: tuple[Clause, ...]
    exclude: tuple[Clause, ...]
    taxpayer: Clause
    taxpayer_stays: str = ""


def _is(*relations: R) -> Test:
    return lambda m, f: m.relation in relations


def _holds(*kinds: K) -> Test:
    return lambda m, f: any_of(*(f.has(m, k) for k in kinds))


def _ela_child(m: Member, f: Family) -> Truth:
    if m.relation is R.CHILD:
        return negate(f.has(m, K.NO_SUPPORT_DUTY))
    return m.relation is R.CHILD_SPOUSE and negate(any_of(f.has(m, K.NO_SUPPORT_DUTY), f.has(f.via(m), K.NO_SUPPORT_DUTY)))


def _ela_grandchild(m: Member, f: Family) -> Truth:
    """A child without working ability, supported by a person of clause 2 (presumed where that person is known)."""
    if m.relation is not R.GRANDCHILD:
        return False
    parent = f.via(m)
    if any(c.kind is K.SUPPORTED for c in m.conditions):
        supported: Truth = f.has(m, K.SUPPORTED)
    else:
        supported = _ela_child(parent, f) if parent else None
    return all_of(negate(f.ability[m.ref].able), supported)


def _married_out(m: Member, f: Family) -> Truth:
    if m.relation not in (R.CHILD, R.CHILD_SPOUSE, R.GRANDCHILD):
        return False
    child = m if m.relation is R.CHILD else f.via(m)
    return all_of(f.has(child, K.MARRIED_OUT), negate(f.together(m)))


def _widowed_in_law(m: Member, f: Family) -> Truth:
    in_law = m if m.relation is R.CHILD_SPOUSE else f.via(m) if m.relation is R.GRANDCHILD else None
    return all_of(f.has(in_law, K.WIDOWED_IN_LAW), negate(f.together(m)))


def _apart(*kinds: K, relations: tuple[R, ...]) -> Test:
    """One of the circumstances holds, the relation fits, and the person does not live together with the applicant."""
    return lambda m, f: all_of(m.relation in relations, any_of(*(f.has(m, k) for k in kinds)), negate(f.together(m)))


def _same_home(*relations: R) -> Test:
    return lambda m, f: all_of(m.relation in relations, any_of(m.same_registration, m.lives_together))


def _dependent_sibling(*kinds: K) -> Test:
    """A sibling at home, under 16 or in one of the circumstances, of an applicant who is neither low nor near-low income."""

    def test(m: Member, f: Family) -> Truth:
        age = m.age_on(f.on)
        plain = None if f.status is None else f.status is Status.NONE
        young = None if age is None else age < 16
        student = all_of(f.has(m, K.DAY_STUDENT), None if age is None else age <= 25)
        return all_of(plain, _same_home(R.SIBLING)(m, f), any_of(young, student, *(f.has(m, k) for k in kinds)))

    return test


def _common(law: str, para: str, first: int) -> tuple[Clause, ...]:
    """Four exclusions every version has, numbered from `first`."""
    kinds = (K.CONSCRIPT, K.FUNDED_STUDENT, K.INCARCERATED, K.MISSING_6M)
    return tuple(Clause(f"{law}{para}第{first + i}款", k.zh, _holds(k), (k,)) for i, k in enumerate(kinds))


_ELA = "中低收入老人生活津貼發給辦法"
ELA_96 = MemberLaw(
    "ELA-96",
    f"{_ELA}第7條、第8條（96年7月11日版）",
    (
        Clause(f"{_ELA}第7條第1款", "申請人及其配偶", _is(R.APPLICANT, R.SPOUSE)),
        Clause(f"{_ELA}第7條第2款", "負有扶養義務之子女及其配偶", _ela_child, (K.NO_SUPPORT_DUTY,)),
        Clause(f"{_ELA}第7條第3款", "前款之人所扶養之無工作能力子女", _ela_grandchild, (K.SUPPORTED,)),
        Clause(
            f"{_ELA}第7條第4款",
            "無第二款之人，以實際負擔扶養義務之孫子女",
            lambda m, f: all_of(m.relation is R.GRANDCHILD, f.has(m, K.BEARS_SUPPORT), negate(f.supporting_children())),
            (K.BEARS_SUPPORT,),
        ),
    ),
    (
        Clause(f"{_ELA}第8條第1項第1款", "無共同生活事實之出嫁女兒或子為他人贅夫者及其配偶、子女", _married_out, (K.MARRIED_OUT,)),
        Clause(f"{_ELA}第8條第1項第2款", "無共同生活事實之已喪偶之媳、贅婿及其子女", _widowed_in_law, (K.WIDOWED_IN_LAW,)),
        Clause(f"{_ELA}第8條第1項第3款", K.SPOUSE_MAY_NOT_WORK.zh, _holds(K.SPOUSE_MAY_NOT_WORK), (K.SPOUSE_MAY_NOT_WORK,)),
        *_common(_ELA, "第8條第1項", 4),
    ),
    Clause(f"{_ELA}第7條第5款", "認列綜合所得稅扶養親屬免稅額之納稅義務人", lambda m, f: m.claims_dependant),
    f"{_ELA}第8條第2項",
)

_SAA = "社會救助法"
_LINEAL_DOWN = (R.CHILD, R.GRANDCHILD)
_LINEAL_UP = (R.PARENT, R.GRANDPARENT)
_SPOUSES = (
    Clause(f"{_SAA}第5條第1項", "申請人", _is(R.APPLICANT)),
    Clause(f"{_SAA}第5條第1項第1款", "配偶", _is(R.SPOUSE)),
    Clause(f"{_SAA}第5條第1項第2款", "一親等之直系血親", _is(R.CHILD, R.PARENT)),
)
_TAXPAYER = Clause(f"{_SAA}第5條第1項第4款", "認列綜合所得稅扶養親屬免稅額之納稅義務人", lambda m, f: m.claims_dependant)
_SINGLE_PARENT = Clause(
    f"{_SAA}第5條第3項第2款",
    "未共同生活且無扶養事實之特定境遇單親家庭直系血親尊親屬",
    _apart(K.HARDSHIP_SINGLE_PARENT_ASCENDANT, relations=_LINEAL_UP),
    (K.HARDSHIP_SINGLE_PARENT_ASCENDANT,),
)
_WITHOUT_MEANS = Clause(
    f"{_SAA}第5條第3項第3款",
    "未共同生活且無扶養能力之已結婚直系血親卑親屬",
    _apart(K.MARRIED_WITHOUT_MEANS, relations=_LINEAL_DOWN),
    (K.MARRIED_WITHOUT_MEANS,),
)
SAA_97 = MemberLaw(
    "SAA-97",
    f"{_SAA}第5條（97年1月16日版）",
    (
        *_SPOUSES,
        Clause(
            f"{_SAA}第5條第1項第3款",
            "同一戶籍或共同生活之其他直系血親及兄弟姊妹",
            _same_home(R.GRANDCHILD, R.GRANDPARENT, R.SIBLING),
        ),
    ),
    (
        Clause(f"{_SAA}第5條第3項第1款", K.SPOUSE_MAY_NOT_WORK.zh, _holds(K.SPOUSE_MAY_NOT_WORK), (K.SPOUSE_MAY_NOT_WORK,)),
        _SINGLE_PARENT,
        _WITHOUT_MEANS,
        *_common(_SAA, "第5條第3項", 4),
        Clause(f"{_SAA}第5條第3項第8款", K.EXEMPT_BY_VISIT.zh, _holds(K.EXEMPT_BY_VISIT), (K.EXEMPT_BY_VISIT,)),
    ),
    _TAXPAYER,
)
SAA_100 = MemberLaw(
    "SAA-100",
    f"{_SAA}第5條（100年7月1日施行）",
    (
        *_SPOUSES,
        Clause(f"{_SAA}第5條第1項第3款", "同一戶籍或共同生活之其他直系血親", _same_home(R.GRANDCHILD, R.GRANDPARENT)),
    ),
    (
        Clause(f"{_SAA}第5條第3項第1款", K.SPOUSE_UNREGISTERED.zh, _holds(K.SPOUSE_UNREGISTERED), (K.SPOUSE_UNREGISTERED,)),
        _SINGLE_PARENT,
        _WITHOUT_MEANS,
        Clause(
            f"{_SAA}第5條第3項第4款",
            "未與單親家庭未成年子女共同生活、無扶養事實且未行使負擔權利義務之父或母",
            _apart(K.NONCUSTODIAL_PARENT, relations=(R.PARENT,)),
            (K.NONCUSTODIAL_PARENT,),
        ),
        *_common(_SAA, "第5條第3項", 5),
        Clause(f"{_SAA}第5條第3項第9款", K.EXEMPT_BY_VISIT.zh, _holds(K.EXEMPT_BY_VISIT), (K.EXEMPT_BY_VISIT,)),
    ),
    _TAXPAYER,
)
_UNDER_16_OR_STUDENT = "非低收入戶及非中低收入戶：同住未滿十六歲或二十五歲以下在學之兄弟姊妹"
_DEPENDENT = "非低收入戶及非中低收入戶：同住未滿十六歲、因身心障礙致不能工作或二十五歲以下在學之兄弟姊妹"
DLA_100 = replace(
    SAA_100,
    code="DLA-100",
    name="社會救助法第5條及身心障礙者生活托育養護費用補助辦法第13條（101年1月1日施行）",
    include=(
        *SAA_100.include,
        Clause("身心障礙者生活托育養護費用補助辦法第13條", _UNDER_16_OR_STUDENT, _dependent_sibling(), (K.DAY_STUDENT,)),
    ),
)


def _siblings_101(code: str, regulation: str) -> MemberLaw:
    clause = Clause(f"{regulation}第14條", _DEPENDENT, _dependent_sibling(K.DISABLED_CANNOT_WORK), (K.DAY_STUDENT, K.DISABLED_CANNOT_WORK))
    return replace(SAA_100, code=code, name=f"社會救助法第5條及{regulation}第14條（101年7月11日施行）", include=(*SAA_100.include, clause))


DLA_101 = _siblings_101("DLA-101", "身心障礙者生活補助費發給辦法")
DCS_101 = _siblings_101("DCS-101", "身心障礙者日間照顧及住宿式照顧費用補助辦法")
_CYLA = "弱勢兒童及少年生活扶助與托育及醫療費用補助辦法第11條第2項"
CYLA_102 = MemberLaw(
    "CYLA-102",
    "弱勢兒童及少年生活扶助與托育及醫療費用補助辦法第11條（102年1月1日施行，醫療費用補助）",
    (
        Clause(_CYLA, "兒童及少年本人", _is(R.APPLICANT)),
        Clause(_CYLA, "一親等直系血親", _is(R.PARENT, R.CHILD)),
        Clause(_CYLA, "實際共同生活之兄弟姊妹", lambda m, f: all_of(m.relation is R.SIBLING, m.lives_together)),
    ),
    (
        Clause(
            f"{_CYLA}但書",
            "未共同生活、無扶養事實且未行使負擔權利義務之單親家庭父或母",
            _apart(K.NONCUSTODIAL_PARENT, relations=(R.PARENT,)),
            (K.NONCUSTODIAL_PARENT,),
        ),
    ),
    Clause(_CYLA, "（本辦法未列認列扶養之納稅義務人）", lambda m, f: False),
)

_SAA_TWICE = ((dt.date(2008, 1, 16), SAA_97), (dt.date(2011, 7, 1), SAA_100))
_VERSIONS: dict[str, tuple[tuple[dt.date, MemberLaw], ...]] = {
    "elderly_living_allowance": ((dt.date(2007, 7, 11), ELA_96), (dt.date(2022, 1, 1), SAA_100)),
    "low_income_living_assistance": _SAA_TWICE,
    "child_youth_living_assistance": ((dt.date(2013, 1, 1), CYLA_102),),
    "disability_living_allowance": (*_SAA_TWICE, (dt.date(2012, 1, 1), DLA_100), (dt.date(2012, 7, 11), DLA_101)),
    "disability_care_subsidy": (*_SAA_TWICE, (dt.date(2012, 1, 1), DLA_100), (dt.date(2012, 7, 11), DCS_101)),
}


@lru_cache(maxsize=1024)
def member_law(benefit: str, on: dt.date) -> MemberLaw | None:
    """The counted-member rule of a benefit on a day; None where no rule was sourced."""
    return next((law for since, law in reversed(_VERSIONS.get(benefit, ())) if since <= on), None)


_Standing = tuple[R, int | None, dt.date | None, dt.date | None, bool | None, bool | None, bool | None, tuple[Condition, ...], bool | None]
_Verdict = tuple[bool | None, Clause | None, str]


class Judged(NamedTuple):
    """The verdict on each member of a case, and who (by place) is counted or not yet clear."""

    verdicts: tuple[_Verdict, ...]
    counted: tuple[int, ...]
    unclear: bool


def counted_members(facts: CaseFacts, law: MemberLaw) -> tuple[CountedMember, ...]:
    """Every member of the case, in order, counted or not, with the clause that decides."""
    return member_lines(facts.members, judged(facts, law, abilities(facts.members, facts.on)))


def member_lines(members: tuple[Member, ...], found: Judged) -> tuple[CountedMember, ...]:
    return tuple(_line(m, verdict) for m, verdict in zip(members, found.verdicts, strict=True))


def judged(facts: CaseFacts, law: MemberLaw, ability: dict[str, Ability]) -> Judged:
    """Who of the case is counted. A birthday matters among brothers and sisters alone."""
    places = {m.ref: i for i, m in enumerate(facts.members)}
    standing = [
        (
            m.relation, places.get(m.via) if m.via else None, m.birth if m.relation is R.SIBLING else None, m.death, m.lives_together,
            m.same_registration, m.claims_dependant, m.conditions, ability[m.ref].able,
        )
        for m in facts.members
    ]  # fmt: skip
    return _judged(law, facts.on, facts.status, tuple(standing))


@lru_cache(maxsize=1 << 16)
def _judged(law: MemberLaw, on: dt.date, status: Status | None, standing: tuple[_Standing, ...]) -> Judged:
    """The clauses see nothing but how people stand to one another, so families that stand alike are judged once."""
    members = tuple(
        Member(
            str(i), relation, birth=birth, death=death, via="" if via is None else str(via), lives_together=together,
            same_registration=registered, claims_dependant=claims, conditions=conditions,
        )
        for i, (relation, via, birth, death, together, registered, claims, conditions, _) in enumerate(standing)
    )  # fmt: skip
    family = Family(members, on, status, {str(i): Ability(able=s[-1], article="", reason="") for i, s in enumerate(standing)})
    verdicts = tuple(_judge(m, family, law) for m in members)
    counted = tuple(i for i, verdict in enumerate(verdicts) if verdict[0])
    return Judged(verdicts, counted, any(verdict[0] is None for verdict in verdicts))


def _line(m: Member, verdict: _Verdict) -> CountedMember:
    counted, clause, reason = verdict
    sources = tuple(s for k in (clause.asks if clause else ()) for s in m.source_of(k)) or ((m.source,) if m.source else ())
    return CountedMember(
        m.ref, m.name, m.relation.zh, counted, clause.article if clause else "", reason or (clause.text if clause else ""), sources
    )


def _judge(m: Member, family: Family, law: MemberLaw) -> _Verdict:
    """Counted or not, the clause, and the reason where it is not the clause's own text."""
    if m.death is not None and m.death <= family.on:
        return False, None, "已死亡"
    tests = [(c, c.test(m, family)) for c in law.include]
    into = next((c for c, t in tests if t), None)
    maybe = next((c for c, t in tests if t is None), None)
    if m.relation is R.APPLICANT:
        return True, into, ""
    out, unproven = None, None
    if into or maybe:
        excluding = [(c, c.test(m, family)) for c in law.exclude]
        out = next((c for c, t in excluding if t), None)
        unproven = next((c for c, t in excluding if t is None), None)
    taxpayer = law.taxpayer.test(m, family)
    if out is not None and law.taxpayer_stays and taxpayer is not False:
        if taxpayer:
            return True, law.taxpayer, f"{law.taxpayer.text}；雖屬「{out.text}」，依{law.taxpayer_stays}仍列入"
        return None, out, f"屬「{out.text}」，但是否{_CLAIMS}尚未查明"
    if out is not None:
        return False, out, ""
    if into is not None and unproven is None:
        return True, into, ""
    if taxpayer and (unproven is None or law.taxpayer_stays):
        return True, law.taxpayer, ""
    if unproven is not None:
        return None, unproven, f"是否屬「{unproven.text}」尚未查明"
    if maybe is not None:
        return None, maybe, f"是否屬「{maybe.text}」尚未查明"
    if taxpayer is None:
        return None, law.taxpayer, f"是否{_CLAIMS}尚未查明"
    return False, None, f"不屬{law.name}所列人員"


_CLAIMS = "認列申請人或其應計算人口為綜合所得稅扶養親屬"
