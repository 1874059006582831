"""Payment runs: make a register, check it, tick what was found, approve, release. Three different people; nobody twice."""

import datetime as dt
from collections.abc import Mapping, Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, delete, func, select, update

from app.core import clock, collector, roc
from app.models.award import Award
from app.models.payment import Payment, PaymentLine
from app.models.payment_run import STATES, PayerSetting, PaymentRun, RunFinding
from app.payments import checks, invoiced, register, work_sheet
from app.payments.line import Line
from app.security import scope
from app.security.roles import ACCOUNTANT, CASEWORKERS, COUNTY_OFFICER, SUPERVISORS, TOWN_CLERK

from . import (
    award_facts,
    budgets,
    bulk,
    channel_layouts,
    closing,
    funding,
    offsets,
    payment_facts,
    payment_files,
    payment_lines,
    payment_persons,
)
from .base import Context, Refused, command
from .benefit_rows import benefit_row
from .care import payables
from .lifecycle import Lifecycle, Move
from .numbers import take
from .payer_settings import payer_setting

MAKERS = (TOWN_CLERK, COUNTY_OFFICER)

RUN = Lifecycle(
    PaymentRun,
    STATES,
    (
        Move("check", _l("Check the register"), ("built", "checked"), "checked", "payments.check", by="checked_by_id", style="primary"),
        Move("withhold", _l("Withhold a line"), ("built", "checked"), "built", "payments.build", needs_comment=True),
        Move(
            "approve", _l("Approve the register"), ("checked",), "approved", "payments.approve",
            by="approved_by_id", differs_from=("made_by_id",), style="primary",
        ),
        Move("return", _l("Send the register back"), ("checked", "approved", "released"), "built", "payments.return", needs_comment=True),
        Move(
            "release", _l("Release the money"), ("approved",), "released", "payments.release",
            by="released_by_id", differs_from=("made_by_id", "approved_by_id"), style="primary",
        ),
        Move("file", _l("Write files"), ("released",), "filed", "payments.file", style="primary"),
        Move("reconcile", _l("Reconcile the register"), ("filed",), "reconciled", "payments.result"),
        Move("cancel", _l("Cancel the register"), ("built", "checked", "approved", "released"), "cancelled", "payments.build", needs_comment=True, style="danger"),
    ),
)  # fmt: skip

DONE = ("released", "filed", "reconciled")


# -- making ------------------------------------------------------------------------------------------------------------------------------


def _payer_awards(ctx: Context, benefit: str, payer: str) -> list[ColumnElement[bool]]:
    """Conditions on Award: those this payer pays. Townships that pay themselves are not the county's."""
    if len(payer) != 5:
        return [Award.county_code == payer[:5], Award.town_code == payer, Award.benefit == benefit]
    own = select(PayerSetting.town_code).where(
        PayerSetting.county_code == payer, PayerSetting.benefit == benefit, PayerSetting.town_code != payer
    )
    return [Award.county_code == payer, Award.benefit == benefit, Award.town_code.not_in(own)]


