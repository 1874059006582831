"""After release: write the files, take in what came back, pay returns again or close them."""

import datetime as dt
import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import polars as pl
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session, aliased

from app.core import clock, collector, roc
from app.exchange.delivery import Delivery, read_delivery
from app.exchange.messages import FileProblem
from app.extensions import db
from app.models.award import Award
from app.models.payment import Payment, PaymentLine
from app.models.payment_run import PaymentFile, PaymentRun, ResultFile
from app.payments import ach, reconcile, register
from app.payments.fixed_width import RecordError
from app.payments.line import Line, Payee
from app.security.actor import Actor
from app.security.roles import ACCOUNTANT, COUNTY_OFFICER, SUPERVISORS, TOWN_CLERK

from . import channel_layouts, closing, offsets, payment_files, payment_lines, payment_returns
from .arrivals import on_arrival
from .base import Context, Refused, command
from .care.institutions import payee_by_number
from .payer_settings import payer_setting
from .payments import RUN, run_no, save_run

MAKERS = (TOWN_CLERK, COUNTY_OFFICER)
CHUNK = 5000
SHOWN_NUMBERS = 5
Reader = Callable[..., Delivery]


@command("payments.file", roles=(ACCOUNTANT, *MAKERS))
@collector.held_back()
def write_files(ctx: Context, run_id: int, seen_version: int | None = None) -> list[PaymentFile]:
    """Write every file of a released register, once. After a crash the same files are made again, byte for byte."""
    run = ctx.get(PaymentRun, run_id, lock=True)
    ctx.check_version(run, seen_version)
    if why := RUN.why_not(ctx.actor, run, "file"):
        raise Refused(why, "E-MOVE")
    payment_files.refuse_after_restore(ctx, run.benefit, run.town_code, run.month)
    files = payment_files.write(ctx, run, payer_setting(ctx.session, run.benefit, run.town_code))
    RUN.advance(ctx, run, "file", filed_at=ctx.now)
    for f in files:
        ctx.audit("payment_run.file_written", run, kind=f.kind, sha256=f.sha256, lines=f.line_count, total=f.total)
    return files


def parse_results(content: bytes, file_name: str, reader: Reader = read_delivery) -> list[reconcile.TransferResult]:
    """The rows of a `transfer_result` file in any carrier of the exchange contract. Raises Refused when any row is not clean."""
    suffix = Path(file_name).suffix.lower() or ".csv"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"result{suffix}"
        path.write_bytes(content)
        try:
            delivery = reader(path, "transfer_result")
        except FileProblem as problem:
            raise Refused(f"結果檔無法讀取：{problem}", "E-PAY-RESULT") from None
    if delivery.meta.rejected:
        raise Refused(f"結果檔有 {delivery.meta.rejected} 列不合格式，全部未登錄；請更正後重新匯入", "E-PAY-RESULT")
    return results_of(delivery.frame)


def results_of(frame: pl.DataFrame) -> list[reconcile.TransferResult]:
    """The rows of a `transfer_result` snapshot, in the order of the file."""
    return [
        reconcile.TransferResult(
            r["row_no"], r["run_no"], r["line_no"], r["person_id"], r["amount"], r["result"], r["return_code"] or "", r["value_date"]
        )
        for r in frame.sort("row_no").iter_rows(named=True)
    ]


@collector.held_back()
def import_transfer_result(
    who: Actor | Context, run_id: int, content: bytes, file_name: str, reader: Reader = read_delivery, *, rest_credited: bool = False
) -> reconcile.Reconciliation:
    """Take in what came back for one register: all rows fit or none is applied. The same file again changes nothing.

    When every line has its result the register is reconciled. The file is read before anything is locked, one from outside with
    `confined.read_confined`. A file of returns of the clearing house (ACHR01) names only what came back: with `rest_credited` somebody
    says that no more will come, and the other credits of its file are taken as paid. Raises Refused with the rows that do not fit, Forbidden.
    """
    ctx = who if isinstance(who, Context) else Context(db.session(), who)
    ctx.require("payments.result")
    if ach.is_return_file(content):
        return _returns_of_run(who, run_id, content, rest_credited)
    return _results_of_run(who, run_id, parse_results(content, file_name, reader), hashlib.sha256(content).hexdigest())


@command("payments.result", roles=(ACCOUNTANT, *MAKERS))
def _results_of_run(ctx: Context, run_id: int, results: list[reconcile.TransferResult], sha256: str) -> reconcile.Reconciliation:
    return _take_in(ctx, ctx.get(PaymentRun, run_id, lock=True), results, sha256)


