"""`flask swis verify`: every invariant of the money and the trail, in one report. Each room registers its own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import current_app
from sqlalchemy.orm import Session

from app.extensions import db
from app.security import audit, scope

from . import load_all


@dataclass(frozen=True)
class Check:
    """One invariant and where it does not hold (sentences in Chinese, without personal data)."""

    name: str
    title: str
    breaks: list[str]


INVARIANTS: dict[str, tuple[str, Callable[[Session], Iterable[str]]]] = {}


def invariant(name: str, title: str) -> Callable[[Callable[[Session], Iterable[str]]], Callable[[Session], Iterable[str]]]:
    """Register a function(session) → sentences, one per break."""

    def decorate(function: Callable[[Session], Iterable[str]]) -> Callable[[Session], Iterable[str]]:
        INVARIANTS[name] = (title, function)
        return function

    return decorate


@invariant("audit_chain", "稽核軌跡沒有被更改、刪除、插入或調換")
def _audit_chain(session: Session) -> Iterable[str]:
    return (b.reason for b in audit.verify(session, current_app.config["AUDIT_KEY"]))


def run() -> list[Check]:
    """Every registered invariant on the current database."""
    load_all()
    session = db.session()
    session.rollback()
    with scope.use(scope.SYSTEM):
        return [Check(name, title, list(function(session))) for name, (title, function) in sorted(INVARIANTS.items())]
