"""The whole product with two more screens on the person table, so that every behaviour of the base views has a page to be tried on."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import identity
from tests import conftest as product
from tests.seed import FOREIGN_TOWN, HOME_TOWN, OTHER_TOWN

_backends: dict[str, product.Backend] = {}


def _try_views() -> Any:
    """A module like those in app/views, with test screens, and the commands behind them."""
    from flask_appbuilder.actions import action

    from app.commands.base import Context, command
    from app.models.person import Person
    from app.security.roles import ALL
    from app.views.base import ReferenceView, RegisterView, ViewInterface

    @command("try.change", roles=ALL)
    def change(ctx: Context, pk: int, seen_version: int | None = None, **values: Any) -> None:
        person = ctx.get(Person, pk)
        ctx.check_version(person, seen_version)
        before = {name: getattr(person, name) for name in values}
        for name, value in values.items():
            setattr(person, name, value)
        person.changed_by_id = ctx.actor.user_id
        ctx.audit("person.changed", person, **{k: [str(before[k]), str(v)] for k, v in values.items() if before[k] != v and k != "person_id"})

    @command("try.change", roles=ALL)
    def add(ctx: Context, **values: Any) -> int:
        person = Person(county_code=HOME_TOWN[:5], town_code=HOME_TOWN, **values)
        ctx.session.add(person)
        ctx.session.flush()
        return person.id

    @command("try.change", roles=ALL)
    def remove(ctx: Context, pk: int) -> None:
        ctx.session.delete(ctx.get(Person, pk))

    class TryPersonView(RegisterView):
        datamodel = ViewInterface(Person)
        route_base = "/try"
        record_name = "試用人口"
        list_columns = ["name", "person_id", "birth", "town_code", "registered_address"]
        search_columns = ["person_id", "name", "birth", "town_code", "registered_address"]
        show_columns = ["name", "person_id", "birth", "phone", "registered_address"]
        add_columns = ["name", "person_id", "birth", "sex", "phone"]
        edit_columns = ["name", "person_id", "birth", "phone", "registered_address"]
        add_command, edit_command, delete_command = add, change, remove
        default_roles = ALL
        touched: list[list[str]] = []

        @action("mark", "標記", "要標記所選的人嗎？", "")
        def mark(self, items: Any) -> None:
            self.touched.append([p.name for p in (items if isinstance(items, list) else [items])])

    class TryOpenView(ReferenceView):
        datamodel = ViewInterface(Person)
        route_base = "/try-open"
        record_name = "試用清單"
        list_columns = ["name", "town_code"]
        default_roles = ALL

    class Module:
        __name__ = "tests.views.try"
        ORDER = 99

        @staticmethod
        def register(appbuilder: Any) -> None:
            appbuilder.add_view(TryPersonView, "Try people", label="試用人口", category="Try", category_label="試用")
            appbuilder.add_view(TryOpenView, "Try open", label="試用清單", category="Try")

    return Module


@pytest.fixture
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[product.Backend]:
    """The product with the test screens; its commands are known to no other test."""
    import app.views
    from app.commands.base import REGISTRY

    name = request.param
    if name not in _backends:
        original = app.views.modules
        app.views.modules = lambda: [*original(), _try_views()]
        try:
            _backends[name] = product.Backend(name, tmp_path_factory.mktemp(f"views-{name}"))
        finally:
            app.views.modules = original
            REGISTRY.pop("try.change", None)
    _backends[name].restore()
    yield _backends[name]


def person_id(n: int) -> str:
    """A valid, invented ID number."""
    return identity.with_check_digit(f"J2{n:07d}")


@pytest.fixture
def people(session: Any) -> Callable[..., list[Any]]:
    """`people(30)`: 30 people of the home township; `people(2, town=…)`: of another."""
    from app.models.person import Person

    def make(count: int, town: str = HOME_TOWN, name: str = "陳美玲") -> list[Any]:
        start = session.scalar(select(Person.id).order_by(Person.id.desc()).limit(1)) or 0
        made = [
            Person(
                county_code=town[:5], town_code=town, person_id=person_id(start + i), name=name if count == 1 else f"{name}{i}", sex="F",
                birth=dt.date(1930, 3, 1), registered_address=f"光明路{i}號", phone=f"0912{i:06d}",
            )
            for i in range(count)
        ]  # fmt: skip
        session.add_all(made)
        session.commit()
        return made

    return make


@pytest.fixture
def towns() -> tuple[str, str, str]:
    """(the clerk's township, another of the county, one of another county)."""
    return HOME_TOWN, OTHER_TOWN, FOREIGN_TOWN


@pytest.fixture
def csrf(app: Flask) -> Iterator[None]:
    """CSRF protection as in production."""
    app.config["WTF_CSRF_ENABLED"] = True
    yield
    app.config["WTF_CSRF_ENABLED"] = False
