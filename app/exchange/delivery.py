"""Reading one delivered file from its bytes to accepted rows, rejected rows and what has to be said.

delivery = read_delivery(Path("rosters/09803/10004_elderly_living_allowance.csv"))
delivery.frame        accepted rows, columns and types as in `snapshots`
delivery.rejected     rejected rows as the uploader wrote them
delivery.issues       row_no, level, field, code, value
load_folder(Path("samples"))   every register and roster of a folder, for work without a database
"""

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from app.core import roc

from . import codes, readers, snapshots, validate
from .canonical import content_sha256
from .internal import READABLE
from .layouts import LAYOUTS, Layout
from .mapping import Mapping
from .messages import FileProblem, say
from .tables import Table, without_total

_AT_ONCE: Final = 2  # pieces checked at once
_STRAY: Final = 0.05  # rows of another county, kind or month up to this share are rejected one by one, above it the file is


@dataclass(frozen=True)
class Notice:
    """Something said about the whole file."""

    code: str
    what: str
    fix: str


@dataclass
class Meta:
    """What a delivery is. `county`, `month` and `kind` are those of a roster; for a register they are as the caller said."""

    source: str
    kind: str | None
    county: str | None
    month: int | None
    carrier: str
    encoding: str
    separator: str
    titles: tuple[str, ...]
    rows: int
    accepted: int
    noticed: int
    rejected: int
    sum_amount: int
    file_name: str
    file_sha256: str
    content_sha256: str


@dataclass
class Delivery:
    """One file, read and checked. `frame` has exactly the columns of `snapshots.schema(source)`."""

    frame: pl.DataFrame
    rejected: pl.DataFrame
    issues: pl.DataFrame
    notices: list[Notice]
    meta: Meta
    layout: Layout = field(repr=False, default=LAYOUTS["roster"])


