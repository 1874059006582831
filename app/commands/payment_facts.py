"""What the check before release looks at, collected from the case files for all lines of a run at once."""

import datetime as dt
from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.core import roc
from app.core.months import FOREVER
from app.models.award import Award
from app.models.decision import Change
from app.models.office import County
from app.models.payment import Payment, PaymentLine
from app.models.payment_run import PayerSetting, PaymentRun
from app.models.person import Person
from app.payments.checks import CheckInput, OtherBenefit, PersonFacts
from app.payments.line import Line
from app.rules import exclusions
from app.rules.local_benefit import pairs_on
from app.rules.versions import NoLaw

from . import budgets, offsets, payment_lines, payment_registers
from .benefit_rows import benefit_row
from .local_benefits import definitions_in_force

_EVENTS = {"death", "move_out", "custody", "placement"}


def collect(session: Session, run: PaymentRun, lines: list[Line], setting: PayerSetting) -> CheckInput:
    """Everything the check of this run needs; call under the system's scope, limited by the run itself."""
    found = _case_files(session, run)
    more, sources = payment_registers.look(session, run)
    for key, facts in more.items():
        found[key] = _joined(found.get(key, PersonFacts()), facts)
    for key, others in _other_awards(session, run).items():
        found[key] = _joined(found.get(key, PersonFacts()), PersonFacts(others=tuple(others)))
    once = benefit_row(session, run.benefit).rhythm == "once"
    previous = session.get(PaymentRun, run.previous_id) if run.previous_id else None
    before = payment_lines.read(session, previous.id) if previous else []
    return CheckInput(
        lines=lines,
        month=run.last_month,
        people=found,
        sources=sources,
        previous={x.award_id: x for x in before} if run.kind == "regular" else {},
        previous_total=previous.total if previous and run.kind == "regular" else None,
        paid_elsewhere={} if once else _paid_elsewhere(session, run),
        omitted=[(a, r) for a, r in run.omitted],
        kind=run.kind,
        once=once,
        payer_missing=_payer_missing(lines, setting),
        budget_short=budgets.shortage(session, run),
        deductions=offsets.of_run(session, run),
        adjustments=payment_lines.adjustments(session, run.id),
    )


def _payer_missing(lines: list[Line], setting: PayerSetting) -> str:
    if any(x.payee.channel == "post" for x in lines) and not (setting.post_office.isdigit() and setting.post_account.isdigit()):
        return f"{setting.payer_name}尚未登錄郵局的經辦局號與委存帳號，無法產生郵局媒體檔；請在發放單位設定補登"
    return ""


def _joined(a: PersonFacts, b: PersonFacts) -> PersonFacts:
    """The facts of two sources about one person; the earlier of two dates stands."""
    return PersonFacts(
        died_on=min((d for d in (a.died_on, b.died_on) if d), default=None),
        moved_out_on=min((d for d in (a.moved_out_on, b.moved_out_on) if d), default=None),
        moved_to=a.moved_to or b.moved_to,
        custody=tuple(dict.fromkeys((*a.custody, *b.custody))),
        placement=tuple(dict.fromkeys((*a.placement, *b.placement))),
        others=tuple(dict.fromkeys((*a.others, *b.others))),
        household=a.household or b.household,
    )


def _case_files(session: Session, run: PaymentRun) -> dict[int, PersonFacts]:
    out = {
        key: PersonFacts(died_on=died_on, household=household or "")
        for key, died_on, household in session.execute(
            select(Person.id, Person.died_on, Award.household_no)
            .join(PaymentLine, PaymentLine.recipient_id == Person.id)
            .join(Award, Award.id == PaymentLine.award_id)
            .where(PaymentLine.run_id == run.id)
        )
    }
    counties = dict(session.execute(select(County.code, County.name)).all())
    rows = session.execute(
        select(PaymentLine.recipient_id, Change.kind, Change.happened_on, Change.details)
        .join(Award, Award.id == PaymentLine.award_id)
        .join(Change, Change.application_id == Award.application_id)
        .where(PaymentLine.run_id == run.id, Change.kind.in_(_EVENTS), Change.state != "refused")
    )
    for key, kind, on, details in rows:
        out[key] = _joined(out.get(key, PersonFacts()), _event(kind, on, details or {}, counties))
    return out


def _event(kind: str, on: dt.date, details: dict[str, str], counties: dict[str, str]) -> PersonFacts:
    if kind == "death":
        return PersonFacts(died_on=on)
    if kind == "move_out":
        to = str(details.get("county_code") or "")
        return PersonFacts(moved_out_on=on, moved_to=counties.get(to, to))
    until = roc.parse_date(details["to_date"]) if details.get("to_date") else None
    return PersonFacts(custody=((on, until),)) if kind == "custody" else PersonFacts(placement=((on, until),))


def _other_awards(session: Session, run: PaymentRun) -> dict[int, list[OtherBenefit]]:
    """Other running awards of the same people that the law does not allow beside this one."""
    other = aliased(Award)
    rows = session.execute(
        select(PaymentLine.recipient_id, other.benefit, other.band, other.from_month, other.to_month)
        .join(other, other.recipient_id == PaymentLine.recipient_id)
        .where(PaymentLine.run_id == run.id, other.benefit != run.benefit, other.status == "active", other.amount > 0)
    )
    pairs = {p.counterpart: p for p in _pairs(session, run)}
    out: dict[int, list[OtherBenefit]] = defaultdict(list)
    for key, code, band, first, last in rows:
        if pair := pairs.get(exclusions.drawn_as(code, band, pairs)):
            out[key].append(OtherBenefit(benefit_row(session, code).name, pair.relation, first, last or FOREVER, pair.article_zh))
    return out


def _pairs(session: Session, run: PaymentRun) -> tuple[exclusions.Exclusion, ...]:
    """The pairs of a run's benefit; a local benefit brings those of its definition."""
    on = roc.first_day(run.last_month)
    table = exclusions.pairs_for(run.benefit, on)
    definition = definitions_in_force(session, run.county_code, run.benefit).get(run.benefit)
    try:
        return table if definition is None else pairs_on(definition, definition.on(on), on, table)
    except NoLaw:
        return table


def _paid_elsewhere(session: Session, run: PaymentRun) -> dict[int, str]:
    """Awards whose person is paid the same benefit and month through another award: award → number of that run."""
    mine, theirs = aliased(Payment), aliased(Payment)
    rows = session.execute(
        select(mine.award_id, PaymentRun.run_no)
        .join(
            theirs,
            (theirs.recipient_id == mine.recipient_id)
            & (theirs.benefit == mine.benefit)
            & (theirs.month == mine.month)
            & (theirs.award_id != mine.award_id),
        )
        .join(PaymentRun, PaymentRun.id == theirs.run_id)
        .where(mine.run_id == run.id, mine.live, theirs.live)
    )
    return dict(rows.all())
