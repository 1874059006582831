"""Every carrier and encoding gives the same rows; every broken file gives a sentence."""

import io
import json
import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.exchange import archives, codes
from app.exchange import mapping as mappings
from app.exchange.delivery import read_delivery
from app.exchange.error_file import suffix, write_error_file
from app.exchange.layouts import every_layout, layout
from app.exchange.messages import CATALOGUE, FileProblem
from app.exchange.write import write_records
from tests.exchange.making import NAMES, row, rows, table, write_csv, write_xlsx

CARRIERS = [("a.csv", "utf-8-sig"), ("a.csv", "utf-8"), ("a.csv", "cp950"), ("a.txt", "utf-8"), ("a.txt", "cp950"), ("a.xlsx", "")]


def same(a, b):
    assert a.drop("row_no").equals(b.drop("row_no"))


@pytest.mark.parametrize("spec", list(every_layout()), ids=lambda s: s.kind or s.source)
def test_every_record_type_in_every_carrier(spec, tmp_path):
    first = read_delivery(write_csv(tmp_path / "first.csv", [row(spec, n) for n in range(1, 8)]), spec.source)
    assert (first.meta.accepted, first.meta.noticed, first.notices) == (7, 0, []), first.issues
    for name, encoding in CARRIERS:
        path = write_records(first.frame, spec, tmp_path / name, encoding=encoding or "utf-8")[0]
        again = read_delivery(path, spec.source)
        same(again.frame, first.frame)
        assert again.meta.content_sha256 == first.meta.content_sha256
        assert read_delivery(path).meta.source == spec.source


letters = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp")), min_size=1, max_size=20)


@given(names=st.lists(letters, min_size=1, max_size=8), amounts=st.lists(st.integers(0, 10**12), min_size=8, max_size=8))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_written_and_read_again_is_the_same(tmp_path, names, amounts):
    data = [
        row(layout("roster", "elderly_living_allowance"), i + 1, decision_no=n, amount=str(a))
        for i, (n, a) in enumerate(zip(names, amounts, strict=False))
    ]
    lines = [list(data[0]), *(list(line.values()) for line in data)]
    first = read_delivery(write_xlsx_text(tmp_path / "f.xlsx", lines))
    for name in ("a.csv", "a.xlsx"):
        again = read_delivery(write_records(first.frame, first.layout, tmp_path / name)[0])
        same(again.frame, first.frame)


def write_xlsx_text(path, lines):
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        page = book.add_worksheet()
        for r, line in enumerate(lines):
            for c, cell in enumerate(line):
                page.write_string(r, c, cell)
    return path


@given(st.binary(max_size=400))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_bytes_give_rows_or_a_sentence(tmp_path, data):
    for name in ("x.csv", "x.txt", "x.xlsx"):
        path = tmp_path / name
        path.write_bytes(data)
        refused(path)


