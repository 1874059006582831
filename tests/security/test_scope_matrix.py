"""Every route × every role × another office's rows: nothing is shown, nothing changes, the attempt is logged.

Generated from the running application: the routes from its URL map, the rows from the demo county, the models from their mixins. A new
screen is covered the day it is registered; a new scoped model without rows in the demo fails `test_every_scoped_model_has_rows`.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect, select

from app.models.base import TownScoped
from app.security import roles, scope
from tests import demo_county
from tests.conftest import Browser
from tests.seed import PASSWORD, SHORT

HOME, FOREIGN_COUNTY = "10004010", "10005"
LIMITED = (
    (roles.TOWN_CLERK, HOME),
    (roles.TOWN_SUPERVISOR, HOME),
    (roles.COUNTY_OFFICER, FOREIGN_COUNTY),
    (roles.COUNTY_SUPERVISOR, FOREIGN_COUNTY),
    (roles.ACCOUNTANT, FOREIGN_COUNTY),
    (roles.AUDITOR, FOREIGN_COUNTY),
    (roles.MINISTRY_OFFICER, "MOHW"),
    (roles.ADMINISTRATOR, "10004"),
)
ROWS_PER_MODEL = 2
# Rows that only an intermediate step of work leaves behind, so that a fresh demo has none; each is covered by its room's own scope test.
NOT_IN_DEMO = {
    "batch_error", "instalment", "not_checked", "rule_hold", "exchange_mapping", "transfer", "upload", "upload_token",
    "old_register_import", "old_register_line",
    "accounting_line", "payment_deduction", "offset_consent",
    "campaign_visit", "campaign_correction", "objection",
    "recomputation_line",  # the demo's awards were decided by today's law, so its recomputation finds none that would change
}  # fmt: skip


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The demo county with one limited person per role."""
    from app.commands.accounts import new_user
    from app.extensions import db
    from app.models.office import Office

    app = demo_county.installed(tmp_path_factory, TESTING=True, WTF_CSRF_ENABLED=False)
    app.test_client_class = Browser
    with app.app_context():
        with scope.use(scope.SYSTEM):
            session = db.session()
            for role, code in LIMITED:
                office = session.scalars(select(Office).where(Office.code == code)).one()
                new_user(
                    session, username=f"x.{SHORT[role]}", family="外", given="人", office=office, role_names=[role], password=PASSWORD,
                    must_change=False,
                )  # fmt: skip
            session.add_all(own_settings())
            session.commit()
        db.session.remove()
    yield app


def own_settings() -> list[Any]:
    """Settings that counties write for themselves and the demo has none of, two counties' and one each of the nation's."""
    from app.models.channel_layout import ChannelLayout
    from app.models.sftp_source import SftpSource
    from app.payments.own_layout import FileLayout
    from app.rules import codec

    body = codec.to_plain(FileLayout())
    host = {"label": "試辦機關", "source": "roster", "host": "sftp.invalid", "user": "county", "host_key": "SHA256:" + "A" * 43, "secret_name": "key"}
    return [
        row
        for county in ("10004", "10005")
        for row in (ChannelLayout(county_code=county, name="農會", number=1, body=body), SftpSource(county_code=county, **host))
    ]


def limits(app: Flask, username: str) -> scope.Scope:
    from app.extensions import db
    from app.models.user import User
    from app.security import web

    with app.app_context():
        return web.actor_for(db.session.scalars(select(User).where(User.username == username)).one()).scope


