"""Every command that changes something leaves an audit row, and none of them writes personal data into it: read from the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

COMMANDS = Path(__file__).parents[2] / "app" / "commands"
READS = {"_asked", "_needs_reason", "token_of", "_readable", "named", "_fetched", "export_statistics", "register_sheet", "signature_volumes"}
"""Commands that change nothing; a file of statistics holds no persons, a printed list is in the query log of who printed it."""
PERSONAL = {"person_id", "birth", "phone", "address", "registered_address", "actual_address", "payee_name", "payee_person_id", "institution"}
PEOPLE = {"applicant", "recipient", "person", "member"}

Function = tuple[Path, ast.FunctionDef, bool]


def functions() -> dict[str, list[Function]]:
    found: dict[str, list[Function]] = {}
    for path in sorted(COMMANDS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                is_command = any(isinstance(d, ast.Call) and getattr(d.func, "id", "") == "command" for d in node.decorator_list)
                found.setdefault(node.name, []).append((path, node, is_command))
    return found


def calls(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            name = getattr(inner.func, "attr", None) or getattr(inner.func, "id", None)
            if name:
                yield name


def audits(node: ast.AST, known: dict[str, list[Function]], seen: set[str]) -> bool:
    for name in calls(node):
        if name in ("audit", "advance"):
            return True
        if name not in seen:
            seen.add(name)
            if any(audits(function, known, seen) for _, function, _ in known.get(name, ())):
                return True
    return False


def test_every_command_leaves_an_audit_row():
    known = functions()
    commands = [(path, node) for found in known.values() for path, node, is_command in found if is_command]
    assert len(commands) > 80
    silent = {f"{path.name}:{node.name}" for path, node in commands if node.name not in READS and not audits(node, known, {node.name})}
    assert not silent, "they change something and nobody could say who did"


def test_no_audit_row_is_given_personal_data():
    told = []
    for path in sorted(COMMANDS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "audit":
                for keyword in node.keywords:
                    words = {getattr(n, "attr", None) or getattr(n, "id", None) for n in ast.walk(keyword.value)}
                    if words & PERSONAL or (words & PEOPLE and "name" in words):
                        told.append(f"{path.name}:{node.lineno} {keyword.arg}")
    assert not told, "the trail is kept for years and read by many"
