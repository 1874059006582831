"""SFTP settings in the console: written by one, tried out, approved by another; secrets bound to county and host; fetched when due."""

import datetime as dt
import re
import socket
import threading
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.commands import sftp_sources
from app.commands.base import CommandError
from app.core import clock
from app.exchange import sftp
from app.extensions import db
from app.jobs import lease, load, runner
from app.models.job import Job
from app.models.sftp_source import SftpSource
from app.models.transfer import Transfer
from app.security import scope
from tests.exchange.making import rows, write_csv
from tests.exchange.sftp_server import PASSWORD, Host


@pytest.fixture
def host(app, tmp_path, monkeypatch) -> Any:
    """The agency's host, and the password where the operators put it for the county 10004."""
    monkeypatch.setattr(sftp, "SETTLE", 0.01)
    monkeypatch.setitem(app.config, "SFTP_SECRETS", tmp_path / "secrets")
    (tmp_path / "agency").mkdir()
    server = Host(tmp_path / "agency")
    folder = sftp_sources.secret_folder("10004", "127.0.0.1")
    folder.mkdir(parents=True)
    (folder / "pw").write_text(PASSWORD)
    (folder / "pw").chmod(0o600)
    yield server
    server.close()


def typed(server: Host, **more: Any) -> dict[str, Any]:
    return {"label": "縣府資訊處", "source": "roster", "county": "", "host": "127.0.0.1", "port": server.port, "user": "swis", "host_key": server.fingerprint,
            "login_by": "password", "secret_name": "pw", "folder": "/", "pattern": "*.csv", "rhythm": "quarter", "at_hour": 6, "note": "", "mapping": ""} | more  # fmt: skip


def run_job(app, session) -> Any:
    load()
    session.add(Job(kind="sftp_pull", scope="", args={}, max_attempts=3, requested_at=clock.now()))
    session.commit()
    held = lease.claim(db.engine, "worker", 30)
    runner.execute(app, held, threading.Event())
    session.rollback()
    return session.get(Job, held.job_id).result


def test_from_a_written_setting_to_a_fetched_roster(app, session, actor, client_as, host):
    write_csv(host.root / "roster.csv", rows())
    write_csv(host.root / "other.csv", rows(county_code="10005", town_code="10005010"))
    officer, supervisor = client_as("officer.10004"), client_as("director.10004")
    saved = officer.post("/sftp-sources/write", data={k: str(v) for k, v in typed(host).items()} | {"county": "10004"})
    assert saved.status_code == 303, saved.text[-3000:]
    number = int(saved.location.rsplit("/", 1)[1])
    assert run_job(app, session) == {"主機": 0, "收下": 0, "退回": 0, "連線失敗": 0}, "a draft is not fetched"
    with pytest.raises(CommandError, match="連線測試"):
        sftp_sources.approve_source(actor("director.10004"), number)
    tested = officer.post(f"/sftp-sources/test/{number}", follow_redirects=True).text
    assert "2 個符合的檔案" in tested and PASSWORD not in tested and host.fingerprint in tested and "SFTP_SECRETS/10004/127.0.0.1/pw" in tested
    with pytest.raises(CommandError):
        sftp_sources.approve_source(actor("officer.10004"), number)
    page = supervisor.get(f"/sftp-sources/show/{number}").text
    assert "核可並開始取檔" in page
    approved = supervisor.post(f"/sftp-sources/move/{number}/approve", data={"_seen_version": re.search(r'_seen_version" value="(\d+)"', page)[1]})
    assert approved.status_code == 303
    assert run_job(app, session) == {"主機": 1, "收下": 1, "退回": 1, "連線失敗": 0}
    with scope.use(scope.SYSTEM):
        assert {(t.file_name, t.outcome, t.county_code) for t in session.scalars(select(Transfer))} == {("roster.csv", "taken", "10004"), ("other.csv", "refused", "10004")}
    assert run_job(app, session)["主機"] == 0, "its time has not come again"
    assert client_as("officer.10005").get(f"/sftp-sources/show/{number}").status_code == 404


def in_use(actor: Any, given: dict[str, Any], before: int | None = None) -> int:
    number = sftp_sources.save_source(actor("officer.10004"), given, before)
    sftp_sources.test_source(actor("officer.10004"), number)
    sftp_sources.approve_source(actor("director.10004"), number)
    return number


@pytest.mark.sqlite
def test_a_change_takes_the_place_only_when_approved_and_a_dead_host_is_seen(app, session, actor, client_as, host):
    first = in_use(actor, typed(host))
    second = sftp_sources.save_source(actor("officer.10004"), typed(host, pattern="a*.csv"), first)
    assert second != first and state(session, first) == "in_use"
    sftp_sources.test_source(actor("officer.10004"), second)
    sftp_sources.save_source(actor("officer.10004"), typed(host, pattern="b*.csv"), second)
    with pytest.raises(CommandError, match="連線測試"):  # other values than those that were tested
        sftp_sources.approve_source(actor("director.10004"), second)
    sftp_sources.test_source(actor("officer.10004"), second)
    sftp_sources.approve_source(actor("director.10004"), second)
    assert (state(session, first), state(session, second)) == ("ended", "in_use")
    with pytest.raises(CommandError, match="已經存在"):
        in_use(actor, typed(host, pattern="b*.csv"))
    host.close()
    session.execute(update(SftpSource).values(tried_at=None))
    assert run_job(app, session)["連線失敗"] == 1
    assert "連線或傳輸中斷" in client_as("officer.10004").get("/sftp-sources/list/").text
    assert "SFTP 取檔失敗的主機" in client_as("director.10004").get("/").text
    sftp_sources.end_source(actor("officer.10004"), second, "改由縣府系統上傳")
    assert run_job(app, session)["主機"] == 0