def file_sha256(path: Path) -> str:
    """SHA-256 of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_delivery(
    path: Path | str,
    source: str | None = None,
    month: int | None = None,
    county: str | None = None,
    kind: str | None = None,
    mapping: Mapping | None = None,
) -> Delivery:
    """Read and check one file. What is not given is taken from the file itself; what is given must agree with it.

    Raises FileProblem when the file as a whole is refused; rows never raise.
    """
    path = Path(path)
    if source is not None and source not in READABLE:
        raise FileProblem("source_unknown", source=source, known="、".join(LAYOUTS))
    if kind is not None and source in (None, "roster") and kind not in codes.KINDS:
        raise FileProblem("kind_unknown", kind=kind)
    if mapping is not None and source is None:
        source = mapping.source
    table = readers.open_table(path, READABLE[source] if source else None, mapping)
    layout = READABLE[source] if source else _layout_of(table)
    run = _Run(table, layout, mapping)
    run.read(kind if layout.source == "roster" else None)
    wanted: dict[str, Any] = {"data_kind": kind, "county_code": county, "ref_month": month} if layout.source == "roster" else {}
    agreed = {name: run.agree(name, value) for name, value in wanted.items()}
    run.whole_file()
    raw = run.rejected_rows(lambda: readers.open_table(path, run.layout, mapping))
    with ThreadPoolExecutor(1, thread_name_prefix="hash") as pool:
        # of the rows before they are put in the order of people, for files come in order of their key; meanwhile they are put in that order
        content, digest = pool.submit(content_sha256, run.frames[0], run.layout, raw), pool.submit(file_sha256, path)
        frame = run.accepted()
    notices = [Notice(code, *say(code, **values)) for code, values in table.notices]
    rejected = run.bad_rows.len()
    if rejected and rejected == run.rows:
        notices.append(Notice("all_rejected", *say("all_rejected", count=rejected)))
    noticed = run.issues.filter(pl.col("level") == "notice", ~pl.col("row_no").is_in(run.bad_rows.implode()))["row_no"].n_unique()
    meta = Meta(
        source=layout.source,
        kind=agreed.get("data_kind") or run.layout.kind,
        county=agreed.get("county_code", county),
        month=agreed.get("ref_month", month),
        carrier=table.carrier,
        encoding=table.encoding,
        separator=table.separator,
        titles=table.header.titles,
        rows=run.rows,
        accepted=frame.height,
        noticed=noticed,
        rejected=rejected,
        sum_amount=int(frame["amount"].sum()) if "amount" in frame.columns else 0,
        file_name=path.name,
        file_sha256=digest.result(),
        content_sha256=content.result(),
    )
    return Delivery(frame, raw, run.issues, notices, meta, run.layout)


def _layout_of(table: Table) -> Layout:
    known = {name for name in table.header.columns if name}
    fits = {
        source: len(known & set(layout.required)) / len(layout.required) for source, layout in LAYOUTS.items() if known <= set(layout.names)
    }
    if not fits:
        raise FileProblem("header_missing", example="rec_no、person_id、name、birth")
    return LAYOUTS[max(fits, key=lambda source: (fits[source], len(LAYOUTS[source].required)))]


class _Run:
    """The state of one reading: typed frames and issues piece by piece, then the checks over the whole file."""

    def __init__(self, table: Table, layout: Layout, mapping: Mapping | None) -> None:
        self.table, self.layout, self.mapping = table, layout, mapping
        self.frames: list[pl.DataFrame] = []
        self.raws: list[pl.DataFrame] = []
        self.issues = validate.no_issues()
        self.bad_rows = pl.Series("row_no", [], pl.Int64)
        self.rows = 0
        self.total: dict[str, Any] | None = None
        self.first: dict[str, Any] = {}  # what the first rows say they are, for files of which no row is accepted
        self._said()

    def _said(self) -> None:
        header = self.table.header
        unknown = [title for title, name in zip(header.titles, header.columns, strict=True) if name is None and title]
        unknown = [title for title in unknown if title not in readers.ERROR_COLUMNS]
        if unknown:
            shown = "、".join(title[:20] for title in unknown[:10])
            self.table.notices.append(("columns_unknown", {"count": len(unknown), "names": shown}))
        if header.row > 1:
            self.table.notices.append(("rows_before_header", {"count": header.row - 1}))
        if header.rows > header.row:
            self.table.notices.append(("second_header", {}))

    def read(self, kind: str | None) -> None:
        issues: list[pl.DataFrame] = []
        for piece, checked in self._checked(kind):
            bad = checked.issues.filter(pl.col("level") == "row")["row_no"].unique()
            self.rows += piece.height
            issues.append(checked.issues)
            if bad.len():
                self.raws.append(piece.filter(piece["row_no"].is_in(bad.implode())))
                checked.frame = checked.frame.filter(~checked.frame["row_no"].is_in(bad.implode()))
            self.frames.append(checked.frame)
        if not self.rows:
            raise FileProblem("file_empty")
        self.frames = [pl.concat(self.frames)]
        self.issues = pl.concat(issues)
        self.bad_rows = self.issues.filter(pl.col("level") == "row")["row_no"].unique().sort()

    def _checked(self, kind: str | None) -> Iterator[tuple[pl.DataFrame, validate.Checked]]:
        """The pieces and what their check found, in the order of the file; two are checked at once, and the next is being read."""
        columns, begun = self.table.header.columns, deque[tuple[pl.DataFrame, Future[validate.Checked]]]()
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="check") as pool:
            for number, (piece, total) in enumerate(without_total(self.table)):
                if number == 0:
                    if self.layout.source == "roster":
                        self.layout = self.layout.for_kind(kind or self._kind_of(piece))
                    self._need_columns()
                self.total = total
                begun.append((piece, pool.submit(validate.check_piece, piece, columns, self.layout, self.mapping)))
                if number == 0:
                    self._look_first(begun[0][1].result())
                if len(begun) > _AT_ONCE:
                    piece, check = begun.popleft()
                    yield piece, check.result()
            for piece, check in begun:
                yield piece, check.result()

    def _look_first(self, checked: validate.Checked) -> None:
        if self.layout.source == "roster":
            self.first = {name: validate.most_common(checked.frame[name]) for name in ("data_kind", "county_code", "ref_month")}

    def _kind_of(self, piece: pl.DataFrame) -> str:
        columns = self.table.header.columns
        if self.mapping and "data_kind" in self.mapping.constants:
            return self.mapping.constants["data_kind"]
        if "data_kind" not in columns:
            raise FileProblem("columns_missing", names="資料種類（data_kind）")
        checked = validate.check_piece(piece.head(1000), columns, self.layout, self.mapping)
        kind = validate.most_common(checked.frame["data_kind"])
        if kind is None:
            raise FileProblem("kind_unknown", kind=str(piece[f"c{columns.index('data_kind')}"][0] or "")[:40])
        return str(kind)

    def _need_columns(self) -> None:
        have = {name for name in self.table.header.columns if name} | set(self.mapping.constants if self.mapping else ())
        missing = [name for name in self.layout.required if name not in have]
        if missing:
            raise FileProblem("columns_missing", names="、".join(f"{self.layout.field(name).label}（{name}）" for name in missing))

    def _reject(self, issues: pl.DataFrame) -> None:
        """Rows found bad only when the whole file was seen."""
        if issues.is_empty():
            return
        late = issues["row_no"].unique()
        self.issues = pl.concat([self.issues, issues])
        self.bad_rows = pl.concat([self.bad_rows, late]).unique().sort()
        self.frames = [self.frames[0].filter(~pl.col("row_no").is_in(late.implode()))]

    def agree(self, name: str, given: Any) -> Any:
        """The one county, kind or month of the file. A few strays are rejected as rows; a mixture refuses the file."""
        frame = self.frames[0]
        words = {"data_kind": "kind", "county_code": "county", "ref_month": "month"}[name]
        common = validate.most_common(frame[name])
        if common is None:
            return self.first.get(name) if given is None else given
        if given is not None and (frame[name] == given).sum() < frame.height * (1 - _STRAY):
            raise FileProblem(f"{words}_other", found=validate.shown_value(name, common), given=validate.shown_value(name, given))
        value = common if given is None else given
        if (frame[name] == value).all():
            return value
        stray = frame.filter(pl.col(name) != value)
        if stray.height > frame.height * _STRAY:
            found = frame[name].value_counts(sort=True).head(4).rows()
            raise FileProblem(f"{words}_mixed", found="、".join(f"{validate.shown_value(name, v)} {n} 列" for v, n in found))
        self._reject(
            stray.select(
                "row_no",
                pl.lit("row").alias("level"),
                pl.lit(name).alias("field"),
                pl.lit(f"{words}_differs").alias("code"),
                pl.lit(None, dtype=pl.String).alias("value"),
            )
        )
        return value

    def whole_file(self) -> None:
        self._reject(validate.repeated_keys(self.frames[0], self.layout))
        self.issues = pl.concat([self.issues, validate.group_notices(self.frames[0], self.layout)])
        self._check_total()

    def _check_total(self) -> None:
        columns = self.table.header.columns
        if self.total is None or "amount" not in columns or self.bad_rows.len():
            return
        said = str(self.total[f"c{columns.index('amount')}"] or "").replace(",", "").strip()
        amount = int(self.frames[0]["amount"].sum())
        if said.isdigit() and int(said) != amount:
            raise FileProblem("total_differs", total=f"{int(said):,}", amount=f"{amount:,}")

    def accepted(self) -> pl.DataFrame:
        """The accepted rows as snapshots hold them. Lets go of the working copy."""
        return snapshots.conform(self.frames.pop(), self.layout.source)

    def rejected_rows(self, reopen: Any) -> pl.DataFrame:
        """The rejected rows as written, columns `c0`… and `row_no`. Rows rejected late are fetched by reading again."""
        have = [raw for raw in self.raws if not raw.is_empty()]
        missing = (
            self.bad_rows.filter(~self.bad_rows.is_in(pl.concat([raw["row_no"] for raw in have]).implode())) if have else self.bad_rows
        )
        if missing.len():
            again: Iterator[pl.DataFrame] = reopen().pieces
            have += [piece.filter(pl.col("row_no").is_in(missing.implode())) for piece in again]
        names = ["row_no", *(f"c{i}" for i in range(len(self.table.header.titles)))]
        if not have:
            return pl.DataFrame(schema={"row_no": pl.Int64, **dict.fromkeys(names[1:], pl.String)})
        return pl.concat([raw.select(names) for raw in have]).sort("row_no")


# --- a folder --------------------------------------------------------------------------------------------------------


def folder_files(folder: Path) -> list[tuple[str, Path, int | None, str | None, str | None]]:
    """(source, file, month, county, kind) of a folder laid out as `registers/*` and `rosters/<yyyMM>/<county>_<kind>.*`:
    registers first, then rosters by month. Names that do not follow the pattern are taken too, their meaning from inside."""
    found: list[tuple[str, Path, int | None, str | None, str | None]] = []
    for path in sorted((folder / "registers").glob("*.*")):
        if path.is_file() and not path.name.startswith((".", "~$")):
            sources = [source for source in LAYOUTS if path.stem.startswith(source)]
            found.append((max(sources, key=len, default=""), path, None, None, None))
    for path in sorted((folder / "rosters").glob("*/*.*")):
        if not path.is_file() or path.name.startswith((".", "~$")):
            continue
        county, _, kind = path.stem.partition("_")
        try:
            month: int | None = roc.parse_month(path.parent.name)
        except roc.RocError:
            month = None
        named = county in codes.COUNTIES and kind in codes.KINDS
        found.append(("roster", path, month, county if named else None, kind if named else None))
    return found


def load_folder(folder: Path | str) -> dict[str, Any]:
    """Every file of a folder, read and checked:
    {"registers": {source: Delivery}, "rosters": {(month, county, kind): Delivery}, "refused": {path: FileProblem}}."""
    out: dict[str, Any] = {"registers": {}, "rosters": {}, "refused": {}}
    for source, path, month, county, kind in folder_files(Path(folder)):
        try:
            delivery = read_delivery(path, source or None, month, county, kind)
        except FileProblem as problem:
            out["refused"][path] = problem
            continue
        meta = delivery.meta
        if meta.source == "roster":
            out["rosters"][meta.month, meta.county, meta.kind] = delivery
        else:
            out["registers"][meta.source] = delivery
    return out