@command("payments.result", roles=(ACCOUNTANT, *MAKERS))
def _returns_of_run(ctx: Context, run_id: int, content: bytes, rest_credited: bool) -> reconcile.Reconciliation:
    run = ctx.get(PaymentRun, run_id, lock=True)
    if not any(f.kind == "ach" for f in run.files):
        raise Refused(f"清冊 {run.run_no} 沒有 ACH 代付檔，不能登錄 ACH 退件檔", "E-PAY-RESULT")
    with_post = not any(f.kind == "post_office" for f in run.files)
    setting = payer_setting(ctx.session, run.benefit, run.town_code)
    file = ach.sent(channel_layouts.split(ctx.session, run, setting, payment_lines.read(ctx.session, run.id, parts=False))[1], with_post)
    try:
        results = ach.read_returns(content, run.run_no, file)
    except RecordError as error:
        raise Refused(f"ACH 退件檔與清冊不符，全部未登錄：{error}", "E-PAY-RESULT") from None
    if rest_credited:
        back, known = {r.line_no for r in results}, {x.line_no for x in _sent_lines(ctx, run.id) if x.result is not None}
        results += [
            reconcile.TransferResult(0, run.run_no, x.line_no, x.person_id, x.amount, reconcile.CREDITED, "", run.value_date)
            for x in file.values()
            if x.line_no not in back and x.line_no not in known
        ]
    said = content + b"\nrest credited" if rest_credited else content  # the same file twice, the second time as the last one
    return _take_in(ctx, run, results, hashlib.sha256(said).hexdigest())


@command("payments.result", roles=(ACCOUNTANT, *MAKERS))
def apply_transfer_results(ctx: Context, results: list[reconcile.TransferResult], sha256: str) -> dict[str, reconcile.Reconciliation]:
    """Take in rows of any number of registers (as a delivery of `transfer_result` holds them): all fit or none is applied.

    Register number → what came of it. Raises Refused, also for a register that does not exist or is out of reach.
    """
    by_run: dict[str, list[reconcile.TransferResult]] = defaultdict(list)
    for r in results:
        by_run[r.run_no].append(r)
    runs = {
        r.run_no: r
        for r in ctx.session.scalars(
            select(PaymentRun).where(PaymentRun.run_no.in_(sorted(by_run))).order_by(PaymentRun.id).with_for_update()
        )
    }
    if unknown := sorted(set(by_run) - set(runs)):
        raise Refused(f"查無清冊 {'、'.join(unknown[:5])}，或不在您的業務範圍；結果檔全部未登錄", "E-PAY-RESULT")
    return {run_no: _take_in(ctx, run, by_run[run_no], sha256) for run_no, run in runs.items()}


@on_arrival("transfer_result")
def reconcile_registers(ctx: Context, delivery: Delivery, frame: pl.DataFrame) -> list[str]:
    """A delivery of `transfer_result` reconciles the registers we know as it arrives: all rows fit or the delivery is refused.

    Results of registers we do not know are only kept. Says what came of each.
    """
    numbers = frame["run_no"].unique().sort().to_list()
    known = set(ctx.session.scalars(select(PaymentRun.run_no).where(PaymentRun.run_no.in_(numbers))))
    notices = []
    if unknown := [n for n in numbers if n not in known]:
        more = f"等 {len(unknown)} 份" if len(unknown) > SHOWN_NUMBERS else ""
        notices.append(f"查無清冊 {'、'.join(unknown[:SHOWN_NUMBERS])}{more}，或不在您的業務範圍；結果已收下，但沒有登錄到撥款清冊。")
    if not known:
        return notices
    if not ctx.actor.can("payments.result"):
        return [*notices, "您的角色沒有登錄轉帳結果的權限；結果已收下，請出納人員到撥款清冊匯入。"]
    if delivery.meta.rejected:
        return [*notices, f"有 {delivery.meta.rejected} 列退回，轉帳結果都還沒有登錄到撥款清冊；請更正退回的列後以「補正」再送。"]
    mine = frame.filter(pl.col("run_no").is_in(list(known)))
    done = apply_transfer_results(ctx, results_of(mine), delivery.meta.file_sha256)
    for number, outcome in done.items():
        if outcome.credited or outcome.returned:
            rest = "，全部到齊" if outcome.complete else f"，尚有 {len(outcome.missing)} 筆未到"
            notices.append(f"清冊 {number} 已登錄入帳 {len(outcome.credited)} 筆、退匯 {len(outcome.returned)} 筆{rest}。")
    return notices


