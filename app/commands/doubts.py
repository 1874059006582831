"""Answering doubts: one by one or from a county's file, and handing the doubts out as a file."""

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock, roc
from app.core.text import fold
from app.exchange import codes
from app.exchange.layouts import ANSWER_COLUMNS, DOUBT_COLUMNS, Field, Layout
from app.exchange.messages import FileProblem
from app.exchange.readers import open_table
from app.exchange.store import write_whole
from app.exchange.tables import without_total
from app.models.access import AccessEntry
from app.models.answer_check import CHECK_STATES, AnswerCheck
from app.models.award import Award
from app.models.doubt import OUTCOMES, SENT, Doubt, DoubtAnswer, DoubtSighting
from app.rules.parameters import Missing
from app.security.actor import Actor
from app.security.roles import COUNTY, MINISTRY_OFFICER

from .base import CommandError, Context, NotFound, Refused, command
from .lifecycle import Lifecycle, Move
from .parameters import parameters_in_force
from .recovery import open_overpayment

VALID_MONTHS: Final = {
    "no_overpayment": 12,
    "our_data_error": 2,
    "source_data_error": 3,
    "stopped_no_overpayment": 6,
    "already_recovered": 12,
}
"""How long an answer is suggested to hold, by kind; a clerk may say otherwise."""
ANSWERS = Layout(
    source="answers",
    label="疑義答復",
    agency="各直轄市、縣（市）政府",
    key=("doubt_no",),
    fields=(
        Field("doubt_no", "疑義編號", required=True, size=24, synonyms=("疑義號",), example="10004-09803-00001"),
        Field("outcome", "處理結果", "text", True, 24, synonyms=("結果",), example="overpaid"),
        Field("reason_code", "理由代碼", size=20),
        Field("reason", "理由", size=500),
        Field("overpaid_from", "溢領起月", "month", example="09802"),
        Field("overpaid_to", "溢領迄月", "month", example="09803"),
        Field("overpaid_amount", "溢領金額", "int", example="12000"),
        Field("decided_by", "決定人", size=64),
        Field("decided_on", "決定日期", "date", example="0980420"),
        Field("valid_until", "答復有效至", "date", example="0990331"),
    ),
)
assert tuple(f.name for f in ANSWERS.fields) == ANSWER_COLUMNS


@dataclass(frozen=True)
class Answer:
    """What a county says about a doubt. `overpaid` needs months and an amount above 0, the others have neither."""

    outcome: str
    reason: str = ""
    reason_code: str = ""
    overpaid_from: int | None = None
    overpaid_to: int | None = None
    overpaid_amount: int | None = None
    decided_by: str = ""
    decided_on: dt.date | None = None
    valid_until: dt.date | None = None


CHECK = Lifecycle(
    AnswerCheck,
    CHECK_STATES,
    (
        Move("approve", "核可溢領答復", ("waiting",), "approved", "matching.check", "checked_by_id", ("proposed_by_id",), style="primary"),
        Move("send_back", "退回重新答復", ("waiting",), "returned", "matching.check", "checked_by_id", ("proposed_by_id",), True, "danger"),
    ),
)
LONGEST: Final = dt.timedelta(minutes=30)
"""More than this is not counted as work on a doubt: the page was left open."""


