"""The yearly review as its people see it: the county opens and judges, the township gives its opinion, the county checks, a supervisor decides."""

import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page
from sqlalchemy import select

from app.commands import exchange
from app.commands.casework.received_means import INCOME_OF
from app.core import clock, roc
from app.demo import places
from app.extensions import db
from app.jobs import lease, runner
from app.models.campaign import CampaignCase, CampaignMember
from app.models.household import HouseholdMember
from app.models.job import DONE, Job
from app.security import roles, scope
from app.security.actor import Actor
from tests.exchange.making import write_csv

from . import site as sites
from .loop_people import Person
from .site import Site

BENEFIT = "中低收入老人生活津貼"
CODES = {kind: code for code, kind in INCOME_OF.items()}
PEOPLE = (roles.TOWN_CLERK, roles.COUNTY_OFFICER, roles.COUNTY_SUPERVISOR)


def work_off(site: Site) -> None:
    """A worker does what is queued."""
    with site.app.app_context():
        while (held := lease.claim(db.engine, "worker", 900)) is not None:
            runner.execute(site.app, held, threading.Event())
            with scope.use(scope.SYSTEM):
                db.session.rollback()
                job = db.session.get_one(Job, held.job_id)
                assert job.state == DONE, (job.kind, job.error_text)
        db.session.remove()


def tax_office_answers(site: Site, folder: Path, campaign: int, year: int, town: str) -> None:
    """Everybody as last year, but for the old people of the township, whose savings bear far too much."""
    rows: dict[str, list[dict[str, str]]] = {"tax_income": [], "tax_property": [], "tax_investment": []}
    with site.app.app_context(), scope.use(scope.SYSTEM):
        m, h = CampaignMember, HouseholdMember
        found = db.session.execute(
            select(m, h).join(CampaignCase, CampaignCase.id == m.case_id)
            .join(h, (h.application_id == CampaignCase.application_id) & (h.position == m.position))
            .where(m.campaign_id == campaign, m.person_id.is_not(None)).order_by(m.id)
        ).all()  # fmt: skip
        rich = {member.id for member, _ in found if member.town_code == town and member.position == 1}
        for member, h in found:
            base = {"person_id": member.person_id, "name": member.name, "tax_year": str(year)}
            for x in (x for x in h.incomes if x.source == "tax" and member.id not in rich):
                rows["tax_income"].append(base | {"format_code": CODES.get(x.kind, "92"), "payer_id": "1", "payer_name": x.payer or "示範公司", "gross": str(x.amount), "withheld": "0"})
            for a in h.assets:
                if a.kind in ("land", "house") and a.source == "tax":
                    rows["tax_property"].append(base | {"kind": a.kind, "location": a.location or "竹北市", "lot_no": "1", "area": "80", "share_num": str(a.share_num),
                                                        "share_den": str(a.share_den), "assessed_value": str(a.value)})  # fmt: skip
            if member.id in rich:
                rows["tax_income"].append(base | {"format_code": "5A", "payer_id": "1", "payer_name": "示範銀行", "gross": "2400000", "withheld": "0"})
                rows["tax_property"].append(base | {"kind": "house", "location": "竹北市", "lot_no": "9", "area": "80", "share_num": "1", "share_den": "2", "assessed_value": "300000"})
                rows["tax_investment"].append(base | {"company_id": "1", "company_name": "示範公司", "face_value": "1000"})
        db.session.rollback()
        for source, lines in rows.items():
            taken = exchange.import_file(Actor.system("test"), source, write_csv(folder / f"{source}.csv", lines), None, None, None, "new")
            assert taken.problem is None, taken.problem
        db.session.remove()


def case_that_stops(site: Site, campaign: int, town: str) -> int:
    """The number of a case of the township that is no longer eligible."""
    with site.app.app_context(), scope.use(scope.SYSTEM):
        c = CampaignCase
        found = db.session.scalar(select(c.id).where(c.campaign_id == campaign, c.town_code == town, c.outcome == "stops").order_by(c.id).limit(1))
        db.session.remove()
    assert found, "an old person whose savings bear 200,000 a month is not eligible"
    return found


