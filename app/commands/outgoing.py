"""The monthly lists the law makes a county send: what is due when, the file written from the awards, sent, and its receipt.

Which lists there are, their columns and their days are rows of `data/outgoing_lists.csv` and `data/outgoing_fields.csv`. The receivers'
own layouts are not public; the columns are ours until an agency names others.
"""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import polars as pl
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock, roc
from app.exchange import codes, write
from app.models.application import Application
from app.models.award import Award
from app.models.household import HouseholdMember
from app.models.outgoing import OUTGOING_STATES, OutgoingFile
from app.models.person import Person
from app.payments import entitlement
from app.rules.benefits import benefit as benefit_of
from app.rules.clocks import Calendar
from app.security.roles import COUNTY

from . import award_facts, calendar
from .base import Context, NotFound, Refused, command
from .deliveries import home
from .lifecycle import Lifecycle, Move
from .reference import read_rows
from .verify import invariant
from .working_days import calendar_of

BACK: Final = 6  # months shown and owed
ELDER: Final = 65
MEMBERS: Final = "members"
"""Whose names a list wants: all counted members of the household; else `recipient` or `elders`."""

OUTGOING = Lifecycle(
    OutgoingFile,
    OUTGOING_STATES,
    (
        Move("send", _l("Mark as sent"), ("made",), "sent", "exchange.outgoing", by="sent_by_id", style="primary"),
        Move("receipt", _l("Record the receipt"), ("sent",), "received", "exchange.outgoing", needs_comment=True, style="primary"),
        Move("return", _l("Returned by the receiver"), ("sent", "received"), "returned", "exchange.outgoing", needs_comment=True, style="danger"),
    ),
)


@dataclass(frozen=True)
class OutgoingList:
    """A list. `parts`: (benefit, whose rows: recipient, members, elders); `changes_only`: what began, ended or changed in the month."""

    code: str
    label: str
    agency: str
    parts: tuple[tuple[str, str], ...]
    changes_only: bool
    due: int
    unit: str
    law: str
    article: str
    note: str
    effective_from: int
    fields: tuple[tuple[str, str], ...]
    """(column title, what stands in it), in order."""


@cache
def lists() -> dict[str, OutgoingList]:
    """Every list by its code."""
    fields = defaultdict(list)
    for row in sorted(read_rows("outgoing_fields.csv"), key=lambda r: (r["list"], int(r["position"]))):
        fields[row["list"]].append((row["title"], row["value"]))
    return {
        r["code"]: OutgoingList(
            r["code"], r["label"], r["agency"], tuple((b, w) for b, _, w in (p.partition(":") for p in r["parts"].split(";"))),
            r["changes_only"] == "Y", int(r["due"]), r["unit"], r["law"], r["article"], r["note"], roc.parse_month(r["effective_from"]), tuple(fields[r["code"]]),
        )
        for r in read_rows("outgoing_lists.csv")
    }  # fmt: skip


# --- what stands in a list -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One award in the month: what was due then and in the month before (0 = a status without cash, None = nothing)."""

    award_id: int
    benefit: str
    case_no: str
    town: str
    from_month: int
    now: int | None
    before: int | None

    @property
    def change(self) -> str:
        if self.now == self.before:
            return ""
        return "新增" if self.before is None else "停止" if self.now is None else "變更"


def rows_of(session: Session, wanted: OutgoingList, county: str, month: int) -> list[dict[str, Any]]:
    """The rows of a list, in a steady order; values as Python types."""
    out: list[dict[str, Any]] = []
    for code, whose in wanted.parts:
        drawn = {d.award_id: d for d in _drawn(session, county, code, month, whose == MEMBERS) if (d.change if wanted.changes_only else d.now is not None)}
        for award_id, person_id, name, birth, own in _people(session, county, code, whose, month, set(drawn)):
            d = drawn[award_id]
            out.append({
                "county_code": county, "town_code": d.town, "benefit": benefit_of(code).name, "case_no": d.case_no, "person_id": person_id, "name": name,
                "birth": birth, "month": month, "from_month": d.from_month, "amount": d.now or 0 if own else None, "change": d.change,
            })  # fmt: skip
    return sorted(out, key=lambda r: (r["town_code"], r["benefit"], r["case_no"], r["person_id"]))


def _drawn(session: Session, county: str, code: str, month: int, status: bool) -> Iterator[_Drawn]:
    """`status`: a list about low-income households, where those without cash belong too; else about who is paid."""
    of = [Award.county_code == county, Award.benefit == code, Award.from_month <= month]
    known = {i: (no, town, first) for i, no, town, first in session.execute(select(Award.id, Award.case_no, Award.town_code, Award.from_month).where(*of))}
    for facts in award_facts.load(session, of, month - 1, amounts=False):
        parts = entitlement.segments(facts.changes, facts.died_on, facts.to_month)
        now, before = _worth(parts, month, status), _worth(parts, month - 1, status)
        if now is not None or before is not None:
            case_no, town, first = known[facts.award_id]
            yield _Drawn(facts.award_id, code, case_no, town, first, now, before)


