"""The offices a case of any benefit passes, from the counter to the money: what every walk does in the same way."""

import csv
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from playwright.sync_api import Page
from sqlalchemy import select

from app.commands.benefit_rows import BenefitNames
from app.core import clock, roc
from app.extensions import db
from app.models.payment import PaymentLine
from app.models.payment_run import PaymentRun
from app.security import roles, scope

from .loop_people import Person
from .site import Site

ADDRESS = "新竹縣竹北市文化里3鄰光明六路10號"
REGISTERS = "/payment_runs/list/"
PURPOSES = {
    roles.TOWN_CLERK: "受理申請",
    roles.TOWN_SUPERVISOR: "初審",
    roles.COUNTY_OFFICER: "複審",
    roles.COUNTY_SUPERVISOR: "核定",
    roles.ACCOUNTANT: "撥款作業",
}


def tax_year() -> str:
    """The year the intake asks for today."""
    today = clock.today()
    return str(today.year - roc.EPOCH - (1 if today.month >= 10 else 2))


class Offices:
    """The five people a case passes, each in a window of his or her own that opens with the first step."""

    def __init__(self, site: Site, sign_in: Callable[[str], Page], album: Path | None = None) -> None:
        self.site, self._sign_in, self._album = site, sign_in, album
        self._people: dict[str, Person] = {}
        self.today = roc.show_date(clock.today())

    def _who(self, role: str) -> Person:
        if role not in self._people:
            self._people[role] = Person(self._sign_in(role), self.site, PURPOSES[role], self._album)
        return self._people[role]

    clerk = property(lambda self: self._who(roles.TOWN_CLERK))
    chief = property(lambda self: self._who(roles.TOWN_SUPERVISOR))
    officer = property(lambda self: self._who(roles.COUNTY_OFFICER))
    director = property(lambda self: self._who(roles.COUNTY_SUPERVISOR))
    accountant = property(lambda self: self._who(roles.ACCOUNTANT))

    @property
    def troubles(self) -> list[str]:
        """Script errors and broken answers anybody met."""
        return [t for p in self._people.values() for t in p.troubles]

    def close(self) -> None:
        """Their windows."""
        for person in self._people.values():
            person.page.context.close()

    # -- the counter ----------------------------------------------------------------------------------------------------
    def open(self, start: str, person: Mapping[str, str]) -> int:
        """The person at the counter; the form comes up. `start`: the link on the home page, or an address. The case's number."""
        clerk = self.clerk
        if start.startswith("/"):
            clerk.open(start)
        else:
            clerk.open("/").follow(f"新申請：{start}")
        clerk.fill(**{"registered_address": ADDRESS, **person}).press("建立草稿")
        number = clerk.number
        clerk.press("儲存並到下一節")
        return number

    def papers(self, codes: Sequence[str], account: bool = True) -> None:
        """Everything signed and handed in today, the money to the post office."""
        clerk = self.clerk
        clerk.fill(**{f"{code}__received_on": self.today for code in codes})
        for name in ("consent_on", "affidavit_on"):
            if clerk.page.locator(f"[name={name}]").count():
                clerk.fill(**{name: self.today})
        if account:
            clerk.press("儲存並到下一節").fill(channel="郵局", institution="0061234", account="7654321")
        clerk.press("儲存並確認")

    def submit(self) -> int:
        """In, with all papers; the case's number."""
        clerk = self.clerk.press("送出申請案")
        assert clerk.state == "已送件", clerk.said
        clerk.move("文件齊備")
        assert clerk.state == "文件齊備", clerk.said
        return clerk.number

    # -- the desks ------------------------------------------------------------------------------------------------------
    def review(self, base: str, pk: int, exclusions: bool = True, visit: bool = False) -> None:
        """初審 (after a visit where the law wants one), 陳報, 複審: the director's desk."""
        chief = self.chief.open(f"{base}/show/{pk}")
        if visit:
            chief.follow("登錄訪視與初審").fill(result="擬准", visited_on=self.today, visit_report="與申請相符", opinion="資料相符").fair().press("確定")
        else:
            chief.move("初審：擬准", "資料相符")
        chief.move("陳報縣府")
        self.second(base, pk, exclusions)

    def second(self, base: str, pk: int, exclusions: bool = True) -> None:
        """複審, after a look for other benefits where the law excludes some."""
        self.officer.open(f"{base}/show/{pk}")
        if exclusions:
            self.officer.move("查核互斥")
        self.officer.move("複審", "複核無誤")
        assert self.officer.state == "複審完成", self.officer.said

    def decide(self, base: str, pk: int) -> None:
        """核定."""
        self.director.open(f"{base}/show/{pk}").move("核定")
        assert self.director.state == "已核定", self.director.said

    # -- the money ------------------------------------------------------------------------------------------------------
    def pay(self, benefit: str, folder: Path) -> int:
        """This month's register of a benefit, with what was decided until today: made, checked, approved, released, sent, all credited; its number."""
        for standing in unfinished(self.site, benefit):
            self.officer.open(f"/payment_runs/show/{standing}").move("取消清冊", "新核定案件要列入")
        officer = self.officer.open(REGISTERS).follow("造冊")
        officer.fill(benefit=benefit, month=roc.show_month(roc.month_of(clock.today())), cutoff_on=self.today).press("產生清冊")
        assert "清冊已產生" in officer.said, officer.text
        pk = officer.number
        officer.move("檢核")
        while officer.page.locator("form:has([name=finding])").count():
            officer.press(officer.page.get_by_role("button", name="全部確認").first.inner_text())
        self.director.open(f"/payment_runs/show/{pk}").move("核准")
        accountant = self.accountant.open(f"/payment_runs/show/{pk}").move("撥款").move("產生檔案")
        accountant.follow("登錄轉帳結果")
        accountant.page.set_input_files("input[type=file]", all_credited(self.site, pk, folder))
        accountant.press("登錄結果")
        assert "全部對帳完成" in accountant.said and accountant.state == "已對帳", accountant.said
        return pk


def unfinished(site: Site, benefit: str) -> list[int]:
    """Registers of a benefit that were made before the new case was decided and not yet approved."""
    with site.app.app_context(), scope.use(scope.SYSTEM):
        names = BenefitNames(db.session())
        runs = db.session.scalars(select(PaymentRun).where(PaymentRun.state.in_(("built", "checked")))).all()
        found = [run.id for run in runs if names.get(run.benefit) == benefit]
        db.session.rollback()
    return found


def all_credited(site: Site, run_id: int, folder: Path) -> Path:
    """The bank's answer to a register: every line arrived tomorrow."""
    with site.app.app_context(), scope.use(scope.SYSTEM):
        lines = db.session.scalars(select(PaymentLine).where(PaymentLine.run_id == run_id, PaymentLine.status == "filed")).all()
        day = roc.date7(clock.today() + dt.timedelta(days=1))
        rows = [(x.run.run_no, x.line_no, x.person_id, x.amount, "credited", "", day) for x in lines]
        db.session.rollback()
    path = folder / "result.csv"
    with path.open("w", encoding="utf-8", newline="") as f:
        csv.writer(f).writerows([("run_no", "line_no", "person_id", "amount", "result", "return_code", "value_date"), *rows])
    return path