def _take_in(ctx: Context, run: PaymentRun, results: list[reconcile.TransferResult], sha256: str) -> reconcile.Reconciliation:
    if run.state not in ("filed", "reconciled"):
        raise Refused(f"清冊 {run.run_no} 還沒有送出，不能登錄轉帳結果", "E-MOVE")
    outcome = reconcile.reconcile(run.run_no, _sent_lines(ctx, run.id), results)
    if outcome.broken:
        more = f"；共 {len(outcome.broken)} 處" if len(outcome.broken) > 5 else ""
        raise Refused("結果檔與清冊不符，全部未登錄：" + "；".join(outcome.broken[:5]) + more, "E-PAY-RESULT")
    if not outcome.credited and not outcome.returned:
        return outcome
    _apply(ctx, run, outcome)
    payment_returns.open_signs(ctx, run, {no: r.return_code or "99" for no, r in outcome.returned.items()})
    payment_returns.close_paid(ctx, run, list(outcome.credited))
    offsets.credit(ctx, run, list(outcome.credited))
    ctx.session.add(
        ResultFile(
            county_code=run.county_code, town_code=run.town_code, benefit=run.benefit, run_id=run.id, sha256=sha256,
            credited=len(outcome.credited), credited_total=sum(r.amount for r in outcome.credited.values()),
            returned=len(outcome.returned), returned_total=sum(r.amount for r in outcome.returned.values()),
            taken_by_id=ctx.actor.user_id, taken_at=ctx.now,
        )
    )  # fmt: skip
    ctx.audit("payment_run.result", run, sha256=sha256, credited=len(outcome.credited), returned=len(outcome.returned))
    if outcome.complete:
        RUN.advance(ctx, run, "reconcile", reconciled_at=ctx.now)
    return outcome


def _sent_lines(ctx: Context, run_id: int) -> list[reconcile.SentLine]:
    known = {reconcile.CREDITED: reconcile.CREDITED, reconcile.RETURNED: reconcile.RETURNED, "closed": reconcile.RETURNED}
    rows = ctx.session.execute(
        select(PaymentLine.line_no, PaymentLine.person_id, PaymentLine.amount, PaymentLine.status, PaymentLine.return_code)
        .where(PaymentLine.run_id == run_id, PaymentLine.status.not_in(("planned", "withheld")))
        .order_by(PaymentLine.line_no)
    )
    return [reconcile.SentLine(no, person, amount, known.get(status), code or "") for no, person, amount, status, code in rows]


def _apply(ctx: Context, run: PaymentRun, outcome: reconcile.Reconciliation) -> None:
    groups: dict[tuple[str, str, dt.date | None], list[int]] = defaultdict(list)
    for no, r in (outcome.credited | outcome.returned).items():
        groups[r.result, r.return_code, r.value_date].append(no)
    for (result, code, value_date), numbers in groups.items():
        returned = result == reconcile.RETURNED
        for start in range(0, len(numbers), CHUNK):
            ctx.session.execute(
                update(PaymentLine)
                .where(PaymentLine.run_id == run.id, PaymentLine.status == "filed", PaymentLine.line_no.in_(numbers[start : start + CHUNK]))
                .values(
                    status=result,
                    return_code=(code or "99") if returned else None,
                    reason=reconcile.action_for(code or "99").title if returned else None,
                    value_date=value_date,
                    result_at=ctx.now,
                )
                .execution_options(synchronize_session=False)
            )


def unpaid_returns(session: Session, benefit: str, payer: str) -> list[PaymentLine]:
    """Returned lines of a payer that nothing follows yet: neither paid again nor closed. The last attempt of each speaks."""
    last = (
        select(func.max(PaymentLine.id)).where(PaymentLine.status != "withheld").group_by(PaymentLine.root_run_id, PaymentLine.root_line_no)
    )
    return list(
        session.scalars(
            select(PaymentLine)
            .join(PaymentRun, PaymentRun.id == PaymentLine.run_id)
            .where(
                PaymentRun.town_code == payer, PaymentLine.benefit == benefit, PaymentLine.status == "returned", PaymentLine.id.in_(last)
            )
            .order_by(PaymentLine.town_code, PaymentLine.name, PaymentLine.id)
        )
    )