def foreign_rows(app: Flask, limited: scope.Scope) -> dict[Any, list[Any]]:
    """Per scoped model, some primary keys that the scope does not admit."""
    from app.extensions import db

    out: dict[Any, list[Any]] = {}
    with app.app_context(), scope.use(scope.SYSTEM):
        for model in scope.scoped_models():
            rows = db.session.scalars(select(model).limit(3000)).unique()
            keys = [inspect(r).identity[0] for r in rows if not limited.admits(r)]
            out[model] = keys[:: max(1, len(keys) // ROWS_PER_MODEL)][:ROWS_PER_MODEL]
    return out


def secrets(app: Flask, limited: scope.Scope) -> list[str]:
    """What may not appear on any page: ID numbers, also masked, of people outside, unless somebody inside looks the same."""
    from app.extensions import db
    from app.models.person import Person

    with app.app_context(), scope.use(scope.SYSTEM):
        people = list(db.session.scalars(select(Person)))
        mine = {p.person_id[:6] for p in people if limited.admits(p)}
        return [p.person_id[:6] for p in people if not limited.admits(p) and p.person_id[:6] not in mine]


def digest(app: Flask, limited: scope.Scope) -> str:
    """A hash over every scoped row outside the scope."""
    from app.extensions import db

    total = hashlib.sha256()
    with app.app_context(), scope.use(scope.SYSTEM):
        for model in sorted(scope.scoped_models(), key=lambda m: m.__tablename__):
            table = model.__table__
            columns = [c for c in table.columns if c.name in ("county_code", "town_code", "benefit")]
            where = [c.name for c in columns]
            for row in db.session.execute(select(table).order_by(*table.primary_key.columns)).mappings():
                if not limited._admits(issubclass(model, TownScoped), *(row[n] if n in where else None for n in ("county_code", "town_code", "benefit"))):
                    total.update(repr(sorted(row.items(), key=lambda i: i[0])).encode())
    return total.hexdigest()


def routes(app: Flask, keys: dict[Any, list[Any]]) -> Iterator[tuple[str, str, str, bool]]:
    """(method, URL, endpoint, known) of everything that names a record; a screen of one model with that model's rows (`known`),
    others with everybody's."""
    models = {type(v).__name__: v.datamodel.obj for v in app.appbuilder.baseviews if getattr(v, "datamodel", None) is not None}  # type: ignore[attr-defined]
    some = sorted({k for pks in keys.values() for k in pks[:1] if isinstance(k, int)})[:4]
    for rule in app.url_map.iter_rules():
        if not rule.arguments or rule.endpoint in ("static", "appbuilder.static", "LocaleView.index", "StatisticsView.chart"):
            continue
        model = models.get(rule.endpoint.split(".")[0])
        base = next((m for m in keys if model is not None and issubclass(model, m)), None)
        for pk in keys[base] if base is not None else some:
            url = re.sub(r"<(?:\w+:)?(\w+)>", lambda m, pk=pk: str(pk) if "name" not in m[1] else "approve", rule.rule)  # type: ignore[misc]
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield method, url, rule.endpoint, base is not None


def lists(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if not rule.arguments and "GET" in (rule.methods or set()) and not rule.rule.startswith(("/static", "/back", "/logout", "/login", "/setup")):
            yield rule.rule


def test_every_scoped_model_has_rows(county):
    """Otherwise the matrix below would prove nothing about it."""
    from app.extensions import db

    with county.app_context(), scope.use(scope.SYSTEM):
        empty = {m.__tablename__ for m in scope.scoped_models() if db.session.scalars(select(m).limit(1)).first() is None}
    assert empty <= NOT_IN_DEMO, empty - NOT_IN_DEMO


@pytest.mark.slow
@pytest.mark.parametrize(("role", "office"), LIMITED, ids=[SHORT[r] for r, _ in LIMITED])
def test_nothing_of_another_office_is_shown_or_changed(county, role, office):
    from app.extensions import db
    from app.models.access import SecurityEvent

    username = f"x.{SHORT[role]}"
    limited = limits(county, username)
    keys, hidden, before = foreign_rows(county, limited), secrets(county, limited), digest(county, limited)
    shown = re.compile("|".join(map(re.escape, hidden))) if hidden else re.compile(r"(?!)")
    browser = county.test_client()
    assert browser.post("/login/", data={"username": username, "password": PASSWORD}).status_code == 302
    for url in lists(county):
        page = browser.get(url)
        assert page.status_code < 500, url
        assert not shown.search(page.text), f"{url} shows somebody of another office"
    tried = 0
    for method, url, endpoint, known in routes(county, keys):
        data = {"comment": "試", "reason": "試試看", "purpose": "初審", "note": "測試查閱", "seen_version": "1"}
        page = browser.open(url, method=method, data=data if method == "POST" else None)
        tried += known and page.status_code == 404 and not endpoint.endswith(".action")  # an action nobody has is no row
        assert page.status_code < 500, f"{method} {url} ({endpoint}) breaks: {page.status_code}"
        assert not shown.search(page.text), f"{method} {url} ({endpoint}) shows somebody of another office"
    for view in county.appbuilder.baseviews:
        model = getattr(getattr(view, "datamodel", None), "obj", None)
        base = next((m for m in keys if model is not None and issubclass(model, m)), None)
        for name in getattr(view, "actions", {}) if base is not None else ():
            page = browser.post(f"{view.route_base}/action_post", data={"action": name, "rowid": [str(k) for k in keys[base]]})
            assert page.status_code < 500 and not shown.search(page.text), f"bulk {name} on {view.route_base}"
    assert digest(county, limited) == before, "a row of another office was changed"
    with county.app_context():
        events = db.session.query(SecurityEvent).filter(SecurityEvent.kind == "denied", SecurityEvent.username == username).count()
    if tried:
        assert events, "no attempt was logged"
