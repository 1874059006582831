"""docs/file-tour.md is made of the first sentence of every file, so it is never out of date.

`python -m tests.test_file_tour` writes it anew.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOUR = ROOT / "docs" / "file-tour.md"
ROOMS = ("core", "models", "rules", "exchange", "matching", "payments", "security", "commands", "jobs", "views", "cli", "demo", "training")
LIMIT = 550


def sentence(path: Path) -> str:
    """The first paragraph of a file's docstring, on one line."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def tour() -> str:
    lines = ["# File tour", "", "Made from the first sentence of every file (`python -m tests.test_file_tour`); the rooms and arrows are in architecture.md.", ""]
    for room in ROOMS:
        folder = ROOT / "app" / room
        lines += [f"## app/{room}", "", sentence(folder / "__init__.py"), "", "| file | what it is |", "|---|---|"]
        lines += [f"| `{p.relative_to(folder)}` | {sentence(p)} |" for p in sorted(folder.rglob("*.py")) if p.name != "__init__.py"]
        lines.append("")
    return "\n".join(lines)


def test_the_tour_is_up_to_date():
    assert tour() == TOUR.read_text(encoding="utf-8"), "run: python -m tests.test_file_tour"


def test_every_file_says_what_it_is_and_stays_readable():
    for path in sorted((ROOT / "app").rglob("*.py")):
        assert sentence(path), f"{path.relative_to(ROOT)} has no docstring"
        assert len(path.read_text(encoding="utf-8").splitlines()) <= LIMIT, f"{path.relative_to(ROOT)} holds more than one subject?"


if __name__ == "__main__":
    TOUR.write_text(tour(), encoding="utf-8")