def _worth(parts: list[entitlement.Segment], month: int, status: bool) -> int | None:
    """NTD due in a month; 0 = the status without cash, None = nothing runs."""
    due = entitlement.due(parts, month)
    return due if due or (status and any(s.first <= month <= s.last and not s.amount for s in parts)) else None


def _people(session: Session, county: str, code: str, whose: str, month: int, awards: set[int]) -> Iterator[tuple[int, str, str, dt.date | None, bool]]:
    """(award, ID number, name, birth, is the recipient): recipients, or the counted members of the newest approved application."""
    if whose == "recipient":
        found = select(Award.id, Person.person_id, Person.name, Person.birth).join(Person, Person.id == Award.recipient_id)
        for award_id, person_id, name, birth in session.execute(found.where(Award.county_code == county, Award.benefit == code)):
            if award_id in awards:
                yield award_id, person_id, name, birth, True
        return
    newest = (
        select(func.max(Application.id).label("id"), Application.applicant_id)
        .where(Application.county_code == county, Application.benefit == code, Application.state == "approved")
        .group_by(Application.applicant_id)
        .subquery()
    )
    members = (
        select(Award.id, HouseholdMember.person_id, HouseholdMember.name, HouseholdMember.birth, HouseholdMember.position)
        .join(newest, newest.c.applicant_id == Award.recipient_id)
        .join(HouseholdMember, HouseholdMember.application_id == newest.c.id)
        .where(Award.county_code == county, Award.benefit == code, HouseholdMember.person_id.is_not(None), HouseholdMember.counted.is_not(False))
        .where(HouseholdMember.death.is_(None))
    )
    last = roc.last_day(month)
    for award_id, number, called, born, position in session.execute(members):
        old = born is not None and (last.year - born.year - ((last.month, last.day) < (born.month, born.day))) >= ELDER
        if award_id in awards and (whose == MEMBERS or old):
            yield award_id, str(number), called, born, position == 1


def _shown(value: Any, name: str) -> str:
    if value is None:
        return ""
    if name in ("month", "from_month"):
        return roc.month5(value)
    return roc.date7(value) if isinstance(value, dt.date) else str(value)


# --- making and sending ----------------------------------------------------------------------------------------------


def due_on(wanted: OutgoingList, month: int, days: Calendar) -> dt.date:
    """The last day to send the list of a month, by the county's calendar of days off."""
    return calendar.day_due(wanted.due, wanted.unit, month, days)


@command("exchange.outgoing", roles=COUNTY)
def make(ctx: Context, list_code: str, month: int, county: str | None = None) -> int:
    """Write the list of a month that is over; its number. The same content again is the same file. Raises Refused."""
    wanted = lists().get(list_code)
    if wanted is None:
        raise Refused("沒有這一種名冊，請重新選擇", "E-OUT-LIST")
    own = ctx.actor.scope.county_code or county
    if own is None or own not in codes.COUNTIES:
        raise Refused("請選擇縣市", "E-EXC-COUNTY")
    if month >= roc.month_of(clock.today()):
        raise Refused(f"{roc.show_month(month)}還沒有結束，請於次月產製", "E-OUT-MONTH")
    if month < wanted.effective_from:
        raise Refused(f"{wanted.law}{wanted.article}自{roc.show_month(wanted.effective_from)}起才要送這份名冊", "E-OUT-MONTH")
    rows = rows_of(ctx.session, wanted, own, month)
    table = pl.DataFrame([[_shown(r[value], value) for _, value in wanted.fields] for r in rows], orient="row",
                         schema={value: pl.String for _, value in wanted.fields})  # fmt: skip
    part = home() / "outgoing" / own / f"{list_code}-{roc.month5(month)}.csv"
    try:
        write.write_text(part, [title for title, _ in wanted.fields], table, ",", "utf-8-sig", ["name"])
    except write.WriteProblem as problem:
        raise Refused(str(problem), "E-OUT-WRITE") from None
    digest = hashlib.sha256(part.read_bytes()).hexdigest()
    place = part.with_name(f"{digest}.csv")
    part.rename(place)
    last = ctx.session.scalars(_files(own, list_code, month).limit(1)).one_or_none()
    if last is not None and last.sha256 == digest:
        return last.id
    file = OutgoingFile(
        county_code=own, list_code=list_code, month=month, seq=last.seq + 1 if last else 1, due_on=due_on(wanted, month, calendar_of(ctx.session, own)), rows=len(rows),
        path=str(place.relative_to(home())), sha256=digest, made_at=ctx.now, made_by=ctx.actor.display[:128],
    )  # fmt: skip
    ctx.session.add(file)
    ctx.audit("outgoing.made", file, list=list_code, month=roc.month5(month), rows=len(rows), sha256=digest)
    return file.id


