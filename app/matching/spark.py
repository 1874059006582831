"""The match on Spark: the same selects as on DuckDB, for a nation that outgrew one machine. Optional: needs `pyspark` and Java 17.

    engine = SparkEngine(temp, Cluster("spark://10.0.0.5:7077", {"spark.executor.memory": "4g"}))

Only SQL leaves this process: workers need Java, no Python and nothing of this product.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import polars as pl

LOOPBACK: Final = "127.0.0.1"
NOT_INSTALLED: Final = "這台機器沒有安裝 Spark（pyspark）；請以 pip install -r requirements/spark.txt 安裝，或改用 --engine duckdb"
NO_JAVA: Final = "找不到 Java；Spark 需要 Java 17 以上（Debian／Ubuntu：apt-get install openjdk-17-jre-headless），或改用 --engine duckdb"


class EngineRefused(Exception):
    """The engine cannot run; the message is Chinese and says what to do."""


@dataclass(frozen=True)
class Cluster:
    """Where Spark runs. `master` as Spark writes it (`local[2]`, `spark://host:7077`); `options` are Spark's own settings.

    Workers see the snapshots and the working tables of a run under the same path, or, with `url`, under that address in place of `home`
    (`s3a://bucket/swis` for the folder that is mounted or copied there).
    """

    master: str = "local[*]"
    options: Mapping[str, str] = field(default_factory=dict)
    home: Path | None = None
    url: str = ""

    def place(self, path: Path) -> str:
        """How the workers call a file or folder."""
        if not self.url or self.home is None:
            return str(path)
        return f"{self.url.rstrip('/')}/{path.resolve().relative_to(self.home.resolve()).as_posix()}"


def options_of(text: str) -> dict[str, str]:
    """Spark's settings as `name=value` separated by commas. Raises EngineRefused."""
    out = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, sign, value = part.partition("=")
        if not sign or not name.startswith("spark."):
            raise EngineRefused(f"SPARK_OPTIONS 看不懂「{part}」；請寫成 spark.名稱=值，以逗號分隔")
        out[name] = value
    return out


_TYPE: Final = {pl.String(): "STRING", pl.Int32(): "INT", pl.Int64(): "BIGINT", pl.Date(): "DATE", pl.Boolean(): "BOOLEAN"}


class SparkEngine:
    """The selects on Spark. Tables are written and read back, so that plans stay small. Raises EngineRefused when Spark cannot start."""

    name = "spark"

    def __init__(self, temp: Path, cluster: Cluster) -> None:
        if find_spec("pyspark") is None:
            raise EngineRefused(NOT_INSTALLED)
        if shutil.which("java") is None:
            raise EngineRefused(NO_JAVA)
        from pyspark.sql import SparkSession

        self._temp, self._cluster = temp, cluster
        self._appended: dict[str, int] = {}
        self._empty: dict[str, pl.DataFrame] = {}
        alone = {"spark.driver.bindAddress": LOOPBACK, "spark.driver.host": LOOPBACK} if cluster.master.startswith("local") else {}
        settings = {
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.sql.shuffle.partitions": "8",
            "spark.sql.session.timeZone": "UTC",
            **alone,
            **cluster.options,
        }
        builder: Any = SparkSession.builder.master(cluster.master).appName("swis match")
        for key, value in settings.items():
            builder = builder.config(key, value)
        try:
            self._spark: Any = builder.getOrCreate()
        except Exception as error:
            raise EngineRefused(f"Spark 無法啟動（{cluster.master}）：{type(error).__name__}；請檢查 SPARK_MASTER、SPARK_OPTIONS 與 Java 版本") from error
        self._spark.sparkContext.setLogLevel("ERROR")

    def _folder(self, name: str) -> str:
        return self._cluster.place(self._temp / name)

    def view(self, name: str, paths: Sequence[Path], empty: pl.DataFrame) -> None:
        self._appended[name], self._empty[name] = 0, empty
        if paths:
            columns = ", ".join(f"`{c}` {_TYPE[t]}" for c, t in empty.schema.items())
            data = self._spark.read.schema(columns).parquet(*(self._cluster.place(p) for p in paths))
        else:
            columns = ", ".join(f"CAST(NULL AS {_TYPE[t]}) AS `{c}`" for c, t in empty.schema.items())
            data = self._spark.sql(f"SELECT {columns} WHERE 1 = 0")
        data.createOrReplaceTempView(name)

    def make(self, name: str, text: str) -> None:
        made = self._spark.sql(text)
        made.write.mode("overwrite").parquet(self._folder(name))
        self._spark.read.schema(made.schema).parquet(self._folder(name)).createOrReplaceTempView(name)

    def drop(self, name: str) -> None:
        self._spark.catalog.dropTempView(name)

    def one(self, text: str) -> tuple[Any, ...]:
        return tuple(self._spark.sql(text).first() or ())

    def append(self, name: str, text: str) -> None:
        """A part of its own; a part that fails is overwritten by the next and never read."""
        self._spark.sql(text).write.mode("overwrite").parquet(self._folder(f"{name}-{self._appended[name]}"))
        self._appended[name] += 1

    def write(self, name: str, path: Path) -> int:
        parts = [pl.scan_parquet(self._folder(f"{name}-{i}") + "/*.parquet") for i in range(self._appended[name])]
        rows = pl.concat([self._empty[name].lazy(), *parts]).collect()
        rows.write_parquet(path, compression="zstd")
        return rows.height

    def close(self) -> None:
        """Ends the session and takes away what it wrote, wherever that lies."""
        place = self._spark._jvm.org.apache.hadoop.fs.Path(self._cluster.place(self._temp))
        place.getFileSystem(self._spark._jsc.hadoopConfiguration()).delete(place, True)
        self._spark.stop()
