"""What no screen may do: Core tables, text SQL, unlogged reads; and the arrows of the house."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VIEWS = sorted((ROOT / "app" / "views").rglob("*.py"))


@pytest.mark.parametrize("path", VIEWS, ids=lambda p: p.name)
def test_screens_use_the_orm_alone(path):
    """Row scope does not reach Core tables and text SQL, so screens may not use them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("sqlalchemy"):
            assert not {a.name for a in node.names} & {"text", "Table", "literal_column", "TextClause"}, f"{path.name}:{node.lineno}"
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("__table__", "exec_driver_sql", "from_statement"), f"{path.name}:{node.lineno}"
            assert not (node.attr == "text" and isinstance(node.value, ast.Name) and node.value.id in ("sa", "sqlalchemy")), path.name


@pytest.mark.parametrize("path", sorted((ROOT / "app").rglob("*.py")), ids=lambda p: p.name)
def test_the_clock_is_asked_in_one_place(path):
    if path.name == "clock.py":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today") and isinstance(node.value, ast.Attribute | ast.Name):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else node.value.id
            assert owner not in ("datetime", "date"), f"{path.name}:{node.lineno}"