@command("matching.answer", roles=COUNTY)
def answer_doubt(
    ctx: Context, doubt_id: int, answer: Answer, seen_version: int | None = None, channel: str = "screen"
) -> DoubtAnswer | AnswerCheck:
    """Answer a doubt; `overpaid` opens an overpayment, above the county's amount only after a second person (then an AnswerCheck comes back).
    A new answer to an answered doubt follows the old one. `channel`: screen | bulk | file. Raises Refused, Conflict."""
    doubt = ctx.get(Doubt, doubt_id, lock=True)
    ctx.check_version(doubt, seen_version)
    if doubt.state not in SENT:
        raise Refused("這筆疑義沒有送出（規則在影子執行或暫停送出），不需答復", "E-ANS-STATE")
    if waiting_check(ctx.session, doubt.id) is not None:
        raise Refused("這筆疑義已有一件溢領答復等待第二人核可；請先核可或退回", "E-ANS-CHECK")
    if answer.outcome == "overpaid" and answer.overpaid_from is None and answer.overpaid_to is None and channel == "file":
        answer = replace(answer, overpaid_from=min(doubt.months), overpaid_to=max(doubt.months))  # the months the doubt names
    _check(answer, channel)
    answer = replace(
        answer, reason=answer.reason.strip(), reason_code=answer.reason_code.strip(), decided_by=answer.decided_by.strip() or ctx.actor.display,
        decided_on=answer.decided_on or clock.today(),
    )  # fmt: skip
    above = check_above(ctx.session, doubt.county_code) if answer.outcome == "overpaid" and channel != "file" else None
    seconds = seconds_spent(ctx, doubt) if channel == "screen" else None
    if above is not None and (answer.overpaid_amount or 0) > above:
        return _propose(ctx, doubt, answer, above, seconds)
    return _record(ctx, doubt, answer, channel, above, seconds)


def check_above(session: Session, county: str) -> int:
    """The amount (NTD) above which `overpaid` needs a second person. Raises Refused when nobody set it."""
    found = parameters_in_force(session, county).on(clock.today(), "answer_check.amount")
    if isinstance(found, Missing) or found.value is None:
        text = found.text if isinstance(found, Missing) else "尚未設定「溢領答復須第二人核可的金額」"
        raise Refused(text, "E-ANS-SETTING")
    return int(found.value)


def waiting_check(session: Session, doubt_id: int) -> AnswerCheck | None:
    """The answer to a doubt that waits for a second person."""
    return session.scalar(select(AnswerCheck).where(AnswerCheck.doubt_id == doubt_id, AnswerCheck.state == "waiting"))


def seconds_spent(ctx: Context, doubt: Doubt) -> int | None:
    """From this person's latest opening of the doubt until now, at most LONGEST; None when the query log has no opening in the last hours."""
    opened = ctx.session.scalar(
        select(func.max(AccessEntry.at)).where(
            AccessEntry.user_id == ctx.actor.user_id, AccessEntry.at > ctx.now - 16 * LONGEST, AccessEntry.action == "show",
            AccessEntry.subject_table == Doubt.__tablename__, AccessEntry.subject_id == str(doubt.id),
        )
    )  # fmt: skip
    return None if opened is None else int(min(max(ctx.now - opened, dt.timedelta()), LONGEST).total_seconds())


