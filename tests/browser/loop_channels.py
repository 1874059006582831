"""One register paid through four channels, answered, and paid again where it came back. Reusable: `walk` gives the two registers' numbers."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page
from sqlalchemy import select

from app.commands import payer_settings
from app.commands.casework import changes
from app.core import clock
from app.extensions import db
from app.models.award import Award
from app.models.payment import PaymentLine
from app.models.payment_run import PayerSetting, PaymentRun
from app.models.user import User
from app.payments import post_office
from app.security import roles, scope, web

from . import loop_money as money
from .loop_people import Person
from .loop_story import PURPOSES
from .site import Site

CLEARING = {"bank_format": "ach", "ach_sender": "0040680", "ach_bank": "0040680", "ach_account": "12345678901", "tax_id": "51234567"}
IN_CASH = 2


def walk(site: Site, sign_in: Callable[[str], Page], folder: Path) -> tuple[list[Person], int, int]:
    """The people, the register that went out through four channels, and the one that paid again what came back."""
    prepare(site)
    hands = (roles.TOWN_CLERK, roles.COUNTY_OFFICER, roles.COUNTY_SUPERVISOR, roles.ACCOUNTANT)
    people = [Person(sign_in(role), site, PURPOSES[role]) for role in hands]
    clerk, officer, director, accountant = people
    pk = money.make_register(officer)
    money.settle_findings(officer, pk)
    money.approve(director, pk)
    money.release(accountant, pk)
    four_channels(accountant, folder)
    result, name = money.answer_of_the_bank(site, pk, folder)
    money.reconcile(accountant, pk, result, name)
    money.money_without_account(clerk, officer, name)
    return people, pk, money.pay_again(officer, director, accountant, name, folder)


def prepare(site: Site) -> None:
    """The county's banks are paid through the clearing house; two people of the last register take their money in cash from now on."""
    with site.app.app_context():
        with scope.use(scope.SYSTEM):
            staff = {u.username: web.actor_for(u) for u in db.session.scalars(select(User))}
            setting = db.session.scalars(select(PayerSetting).where(PayerSetting.town_code == "10004")).first()
            run = db.session.scalars(select(PaymentRun).where(PaymentRun.state == "checked")).one()
            cases = db.session.scalars(
                select(Award)
                .join(PaymentLine, PaymentLine.award_id == Award.id)
                .where(PaymentLine.run_id == run.id, PaymentLine.channel == "post", PaymentLine.town_code != "10004010", Award.application_id.is_not(None))
                .order_by(PaymentLine.line_no)
                .limit(IN_CASH)
            ).all()
            assert setting is not None and len(cases) == IN_CASH
            payees = [(a.application_id, {"channel": "cash", "payee_name": a.payee_name, "payee_person_id": a.payee_person_id}) for a in cases]
            setting_id = setting.id
            db.session.rollback()
        payer_settings.change_payer_setting(staff["xianfu-boss"], setting_id, **CLEARING)
        for application_id, details in payees:
            change = changes.record_change(staff["xianfu"], application_id or 0, "account", clock.today(), None, details, "本人申請改領現金")
            changes.apply_change(staff["xianfu-boss"], change)


def four_channels(accountant: Person, folder: Path) -> None:
    """Post office, clearing house, 印領清冊 and XLSX: each file's sum is what its row says; together they are the register."""

    def shown(kind: str) -> int:
        return int(accountant.page.locator("tr", has_text=kind).locator("td.col-money").first.inner_text().replace(",", ""))

    total = int(accountant.figure("總額").replace(",", "").removesuffix("元").strip())
    records = accountant.download("下載郵局媒體轉存檔", folder).read_bytes()
    assert sum(int(str(r["amount"])) for r in post_office.read(records)) == shown("郵局媒體轉存檔") > 0
    credits = accountant.download("下載ACH 代付檔", folder).read_bytes().split(b"\r\n")
    assert credits.pop() == b"" and {len(r) for r in credits} == {250} and int(credits[-1][39:55]) == shown("ACH 代付檔") > 0
    assert f"{shown('印領清冊')}" in money.workbook(accountant, "下載印領清冊", folder) and shown("印領清冊") > 0
    assert f"{total}" in money.workbook(accountant, "下載發放清冊", folder)
    assert shown("郵局媒體轉存檔") + shown("ACH 代付檔") + shown("印領清冊") == total
