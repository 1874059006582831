"""A register through four channels, its returns and the payment made again, in a browser; nothing is broken afterwards."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from app.commands import verify
from app.extensions import db
from app.models.payment import PaymentLine
from app.models.payment_run import PaymentRun
from app.security import scope

from .loop_channels import walk
from .site import Site


def test_four_channels_returns_and_paid_again(site: Site, sign_in: Callable[[str], Page], tmp_path: Path) -> None:
    people, first, again = walk(site, sign_in, tmp_path)
    assert [p.troubles for p in people] == [[]] * len(people)
    with site.app.app_context():
        with scope.use(scope.SYSTEM):
            line = db.session.query(PaymentLine).filter_by(run_id=again).one()
            assert (line.root_run_id, line.channel, db.session.get_one(PaymentRun, first).state) == (first, "cash", "reconciled")
            db.session.rollback()
        assert [c for c in verify.run() if c.breaks] == []
