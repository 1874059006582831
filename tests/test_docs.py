"""What README and the docs point at is there, and pictures stay small."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#]*)(?:#([^)]+))?\)")
LARGEST = 200 * 1024


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_link_and_picture_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = [(page.parent / target if target else page, anchor) for target, anchor in LINK.findall(text)]
    assert [str(path) for path, _ in found if not path.exists()] == []
    own = {re.sub(r"[^\w\- ]", "", title).strip().replace(" ", "-").lower() for title in re.findall(r"^#+ (.+)$", text, re.M)}
    assert [anchor for path, anchor in found if anchor and path == page and anchor.lower() not in own] == []


def test_pictures_are_small() -> None:
    large = {p.name: p.stat().st_size for p in (ROOT / "docs").rglob("*.png") if p.stat().st_size > LARGEST}
    assert large == {}


def test_no_picture_is_forgotten() -> None:
    said = "".join(p.read_text(encoding="utf-8") for p in PAGES)
    assert [p.name for p in (ROOT / "docs" / "screens").glob("*.png") if p.name not in said] == []