def walk(site: Site, sign_in: Callable[[str], Page], folder: Path, album: Path | None = None) -> list[Person]:
    """From opening the campaign to the served notices."""
    clerk, officer, director = people = [Person(sign_in(role), site, "年度總清查", album) for role in PEOPLE]
    year = clock.today().year - roc.EPOCH
    officer.open("/campaigns/begin").fill(benefit=BENEFIT, year=str(year), tax_year=str(year - 1), sample_size="1").picture("21-campaign-open").fair()
    officer.press("凍結名冊，開辦")
    campaign = officer.number
    here = f"/campaigns/show/{campaign}"
    work_off(site)
    officer.open(here).download("下載財稅查調名冊", folder)
    officer.open(here).follow("比對收到的財稅資料").press("確定")
    assert "還沒有收到所得、財產、投資檔" in officer.said, "and it says where to upload"
    tax_office_answers(site, folder, campaign, year - 1, places.TOWNS[0].code)
    officer.open(here).follow("確認財稅回復齊全").fill(reply_no="財稅資字第1150000001號").press("確定")
    assert "已確認回復齊全" in officer.said
    officer.follow("開始審查").press("確定")
    work_off(site)
    officer.open(here).picture("22-campaign-lists", height=760).fair()
    assert officer.figure("不再符合") != "0 件"
    case = f"/campaign_cases/show/{case_that_stops(site, campaign, places.TOWNS[0].code)}"

    clerk.open(case)
    assert "登錄複審意見" not in clerk.text and "依試算結果核定" not in clerk.moves
    clerk.follow("登錄訪視").fill(found="獨居，確有領取薪資").press("確定")
    clerk.follow("更正財稅資料")
    assert "利息" in clerk.text and "2,400,000" in clerk.text, "the lines of the tax file are there to choose from"
    clerk.open(case).follow("登錄初審意見").page.check("[name=opinion][value=agree]")
    clerk.press("確定").picture("23-campaign-case", at="#differences", height=760).fair()
    assert clerk.state == "已有意見" and "獨居，確有領取薪資" in clerk.text

    officer.open(case).follow("登錄複審意見").page.check("[name=opinion][value=agree]")
    officer.press("確定")
    director.open(case).move("依試算結果核定")
    assert director.state == "已決定"
    sample = f"/campaign_cases/list/?_flt_0_campaign_id={campaign}&_flt_0_sampled=y"
    officer.open(sample).page.locator("main tbody a").first.click()
    officer.state_purpose().follow("登錄複審意見").page.check("[name=opinion][value=agree]")
    officer.press("確定")
    director.open(here).move("維持不變的整批核定")
    work_off(site)
    officer.open(here).follow("整批發通知書").press("確定")
    work_off(site)
    officer.open("/printed/list/")
    with officer.page.expect_download() as waiting:
        officer.page.locator("main tbody a").first.click()
    assert Path(waiting.value.path()).read_bytes()[:2] in (b"%P", b"PK")
    officer.open(here).follow("整批登錄送達").press("確定")
    work_off(site)
    officer.open(here)
    assert (officer.fact("待發文"), officer.fact("已發文，待送達")) == ("0 件", "0 件") and officer.fact("已登錄送達") != "0 件"
    officer.picture("24-campaign-notices", at="#notices", height=420).fair()
    director.open(here).move("結案")
    return people


def take_pictures(browser: Browser, site: Site, album: Path) -> int:
    """Walk once and keep the pictures of the user guide; how many there are."""
    before = len(list(album.glob("guide-*.png")))
    with TemporaryDirectory() as folder:
        for person in walk(site, lambda role: sites.sign_in(browser, site, role), Path(folder), album):
            person.page.context.close()
    return len(list(album.glob("guide-*.png"))) - before
