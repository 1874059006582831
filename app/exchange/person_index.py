"""Everything one person is paid by any county, in milliseconds: a month's rosters in one file, sorted by person, in small row groups.

Derived from the sealed snapshots and named by them: another set of snapshots is another file, so an index is never out of date. It may be
deleted at any time; it is made again when it is next asked for.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from app.core import roc

from . import snapshots
from .store import write_whole

COLUMNS: Final = (
    "person_id", "name", "birth", "county_code", "data_kind", "ref_month", "rec_no", "case_no", "start_month", "end_month", "status",
    "pay_month_from", "pay_month_to", "pay_unit", "amount", "exempt_code",
)  # fmt: skip
ROW_GROUP: Final = 16_384
"""Rows read for one person and month: small enough to decode in a millisecond, large enough for a short list of row groups."""


def path_for(home: Path, month: int, parts: Mapping[str, Path]) -> Path:
    """Where the index of a month lies; `parts`: the rosters in force, by the hash of their content."""
    return home / "people" / roc.month5(month) / f"{hashlib.sha256('|'.join(sorted(parts)).encode()).hexdigest()}.parquet"


def ready(home: Path, month: int, parts: Mapping[str, Path]) -> Path:
    """The month's index, made when it is not there yet; those of earlier deliveries of the month go."""
    target = path_for(home, month, parts)
    if not target.exists():
        frames = [pl.scan_parquet(parts[key]).select(COLUMNS) for key in sorted(parts)]
        rows = pl.concat(frames).sort("person_id", "county_code", "data_kind", "rec_no").collect()
        write_whole(target, lambda part: rows.write_parquet(part, compression="zstd", row_group_size=ROW_GROUP))
        for old in target.parent.glob("*.parquet"):
            if old != target:
                old.unlink(missing_ok=True)
    return target


def find(indexes: Sequence[Path], person_ids: Sequence[str]) -> pl.DataFrame:
    """The rows of a person (under any of the numbers), newest month first. Only row groups that may hold the person are read."""
    if not indexes or not person_ids:
        return snapshots.empty("roster").select(COLUMNS)
    wanted = pl.any_horizontal(*(pl.col("person_id") == number for number in person_ids))
    found = pl.concat([pl.scan_parquet(path, use_statistics=True).filter(wanted) for path in indexes]).collect()
    return found.sort("ref_month", "data_kind", "county_code", "rec_no", descending=[True, False, False, False])
