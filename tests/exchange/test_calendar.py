"""The calendar and the board against a stopped clock: what is due when, what came, reminders, and whose board it is."""

import datetime as dt
import threading

import pytest
from sqlalchemy import select

from app.commands import calendar, deliveries, exchange, reminders
from app.commands.base import Refused
from app.core import clock, roc
from app.exchange.layouts import layout
from app.extensions import db
from app.jobs import lease, load, runner
from app.models.calendar import CalendarRule
from app.models.job import Job
from app.security import scope
from app.security.actor import Actor
from tests.exchange.making import row, rows, write_csv

ELA, DLA = "elderly_living_allowance", "disability_living_allowance"
SYSTEM = Actor.system("test")
MARCH = roc.parse_month("09803")
D = dt.date


def month(number, kind=ELA, count=10, **changes):
    text = roc.month5(number)
    return rows(kind, count, ref_month=text, pay_month_from=text, pay_month_to=text, **changes)


def state(session, kind=ELA, number=MARCH, county="10004", source="roster"):
    with scope.use(scope.SYSTEM):
        session.rollback()
        found = {(c.county, c.source, c.kind): c for c in calendar.cells(session, [number], ["10004", "10005"])}
    return found[county, source, kind]


def test_due_days_follow_the_rows(session):
    with scope.use(scope.SYSTEM):
        rules = {(r.source, r.kind): r for r in calendar.rules_at(session, MARCH)}
    assert calendar.due_on(rules["roster", ELA], MARCH) == D(2009, 4, 3)
    assert calendar.due_on(rules["roster", ELA], MARCH + 1) == D(2009, 5, 5)  # 1 May a Friday, 4, 5
    assert calendar.due_on(rules["roster", ELA], MARCH, 1) == D(2009, 4, 1)
    assert rules["roster", ELA].law == "國民年金法" and rules["roster", "parking_permit"].law == ""
    yearly = rules["tax_income", ""]
    assert [m for m in range(MARCH, MARCH + 12) if calendar.is_period(yearly, m)] == [roc.parse_month("09812")]
    assert calendar.due_on(yearly, roc.parse_month("09812")) == D(2010, 1, 28)
    with scope.use(scope.SYSTEM):
        later = {r.source: r for r in calendar.rules_at(session, roc.parse_month("10007")) if not r.kind}
    assert rules["household_change", ""].law == "" and later["household_change"].article == "第3條"


def test_counties_come_and_go(session):
    with scope.use(scope.SYSTEM):
        before, after = (set(calendar.counties_at(session, roc.parse_month(m))) for m in ("09803", "10301"))
    assert {"10001", "64000", "63000"} <= before and len(before) == 25 and "65000" not in before
    assert "65000" in after and "10001" not in after and "10003" in after and "68000" not in after


def test_every_state_in_turn(session, tmp_path):
    def take(name, data, mode="new", **what):
        return exchange.import_file(SYSTEM, "roster", write_csv(tmp_path / name, data), mode=mode, **what)

    with clock.frozen(D(2009, 3, 31)):
        assert state(session).state == "not_yet"
    with clock.frozen(D(2009, 4, 3)):
        assert state(session).state == "due"
    with clock.frozen(D(2009, 4, 6)):
        late = state(session)
        assert (late.state, late.days_late) == ("late", 3)
        bad = take("bad.csv", month(MARCH, birth="x"), county="10004", month=MARCH, kind=ELA)
        assert bad.accepted == 0 and state(session).state == "rejected"
        first = take("a.csv", month(MARCH))
        cell = state(session)
        assert (cell.state, cell.batch_no, cell.days_late, cell.fresh_until) == ("received", first.batch_no, 3, D(2009, 5, 5))
        take("b.csv", month(MARCH, count=11), "replacement")
        assert state(session).state == "superseded" and "取代" in state(session).wording
        deliveries.declare_nil(SYSTEM, "roster", "10004", MARCH, DLA)
        assert state(session, DLA).state == "nil"
        assert state(session, DLA, county="10005").state == "late"
    with clock.frozen(D(2009, 4, 2)):
        path = write_csv(tmp_path / "c.csv", [row(layout("custody"), n) for n in range(1, 4)])
        exchange.import_file(SYSTEM, "custody", path)
        assert state(session, "", source="custody", county="").state == "received"
    with clock.frozen(D(2009, 6, 1)), scope.use(scope.SYSTEM):
        ages = {(a.source, a.kind): a for a in calendar.ages(session, MARCH, "10004")}
        custody = ages["custody", ""]
        assert (custody.days, custody.fresh_until, custody.stale) == (60, D(2009, 5, 5), True)
        assert ages["pension", ""].received_at is None and ages["roster", ELA].month == MARCH


