"""A county's exclusion settings from a file (`exclusions.csv` of the exchange contract): all rows or none, every fault named by its row."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import roc
from app.core.text import fold
from app.exchange import codes
from app.exchange.layouts import Field, Layout
from app.exchange.messages import FileProblem
from app.exchange.readers import open_table
from app.exchange.tables import without_total
from app.extensions import db
from app.models.exclusion import RELATIONS, ExclusionPair
from app.models.match_replay import MatchReplay
from app.rules import exclusions as law_pairs
from app.rules.benefits import benefits
from app.security import scope

from .base import Context, Refused, command
from .replay_effect import Candidate, Effect, effect_of
from .replays import USUAL_MONTHS, keep, runs_to_replay

SETTINGS = Layout(
    source="exclusions",
    label="縣市互斥設定",
    agency="各直轄市、縣（市）政府",
    key=("county_code", "benefit", "counterpart", "effective_from"),
    later=(("effective_from", "effective_to"),),
    fields=(
        Field("county_code", "縣市代碼", "code", True, 5, codes.COUNTIES, example="10004"),
        Field("benefit", "津貼", "text", True, 40, synonyms=("津貼代碼",), example="elderly_living_allowance"),
        Field("counterpart", "對象", "text", True, 60, synonyms=("對象代碼", "互斥對象"), example="farmer_allowance"),
        Field("relation", "關係", "text", True, 12, synonyms=("互斥關係",), example="choose_one"),
        Field("enabled", "啟用", "text", True, 1, synonyms=("是否啟用",), example="Y"),
        Field("effective_from", "生效日期", "date", example="0980101", note="空白表示一直有效"),
        Field("effective_to", "停止適用日期", "date"),
        Field("law", "法規", "text", size=80, example="中低收入老人生活津貼發給辦法"),
        Field("article", "條次", "text", size=40, example="12"),
        Field("note", "備註", "text", size=200),
    ),
)
COLUMNS = ("relation", "enabled", "effective_to", "law", "article", "note")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a settings file changed. `notices` are Chinese sentences about rows taken as they are; `replay`: the number of the replay it
    passed, if anything was matched; `confirmed_lost`: confirmed doubts that would not be found any more."""

    rows: int
    added: int
    replaced: int
    unchanged: int
    counties: tuple[str, ...]
    notices: tuple[str, ...] = ()
    replay: int | None = None
    confirmed_lost: tuple[str, ...] = ()


@dataclass
class _Sheet:
    faults: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)


class BadSettings(Refused):
    """The file was refused as a whole; `faults` has one Chinese sentence per broken row."""

    def __init__(self, faults: list[str]) -> None:
        shown = "\n".join(faults[:50]) + (f"\n……另有 {len(faults) - 50} 項" if len(faults) > 50 else "")
        super().__init__(f"互斥設定檔有 {len(faults)} 項錯誤，整檔未載入，請更正後再送：\n{shown}", "E-SET-10")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Trial:
    """What a file would change in the months matched so far. `file_sha256` ties it to the file that was tried."""

    file_sha256: str
    effects: tuple[Effect, ...]


def try_file(file: Path) -> Trial:
    """Replay what a settings file changes over the latest matched months (at most `USUAL_MONTHS`), before it is loaded; nothing is written.
    Raises Refused."""
    sheet = read(file)
    with Session(db.engine) as session, scope.use(scope.SYSTEM):
        changed = [r for r, old in _changes(session, sheet.rows) if old is None or not _same(old, r)]
        counties = {r["county_code"] for r in changed}
        county = counties.pop() if len(counties) == 1 else ""
        runs = [run.id for run in runs_to_replay(session, county)[-USUAL_MONTHS:]] if changed and not sheet.faults else []
    candidate = Candidate(county, tuple(_pair(r) for r in changed))
    return Trial(_digest(file), tuple(effect_of(candidate, run) for run in runs))


