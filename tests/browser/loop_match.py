"""Back to the beginning: the roster goes out, the match finds a doubt, the doubt is answered, the money is claimed, the statistics show it."""

from pathlib import Path

import polars as pl
from sqlalchemy import select

from app.core import clock, roc
from app.exchange import snapshots, write
from app.exchange.layouts import LAYOUTS
from app.extensions import db
from app.models.exchange import ACCEPTED, Batch
from app.security import scope

from .loop_counter import BIRTH, NAME, PERSON_ID
from .loop_people import Person
from .site import Site

SOURCE = "benefit_elsewhere"


def month() -> int:
    return roc.month_of(clock.today())


def upload(person: Person, path: Path, **chosen: str) -> int:
    """File, preview, check, confirm; how many rows were taken."""
    person.menu("資料交換", "上傳檔案")
    person.page.set_input_files("#up-file", path)
    for name, words in chosen.items():
        field = person.page.locator(f"#up-{name}")
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(label=words)
        else:
            field.fill(words)
    person.press("上傳並預覽").press("下一步：檢核")
    taken = int(person.figure("可收").replace(",", ""))
    reason = person.page.locator("#reason")
    if reason.count():
        reason.fill("已向送件機關確認")
    person.picture("14-upload").fair().press("確認送件")
    assert f"收下 {taken:,} 列，退回 0 列" in person.said
    return taken


def roster(officer: Person, run_id: int, folder: Path) -> int:
    """What was paid this month, written and sent in; how many rows."""
    path = officer.open(f"/payment_runs/show/{run_id}").download("下載交換名冊", folder)
    assert NAME in path.read_text(encoding="utf-8-sig")
    return upload(officer, path)


def farmers_list(site: Site, folder: Path) -> Path:
    """What the labour insurance office sends this month: the list it sent last, and the newcomer, who also draws the farmers' allowance."""
    columns = LAYOUTS[SOURCE]
    with site.app.app_context(), scope.use(scope.SYSTEM):
        last = db.session.scalars(
            select(Batch).where(Batch.source == SOURCE, Batch.state == ACCEPTED).order_by(Batch.id.desc()).limit(1)
        ).one()
        known = pl.read_parquet(site.app.config["SWIS_HOME"] / str(last.snapshot_path))
        db.session.rollback()
    first, birth = roc.first_day(month()), roc.parse_date(BIRTH)
    assert first >= birth
    row = {
        "record_no": "E99999999",
        "person_id": PERSON_ID,
        "name": NAME,
        "birth": birth,
        "kind": "farmer_allowance",
        "month_from": month(),
        "amount": 8110,
        "agency": "勞動部勞工保險局",
    }
    both = pl.concat(
        [known.select(c for c in known.columns if c in columns.names), snapshots.conform(pl.DataFrame([row]), SOURCE)],
        how="diagonal_relaxed",
    )
    path = folder / "elsewhere.csv"
    write.write_records(both, columns, path)
    return path


def match(ministry: Person) -> None:
    """Started from the console, run by the jobs process, watched on its page."""
    ministry.menu("作業", "作業總覽")
    ministry.page.locator("tr", has_text="每月比對").get_by_role("link", name="開始…").click()
    ministry.fill(month="沒有這個月").press("開始作業")
    assert "不是年月" in ministry.said
    ministry.fill(month=roc.month5(month())).press("開始作業")
    assert "已排入" in ministry.said
    ministry.page.wait_for_selector("[data-job-label]:has-text('完成')")
    ministry.picture("15-match").fair()


def answer(officer: Person, director: Person, amount: int) -> int:
    """Both sides on one page; the wrong answer is refused with what was typed kept; the right one, agreed to by a second person, opens a claim; its number."""
    assert officer.today("待答復疑義（A 明確）") >= 1
    officer.search("person_id", PERSON_ID)
    assert officer.page.locator("tbody tr").count() == 1 and NAME in officer.text and PERSON_ID not in officer.text
    officer.page.locator("tbody th a").first.click()
    officer.state_purpose().fair()
    assert "老年農民福利津貼" in officer.text and roc.show_month(month()) in officer.text and "勞動部勞工保險局" not in officer.said
    officer.fill(reason="經查本月起同時請領老農津貼，擇領後者").press("存檔")
    assert "請選擇處理結果" in officer.said and officer.page.input_value("[name=reason]").startswith("經查本月起")
    officer.page.get_by_label("溢領", exact=True).check()
    officer.picture("16-answer", "#answer")
    officer.press("存檔")
    assert "已送請第二人核可" in officer.said, officer.said
    director.open("/answer-checks/list/?_flt_0_state=waiting").page.locator("tbody th a").first.click()
    assert f"{amount:,}" in director.text
    director.move("核可溢領答復")
    officer.page.reload()
    assert officer.page.locator(".page-buttons .badge-state").first.inner_text() == "已答復", officer.said
    line = officer.page.locator("table", has_text="溢領案").locator("tbody tr").first
    assert f"{amount:,}" in line.inner_text()
    line.get_by_role("link").click()
    officer.state_purpose()
    return officer.number


def recover(officer: Person, director: Person, claim: int) -> None:
    """Heard, then decided by somebody else."""
    officer.open(f"/overpayments/show/{claim}").fair()
    assert NAME in officer.text
    officer.follow("通知陳述意見").fill(opinion_by=roc.show_date(clock.today())).press("確定")
    assert "須在今日之後" in officer.said
    officer.open(f"/overpayments/show/{claim}").follow("通知陳述意見").press("確定")
    officer.follow("登錄陳述意見").fill(opinion="本人表示不知不得併領，同意繳還").press("確定")
    assert director.today("待處分追繳案") >= 1
    director.open(f"/overpayments/show/{claim}").follow("作成追繳處分").fill(decision_no="府社老字第1159000001號").fair().press("確定")


def statistics(director: Person, rows: int, amount: int) -> None:
    """The month's line: what was sent, what was found, what it cost."""
    director.menu("統計", "比對統計")
    line = director.page.locator("section[aria-labelledby=by-month] tr", has_text=roc.show_month(month())).inner_text()
    assert f"{rows:,}" in line and f"{amount:,}" in line, line
    assert director.page.locator("img.chart").first.evaluate("i => i.complete && i.naturalWidth > 0")
