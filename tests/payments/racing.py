"""Many people at the same moment, again and again: workers in threads meet at a barrier, pull at one register, and what came of it is counted."""

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from app.commands import payment_results, payments
from app.commands.base import CommandError
from app.core import clock
from app.extensions import db
from app.models.payment import Payment
from app.models.payment_run import PaymentFile, PaymentRun
from app.security import scope

from .county import ELA, NOON, County
from .making import MARCH

Action = Callable[[], Any]


@dataclass
class Tally:
    """How many races there were, by how many workers altogether, and how many ended as they must not."""

    races: int = 0
    workers: int = 0
    wrong: int = 0

    def count(self, workers: int, wrong: bool) -> None:
        self.races, self.workers, self.wrong = self.races + 1, self.workers + workers, self.wrong + wrong


def at_once(app: Any, actions: Sequence[Action]) -> int:
    """Start the actions together; how many were not refused. Anything but a refusal in words is raised."""
    gate, won, broken = threading.Barrier(len(actions)), [], []

    def run(action: Action) -> None:
        with app.app_context(), clock.frozen(NOON):
            gate.wait(30)
            try:
                action()
                won.append(1)
            except CommandError:
                pass
            except Exception as error:
                broken.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(a,)) for a in actions]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if broken:
        raise broken[0]
    return len(won)


def count(model: Any, *where: Any) -> int:
    with scope.use(scope.SYSTEM):
        db.session.rollback()
        return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def race(app: Any, county: County, races: int, workers: Sequence[int] = (2, 4, 8), seed: int = 98) -> dict[str, Tally]:
    """At least so many races: the same register made twice, approved twice, approved while a line is taken out, released twice, its files
    asked for many times. Wrong is: two winners (or none) where one wins, a register approved without the line that left it, a second file.
    """
    chosen, month, turn = random.Random(seed), MARCH, 0
    found = {name: Tally() for name in ("build", "approve", "edit", "release", "files")}

    def raced(name: str, actions: Sequence[Action], right: Callable[[], bool] = lambda: True) -> None:
        won = at_once(app, actions)
        found[name].count(len(actions), won != 1 or not right())

    while sum(t.races for t in found.values()) < races:
        n, turn = chosen.choice(workers), turn + 1
        makers = (county.officer, county.officer2)
        raced("build", [lambda who=makers[i % 2], month=month: payments.build_run(who, benefit=ELA, payer="10004", month=month) for i in range(n)])
        with scope.use(scope.SYSTEM):
            db.session.rollback()
            run_id = db.session.scalars(select(PaymentRun.id).where(PaymentRun.state == "built")).one()
        payments.check_run(county.officer, run_id)
        county.confirm_all(run_id)
        made = county.run(run_id)
        lines, version = made.line_count, made.version

        def approve(run_id: int = run_id, version: int = version) -> Any:
            return payments.approve_run(county.director, run_id, version)

        def edit(run_id: int = run_id, version: int = version) -> Any:
            return payments.withhold_line(county.officer, run_id, 1, "查證", version)

        if turn % 2:
            raced("edit", ([approve, edit] * n)[:n], lambda run_id=run_id, lines=lines: _state(county, run_id) in (("approved", lines), ("built", lines - 1)))  # type: ignore[misc]
            payments.cancel_run(county.officer, run_id, "下一回合")
            continue
        raced("approve", [approve] * n)
        raced("release", [lambda run_id=run_id: payments.release_run(county.accountant, run_id) for _ in range(n)])
        raced(
            "files", [lambda run_id=run_id: payment_results.write_files(county.accountant, run_id) for _ in range(n)],
            lambda run_id=run_id: count(PaymentFile, PaymentFile.run_id == run_id) == 1,  # type: ignore[misc]
        )  # fmt: skip
        month += 1
    return found


def _state(county: County, run_id: int) -> tuple[str, int]:
    run = county.run(run_id)
    return run.state, run.line_count


def double_payments() -> int:
    """Awards and months with more than one live regular payment."""
    with scope.use(scope.SYSTEM):
        db.session.rollback()
        twice = select(Payment.award_id).where(Payment.live, Payment.kind == "regular").group_by(Payment.award_id, Payment.month).having(func.count() > 1)
        return len(db.session.execute(twice).all())
