"""The match's engine protocol on SQLite and PostgreSQL: the same selects, for the tests."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from app.matching.tables import evidence

_TYPES = {pl.String(): "VARCHAR(200)", pl.Int32(): "INTEGER", pl.Int64(): "BIGINT", pl.Date(): "DATE", pl.Boolean(): "BOOLEAN"}


class SqlEngine:
    """`connection`: a DB-API connection; `name`: sqlite | postgresql."""

    def __init__(self, name: str, connection: Any) -> None:
        self.name, self.db, self.mark = name, connection, "?" if name == "sqlite" else "%s"

    def _run(self, text: str, values: Sequence[Any] | None = None) -> Any:
        cursor = self.db.cursor()
        if values is None:
            cursor.execute(text)
        else:
            cursor.executemany(text, values)
        return cursor

    def view(self, name: str, paths: Sequence[Path], empty: pl.DataFrame) -> None:
        rows = pl.read_parquet(paths[0]) if paths else empty
        columns = ", ".join(f'"{c}" {_TYPES[t]}' for c, t in rows.schema.items())
        self._run(f'CREATE TEMPORARY TABLE "{name}" ({columns})')
        marks = ", ".join([self.mark] * rows.width)
        values = [tuple(v.isoformat() if isinstance(v, dt.date) and self.name == "sqlite" else v for v in row) for row in rows.iter_rows()]
        self._run(f'INSERT INTO "{name}" VALUES ({marks})', values)

    def make(self, name: str, text: str) -> None:
        self._run(f'CREATE TEMPORARY TABLE "{name}" AS {text}')

    def drop(self, name: str) -> None:
        self._run(f'DROP TABLE "{name}"')

    def one(self, text: str) -> tuple[Any, ...]:
        return tuple(self._run(text).fetchone())

    def append(self, name: str, text: str) -> None:
        self._run(f'INSERT INTO "{name}" {text}')

    def write(self, name: str, path: Path) -> int:
        rows = self._run(f'SELECT * FROM "{name}"').fetchall()
        columns = [c.name for c in evidence.c]
        frame = pl.DataFrame(
            [dict(zip(columns, row, strict=True)) for row in rows], infer_schema_length=None, schema_overrides=self._schema()
        )
        frame.write_parquet(path)
        return frame.height

    def _schema(self) -> dict[str, Any]:
        from app.matching.engine import frame

        wanted = frame(evidence).schema
        return {c: pl.String() if t == pl.Date() and self.name == "sqlite" else t for c, t in wanted.items()}

    def close(self) -> None:
        self.db.close()
