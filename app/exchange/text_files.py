"""CSV, pipe-delimited and fixed-width text files."""

import csv
import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from . import encoding as enc
from . import headers
from .layouts import LAYOUTS, Layout
from .mapping import Mapping
from .messages import FileProblem
from .tables import Table, cell_names, frame_of, frame_of_rows

_BLOCK: Final = 8 << 20  # bytes (of UTF-8) turned into one piece
_LONGEST: Final = 1 << 20  # characters one line (or one quoted cell over several lines) may have


def read_text(path: Path, layout: Layout | None, mapping: Mapping | None) -> Table:
    """Open a CSV or pipe file. `layout` None guesses the record type by the titles (raises FileProblem when none fits)."""
    chosen = mapping.encoding if mapping else None
    encoding = chosen or enc.detect(path, thorough=False)
    mark = mapping is not None and mapping.mark_unread
    blocks = enc.utf8_blocks(path, encoding, mark, mapping.translation if mapping else None, sound=not chosen)
    head, begun = _head(blocks)
    separator = _separator(head)
    rows, ends = _first_rows(head, separator)
    if layout is None:
        source = headers.guess_source(rows)
        if source is None:
            raise FileProblem("header_missing", example="rec_no、person_id、name、birth")
        layout = LAYOUTS[source]
    header = headers.find(rows, layout, mapping)
    rest = itertools.chain([head[ends[header.rows - 1] :].encode() + begun], blocks)
    table = Table("csv" if separator == "," else "txt", encoding, separator, header, iter(()))
    table.pieces = _pieces(rest, separator, len(header.titles), header.rows + 1)
    if mark:
        table.pieces = map(_unread_marked, table.pieces)
    return table


def _unread_marked(piece: pl.DataFrame) -> pl.DataFrame:
    """Rows with bytes that are not of the chosen encoding are rejected."""
    unread = pl.any_horizontal(pl.col(c).str.contains(enc.UNREAD, literal=True).fill_null(False) for c in piece.columns if c.startswith("c"))
    return piece.with_columns(pl.when(unread).then(pl.lit("bytes_unknown")).otherwise(pl.col("problem")).alias("problem"))


def _head(blocks: Iterator[bytes]) -> tuple[str, bytes]:
    """The first lines, and what of the next line was read with them."""
    head = b""
    for block in blocks:
        head += block
        if head.count(b"\n") > headers.LOOK_AHEAD + 20 or len(head) > _LONGEST:
            break
    if not head.strip():
        raise FileProblem("file_empty")
    cut = head.rfind(b"\n") + 1 or len(head)
    text = head[:cut].decode(errors="ignore")  # what is ignored is a character cut in two in an endless line; it stays with the rest
    return text.removeprefix("\ufeff"), head[len(text.encode()) :]


def _separator(head: str) -> str:
    lines = [line for line in head.split("\n", headers.LOOK_AHEAD)[: headers.LOOK_AHEAD] if line.strip()]
    commas, pipes = (max((line.count(sign) for line in lines), default=0) for sign in ",|")
    if not commas and not pipes:
        raise FileProblem("separator_unknown")
    return "|" if pipes >= commas else ","


def _first_rows(head: str, separator: str) -> tuple[list[list[str]], list[int]]:
    """The first rows of the file, and the character offset at which each ends."""
    lines = head.split("\n")
    offsets = list(itertools.accumulate(len(line) + 1 for line in lines))
    if separator == "|":
        return [line.split("|") for line in lines[: headers.LOOK_AHEAD]], [min(o, len(head)) for o in offsets]
    rows: list[list[str]] = []
    ends: list[int] = []
    reader = csv.reader(io.StringIO(head, newline=""), strict=False)
    try:
        for row in itertools.islice(reader, headers.LOOK_AHEAD):
            rows.append(row)
            ends.append(min(offsets[reader.line_num - 1], len(head)))
    except csv.Error:
        pass
    return rows, ends


def _whole_lines(blocks: Iterator[bytes], quoted: bool) -> Iterator[bytes]:
    """The text (as UTF-8: what the parser takes) in large pieces that end at the end of a record."""
    held: list[bytes] = []
    size = 0
    for text in blocks:
        held.append(text)
        size += len(text)
        if size < _BLOCK:
            continue
        joined = b"".join(held)
        cut = _record_end(joined) if quoted and b'"' in joined else joined.rfind(b"\n") + 1
        if len(joined) - cut > _LONGEST and len(joined[cut:].decode()) > _LONGEST:
            yield joined[:cut]
            raise FileProblem(
                "quote_open" if quoted and joined.count(b'"', cut) % 2 else "line_long", line="最後讀到的一行", limit=f"{_LONGEST:,}"
            )
        yield joined[:cut]
        held, size = [joined[cut:]], len(joined) - cut
    if size:
        yield b"".join(held)


