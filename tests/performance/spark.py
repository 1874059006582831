"""The same month on DuckDB and on Spark `local[2]` in one run, at two sizes: what Spark costs to begin with, and what each row costs it.

Only with the optional `pyspark`. The crossover is where both lines would meet; on one machine they do not.
"""

import os
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from app.core import roc
from app.matching import engine, spark
from tests.matching.nation import nation

from .matching import work_of

MONTH = roc.month(98, 3)
SIZES = (0.01, 0.05)


def run(scale: float) -> list[str]:
    """Prints seconds of both engines; says where their doubts differ."""
    if find_spec("pyspark") is None:
        print("   沒有安裝 pyspark，不量測（make spark 會安裝）")
        return []
    broken: list[str] = []
    for size in SIZES:
        with tempfile.TemporaryDirectory(prefix="swis-bench-") as temp:
            folder = Path(temp)
            made = nation(1, MONTH, size * scale)
            work = work_of(made, made.write(folder))
            print(f"   名冊 {made.sources['roster'].height:,} 列，負載 {os.getloadavg()[0]:.1f}", flush=True)
            found, seconds = {}, {}
            for name in engine.ENGINES:
                began = time.perf_counter()
                with engine.opened(name, folder / name, spark.Cluster("local[2]")) as running:
                    evidence = engine.find(work, running, folder / f"{name}.parquet")
                seconds[name] = time.perf_counter() - began
                found[name] = pl.read_parquet(evidence.path).sort(pl.all(), nulls_last=True)
                print(f"      {name:<8}{seconds[name]:8.2f} 秒，證據 {evidence.rows:,} 列", flush=True)
            print(f"      Spark 為 DuckDB 的 {seconds['spark'] / seconds['duckdb']:.1f} 倍")
            if not found["duckdb"].equals(found["spark"]):
                broken.append(f"{work.month}：Spark 與 DuckDB 的證據不同（{found['duckdb'].height} 與 {found['spark'].height} 列）")
    return broken
