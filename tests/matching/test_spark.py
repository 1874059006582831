"""The rules on Spark, in this process and on a standalone cluster of a master and two workers: the same doubts as on DuckDB, to the row."""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from app.exchange import snapshots
from app.matching import doubts, engine, spark

from . import frames
from .test_oracle import by_rule_row_and_counterpart, quick, world_rows

pyspark = pytest.importorskip("pyspark")
pytestmark = pytest.mark.slow
QUICK = {
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.executor.memory": "512m",
    "spark.cores.max": "2",
}
PATIENCE = 240  # seconds for a process to say that it is up, on a busy machine


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, engine.Work, Any]:
    """Snapshots of a random world, the run over them, and what DuckDB finds."""
    folder = tmp_path_factory.mktemp("world")
    sources = {name: frames.frame_of(name, part) for name, part in world_rows(7).items()}
    wanted = quick(folder, frames.MAR, sources)
    assert len(wanted) > 50
    return folder, frames.work_of(folder, sources), wanted


def on_spark(folder: Path, work: engine.Work, cluster: spark.Cluster, times: int = 1) -> list[Any]:
    """What the rules find, asked so many times of one preparation, as a replay does."""
    with engine.opened("spark", folder / "spark", cluster) as running:
        prepared = engine.prepare(work, running, folder)
        found = [engine.ask(work, running, prepared, folder / f"evidence-{n}.parquet") for n in range(times)]
    for evidence in found:
        assert not evidence.failed, evidence.failed
    assert not (folder / "spark").exists(), "the working tables are taken away"
    return [by_rule_row_and_counterpart(doubts.settle(pl.read_parquet(e.path))) for e in found]


def test_in_this_process_with_snapshots_by_address(world: Any) -> None:
    folder, work, wanted = world
    here = spark.Cluster("local[2]", QUICK, folder, folder.as_uri())
    assert on_spark(folder, work, here, times=2) == [wanted, wanted]


@contextlib.contextmanager
def standalone(folder: Path) -> Iterator[str]:
    """A master and two workers on loopback; the master's address."""
    home = Path(pyspark.__file__).parent
    environment = os.environ | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": spark.LOOPBACK, "SPARK_DAEMON_MEMORY": "256m", "SPARK_NO_DAEMONIZE": "1"}
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, *arguments: str) -> Path:
        log = folder / f"{name}.log"
        with log.open("wb") as out:
            started.append(
                subprocess.Popen(
                    [home / "bin" / "spark-class", f"org.apache.spark.deploy.{name.split('-')[0]}", *arguments],
                    stdout=out, stderr=subprocess.STDOUT, env=environment, start_new_session=True,
                )
            )  # fmt: skip
        return log

    try:
        master = start("master.Master", "--host", spark.LOOPBACK, "--port", "0", "--webui-port", "0")
        address = said(master, r"Starting Spark master at (spark://\S+)")
        logs = [
            start(f"worker.Worker-{n}", "--host", spark.LOOPBACK, "--cores", "1", "--memory", "1g", "--webui-port", "0", "--work-dir", str(folder / f"w{n}"), address)
            for n in (1, 2)
        ]
        for log in logs:
            said(log, r"Successfully registered with master (\S+)")
        yield address
    finally:
        for process in started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in started:
            process.wait(30)


def said(log: Path, pattern: str) -> str:
    """What a process wrote of itself, waited for."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := re.search(pattern, log.read_text(errors="replace")):
            return found[1]
        time.sleep(0.2)
    raise AssertionError(log.read_text(errors="replace")[-2000:])


def test_on_a_master_with_two_workers(world: Any, tmp_path: Path) -> None:
    folder, work, wanted = world
    with standalone(tmp_path) as address:
        loopback = {"spark.driver.host": spark.LOOPBACK, "spark.driver.bindAddress": spark.LOOPBACK}
        assert on_spark(folder, work, spark.Cluster(address, QUICK | loopback | {"spark.executor.cores": "1"})) == [wanted]
        used = [log.name for log in tmp_path.glob("worker*.log") if "Asked to launch executor" in log.read_text(errors="replace")]
        assert len(used) == 2, "both workers took part"


def test_a_cluster_that_does_not_answer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(engine.EngineRefused, match="SPARK_MASTER"), engine.opened("spark", tmp_path, spark.Cluster("nowhere")):
        pass


def test_snapshots_and_rules_agree_on_types() -> None:
    """Spark reads with the rules' types; a column of another type would be read wrong or not at all."""
    from app.matching.tables import INPUTS

    for table in INPUTS:
        wanted, kept = engine.frame(table).schema, snapshots.schema(table.name)
        assert {c: t for c, t in wanted.items() if c in kept and kept[c] != t} == {}, table.name