def _propose(ctx: Context, doubt: Doubt, answer: Answer, above: int, seconds: int | None) -> AnswerCheck:
    assert answer.overpaid_from is not None and answer.overpaid_to is not None and answer.overpaid_amount is not None
    assert answer.decided_on is not None
    row = AnswerCheck(
        doubt_id=doubt.id, county_code=doubt.county_code, benefit=doubt.benefit, reason_code=answer.reason_code, reason=answer.reason,
        overpaid_from=answer.overpaid_from, overpaid_to=answer.overpaid_to, overpaid_amount=answer.overpaid_amount, check_above=above,
        decided_by=answer.decided_by, decided_on=answer.decided_on, valid_until=answer.valid_until, months=list(doubt.months),
        seconds_spent=seconds, proposed_by_id=ctx.actor.user_id, proposed_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(row)
    ctx.session.flush()
    ctx.audit("answer_check.proposed", row, amount=answer.overpaid_amount, above=above, rule=doubt.rule_code)
    return row


@command("matching.check", roles=COUNTY)
def approve_answer(ctx: Context, check_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Let a large `overpaid` stand; by somebody else than who proposed it. Raises Refused, NotFound, Conflict."""
    row = ctx.get(AnswerCheck, check_id, lock=True)
    doubt = ctx.get(Doubt, row.doubt_id, lock=True)
    if row.state == "waiting" and (doubt.state not in SENT or list(doubt.months) != row.months):
        raise Refused("疑義的月份在提出後已經改變，請退回重新答復", "E-ANS-CHANGED")
    CHECK.advance(ctx, row, "approve", comment, seen_version, checked_at=ctx.now)
    answer = Answer(
        "overpaid", row.reason, row.reason_code, row.overpaid_from, row.overpaid_to, row.overpaid_amount, row.decided_by, row.decided_on, row.valid_until
    )
    _record(ctx, doubt, answer, "screen", row.check_above, row.seconds_spent, row)


@command("matching.check", roles=COUNTY)
def send_back_answer(ctx: Context, check_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Send a proposed answer back, with the reason; the doubt is to be answered again. Raises Refused, NotFound, Conflict."""
    CHECK.advance(ctx, ctx.get(AnswerCheck, check_id, lock=True), "send_back", comment, seen_version, checked_at=ctx.now)


def _record(
    ctx: Context, doubt: Doubt, answer: Answer, channel: str, above: int | None, seconds: int | None, checked: AnswerCheck | None = None
) -> DoubtAnswer:
    """The answer stands; what was proposed and approved is entered in the name of who proposed it."""
    claim = _claim(ctx, doubt, answer, checked.proposed_by_id if checked else ctx.actor.user_id) if answer.outcome == "overpaid" else None
    row = DoubtAnswer(
        doubt_id=doubt.id,
        county_code=doubt.county_code,
        outcome=answer.outcome,
        reason_code=answer.reason_code,
        reason=answer.reason,
        overpaid_from=answer.overpaid_from,
        overpaid_to=answer.overpaid_to,
        overpaid_amount=answer.overpaid_amount,
        decided_by=answer.decided_by,
        decided_on=answer.decided_on,
        valid_until=answer.valid_until,
        months=list(doubt.months),
        run_month=doubt.last_month,
        overpayment_id=claim,
        channel=channel,
        answered_by_id=checked.proposed_by_id if checked else ctx.actor.user_id,
        answered_at=ctx.now,
        check_above=above,
        checked_by_id=ctx.actor.user_id if checked else None,
        seconds_spent=seconds,
    )
    ctx.session.add(row)
    doubt.state, doubt.outcome, doubt.valid_until, doubt.changed_at = "answered", answer.outcome, answer.valid_until, ctx.now
    ctx.session.flush()
    ctx.audit("doubt.answered", doubt, outcome=answer.outcome, amount=answer.overpaid_amount, rule=doubt.rule_code)
    return row


def _check(answer: Answer, channel: str) -> None:
    """A person on the screen gives a reason; a county's file may leave it empty, as the contract does."""
    if answer.outcome not in OUTCOMES:
        raise Refused(f"處理結果「{answer.outcome}」不在六種結果之內：{'、'.join(OUTCOMES)}", "E-ANS-OUTCOME")
    if answer.outcome != "overpaid":
        if answer.overpaid_amount:
            raise Refused("只有「溢領」可以填溢領金額；請改結果，或清空金額", "E-ANS-AMOUNT")
        if channel != "file" and not answer.reason.strip() and not answer.reason_code.strip():
            raise Refused("請填寫理由，下次相同事實才不必重查", "E-ANS-REASON")
    else:
        if not answer.overpaid_amount or answer.overpaid_amount <= 0:
            raise Refused("結果為「溢領」時，溢領金額必須大於 0", "E-ANS-AMOUNT")
        if answer.overpaid_from is None or answer.overpaid_to is None or answer.overpaid_to < answer.overpaid_from:
            raise Refused("結果為「溢領」時，請填溢領起月與迄月，且迄月不可早於起月", "E-ANS-MONTHS")
    decided_on = answer.decided_on or (None if channel == "file" else clock.today())
    if answer.valid_until is not None and decided_on is not None and answer.valid_until < decided_on:
        raise Refused("答復有效期限不可早於決定日期", "E-ANS-VALID")


def _claim(ctx: Context, doubt: Doubt, answer: Answer, maker: int | None) -> int:
    """The overpayment of an answer: against our own award when the case is ours, else as the county says. `maker`: who answered."""
    assert answer.overpaid_from is not None and answer.overpaid_to is not None
    award = ctx.session.scalar(
        select(Award.id).where(Award.county_code == doubt.county_code, Award.benefit == doubt.benefit, Award.case_no == doubt.case_no)
    )
    reference = f"{doubt.doubt_no}/{roc.month5(answer.overpaid_from)}-{roc.month5(answer.overpaid_to)}"
    claim = open_overpayment(
        ctx,
        origin="doubt",
        origin_ref=reference,
        benefit=doubt.benefit,
        reason=answer.reason.strip() or doubt.facts,
        award_id=award,
        person_id=doubt.person_id,
        name=doubt.name or "（名冊未載姓名）",
        county_code=doubt.county_code,
        town_code=doubt.town_code or doubt.county_code,
        first_month=answer.overpaid_from,
        last_month=answer.overpaid_to,
        amount=answer.overpaid_amount,
        rule_code=doubt.rule_code,
        known_on=answer.decided_on,
        made_by_id=maker,  # whoever checked it has not made it and may decide it
    )
    return claim.id


def suggested_validity(outcome: str, on: dt.date) -> dt.date | None:
    """The last day an answer is suggested to hold: the end of the month so many months on."""
    months = VALID_MONTHS.get(outcome)
    return None if months is None else roc.last_day(roc.month_of(on) + months)


# -- a county's answers as a file --------------------------------------------------------------------------------------------------------


@dataclass
class Loaded:
    """What an answers file did. `faults`: one Chinese sentence per row that was not taken, with its row number."""

    rows: int = 0
    taken: int = 0
    unchanged: int = 0
    overpaid_count: int = 0
    overpaid_amount: int = 0
    faults: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def load_answers(actor: Actor, path: Path) -> Loaded:
    """Take a county's answers in. Every row is its own transaction: good rows count even when others are refused. Raises Refused for the file."""
    out = Loaded()
    for row_no, values in _rows(path):
        out.rows += 1
        try:
            answer = _read(values)
            changed = _take(actor, fold(values.get("doubt_no") or ""), answer)
        except (CommandError, roc.RocError, ValueError) as error:
            out.faults.append(f"第 {row_no} 列：{getattr(error, 'message', None) or error}")
            continue
        out.taken += changed
        out.unchanged += not changed
        if changed and answer.overpaid_amount:
            out.overpaid_count += 1
            out.overpaid_amount += answer.overpaid_amount
    return out


@command("matching.answer", roles=COUNTY)
def _take(ctx: Context, doubt_no: str, answer: Answer) -> bool:
    """One row; False when the doubt has exactly this answer already."""
    doubt = ctx.session.scalar(select(Doubt).where(Doubt.doubt_no == doubt_no))
    if doubt is None:
        raise NotFound(f"查無疑義編號「{doubt_no}」，或不是本縣市的疑義", "E-ANS-NO")
    last = ctx.session.scalar(select(DoubtAnswer).where(DoubtAnswer.doubt_id == doubt.id).order_by(DoubtAnswer.id.desc()).limit(1))
    same = ["outcome", "reason", "reason_code", "overpaid_amount", "valid_until"]
    same += [n for n in ("overpaid_from", "overpaid_to") if getattr(answer, n) is not None]  # left empty: the doubt's months of then
    if last is not None and doubt.state == "answered" and all(getattr(last, n) == getattr(answer, n) for n in same):
        return False
    answer_doubt(ctx, doubt.id, answer, channel="file")
    return True


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Row number and cells by column; raises Refused for a file that cannot be read."""
    try:
        table = open_table(path, ANSWERS)
        names = table.header.columns
        lacking = [f.label for f in ANSWERS.fields if f.required and f.name not in names]
        if lacking:
            raise Refused(f"答復檔缺少欄位：{'、'.join(lacking)}，請補上後再送", "E-ANS-COLUMNS")
        for piece, _total in without_total(table):
            for line in piece.iter_rows(named=True):
                cells = {name: (line[f"c{i}"] or "").strip() for i, name in enumerate(names) if name}
                yield int(line["row_no"]), {name: cells.get(name, "") for name in ANSWER_COLUMNS}
    except FileProblem as problem:
        raise Refused(str(problem), problem.code) from None


def _read(values: dict[str, str]) -> Answer:
    def month(name: str) -> int | None:
        return roc.parse_month(values[name]) if values[name] else None

    def day(name: str) -> dt.date | None:
        return roc.parse_date(values[name]) if values[name] else None

    amount = fold(values["overpaid_amount"]).replace(",", "")
    if amount and not amount.lstrip("-").isdigit():
        raise ValueError(f"溢領金額「{values['overpaid_amount']}」不是整數")
    return Answer(
        outcome=fold(values["outcome"]),
        reason=values["reason"],
        reason_code=values["reason_code"],
        overpaid_from=month("overpaid_from"),
        overpaid_to=month("overpaid_to"),
        overpaid_amount=int(amount) or None if amount else None,
        decided_by=values["decided_by"],
        decided_on=day("decided_on"),
        valid_until=day("valid_until"),
    )


# -- the doubts file ---------------------------------------------------------------------------------------------------------------------


@command("matching.export", roles=(*COUNTY, MINISTRY_OFFICER))
def export_doubts(ctx: Context, path: Path, month: int, county: str | None = None, grade: str | None = None) -> int:
    """Write the doubts a month's match has shown, in the contract's columns; how many. Raises Refused for an unknown grade."""
    if grade is not None and grade not in ("A", "B", "C"):
        raise Refused("等級只有 A、B、C", "E-MAT-GRADE")
    if county is not None and county not in codes.COUNTIES:
        raise Refused(f"沒有「{county}」這個縣市代碼；請填 5 碼縣市代碼，例如 10004", "E-MAT-COUNTY")
    shown = (
        select(Doubt, DoubtSighting.said)
        .join(DoubtSighting, DoubtSighting.doubt_id == Doubt.id)
        .where(DoubtSighting.month == month, DoubtSighting.state == "open")
        .order_by(Doubt.county_code, Doubt.doubt_no)
    )
    if county is not None:
        shown = shown.where(Doubt.county_code == county)
    rows = [_exported(doubt, said) for doubt, said in ctx.session.execute(shown)]
    if grade is not None:
        rows = [r for r in rows if r["grade"] == grade]

    def write(part: Path) -> None:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, DOUBT_COLUMNS, lineterminator="\r\n")
            writer.writeheader()
            writer.writerows(rows)

    write_whole(path, write)
    ctx.audit("doubt.exported", ("match_month", roc.month5(month)), rows=len(rows), county=county or "", grade=grade or "")
    return len(rows)


def _exported(doubt: Doubt, said: dict[str, Any]) -> dict[str, Any]:
    return {
        "doubt_no": doubt.doubt_no,
        "county_code": doubt.county_code,
        "data_kind": doubt.benefit,
        "ref_month": roc.month5(said["ref_month"]),
        "rec_no": said["rec_no"],
        "person_id": doubt.person_id,
        "rule_code": doubt.rule_code,
        "rule_version": said["rule_version"],
        "relation": said["relation"],
        "grade": said["grade"],
        "counterpart_source": doubt.counterpart_source,
        "counterpart_county": doubt.counterpart_county or "",
        "counterpart_kind": doubt.counterpart_kind or "",
        "counterpart_rec_no": said["counterpart_rec_no"] or "",
        "months": ";".join(roc.month5(m) for m in said["months"]),
        "expected_overpaid": said["expected_overpaid"],
        "law": said["law"],
        "article": said["article"],
        "facts": said["facts"],
        "first_month": roc.month5(doubt.first_month),
        "times_seen": doubt.times_seen,
    }