def _record_end(text: bytes) -> int:
    """The end of the last line before which quotes are paired."""
    cut = text.rfind(b"\n") + 1
    odd = text.count(b'"', 0, cut) % 2
    while cut and odd:
        before = text.rfind(b"\n", 0, cut - 1) + 1
        odd ^= text.count(b'"', before, cut) % 2
        cut = before
    return cut


def _pieces(blocks: Iterator[bytes], separator: str, width: int, first_row: int) -> Iterator[pl.DataFrame]:
    row = first_row
    for text in _whole_lines(blocks, separator == ","):
        if not text:
            continue
        if separator == "," and b'"' in text:
            piece, rows = _quoted_piece(text, width, row)
        else:
            piece, rows = _plain_piece(text, separator, width, row, None)
        row += rows
        yield _without_guards(piece) if separator == "," and b"'" in text else piece


def _without_guards(piece: pl.DataFrame) -> pl.DataFrame:
    """Take off the apostrophe that keeps spreadsheets from taking a text for a formula (see `write`)."""
    cells = [name for name in piece.columns if name.startswith("c")]
    guarded = [pl.col(name).str.contains(r"^'['=+\-@＝＋－＠]") for name in cells]
    return piece.with_columns(
        pl.when(guard).then(pl.col(name).str.slice(1)).otherwise(pl.col(name)).alias(name)
        for name, guard in zip(cells, guarded, strict=True)
    )


_PROPER: Final = r'^(?:"(?:[^"]|"")*"|[^",]*)(?:,(?:"(?:[^"]|"")*"|[^",]*))*$'


def _plain_piece(text: bytes, separator: str, width: int, first_row: int, quote: str | None) -> tuple[pl.DataFrame, int]:
    """A piece from lines of which none holds a line break. Lines of another width are read one by one."""
    if (cells := _all_shaped(text, separator, width, quote)) is not None:
        numbers = pl.int_range(first_row, first_row + cells.height, dtype=pl.Int64, eager=True)
        return frame_of(cells, numbers, blanks=quote is not None), cells.height
    lines = pl.Series("line", [text.decode().removesuffix("\n")]).str.split("\n").explode()
    frame = pl.DataFrame({"line": lines, "row_no": pl.int_range(first_row, first_row + lines.len(), eager=True)})
    content = frame["line"].str.strip_chars(separator + ' \u3000\t"') != ""
    longest = frame["line"].str.len_chars().max()
    if isinstance(longest, int) and longest > _LONGEST:
        where = frame.filter(pl.col("line").str.len_chars() > _LONGEST)["row_no"][0]
        raise FileProblem("line_long", line=f"第 {where} 行", limit=f"{_LONGEST:,}")
    if quote is None:
        shaped = frame["line"].str.count_matches(separator, literal=True) == width - 1
    else:
        outside = frame["line"].str.replace_all(r'"(?:[^"]|"")*"', "")
        shaped = outside.str.count_matches(separator, literal=True) == width - 1
    good = frame.filter(content & shaped)
    out = frame_of(_split(good["line"], separator, width, quote), good["row_no"])
    bad = frame.filter(content & ~shaped)
    if not bad.is_empty():
        texts: list[str] = bad["line"].to_list()
        rows = [line.split(separator) for line in texts] if quote is None else list(csv.reader(texts))
        out = pl.concat([out, frame_of_rows(list(zip(bad["row_no"], rows, strict=True)), width, separator)]).sort("row_no")
    return out, lines.len()


def _all_shaped(text: bytes, separator: str, width: int, quote: str | None) -> pl.DataFrame | None:
    """The cells when every line has exactly `width` of them and none is blank; None when a closer look is needed.

    The parser refuses longer lines. Shorter ones are found by counting separators, or (in quotes they do not count) by the null
    a short line leaves where an empty cell would leave an empty text."""
    names = cell_names(width)
    lines = text.count(b"\n") + (not text.endswith(b"\n"))
    if quote is None and text.count(separator.encode()) != lines * (width - 1):
        return None
    try:
        cells = pl.read_csv(
            text,
            has_header=False,
            schema=dict.fromkeys(names, pl.String),
            separator=separator,
            quote_char=quote,
            infer_schema=False,
            empty_string_is_null=quote is None,
        )
    except pl.exceptions.PolarsError:
        return None
    if cells.height != lines or (quote is not None and cells[names[-1]].null_count()):
        return None
    ends = pl.col(names[0], names[-1])
    blank = cells.select(pl.all_horizontal(ends.fill_null("").str.strip_chars(" \u3000\t") == "").any()).item()
    return None if blank else cells


def _split(lines: pl.Series, separator: str, width: int, quote: str | None) -> pl.DataFrame:
    names = cell_names(width)
    if lines.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    source = io.BytesIO(("\n".join(lines.to_list()) + "\n").encode())
    cells = pl.read_csv(
        source,
        has_header=False,
        schema=dict.fromkeys(names, pl.String),
        separator=separator,
        quote_char=quote,
        infer_schema=False,
        raise_if_empty=False,
    )
    if cells.height != lines.len():
        raise FileProblem("carrier_broken")
    return cells