@command("parameters.load")
def load_county_exclusions(ctx: Context, file: Path, trial: Trial | None = None) -> Loaded:
    """Put settings of one or more counties in force (from the command line: the file is the county's own decision). The same content again
    changes nothing; a row of the same pair and starting day is replaced and the older one kept as withdrawn. What changes something must
    have been tried (`try_file`) once anything has been matched; the replay is kept beside the settings. Raises BadSettings, Refused."""
    sheet = read(file)
    own = ctx.actor.scope.county_code
    if ctx.actor.scope.level != "system":
        sheet.faults += [f"第 {r['row']} 列：只能載入本縣（市）的設定" for r in sheet.rows if r["county_code"] != own]
    if sheet.faults:
        raise BadSettings(sheet.faults)
    counties = sorted({r["county_code"] for r in sheet.rows})
    added = replaced = unchanged = 0
    for r, old in _changes(ctx.session, sheet.rows):
        if old is not None and _same(old, r):
            unchanged += 1
            continue
        if old is not None:
            old.state = "withdrawn"
            replaced += 1
        else:
            added += 1
        ctx.session.add(_row(ctx, r))
    tried = _tried(ctx, file, trial, counties) if added or replaced else None
    ctx.session.flush()
    ctx.audit(
        "exclusions.loaded", ("exclusion_pair", ",".join(counties)[:40]), rows=len(sheet.rows), added=added, replaced=replaced, unchanged=unchanged
    )
    lost = [c.doubt.doubt_no for c in tried.cases] if tried else []
    return Loaded(len(sheet.rows), added, replaced, unchanged, tuple(counties), tuple(sheet.notices), tried.id if tried else None, tuple(lost))


def _tried(ctx: Context, file: Path, trial: Trial | None, counties: list[str]) -> MatchReplay | None:
    """The gate: the file's own replay, kept; None when nothing has been matched that it could be tried on."""
    if not runs_to_replay(ctx.session, counties[0] if len(counties) == 1 else ""):
        return None
    if trial is None or trial.file_sha256 != _digest(file) or not trial.effects:
        raise Refused("設定檔要先以比對過的月份試算才能啟用；檔案在試算後又改過時，請重新試算", "E-SET-07")
    return keep(ctx, f"縣市互斥設定檔（{'、'.join(codes.COUNTIES[c] for c in counties)}）", trial.file_sha256, trial.effects)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _changes(session: Session, rows: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], ExclusionPair | None]]:
    """Each row of the file with the setting in force that it stands in the place of."""
    counties = {r["county_code"] for r in rows}
    known = {
        (p.county_code, p.benefit, p.counterpart, p.effective_from): p
        for p in session.scalars(
            select(ExclusionPair).where(ExclusionPair.county_code.in_(counties), ExclusionPair.state == "approved").order_by(ExclusionPair.id)
        )
    }
    return [(r, known.get((r["county_code"], r["benefit"], r["counterpart"], r["effective_from"]))) for r in rows]


def _same(old: ExclusionPair, r: dict[str, Any]) -> bool:
    return all((getattr(old, c) or "") == (r[c] or "") for c in COLUMNS)


def _pair(r: dict[str, Any]) -> law_pairs.Exclusion:
    return law_pairs.Exclusion(
        r["benefit"], r["counterpart"], law_pairs.Relation(r["relation"]), r["law"], r["article"], r["effective_from"], r["effective_to"], "",
        "縣市設定檔", "county", "", "", r["county_code"], r["enabled"],
    )  # fmt: skip


def _row(ctx: Context, r: dict[str, Any]) -> ExclusionPair:
    return ExclusionPair(
        **{c: r[c] for c in ("county_code", "benefit", "counterpart", "relation", "enabled", "effective_from", "effective_to")},
        law=r["law"], article=r["article"], note=r["note"] or None, source="縣市設定檔", confidence="county", benefit_zh=benefits()[r["benefit"]].name,
        counterpart_zh=law_pairs.counterpart_names().get(r["counterpart"], r["counterpart"]), state="approved", origin="file",
        entered_by_id=ctx.actor.user_id, entered_at=ctx.now, approved_at=ctx.now,
    )  # fmt: skip


