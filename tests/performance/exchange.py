"""Taking files in: rows per second per carrier, a national month in one command, memory, and a county's file in the browser.

Alternatives in the same run: the csv module with the row's checks in plain Python, pandas, and COPY into PostgreSQL without any check.
"""

import csv
import datetime as dt
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from app.core.identity import with_check_digit
from app.exchange import codes, confined
from app.exchange.delivery import read_delivery
from app.exchange.layouts import layout
from app.exchange.mapping import from_dict
from app.exchange.sample import row
from app.exchange.write import write_text, write_xlsx

KINDS = ("low_income_living_assistance", "elderly_living_allowance", "disability_register", "disability_living_allowance", "parking_permit", "disability_care_subsidy")
BAD_EVERY = 97  # one row in so many is wrong, so that errors are counted too


def frame(kind: str, county: str, count: int, start: int = 0) -> pl.DataFrame:
    """Text rows of one roster; every 97th has a birth that is no date."""
    spec = layout("roster", kind)
    first = row(spec, 1) | {"county_code": county, "town_code": f"{county}010"}
    numbers = range(start, start + count)
    ids = [with_check_digit(f"{'ABCDEFGHJK'[n // 10_000_000 % 10]}{1 + n % 2}{n % 10_000_000:07d}") for n in numbers]
    births = ["0980230" if n % BAD_EVERY == BAD_EVERY - 1 else f"0{20 + n % 30:02d}{1 + n % 12:02d}{1 + n % 28:02d}" for n in numbers]
    changed = {
        "rec_no": [f"R{n:09d}" for n in numbers],
        "case_no": [f"C{n:09d}" for n in numbers],
        "person_id": ids,
        "birth": births,
        "sex": ["MF"[n % 2] for n in numbers],
        "household_no": [f"F{n // 3:09d}" for n in numbers],
        "name": [("王小明", "陳美玉", "林阿土", "黃秀英", "張添財")[n % 5] for n in numbers],
    }
    fixed = [pl.lit(first[name]).alias(name) for name in spec.names if name not in changed]
    return pl.DataFrame({k: v for k, v in changed.items() if k in spec.names}).with_columns(fixed).select(spec.names)


def fixed_width(path: Path, text: pl.DataFrame) -> dict[str, object]:
    """Write rows cut by bytes in CP950; the mapping that reads them."""
    sizes = {c: max(1, max(len(v.encode("cp950")) for v in text[c].unique())) for c in text.columns}
    with path.open("wb") as file:
        for line in text.iter_rows():
            file.write(b"".join(v.encode("cp950").ljust(sizes[c]) for c, v in zip(text.columns, line, strict=True)) + b"\n")
    positions, at = {}, 1
    for name, size in sizes.items():
        positions[name] = [at, size]
        at += size
    return {"name": "量測", "source": "roster", "carrier": "fixed", "encoding": "cp950", "record_length": at - 1, "positions": positions}


def plain_python(path: Path) -> tuple[int, int]:
    """The alternative: the csv module and one row after the other, with a part of the checks; (rows, wrong)."""
    rows = wrong = 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line in csv.DictReader(file):
            rows += 1
            problem = not line["rec_no"] or not line["name"] or line["sex"] not in codes.SEX or line["county_code"] not in codes.COUNTIES
            try:
                text = line["birth"]
                dt.date(int(text[:3]) + 1911, int(text[3:5]), int(text[5:]))
                int(line["amount"])
                problem |= not (len(line["ref_month"]) == 5 and 1 <= int(line["ref_month"][3:]) <= 12)
            except ValueError:
                problem = True
            problem |= with_check_digit(line["person_id"][:9]) != line["person_id"]
            wrong += problem
    return rows, wrong


