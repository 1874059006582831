"""Mappings in the console: written as a draft, tested on a sample, put to use; every change is a new version; remembered per source."""

from collections.abc import Mapping as Map
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.exchange import confined
from app.exchange import mapping as mappings
from app.exchange.internal import READABLE
from app.exchange.messages import FileProblem
from app.models.mapping import DRAFT, IN_USE, RETIRED, ExchangeMapping
from app.security.actor import Actor

from .base import Context, Refused, command
from .deliveries import SENDERS

# How people write a mapping: one entry a line. (field of the body, what separates its parts, an example)
WRITTEN: dict[str, str] = {
    "columns": "檔案的欄名=欄位，例如 身分證=person_id",
    "positions": "欄位=起始位元組,長度，例如 person_id=1,10",
    "codes": "欄位:檔案的值=代碼，例如 sex:男=M",
    "constants": "欄位=值，例如 data_kind=elderly_living_allowance",
    "characters": "造字的 CP950 十六進位=字，例如 FA40=堃",
}


def lines_of(body: Map[str, Any], part: str) -> str:
    """A part of a mapping as people write it."""
    value = body.get(part) or {}
    if part == "codes":
        return "\n".join(f"{name}:{a}={b}" for name, table in value.items() for a, b in table.items())
    if part == "positions":
        return "\n".join(f"{name}={first},{length}" for name, (first, length) in value.items())
    return "\n".join(f"{a}={b}" for a, b in value.items())


def parsed(part: str, text: str) -> dict[str, Any]:
    """A part of a mapping from what a person wrote. Raises Refused naming the line."""
    out: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        left, sign, right = (piece.strip() for piece in (line.rpartition("=") if part == "columns" else line.partition("=")))
        name, colon, value = left.partition(":")
        try:
            if not sign or not left or not right or (part == "codes" and not colon):
                raise ValueError
            if part == "codes":
                out.setdefault(name.strip(), {})[value.strip()] = right
            elif part == "positions":
                first, length = right.replace("，", ",").split(",")
                out[left] = [int(first), int(length)]
            else:
                out[left] = right
        except ValueError:
            raise Refused(f"第 {number} 行「{line.strip()[:40]}」看不懂；請寫成：{WRITTEN[part]}", "E-MAP-LINE") from None
    return out


def as_mapping(row: ExchangeMapping) -> mappings.Mapping:
    """The mapping as the readers take it. Raises FileProblem."""
    return mappings.from_dict({**row.body, "name": f"{row.name} 第 {row.version} 版", "source": row.source, "version": row.version})


def remembered(session: Session, county: str, source: str) -> ExchangeMapping | None:
    """The mapping in use that this county used last for the source; None when it never needed one."""
    found = select(ExchangeMapping).where(
        ExchangeMapping.county_code == county,
        ExchangeMapping.source == source,
        ExchangeMapping.state == IN_USE,
        ExchangeMapping.used_at.is_not(None),
    )
    return session.scalars(found.order_by(ExchangeMapping.used_at.desc(), ExchangeMapping.id.desc()).limit(1)).one_or_none()


@command("exchange.import", roles=SENDERS)
def named(ctx: Context, name: str, source: str, county: str | None) -> mappings.Mapping:
    """The version in use of a stored mapping: the county's own, else the nation's. Raises Refused when there is none or it is not clear."""
    of = select(ExchangeMapping).where(ExchangeMapping.name == name, ExchangeMapping.source == source, ExchangeMapping.state == IN_USE)
    if county is not None:
        of = of.where(ExchangeMapping.county_code.in_((county, "")))
    found = ctx.session.scalars(of.order_by(ExchangeMapping.county_code.desc())).all()
    if not found:
        raise Refused(f"找不到對照檔或使用中的格式對照「{name}」；請確認檔案路徑，或在主控台「格式對照」查看名稱與資料來源", "mapping_form")
    if county is None and len(found) > 1:
        raise Refused(f"不只一個縣市有格式對照「{name}」；請以 --county 指定縣市", "E-MAP-NAME")
    try:
        return as_mapping(found[0])
    except FileProblem as problem:
        raise Refused(str(problem), problem.code) from None