@command("payments.build", roles=MAKERS)
@collector.held_back()
def build_run(
    ctx: Context,
    *,
    benefit: str,
    payer: str,
    month: int,
    kind: str = "regular",
    value_date: dt.date | None = None,
    cutoff_on: dt.date | None = None,
    ground: str | None = None,
    since: int | None = None,
    replaces_id: int | None = None,
) -> PaymentRun:
    """Make the register of a pay month: lines from the awards, frozen with hash and totals.

    `payer` = county or township code. `kind` regular or difference (needs its legal `ground`; `since` = first month to look at).
    Raises Refused when there is nothing to pay, Conflict when somebody is making the same payments at this moment.
    """
    if kind not in (register.REGULAR, register.DIFFERENCE):
        raise Refused("清冊種類只有每月清冊與補發差額清冊", "E-PAY-KIND")
    if kind == register.DIFFERENCE and not (ground or "").strip():
        raise Refused("補發差額清冊要填寫法令依據", "E-PAY-GROUND")
    if not benefit_row(ctx.session, benefit).pays:
        raise Refused("這個項目不發放現金", "E-PAY-KIND")
    invoices = benefit_row(ctx.session, benefit).payment_unit == "institution"
    if invoices and kind == register.DIFFERENCE:
        raise Refused("這項給付依機構請款單發放；補發差額請由機構請款另建補正請款單，核定後列入每月清冊", "E-PAY-KIND")
    setting = payer_setting(ctx.session, benefit, payer)
    months = register.CYCLES[setting.rhythm]
    if kind == register.REGULAR and month % months != months - 1:
        raise Refused(f"這項給付每 {months} 個月發放一次，{roc.show_month(month)}不是發放月份", "E-PAY-CYCLE")
    payment_files.refuse_after_restore(ctx, benefit, payer, month)
    first, last = register.cycle(month, setting.rhythm)
    cutoff_on = cutoff_on or roc.first_day(month).replace(day=setting.cutoff_day)
    horizon = since if since is not None else month - award_facts.HORIZON
    criteria = _payer_awards(ctx, benefit, payer)
    with scope.use(scope.SYSTEM):  # a person who moved brings his or her earlier payments along; the payer's reach is in the criteria
        if invoices:
            made = invoiced.build(payables.load(ctx.session, criteria, horizon, last))
        else:
            facts = award_facts.load(ctx.session, criteria, horizon, amounts=kind == register.DIFFERENCE)
            made = register.build(facts, kind=kind, month=month, cutoff=cutoff_on, last=last, since=horizon)
        follows = kind == register.REGULAR and benefit_row(ctx.session, benefit).rhythm != "once"
        before = _previous(ctx, benefit, payer, month) if follows else None
        lines, cuts = (made.lines, {}) if invoices else offsets.deduct(ctx, payer[:5], benefit, month, made.lines)
    if not made.lines:
        why = "沒有已核定而未發的機構請款" if invoices else "沒有應發而未發的案件"
        raise Refused(f"{roc.show_month(month)}{why}，沒有造冊", "E-PAY-EMPTY")
    run = PaymentRun(
        county_code=payer[:5],
        town_code=payer,
        benefit=benefit,
        run_no=run_no(ctx, benefit, payer, month),
        kind=kind,
        month=month,
        first_month=first,
        last_month=last,
        cutoff_on=cutoff_on,
        value_date=value_date or roc.last_day(month),
        ground=ground,
        previous_id=before,
        replaces_id=replaces_id,
        omitted=[[o.award_id, o.reason] for o in made.omitted],
        made_by_id=ctx.actor.user_id,
        made_at=ctx.now,
    )
    save_run(ctx, run, lines)
    offsets.record(ctx, run, lines, cuts)
    _name_persons(ctx, run, lines)
    return run


def _name_persons(ctx: Context, run: PaymentRun, lines: list[Line]) -> None:
    """Where a household is paid, every line of the register says for whom."""
    if benefit_row(ctx.session, run.benefit).payment_unit == "household":
        with scope.use(scope.SYSTEM):
            payment_persons.add(ctx.session, run, lines)


def save_run(ctx: Context, run: PaymentRun, lines: list[Line], roots: dict[int, tuple[int, int]] | None = None) -> None:
    """Store a fresh run with its lines, inside the caller's transaction."""
    closing.refuse_closed(ctx.session, run.county_code, run.month)
    ctx.session.add(run)
    ctx.session.flush()
    payment_lines.add(ctx.session, run, lines, roots)
    ctx.audit("payment_run.build", run, run_no=run.run_no, lines=run.line_count, total=run.total, hash=run.content_hash)


def run_no(ctx: Context, benefit: str, payer: str, month: int) -> str:
    """The next number of a payer's registers of a benefit and month: `10004-ELA-09803-01`."""
    head = f"{payer}-{benefit_row(ctx.session, benefit).short}-{roc.month5(month)}"
    return f"{head}-{take(ctx.session, 'payment_run ' + head):02d}"


def _previous(ctx: Context, benefit: str, payer: str, month: int) -> int | None:
    """The last regular register of this payer and benefit before `month` that was paid out."""
    return ctx.session.scalar(
        select(PaymentRun.id)
        .where(
            PaymentRun.town_code == payer,
            PaymentRun.benefit == benefit,
            PaymentRun.kind == register.REGULAR,
            PaymentRun.month < month,
            PaymentRun.state.in_(DONE),
        )
        .order_by(PaymentRun.month.desc(), PaymentRun.id.desc())
        .limit(1)
    )


# -- checking ----------------------------------------------------------------------------------------------------------------------------


