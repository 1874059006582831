"""Each money benefit from the counter to its first payment, one walk for all of them: what differs is data. Old people, care and devices walk by themselves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
from playwright.sync_api import Browser
from sqlalchemy import select

from app.commands.deliveries import current_snapshots
from app.core import clock, identity, roc
from app.exchange import snapshots
from app.extensions import db
from app.models.person import Person as KnownPerson
from app.security import scope

from . import site as sites
from .loop_offices import Offices, tax_year
from .loop_story import jobs_process
from .site import Site

Step = Mapping[str, str] | Callable[[Offices], None]
HERE = {"lives_at_registration": "是", "days_in_taiwan": "360"}
SIGNED = ("application_form", "identity", "household_transcript", "passbook", "consent_form", "affidavit")
TODAY = roc.show_date(clock.today())


@dataclass(frozen=True)
class Walk:
    """One benefit: who comes, what the sections say, what the trace must cite, and what is paid a month."""

    benefit: str
    base: str
    start: str
    person: Mapping[str, str]
    sections: tuple[Step, ...]
    papers: tuple[str, ...]
    article: str
    band: str
    amount: str
    visit: bool = False
    pictures: Mapping[str, str] = field(default_factory=dict)
    """For the user guide, by the moment (`facts`, `decision`)."""


def stranger(number: str, name: str, birth: str, sex: str) -> dict[str, str]:
    """Somebody no register has heard of."""
    return {"person_id": identity.with_check_digit(number), "name": name, "birth": birth, "sex": sex}


def family_of_three(site: Site) -> dict[str, str]:
    """A parent whom the household register of the county knows with a spouse and one child under 12, no parents of his or her own, and no case."""
    today = clock.today()
    with site.app.app_context(), scope.use(scope.SYSTEM):
        found = [s for s in current_snapshots(db.session(), roc.month_of(today)) if s.source == "household_register" and s.path]
        known = set(db.session.scalars(select(KnownPerson.person_id)))
        people = snapshots.scan([s.path for s in found if s.path]).filter(pl.col("county_code") == "10004").sort("person_id").collect().to_dicts()
        db.session.rollback()
    homes: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for p in people:
        homes.setdefault(tuple(p["household_no"]), []).append(p)
    for home in homes.values():
        children = [p for p in home if today.year - p["birth"].year <= 11]
        if len(home) == 3 and len(children) == 1 and not known & {p["person_id"] for p in home}:
            parent = next((p for p in home if p["spouse_id"] and not p["father_id"] and not p["mother_id"]), None)
            if parent is not None:
                born, sex = roc.show_date(parent["birth"]), "女" if parent["sex"] == "F" else "男"
                return {"person_id": parent["person_id"], "name": parent["name"], "birth": born, "sex": sex}
    raise AssertionError("the demo has no such family")


def take_over_household(o: Offices) -> None:
    """The consent, the look into the register as a job, the differences ticked, and what the register does not know."""
    clerk = o.clerk
    tabs = clerk.page.locator(".intake-tabs")
    tabs.get_by_role("link", name="應備文件").click()
    clerk.fill(consent_on=o.today).press("儲存")
    tabs.get_by_role("link", name="家庭人口").click()
    clerk.page.wait_for_load_state()
    with jobs_process(o.site):
        clerk.follow("戶籍資料查調").press("查調戶籍資料")
        clerk.page.locator("[name=take]").first.wait_for()
    assert clerk.text.count("新增成員") == 2
    clerk.page.locator("[data-tick-all]").check()
    clerk.picture("17-register-household", height=480).fair().press("採用勾選的項目")
    assert "已採用 3 項戶籍資料" in clerk.said, "two relatives, and that the applicant is registered there"
    clerk.follow("繼續填寫")
    tabs.get_by_role("link", name="家庭人口").click()
    for n in "123":
        clerk.fill(**{f"m{n}__listed": "是", f"m{n}__card": "否", f"m{n}__student": "否", f"m{n}__residence_lives_there": "是", f"m{n}__residence_days_in_taiwan": "360"})
    clerk.fill(m1__employed="是", m1__monthly_pay="28,000", m2__employed="否", m3__employed="否")
    clerk.fill(m2__c0__kind="嚴重傷病須三個月以上治療或療養", m2__c0__proven="是", m2__c0__proof="診斷證明書").fair()


LOW = Walk(
    "低收入戶生活扶助", "/low_income_living_assistance", "低收入戶生活扶助", {},
    ({**HERE, "public_placement": "否", "cause": "嚴重傷病", "housing": "租屋", "monthly_rent": "6,000"}, take_over_household,
     {f"m{n}__tax_year": tax_year() for n in "123"}),
    SIGNED, "社會救助法第4條第1項", "第2款", "9,833 元", visit=True, pictures={"decision": "18-class"},
)  # fmt: skip
CHILD = Walk(
    "中低收入戶兒童少年生活補助", "/child_youth_living_assistance", "中低收入戶兒童少年生活補助", stranger("J19990101", "范姜小安", "106/3/1", "男"),
    ({"household_taken_on": TODAY, "lives_at_registration": "是", "low_income_status": "中低收入戶", "category": "遭遇困境之中低收入戶",
      "hardship": "是", "public_placement": "否", "custodian": "母"},),
    (*SIGNED, "guardian_identity"), "弱勢兒童及少年生活扶助與托育及醫療費用補助辦法第", "", "2,197 元", pictures={"facts": "19-child"},
)  # fmt: skip
CARD = {"card_held": "是", "card_number": "J0000077", "card_classes": "1", "card_issued": "113/3/1", "card_expires": "120/2/28"}
LIVING = Walk(
    "身心障礙者生活補助", "/disability_living_allowance", "身心障礙者生活補助", stranger("J29990102", "范姜月桂", "60/3/1", "女"),
    ({**CARD, **HERE, "card_grade": "重度", "public_placement": "否", "housed": "否", "in_custody": "否", "low_income_status": "均非"},
     {"household_taken_on": TODAY, "m1__employed": "否", "m1__c0__kind": "身心障礙致不能工作", "m1__c0__proven": "是", "m1__c0__proof": "身心障礙證明"},
     {"m1__tax_year": tax_year()}),
    (*SIGNED, "disability_card"), "身心障礙者生活補助費發給辦法第2條", "非低收入戶重度", "5,437 元", pictures={"decision": "20-living"},
)  # fmt: skip
PARALYSED = Walk(
    "身心障礙癱瘓者生活津貼", "/local", "/local/open?benefit=paralysis_living_allowance", stranger("J19990103", "范姜木生", "55/3/1", "男"),
    ({**CARD, "household_taken_on": TODAY, "card_grade": "極重度", "lives_at_registration": "是", "registered_since": "84/3/1",
      "finding_bedridden": "是", "finding_institution": "否", "public_placement": "否", "in_custody": "否"},),
    (), "示範縣自治規定", "", "5,000 元",
)  # fmt: skip


def walk(of: Walk, o: Offices, folder: Path) -> None:
    """The counter, the reviews, the decision, the register, the bank's answer; at the end the case says that the money arrived."""
    pk = o.open(of.start, dict(of.person) or family_of_three(o.site))
    for number, step in enumerate(of.sections):
        if callable(step):
            step(o)
        else:
            o.clerk.fill(**step)
        if not number and "facts" in of.pictures:
            o.clerk.picture(of.pictures["facts"])
        o.clerk.press("儲存並到下一節")
    o.papers(of.papers or asked_papers(o))
    assert "送出前要處理" not in o.clerk.text
    o.clerk.fair()
    assert o.submit() == pk
    o.review(of.base, pk, visit=of.visit)
    trace = o.director.open(f"{of.base}/show/{pk}").fair().page.locator("table.trace").inner_text()
    assert of.article in trace and "不符合" not in trace
    if "decision" in of.pictures:
        o.director.picture(of.pictures["decision"], "#result-title")
    o.decide(of.base, pk)
    assert o.director.fact("每月金額") == of.amount and o.director.fact("級距").startswith(of.band)
    o.pay(of.benefit, folder)
    o.clerk.open(f"{of.base}/show/{pk}")
    paid = o.clerk.page.get_by_role("table", name="最近十二筆撥款").locator("tbody tr")
    assert paid.count() == 1 and "已入帳" in paid.inner_text() and of.amount.removesuffix(" 元") in paid.inner_text()


def asked_papers(o: Offices) -> tuple[str, ...]:
    """Every paper the form lists."""
    names = o.clerk.page.eval_on_selector_all("[name$='-received_on']", "found => found.map(e => e.name)")
    return tuple(str(n).removesuffix("-received_on") for n in names)


def take_pictures(browser: Browser, site: Site, album: Path) -> int:
    """The pictures of the user guide's chapters, taken on the way; how many."""
    offices = Offices(site, lambda role: sites.sign_in(browser, site, role), album)
    with TemporaryDirectory() as folder:
        for of in (LOW, CHILD, LIVING):
            walk(of, offices, Path(folder))
    offices.close()
    return sum(len(of.pictures) for of in (LOW, CHILD, LIVING)) + 1
