"""An overpayment in a browser: found on the desk after a late stop, heard, decided, served, and paid back in three instalments."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page
from sqlalchemy import select

from app.commands import awards
from app.core import clock, roc
from app.extensions import db
from app.models.award import Award
from app.models.overpayment import Overpayment
from app.models.payment import Payment, PaymentLine
from app.models.user import User
from app.security import roles, scope, web

from .loop_people import Person
from .site import Site

MONTHS = 2


def stopped_late(site: Site) -> tuple[str, str, int]:
    """Somebody paid for the last two months turns out to have moved away before; case number, name, what was paid too much."""
    with site.app.app_context():
        with scope.use(scope.SYSTEM):
            claimed = select(Overpayment.award_id).where(Overpayment.award_id.is_not(None))
            line = db.session.scalars(
                select(PaymentLine)
                .join(Award, Award.id == PaymentLine.award_id)
                .where(PaymentLine.status == "credited", Award.status == "active", Award.id.not_in(claimed), PaymentLine.month_to == PaymentLine.month_from)
                .order_by(PaymentLine.month_to.desc(), PaymentLine.id)
            ).first()
            assert line is not None
            last = line.month_to
            first = last - MONTHS + 1
            director = db.session.scalars(select(User).where(User.username == site.account(roles.COUNTY_SUPERVISOR).username)).one()
            who, award_id = web.actor_for(director), line.award_id
            case_no, name = line.award.case_no, line.name
        awards.end_award(who, award_id, first, "查得已於前月遷出")
        with scope.use(scope.SYSTEM):
            paid = sum(db.session.scalars(select(Payment.amount).where(Payment.award_id == award_id, Payment.live, Payment.month.between(first, last))))
            db.session.rollback()
    return case_no, name, paid


def test_an_overpayment_is_found_decided_and_paid_back_in_three_instalments(site: Site, sign_in: Callable[[str], Page], tmp_path: Path) -> None:
    case_no, name, paid = stopped_late(site)
    today = roc.show_date(clock.today())
    officer, director, cashier = (
        Person(sign_in(role), site, "溢領追繳") for role in (roles.COUNTY_OFFICER, roles.COUNTY_SUPERVISOR, roles.ACCOUNTANT)
    )

    officer.open("/recovery/").fair()
    row = officer.page.locator("tr", has_text=case_no)
    assert name in row.inner_text() and f"{paid:,}" in row.inner_text()
    with officer.page.expect_navigation():
        row.get_by_role("button", name="立案").click()
    assert "已立案" in officer.said and officer.figure("應追繳") == f"{paid:,} 元"
    claim = officer.number
    address = f"/overpayments/show/{claim}"

    officer.follow("通知陳述意見").press("確定").follow("發陳述意見通知書").press("確定發文")
    assert "已發文" in officer.said
    officer.open(address).follow("登錄陳述意見").fill(opinion="同意繳還，請准分期").press("確定")
    assert "撤案" not in officer.moves and "無溢領" not in officer.moves, "who opened a claim does not drop it"

    director.open(address).follow("作成追繳處分").fill(decision_no="府社老字第1159000088號").fair().press("確定")
    assert director.state == "已處分"
    officer.open(address).follow("發追繳處分書").press("確定發文")
    officer.open(address).follow("登錄送達").fill(service="郵務送達").press("確定")
    assert officer.state == "已送達"
    officer.follow("訂分期").fill(parts="3", first_due=today).press("確定")
    assert officer.page.locator("#plan-title ~ .table-box tbody tr").count() == 3
    slips = officer.fair().download("列印繳款書", tmp_path)
    assert slips.read_bytes().startswith(b"%PDF")

    for left in (2, 1, 0):
        cashier.open(address).follow("登錄繳款")
        assert cashier.page.locator("[name=slip_no]").input_value().endswith(f"-1-{3 - left}"), "the next slip is proposed"
        cashier.press("確定")
        assert cashier.page.locator("#plan-title ~ .table-box tbody .badge-state", has_text="已繳").count() == 3 - left
    assert cashier.state == "已繳清" and cashier.figure("待繳餘額") == "0 元"
    cashier.open("/recovery/").fair()
    assert "期末與各案待繳餘額相符" in cashier.text and case_no not in cashier.text
    assert [t for p in (officer, director, cashier) for t in p.troubles] == []