def read(file: Path) -> _Sheet:
    """The rows of a settings file and what is wrong with them. Raises Refused when it cannot be read at all."""
    sheet = _Sheet()
    try:
        table = open_table(file, SETTINGS)
        names = table.header.columns
        missing = [f"{f.label}（{f.name}）" for f in SETTINGS.fields if f.required and f.name not in names]
        if missing:
            raise Refused(f"互斥設定檔缺少必要欄位：{'、'.join(missing)}，請補上後再送", "columns_missing")
        for piece, _total in without_total(table):
            for line in piece.iter_rows(named=True):
                cells = {name: fold(line[f"c{i}"] or "") for i, name in enumerate(names) if name}
                _check(sheet, int(line["row_no"]), cells, line["problem"])
    except FileProblem as problem:
        raise Refused(str(problem), problem.code) from None
    _repeated(sheet)
    if not sheet.rows and not sheet.faults:
        raise Refused("互斥設定檔沒有任何設定列", "file_empty")
    return sheet


def _check(sheet: _Sheet, row: int, cells: dict[str, str], problem: str | None) -> None:
    """One row: its values, or its faults, each saying what to do."""
    faults: list[str] = []
    if problem:
        faults.append("欄位數與標題列不同，請檢查逗號與引號")
    for f in SETTINGS.fields:
        text = cells.get(f.name, "")
        if f.required and not text:
            faults.append(f"「{f.label}」未填，請補上")
        if len(text) > f.size and f.form != "date":
            faults.append(f"「{f.label}」超過 {f.size} 個字，請縮短")
    county = cells.get("county_code", "")
    if county and county not in codes.COUNTIES:
        faults.append(f"縣市代碼「{county}」不存在，請填 5 碼代碼，例如 10004")
    benefit, counterpart = (law_pairs.code(cells.get(name, "")) for name in ("benefit", "counterpart"))
    if benefit and benefit not in benefits():
        faults.append(f"津貼代碼「{benefit}」不在目錄內，可填：{'、'.join(benefits())}")
    relation, enabled = cells.get("relation", "").lower(), cells.get("enabled", "").upper()
    if relation and relation not in RELATIONS:
        faults.append(f"關係「{relation}」不正確，可填：{'、'.join(RELATIONS)}")
    if enabled and enabled not in ("Y", "N"):
        faults.append(f"啟用「{enabled}」不正確，請填 Y 或 N")
    first, last = (_day(cells.get(name, ""), label, faults) for name, label in (("effective_from", "生效日期"), ("effective_to", "停止適用日期")))
    if first and last and last < first:
        faults.append("停止適用日期早於生效日期，請更正")
    if faults:
        sheet.faults += [f"第 {row} 列：{text}" for text in faults]
        return
    if counterpart not in law_pairs.counterpart_names():
        sheet.notices.append(f"第 {row} 列：對象「{counterpart}」不在目錄內，已收下，但沒有資料來源會用到它")
    sheet.rows.append(
        {
            "row": row, "county_code": county, "benefit": benefit, "counterpart": counterpart, "relation": relation, "enabled": enabled == "Y",
            "effective_from": first, "effective_to": last, **{name: cells.get(name, "") for name in ("law", "article", "note")},
        }
    )  # fmt: skip


def _day(text: str, label: str, faults: list[str]) -> dt.date | None:
    if not text:
        return None
    try:
        return roc.parse_date(text)
    except roc.RocError as error:
        faults.append(f"{label}：{error}")
        return None


def _repeated(sheet: _Sheet) -> None:
    seen: dict[tuple[Any, ...], int] = {}
    for r in sheet.rows:
        key = tuple(r[name] for name in SETTINGS.key)
        if key in seen:
            sheet.faults.append(f"第 {r['row']} 列：與第 {seen[key]} 列是同一縣市、津貼、對象與生效日期，請只留一列")
        seen.setdefault(key, r["row"])
