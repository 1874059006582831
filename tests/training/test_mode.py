"""A training console opens its own database alone, is marked wherever it shows, lets nothing out, and goes back to its beginning."""

import datetime as dt
import sqlite3
import threading
from contextlib import closing
from urllib.parse import unquote

import pytest
from sqlalchemy import func, select

import config
from tests import demo_county


def test_training_takes_nothing_of_the_installation_beside_it(tmp_path):
    real = {"SWIS_HOME": str(tmp_path), "SECRET_KEY": "s" * 40, "SMTP_HOST": "mail.example", "SFTP_SECRETS": "/etc/sftp", "DROP_FOLDER": "/srv/drop"}
    settings = config.load({**real, "SWIS_PROFILE": "training"})
    assert settings["SWIS_HOME"] == tmp_path / "training" and "training" in settings["SQLALCHEMY_DATABASE_URI"]
    assert settings["SECRET_KEY"] != real["SECRET_KEY"] and not settings["SMTP_HOST"] and not settings["OUTGOING"]
    assert settings["DROP_FOLDER"].is_relative_to(tmp_path) and settings["SESSION_COOKIE_NAME"] != config.load(real)["SESSION_COOKIE_NAME"]


@pytest.mark.parametrize("more", [{"DATABASE_URL": "postgresql://swis@localhost/swis"}, {"SWIS_TRAINING_HOME": "{home}"}])
def test_a_database_or_a_folder_of_the_real_one_is_refused(tmp_path, more):
    environment = {"SWIS_HOME": str(tmp_path), "SWIS_PROFILE": "training", **{k: v.format(home=tmp_path) for k, v in more.items()}}
    with pytest.raises(config.UnsafeSetting, match=r"DATABASE_URL|SWIS_TRAINING_HOME"):
        config.load(environment)


def test_neither_opens_the_other_ones_database(tmp_path, tmp_path_factory, training):
    with closing(sqlite3.connect(tmp_path / "swis.db")) as real:
        real.execute("CREATE TABLE person (id INTEGER)")
        real.execute("INSERT INTO person VALUES (1)")
        real.commit()
    with pytest.raises(config.UnsafeSetting, match="不是訓練用的資料庫"):
        demo_county.application(tmp_path, SWIS_PROFILE="training", OUTGOING=False)
    with pytest.raises(config.UnsafeSetting, match="是訓練用的資料庫"):
        demo_county.application(training.config["SWIS_HOME"])
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "swis.db").write_bytes(b"no database at all")
    with pytest.raises(config.UnsafeSetting, match="不是訓練用的資料庫"):
        demo_county.application(tmp_path / "torn", SWIS_PROFILE="training", OUTGOING=False)


def test_pages_files_and_papers_carry_the_mark(training, people):
    client = people("xitong")
    page = client.get("/").text
    assert "【訓練】" in page and 'class="training-banner"' in page and "【訓練用，非正式文件】" in page
    assert "training-banner" in people(None).get("/login/").text
    from app.commands import printing

    assert printing.fonts_here().mark == "訓練用"


def test_the_name_of_a_file_is_marked_once(training):
    from flask import Response

    from app.security.installation import _marked_name

    named = _marked_name(Response(headers={"Content-Disposition": "attachment; filename*=UTF-8''%E5%90%8D%E5%86%8A.csv"}))
    assert unquote(named.headers["Content-Disposition"]).endswith("''訓練用-名冊.csv")
    assert "Content-Disposition" not in _marked_name(Response()).headers


def test_nothing_leaves(training):
    from app.commands import reminders, sftp_sources, transfers
    from app.commands.base import Refused
    from app.extensions import db
    from app.security.actor import Actor

    training.config["SMTP_HOST"] = "mail.example"
    try:
        assert not reminders.configured()
        with pytest.raises(OSError):
            reminders.send(reminders.EmailMessage(), ["somebody@example"])
    finally:
        training.config["SMTP_HOST"] = ""
    assert sftp_sources.due_sources(db.session()) == [] and transfers.sender_of(db.session(), "swis_anything") is None
    with pytest.raises(Refused, match="訓練環境"):
        transfers.make_token(Actor.system("test"), "x", 3, "10004")


def test_a_reset_brings_the_county_back_and_keeps_people_and_results(training, people):
    from app.extensions import db
    from app.jobs import lease, load, runner
    from app.models.audit import AuditEntry
    from app.models.job import Job
    from app.models.person import Person
    from app.models.training import TrainingTry
    from app.models.user import User
    from app.security import audit, scope

    load()
    session = db.session()
    with scope.use(scope.SYSTEM):
        before = session.scalar(select(func.count()).select_from(Person))
        user = session.scalars(select(User).where(User.username == "gongsuo")).one()
        session.add(TrainingTry(user_id=user.id, task="gone", state="passed", points=100))
        session.add(TrainingTry(user_id=user.id, task="under-way"))
        session.add(Person(county_code="10004", town_code="10004010", person_id="J199999991", name="訓練員", birth=dt.date(1950, 1, 1), sex="M"))
        session.commit()
    assert people("gongsuo").post("/training/reset").status_code == 403
    boss = people("gongsuo-boss")
    assert "已排入背景作業" in boss.post("/training/reset", follow_redirects=True).text
    boss.post("/training/reset")
    with scope.use(scope.SYSTEM):
        assert session.scalar(select(func.count()).where(Job.kind == "training_reset")) == 1, "the second click finds the first"
        session.rollback()
        runner.execute(training, lease.claim(db.engine, "test", 60), threading.Event())
        session.expire_all()
        assert session.scalar(select(Job.state).where(Job.kind == "training_reset")) == "done"
        assert session.scalar(select(func.count()).select_from(Person)) == before
        assert dict(session.execute(select(TrainingTry.task, TrainingTry.state).where(TrainingTry.task.in_(("gone", "under-way")))).all()) == {
            "gone": "passed", "under-way": "abandoned",
        }  # fmt: skip
        assert session.scalar(select(AuditEntry.event).order_by(AuditEntry.seq.desc()).limit(1)) == "training.reset"
        assert not list(audit.verify(session, training.config["AUDIT_KEY"]))
        session.rollback()
    assert boss.get("/training/").status_code == 200, "still signed in"


def test_a_real_console_is_never_reset(app, actor):
    from app.commands.base import Refused
    from app.training import snapshot

    with pytest.raises(Refused, match="不是訓練環境"):
        snapshot.restore()
    with pytest.raises(Refused, match="不是訓練環境"):
        snapshot.request_reset(actor("chief.10004010"))
