"""A county's own file layouts: written as a draft, tried on a sample register, put in force by a second person from a day on.

A version in force is never changed: another one follows it. A register takes the version in force on its value date.
"""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import identity, roc
from app.models.channel_layout import IN_FORCE, STATES, ChannelLayout
from app.models.payment_run import PayerSetting, PaymentRun
from app.payments import checks, own_layout, rare_names
from app.payments.fixed_width import LAYOUTS, RecordError
from app.payments.line import Line, Payee
from app.payments.own_layout import FileLayout, Frame
from app.rules import codec, local_activation
from app.security import roles, scope

from .base import Context, Refused, command
from .lifecycle import Lifecycle, Move

WRITERS = (roles.COUNTY_OFFICER, roles.COUNTY_SUPERVISOR)
ACTIVATORS = (roles.COUNTY_SUPERVISOR, roles.ACCOUNTANT)
LAYOUT = Lifecycle(
    ChannelLayout,
    STATES,
    (
        Move("propose", _l("Propose for activation"), ("draft",), "proposed", "channel_layouts.write", by="proposed_by_id", style="primary"),
        Move(
            "activate", _l("Put the version in force"), ("proposed",), "active", "channel_layouts.activate", by="activated_by_id",
            differs_from=("proposed_by_id", "written_by_id"), style="primary",
        ),
        Move("send_back", _l("Back to the writer"), ("proposed",), "draft", "channel_layouts.write", needs_comment=True),
    ),
)  # fmt: skip
RARE_SHOWN = "堃"
"""A name character that Big5 lacks, for the sample."""


# -- reading --------------------------------------------------------------------------------------------------------------------------


def layout_of(row: ChannelLayout) -> FileLayout:
    """What a stored version says."""
    found: FileLayout = codec.from_plain(FileLayout, row.body)
    return found


def templates() -> dict[str, dict[str, Any]]:
    """The starting points delivered with the product: code → name, note, body."""
    return {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in sorted((LAYOUTS / "own").glob("*.json"))}


def names_in_force(session: Session, county: str) -> list[str]:
    """The names of a county's layouts with a version in force."""
    statement = select(ChannelLayout.name).where(ChannelLayout.county_code == county, ChannelLayout.state == "active")
    with scope.use(scope.SYSTEM):
        return sorted(session.scalars(statement))


@dataclass(frozen=True)
class Chosen:
    """A version a register's lines go into, and the lines."""

    row: ChannelLayout
    layout: FileLayout
    lines: list[Line]


def versions_of(session: Session, run: PaymentRun, setting: PayerSetting) -> list[ChannelLayout]:
    """The versions a register is written by: those its files name, else the ones in force on its value date. Raises Refused."""
    names: Sequence[str] = setting.own_layouts or []
    if written := [f.layout_id for f in run.files if f.layout_id]:
        return list(session.scalars(select(ChannelLayout).where(ChannelLayout.id.in_(written)).order_by(ChannelLayout.id)))
    if run.files or not names:
        return []
    c = ChannelLayout
    statement = select(c).where(
        c.county_code == run.county_code, c.name.in_(names), c.state.in_(IN_FORCE), c.effective_from <= run.value_date
    )  # fmt: skip
    # The latest of these. Not by its last day: a version put in force after the release ends the one before it, which the file still follows.
    if run.released_at is not None:  # what was put in force later does not change a file that may be half written
        statement = statement.where(c.activated_at <= run.released_at)
    with scope.use(scope.SYSTEM):
        found = {row.name: row for row in session.scalars(statement.order_by(c.number))}
    if missing := [n for n in names if n not in found]:
        raise Refused(
            f"檔案格式「{'」「'.join(missing)}」在撥款日 {roc.show_date(run.value_date)} 沒有生效的版本；請啟用新版，或在發放單位設定改用其他格式",
            "E-PAY-LAYOUT",
        )
    return [found[n] for n in names]


def split(session: Session, run: PaymentRun, setting: PayerSetting, lines: list[Line]) -> tuple[list[Chosen], list[Line]]:
    """The lines that go into files of the county's own layouts, and the rest. Raises Refused."""
    rows = versions_of(session, run, setting)
    if not rows:
        return [], lines
    layouts = [layout_of(row) for row in rows]
    taken, rest = own_layout.split(layouts, lines)
    return [Chosen(*each) for each in zip(rows, layouts, taken, strict=True) if each[2]], rest


def frame_of(run: PaymentRun, setting: PayerSetting, memo: str) -> Frame:
    """What a file says beside its lines."""
    return Frame(run.run_no, run.value_date, run.month, memo, setting.payer_name, setting.ach_account or "", setting.tax_id or "")


