"""The home page: numbers that link, "not known" that is never 0, and only what the role may see."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, text

from app.models.person import Person
from app.security.roles import TOWN_CLERK, TOWN_SUPERVISOR
from app.views import home

CLERK, CHIEF = "clerk.10004010", "chief.10004010"


@pytest.fixture(autouse=True)
def own_tiles() -> Iterator[None]:
    before = list(home.TILES)
    yield
    home.TILES[:] = before


def test_a_number_counts_in_scope_and_links(people: Any, towns: Any, client_as: Any) -> None:
    people(3)
    people(2, towns[1])
    home.tile("試用人數", lambda: select(Person.id), lambda: "/try/list/")
    page = client_as(CLERK).get("/").text
    assert "試用人數" in page and 'href="/try/list/"' in page
    assert '<span class="stat-label">試用人數</span><span class="stat-number">3</span>' in page


def test_not_known_is_never_zero(client_as: Any) -> None:
    home.tile("試用未知", lambda: None, lambda: "/")
    home.tile("試用故障", lambda: 1 // 0, lambda: "/")
    page = client_as(CLERK).get("/").text
    for label in ("試用未知", "試用故障"):
        assert f'<span class="stat-label">{label}</span><span class="stat-number">尚未計算</span>' in page


def test_tiles_are_for_roles_and_permissions(client_as: Any) -> None:
    home.tile("給主管", lambda: 1, lambda: "/", roles=(TOWN_SUPERVISOR,))
    home.tile("給承辦", lambda: 1, lambda: "/", roles=(TOWN_CLERK,))
    home.tile("給管理", lambda: 1, lambda: "/", permission=("can_index", "UsersView"))
    clerk, chief = client_as(CLERK).get("/").text, client_as(CHIEF).get("/").text
    assert "給承辦" in clerk and "給主管" not in clerk and "給管理" not in clerk
    assert "給主管" in chief and "給承辦" not in chief


def test_a_count_stops_at_the_cap(people: Any, client_as: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "COUNT_CAP", 5)
    people(8)
    home.tile("試用人數", lambda: select(Person.id), lambda: "/try/list/")
    assert '<span class="stat-number">5+</span>' in client_as(CLERK).get("/").text


def test_a_tile_whose_query_breaks_hides_no_other(people: Any, client_as: Any) -> None:
    people(2)
    home.tile("試用人數", lambda: select(Person.id), lambda: "/try/list/")
    home.tile("試用壞查詢", lambda: select(text("no_such_column")).select_from(Person), lambda: "/")
    page = client_as(CLERK).get("/").text
    assert '<span class="stat-label">試用人數</span><span class="stat-number">2</span>' in page
    assert '<span class="stat-label">試用壞查詢</span><span class="stat-number">尚未計算</span>' in page


def test_tiles_are_counted_together_and_each_in_scope(people: Any, towns: Any, client_as: Any) -> None:
    people(3)
    people(2, towns[1])
    for n in range(6):
        home.tile(f"試用{n}", lambda: select(Person.id), lambda: "/try/list/")
    page = client_as(CLERK).get("/").text
    for n in range(6):
        assert f'<span class="stat-label">試用{n}</span><span class="stat-number">3</span>' in page
