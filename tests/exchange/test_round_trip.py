"""write → read → write is the identity: any right rows of any record type, in every carrier."""

import datetime as dt
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.identity import with_check_digit
from app.exchange import snapshots
from app.exchange.canonical import text_frame
from app.exchange.codes import REGISTER_KINDS
from app.exchange.delivery import read_delivery
from app.exchange.layouts import Field, Layout, every_layout
from app.exchange.mapping import from_dict
from app.exchange.write import write_records
from tests.exchange.making import write_fixed, write_ods

CARRIERS = [("a.csv", "utf-8-sig"), ("a.csv", "cp950"), ("a.txt", "utf-8"), ("a.txt", "cp950"), ("a.xlsx", "utf-8")]
SPECS = list(every_layout())
ROWS = 8
CHARS = "王陳林黃張李○甲乙丙段號巷,，\"=+-@#%()ABCxyz0123456789 '"


def cell(field: Field, pick: Random) -> Any:
    """A value a right row may hold in a field."""
    match field.form:
        case "person_id":
            number = pick.randrange(10_000_000)
            return with_check_digit(f"A{1 + number % 2}{number:07d}")
        case "date":
            return dt.date(1890, 1, 1) + dt.timedelta(days=pick.randrange(43_000))
        case "month":
            return 2008 * 12 + pick.randrange(13)
        case "year":
            return pick.randint(90, 115)
        case "int":
            return pick.choice((1, 7, 10**12, pick.randrange(1, 10**6)))
        case "decimal":
            return pick.randrange(10**9) / 100
        case "digits":
            return f"10004{pick.randrange(1000):03d}"
        case "code":
            return pick.choice(sorted(field.codes or {}))
        case "name":
            return "".join(pick.choices("王小明陳美玉林阿土ABC", k=pick.randint(1, 10)))
    text = "".join(pick.choices(CHARS, k=pick.randint(1, 12)))[: field.size].rstrip().lstrip("' ")
    return text or "甲"


def frame_of(spec: Layout, pick: Random) -> pl.DataFrame:
    """Right rows, as a snapshot holds them."""
    same: dict[str, Any] = {"county_code": "10004"} if spec.has("town_code") else {}
    if spec.source == "roster":
        same |= {"data_kind": spec.kind, "ref_month": 2009 * 12 + 2, "status": "active"}
    rows = []
    for number in range(pick.randint(1, ROWS)):
        row = {f.name: cell(f, pick) if f.is_required(spec.kind) or pick.random() < 0.5 else None for f in spec.fields}
        row |= {k: v for k, v in same.items() if k in row} | {key: f"R{number:05d}" for key in spec.key if spec.field(key).form == "text"}
        row |= {key: number + 1 for key in spec.key if spec.field(key).form == "int"}
        for first, last in spec.later:
            if row[first] is not None and row[last] is not None and row[last] < row[first]:
                row[first], row[last] = row[last], row[first]
        if spec.kind in REGISTER_KINDS:
            row["amount"] = 0
        rows.append(row)
    schema = snapshots.schema(spec.source)
    return snapshots.conform(pl.DataFrame(rows, schema={k: schema[k] for k in rows[0]}, orient="row"), spec.source)


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.kind or s.source)
@given(seed=st.integers(0, 10**9))
@settings(max_examples=3, deadline=None)
def test_what_is_written_is_read_and_written_the_same(spec: Layout, seed: int) -> None:
    frame = frame_of(spec, Random(seed))
    with TemporaryDirectory() as folder:
        for name, encoding in CARRIERS:
            first = write_records(frame, spec, Path(folder) / name, encoding=encoding)[0]
            done = read_delivery(first, spec.source)
            assert (done.meta.rejected, done.meta.accepted) == (0, frame.height), done.issues
            assert sorted(text_frame(done.frame, spec).rows()) == sorted(text_frame(frame, spec).rows())
            again = write_records(done.frame.sort("row_no"), spec, Path(folder) / f"again{first.suffix}", encoding=encoding)[0]
            if first.suffix != ".xlsx":  # a workbook carries the time it was made
                assert again.read_bytes() == first.read_bytes()
            else:
                assert read_delivery(again, spec.source).meta.content_sha256 == done.meta.content_sha256


@pytest.mark.parametrize("encoding", ["cp950", "utf-8"])
@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.kind or s.source)
def test_cut_by_bytes_or_in_a_sheet_of_libreoffice_the_rows_are_the_same(spec: Layout, encoding: str, tmp_path: Path) -> None:
    frame = frame_of(spec, Random(f"{spec.source} {spec.kind} {encoding}"))
    text = text_frame(frame, spec)
    lines = [text.columns, *(list(row) for row in text.rows())]
    mapping = from_dict(write_fixed(tmp_path / "a.txt", lines, encoding) | {"source": spec.source})
    for done in (
        read_delivery(tmp_path / "a.txt", spec.source, mapping=mapping),
        read_delivery(write_ods(tmp_path / "a.ods", lines), spec.source),
    ):
        assert (done.meta.rejected, done.meta.accepted) == (0, frame.height), done.issues
        again = text_frame(done.frame.sort("row_no"), spec)
        assert again.rows() == text.rows(), done.meta.carrier
        assert write_fixed(tmp_path / "again.txt", [again.columns, *(list(row) for row in again.rows())], encoding) and (
            (tmp_path / "again.txt").read_bytes() == (tmp_path / "a.txt").read_bytes()
        )