def state(session: Any, number: int) -> str:
    session.rollback()
    return str(session.scalar(select(SftpSource.state).where(SftpSource.id == number)))


@pytest.mark.sqlite
def test_a_secret_serves_its_own_county_and_host_alone(app, session, actor, host):
    """Whoever may write settings cannot have another's password sent to a host of his own."""
    with socket.create_server(("127.0.0.2", 0)) as elsewhere:
        number = sftp_sources.save_source(actor("officer.10004"), typed(host, host="127.0.0.2", port=elsewhere.getsockname()[1]))
        with pytest.raises(CommandError, match="讀不到密鑰檔"):
            sftp_sources.test_source(actor("officer.10004"), number)
    number = sftp_sources.save_source(actor("officer.10005"), typed(host))
    with pytest.raises(CommandError, match="讀不到密鑰檔"):
        sftp_sources.test_source(actor("officer.10005"), number)
    with pytest.raises(CommandError, match="查無"):
        sftp_sources.test_source(actor("officer.10004"), number)
    assert host.asked == []


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("change", "said"),
    [({"host_key": ""}, "指紋"), ({"host_key": "SHA256:abc"}, "指紋"), ({"host": "sftp://a/b"}, "主機請填"), ({"host": "../etc"}, "主機請填"),
     ({"port": 0}, "連接埠"), ({"port": None}, "連接埠"), ({"secret_name": "../audit.key"}, "密鑰檔"), ({"secret_name": "/etc/shadow"}, "密鑰檔"),
     ({"secret_name": ".x"}, "密鑰檔"), ({"folder": "/a/../b"}, "資料夾"), ({"pattern": "a/b"}, "檔名樣式"), ({"source": "nothing"}, "資料來源"),
     ({"county": "10005"}, "自己縣市"), ({"mapping": "沒有這個"}, "格式對照"), ({"label": " "}, "機關"), ({"rhythm": "day", "at_hour": 24}, "23 點"),
     ({"user": "a b"}, "帳號")],
)  # fmt: skip
def test_mistakes_are_named_before_anything_is_kept(app, session, actor, host, change, said):
    with pytest.raises(CommandError, match=said):
        sftp_sources.save_source(actor("officer.10004"), typed(host, **change))
    assert session.scalars(select(SftpSource)).all() == []


@pytest.mark.sqlite
def test_the_ministry_names_the_county_of_a_roster_and_none_for_a_register(app, session, actor, host):
    ministry = actor("ministry")
    with pytest.raises(CommandError, match="要選擇縣市"):
        sftp_sources.save_source(ministry, typed(host))
    with pytest.raises(CommandError, match="不選縣市"):
        sftp_sources.save_source(ministry, typed(host, source="custody", county="10004"))
    number = sftp_sources.save_source(ministry, typed(host, source="custody", host="ＳＦＴＰ.Example.gov.tw", host_key=f"{host.public_key} root@host"))
    row = session.get(SftpSource, number)
    assert (row.county_code, row.host, row.host_key) == ("", "sftp.example.gov.tw", host.public_key)
    assert sftp_sources.pull_of(row).secret.parts[-3:] == ("national", "sftp.example.gov.tw", "pw")


@pytest.mark.parametrize(
    ("rhythm", "tried", "problem", "now", "due"),
    [("quarter", None, "", "10:00", True), ("quarter", "10:00", "", "10:14", False), ("quarter", "10:00", "", "10:15", True), ("hour", "10:01", "", "10:59", False),
     ("hour", "10:01", "", "11:00", True), ("day", "06:00", "", "23:59", False), ("day", "05:59", "", "06:00", True), ("day", "06:00", "中斷", "07:00", True)],
)  # fmt: skip
def test_when_a_setting_is_due(rhythm, tried, problem, now, due):
    def at(text: str | None) -> dt.datetime | None:
        return text and dt.datetime.combine(dt.date(2026, 11, 2), dt.time.fromisoformat(text), clock.TAIPEI).astimezone(dt.UTC).replace(tzinfo=None)

    assert sftp_sources.due(at(now), SftpSource(rhythm=rhythm, at_hour=6, tried_at=at(tried), problem=problem)) is due


@pytest.mark.sqlite
def test_the_database_holds_no_setting_in_use_that_one_person_made(app, session, actor, host):
    number = sftp_sources.save_source(actor("officer.10004"), typed(host))
    who = actor("officer.10004").user_id
    with pytest.raises(IntegrityError):
        session.execute(update(SftpSource).where(SftpSource.id == number).values(state="in_use", tested_at=clock.now(), approved_by_id=who))
