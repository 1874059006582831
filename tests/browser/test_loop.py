"""The whole loop in a browser, as five people (and the ministry, whose match it is), ends with nothing broken."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from app.commands import verify

from .loop_story import jobs_process, walk
from .site import Site


def test_the_whole_loop_as_five_people(site: Site, sign_in: Callable[[str], Page], tmp_path: Path) -> None:
    with jobs_process(site):
        people = walk(site, sign_in, tmp_path)
    assert [p.troubles for p in people] == [[]] * len(people)
    with site.app.app_context():
        assert [c for c in verify.run() if c.breaks] == []
