"""Low income, children, the living allowance of disabled people and the paralysed: each from the counter to the money that arrived."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from .loop_benefits import CHILD, LIVING, LOW, PARALYSED, Walk, walk
from .loop_offices import Offices
from .site import Site


@pytest.mark.parametrize("of", [LOW, CHILD, LIVING, PARALYSED], ids=lambda w: w.base.strip("/"))
def test_from_the_counter_to_the_money(of: Walk, site: Site, sign_in: Callable[[str], Page], tmp_path: Path) -> None:
    o = Offices(site, sign_in)
    walk(of, o, tmp_path)
    assert o.troubles == []
