"""The yearly review in a browser: township clerk, county officer and supervisor, from the frozen cohort to the served notices."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from . import campaign_walk
from .site import Site


@pytest.mark.slow
def test_the_yearly_review_is_walked_by_its_people(site: Site, sign_in: Callable[[str], Page], tmp_path: Path) -> None:
    clerk, officer, director = campaign_walk.walk(site, sign_in, tmp_path)
    assert [t for p in (clerk, officer, director) for t in p.troubles] == []
    assert "已結案" in director.state or "還有" in director.said, "closed, or told what is still open"
