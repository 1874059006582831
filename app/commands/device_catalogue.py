"""A county's catalogue of assistive devices: entered row by row or from a CSV or XLSX file, put in force by a second person.

The national table is not public data, so nothing is delivered: without a catalogue no device can be applied for.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.core import roc
from app.core.text import fold
from app.exchange.layouts import Field, Layout
from app.exchange.messages import FileProblem
from app.exchange.readers import open_table
from app.exchange.tables import without_total
from app.models.device import DeviceItem
from app.rules import device_item as law
from app.rules.disability import NEW_CLASSES, OLD_CLASSES, Grade
from app.rules.facts import Source
from app.security import roles

from .base import Context, Refused, command
from .parameters import APPROVERS, owner, settle, two_step

PROPOSERS = (roles.COUNTY_OFFICER, roles.COUNTY_SUPERVISOR)
CATALOGUE = two_step(DeviceItem)
LAYOUT = Layout(
    source="device_catalogue",
    label="輔具項目表",
    agency="各直轄市、縣（市）政府",
    key=("code", "effective_from"),
    fields=(
        Field("code", "項目代碼", "text", True, 10, synonyms=("代碼", "輔具代碼", "項次"), example="D01"),
        Field("name", "輔具名稱", "text", True, 60, synonyms=("名稱", "項目", "補助項目"), example="示範輪椅"),
        Field("max_amount", "最高補助金額", "int", True, 10, synonyms=("補助金額", "最高金額"), example="4000"),
        Field("min_years", "最低使用年限", "int", True, 3, synonyms=("使用年限", "年限"), example="3"),
        Field("assessed", "須評估", "text", True, 1, synonyms=("是否評估", "評估"), example="Y"),
        Field("assessor", "評估單位", "text", size=60, synonyms=("評估人員",), example="輔具資源中心"),
        Field("counted", "計入四項", "text", True, 1, synonyms=("是否計入四項",), example="Y"),
        Field("full_rate", "全額補助", "text", size=1, synonyms=("不受補助比例限制",), example="N"),
        Field("classes", "障礙類別", "text", size=60, synonyms=("適用類別",), example="7、05"),
        Field("grades", "障礙等級", "text", size=60, synonyms=("適用等級",), example="中度、重度、極重度"),
        Field("effective_from", "生效日期", "date", True, 9, example="1150101"),
        Field("effective_to", "停止適用日期", "date", size=9),
        Field("source", "來源", "text", True, 200, synonyms=("公告文號", "依據"), example="縣府公告文號"),
    ),
)
_YES = {"Y": True, "N": False, "是": True, "否": False, "": None}
_GRADES = {g.zh: g.value for g in Grade}


class BadCatalogue(Refused):
    """The file was refused as a whole; `faults` has one Chinese sentence per broken row."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(f"輔具項目表有 {len(faults)} 項錯誤，整檔未載入，請更正後再送", "E-DEVICE-FILE")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file brought: rows entered for approval, and rows that were already there just so."""

    rows: int
    unchanged: int


# -- what is in force --------------------------------------------------------------------------------------------------------------------


def in_force(session: Session, county_code: str, on: dt.date) -> dict[str, DeviceItem]:
    """The county's approved items on a day, by code; of two versions the later one. One query."""
    rows = session.scalars(
        select(DeviceItem)
        .where(
            DeviceItem.county_code == county_code,
            DeviceItem.state == "approved",
            DeviceItem.effective_from <= on,
            or_(DeviceItem.effective_to.is_(None), DeviceItem.effective_to >= on),
        )
        .order_by(DeviceItem.effective_from, DeviceItem.id)
    )
    found = {r.code: r for r in rows}
    return dict(sorted(found.items()))


def law_item(row: DeviceItem) -> law.DeviceItem:
    """The item as the rule reads it."""
    return law.DeviceItem(
        code=row.code,
        name=row.name,
        max_amount=row.max_amount,
        min_years=row.min_years,
        assessed=row.assessed,
        full_rate=row.full_rate,
        source=Source(f"縣府輔具項目表（{row.source}）", row.effective_from),
        classes=_parts(row.classes),
        grades=tuple(Grade(g) for g in _parts(row.grades)),
        counted=row.counted,
    )


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(p for p in fold(text or "").replace("、", ",").replace("，", ",").replace(" ", ",").split(",") if p)


# -- entering ----------------------------------------------------------------------------------------------------------------------------


