"""Races for one register on both databases: 2, 4 or 8 people press the same button at the same moment, 500 times in all. Nobody is paid twice."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select

from app.core import clock

RACES = 500


def run(scale: float = 1) -> Iterator[str]:
    """Prints what was raced; yields what went wrong."""
    from app.extensions import db
    from app.models.user import User
    from app.security import scope, web
    from tests.conftest import BACKENDS, Backend
    from tests.payments.county import NOON, County
    from tests.payments.racing import double_payments, race

    def actor(username: str) -> object:
        with scope.use(scope.SYSTEM):
            return web.actor_for(db.session.scalars(select(User).where(User.username == username)).one())

    for name in BACKENDS:
        with tempfile.TemporaryDirectory() as folder:
            backend = Backend(name, Path(folder))
            with backend.app.app_context(), clock.frozen(NOON):
                county = County(actor)  # type: ignore[arg-type]
                for number in (1, 2):
                    county.award(number)
                began = time.monotonic()
                found, twice = race(backend.app, county, int(RACES * scale)), double_payments()
                said = "、".join(f"{kind} {t.races} 場 {t.workers} 人次" for kind, t in found.items())
                print(f"   {name:12} {sum(t.races for t in found.values())} 場（{said}），重複發放 {twice} 筆，{time.monotonic() - began:.1f} 秒")
                if twice or any(t.wrong for t in found.values()):
                    yield f"{name} 的競爭有 {sum(t.wrong for t in found.values())} 場結果不對，重複發放 {twice} 筆"
                db.session.remove()
                db.engine.dispose()
