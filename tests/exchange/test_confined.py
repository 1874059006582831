"""Files that attack their reader: the child dies, the caller gets a sentence; and what an interrupted import leaves is set aside."""

import os
import time
import zipfile

import pytest
from sqlalchemy import select

from app.commands import exchange, verify, verify_exchange
from app.commands.deliveries import home
from app.exchange import archives, confined, spreadsheets
from app.exchange.delivery import read_delivery
from app.exchange.layouts import layout
from app.exchange.mapping import from_dict
from app.exchange.messages import FileProblem
from app.models.exchange import Batch
from app.security import scope
from app.security.actor import Actor
from tests.exchange.making import row, rows, table, write_csv, write_ods, write_xlsx


def test_the_child_reads_what_the_parent_would(tmp_path):
    data = rows()
    data[1]["birth"] = "0980230"
    path = write_csv(tmp_path / "a.csv", data)
    here, there = read_delivery(path, "roster"), confined.read_confined(path, "roster")
    assert there.frame.equals(here.frame) and there.rejected.equals(here.rejected) and there.issues.equals(here.issues)
    assert (there.meta, there.notices, there.layout) == (here.meta, here.notices, here.layout)
    custody = write_csv(tmp_path / "c.csv", [row(layout("custody"), 1)], titles={"kind": "種別"})
    mapping = from_dict({"name": "m", "source": "custody", "columns": {"種別": "kind"}})
    assert confined.read_confined(custody, "custody", mapping=mapping).meta.accepted == 1
    with pytest.raises(FileProblem) as missing:
        confined.read_confined(custody, "custody")
    assert missing.value.code == "columns_missing" and "監管種類" in str(missing.value)


def bomb(path, cells):
    """A workbook whose one sheet unpacks to very much more than it weighs, within the ratio the guard lets pass."""
    write_xlsx(path, table(rows()))
    with zipfile.ZipFile(path) as source:
        members = {name: source.read(name) for name in source.namelist()}
    sheet = members["xl/worksheets/sheet1.xml"]
    many = b"".join(b'<row r="%d"><c r="A%d" t="inlineStr"><is><t>%s</t></is></c></row>' % (n, n, os.urandom(6).hex().encode() * 40) for n in range(20, 20 + cells))
    members["xl/worksheets/sheet1.xml"] = sheet.replace(b"</sheetData>", many + b"</sheetData>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return path


def test_a_workbook_too_heavy_for_its_limits_is_a_sentence(tmp_path):
    path = bomb(tmp_path / "bomb.xlsx", 150_000)
    assert path.stat().st_size < 8 << 20
    spreadsheets.guard(path)
    began = time.monotonic()
    with pytest.raises(FileProblem) as heavy:
        confined.read_confined(path, "roster", limits=confined.Limits(memory=1100 << 20, cpu=20, wall=30))
    assert heavy.value.code == "file_heavy" and "分成數個" in str(heavy.value)
    assert time.monotonic() - began < 60


def test_a_reader_that_never_ends_is_stopped(tmp_path):
    path = write_csv(tmp_path / "a.csv", rows())
    for limits in (confined.Limits(wall=0.001), confined.Limits(memory=200 << 20)):  # type: ignore[arg-type]
        with pytest.raises(FileProblem) as heavy:
            confined.read_confined(path, "roster", limits=limits)
        assert heavy.value.code == "file_heavy"
    seen = confined.look_confined(path, "roster", limits=confined.Limits(memory=200 << 20))
    assert seen.problem is not None and seen.problem[0] == "file_heavy"


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as member:
        for _ in range(200):
            member.write(b"0" * (1 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(FileProblem) as refused, archives.unpacked(path):
        pass
    assert refused.value.code == "zip_bomb"


def test_ods_reads_like_the_other_carriers_and_comes_back_as_xlsx(tmp_path):
    data = rows()
    data[2]["birth"] = "0980230"
    path = write_ods(tmp_path / "名冊.ods", table(data))
    done = confined.read_confined(path, "roster")
    same = read_delivery(write_csv(tmp_path / "a.csv", data), "roster")
    assert (done.meta.carrier, done.meta.accepted, done.meta.rejected) == ("ods", 9, 1)
    assert done.meta.content_sha256 == same.meta.content_sha256 and done.frame.equals(same.frame)
    from app.exchange.error_file import suffix, write_error_file

    back = write_error_file(done, tmp_path / f"back{suffix(done)}")
    assert back.suffix == ".xlsx" and read_delivery(back, "roster").meta.rows == 1


def test_what_nobody_names_is_set_aside_and_what_is_named_must_be_there(app, session, tmp_path):
    data = rows()
    data[1]["birth"] = "x"
    exchange.import_file(Actor.system("test"), "roster", write_csv(tmp_path / "a.csv", data))
    old = time.time() - 3 * 86400
    left = [home() / "received" / f"{'0' * 64}.csv", home() / "errors" / "x.csv", home() / "received" / ".abc.part"]
    for path in left:
        path.write_bytes(b"x")
        os.utime(path, (old, old))
    young = home() / "received" / f"{'1' * 64}.csv"
    young.write_bytes(b"y")
    with scope.use(scope.SYSTEM):
        batch = session.scalars(select(Batch)).one()
        for place in (batch.raw_path, batch.snapshot_path, batch.error_path):
            os.utime(home() / place, (old, old))
        assert list(verify_exchange._files(session)) == []
        assert not any(path.exists() for path in left) and young.exists()
        assert (home() / "orphans" / "received" / left[0].name).is_file() and not (home() / "orphans" / "received" / ".abc.part").exists()
        assert all((home() / place).is_file() for place in (batch.raw_path, batch.snapshot_path, batch.error_path))
        (home() / batch.error_path).rename(tmp_path / "gone")
        (broken,) = verify_exchange._files(session)
        assert "遺失" in broken
    session.rollback()
    assert "exchange_files" in {c.name for c in verify.run() if c.breaks}
    (tmp_path / "gone").rename(home() / batch.error_path)
    young.unlink()
