"""A production start refuses every unsafe setting with a sentence, and makes no account."""

import pytest
from sqlalchemy import select

import config

SAFE = {
    "SWIS_PROFILE": "production",
    "SECRET_KEY": "3f0b6c1d9a8e4725b1c0d2e3f4a59687",
    "AUDIT_KEY": "a1b2c3d4e5f60718293a4b5c6d7e8f90",
    "DATABASE_URL": "postgresql://swis@localhost/swis",
    "TRUSTED_HOSTS": "swis.example.gov.tw",
}


def test_the_safe_settings_start(tmp_path):
    settings = config.load({**SAFE, "SWIS_HOME": str(tmp_path)})
    assert settings["SESSION_COOKIE_SECURE"] and settings["SESSION_COOKIE_HTTPONLY"] and settings["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert settings["SQLALCHEMY_DATABASE_URI"].startswith("postgresql+psycopg://")
    assert not settings["DEBUG"] and not settings["FAB_CREATE_DB"] and not settings["FAB_ADD_SECURITY_API"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "a" * 64}, "SECRET_KEY"),
        ({"AUDIT_KEY": ""}, "AUDIT_KEY"),
        ({"AUDIT_KEY": SAFE["SECRET_KEY"]}, "AUDIT_KEY"),
        ({"DATABASE_URL": ""}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:///x.db"}, "DATABASE_URL"),
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        ({"SESSION_COOKIE_SECURE": "0"}, "SESSION_COOKIE_SECURE"),
        ({"TRUSTED_HOSTS": ""}, "TRUSTED_HOSTS"),
        ({"SWIS_PROFILE": "prod"}, "SWIS_PROFILE"),
    ],
)
def test_unsafe_settings_are_refused(tmp_path, change, named):
    with pytest.raises(config.UnsafeSetting, match=named):
        config.load({**SAFE, "SWIS_HOME": str(tmp_path), **change})


def test_demo_secrets_are_made_not_shipped(tmp_path):
    one, two = (config.load({"SWIS_HOME": str(tmp_path / name)}) for name in "ab")
    assert len(one["SECRET_KEY"]) >= 32 and one["SECRET_KEY"] != two["SECRET_KEY"] != two["AUDIT_KEY"]
    assert config.load({"SWIS_HOME": str(tmp_path / "a")})["SECRET_KEY"] == one["SECRET_KEY"]


def test_the_set_up_token_works_once(app):
    from app.commands import setup
    from app.commands.base import Refused
    from app.extensions import db
    from app.models.audit import AuditEntry
    from app.models.user import User

    app.config["SWIS_PROFILE"] = "production"
    try:
        assert setup.initialise() is None, "there are users: no token"
        for row in db.session.query(User):
            row.roles = []
            db.session.delete(row)
        db.session.commit()
        token = setup.initialise()
    finally:
        app.config["SWIS_PROFILE"] = "test"
    assert token
    with pytest.raises(Refused):
        setup.use_token(db.session(), "wrong", "root", "陳管理", "Correct-Horse-98")
    with pytest.raises(Refused):
        setup.use_token(db.session(), token, "root", "陳管理", "weak")
    db.session.rollback()
    setup.use_token(db.session(), token, "root", "陳管理", "Correct-Horse-98")
    assert db.session.query(User).one().roles[0].name == "系統管理"
    made = db.session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
    assert (made.event, made.actor) == ("account.created", db.session.query(User).one().get_full_name()), "the first account stands in the trail"
    with pytest.raises(Refused):
        setup.use_token(db.session(), token, "root2", "王管理", "Correct-Horse-98")
