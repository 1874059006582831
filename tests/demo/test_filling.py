"""The demo county: filled whole, by the real commands, with every invariant holding."""

import json

import pytest
from sqlalchemy import func, select

from app import demo
from app.commands import load_all, verify
from app.commands.base import Refused
from app.extensions import db
from app.models.application import Application
from app.models.award import Award
from app.models.decision import Decision
from app.models.doubt import Doubt
from app.models.exchange import Batch
from app.models.office import Office
from app.models.payment_run import PaymentRun
from app.models.person import Person
from app.models.user import User
from app.security import scope
from app.security.roles import ALL, conflict
from tests import demo_county


@pytest.mark.slow
@pytest.mark.postgres
def test_a_small_county_is_filled_by_the_real_commands_and_holds_every_invariant(app, session, tmp_path, monkeypatch):
    monkeypatch.setitem(app.config, "SWIS_HOME", tmp_path)
    counts = demo.fill(120, 5, say=lambda text: None)
    session.expire_all()
    county_is_whole(app, session, 120, counts)


@pytest.mark.slow
def test_the_same_on_sqlite(tmp_path_factory):
    app = demo_county.installed(tmp_path_factory, WTF_CSRF_ENABLED=False)
    counts = json.loads((demo_county.built(tmp_path_factory) / demo_county.COUNTS).read_text())
    with app.app_context(), scope.use(scope.SYSTEM):
        county_is_whole(app, db.session(), demo_county.HOUSEHOLDS, counts)


def county_is_whole(app, session, households, counts):
    rows = session.scalar(select(func.count()).select_from(Application))
    assert households + 80 < counts["applications"] <= rows and households * 7 / 12 < counts["awards"] < households
    cases_in_every_stage(session, households)
    money_and_matching(session)
    load_all()
    assert {c.name: c.breaks for c in verify.run() if c.breaks} == {}
    accounts_of_every_role(session)
    a_visitor_signs_in_and_finds_work(app)
    with pytest.raises(Refused, match="空的資料庫"):
        demo.fill(20, 1)


def cases_in_every_stage(session, households):
    assert households < session.scalar(select(func.count()).select_from(Person)) <= session.scalar(select(func.count()).select_from(Application))
    states = set(session.scalars(select(Application.state)))
    assert {"approved", "rejected"} < states and len(states) >= 6
    assert {b for (b,) in session.execute(select(Decision.band))} >= {"full", "half"}
    assert session.scalar(select(func.count()).select_from(Award).where(Award.status == "ended")) > 0
    assert set(session.scalars(select(Application.benefit))) >= {"low_income_living_assistance", "disability_living_allowance", "parking_permit"}
    assert session.scalar(select(func.count()).select_from(Application).where(Application.valid_from.is_not(None))) > 0


def money_and_matching(session):
    runs = session.execute(select(PaymentRun.kind, PaymentRun.state).order_by(PaymentRun.month)).all()
    assert runs.count(("regular", "reconciled")) == 3 and ("regular", "checked") in runs
    assert session.scalar(select(func.count()).select_from(Doubt)) > 0
    assert set(session.scalars(select(Batch.state))) <= {"accepted", "nil"}


def accounts_of_every_role(session):
    assert [a.role for a in demo.ACCOUNTS] == list(ALL)
    users = {u.username: u for u in session.scalars(select(User)).unique()}
    for account in demo.ACCOUNTS:
        user = users[account.username]
        assert [r.name for r in user.roles] == [account.role] and user.office_id is not None
        assert conflict({r.name for r in user.roles}) is None
    towns = session.scalars(select(Office.town_code).join(User, User.office_id == Office.id).where(Office.kind == "township")).all()
    assert len({t for t in towns if t.startswith("10004")}) == 13


def a_visitor_signs_in_and_finds_work(app):
    account = demo.ACCOUNTS[0]
    client = app.test_client()
    assert client.post("/login/", data={"username": account.username, "password": account.password}).status_code == 302
    assert "ELA" in client.get("/elderly_living_allowance/list/").text