@command("payments.build", roles=MAKERS)
def repay_returned(
    ctx: Context, *, benefit: str, payer: str, line_ids: list[int], month: int | None = None, value_date: dt.date | None = None
) -> PaymentRun:
    """Pay returned lines again, as a register of its own, to the account each case has now.

    Raises Refused for a line whose account was refused and has not been changed since, Conflict when a line is being paid again already.
    """
    ctx.session.execute(select(PaymentLine.id).where(PaymentLine.id.in_(line_ids)).with_for_update())  # not closed meanwhile
    lines = {x.id: x for x in unpaid_returns(ctx.session, benefit, payer)}
    chosen = [lines[i] for i in line_ids if i in lines]
    if not chosen or len(chosen) != len(set(line_ids)):
        raise Refused("所選退匯中有已重匯、已結案或不存在的項目，請重新整理清單", "E-PAY-RETURN")
    made, roots, refused = [], {}, []
    awards = {a.id: a for a in ctx.session.scalars(select(Award).where(Award.id.in_([x.award_id for x in chosen])))}
    for no, x in enumerate(chosen, 1):
        award = awards[x.award_id]
        payee = payee_now(ctx.session, x, award)
        same = (payee.channel, payee.institution, payee.account) == (x.channel, x.institution, x.account)
        if same and x.return_code not in ("91", "99"):
            refused.append(x)
            continue
        made.append(
            Line(
                line_no=no, award_id=x.award_id, person_key=x.recipient_id, person_id=x.person_id, name=x.name, town_code=x.town_code,
                amount=x.amount, month_from=x.month_from, month_to=x.month_to, payee=payee, band=x.band, address=x.address,
                deduction=x.deduction,
            )
        )  # fmt: skip
        roots[no] = (x.root_run_id, x.root_line_no)
    if refused:
        raise Refused(f"有 {len(refused)} 筆的帳戶還是原來退匯的帳戶，請先登錄新帳戶再重匯", "E-PAY-ACCOUNT")
    month = month if month is not None else roc.month_of(clock.today())
    run = PaymentRun(
        county_code=payer[:5], town_code=payer, benefit=benefit, run_no=run_no(ctx, benefit, payer, month), kind=register.REPAY,
        month=month, first_month=min(x.month_from for x in chosen), last_month=max(x.month_to for x in chosen),
        cutoff_on=clock.today(), value_date=value_date or roc.last_day(month), omitted=[], made_by_id=ctx.actor.user_id, made_at=ctx.now,
    )  # fmt: skip
    save_run(ctx, run, made, roots)
    return run


def payee_now(session: Session, line: PaymentLine, award: Award) -> Payee:
    """Where the money of a returned line would go today: the award's account, or the institution's."""
    if line.channel == "institution":
        found = payee_by_number(session, line.county_code, line.payee_person_id)
        return found or Payee(line.channel, line.payee_person_id, line.payee_name, line.institution, line.account)
    return Payee(award.channel, award.payee_person_id, award.payee_name, award.institution, award.account)


@command("payments.close_return", roles=SUPERVISORS)
def close_return(ctx: Context, line_id: int, reason: str) -> PaymentLine:
    """The returned money stays here: its months count as unpaid again (and are paid as arrears only where they are still due)."""
    line = ctx.get(PaymentLine, line_id, lock=True)
    if not reason.strip():
        raise Refused("請填寫結案原因", "E-COMMENT")
    if line.status == "returned":
        closing.book_kept_return(ctx, line, reason.strip()[:200])
    won = ctx.session.execute(
        update(PaymentLine)
        .where(PaymentLine.id == line_id, PaymentLine.status == "returned", _is_last(line))
        .values(status="closed", reason=reason.strip()[:200])
        .execution_options(synchronize_session=False)
    )
    if won.rowcount != 1:  # type: ignore[attr-defined]
        raise Refused("這一筆不是待處理的退匯", "E-PAY-RETURN")
    ctx.session.execute(
        update(Payment)
        .where(Payment.run_id == line.root_run_id, Payment.line_no == line.root_line_no)
        .values(live=False)
        .execution_options(synchronize_session=False)
    )
    ctx.session.refresh(line)
    ctx.audit("payment_line.close", line, reason=line.reason)
    return line


def _is_last(line: PaymentLine) -> ColumnElement[bool]:
    """Is this line the last attempt of its money?"""
    later = aliased(PaymentLine)
    return ~(
        select(later.id)
        .where(
            later.root_run_id == line.root_run_id, later.root_line_no == line.root_line_no, later.id > line.id, later.status != "withheld"
        )
        .exists()
    )


def levels(session: Session, run: PaymentRun) -> list[reconcile.Level]:
    """approved = filed = credited + returned: the whole register (name "", filed as the files say), then every township."""
    rows = session.execute(
        select(PaymentLine.town_code, PaymentLine.status, func.count(), func.sum(PaymentLine.amount))
        .where(PaymentLine.run_id == run.id, PaymentLine.status != "withheld")
        .group_by(PaymentLine.town_code, PaymentLine.status)
    ).all()

    def added(town: str, *statuses: str) -> tuple[int, int]:
        mine = [r for r in rows if town in ("", r[0]) and (not statuses or r[1] in statuses)]
        return sum(r[2] for r in mine), sum(int(r[3]) for r in mine)

    out = []
    for town in ("", *sorted({r[0] for r in rows})):
        filed = added(town, "filed", "credited", "returned", "closed") if town else payment_files.totals_of(run.files)
        out.append(reconcile.Level(town, added(town), filed, added(town, "credited"), added(town, "returned", "closed")))
    return out
