"""Deliveries: taken in once, corrected, replaced, declared empty, taken back; and what is in force."""

import json
import zipfile
from pathlib import Path

import pytest
from flask_migrate import stamp
from sqlalchemy import select

from app.commands import deliveries, exchange, verify
from app.commands.base import CommandError, Forbidden, Refused
from app.core import clock, roc
from app.exchange import snapshots
from app.exchange.layouts import layout
from app.models.exchange import Batch
from app.models.match_run import MatchRun
from app.security.actor import Actor
from tests.exchange.making import SAMPLES, row, rows, write_csv

SYSTEM = Actor.system("test")
MARCH = roc.month(98, 3)
KIND = "elderly_living_allowance"


def send(tmp_path: Path, data: list[dict[str, str]], mode: str = "new", name: str = "a.csv") -> exchange.BatchResult:
    return exchange.import_file(SYSTEM, "roster", write_csv(tmp_path / name, data), mode=mode)


def test_same_content_is_taken_once(session, tmp_path):
    data = rows()
    first = send(tmp_path, data)
    again = send(tmp_path, data[::-1], name="b.csv")
    assert (first.state, first.rows, first.accepted, first.duplicate_of) == ("accepted", 10, 10, None)
    assert again.duplicate_of == first.batch_no
    assert session.query(Batch).count() == 1


def test_other_content_needs_a_mode_and_supersedes(session, tmp_path):
    first = send(tmp_path, rows())
    with pytest.raises(Refused) as refused:
        send(tmp_path, rows(count=11))
    assert refused.value.code == "E-EXC-EXISTS"
    second = send(tmp_path, rows(count=11), "replacement")
    assert second.supersedes == first.batch_no
    assert session.get(Batch, first.batch_no).state == "superseded"
    force = deliveries.current_snapshots(session, MARCH)
    assert [(f.batch_no, f.county, f.kind, f.rows, f.nil) for f in force] == [(second.batch_no, "10004", KIND, 11, False)]


def test_the_same_canonical_rows_are_the_same_content(session, tmp_path):
    data = rows()
    data[3]["amount"] = "六千"
    first = send(tmp_path, data)
    again = send(tmp_path, [r for n, r in enumerate(data) if n != 3], name="b.csv")
    assert (first.accepted, first.rejected, again.duplicate_of) == (9, 1, first.batch_no)


def test_a_superseded_file_sent_once_more_takes_nothing_out_of_force(session, tmp_path):
    first, other = rows(), rows(count=11)
    one = send(tmp_path, first)
    two = send(tmp_path, other, "replacement")
    again = send(tmp_path, first)
    assert again.duplicate_of == one.batch_no and f"第 {two.batch_no} 批取代" in again.notices[0]
    assert [f.batch_no for f in deliveries.current_snapshots(session, MARCH)] == [two.batch_no]
    back = send(tmp_path, first, "replacement")
    assert back.duplicate_of is None and back.supersedes == two.batch_no


def test_corrected_rows_alone_complete_the_batch(session, tmp_path):
    data = rows()
    data[2]["birth"] = "0980230"
    data[5]["amount"] = "六千"
    first = send(tmp_path, data)
    assert (first.accepted, first.rejected) == (8, 2)
    returned = first.error_file.read_text("utf-8-sig")
    assert "錯誤代碼,錯誤說明,如何修正" in returned and len(returned.splitlines()) == 3
    fixed = tmp_path / "fixed.csv"
    fixed.write_text(returned.replace("0980230", "0200101").replace("六千", "6000"), "utf-8-sig")
    second = exchange.import_file(SYSTEM, "roster", fixed, mode="supplement")
    assert (second.rows, second.accepted, second.rejected, second.snapshot_rows) == (2, 2, 0, 10)
    frame = snapshots.read(deliveries.current_snapshots(session, MARCH)[0].path)
    assert frame.height == 10 and frame["rec_no"].n_unique() == 10
    assert frame["amount"].sum() == 60_000


def test_a_supplement_needs_something_to_complete(session, tmp_path):
    with pytest.raises(Refused):
        send(tmp_path, rows(), "supplement")


def test_nothing_to_report_is_not_a_missing_file(session, tmp_path):
    assert deliveries.current_snapshots(session, MARCH) == []
    number = deliveries.declare_nil(SYSTEM, "roster", "10004", MARCH, KIND)
    assert deliveries.declare_nil(SYSTEM, "roster", "10004", MARCH, KIND) == number
    force = deliveries.current_snapshots(session, MARCH)
    assert [(f.nil, f.path, f.kind) for f in force] == [(True, None, KIND)]
    sent = send(tmp_path, rows())
    assert sent.supersedes == number
    with pytest.raises(Refused):
        deliveries.declare_nil(SYSTEM, "roster", "10004", MARCH, KIND)