def _findings(ctx: Context, run: PaymentRun) -> list[checks.Finding]:
    lines = payment_lines.unchanged(ctx.session, run)
    setting = payer_setting(ctx.session, run.benefit, run.town_code)
    with scope.use(scope.SYSTEM):
        given = payment_facts.collect(ctx.session, run, lines, setting)
    return [*checks.check(given), *channel_layouts.findings(ctx.session, run, setting, lines)]


@command("payments.check", roles=CASEWORKERS)
@collector.held_back()
def check_run(ctx: Context, run_id: int, seen_version: int | None = None) -> int:
    """Check the register and write down what was found; ticks stay where the facts are the same. Returns the findings still open."""
    run = ctx.get(PaymentRun, run_id, lock=True)
    ctx.check_version(run, seen_version)
    found = {f.key: f for f in _findings(ctx, run)}
    known = {f.key: f for f in run.findings}
    gone = [f.id for key, f in known.items() if key not in found]
    if gone:
        ctx.session.execute(delete(RunFinding).where(RunFinding.id.in_(gone)).execution_options(synchronize_session=False))
    towns = dict(ctx.session.execute(select(PaymentLine.line_no, PaymentLine.town_code).where(PaymentLine.run_id == run.id)).all())
    fresh = []
    for key, f in found.items():
        if key in known:
            known[key].line_no = f.line_no
            continue
        fresh.append(
            {
                "county_code": run.county_code,
                "town_code": towns.get(f.line_no, run.town_code),
                "benefit": run.benefit,
                "run_id": run.id,
                "line_no": f.line_no,
                "award_id": f.award_id,
                "code": f.code,
                "severity": f.severity,
                "message": f.message,
                "key": key,
            }
        )
    ctx.session.flush()
    bulk.add_rows(ctx.session, RunFinding, fresh)
    ctx.session.expire(run, ["findings"])
    RUN.advance(ctx, run, "check", checked_at=ctx.now)
    return len(open_findings(run))


def open_findings(run: PaymentRun) -> list[RunFinding]:
    """What still stands between this register and its approval: hard findings, and soft ones nobody has confirmed."""
    return [f for f in run.findings if f.severity == checks.HARD or f.acknowledged_at is None]


@command("payments.confirm", roles=CASEWORKERS)
def acknowledge_finding(ctx: Context, finding_id: int, note: str = "") -> RunFinding:
    """Tick a soft finding with one's name. Raises Refused for a hard one."""
    finding = ctx.get(RunFinding, finding_id, lock=True)
    run = ctx.get(PaymentRun, finding.run_id)
    if finding.severity == checks.HARD:
        raise Refused("這一項不可確認放行；請更正案件後重新造冊，或暫緩這一筆", "E-PAY-HARD")
    if run.state != "checked":
        raise Refused("清冊不在檢核階段，不能再確認", "E-MOVE")
    if finding.acknowledged_at is None:
        finding.acknowledged_at, finding.acknowledged_by_id, finding.acknowledged_by = ctx.now, ctx.actor.user_id, ctx.actor.display
        finding.note = note.strip()[:200] or None
        ctx.audit("payment_run.confirm", run, finding=finding.code, line_no=finding.line_no, note=finding.note)
    return finding


@command("payments.confirm", roles=CASEWORKERS)
def acknowledge_sort(ctx: Context, run_id: int, code: str, note: str = "") -> int:
    """Tick all soft findings of one sort with one's name; how many there were. Raises Refused."""
    run = ctx.get(PaymentRun, run_id, lock=True)
    if run.state != "checked":
        raise Refused("清冊不在檢核階段，不能再確認", "E-MOVE")
    won = ctx.session.execute(
        update(RunFinding)
        .where(
            RunFinding.run_id == run_id, RunFinding.code == code, RunFinding.severity == checks.SOFT, RunFinding.acknowledged_at.is_(None)
        )
        .values(
            acknowledged_at=ctx.now,
            acknowledged_by_id=ctx.actor.user_id,
            acknowledged_by=ctx.actor.display,
            note=note.strip()[:200] or None,
        )
        .execution_options(synchronize_session=False)
    )
    ctx.session.expire(run, ["findings"])
    count = int(won.rowcount)  # type: ignore[attr-defined]
    if count:
        ctx.audit("payment_run.confirm", run, finding=code, findings=count, note=note.strip()[:200])
    return count


@command("payments.build", roles=MAKERS)
def withhold_line(ctx: Context, run_id: int, line_no: int, reason: str, seen_version: int | None = None) -> PaymentRun:
    """Take one line out of a register that is not approved yet; its months stay unpaid. The register is frozen and checked anew."""
    return withhold_lines(ctx, run_id, [line_no], reason, seen_version)


