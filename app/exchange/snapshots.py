"""The snapshot store: every accepted delivery as one immutable Parquet file, sorted by person, named by its content.

Path: `<home>/snapshots/<source>/<content sha256>.parquet`; for rosters `<home>/snapshots/<data_kind>/<sha256>.parquet`.
Only accepted rows are inside (with or without notice). Column names are the contract's field names.

Types: dates `Date`; months `Int32` month numbers (AD year*12+month-1); amounts and other integers `Int64`; `year` forms
(tax_year) `Int32` ROC year; decimals `Float64`; everything else `String`. Empty = null, never "". Every snapshot also has
`row_no` (Int64: row in the uploaded file, header = 1) and `id_ok` (Boolean: check digit of person_id holds); record types
with a name have `name_raw` (String: hex bytes of a name with characters outside CP950, else null); record types with a
birth have `birth_raw` (String: what the file said when the day is not known, e.g. `0260000`; `birth` is then null).

Rosters of every kind have the same columns, so files of different kinds can be read together (columns of other kinds null):
  rec_no, county_code, town_code, data_kind, ref_month:month, person_id, name, birth:date, sex, household_no, case_no,
  decision_no, start_month:month, end_month:month, status, pay_month_from:month, pay_month_to:month, pay_unit, amount:int,
  channel, account_hash, exempt_code, class, member_relation, band, grade, low_income_flag, institution_id, service_type,
  rate:int, card_no, class_old, class_new, assess_date:date, reassess_date:date, expiry:date, permit_no, plate_no
household_register: person_id, name, birth:date, sex, household_no, head_id, relation, county_code, town_code, address,
  move_in_date:date, spouse_id, father_id, mother_id, status
household_change: change_no, person_id, name, birth:date, event, event_date:date, registered_date:date, county_from,
  county_to, new_value
custody: record_no, person_id, name, birth:date, kind, from_date:date, to_date:date
border_crossing: record_no, person_id, date:date, direction
pension: record_no, person_id, name, birth:date, kind, from_date:date, to_date:date, amount:int
benefit_elsewhere: record_no, person_id, name, birth:date, kind, month_from:month, month_to:month, amount:int, agency
tax_income: person_id, name, tax_year:year, format_code, payer_id, payer_name, gross:int, withheld:int
tax_property: person_id, name, tax_year:year, kind, location, lot_no, area:decimal, share_num:int, share_den:int,
  assessed_value:int
tax_investment: person_id, name, tax_year:year, company_id, company_name, face_value:int
insured_wage: person_id, name, from_date:date, to_date:date, employer_id, monthly_wage:int
disability_assessment: assessment_no, person_id, name, birth:date, hospital, doctor, assess_date:date, class_old,
  class_new, icf_codes, grade, reassess_date:date, cause
transfer_result: run_no, line_no:int, person_id, amount:int, result, return_code, value_date:date

`empty(source)` gives a frame of the right columns without rows, so a query can run where nothing has been delivered.
To get such frames straight from files (no database, no store): `app.exchange.delivery.read_delivery` and `load_folder`.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import polars as pl

from .canonical import is_constant
from .internal import READABLE
from .layouts import Field, Layout
from .store import write_whole

_TYPES: Final[dict[str, type[pl.DataType]]] = {
    "date": pl.Date,
    "month": pl.Int32,
    "int": pl.Int64,
    "decimal": pl.Float64,
    "year": pl.Int32,
}
ROW_GROUP: Final = 122_880


def dtype(field: Field) -> type[pl.DataType]:
    """The column type of a field."""
    return _TYPES.get(field.form, pl.String)


def schema(source: str) -> dict[str, type[pl.DataType]]:
    """Columns and types of a source's snapshots (rosters: one schema for every kind)."""
    layout: Layout = READABLE[source]
    columns = {field.name: dtype(field) for field in layout.fields}
    columns |= {"row_no": pl.Int64, "id_ok": pl.Boolean}
    if layout.has("name"):
        columns["name_raw"] = pl.String
    if layout.has("birth"):
        columns["birth_raw"] = pl.String
    return columns


def empty(source: str) -> pl.DataFrame:
    """A frame with the source's columns and no rows."""
    return pl.DataFrame(schema=schema(source))


def conform(frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """`frame` with exactly the source's columns, missing ones null, sorted as snapshots are."""
    want = schema(source)
    have = [name for name in want if name in frame.columns]
    alike = [frame[name] for name in have if name not in ("person_id", "row_no") and is_constant(frame[name])]
    frame = frame.select(have).drop(column.name for column in alike)
    if "row_no" not in have or frame["row_no"].is_sorted():  # as rows are read: to keep their order costs less than to sort by it
        frame = frame.sort("person_id", maintain_order=True)
    else:
        frame = frame.sort("person_id", "row_no")
    frame = frame.with_columns(alike)  # the same in every row: there is nothing to put in order
    return frame.with_columns(pl.lit(None, dtype=want[name]).alias(name) for name in want if name not in have).select(list(want))


def path_for(home: Path, folder: str, content_sha256: str) -> Path:
    """Where a snapshot lies. `folder` is the source, for rosters the data_kind."""
    return home / "snapshots" / folder / f"{content_sha256}.parquet"


def seal(frame: pl.DataFrame, home: Path, source: str, folder: str, content_sha256: str) -> Path:
    """Write the snapshot once (write, fsync, rename). An existing file of the same content is left untouched."""
    target = path_for(home, folder, content_sha256)
    if target.exists():
        os.utime(target)  # used anew: the sweep leaves it alone
        return target

    def write(part: Path) -> None:
        conform(frame, source).write_parquet(part, compression="zstd", row_group_size=ROW_GROUP)

    return write_whole(target, write)


def read(path: Path) -> pl.DataFrame:
    """A whole snapshot."""
    return pl.read_parquet(path)


def scan(paths: Iterable[Path]) -> pl.LazyFrame:
    """Several snapshots of one source, lazily, one after the other."""
    return pl.concat([pl.scan_parquet(path) for path in paths])