def _quoted_piece(block: bytes, width: int, first_row: int) -> tuple[pl.DataFrame, int]:
    text = block.decode()
    proper = pl.Series("line", [text.removesuffix("\n")]).str.split("\n").explode().str.contains(_PROPER).all()
    if proper:
        return _plain_piece(block, ",", width, first_row, '"')
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = first_row
    try:
        for cells in reader:
            rows.append((number, cells))
            number += 1
    except csv.Error:
        raise FileProblem("quote_open", line=f"第 {number} 行") from None
    return frame_of_rows(rows, width), number - first_row


# --- fixed width -----------------------------------------------------------------------------------------------------


def read_fixed(path: Path, mapping: Mapping) -> Table:
    """Open a fixed-width file: lines of `record_length` bytes, cut by bytes first and decoded field by field."""
    encoding = mapping.encoding or "cp950"
    names = tuple(mapping.positions)
    header = headers.Header(titles=names, columns=names, row=0, rows=0)
    return Table("fixed", encoding, "", header, _fixed_pieces(path, mapping, encoding))


def _fixed_pieces(path: Path, mapping: Mapping, encoding: str) -> Iterator[pl.DataFrame]:
    row = 1
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            block += file.readline(_LONGEST)
            if len(block) == _BLOCK + _LONGEST:
                raise FileProblem("line_long", line="其中一行", limit=f"{_LONGEST:,}")
            raw = block.removesuffix(b"\n").split(b"\n")
            if b"\r" in block or b"\x1a" in block:
                raw = [line.rstrip(b"\r\x1a") for line in raw]
            lines = pl.Series("line", raw, dtype=pl.Binary)
            frame = pl.DataFrame({"line": lines, "row_no": pl.int_range(row, row + lines.len(), dtype=pl.Int64, eager=True)})
            yield _fixed_piece(frame, mapping, encoding)
            row += lines.len()


def _fixed_piece(lines: pl.DataFrame, mapping: Mapping, encoding: str) -> pl.DataFrame:
    whole = pl.col("line").bin.size() == mapping.record_length
    right = lines.filter(whole & (pl.col("line") != pl.lit(b" " * mapping.record_length)))
    wrong = lines.filter(~whole)
    wrong = wrong.filter(pl.Series([bool(line.strip(b" ")) for line in wrong["line"]], dtype=pl.Boolean))
    cut = right.lazy().select(
        pl.col("line").bin.slice(first - 1, length).alias(f"c{i}") for i, (first, length) in enumerate(mapping.positions.values())
    )
    raw = cut.collect()
    columns: list[pl.Series] = []
    unread = pl.Series("unread", [False] * right.height, dtype=pl.Boolean)
    for column in raw:
        text, foreign = _ascii(column)
        if foreign.any():
            distinct = column.filter(foreign).unique()
            read = [_read_bytes(cell, encoding, mapping) for cell in distinct]
            table = pl.DataFrame({"raw": distinct, "text": read}, schema={"raw": pl.Binary, "text": pl.String})
            joined = pl.DataFrame({"raw": column}).join(table, on="raw", how="left", maintain_order="left")["text"]
            unread = unread | (foreign & joined.is_null())
            text = text.zip_with(~foreign, joined)
        columns.append(text.alias(column.name))
    cells = pl.DataFrame(columns)
    piece = frame_of(cells, right["row_no"])
    if unread.any():
        piece = piece.with_columns(pl.when(unread).then(pl.lit("bytes_unknown")).alias("problem"))
    return piece if wrong.is_empty() else pl.concat([piece, _misfits(wrong, mapping, encoding)]).sort("row_no")


def _ascii(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """A column of bytes as text where it is ASCII (the same in every encoding), and which cells are not."""
    try:
        text = column.cast(pl.String)
    except pl.exceptions.PolarsError:
        return pl.repeat(None, column.len(), dtype=pl.String, eager=True), pl.repeat(True, column.len(), eager=True)
    return text.str.strip_chars(" "), text.str.len_bytes() != text.str.len_chars()


def _read_bytes(raw: bytes, encoding: str, mapping: Mapping) -> str | None:
    """A cell cut out by bytes, decoded; None when its bytes are not of the encoding."""
    try:
        return enc.decode(raw.strip(b" "), encoding).translate(mapping.translation).strip(" \u3000")
    except UnicodeDecodeError:
        return None


def _misfits(wrong: pl.DataFrame, mapping: Mapping, encoding: str) -> pl.DataFrame:
    width = len(mapping.positions)
    shown = [line.decode(encoding, "backslashreplace") for line in wrong["line"]]
    rows = [(number, [text, *[""] * (width - 1)]) for number, text in zip(wrong["row_no"], shown, strict=True)]
    lengths = wrong["line"].bin.size().cast(pl.String).alias("problem_value")
    return frame_of_rows(rows, width).with_columns(pl.lit("record_length").alias("problem"), lengths)