def findings(session: Session, run: PaymentRun, setting: PayerSetting, lines: list[Line]) -> list[checks.Finding]:
    """What the check before release says about the county's own files: names they cannot hold, and what keeps them from being made."""
    try:
        chosen, _ = split(session, run, setting, lines)
    except Refused as refusal:
        return [checks.Finding("file", checks.HARD, 0, None, refusal.message)]
    out: list[checks.Finding] = []
    for c in chosen:
        refused = set()
        for a in changed_names(c):
            bad = bool(a.written.refused)
            refused |= {a.line.line_no} if bad else set()
            out.append(checks.Finding("rare_name", checks.HARD if bad else checks.SOFT, a.line.line_no, a.line.award_id, said_of(c.row, a)))
        try:
            own_layout.write(c.layout, [x for x in c.lines if x.line_no not in refused], frame_of(run, setting, ""))
        except RecordError as error:
            awards = {x.line_no: x.award_id for x in c.lines}
            out += [checks.Finding("file", checks.HARD, p.line_no, awards.get(p.line_no), f"{c.row}：「{p.label}」{p.message}") for p in error.problems]
    return out


def changed_names(c: Chosen) -> list[rare_names.Affected]:
    """The payees whose names do not go into the file as they are."""
    return rare_names.affected(c.lines, c.layout.codec, c.layout.policy, c.layout.name_size) if c.layout.writes_names else []


def said_of(row: ChannelLayout, a: rare_names.Affected) -> str:
    """What happens to one payee's name, in words."""
    if a.written.refused:
        return f"戶名「{a.line.payee.name}」的「{'、'.join(a.written.refused)}」，檔案「{row.name}」寫不出；請在檔案格式登錄代替的字或造字碼，或暫緩這一筆"
    why = "過長，截短" if a.written.cut and not a.written.replaced else f"的「{'、'.join(a.written.replaced)}」檔案寫不出，改"
    return f"戶名「{a.line.payee.name}」{why}寫成「{a.written.shown}」（檔案「{row.name}」）；請確認金融機構能以此入帳"


# -- trying out -----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """A file made of invented lines: its records as text, their bytes, and what names became."""

    records: tuple[str, ...]
    widths: tuple[int, ...]
    names: tuple[rare_names.Affected, ...]
    problem: str = ""


def sample_of(layout: FileLayout) -> Sample:
    """The file of a made-up register of four payees, among them a rare and a long name."""
    head = (*layout.institutions, "9310014")[0].ljust(7, "0")
    channel, institution = ("post", "0061234") if layout.covers == "post" else ("bank", head)
    people = ("王大明", f"李{RARE_SHOWN}", "林阿里．巴蘇亞．達納柯瓦", "陳美玉")
    lines = [
        Line(
            n, n, n, identity.with_check_digit(f"J2{n:07d}"), name, "10004010", amount, roc.month(98, 3), roc.month(98, 3),
            Payee(channel, identity.with_check_digit(f"J2{n:07d}"), name, institution, f"{n:07d}" if channel == "post" else f"{n:014d}"),
        )
        for n, (name, amount) in enumerate(zip(people, (6000, 3000, 4700, 36000), strict=True), 1)
    ]  # fmt: skip
    names = tuple(rare_names.affected(lines, layout.codec, layout.policy, layout.name_size)) if layout.writes_names else ()
    refused = {a.line.line_no for a in names if a.written.refused}
    frame = Frame("10004-ELA-09803-01", dt.date(2009, 3, 31), roc.month(98, 3), "老津09803", "新竹縣政府", "0040680000001234", "12345678")
    try:
        content = own_layout.write(layout, [x for x in lines if x.line_no not in refused], frame)
    except RecordError as error:
        return Sample((), (), names, str(error))
    end = b"\r\n" if layout.newline == "crlf" else b"\n"
    records = content.removesuffix(end).split(end)
    return Sample(tuple(rare_names.readable(r, layout.codec) for r in records), tuple(len(r) for r in records), names)


def against_activation(session: Session, row: ChannelLayout) -> list[str]:
    """Everything that still stands against putting a version in force, in Chinese; empty = a second person may."""
    layout = layout_of(row)
    found = [f.where + f.message for f in own_layout.faults(layout)]
    spans = session.execute(
        select(ChannelLayout.effective_from, ChannelLayout.effective_to).where(
            ChannelLayout.county_code == row.county_code, ChannelLayout.name == row.name, ChannelLayout.state.in_(IN_FORCE)
        )
    )
    if wrong := local_activation.neighbours(row.effective_from, row.effective_to, [(a, b) for a, b in spans if a]):
        found.insert(0, wrong)
    if not found and (problem := sample_of(layout).problem):
        found.append(f"範例清冊寫不出檔案：{problem}")
    return found


# -- writing --------------------------------------------------------------------------------------------------------------------------


@command("channel_layouts.write", roles=WRITERS)
def create(ctx: Context, name: str, template: str) -> int:
    """A new layout as a draft that starts from a delivered one; its id. Raises Refused."""
    county = ctx.actor.scope.county_code
    if ctx.actor.scope.level != "county" or not county:
        raise Refused("檔案格式由縣（市）政府訂定，請以縣府帳號登入辦理", "E-PAY-LAYOUT")
    name, known = name.strip()[:30], templates()
    if not name:
        raise Refused("請填格式名稱，例如「竹北市農會」", "E-PAY-LAYOUT")
    if template not in known:
        raise Refused("請選擇要從哪一種格式開始", "E-PAY-LAYOUT")
    if ctx.session.scalar(select(ChannelLayout.id).where(ChannelLayout.county_code == county, ChannelLayout.name == name).limit(1)):
        raise Refused(f"已有名為「{name}」的檔案格式；請換名稱，或在原格式另立新版", "E-PAY-LAYOUT")
    return _draft(ctx, county, name, 1, known[template]["body"], known[template]["note"]).id


