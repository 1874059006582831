"""A picture of every kind of page, as every role: `make screens` (or `python -m tests.browser.screens --only 公所承辦`).

`--docs` takes the few pictures of README and docs instead, as the screen of a small monitor shows them.
"""

import argparse
import re
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from app.security import roles

from . import campaign_walk, loop_benefits, loop_story
from . import site as sites
from .crawl import crawl
from .test_pages import signed_in

OUT = Path(__file__).resolve().parents[2] / "var" / "screens"

DOCS = OUT.parents[1] / "docs" / "screens"
FOR_DOCS = {
    "home": (roles.COUNTY_OFFICER, r"^/$"),
    "cases": (roles.TOWN_CLERK, r"^/elderly_living_allowance/list/$"),
    "case": (roles.COUNTY_OFFICER, r"^/elderly_living_allowance/show/\d+$"),
    "payment-run": (roles.ACCOUNTANT, r"^/payment_runs/show/\d+$"),
    "doubts": (roles.COUNTY_OFFICER, r"^/doubts/list/$"),
    "doubt": (roles.COUNTY_OFFICER, r"^/doubts/show/\d+$"),
    "recovery": (roles.COUNTY_OFFICER, r"^/overpayments/show/\d+$"),
    "figures": (roles.COUNTY_OFFICER, r"^/figures/$"),
    "statistics": (roles.COUNTY_SUPERVISOR, r"^/statistics/$"),
    "audit-trail": (roles.AUDITOR, r"^/auditentryview/list/$"),
}


def name_of(number: int, title: str, path: str) -> str:
    """A file name that sorts in the order of the visit and says what is on the picture."""
    title = re.sub(r"[^\w一-鿿-]+", "-", title.split("｜")[0]).strip("-")[:40]
    return f"{number:02d}-{title or re.sub(r'[^a-z]+', '-', path)}.png"


def for_docs(browser: Browser, site: sites.Site) -> int:
    """The pictures of README and docs, and those of the user guide, taken while the whole loop is walked."""
    DOCS.mkdir(parents=True, exist_ok=True)
    for name, (role, path) in FOR_DOCS.items():
        found = next(v for v in crawl(signed_in(site, role)) if v.status == 200 and re.search(path, v.path))
        page = sites.sign_in(browser, site, role)
        page.goto(site.url + found.path)
        sites.give_purpose(page, "疑義查核")
        page.screenshot(path=DOCS / f"{name}.png")
        page.context.close()
    return len(FOR_DOCS) + sum(walk.take_pictures(browser, site, DOCS) for walk in (loop_story, loop_benefits, campaign_walk))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--only", choices=roles.ALL, action="append", help="只拍這個角色（可重複）")
    parser.add_argument("--docs", action="store_true", help="只拍說明文件用的畫面，存於 docs/screens")
    parser.add_argument("--households", type=int, default=400)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        site = sites.start(Path(home), chosen.households)
        browser = sites.launch(playwright)
        if chosen.docs:
            print(f"{for_docs(browser, site)} 張畫面已存於 {DOCS}")
            site.stop()
            return
        shutil.rmtree(chosen.out, ignore_errors=True)
        taken = 0
        for role in chosen.only or roles.ALL:
            folder = chosen.out / role
            folder.mkdir(parents=True)
            pages = [v for v in crawl(signed_in(site, role)) if v.status == 200]
            page = sites.sign_in(browser, site, role)
            for number, visit in enumerate(pages, 1):
                asks = visit.path.endswith("#purpose")
                page.goto(site.url + visit.path.removesuffix("#purpose"))
                if not asks:
                    sites.give_purpose(page)
                page.screenshot(path=folder / name_of(number, page.title(), visit.path), full_page=True)
                taken += 1
            page.context.close()
        browser.close()
        site.stop()
    print(f"{taken} 張畫面已存於 {chosen.out}")


if __name__ == "__main__":
    main()
