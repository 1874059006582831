"""A county officer with a broken workbook: every step in the browser, to the clean second upload of the corrected rows alone."""

from collections.abc import Callable
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from openpyxl import load_workbook
from playwright.sync_api import Page

from app.security import roles
from tests.browser.site import Site
from tests.exchange.making import rows, table, write_xlsx

SERIOUS = {"serious", "critical"}


def fair(page: Page) -> None:
    """Nobody is shut out of this page, and it needs no scrolling sideways."""
    found = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in Axe().run(page).response["violations"] if v["impact"] in SERIOUS]
    assert not found, found
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url


def send(page: Page, path: Path, mode: str) -> None:
    page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + "/upload/")
    page.set_input_files("#up-file", path)
    page.select_option("#up-kind", "parking_permit")
    page.select_option("#up-mode", mode)
    page.click("text=上傳並預覽")
    page.wait_for_selector("text=讀取方式")
    fair(page)
    page.click("text=下一步：檢核")
    page.wait_for_selector("h2:has-text('檢核結果')")
    fair(page)


def test_from_a_broken_workbook_to_a_clean_second_upload(site: Site, sign_in: Callable[[str], Page], tmp_path: Path) -> None:
    page = sign_in(roles.COUNTY_OFFICER)
    fair(page)
    data = rows("parking_permit")
    data[2]["birth"], data[5]["sex"] = "0980230", "X"
    send(page, write_xlsx(tmp_path / "停車證.xlsx", table(data)), "new")
    assert page.locator(".stat:has-text('會退回') .stat-number").inner_text() == "2"
    page.go_back()
    page.go_forward()
    page.click("button:has-text('確認送件')")
    page.wait_for_selector("text=收下 8 列，退回 2 列")
    with page.expect_download() as download:
        page.click("a:has-text('下載退回列')")
    back = tmp_path / "back.xlsx"
    download.value.save_as(back)
    book = load_workbook(back)
    sheet = book["資料"]
    titles = [cell.value for cell in sheet[1]]
    assert "如何修正" in titles and sheet.max_row == 3
    sheet.cell(2, titles.index("birth") + 1).value = "0200101"
    sheet.cell(3, titles.index("sex") + 1).value = rows("parking_permit")[5]["sex"]
    book.save(back)
    send(page, back, "supplement")
    page.click("button:has-text('確認送件')")
    page.wait_for_selector("text=收下 2 列，退回 0 列")
    page.goto(site.url + "/exchange-board/?month=09803")
    page.wait_for_selector("text=已收（取代舊檔）")
    fair(page)
    for path in ("/exchange-board/settings", "/mappings/write", "/transfers/list/"):
        page.goto(site.url + path)
        fair(page)
