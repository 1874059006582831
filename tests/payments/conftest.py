"""Fixtures of this room."""

import pytest

from app.core import clock

from .county import NOON, County


@pytest.fixture
def county(app, actor):
    """A county whose clock stands at 98/3/21."""
    from app.commands import payment_files

    payment_files.log_path().unlink(missing_ok=True)
    with clock.frozen(NOON):
        yield County(actor)