def _checked(values: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The values as stored, and what is wrong with them (Chinese, saying what to do)."""
    faults = []
    v: dict[str, Any] = {k: (x.strip() if isinstance(x, str) else x) for k, x in values.items()}
    code = fold(v.get("code") or "").upper()
    if not code:
        faults.append("請填項目代碼")
    if not v.get("name"):
        faults.append("請填輔具名稱")
    if not isinstance(v.get("max_amount"), int) or v["max_amount"] <= 0:
        faults.append("最高補助金額須大於 0 元")
    if not isinstance(v.get("min_years"), int) or not 0 <= v["min_years"] <= 50:
        faults.append("最低使用年限請填 0 至 50 的整數")
    classes = _parts(v.get("classes"))
    if unknown := [c for c in classes if c not in NEW_CLASSES and c not in OLD_CLASSES]:
        faults.append(f"障礙類別「{'、'.join(unknown)}」不正確：新制填 1 至 8，舊制填 01 至 16")
    grades = [_GRADES.get(g, g) for g in _parts(v.get("grades"))]
    if unknown := [g for g in grades if g not in set(Grade)]:
        faults.append(f"障礙等級「{'、'.join(unknown)}」不正確，可填：{'、'.join(_GRADES)}")
    first, last = v.get("effective_from"), v.get("effective_to")
    if first is None:
        faults.append("請填生效日期")
    elif last is not None and last < first:
        faults.append("停止適用日期不可早於生效日期")
    if not v.get("source"):
        faults.append("請填來源（公告文號或資料出處）")
    stored = {**v, "code": code, "classes": "、".join(classes) or None, "grades": "、".join(grades) or None, "assessor": v.get("assessor") or None}
    return stored, faults


@command("devices.catalogue", roles=PROPOSERS)
def propose_item(
    ctx: Context,
    code: str | None,
    name: str | None,
    max_amount: int | None,
    min_years: int | None,
    effective_from: dt.date | None,
    source: str | None,
    assessed: bool = True,
    assessor: str | None = None,
    counted: bool = True,
    full_rate: bool = False,
    classes: str | None = None,
    grades: str | None = None,
    effective_to: dt.date | None = None,
    note: str | None = None,
) -> int:
    """One row for somebody else to approve; its id. A change of an item is a new row with a later day. Raises Refused."""
    county = owner(ctx, None)
    stored, faults = _checked({
        "code": code, "name": name, "max_amount": max_amount, "min_years": min_years, "assessed": bool(assessed), "assessor": assessor,
        "counted": bool(counted), "full_rate": bool(full_rate), "classes": classes, "grades": grades, "effective_from": effective_from,
        "effective_to": effective_to, "source": source,
    })  # fmt: skip
    if county is None:
        raise Refused("輔具項目表由各縣（市）登錄", "E-SET-01")
    if faults:
        raise Refused("；".join(faults), "E-DEVICE-ITEM")
    row = DeviceItem(county_code=county, note=(note or "").strip() or None, entered_by_id=ctx.actor.user_id, entered_at=ctx.now, **stored)
    ctx.session.add(row)
    ctx.audit("device_item.proposed", row, code=stored["code"], max_amount=max_amount)
    return row.id


@command("devices.catalogue", roles=PROPOSERS)
def import_items(ctx: Context, file: Path) -> Loaded:
    """All rows of a CSV or XLSX file, to be approved by a second person; all or none. Raises BadCatalogue, Refused."""
    county = owner(ctx, None)
    if county is None:
        raise Refused("輔具項目表由各縣（市）登錄", "E-SET-01")
    rows, faults = read(file)
    if faults:
        raise BadCatalogue(faults)
    standing = {
        (r.code, r.effective_from): r
        for r in ctx.session.scalars(select(DeviceItem).where(DeviceItem.county_code == county, DeviceItem.state.in_(("approved", "proposed"))))
    }
    added = 0
    for values in rows:
        old = standing.get((values["code"], values["effective_from"]))
        if old is not None and all((getattr(old, k) or None) == (x or None) for k, x in values.items()):
            continue
        ctx.session.add(DeviceItem(county_code=county, origin="console", entered_by_id=ctx.actor.user_id, entered_at=ctx.now, **values))
        added += 1
    ctx.session.flush()
    ctx.audit("device_item.imported", ("device_item", county), rows=len(rows), added=added)
    return Loaded(added, len(rows) - added)


def read(file: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of a catalogue file and what is wrong with them, each by its row. Raises Refused when it cannot be read at all."""
    rows: list[dict[str, Any]] = []
    faults: list[str] = []
    seen: dict[tuple[Any, Any], int] = {}
    try:
        table = open_table(file, LAYOUT)
        names = table.header.columns
        if missing := [f.label for f in LAYOUT.fields if f.required and f.name not in names]:
            raise Refused(f"輔具項目表缺少欄位：{'、'.join(missing)}，請補上後再送", "columns_missing")
        for piece, _total in without_total(table):
            for line in piece.iter_rows(named=True):
                number = int(line["row_no"])
                cells = {name: (line[f"c{i}"] or "").strip() for i, name in enumerate(names) if name}
                values, wrong = _row(cells)
                if line["problem"]:
                    wrong.insert(0, "欄位數與標題列不同，請檢查逗號與引號")
                key = (values.get("code"), values.get("effective_from"))
                if not wrong and key in seen:
                    wrong.append(f"與第 {seen[key]} 列的代碼與生效日期相同，請只留一列")
                seen.setdefault(key, number)
                faults += [f"第 {number} 列：{text}" for text in wrong]
                rows.append(values)
    except FileProblem as problem:
        raise Refused(str(problem), problem.code) from None
    if not rows:
        raise Refused("輔具項目表沒有任何項目列", "file_empty")
    return rows, faults


def _row(cells: dict[str, str]) -> tuple[dict[str, Any], list[str]]:
    faults = []
    values: dict[str, Any] = {}
    for f in LAYOUT.fields:
        text = cells.get(f.name, "")
        if len(text) > f.size and f.form == "text":
            faults.append(f"「{f.label}」超過 {f.size} 個字，請縮短")
        if f.form == "int":
            plain = fold(text).replace(",", "")
            values[f.name] = int(plain) if plain.isdigit() else None
        elif f.form == "date":
            try:
                values[f.name] = roc.parse_date(text) if text else None
            except roc.RocError as error:
                faults.append(f"{f.label}：{error}")
                values[f.name] = None
        elif f.name in ("assessed", "counted", "full_rate"):
            yes = _YES.get(fold(text).upper(), ...)
            if yes is ... or (yes is None and f.required):
                faults.append(f"「{f.label}」請填 Y 或 N")
            values[f.name] = yes is True
        else:
            values[f.name] = text
    stored, wrong = _checked(values)
    return stored, [*faults, *wrong]


# -- putting in force --------------------------------------------------------------------------------------------------------------------


def _supersede(ctx: Context, row: DeviceItem) -> None:
    """Of two rows for the same item and day the newer one stands."""
    ctx.session.execute(
        update(DeviceItem)
        .where(
            DeviceItem.county_code == row.county_code, DeviceItem.code == row.code, DeviceItem.effective_from == row.effective_from,
            DeviceItem.id != row.id, DeviceItem.state == "approved",
        )
        .values(state="withdrawn", version=DeviceItem.version + 1)
        .execution_options(synchronize_session="fetch")
    )  # fmt: skip


@command("parameters.approve", roles=APPROVERS)
def approve_item(ctx: Context, row_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Put an item in force; not by who entered it. Raises Refused, NotFound, Conflict."""
    settle(ctx, CATALOGUE, row_id, "approve", comment, seen_version)
    _supersede(ctx, ctx.get(DeviceItem, row_id))


@command("parameters.approve", roles=APPROVERS)
def approve_all(ctx: Context) -> int:
    """Put everything in force that waits and that somebody else entered; how many. Raises Refused when there is nothing."""
    county = owner(ctx, None)
    waiting = ctx.session.scalars(
        select(DeviceItem.id)
        .where(DeviceItem.county_code == county, DeviceItem.state == "proposed", DeviceItem.entered_by_id.is_distinct_from(ctx.actor.user_id))
        .order_by(DeviceItem.id)
    ).all()
    if not waiting:
        raise Refused("沒有可由您核准的輔具項目（自己登錄的須由另一位同仁核准）", "E-DEVICE-ITEM")
    for row_id in waiting:
        approve_item(ctx, row_id)
    return len(waiting)


@command("parameters.approve", roles=APPROVERS)
def reject_item(ctx: Context, row_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Do not put an item in force, with the reason."""
    settle(ctx, CATALOGUE, row_id, "reject", comment, seen_version)


@command("parameters.approve", roles=APPROVERS)
def withdraw_item(ctx: Context, row_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Take an item out of force, with the reason; what was approved with it keeps it."""
    settle(ctx, CATALOGUE, row_id, "withdraw", comment, seen_version)
