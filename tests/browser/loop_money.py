"""The month's money: the register is made anew, checked, approved, released, written, answered by the post office, and paid again where it came back."""

import csv
import datetime as dt
from pathlib import Path

from openpyxl import load_workbook
from sqlalchemy import select

from app.core import clock, roc
from app.extensions import db
from app.models.payment import PaymentLine
from app.payments import post_office
from app.security import scope

from .loop_counter import ACCOUNT, NAME, OFFICE, PERSON_ID
from .loop_people import Person
from .site import Site

LIST = "/payment_runs/list/"


def make_register(officer: Person) -> int:
    """The one made before the new case was decided is given up, and made anew with today as the last day for changes; its number."""
    assert officer.today("待處理檢核項目的清冊") == 1
    officer.page.locator("tbody th a").first.click()
    officer.move("取消清冊", "新核定案件要列入")
    assert officer.state == "已取消"
    officer.open(LIST).follow("造冊")
    officer.fill(benefit="中低收入老人生活津貼", cutoff_on=roc.show_date(clock.today())).press("產生清冊")
    assert "清冊已產生" in officer.said and officer.state == "已造冊", (officer.said, officer.state, officer.page.url)
    return officer.number


def settle_findings(officer: Person, pk: int) -> None:
    """Check; what may not be paid is held back, what is asked is answered with one's name."""
    officer.open(f"/payment_runs/show/{pk}").move("檢核")
    assert officer.state == "已檢核"
    before = int(officer.figure("筆數").replace(",", ""))
    officer.picture("10-findings", ".stats")
    held = 0
    while (button := officer.page.get_by_role("button", name="全部暫緩")).count():
        words = button.first.inner_text()
        held += int(words.partition("（")[2].split()[0])
        officer.press(words)
    if held:
        officer.move("檢核")
    assert int(officer.figure("筆數").replace(",", "")) == before - held
    assert "核准" not in officer.moves
    while officer.page.locator("form:has([name=finding])").count():
        box = officer.page.locator("form:has([name=finding])").first
        box.locator("[data-tick-all]").check()
        box.get_by_label("確認說明").fill("已電洽本人與戶政查明")
        with officer.page.expect_navigation():
            box.get_by_role("button", name="以我的名義確認勾選項目").click()
        assert "已確認" in officer.said
    assert officer.figure("待處理項目") == "0"


def newcomer_is_new(officer: Person) -> None:
    """The differences against the last register name who came newly."""
    officer.fair().follow("與上次差異")
    assert officer.page.locator("tr", has_text=NAME).inner_text().startswith("新增")


def approve(director: Person, pk: int) -> None:
    """Somebody else approves; the money is not theirs to release."""
    assert director.today("待核准清冊") >= 1
    director.open(f"/payment_runs/show/{pk}").move("核准")
    assert director.state == "已核准" and "撥款" not in director.moves


def release(accountant: Person, pk: int) -> None:
    """The third hand releases and has the files written."""
    assert accountant.today("待撥款清冊") >= 1
    accountant.open(f"/payment_runs/show/{pk}").move("撥款")
    assert accountant.state == "已撥款"
    accountant.move("產生檔案")
    assert accountant.state == "已產檔"


def post_office_file(accountant: Person, folder: Path, amount: int) -> None:
    """80 bytes a record; the newcomer is in it with the month's amount; the sum is the page's."""
    shown = accountant.page.locator("tr", has_text="郵局媒體轉存檔").locator("td.col-money").inner_text()
    accountant.picture("11-files", "#files-title", 300)
    content = accountant.download("下載郵局媒體轉存檔", folder).read_bytes()
    records = content.split(b"\r\n")
    assert records.pop() == b"" and {len(r) for r in records} == {80}
    rows = post_office.read(content)
    assert sum(int(str(r["amount"])) for r in rows) == int(shown.replace(",", ""))
    mine = [r for r in rows if r["person_id"] == PERSON_ID]
    assert [(r["institution"], r["account"], r["amount"]) for r in mine] == [(OFFICE, ACCOUNT, amount)]


def workbook(person: Person, button: str, folder: Path) -> str:
    """All cells of a downloaded workbook as text."""
    book = load_workbook(person.download(button, folder), read_only=True)
    return "\n".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None)


def answer_of_the_bank(site: Site, run_id: int, folder: Path) -> tuple[Path, str]:
    """The transfer result with one account closed: somebody of 竹北市 paid through the post; the file and that person's name."""
    with site.app.app_context(), scope.use(scope.SYSTEM):
        lines = db.session.scalars(select(PaymentLine).where(PaymentLine.run_id == run_id, PaymentLine.status == "filed")).all()
        run_no = lines[0].run.run_no
        back = next(x for x in lines if x.town_code == "10004010" and x.channel == "post" and x.person_id != PERSON_ID)
        path, name = folder / "result.csv", back.name
        with path.open("w", encoding="utf-8", newline="") as f:
            writer = csv.writer(f)
            writer.writerow(("run_no", "line_no", "person_id", "amount", "result", "return_code", "value_date"))
            day = roc.date7(clock.today() + dt.timedelta(days=1))
            for x in lines:
                closed = x is back
                writer.writerow(
                    (run_no, x.line_no, x.person_id, x.amount, "returned" if closed else "credited", "22" if closed else "", day)
                )
        db.session.rollback()
    return path, name


def reconcile(accountant: Person, pk: int, result: Path, name: str) -> None:
    """The result is taken in; approved = sent = credited + returned."""
    accountant.open(f"/payment_runs/show/{pk}").follow("登錄轉帳結果").press("登錄結果")
    assert "請選擇轉帳結果檔" in accountant.said
    accountant.page.set_input_files("input[type=file]", result)
    accountant.fair().press("登錄結果")
    assert "退匯 1 筆，全部對帳完成" in accountant.said and accountant.state == "已對帳"
    accountant.picture("12-reconciled")
    accountant.menu("撥款作業", "退匯處理")
    assert name in accountant.text and "帳戶已結清" in accountant.text


def money_without_account(clerk: Person, officer: Person, name: str) -> None:
    """Who has no account any more is paid in cash: noted by the clerk, put into effect by the officer."""
    officer.open("/returned_payments/")
    row = officer.page.locator("tr", has_text=name).first
    officer.picture("13-returned", height=320)
    assert "待更換" in row.inner_text() and row.locator("[name=line]").count() == 0
    case = row.get_by_role("link", name=name).get_attribute("href")
    clerk.open(str(case)).follow("登錄異動")
    clerk.fill(kind="帳戶異動", happened_on=roc.show_date(clock.today()), channel="現金印領").press("登錄異動")
    assert "異動已登錄" in clerk.said
    assert officer.today("待審核異動") >= 1
    officer.page.locator("tbody th a").first.click()
    officer.state_purpose().fair().move("審核生效")


def pay_again(officer: Person, director: Person, accountant: Person, name: str, folder: Path) -> int:
    """The returned line goes out again as a register of its own, in cash; its number."""
    officer.open("/returned_payments/")
    officer.page.locator("tr", has_text=name).first.locator("[name=line]").check()
    officer.press("重匯勾選的項目")
    pk = officer.number
    officer.move("檢核")
    while officer.page.locator("form:has([name=finding])").count():
        officer.press(officer.page.get_by_role("button", name="全部確認").first.inner_text())
    director.open(f"/payment_runs/show/{pk}").move("核准")
    accountant.open(f"/payment_runs/show/{pk}").move("撥款").move("產生檔案")
    assert name in workbook(accountant, "下載印領清冊", folder)
    return pk