@command("channel_layouts.write", roles=WRITERS)
def new_version(ctx: Context, layout_id: int) -> int:
    """A draft that starts as a copy of the last version; its id. Raises Refused while another one is being written."""
    row = ctx.get(ChannelLayout, layout_id, lock=True)
    same = (ChannelLayout.county_code == row.county_code, ChannelLayout.name == row.name)
    if ctx.session.scalar(select(ChannelLayout.id).where(*same, ChannelLayout.state.in_(("draft", "proposed"))).limit(1)):
        raise Refused("已有一版正在撰寫或待啟用，請先完成該版", "E-PAY-LAYOUT")
    last = ctx.session.scalar(select(func.max(ChannelLayout.number)).where(*same)) or 0
    return _draft(ctx, row.county_code, row.name, last + 1, dict(row.body), row.note).id


def _draft(ctx: Context, county: str, name: str, number: int, body: dict[str, Any], note: str) -> ChannelLayout:
    who = ctx.actor.user_id
    row = ChannelLayout(
        county_code=county, name=name, number=number, state="draft", body=body, note=note, written_by_id=who, created_by_id=who,
        changed_by_id=who,
    )  # fmt: skip
    ctx.session.add(row)
    ctx.session.flush()
    ctx.audit("channel_layout.drafted", row, name=name, number=number)
    return row


@command("channel_layouts.write", roles=WRITERS)
def save_draft(
    ctx: Context, layout_id: int, layout: FileLayout, effective_from: dt.date | None, note: str = "", seen_version: int | None = None
) -> None:
    """Keep what the form says; it may be incomplete. Raises Refused, Conflict."""
    row = ctx.get(ChannelLayout, layout_id, lock=True)
    ctx.check_version(row, seen_version)
    if row.state != "draft":
        raise Refused("這一版已送請啟用或已生效，不能修改；生效版本請另立新版", "E-PAY-LAYOUT")
    row.body, row.effective_from, row.note = codec.to_plain(layout), effective_from, note.strip()[:200]
    row.written_by_id = row.changed_by_id = ctx.actor.user_id
    ctx.audit("channel_layout.saved", row, columns=len(layout.detail))


@command("channel_layouts.write", roles=WRITERS)
def propose(ctx: Context, layout_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Hand a finished draft to a second person. Raises Refused while anything stands against it, Conflict."""
    row = ctx.get(ChannelLayout, layout_id, lock=True)
    _refuse_unready(ctx, row, "還不能送請啟用")
    LAYOUT.advance(ctx, row, "propose", comment, seen_version)


@command("channel_layouts.write", roles=WRITERS)
def send_back(ctx: Context, layout_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Back to the writer, with the reason. Raises Refused, Conflict."""
    LAYOUT.advance(ctx, ctx.get(ChannelLayout, layout_id, lock=True), "send_back", comment, seen_version)


@command("channel_layouts.activate", roles=ACTIVATORS)
def activate(ctx: Context, layout_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Put a proposed version in force; not by who wrote or proposed it. The version before it ends the day before. Raises Refused, Conflict."""
    row = ctx.get(ChannelLayout, layout_id, lock=True)
    if reason := LAYOUT.why_not(ctx.actor, row, "activate"):
        raise Refused(reason, "E-MOVE")
    _refuse_unready(ctx, row, "還不能啟用")
    assert row.effective_from is not None
    c = ChannelLayout
    for before in ctx.session.scalars(select(c).where(c.county_code == row.county_code, c.name == row.name, c.state == "active")):
        before.state = "superseded"
        before.effective_to = before.effective_to or row.effective_from - dt.timedelta(days=1)
        ctx.audit("channel_layout.superseded", before, by=row.number)
    LAYOUT.advance(ctx, row, "activate", comment, seen_version, activated_at=ctx.now)


def _refuse_unready(ctx: Context, row: ChannelLayout, what: str) -> None:
    if row.state in IN_FORCE:
        return
    if found := against_activation(ctx.session, row):
        raise Refused(f"{what}：" + "；".join(found), "E-PAY-LAYOUT")


def checked_names(session: Session, county: str, names: Iterable[str]) -> list[str]:
    """The chosen layouts of a payer setting, once each. Raises Refused for one that is not in force."""
    known, chosen = names_in_force(session, county), list(dict.fromkeys(n for n in names if n))
    if wrong := [n for n in chosen if n not in known]:
        raise Refused(f"檔案格式「{'」「'.join(wrong)}」沒有生效的版本，請先由第二人啟用", "E-PAY-LAYOUT")
    return chosen