def with_pandas(path: Path) -> tuple[int, int]:
    """The named alternative: pandas, columns as text, the same part of the checks by column; (rows, wrong)."""
    import pandas as pd

    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    day = pd.to_numeric(table["birth"].str[:3]).add(1911).astype(str).str.zfill(4) + table["birth"].str[3:]
    bad = (table["rec_no"] == "") | (table["name"] == "") | ~table["sex"].isin(codes.SEX) | ~table["county_code"].isin(codes.COUNTIES)
    bad |= pd.to_datetime(day, format="%Y%m%d", errors="coerce").isna() | pd.to_numeric(table["amount"], errors="coerce").isna()
    bad |= ~table["ref_month"].str.fullmatch(r"\d{3}(0[1-9]|1[0-2])")
    bad |= table["person_id"].str[:9].map(with_check_digit) != table["person_id"]
    return len(table), int(bad.sum())


def cpu_seconds() -> float:
    """CPU seconds of this process and its finished children: what a figure costs whoever else uses the machine."""
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def copied(path: Path) -> float | None:
    """The floor: COPY of the raw file into PostgreSQL, nothing checked; seconds, None without a server."""
    try:
        from tests import postgres

        url = postgres.cluster().create_database("bench")
    except Exception:
        return None
    import psycopg

    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection, path.open("rb") as file:
        names = file.readline().decode("utf-8-sig").strip().split(",")
        connection.execute(f"CREATE TABLE raw ({', '.join(f'{n} text' for n in names)})")
        began = time.monotonic()
        with connection.cursor().copy("COPY raw FROM STDIN (FORMAT csv)") as copy:
            while block := file.read(1 << 20):
                copy.write(block)
        connection.commit()
        return time.monotonic() - began


def workbook_alone(path: Path) -> tuple[int, float]:
    """The floor of XLSX: the workbook library alone, nothing checked; (rows, CPU seconds)."""
    from python_calamine import CalamineWorkbook

    used = cpu_seconds()
    rows = len(CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()) - 1
    return rows, cpu_seconds() - used


def carriers(folder: Path, count: int, sheet: int) -> Iterator[str]:
    """Rows per second of every carrier."""
    text = frame("elderly_living_allowance", "10004", count)
    names = list(text.columns)
    utf8 = write_text(folder / "u.csv", names, text, ",", "utf-8-sig")
    big5 = write_text(folder / "b.csv", names, text, ",", "cp950")
    mapping = from_dict(fixed_width(folder / "f.txt", text))
    book = write_xlsx(folder / "x.xlsx", names, text.head(sheet))
    began = time.monotonic()
    rows, wrong = plain_python(utf8)
    python_rate = rows / (time.monotonic() - began)
    began = time.monotonic()
    pandas_rows, pandas_wrong = with_pandas(utf8)
    pandas_rate = pandas_rows / (time.monotonic() - began)
    copy_seconds = copied(utf8)
    promises = {"CSV UTF-8": (utf8, None, 400_000), "CSV CP950": (big5, None, 400_000), "固定長度": (folder / "f.txt", mapping, 200_000), "XLSX": (book, None, 60_000)}
    print(f"   csv 模組逐列檢查 {python_rate:,.0f} 列／秒（{wrong:,} 列有誤）；pandas 部分檢查 {pandas_rate:,.0f} 列／秒（{pandas_wrong:,} 列有誤）；" + (f"PostgreSQL COPY 不檢查 {count / copy_seconds:,.0f} 列／秒" if copy_seconds else "沒有 PostgreSQL"))
    alone, alone_used = workbook_alone(book)
    print(f"   試算表程式庫單獨讀取、不檢查：每秒 CPU {alone / alone_used:,.0f} 列（XLSX 的下限）", flush=True)
    for label, (path, how, promise) in promises.items():
        began, used = time.monotonic(), cpu_seconds()
        done = read_delivery(path, "roster", mapping=how)
        rate, used = done.meta.rows / (time.monotonic() - began), cpu_seconds() - used
        expected = sum(1 for n in range(done.meta.rows) if n % BAD_EVERY == BAD_EVERY - 1)
        against = f"，為 COPY 的 {rate / (count / copy_seconds):.2f} 倍" if copy_seconds else ""
        print(f"   {label}：{rate:,.0f} 列／秒，為逐列檢查的 {rate / python_rate:.1f} 倍、pandas 的 {rate / pandas_rate:.1f} 倍{against}，CPU {used:.1f} 秒（每秒 CPU {done.meta.rows / used:,.0f} 列）；退回 {done.meta.rejected:,} 列", flush=True)
        if done.meta.rejected != expected or (label == "CSV UTF-8" and done.meta.rejected != wrong):
            yield f"{label} 退回 {done.meta.rejected} 列，應為 {expected} 列"
        if count >= 1_000_000 and rate < promise:
            yield f"{label} 每秒 {rate:,.0f} 列，目標 {promise:,}"