@command("exchange.mapping", roles=SENDERS)
def save_mapping(ctx: Context, source: str, name: str, body: dict[str, Any], note: str = "") -> int:
    """Keep a draft; the version after the last one of that name (a draft never used is written over). Raises Refused."""
    name = name.strip()[:60]
    if not name:
        raise Refused("請為格式對照取一個名稱，例如「縣府系統匯出檔」", "E-MAP-NAME")
    if source not in READABLE:
        raise Refused("請選擇資料來源", "E-EXC-SOURCE")
    county = ctx.actor.scope.county_code or ""
    try:
        checked = mappings.from_dict({**body, "source": source, "name": name})
    except FileProblem as problem:
        raise Refused(str(problem), problem.code) from None
    body = {k: v for k, v in checked.as_dict().items() if v and k not in ("name", "source", "version", "mark_unread")}
    own = (ExchangeMapping.county_code == county, ExchangeMapping.source == source, ExchangeMapping.name == name)
    last = ctx.session.scalars(select(ExchangeMapping).where(*own).order_by(ExchangeMapping.version.desc()).limit(1)).one_or_none()
    if last is not None and last.body == body:
        return last.id
    if last is None or last.state != DRAFT or last.tested_at is not None:
        version = (ctx.session.scalar(select(func.max(ExchangeMapping.version)).where(*own)) or 0) + 1
        last = ExchangeMapping(county_code=county, source=source, name=name, version=version, created_by_id=ctx.actor.user_id, state=DRAFT)
        ctx.session.add(last)
    last.body, last.note, last.changed_by_id = body, note.strip(), ctx.actor.user_id
    ctx.audit("mapping.saved", last, source=source, name=name)
    return last.id


def test_mapping(who: Actor, mapping_id: int, sample: Path, kind: str | None = None) -> dict[str, Any]:
    """Read a sample with the mapping, nothing taken in; what came of it. Raises Refused when the sample is refused as a whole."""
    mapping, source = _readable(who, mapping_id)
    try:
        done = confined.read_confined(sample, source, kind=kind if source == "roster" else None, mapping=mapping)
    except FileProblem as problem:
        raise Refused(str(problem), problem.code) from None
    _tested(who, mapping_id, done.meta.rows, done.meta.accepted)
    return {"rows": done.meta.rows, "accepted": done.meta.accepted, "rejected": done.meta.rejected, "encoding": done.meta.encoding}


@command("exchange.mapping", roles=SENDERS)
def _readable(ctx: Context, mapping_id: int) -> tuple[mappings.Mapping, str]:
    row = ctx.get(ExchangeMapping, mapping_id)
    return as_mapping(row), row.source


@command("exchange.mapping", roles=SENDERS)
def _tested(ctx: Context, mapping_id: int, rows: int, accepted: int) -> None:
    note_test(ctx, ctx.get(ExchangeMapping, mapping_id), rows, accepted)


def note_test(ctx: Context, row: ExchangeMapping, rows: int, accepted: int) -> None:
    """Keep the figures of a test of a draft (what is in use was tested already)."""
    if row.state == DRAFT:
        row.tested_at, row.tested_rows, row.tested_accepted = ctx.now, rows, accepted
        ctx.audit("mapping.tested", row, rows=rows, accepted=accepted)


@command("exchange.mapping", roles=SENDERS)
def use_mapping(ctx: Context, mapping_id: int) -> None:
    """Put a tested version to use in place of the one before. Raises Refused while its test accepted nothing."""
    put_to_use(ctx, ctx.get(ExchangeMapping, mapping_id, lock=True))


def put_to_use(ctx: Context, row: ExchangeMapping) -> None:
    if row.state == RETIRED:
        raise Refused("這一版已被後來的版本取代；請另存新版", "E-MAP-STATE")
    if row.state == DRAFT:
        if not row.tested_accepted:
            raise Refused("這一版還沒有用樣本檔測試成功，不能啟用；請先上傳樣本檔測試", "E-MAP-TEST")
        same = (ExchangeMapping.county_code == row.county_code, ExchangeMapping.source == row.source, ExchangeMapping.name == row.name)
        for before in ctx.session.scalars(select(ExchangeMapping).where(*same, ExchangeMapping.state == IN_USE)):
            before.state = RETIRED
        ctx.session.flush()
        row.state = IN_USE
        ctx.audit("mapping.in_use", row, source=row.source, name=row.name, version=row.version)
    row.used_at = ctx.now