@given(
    st.text(st.sampled_from('",|\r\n\t 09A王\x00é;'), max_size=200),
    st.sampled_from(["csv", "txt"]),
    st.sampled_from(["utf-8", "cp950", "utf-16"]),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_text_behind_a_right_heading(tmp_path, text, form, encoding):
    names = list(layout("roster", "elderly_living_allowance").names)
    path = tmp_path / f"x.{form}"
    sign = "," if form == "csv" else "|"
    good = sign.join(rows(count=1)[0].values())
    path.write_bytes((sign.join(names) + "\n" + good + "\n" + text).encode(encoding, "replace"))
    refused(path)


def refused(path):
    """The code of the refusal; None when rows were read, all of them accounted for."""
    try:
        done = read_delivery(path, "roster")
    except FileProblem as problem:
        assert problem.what and problem.fix
        return problem.code
    assert done.meta.rows == done.meta.accepted + done.meta.rejected == done.frame.height + done.rejected.height
    return None


@cache
def good_workbook() -> bytes:
    with TemporaryDirectory() as folder:
        return write_xlsx(Path(folder) / "good.xlsx", table(rows())).read_bytes()


HEAD = ",".join(layout("roster", "elderly_living_allowance").names)
BAD = {
    "empty.csv": (b"", "file_empty"),
    "blank.csv": (b"\r\n\r\n  \r\n", "file_empty"),
    "heading only.csv": (HEAD.encode(), "file_empty"),
    "webpage.xls": (b"<html><table><tr><td>1</td></tr></table></html>", "carrier_html"),
    "spreadsheet.xml": (b"<?xml version='1.0'?><Workbook/>", "carrier_html"),
    "old.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "carrier_xls"),
    "locked.xlsx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "carrier_encrypted"),
    "letter.pdf": (b"%PDF-1.7 \n", "carrier_pdf"),
    "cut.xlsx": (b"PK\x03\x04" + b"\0" * 100, "carrier_broken"),
    "utf16.csv": ((HEAD + "\n").encode("utf-16"), "encoding_utf16"),
    "utf16 bare.csv": ((HEAD + "\n").encode("utf-16-le"), "encoding_utf16"),
    "mixed.csv": ((HEAD + "\n" + "王小明\n").encode("cp950") + "陳\n".encode() + b"\xff\xff", "encoding_unknown"),
    "bom and big5.csv": (b"\xef\xbb\xbf" + (HEAD + "\n" + "王小明,\n").encode("cp950"), "encoding_mixed"),
    "semicolons.csv": (HEAD.replace(",", ";").encode() + b"\n1;2\n", "separator_unknown"),
    "no heading.csv": (b"1,2,3\n4,5,6\n", "header_missing"),
    "twice.csv": ((HEAD + ",name\n" + "x," * 24 + "\n").encode(), "header_duplicate"),
    "missing.csv": ((HEAD.replace(",birth", "") + "\n" + ",".join(v for k, v in rows(count=1)[0].items() if k != "birth")).encode(), "columns_missing"),
    "quote.csv": ((HEAD + "\n" + '"' + ",".join(rows(count=1)[0].values()) + "\nR2,1\n").encode(), "quote_open"),
    "unknown kind.csv": ((HEAD + "\n" + ",".join(rows(count=1, data_kind="lottery")[0].values())).encode(), "kind_unknown"),
}  # fmt: skip


def text_of(data, separator=","):
    """Rows as a file of text; without quotes."""
    return "\n".join(separator.join(line) for line in table(data)).encode()


def two(field, other, **more):
    """Rows half of one value, half of another."""
    return text_of([line | ({field: other} | more if i % 2 else {}) for i, line in enumerate(rows())])


def workbook(*lines):
    with TemporaryDirectory() as folder:
        return write_xlsx(Path(folder) / "made.xlsx", [list(line) for line in lines]).read_bytes()


def archive(*members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in members:
            made.writestr(name, b"x")
    return out.getvalue()


CELLS = [list(line) for line in table(rows(count=2))]
BAD |= {
    "nul bytes.csv": ((HEAD + "\n").encode() + b"\0\0\0\n", "encoding_utf16"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "encoding_utf16"),
    "packed.csv.gz": (b"\x1f\x8b\x08\0\0\0\0\0", "encoding_utf16"),
    "utf16 big end.csv": ((HEAD + "\n").encode("utf-16-be"), "encoding_utf16"),
    "utf32.csv": ((HEAD + "\n").encode("utf-32"), "encoding_utf16"),
    "french.csv": ((HEAD + "\n").encode() + "é\n".encode("latin-1"), "encoding_unknown"),
    "cut in a character.csv": ((HEAD + "\n").encode() + "陳".encode()[:2], "encoding_unknown"),
    "tabs.csv": (HEAD.replace(",", "\t").encode() + b"\n1\t2\n", "separator_unknown"),
    "one column.csv": (b"person_id\nA123456789\n", "separator_unknown"),
    "json.csv": (b'[{"rec_no": 1, "name": 2}]\n', "header_missing"),
    "statements.csv": (b"INSERT INTO a VALUES (1, 2);\n", "header_missing"),
    "long line.csv": ((HEAD + "\n").encode() + b"x" * (3 << 20), "line_long"),
    "page with mark.xls": (b"\xef\xbb\xbf  <!DOCTYPE html><table></table>", "carrier_html"),
    "letter.docx": (archive("[Content_Types].xml", "word/document.xml"), "carrier_broken"),
    "macros.xlsm": (archive("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), "carrier_macro"),
    "half a workbook.xlsx": (good_workbook()[:-300], "carrier_broken"),
    "zip as a file.zip": (archive("a.csv"), "carrier_unknown"),
    "nothing in it.xlsx": (workbook([]), "sheet_empty"),
    "headings in a workbook.xlsx": (workbook(CELLS[0]), "file_empty"),
    "numbers in a workbook.xlsx": (workbook([1, 2, 3], [4, 5, 6]), "header_missing"),
    "twice in a workbook.xlsx": (workbook([*CELLS[0], "name"], [*CELLS[1], "x"]), "header_duplicate"),
    "missing in a workbook.xlsx": (workbook(*(line[1:] for line in CELLS)), "columns_missing"),
    "missing.txt": (text_of([{k: v for k, v in line.items() if k != "name"} for line in rows()], "|"), "columns_missing"),
    "two kinds.csv": (two("data_kind", "disability_living_allowance"), "kind_mixed"),
    "two months.csv": (two("ref_month", "09804"), "month_mixed"),
    "two counties.csv": (two("county_code", "10005", town_code="10005010"), "county_mixed"),
    "wrong total.csv": (text_of(rows()) + b"\n" + ",".join("合計" if n == "rec_no" else "1" if n == "amount" else "" for n in rows()[0]).encode(), "total_differs"),
}  # fmt: skip


def test_there_are_at_least_forty_broken_files():
    assert len(BAD) >= 40 and len({data for data, _ in BAD.values()}) == len(BAD)


@pytest.mark.parametrize("name", sorted(BAD))
def test_broken_files_are_refused_with_advice(name, tmp_path):
    data, code = BAD[name]
    path = tmp_path / name
    path.write_bytes(data)
    assert refused(path) == code


def test_truncated_and_renamed_workbooks(tmp_path):
    good = good_workbook()
    for cut in (10, 200, len(good) // 2, len(good) - 10):
        path = tmp_path / f"cut{cut}.xlsx"
        path.write_bytes(good[:cut])
        assert refused(path) in ("carrier_broken", "encoding_unknown", "encoding_utf16")
    renamed = tmp_path / "really a workbook.csv"
    renamed.write_bytes(good)
    assert refused(renamed) is None


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_workbook_with_flipped_bytes_never_crashes(tmp_path, data):
    good = bytearray(good_workbook())
    for _ in range(data.draw(st.integers(1, 5))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "flipped.xlsx"
    path.write_bytes(bytes(good))
    refused(path)


@pytest.mark.parametrize("member", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"])
@pytest.mark.parametrize("offset", [0, 3, 40])
def test_a_workbook_whose_table_of_contents_is_damaged_is_refused_as_broken(tmp_path, member, offset):
    good = bytearray(good_workbook())
    good[good.index(member.encode()) + offset] ^= 0x55  # in the member's own header or in what it holds
    path = tmp_path / "damaged.xlsx"
    path.write_bytes(bytes(good))
    assert refused(path) in (None, "carrier_broken", "sheet_empty")


# --- encodings -------------------------------------------------------------------------------------------------------


def test_user_defined_characters_keep_their_bytes(tmp_path):
    data = rows(count=3)
    text = "\r\n".join(",".join(line) for line in table(data)).encode("cp950")
    text = text.replace("陳美玉".encode("cp950"), "陳美".encode("cp950") + b"\xfa\x40")
    path = tmp_path / "a.csv"
    path.write_bytes(text)
    done = read_delivery(path)
    assert (done.meta.encoding, done.meta.accepted, done.meta.noticed) == ("cp950", 3, 1)
    name, raw = done.frame.filter(pl.col("name_raw").is_not_null()).select("name", "name_raw").row(0)
    assert (name, raw) == ("陳美\ue000", "陳美".encode("cp950").hex() + "fa40")
    again = write_records(done.frame, done.layout, tmp_path / "b.csv", encoding="cp950")[0]
    assert b"\xfa\x40" in again.read_bytes()
    same(read_delivery(again).frame, done.frame)
    known = mappings.from_dict({"source": "roster", "characters": {"FA40": "堃"}})
    assert "陳美堃" in read_delivery(path, mapping=known).frame["name"].to_list()


def test_every_sentence_fits_into_cp950():
    for entry in CATALOGUE.values():
        (entry.what + entry.fix).encode("cp950")


# --- headings --------------------------------------------------------------------------------------------------------


def test_chinese_titles_title_rows_second_heading_and_total(tmp_path):
    data = rows(count=3)
    spec = layout("roster", "elderly_living_allowance")
    chinese = [spec.field(name).label for name in data[0]]
    lines = [["新竹縣政府98年3月名冊"], chinese, list(data[0]), *(list(line.values()) for line in data), ["合計", *[""] * 17, "18,000"]]
    done = read_delivery(write_xlsx(tmp_path / "a.xlsx", lines))
    assert done.meta.accepted == 3
    assert {n.code for n in done.notices} == {"rows_before_header", "second_header", "total_row"}
    lines[-1][18] = "18,001"
    with pytest.raises(FileProblem) as problem:
        read_delivery(write_xlsx(tmp_path / "b.xlsx", lines))
    assert problem.value.code == "total_differs"


def test_the_more_exact_of_two_titles_counts(tmp_path):
    data = [{"id": str(i), "序號": str(i), **line} for i, line in enumerate(rows())]
    done = read_delivery(write_csv(tmp_path / "a.csv", data))
    assert done.meta.accepted == 10 and [n.code for n in done.notices] == ["columns_unknown"]


def test_unknown_columns_are_said_once(tmp_path):
    data = [line | {"備註": "x", "電話": "y"} for line in rows()]
    done = read_delivery(write_csv(tmp_path / "a.csv", data))
    assert [n.code for n in done.notices] == ["columns_unknown"] and "備註" in done.notices[0].what


def test_excel_dates_are_read_and_said(tmp_path):
    import datetime as dt

    import xlsxwriter

    lines = table(rows(count=2))
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        style = book.add_format({"num_format": "yyyy/mm/dd"})
        for r, line in enumerate(lines):
            page.write_row(r, 0, line)
        page.write_datetime(1, lines[0].index("birth"), dt.datetime(1931, 5, 17), style)
        page.write_number(2, lines[0].index("amount"), 6000)
    done = read_delivery(path)
    assert dt.date(1931, 5, 17) in done.frame["birth"].to_list()
    assert [n.code for n in done.notices] == ["excel_dates"]


# --- rows ------------------------------------------------------------------------------------------------------------


def test_row_numbers_are_the_files(tmp_path):
    lines = [",".join(line) for line in table(rows(count=5))]
    lines[3] += ",surplus"
    text = "\n".join([*lines[:2], "", *lines[2:], "," * 22, ""])
    path = tmp_path / "a.csv"
    path.write_text(text)
    done = read_delivery(path)
    assert (done.meta.rows, done.meta.rejected) == (5, 1)
    assert done.issues.select("row_no", "code").rows() == [(5, "columns_count")]
    assert sorted(done.frame["row_no"].to_list()) == [2, 4, 6, 7]


def test_quoted_cells_with_commas_and_quotes(tmp_path):
    data = rows(count=3)
    data[1]["decision_no"] = '府社"字,第1號'
    done = read_delivery(write_csv(tmp_path / "a.csv", data))
    assert '府社"字,第1號' in done.frame["decision_no"].to_list()
    data[2]["decision_no"] = "兩\n行"
    done = read_delivery(write_csv(tmp_path / "b.csv", data))
    assert done.issues["code"].to_list() == ["text_break"] and (done.meta.accepted, done.meta.noticed) == (3, 1)
    assert "兩 行" in done.frame["decision_no"].to_list()
    data[2]["decision_no"] = "兩\x07行"
    done = read_delivery(write_csv(tmp_path / "c.csv", data))
    assert done.issues["code"].to_list() == ["text_control"] and done.meta.accepted == 2


@pytest.mark.parametrize("change,code", [
    ({"birth": ""}, "missing"), ({"pay_month_from": ""}, "missing"), ({"sex": "X"}, "code_unknown"), ({"amount": "-1"}, "int_negative"),
    ({"start_month": "09803", "end_month": "09801"}, "month_order"), ({"birth": "0990101"}, "birth_future"), ({"town_code": "10005010"}, "town_county"),
    ({"person_id": "A12345678"}, "id_form"), ({"rec_no": "R00000001"}, "key_repeated"), ({"name": "長" * 51}, "text_long"),
    ({"county_code": "10005", "town_code": "10005010"}, "county_differs"), ({"ref_month": "09802"}, "month_differs"), ({"data_kind": "parking_permit"}, "kind_differs"),
])  # fmt: skip
def test_one_cause_one_message(change, code, tmp_path):
    data = rows(count=30)
    data[4] |= change
    done = read_delivery(write_csv(tmp_path / "a.csv", data))
    assert done.issues.filter(pl.col("level") == "row").select("row_no", "code").rows() == [(6, code)]
    assert (done.meta.accepted, done.meta.rejected, done.rejected["row_no"].to_list()) == (29, 1, [6])


@pytest.mark.parametrize("change,code", [
    ({"person_id": "J200000059"}, "id_checksum"), ({"birth": "0200000"}, "date_day_unknown"), ({"name": "王〓明"}, "name_doubtful"),
    ({"status": "ended"}, "paid_not_active"), ({"sex": "F"}, "sex_differs"),
])  # fmt: skip
def test_noticed_rows_are_kept(change, code, tmp_path):
    data = rows(count=10)
    data[3] |= change
    done = read_delivery(write_csv(tmp_path / "a.csv", data))
    assert (done.meta.accepted, done.meta.noticed, done.meta.rejected) == (10, 1, 0)
    assert done.issues.select("row_no", "level", "code").rows() == [(5, "notice", code)]
    if code == "id_checksum":
        assert done.frame.filter(~pl.col("id_ok"))["rec_no"].to_list() == [data[3]["rec_no"]]
    if code == "date_day_unknown":
        assert done.frame.filter(pl.col("birth").is_null())["birth_raw"].to_list() == ["0200000"]


def test_what_is_said_must_agree_with_what_is_inside(tmp_path):
    path = write_csv(tmp_path / "a.csv", rows())
    for said, code in (({"county": "10005"}, "county_other"), ({"month": 1}, "month_other"), ({"kind": "elderly_living_allowance"}, None)):
        try:
            read_delivery(path, "roster", **said)
            assert code is None
        except FileProblem as problem:
            assert problem.code == code
    mixed = [*rows(count=6), *(r | {"rec_no": "X" + r["rec_no"], "ref_month": "09802"} for r in rows(count=6))]
    with pytest.raises(FileProblem) as problem:
        read_delivery(write_csv(tmp_path / "b.csv", mixed))
    assert problem.value.code == "month_mixed"


def test_same_person_paid_twice_is_noticed(tmp_path):
    data = rows(count=4)
    data[3]["person_id"] = data[0]["person_id"]
    data[3]["sex"] = data[0]["sex"]
    done = read_delivery(write_csv(tmp_path / "a.csv", data))
    assert done.issues.select("row_no", "code").rows() == [(5, "person_repeated")]


# --- fixed width, archives, error files ------------------------------------------------------------------------------


def test_fixed_width_is_cut_by_bytes(tmp_path):
    names = ["record_no", "person_id", "name", "birth", "kind", "from_date", "to_date"]
    widths = [10, 10, 12, 7, 1, 7, 7]
    starts = [1 + sum(widths[:i]) for i in range(len(widths))]
    spec = {"source": "custody", "carrier": "fixed", "record_length": sum(widths), "encoding": "cp950", "codes": {"kind": {"1": "prison", "2": "detention"}},
            "positions": {n: [s, w] for n, s, w in zip(names, starts, widths, strict=True)}}  # fmt: skip
    lines = []
    for i in range(1, 6):
        cells = row(layout("custody"), i) | {"kind": str(i % 2 + 1), "name": NAMES[i % 5] if i != 3 else "王小\ue000"}
        line = b"".join(cells[n].encode("cp950", "swis-eudc-back").ljust(w) for n, w in zip(names, widths, strict=True))
        lines.append(line)
    path = tmp_path / "custody.dat"
    path.write_bytes(b"\r\n".join([*lines, b"short", b""]))
    done = read_delivery(path, "custody", mapping=mappings.from_dict(spec))
    assert (done.meta.rows, done.meta.accepted, done.meta.rejected, done.meta.noticed) == (6, 5, 1, 1)
    assert sorted(done.frame["kind"].to_list()) == ["detention", "detention", "detention", "prison", "prison"]
    assert "王小\ue000" in done.frame["name"].to_list()
    assert done.issues.filter(pl.col("level") == "row").select("row_no", "code", "value").rows() == [(6, "record_length", "5")]
    assert "record_length" in write_error_file(done, tmp_path / "e.csv").read_text("utf-8-sig")


@pytest.mark.parametrize(
    "change",
    [
        {"source": "x"},
        {"positions": {"nothing": [1, 2]}},
        {"positions": {"name": [50, 20]}},
        {"characters": {"ZZ": "堃"}},
        {"encoding": "ebcdic"},
    ],
)
def test_wrong_mappings_are_named(change):
    base = {"source": "custody", "carrier": "fixed", "record_length": 54, "positions": {"name": [1, 10]}}
    with pytest.raises(FileProblem):
        mappings.from_dict(base | change)


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_archive_with_manifest(tmp_path):
    data = write_csv(tmp_path / "a.csv", rows()).read_bytes()
    import hashlib

    entry = {"name": "a.csv", "kind": "elderly_living_allowance", "rows": 10, "amount": 60000, "sha256": hashlib.sha256(data).hexdigest()}
    manifest = {"county": "10004", "month": "09803", "source": "roster", "files": [entry]}
    with archives.unpacked(zipped(tmp_path / "a.zip", {"a.csv": data, "manifest.json": json.dumps(manifest)})) as members:
        (member,) = members
        assert (member.county, member.kind, member.rows) == ("10004", "elderly_living_allowance", 10)
        archives.check_totals(member, 10, 60000, 0)
        for counts in ((9, 60000, 0), (10, 1, 0)):
            with pytest.raises(FileProblem):
                archives.check_totals(member, *counts)
    for change, code in (({"sha256": "0" * 64}, "manifest_sha256"), ({"name": "b.csv"}, "manifest_missing_file")):
        wrong = manifest | {"files": [entry | change]}
        with (
            pytest.raises(FileProblem) as problem,
            archives.unpacked(zipped(tmp_path / "b.zip", {"a.csv": data, "manifest.json": json.dumps(wrong)})),
        ):
            pass
        assert problem.value.code == code


@pytest.mark.parametrize("files,code", [
    ({"../../evil.csv": b"x"}, "zip_unsafe"), ({"/etc/evil.csv": b"x"}, "zip_unsafe"), ({"inner.zip": b"PK"}, "zip_unsafe"), ({"run.exe": b"MZ"}, "zip_unsafe"),
    ({"manifest.json": b"{}"}, "zip_empty"), ({"a.csv": b"x", "manifest.json": b"{"}, "manifest_form"), ({"a.csv": b"x", "manifest.json": b"[]"}, "manifest_form"),
    ({"a.csv": b"0" * (90 << 20)}, "zip_bomb"),
])  # fmt: skip
def test_unsafe_archives(files, code, tmp_path):
    with pytest.raises(FileProblem) as problem, archives.unpacked(zipped(tmp_path / "x.zip", files)):
        pass
    assert problem.value.code == code
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.zip"]


def test_a_workbook_bomb_is_not_opened(tmp_path):
    good = io.BytesIO(good_workbook())
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as out:
        for info in source.infolist():
            out.writestr(info.filename, source.read(info))
        with out.open("xl/worksheets/sheet2.xml", "w") as sheet:
            for _ in range(100):
                sheet.write(b"0" * (1 << 20))
    assert refused(bomb) == "zip_bomb"


@pytest.mark.parametrize("name,encoding", CARRIERS)
def test_error_file_goes_round(name, encoding, tmp_path):
    good = read_delivery(write_csv(tmp_path / "good.csv", rows(count=12)))
    path = write_records(good.frame, good.layout, tmp_path / name, encoding=encoding or "utf-8")[0]
    whole = read_delivery(path)
    data = rows(count=12, birth="0980230")[:4] + rows(count=12)[4:]
    lines = table(data)
    if name.endswith("xlsx"):
        write_xlsx(path, lines)
    else:
        sign = "," if name.endswith("csv") else "|"
        path.write_bytes("\n".join(sign.join(line) for line in lines).encode(encoding))
    done = read_delivery(path)
    assert (done.meta.accepted, done.meta.rejected) == (8, 4)
    back = write_error_file(done, tmp_path / f"back{suffix(done)}")
    returned = read_delivery(back)
    assert returned.notices[0].code == "all_rejected" and returned.meta.rows == 4
    assert returned.rejected.height == 4 and set(returned.issues["code"]) == {"date_form"}
    same(read_delivery(path).frame, done.frame)
    assert whole.meta.accepted == 12
    if back.suffix == ".xlsx":
        from python_calamine import CalamineWorkbook

        assert CalamineWorkbook.from_path(str(back)).sheet_names == ["說明", "重大錯誤", "彙總", "資料"]


def test_what_looks_like_a_formula_stays_text(tmp_path):
    data = rows(count=4)
    for line, text in zip(data, ("=1+1", "-cmd", "'quoted", "@x"), strict=True):
        line["decision_no"] = text
    first = read_delivery(write_xlsx_text(tmp_path / "a.xlsx", table(data)))
    assert sorted(first.frame["decision_no"]) == ["'quoted", "-cmd", "=1+1", "@x"]
    path = write_records(first.frame, first.layout, tmp_path / "b.csv")[0]
    assert "'=1+1" in path.read_text("utf-8-sig")
    same(read_delivery(path).frame, first.frame)


def test_known_kinds_have_chinese_names():
    assert set(codes.KINDS) == codes.CASH_KINDS | codes.REGISTER_KINDS