def national(folder: Path, total: int) -> Iterator[str]:
    """One `import-all` of 120 files of mixed carriers, in a process of its own; seconds and peak memory."""
    places = [c for c in codes.COUNTIES if c < "65000"][:20]
    each = total // (len(places) * len(KINDS))
    for k, kind in enumerate(KINDS):
        for c, county in enumerate(places):
            text = frame(kind, county, each, (k * len(places) + c) * each)
            target = folder / "national" / "rosters" / "09803" / f"{county}_{kind}"
            target.parent.mkdir(parents=True, exist_ok=True)
            if c % 10 == 9:
                write_xlsx(target.with_suffix(".xlsx"), list(text.columns), text)
            elif c % 3 == 0:
                write_text(target.with_suffix(".txt"), list(text.columns), text, "|", "utf-8")
            else:
                write_text(target.with_suffix(".csv"), list(text.columns), text, ",", "cp950" if c % 3 == 1 else "utf-8-sig")
    home = folder / "home"
    environment = {**os.environ, "SWIS_HOME": str(home), "SWIS_PROFILE": "test"}
    flask = [sys.executable, "-m", "flask", "swis"]
    subprocess.run([*flask, "init"], env=environment, check=True, capture_output=True)
    began, used = time.monotonic(), cpu_seconds()
    done = subprocess.run([*flask, "import-all", str(folder / "national"), "--json"], env=environment, capture_output=True, text=True)
    seconds, used = time.monotonic() - began, cpu_seconds() - used
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    if done.returncode:
        yield f"import-all 失敗：{done.stderr[-300:]}"
        return
    import json

    said = json.loads(done.stdout)
    rows = said["rows"]
    print(f"   全國一個月：{said['files']} 個檔案 {rows:,} 列，{seconds:.1f} 秒（{rows / seconds:,.0f} 列／秒），CPU {used:.1f} 秒，記憶體最高 {peak:,.0f} MB，退回 {said['rejected']:,} 列")
    if rows != each * len(places) * len(KINDS) or said["accepted"] + said["rejected"] != rows:
        yield f"列數不符：{rows} 列，收下 {said['accepted']}，退回 {said['rejected']}"
    if total >= 1_500_000 and (seconds > 20 or peak > 1536):
        yield f"全國一個月 {seconds:.1f} 秒、{peak:,.0f} MB，目標 20 秒、1,536 MB"


def browser(folder: Path) -> Iterator[str]:
    """A county's file read in the child process, as the upload page does it."""
    text = frame("elderly_living_allowance", "10004", 20_000)
    path = write_text(folder / "county.csv", list(text.columns), text, ",", "utf-8-sig")
    began = time.monotonic()
    read_delivery(path, "roster")
    here = time.monotonic() - began
    began = time.monotonic()
    confined.read_confined(path, "roster")
    first = time.monotonic() - began
    began = time.monotonic()
    confined.read_confined(path, "roster")
    there = time.monotonic() - began
    print(f"   縣市檔案 20,000 列：待命的子程序 {there:.2f} 秒（第一次連同啟動 {first:.2f} 秒），同一程序 {here:.2f} 秒")
    if there > 2:
        yield f"縣市檔案在子程序讀了 {there:.2f} 秒，目標 2 秒"


def run(scale: float = 1.0) -> list[str]:
    """Print the figures; what was not kept, in words. `scale` 1 is a million rows a file and 1.5 million in the national month."""
    with tempfile.TemporaryDirectory(prefix="swis-bench-") as name:
        folder = Path(name)
        count = max(2_000, int(1_000_000 * scale))
        return [
            *carriers(folder, count, min(count, max(2_000, int(300_000 * scale)))),
            *browser(folder),
            *national(folder, max(12_000, int(1_500_000 * scale))),
        ]