@command("payments.build", roles=MAKERS)
def withhold_lines(
    ctx: Context, run_id: int, line_nos: Sequence[int], reason: str, seen_version: int | None = None, adjusting: bool = False
) -> PaymentRun:
    """Take lines out for one reason, like `withhold_line`; others take their place when `adjusting`. Raises Refused when one is not there any more."""
    run = ctx.get(PaymentRun, run_id, lock=True)
    ctx.check_version(run, seen_version)
    numbers = sorted(set(line_nos))
    said = "、".join(map(str, numbers))
    won = ctx.session.execute(
        update(PaymentLine)
        .where(PaymentLine.run_id == run_id, PaymentLine.line_no.in_(numbers), PaymentLine.status == "planned")
        .values(status="withheld", reason=reason.strip()[:200])
        .execution_options(synchronize_session=False)
    )
    if not numbers or won.rowcount != len(numbers):  # type: ignore[attr-defined]
        raise Refused(f"清冊沒有可以暫緩的第 {said} 筆", "E-PAY-LINE")
    ctx.session.execute(
        update(Payment)
        .where(Payment.run_id == run_id, Payment.line_no.in_(numbers))
        .values(live=False)
        .execution_options(synchronize_session=False)
    )
    left = payment_lines.read(ctx.session, run_id)
    if not left and not adjusting:
        raise Refused("不能暫緩清冊的每一筆；整份不發時請取消清冊", "E-PAY-LINE")
    payment_lines.freeze(run, left)
    RUN.advance(
        ctx, run, "withhold", comment=f"第 {said} 筆：{reason.strip()}" if reason.strip() else "", checked_by_id=None, checked_at=None
    )
    return run


@command("payments.build", roles=MAKERS)
def adjust_lines(ctx: Context, run_id: int, changes: Mapping[int, tuple[int, str]], seen_version: int | None = None) -> PaymentRun:
    """Pay lines with another amount: line_no → (NTD, reason). The old line is withheld and a new one pays, to be ticked and approved by others.

    Raises Refused for lines that pay an institution (its invoice is corrected), repeat a return, or keep money back by consent.
    """
    run = ctx.get(PaymentRun, run_id, lock=True)
    lines = {x.line_no: x for x in payment_lines.read(ctx.session, run_id)}
    for no, (amount, reason) in changes.items():
        x = lines.get(no)
        if x is None or not amount > 0 or amount == x.amount or not reason.strip():
            raise Refused(f"第 {no} 筆沒有可以調整的金額，或沒有填寫原因", "E-PAY-LINE")
        if not x.parts or x.payee.channel == "institution" or x.deduction:
            raise Refused(f"第 {no} 筆是重匯、機構請款或有同意扣抵的款項，不能在清冊調整；請更正請款單或同意書後重新造冊", "E-PAY-LINE")
    said = "；".join(f"第 {no} 筆調整為 {amount:,} 元：{reason.strip()}" for no, (amount, reason) in sorted(changes.items()))
    withhold_lines(ctx, run_id, list(changes), said[:500], seen_version, adjusting=True)
    first = 1 + (ctx.session.scalar(select(func.max(PaymentLine.line_no)).where(PaymentLine.run_id == run_id)) or 0)
    made = [work_sheet.adjusted(lines[no], first + n, changes[no][0]) for n, no in enumerate(sorted(changes))]
    payment_lines.add(ctx.session, run, made)
    _name_persons(ctx, run, made)
    payment_lines.freeze(run, payment_lines.read(ctx.session, run_id))
    for no, (_, reason) in changes.items():
        ctx.session.execute(
            update(PaymentLine)
            .where(PaymentLine.run_id == run_id, PaymentLine.line_no == no)
            .values(reason=f"金額調整：{reason.strip()}"[:200])
            .execution_options(synchronize_session=False)
        )
    ctx.session.flush()
    return run


# -- three hands -------------------------------------------------------------------------------------------------------------------------


@command("payments.approve", roles=SUPERVISORS)
@collector.held_back()
def approve_run(ctx: Context, run_id: int, seen_version: int | None = None, comment: str = "") -> PaymentRun:
    """Approve a checked register without open findings; never by its maker."""
    run = ctx.get(PaymentRun, run_id, lock=True)
    ctx.check_version(run, seen_version)
    payment_lines.unchanged(ctx.session, run, parts=False)
    _nothing_open(run)
    funding.split_run(ctx.session, run)
    RUN.advance(ctx, run, "approve", comment, approved_at=ctx.now)
    return run