def test_undo_brings_the_earlier_one_back_and_is_refused_once_used(session, tmp_path):
    first = send(tmp_path, rows())
    second = send(tmp_path, rows(count=9), "replacement")
    session.add(
        run := MatchRun(month=MARCH, engine="duckdb", started_at=clock.now(), finished_at=clock.now(), basis="x", evidence_path="x")
    )
    run.inputs = [{"batch": second.batch_no}]
    session.commit()
    with pytest.raises(Refused) as refused:
        deliveries.undo(SYSTEM, second.batch_no, "誤送")
    assert refused.value.code == "E-EXC-USED"
    session.delete(session.merge(run))
    session.commit()
    deliveries.undo(SYSTEM, second.batch_no, "誤送")
    assert [f.batch_no for f in deliveries.current_snapshots(session, MARCH)] == [first.batch_no]


def test_a_snapshot_that_was_touched_is_noticed(session, tmp_path):
    batch = session.get(Batch, send(tmp_path, rows()).batch_no)
    path = deliveries.home() / batch.snapshot_path
    whole = snapshots.read(path)
    found = [whole.with_columns(amount=whole["amount"] + 1), whole.head(9), whole]
    said = []
    for frame in found:
        frame.write_parquet(path)
        said.append([b for c in verify.run() if c.name == "exchange_snapshots" for b in c.breaks])
    number = batch.id
    assert said == [[f"第 {number} 批的封存檔內容被改過"], [f"第 {number} 批的封存檔有 9 列，紀錄為 10 列"], []]