def _files(county: str, list_code: str, month: int) -> Any:
    of = (OutgoingFile.county_code == county, OutgoingFile.list_code == list_code, OutgoingFile.month == month)
    return select(OutgoingFile).where(*of).order_by(OutgoingFile.seq.desc())


@command("exchange.outgoing", roles=COUNTY)
def send(ctx: Context, file_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """It was handed over (as a letter's enclosure or by the agency's own way). Raises Refused, Conflict, NotFound."""
    OUTGOING.advance(ctx, ctx.get(OutgoingFile, file_id, lock=True), "send", comment, seen_version, sent_at=ctx.now)


@command("exchange.outgoing", roles=COUNTY)
def receipt(ctx: Context, file_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """The receiver confirmed it; `comment` is the receipt's number or letter. Raises Refused, Conflict, NotFound."""
    OUTGOING.advance(ctx, ctx.get(OutgoingFile, file_id, lock=True), "receipt", comment, seen_version, receipt=comment.strip())


@command("exchange.outgoing", roles=COUNTY)
def returned(ctx: Context, file_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """The receiver sent it back, with the reason; the corrected list is made anew. Raises Refused, Conflict, NotFound."""
    OUTGOING.advance(ctx, ctx.get(OutgoingFile, file_id, lock=True), "return", comment, seen_version, receipt=comment.strip())


def content_of(file: OutgoingFile) -> bytes:
    """The file as it was written. Raises NotFound when it is gone, Refused when it was changed."""
    try:
        content = (home() / file.path).read_bytes()
    except OSError:
        raise NotFound("這份名冊的檔案遺失，請通知系統管理人員由備份還原", "E-404") from None
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise Refused("這份名冊的檔案內容被改過，不能下載；請通知系統管理人員由備份還原", "E-OUT-CHANGED")
    return content


def file_name(file: OutgoingFile) -> str:
    """The name it is handed out by."""
    return f"{lists()[file.list_code].label}_{roc.month5(file.month)}_{file.seq}.csv"


# --- what is owed ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Owed:
    """One list of one county and month; `file` the newest, None when none was made."""

    wanted: OutgoingList
    county: str
    month: int
    due_on: dt.date
    file: OutgoingFile | None
    today: dt.date

    @property
    def done(self) -> bool:
        return self.file is not None and self.file.state in ("sent", "received")

    @property
    def late(self) -> bool:
        return not self.done and self.today > self.due_on

    @property
    def wording(self) -> str:
        if self.file is not None:
            return str(OUTGOING_STATES[self.file.state])
        return "未產製"


def states(session: Session, county: str, months: Sequence[int], today: dt.date | None = None) -> list[Owed]:
    """Every list of a county in the months, newest month first."""
    if not months:
        return []
    today, days = today or clock.today(), calendar_of(session, county)
    found: dict[tuple[str, int], OutgoingFile] = {}
    of = (OutgoingFile.county_code == county, OutgoingFile.month.in_(months))
    for file in session.scalars(select(OutgoingFile).where(*of).order_by(OutgoingFile.seq)):
        found[file.list_code, file.month] = file
    return [
        Owed(wanted, county, month, due_on(wanted, month, days), found.get((wanted.code, month)), today)
        for month in sorted(months, reverse=True)
        for wanted in lists().values()
        if month >= wanted.effective_from
    ]


def owed(session: Session, county: str, today: dt.date | None = None) -> list[Owed]:
    """What still has to leave for last month, and what is late of the months since the county's first award."""
    today = today or clock.today()
    return [o for o in states(session, county, months_of(session, county, today), today) if not o.done]


def months_of(session: Session, county: str, today: dt.date) -> list[int]:
    """The last months whose lists the county sends from here: last month, and those before it back to the first list or award made here."""
    last = roc.month_of(today) - 1
    award = select(func.min(Award.from_month)).where(Award.county_code == county)
    file = select(func.min(OutgoingFile.month)).where(OutgoingFile.county_code == county)
    first, begun = session.execute(select(award.scalar_subquery(), file.scalar_subquery())).one()
    if first is None:
        return []
    return [m for m in range(last - BACK + 1, last + 1) if m >= first and (m == last or (begun is not None and m >= begun))]


def counties_with_awards(session: Session) -> list[str]:
    """Counties that have awards here: those whose lists are made by themselves."""
    return sorted(session.scalars(select(Award.county_code).distinct()))


@invariant("outgoing_files", "對外送出的名冊檔案都在，內容和產製時相同")
def _complete(session: Session) -> Iterator[str]:
    for file in session.scalars(select(OutgoingFile)):
        try:
            content_of(file)
        except (NotFound, Refused) as error:
            yield f"{lists()[file.list_code].label}{roc.show_month(file.month)}：{error.message}"
