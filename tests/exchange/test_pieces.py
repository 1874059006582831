"""A file read in pieces is one file: pieces of different content, odd bytes where pieces meet, an offence far behind the head."""

import polars as pl
import pytest

from app.exchange import encoding, text_files
from app.exchange.delivery import read_delivery
from app.exchange.messages import FileProblem
from tests.exchange.making import rows, table, write_csv


@pytest.mark.parametrize("carrier", ["csv", "txt"])
def test_pieces_that_differ_in_what_is_the_same_in_them_are_one_file(tmp_path, monkeypatch, carrier):
    """A column of one value, or a doubtful name, in some pieces and not in others."""
    monkeypatch.setattr(text_files, "_BLOCK", 2_000)
    data = rows(count=120)
    for n, line in enumerate(data):
        line.update(status="ended" if n > 90 else "active", band="full" if n < 30 else "half", name="王?明" if n == 100 else line["name"], birth="0260000" if n == 60 else line["birth"])
    path = write_csv(tmp_path / "a.csv", data)
    if carrier == "txt":
        path = tmp_path / "a.txt"
        path.write_text("\n".join("|".join(cells) for cells in table(data)) + "\n", encoding="utf-8")
    done = read_delivery(path, "roster")
    assert (done.meta.rows, done.meta.rejected) == (120, 0) and done.frame["status"].value_counts(sort=True).rows() == [("active", 91), ("ended", 29)]
    assert done.frame.filter(pl.col("row_no") == 102)["name_raw"].item() is not None


@pytest.mark.parametrize("name", ["utf-8", "utf-8-sig", "cp950"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_characters_cut_by_a_block_are_whole(tmp_path, monkeypatch, name, end):
    data = rows(count=60)
    whole = read_delivery(write_csv(tmp_path / "whole.csv", data), "roster")
    path = tmp_path / "a.csv"
    path.write_bytes((end.join(",".join(cells) for cells in table(data)) + end).encode(name))
    for size in (61, 64, 127):
        monkeypatch.setattr(encoding, "_BLOCK", size)
        monkeypatch.setattr(encoding, "_BLOCKS", {"cp950": size})
        assert read_delivery(path, "roster").frame.equals(whole.frame)


def test_bytes_of_no_encoding_far_behind_the_head_are_named_by_their_line(tmp_path):
    lines = [",".join(cells).encode("cp950") for cells in table(rows(count=300))]
    lines[250] = lines[250].replace(b",", b"\xff\xff,", 1)
    (tmp_path / "a.csv").write_bytes(b"\r\n".join(lines) + b"\r\n")
    with pytest.raises(FileProblem) as problem:
        read_delivery(tmp_path / "a.csv", "roster")
    assert problem.value.code == "encoding_unknown" and "251" in str(problem.value)