def test_a_refused_file_is_remembered_with_its_reason(session, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_bytes(b"%PDF-1.4 ...")
    result = exchange.import_file(SYSTEM, "roster", bad)
    assert result.problem[0] == "carrier_pdf" and result.state == "rejected"
    batch = session.get(Batch, result.batch_no)
    assert (batch.state, batch.rows, batch.errors[0].code) == ("rejected", 0, "carrier_pdf")
    assert deliveries.current_snapshots(session, MARCH) == []


def test_every_row_rejected_is_no_delivery_in_force(session, tmp_path):
    result = send(tmp_path, rows(person_id="A12345"))
    assert (result.state, result.accepted, result.rejected) == ("rejected", 0, 10)
    assert send(tmp_path, rows(), name="b.csv").state == "accepted"


def test_a_county_hands_in_for_itself_alone(session, actor, tmp_path):
    path = write_csv(tmp_path / "a.csv", rows())
    with pytest.raises(Forbidden):
        exchange.import_file(actor("clerk.10004010"), "roster", path)
    foreign = exchange.import_file(actor("officer.10005"), "roster", path)
    assert foreign.problem[0] == "county_other"
    with pytest.raises(CommandError):
        exchange.import_file(actor("officer.10005"), "roster", path, county="10004")
    assert exchange.import_file(actor("officer.10004"), "roster", path).accepted == 10


def test_registers_add_up_or_replace(session, tmp_path):
    def deliver(source, numbers, name):
        spec = layout(source)
        return exchange.import_file(SYSTEM, source, write_csv(tmp_path / name, [row(spec, n) for n in numbers]))

    deliver("household_change", range(1, 5), "1.csv")
    deliver("household_change", range(5, 9), "2.csv")
    deliver("custody", range(1, 5), "3.csv")
    newest = deliver("custody", range(1, 6), "4.csv")
    force = deliveries.current_snapshots(session, MARCH)
    assert sorted((f.source, f.rows) for f in force) == [("custody", 5), ("household_change", 4), ("household_change", 4)]
    assert [f.batch_no for f in force if f.source == "custody"] == [newest.batch_no]


@pytest.fixture
def runner(app):
    """The command line on a database that knows its schema is the newest."""
    stamp(directory=str(app.extensions["migrate"].directory))
    return app.test_cli_runner()


@pytest.mark.slow
def test_samples_from_the_command_line(runner):
    if not SAMPLES.is_dir():
        pytest.skip("no sample files here")
    first = runner.invoke(args=["swis", "import-all", str(SAMPLES), "--json"])
    assert first.exit_code == 0, first.stderr
    totals = json.loads(first.stdout)
    assert (totals["files"], totals["registers"], totals["rosters"]) == (51, 6, 45)
    assert (totals["rows"], totals["accepted"], totals["rejected"], totals["failed"]) == (78170, 78170, 0, 0)
    again = json.loads(runner.invoke(args=["swis", "import-all", str(SAMPLES), "--json"]).stdout)
    assert again["duplicates"] == 51
    nil = runner.invoke(args=["swis", "nil", "roster", "--county", "10004", "--month", "09804", "--kind", KIND])
    assert nil.exit_code == 0, nil.stderr
    missing = runner.invoke(args=["swis", "import", "roster", "/nowhere.csv", "--json"])
    assert missing.exit_code == 1 and json.loads(missing.stdout)["code"] == "file_missing"
    wrong = runner.invoke(args=["swis", "import", "nothing", "/nowhere.csv", "--json"])
    assert wrong.exit_code == 1 and json.loads(wrong.stdout)["code"] == "source_unknown"
    assert runner.invoke(args=["swis", "import"]).exit_code == 2


def test_json_of_one_file(runner, tmp_path):
    path = write_csv(tmp_path / "a.csv", rows())
    answer = runner.invoke(args=["swis", "import", "roster", str(path), "--month", "09803", "--county", "10004", "--json"])
    assert answer.exit_code == 0, answer.stderr
    values = json.loads(answer.stdout)
    wanted = {
        "source": "roster",
        "county": "10004",
        "month": "09803",
        "kind": KIND,
        "rows": 10,
        "accepted": 10,
        "noticed": 0,
        "rejected": 0,
    }
    assert {k: values[k] for k in wanted} == wanted
    assert values["duplicate_of"] is None and isinstance(values["batch_no"], int) and values["seconds"] >= 0


def test_a_refused_file_has_the_same_keys(runner, tmp_path):
    runner.invoke(args=["swis", "import", "roster", str(write_csv(tmp_path / "a.csv", rows())), "--json"])
    answer = runner.invoke(args=["swis", "import", "roster", str(write_csv(tmp_path / "b.csv", rows(count=11))), "--json"])
    values = json.loads(answer.stdout)
    assert (answer.exit_code, values["code"], values["batch_no"], values["duplicate_of"]) == (1, "E-EXC-EXISTS", None, None)
    assert {"source", "county", "month", "kind", "rows", "accepted", "noticed", "rejected", "seconds"} <= set(values)
    plain = runner.invoke(args=["swis", "import", "roster", str(tmp_path / "b.csv")])
    assert plain.exit_code == 1 and plain.stdout == "" and "E-EXC-EXISTS" in plain.stderr


def test_a_folder_where_a_file_should_be(runner, tmp_path):
    answer = runner.invoke(args=["swis", "doubts", "--month", "09803", "--out", str(tmp_path), "--json"])
    assert answer.exit_code == 1 and json.loads(answer.stdout)["code"] == "E-FILE"


def test_a_folder_with_odd_names_and_broken_files(session, tmp_path):
    registers, rosters = tmp_path / "registers", tmp_path / "rosters" / "09803"
    registers.mkdir()
    rosters.mkdir(parents=True)
    custody = [row(layout("custody"), n) for n in range(1, 4)]
    write_csv(registers / "custody_第2次.csv", custody[:2])
    write_csv(registers / "奇怪的檔名.csv", custody)
    (registers / ".DS_Store").write_bytes(b"x")
    write_csv(rosters / "名冊 (1).csv", rows())
    (rosters / "10004_parking_permit.csv").write_bytes(b"\xff\xfe broken")
    results = list(exchange.import_all(SYSTEM, tmp_path))
    assert [(r.source, r.accepted, r.problem and r.problem[0]) for r in results] == [
        ("custody", 2, None), ("custody", 3, None), ("roster", 0, "encoding_utf16"), ("roster", 10, None),
    ]  # fmt: skip
    assert session.query(Batch).count() == 4


def test_an_archive_is_taken_in_file_by_file(session, tmp_path):
    names = {}
    for kind in (KIND, "parking_permit"):
        path = write_csv(tmp_path / f"{kind}.csv", rows(kind))
        names[path.name] = path.read_bytes()
    manifest = {"county": "10004", "month": "09803", "files": [{"name": n, "rows": 10, "kind": n.removesuffix(".csv")} for n in names]}
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name, data in names.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", json.dumps(manifest))
    result = exchange.import_file(SYSTEM, "roster", tmp_path / "all.zip")
    assert (result.state, result.rows, result.accepted, result.problem) == ("accepted", 20, 20, None)
    assert sorted(f.kind for f in deliveries.current_snapshots(session, MARCH)) == [KIND, "parking_permit"]
    assert exchange.import_file(SYSTEM, "roster", tmp_path / "all.zip").duplicate_of is not None


def test_a_swing_against_last_month_is_pointed_out(session, tmp_path):
    send(tmp_path, rows(count=30, ref_month="09802"), name="feb.csv")
    march = send(tmp_path, rows(count=10), name="mar.csv")
    assert any("少 67%" in text for text in march.notices)


def test_kept_rows_balance(session, tmp_path):
    data = rows(count=20)
    data[3]["sex"] = "?"
    send(tmp_path, data)
    for batch in session.scalars(select(Batch)):
        assert batch.rows == batch.accepted + batch.rejected


def test_a_month_declared_as_nothing_is_no_gap(session, tmp_path):
    send(tmp_path, rows(ref_month="09801"), name="jan.csv")
    assert any("98年2月沒有送件" in text for text in send(tmp_path, rows()).notices)
    deliveries.declare_nil(SYSTEM, "roster", "10004", MARCH + 1, KIND)
    assert not any("沒有送件" in text for text in send(tmp_path, rows(ref_month="09805"), name="may.csv").notices)