def _nothing_open(run: PaymentRun) -> None:
    hard = [f for f in run.findings if f.severity == checks.HARD]
    if hard:
        lines = "、".join(str(f.line_no) for f in hard[:10])
        raise Refused(f"還有 {len(hard)} 項不得發放（第 {lines} 筆）；請更正案件後重新造冊，或暫緩這幾筆", "E-PAY-HARD")
    waiting = open_findings(run)
    if waiting:
        raise Refused(f"還有 {len(waiting)} 項待確認；請逐項確認後再核准", "E-PAY-SOFT")


@command("payments.return", roles=(*SUPERVISORS, ACCOUNTANT))
def return_run(ctx: Context, run_id: int, reason: str, seen_version: int | None = None) -> PaymentRun:
    """Send a register back to its maker, with a reason; approval and release are taken back."""
    run = ctx.get(PaymentRun, run_id, lock=True)
    RUN.advance(
        ctx, run, "return", reason, seen_version,
        checked_by_id=None, checked_at=None, approved_by_id=None, approved_at=None, released_by_id=None, released_at=None,
    )  # fmt: skip
    return run


@command("payments.release", roles=(ACCOUNTANT,))
@collector.held_back()
def release_run(ctx: Context, run_id: int, seen_version: int | None = None) -> PaymentRun:
    """Release the money of an approved register, after looking once more at everything that may have happened since the check."""
    run = ctx.get(PaymentRun, run_id, lock=True)
    ctx.check_version(run, seen_version)
    confirmed = {f.key for f in run.findings if f.severity == checks.SOFT and f.acknowledged_at is not None}
    fresh = [f for f in _findings(ctx, run) if f.key not in confirmed]
    if run.state == "approved" and fresh:
        lines = "、".join(f"第 {f.line_no} 筆{checks.TITLES[f.code]}" if f.line_no else checks.TITLES[f.code] for f in fresh[:5])
        raise Refused(f"撥款前再查核，發現 {len(fresh)} 項新的情形（{lines}）；請退回承辦重新檢核", "E-PAY-FRESH")
    if run.state == "approved":
        budgets.refuse_overdraw(ctx, run)
    RUN.advance(ctx, run, "release", released_at=ctx.now)
    return run


@command("payments.build", roles=MAKERS)
def cancel_run(ctx: Context, run_id: int, reason: str, seen_version: int | None = None) -> PaymentRun:
    """Give up a register that has not left; its months are unpaid again."""
    run = ctx.get(PaymentRun, run_id, lock=True)
    RUN.advance(ctx, run, "cancel", reason, seen_version)
    for model, condition, values in (
        (PaymentLine, PaymentLine.status == "planned", {"status": "withheld", "reason": "清冊取消"}),
        (Payment, Payment.live, {"live": False}),
    ):
        statement = update(model).where(model.run_id == run_id, condition).values(**values)
        ctx.session.execute(statement.execution_options(synchronize_session=False))
    return run


@command("payments.build", roles=MAKERS)
def rebuild_run(ctx: Context, run_id: int, reason: str = "案件更正後重新造冊", seen_version: int | None = None) -> PaymentRun:
    """Cancel a register and make it again from the cases as they are now; what was confirmed stays confirmed where nothing changed."""
    old = cancel_run(ctx, run_id, reason, seen_version)
    if old.kind == register.REPAY:
        raise Refused("重匯清冊請取消後，由退匯清單重新產生", "E-PAY-KIND")
    run = build_run(
        ctx, benefit=old.benefit, payer=old.town_code, month=old.month, kind=old.kind, value_date=old.value_date,
        cutoff_on=clock.today() if clock.today() > old.cutoff_on else old.cutoff_on, ground=old.ground, replaces_id=old.id,
    )  # fmt: skip
    for f in old.findings:
        if f.acknowledged_at is not None:
            columns = ("county_code", "town_code", "benefit", "line_no", "award_id", "code", "severity", "message", "key", "note")
            ticks = ("acknowledged_by_id", "acknowledged_by", "acknowledged_at")
            ctx.session.add(RunFinding(run_id=run.id, **{c: getattr(f, c) for c in (*columns, *ticks)}))
    ctx.session.flush()
    return run
