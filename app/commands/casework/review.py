"""初審 by the township, 複審 and 核定 by the county. The rule judges; people confirm, and different ones each time."""

import datetime as dt
from typing import Any

from sqlalchemy import select

from app.commands import awards
from app.commands.base import Context, Refused, command
from app.commands.benefit_rows import benefit_row
from app.commands.lifecycle import Lifecycle
from app.commands.numbers import take
from app.core import clock, roc
from app.core.months import FOREVER
from app.models.application import Application
from app.models.award import NO_CASH, Award
from app.models.decision import Decision
from app.payments.line import Payee
from app.rules.trace import Answer
from app.rules.trace import Decision as Judgement
from app.security import roles

from . import deadlines, exclusions, household_history, local
from .facts import case_facts
from .judge import assess, decide, mark, plain
from .own import own
from .problems import latest_tax_year
from .steps import APPLICATION

RESULTS = ("pass", "fail", "needs_visit")


@command("casework.first_review", roles=roles.TOWNSHIP)
def first_review(
    ctx: Context,
    application_id: int,
    result: str,
    opinion: str,
    visited_on: dt.date | None = None,
    visit_report: str = "",
    seen_version: int | None = None,
) -> None:
    """The township's result (`pass`, `fail`, `needs_visit`) and opinion. Raises Refused, Conflict."""
    application = ctx.get(Application, application_id, lock=True)
    if result not in RESULTS:
        raise Refused("請選擇初審結果", "E-RESULT")
    if visited_on and visited_on > clock.today():
        raise Refused("訪視日期不可晚於今天", "E-DATE")
    if visited_on and not visit_report.strip():
        raise Refused("已訪視的案件請填訪視紀錄", "E-VISIT")
    judged = assess(ctx.session, application, clock.today())
    if result == "pass" and judged is not None and judged.eligible is Answer.NO and not _special(application):
        raise Refused("依試算結果不符合規定，不能送「擬准」；有特殊情形請訪視後敘明，或改送「擬不准」", "E-RESULT")
    ctx.session.flush()
    values = {"first_result": result, "first_opinion": opinion.strip()}
    if visited_on:
        values |= {"visited_on": visited_on, "visit_report": visit_report.strip()}  # type: ignore[dict-item]
    APPLICATION.advance(ctx, application, "first_review", opinion, seen_version, **values)


def _special(application: Application) -> bool:
    return bool(getattr(application, "special_approval", None) or application.visited_on)


