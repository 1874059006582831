"""Cases in the caseworker's own words (elderly_living_allowance.csv), filled in as on the form and judged by the rule."""

import csv
import datetime as dt
import re
from pathlib import Path

import pytest

from app.commands.casework.facts import case_facts
from app.core import roc
from app.models.application import Document
from app.models.elderly_living_allowance import ElderlyApplication
from app.models.household import AssetLine, Circumstance, HouseholdMember, IncomeLine
from app.models.person import Person
from app.rules import elderly_living_allowance as law
from app.rules import parameters as rows
from app.rules.parameters import Parameter, Parameters

CASES = list(csv.DictReader(Path(__file__).with_suffix(".csv").with_name("elderly_living_allowance.csv").open(encoding="utf-8")))
RELATIONS = {"配偶": "spouse", "子女": "child", "孫子女": "grandchild"}


def setting(name, value):
    return Parameter(name, "新竹縣", rows.number(value), "元", None, None, "測試", "county", "10004")


def member(position, words, day, child):
    relation, age, *rest = words.split()
    born = day.replace(year=day.year - int(age.rstrip("歲")), day=1)
    m = HouseholdMember(position=position, relation=RELATIONS[relation], name=f"親屬{position}", birth=born, sex="F" if "女" in rest else "M",
                        lives_together="同住" in rest, same_registration="同住" in rest, claims_dependant=False, employed=False, tax_year=tax_year(day))  # fmt: skip
    if relation == "孫子女":
        m.via = child
    for word in rest:
        if word.startswith("薪"):
            m.employed = True
            m.incomes.append(IncomeLine(kind="wage", amount=int(word[1:]) * 12, per="year", tax_year=tax_year(day), source="tax"))
        if word == "未查調":
            m.tax_year, m.employed = None, None
        if word == "就學":
            m.circumstances.append(Circumstance(kind="day_student", proven=True, proof="在學證明"))
        if word == "出嫁":
            m.circumstances.append(Circumstance(kind="married_out", proven=True, proof="戶籍謄本"))
    return m


def tax_year(day):
    return day.year - roc.EPOCH - 1


def application(case):
    day = roc.parse_date(case["日期"])
    facts = case["事實"]
    a = ElderlyApplication(
        benefit=ElderlyApplication.BENEFIT, county_code="10004", town_code="10004010", received_on=day, documents_complete_on=None if "文件未齊" in facts else day,
        household_taken_on=day, lives_at_registration="未住戶籍地" not in facts, days_in_taiwan=365, public_placement="公費安置" in facts,
        in_custody="在監" in facts, low_income_status="low" if facts == "低收" else "near_low" if "中低收" in facts else "none",
        exclusions={"hits": [], "sources": [], "shared": []}, exclusions_checked_at=dt.datetime.combine(day, dt.time(1)),
    )  # fmt: skip
    if days := re.search(r"國內(\d+|未查)", facts):
        a.days_in_taiwan = None if days[1] == "未查" else int(days[1])
    if "互斥未查" in facts:
        a.exclusions = a.exclusions_checked_at = None
    if "老農津貼" in facts:
        a.exclusions["hits"].append({"position": 1, "counterpart": "farmer_allowance", "first": roc.month(114, 1), "last": None, "amount": 8110,
                                     "detail": "", "agency": "勞保局", "source": "其他機關給付資料", "as_of": None, "hard": True, "exception": ""})  # fmt: skip
    born = roc.parse_date(case["出生"])
    if drawn := re.search(r"自(\d{5})領取(未中斷|曾中斷|中斷未查)", facts):
        a.recipient_since, a.uninterrupted = roc.parse_month(drawn[1]), {"未中斷": True, "曾中斷": False}.get(drawn[2])
    if worth := re.search(r"公告現值去年(\d+)今年(\d+)", facts):
        a.holdings_unchanged, a.land_last_year, a.land_this_year = True, int(worth[1]), int(worth[2])
    a.applicant = Person(person_id="J100000018", name="彭水木", birth=born, sex=case["性別"])
    own = HouseholdMember(position=1, relation="applicant", name="彭水木", birth=born, sex=case["性別"], lives_together=True, same_registration=True,
                          claims_dependant=False, employed=False, tax_year=tax_year(day))  # fmt: skip
    if deposit := re.search(r"存款(\d+)", facts):
        own.assets.append(AssetLine(kind="deposit", value=int(deposit[1]), share_num=1, share_den=1, source="declared"))
    if land := re.search(r"土地(\d+)(?:持分(\d)/(\d))?", facts):
        own.assets.append(AssetLine(kind="land", value=int(land[1]), share_num=int(land[2] or 1), share_den=int(land[3] or 1), source="tax", tax_year=tax_year(day)))
    a.members = [own, *(member(n, words, day, 2) for n, words in enumerate(filter(None, case["家庭"].split(";")), 2))]
    a.documents = [Document(code="passbook", required=True)]
    return a, day


@pytest.mark.parametrize("case", CASES, ids=[f"{c['編號']}-{c['情形']}" for c in CASES])
def test_case(case):
    a, day = application(case)
    own = [setting("elderly_real_estate_limit", "6500000"), setting("deposit_interest_rate", "0.017"), setting("announced_land_value_rise", "0.0215")]
    if "98年" in case["事實"] and "未設" not in case["事實"]:
        own.append(setting("average_consumption", "18000"))
    found = law.decide(case_facts(a, day), Parameters((*rows.reference(), *own), "10004"))
    told = "\n".join(f"{t.outcome.zh} {t.article} {t.question} {t.measured} / {t.limit}" for t in found.trace)
    assert {"yes": "發給", "no": "不發給", "unknown": "未定"}[found.eligible.value] == case["結果"], told
    assert (str(found.amount) if found.eligible.value == "yes" else "") == case["金額"], told
    deciding = {"yes": found.trace, "no": found.failed(), "unknown": found.open_questions()}[found.eligible.value]
    cited = [t.article for t in deciding] + [c.article for c in found.household]
    assert any(case["依據"] in article for article in cited), told