def test_a_county_says_what_it_does_not_pay(client_as, session):
    with clock.frozen(D(2009, 4, 10)):
        officer = client_as("officer.10004")
        form = {"county": "10004", "kind": "county_senior_allowance", "expected": "N", "due": "", "reason": ""}
        assert "請說明為什麼" in officer.post("/exchange-board/settings", data=form).text
        assert officer.post("/exchange-board/settings", data=form | {"reason": "本縣未發放"}).status_code == 303
        assert state(session, "county_senior_allowance").state == "not_expected"
        assert state(session, "county_senior_allowance", county="10005").state == "late"
        for wrong in ({"county": "10005", "reason": "x"}, {"expected": "Y", "due": "9"}, {"kind": "nothing", "reason": "x"}):
            assert officer.post("/exchange-board/settings", data=form | wrong).status_code == 422
        assert officer.post("/exchange-board/settings", data=form | {"kind": ELA, "expected": "Y", "due": "1"}).status_code == 303
        assert state(session).due_on == D(2009, 4, 1)
        with pytest.raises(Refused):
            calendar.set_expected(SYSTEM, "10004", "custody", "", True, None, "")


def test_the_board_is_the_countys_own_and_the_ministrys_all(client_as, session, tmp_path):
    with clock.frozen(D(2009, 4, 10)):
        exchange.import_file(SYSTEM, "roster", write_csv(tmp_path / "a.csv", month(MARCH)))
        own, other, ministry = (client_as(n).get("/exchange-board/").text for n in ("officer.10004", "officer.10005", "ministry"))
        assert "已收" in own and "新竹縣的名冊" in own and "98年3月" in own and "彰化縣" not in own
        assert "苗栗縣的名冊" in other and "已收" not in other and "逾期未送" in other
        assert "彰化縣" in ministry and "已收" in ministry
        assert client_as("clerk.10004010").get("/exchange-board/").status_code == 403
        home = client_as("officer.10004").get("/").text
        assert "待送的名冊" in home


def test_reminders_go_to_the_county_that_owes(app, client_as, session, tmp_path, monkeypatch):
    sent = []

    class Server:
        def __init__(self, *a, **k): ...
        def __enter__(self):
            return self
        def __exit__(self, *a): ...
        def starttls(self, **k): ...
        def login(self, *a): ...
        def send_message(self, message):
            sent.append(message)

    load()

    def remind():
        session.add(Job(kind="delivery_reminders", scope="", args={}, max_attempts=3, requested_at=clock.now()))
        session.commit()
        held = lease.claim(db.engine, "worker", 30)
        runner.execute(app, held, threading.Event())
        session.rollback()
        return session.get(Job, held.job_id)

    monkeypatch.setattr(reminders.smtplib, "SMTP", Server)
    exchange.import_file(SYSTEM, "roster", write_csv(tmp_path / "a.csv", month(MARCH)))
    with clock.frozen(D(2009, 4, 10)):
        assert remind().state == "done" and not sent
        for name, value in (("SMTP_HOST", "mail"), ("SMTP_USER", "u")):
            monkeypatch.setitem(app.config, name, value)
        with scope.use(scope.SYSTEM):
            monkeypatch.setattr(reminders, "recipients", lambda _s, county: [f"officer@{county}.gov.tw"] if county in ("10004", "10005") else [])
        job = remind()
        assert job.state == "done", job.error_text
    by_county = {m["To"]: m for m in sent}
    assert set(by_county) == {"officer@10004.gov.tw", "officer@10005.gov.tw"}
    mine = by_county["officer@10004.gov.tw"].get_content()
    assert "身心障礙者生活補助" in mine and "期限 98/04/03" in mine and "中低收入老人生活津貼" not in mine
    assert "中低收入老人生活津貼" in by_county["officer@10005.gov.tw"].get_content()


def test_every_rule_row_is_read(session):
    with scope.use(scope.SYSTEM):
        assert len(session.scalars(select(CalendarRule)).all()) == 24
