"""The way in: sessions on the server, lock-out on every path, passwords, headers, CSRF."""

import datetime as dt
import re

import pytest
from sqlalchemy import select, update

from app.core import clock
from app.extensions import db
from app.models.access import SecurityEvent, WebSession
from app.models.user import User
from app.security import passwords
from app.security.web import LOCK_MINUTES, OPEN_BLUEPRINT
from tests.seed import PASSWORD

CLERK = "clerk.10004010"


def login(client, password=PASSWORD, username=CLERK):
    return client.post("/login/", data={"username": username, "password": password})


def kinds(username=CLERK):
    return db.session.scalars(select(SecurityEvent.kind).where(SecurityEvent.username == username).order_by(SecurityEvent.id)).all()


def test_a_copied_cookie_is_worthless_after_sign_out(app):
    browser, thief = app.test_client(), app.test_client()
    login(browser)
    thief.set_cookie("swis", browser.get_cookie("swis").value)
    assert thief.get("/").status_code == 200
    browser.post("/logout/")
    assert thief.get("/").location == "/login/"
    assert kinds() == ["signed_in", "signed_out"]


def test_password_change_ends_the_other_sessions_and_asks_the_old_one(app):
    mine, other = app.test_client(), app.test_client()
    login(mine), login(other)
    new = "Quite-Another-99"
    for old, again in (("wrong", new), (PASSWORD, "different")):
        mine.post("/password/", data={"old": old, "new": new, "again": again})
        assert other.get("/").status_code == 200
    mine.post("/password/", data={"old": PASSWORD, "new": new, "again": new})
    assert mine.get("/").status_code == 200
    assert other.get("/").location == "/login/"
    assert login(app.test_client()).status_code == 200
    assert login(app.test_client(), new).status_code == 302


def test_deactivation_ends_the_session_at_once(app):
    browser = app.test_client()
    login(browser)
    db.session.execute(update(User).where(User.username == CLERK).values(active=False))
    db.session.commit()
    assert browser.get("/").location == "/login/"


def test_idle_and_absolute_limits(app):
    browser = app.test_client()
    login(browser)
    start = clock.now()
    with clock.frozen(start + dt.timedelta(minutes=29)):
        assert browser.get("/").status_code == 200
    with clock.frozen(start + dt.timedelta(minutes=61)):
        assert browser.get("/").location == "/login/"
    login(browser)
    for step in range(1, 25):
        with clock.frozen(start + dt.timedelta(minutes=28 * step)):
            last = browser.get("/")
    assert last.location == "/login/", "after ten hours a new sign-in is due, however busy the session was"


def test_five_failures_lock_the_name_for_fifteen_minutes(app):
    for _ in range(5):
        login(app.test_client(), "wrong")
    assert login(app.test_client()).status_code == 200, "the right password does not help now"
    assert login(app.test_client(), username=CLERK.upper()).status_code == 200, "nor does another spelling of the name"
    assert kinds().count("locked") == 2
    with clock.frozen(clock.now() + dt.timedelta(minutes=LOCK_MINUTES, seconds=1)):
        assert login(app.test_client()).status_code == 302


def test_guessing_the_old_password_locks_too(app, client_as):
    browser = client_as(CLERK)
    for _ in range(5):
        browser.post("/password/", data={"old": "wrong", "new": "Quite-Another-99", "again": "Quite-Another-99"})
    browser.post("/password/", data={"old": PASSWORD, "new": "Quite-Another-99", "again": "Quite-Another-99"})
    assert login(app.test_client(), "Quite-Another-99").status_code == 200


@pytest.mark.parametrize("password", ["", "\0", "\0\0"])
def test_empty_passwords_never_sign_in(app, password):
    db.session.execute(update(User).where(User.username == CLERK).values(password=passwords.hashed("")))
    db.session.commit()
    assert login(app.test_client(), password).status_code == 200


def test_the_policy_says_everything_that_is_wrong():
    assert len(passwords.LAW.problems("abc", "abc")) == 3
    assert passwords.LAW.problems(PASSWORD, CLERK) == []
    assert passwords.LONG.problems("correct horse battery") == []


def test_no_other_way_in(app):
    rules = {r.rule for r in app.url_map.iter_rules()}
    assert not {r for r in rules if "api" in r or r.startswith("/register") or "registeruser" in r or "swagger" in r or "resetpassword" in r}
    browser = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.arguments or "GET" not in rule.methods or rule.endpoint in ("static", "AuthView.login", "SetupView.form"):
            continue
        if rule.endpoint.startswith(f"{OPEN_BLUEPRINT}."):  # for people without an account: tests/citizen
            continue
        answer = browser.get(rule.rule)
        assert answer.status_code in (302, 401, 404), (rule.rule, answer.status_code)
        if answer.status_code == 302:
            assert answer.location.startswith("/login/"), rule.rule


def test_every_post_needs_the_token(app, client_as):
    browser = client_as(CLERK)
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        for rule in app.url_map.iter_rules():
            if "POST" not in rule.methods or rule.endpoint == "upload_endpoint":  # county systems: a bearer token of their own
                continue
            url = rule.rule
            for name in rule.arguments:
                url = (
                    url.replace(f"<int:{name}>", "1")
                    .replace(f"<{name}>", "1")
                    .replace(f"<string:{name}>", "x")
                    .replace(f"<path:{name}>", "x")
                )
            url = re.sub(r"<any\((\w+)[^>]*>", r"\1", url)
            assert browser.post(url).status_code == 400, rule.rule
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_headers(client_as):
    headers = client_as(CLERK).get("/").headers
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'self'" in headers["Content-Security-Policy"] and "nonce-" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"


def test_open_redirects_are_not_followed(app):
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        answer = app.test_client().post("/login/", query_string={"next": target}, data={"username": CLERK, "password": PASSWORD})
        assert answer.location.startswith("/") and answer.location[1:2] not in ("/", "\\"), (target, answer.location)


def test_sessions_are_kept_as_hashes(app):
    browser = app.test_client()
    login(browser)
    with browser.session_transaction() as cookie:
        assert db.session.get(WebSession, cookie["sid"]) is None