@command("casework.forward", roles=roles.TOWNSHIP)
def forward(ctx: Context, application_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Send the reviewed application to the county: to its second review or, where the steps have none, to its decision. Raises Refused, Conflict."""
    application = ctx.get(Application, application_id, lock=True)
    if application.state == "preliminary_reviewed" and application.first_result == "needs_visit":
        raise Refused("初審結果是「需訪視」，請訪視後再登錄初審結果", "E-VISIT")
    if deadlines.asks_visit(application) and application.visited_on is None:
        raise Refused("本項給付須派員訪視，請以「登錄訪視與初審」登錄訪視日期與紀錄後再陳報", "E-VISIT")
    if "second_review" in application.STEPS:
        APPLICATION.advance(ctx, application, "forward", comment, seen_version)
        return
    if reason := APPLICATION.why_not(ctx.actor, application, "forward_to_decide"):
        raise Refused(reason, "E-MOVE")
    ctx.check_version(application, seen_version)
    exclusions.run(ctx, application)
    assess(ctx.session, application, clock.today())
    ctx.session.flush()
    APPLICATION.advance(ctx, application, "forward_to_decide", comment)


@command("casework.second_review", roles=(roles.COUNTY_OFFICER,))
def second_review(ctx: Context, application_id: int, opinion: str, seen_version: int | None = None) -> None:
    """The county's recomputation and opinion; runs the exclusion check across townships. Raises Refused, Conflict."""
    application = ctx.get(Application, application_id, lock=True)
    if reason := APPLICATION.why_not(ctx.actor, application, "second_review"):
        raise Refused(reason, "E-MOVE")
    ctx.check_version(application, seen_version)
    exclusions.run(ctx, application)
    assess(ctx.session, application, clock.today())
    ctx.session.flush()
    APPLICATION.advance(ctx, application, "second_review", opinion, second_opinion=opinion.strip())


@command("casework.return", roles=roles.COUNTY)
def return_to_township(ctx: Context, application_id: int, reason: str, seen_version: int | None = None) -> None:
    """Back to the township, with the reason. Raises Refused, Conflict."""
    application = ctx.get(Application, application_id, lock=True)
    APPLICATION.advance(ctx, application, "return_to_township", reason, seen_version)


def evidence(application: Application, today: dt.date, amount: int | None) -> list[str]:
    """What 核定 of `amount` still lacks: household data, tax data of the right year, the exclusion check, an account (Chinese; empty = nothing)."""
    lacking = []
    if application.household_taken_on is None:
        lacking.append("尚未查調戶籍資料，請登錄查調日期並核對家庭人口")
    need = latest_tax_year(today)
    late = [m.name for m in application.members if m.counted is not False and not m.death and (m.tax_year is None or m.tax_year < need)]
    if "means" in application.SECTIONS and late and getattr(application, "low_income_status", None) not in ("low", "near_low"):
        lacking.append(f"{'、'.join(late)} 缺 {need} 年度財稅資料，請查調後再核定")
    if "account" not in application.SECTIONS:
        return lacking
    if application.exclusions_checked_at is None:
        lacking.append("尚未查核互斥，請先執行互斥查核")
    elif (clock.now() - application.exclusions_checked_at).days > 30:
        lacking.append("互斥查核已超過 30 日，請重新查核")
    if undone := exclusions.unresolved(application):
        names = "、".join(dict.fromkeys(h["name"] for h in undone))
        lacking.append(f"與{names}互斥，尚未擇領或登錄例外；請退回公所請申請人擇領，或登錄例外代碼與理由")
    if amount and application.channel is None:
        lacking.append("有現金給付而沒有撥款帳戶，請退回公所登錄撥款方式與帳戶")
    return lacking


@command("casework.approve", roles=(roles.COUNTY_SUPERVISOR,))
def approve(ctx: Context, application_id: int, comment: str = "", decision_no: str = "", seen_version: int | None = None) -> int:
    """核定: the decision with its facts and trace, and the award (or, for a register, the validity) it puts to work; the decision's id. Raises Refused, Conflict."""
    return grant(ctx, ctx.get(Application, application_id, lock=True), APPLICATION, "approve", comment, decision_no, seen_version)


def grant(
    ctx: Context, application: Application, lifecycle: Lifecycle, move: str, comment: str = "", decision_no: str = "", seen_version: int | None = None
) -> int:
    """What every move that grants does; the decision's id. `lifecycle` has the move and decides who may make it. Raises Refused, Conflict."""
    if reason := lifecycle.why_not(ctx.actor, application, move):
        raise Refused(reason, "E-MOVE")
    ctx.check_version(application, seen_version)
    today = clock.today()
    judged = decide(ctx.session, application, today)
    mark(application.members, judged)
    if lacking := evidence(application, today, judged.amount):
        raise Refused("；".join(lacking), "E-EVIDENCE")
    if judged.eligible is Answer.UNKNOWN:
        open_points = [m.text for m in judged.missing] or [line.question for line in judged.open_questions()]
        raise Refused("還不能核定：" + "；".join(open_points[:4]), "E-UNKNOWN")
    pays = benefit_row(ctx.session, application.benefit).pays
    if judged.eligible is Answer.NO or (pays and (judged.start_month is None or not awards.payable(application.benefit, judged.amount))):
        raise Refused("依規定不符合請領條件，請改為「不予核定」；須經中央同意的特殊案件請先登錄同意文號", "E-NOT-ELIGIBLE")
    if application.purpose == "new":
        local.refuse_second(ctx.session, application.applicant, application.benefit, application.form_asked)
    decision = record(ctx, application, judged, "granted", comment, decision_no)
    span: dict[str, Any] = {"effective_month": decision.start_month, "valid_from": decision.valid_from, "valid_to": decision.valid_to}
    lifecycle.advance(ctx, application, move, comment, decided_at=ctx.now, **span)
    if decided := own(application.benefit, "decided"):
        decided(ctx, application, decision)
    if pays and not application.PAID_ON_CLAIM:
        _put_to_work(ctx, application, decision)
    return decision.id


@command("casework.approve", roles=(roles.COUNTY_SUPERVISOR,))
def reject(ctx: Context, application_id: int, reason: str, decision_no: str = "", seen_version: int | None = None) -> int:
    """不予核定, with reasons; ends the running award when the case had one. The decision's id. Raises Refused, Conflict."""
    application = ctx.get(Application, application_id, lock=True)
    if why := APPLICATION.why_not(ctx.actor, application, "reject"):
        raise Refused(why, "E-MOVE")
    ctx.check_version(application, seen_version)
    judged = decide(ctx.session, application, clock.today())
    mark(application.members, judged)
    if judged.eligible is Answer.YES and not reason.strip():
        raise Refused("試算結果符合規定，不予核定請敘明理由", "E-COMMENT")
    decision = record(ctx, application, judged, "rejected", reason, decision_no)
    APPLICATION.advance(ctx, application, "reject", reason, decided_at=ctx.now)
    if decided := own(application.benefit, "decided"):
        decided(ctx, application, decision)
    award = None if application.PAID_ON_CLAIM else running_award(ctx, application)
    if award is not None:
        month = application.effective_month or roc.month_of(clock.today()) + 1
        awards.end_award(ctx, award.id, from_month=month, reason=f"不符合請領條件（{decision.decision_no}）")
    return decision.id


def record(ctx: Context, application: Application, judged: Judgement, outcome: str, reason: str, decision_no: str) -> Decision:
    """Write the decision; nothing changes it afterwards."""
    granted = outcome == "granted"
    start = judged.start_month if granted else None
    if granted and application.purpose != "new" and application.effective_month:
        start = max(start or 0, application.effective_month)
        if turn := household_history.turned(ctx.session, application, judged):
            start = household_history.first_month(turn, judged.start_month)
            judged = household_history.written(judged, turn, start)
    decision = Decision(
        county_code=application.county_code,
        town_code=application.town_code,
        benefit=application.benefit,
        application_id=application.id,
        decision_no=decision_no.strip() or number(ctx, application),
        outcome=outcome,
        amount=judged.amount if granted else None,
        band=judged.band or None if granted else None,
        start_month=start,
        end_month=last_month(judged) if granted else None,
        valid_from=judged.valid_from if granted else None,
        valid_to=judged.valid_to if granted else None,
        rule_version=judged.rule_version,
        facts=plain(case_facts(application, clock.today())),
        judgement=plain(judged),
        reason=reason.strip() or None,
        exception_code=next((h["exception"] for h in (application.exclusions or {}).get("hits", []) if h["exception"]), None),
        made_by_id=ctx.actor.user_id,
        decided_at=ctx.now,
    )
    ctx.session.add(decision)
    ctx.session.flush()
    ctx.audit("decision.made", decision, outcome=outcome, amount=decision.amount, start_month=decision.start_month)
    return decision


def last_month(judged: Judgement) -> int | None:
    """The last month the rule grants (a child grows too old, another benefit begins); None = no end is known."""
    spans = judged.months.spans
    return None if not spans or spans[-1][1] >= FOREVER else spans[-1][1]


def number(ctx: Context, application: Application) -> str:
    """`府社老字第1150000123號`."""
    year = clock.today().year - roc.EPOCH
    return f"{application.DECISION_WORD}第{year:03d}{take(ctx.session, f'decision:{application.county_code}:{year}'):07d}號"


def running_award(ctx: Context, application: Application) -> Award | None:
    """The award of this person and benefit that is not over."""
    return ctx.session.scalar(
        select(Award).where(
            Award.recipient_id == application.applicant_id, Award.benefit == application.benefit, Award.status != "ended"
        )
    )


def payee(application: Application) -> Payee:
    """Where the money of this application goes. A benefit that asks no account is paid to the institution, by its invoices;
    a status without cash may have none (`evidence` asks for one before cash is granted)."""
    a = application
    if "account" not in a.SECTIONS:
        return Payee("institution", a.applicant.person_id, a.applicant.name)
    return Payee(
        channel=a.channel or NO_CASH,
        person_id=a.payee_person_id or a.applicant.person_id,
        name=a.payee_name or a.applicant.name,
        institution=a.institution or "",
        account=a.account or "",
    )


def _put_to_work(ctx: Context, application: Application, decision: Decision) -> None:
    award = running_award(ctx, application)
    assert decision.amount is not None and decision.start_month is not None
    if award is None:
        awards.create_award(
            ctx,
            application_id=application.id,
            recipient_id=application.applicant_id,
            benefit=application.benefit,
            case_no=application.case_no,
            decision_no=decision.decision_no,
            from_month=decision.start_month,
            amount=decision.amount,
            band=decision.band or "",
            payee=payee(application),
            rule_version=decision.rule_version,
            to_month=decision.end_month,
            household_no=application.case_no if benefit_row(ctx.session, application.benefit).payment_unit == "household" else None,
            every=int(application.form_asked.get("every", 1)),
        )
    elif (award.amount, award.band) != (decision.amount, decision.band or ""):
        awards.change_award(
            ctx, award.id, from_month=decision.start_month, amount=decision.amount, band=decision.band or "",
            reason=f"重新審核（{decision.decision_no}）", rule_version=decision.rule_version,
            payee=payee(application) if award.channel == NO_CASH != application.channel else None,
        )  # fmt: skip
