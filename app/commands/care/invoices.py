"""Monthly invoices: made from the contracts of the month, computed by days, adjusted with a reason, confirmed and approved by others.

What a line pays is the least of what the days are worth, what the institution asks, and what the person's month has left. An invoice
after the first of its month (`seq` 1, 2, …) holds only what is due beyond what was approved before: nothing is ever approved twice.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.commands.base import Context, Refused, command
from app.commands.lifecycle import Lifecycle, Move
from app.core import clock, money, roc
from app.models.award import Award
from app.models.care_institution import CareContract, CareInstitution
from app.models.care_invoice import STATES, CareInvoice, CareInvoiceLine
from app.rules.care_days import within_month
from app.security.roles import COUNTY, COUNTY_OFFICER, COUNTY_SUPERVISOR

from . import stays
from .stays import Stay

INVOICE = Lifecycle(
    CareInvoice,
    STATES,
    (
        Move("check", _l("Check the invoice"), ("entered", "checked"), "checked", "care.invoice", by="checked_by_id", style="primary"),
        Move("change", _l("Change the invoice"), ("entered", "checked"), "entered", "care.invoice"),
        Move(
            "approve", _l("Approve the invoice"), ("checked",), "approved", "care.approve",
            by="approved_by_id", differs_from=("entered_by_id",), style="primary",
        ),
        Move("return", _l("Return the invoice"), ("checked",), "entered", "care.approve", needs_comment=True),
        Move("cancel", _l("Cancel the invoice"), ("entered", "checked"), "cancelled", "care.invoice", needs_comment=True, style="danger"),
    ),
)  # fmt: skip
OPEN = ("entered", "checked")


# -- making ------------------------------------------------------------------------------------------------------------------------------


@command("care.invoice", roles=(COUNTY_OFFICER,))
def create_invoice(
    ctx: Context,
    *,
    institution_id: int,
    month: int,
    invoice_no: str = "",
    claimed_count: int | None = None,
    claimed_total: int | None = None,
) -> int:
    """The invoice of a month from the contracts of the month; its key. After an approved one: what is due beyond it.

    Raises Refused: a month to come, an invoice still open, nobody there, nothing due beyond what was approved.
    """
    institution = ctx.get(CareInstitution, institution_id, lock=True)
    if roc.first_day(month) > clock.today():
        raise Refused(f"{roc.show_month(month)}還沒有到，不能建立請款單", "E-CARE-MONTH")
    if (claimed_total is not None and claimed_total < 0) or (claimed_count is not None and claimed_count < 0):
        raise Refused("請領人數與金額不可為負數", "E-CARE-TOTAL")
    others = ctx.session.scalars(
        select(CareInvoice).where(
            CareInvoice.institution_id == institution.id, CareInvoice.month == month, CareInvoice.state != "cancelled"
        )
    ).all()
    if any(i.state in OPEN for i in others):
        raise Refused(f"{institution.name}{roc.show_month(month)}已有未核定的請款單，請接續辦理", "E-CARE-INVOICE")
    contracts = stays.in_month(ctx.session, institution.id, month)
    if not contracts:
        raise Refused(f"{institution.name}在{roc.show_month(month)}沒有簽約個案；請先登錄契約", "E-CARE-EMPTY")
    invoice = CareInvoice(
        county_code=institution.county_code, institution_id=institution.id, month=month, seq=len(others),
        invoice_no=invoice_no.strip()[:40] or None, claimed_count=claimed_count, claimed_total=claimed_total,
        entered_by_id=ctx.actor.user_id, created_by_id=ctx.actor.user_id, changed_by_id=ctx.actor.user_id,
    )  # fmt: skip
    before = _lines_before(ctx.session, institution.id, month)
    lines = [_line(c, month, before.get(c.id)) for c in contracts]
    fill_lines(ctx.session, lines, month)
    if invoice.seq:
        lines = [x for x in lines if x.computed]
        if not lines:
            raise Refused(f"{roc.show_month(month)}已核定的請款單之外沒有應補發的金額", "E-CARE-EMPTY")
    for no, line in enumerate(lines, 1):
        line.line_no = no
    invoice.lines = lines
    _sum(invoice)
    ctx.session.add(invoice)
    ctx.session.flush()
    licensed = institution.tax_no
    ctx.audit("care_invoice.enter", invoice, institution=licensed, month=roc.month5(month), lines=invoice.line_count, total=invoice.total)
    return invoice.id


def _lines_before(session: Session, institution_id: int, month: int) -> dict[int, CareInvoiceLine]:
    """The last approved line of each contract for the month."""
    rows = session.scalars(
        select(CareInvoiceLine)
        .join(CareInvoice, CareInvoice.id == CareInvoiceLine.invoice_id)
        .where(CareInvoice.institution_id == institution_id, CareInvoice.month == month, CareInvoice.state == "approved")
        .order_by(CareInvoice.seq)
    )
    return {x.contract_id: x for x in rows}


def _line(c: CareContract, month: int, before: CareInvoiceLine | None) -> CareInvoiceLine:
    """A fresh line; where less than computed was approved on purpose before, nothing more is paid until somebody says what is asked."""
    settled = before is not None and before.amount < before.computed
    return CareInvoiceLine(
        county_code=c.county_code, town_code=c.town_code, line_no=0, contract_id=c.id, recipient_id=c.recipient_id, month=month,
        service=c.service, fee=before.fee if before else c.fee, claimed=0 if settled else None, computed=0, amount=0,
    )  # fmt: skip


# -- computing ---------------------------------------------------------------------------------------------------------------------------


def compute(session: Session, invoice: CareInvoice) -> None:
    """Compute every line anew from the contracts, decisions and absences as they are now; what was adjusted stays adjusted."""
    fill_lines(session, invoice.lines, invoice.month, invoice.id)
    _sum(invoice)
    session.flush()


def fill_lines(session: Session, lines: Sequence[CareInvoiceLine], month: int, invoice_id: int = 0) -> None:
    """Compute lines of a month, which stand on one invoice (0 = not stored yet)."""
    people = {x.recipient_id for x in lines}
    found = stays.of_people(session, people, month, {x.contract_id: x.fee for x in lines})
    own, whole = _approved(session, month, people, invoice_id)
    values: dict[int, list[int]] = defaultdict(list)
    for each in found.values():
        values[each.contract.recipient_id].extend(each.worth.values())
    here: dict[int, int] = defaultdict(int)
    for line in lines:
        stay = found.get(line.contract_id)
        if stay is None:
            line.computed = line.amount = 0
            line.problem = "契約已不含這個月，請更正契約或取消請款單"
            continue
        _fill(line, stay, own.get(line.contract_id, 0), whole.get(line.recipient_id, 0) + here[line.recipient_id], values[line.recipient_id])
        here[line.recipient_id] += line.amount


def _sum(invoice: CareInvoice) -> None:
    invoice.line_count, invoice.total = len(invoice.lines), sum(x.amount for x in invoice.lines)


def _approved(session: Session, month: int, people: Collection[int], but: int) -> tuple[dict[int, int], dict[int, int]]:
    """What other invoices approved for the month: by contract, and by person over all institutions (NTD)."""
    rows = session.execute(
        select(CareInvoiceLine.contract_id, CareInvoiceLine.recipient_id, func.sum(CareInvoiceLine.amount))
        .join(CareInvoice, CareInvoice.id == CareInvoiceLine.invoice_id)
        .where(
            CareInvoice.state == "approved",
            CareInvoiceLine.month == month,
            CareInvoiceLine.recipient_id.in_(people),
            CareInvoice.id != but,
        )
        .group_by(CareInvoiceLine.contract_id, CareInvoiceLine.recipient_id)
    )
    own: dict[int, int] = {}
    whole: dict[int, int] = defaultdict(int)
    for contract_id, person, amount in rows:
        own[contract_id] = int(amount)
        whole[person] += int(amount)
    return own, whole


def _fill(line: CareInvoiceLine, stay: Stay, own: int, already: int, values: list[int]) -> None:
    due = stay.due(line.month)
    line.award_id, line.rate = stay.award_id, stay.rate
    line.days, line.absent, line.deducted = due.days, len(stay.absent), due.deducted
    limit = within_month(due.amount - own, values, already)
    line.computed, line.problem = limit, stay.problem or None
    said = [stay.problem or stays.explain(stay, line.month, line.fee)]
    if own:
        said.append(f"本月已核定 {money.show(own)} 元，補發差額 {money.show(max(0, due.amount - own))} 元")
        if due.amount < own:
            said.append(f"已核定超過應發 {money.show(own - due.amount)} 元，請辦理追繳")
    if limit < max(0, due.amount - own):
        said.append(f"此人本月其他請款已核 {money.show(already)} 元，合計以一個月為限，本筆發 {money.show(limit)} 元")
    if line.claimed is not None and line.claimed != limit:
        paid = min(limit, line.claimed)
        said.append(f"機構請領 {money.show(line.claimed)} 元，發給 {money.show(paid)} 元")
    if line.adjust_reason is None:
        line.amount = limit if line.claimed is None else min(limit, line.claimed)
    else:
        most = within_month(max(values, default=0), values, already)
        if line.amount > most:
            line.problem = f"調整後金額超過此人本月可發的 {money.show(most)} 元，請重新調整"
        said.append(f"調整為 {money.show(line.amount)} 元：{line.adjust_reason}")
    line.note = "；".join(said)[:400]


# -- changing a line ---------------------------------------------------------------------------------------------------------------------


def _open_line(ctx: Context, invoice_id: int, line_no: int, seen_version: int | None) -> tuple[CareInvoice, CareInvoiceLine]:
    invoice = ctx.get(CareInvoice, invoice_id, lock=True)
    ctx.check_version(invoice, seen_version)
    if invoice.state not in OPEN:
        raise Refused("請款單已核定或取消，不能再修改；補發請另建補正請款單", "E-CARE-CLOSED")
    line = next((x for x in invoice.lines if x.line_no == line_no), None)
    if line is None:
        raise Refused(f"請款單沒有第 {line_no} 筆", "E-CARE-LINE")
    return invoice, line


@command("care.invoice", roles=(COUNTY_OFFICER,))
def change_line(
    ctx: Context, invoice_id: int, line_no: int, *, fee: int | None, claimed: int | None, seen_version: int | None = None
) -> CareInvoiceLine:
    """The fee the institution really charged for the month, and what it asks of the county. Raises Refused, Conflict."""
    invoice, line = _open_line(ctx, invoice_id, line_no, seen_version)
    if fee is None or fee <= 0:
        raise Refused("每月收費須大於 0 元", "E-CARE-FEE")
    if claimed is not None and claimed < 0:
        raise Refused("請領金額不可為負數", "E-CARE-FEE")
    line.fee, line.claimed = fee, claimed
    _again(ctx, invoice)
    ctx.audit("care_invoice.line", invoice, line_no=line_no, fee=fee, claimed=claimed, amount=line.amount)
    return line


@command("care.invoice", roles=(COUNTY_OFFICER,))
def adjust_line(
    ctx: Context, invoice_id: int, line_no: int, amount: int | None, reason: str, seen_version: int | None = None
) -> CareInvoiceLine:
    """Pay another amount than computed, with the reason; somebody else must confirm it. Without an amount the adjustment is taken back."""
    invoice, line = _open_line(ctx, invoice_id, line_no, seen_version)
    line.confirmed_by_id = line.confirmed_at = None
    if amount is None:
        line.amount = min(line.amount, line.computed)
        line.adjust_reason = line.adjusted_by_id = None
    else:
        if amount < 0:
            raise Refused("調整後金額不可為負數；整筆不發請填 0", "E-CARE-FEE")
        if not reason.strip():
            raise Refused("請填寫調整的理由", "E-COMMENT")
        if line.award_id is None and amount:
            raise Refused("此人尚未核定托育養護補助，不能調整為有金額", "E-CARE-LINE")
        line.amount, line.adjust_reason, line.adjusted_by_id = amount, reason.strip()[:200], ctx.actor.user_id
    _again(ctx, invoice)
    if amount is not None and line.problem:
        raise Refused(line.problem, "E-CARE-LIMIT")
    ctx.audit("care_invoice.adjust", invoice, line_no=line_no, computed=line.computed, amount=line.amount, reason=line.adjust_reason)
    return line


@command("care.confirm", roles=COUNTY)
def confirm_line(ctx: Context, invoice_id: int, line_no: int, seen_version: int | None = None) -> CareInvoiceLine:
    """A second person agrees to an adjustment. Raises Refused for the person who made it."""
    invoice, line = _open_line(ctx, invoice_id, line_no, seen_version)
    if line.adjust_reason is None:
        raise Refused("這一筆沒有調整，不必確認", "E-CARE-LINE")
    if line.adjusted_by_id == ctx.actor.user_id:
        raise Refused("同一人不可以同時經手與審核，請由另一位同仁確認調整", "E-MOVE")
    line.confirmed_by_id, line.confirmed_at = ctx.actor.user_id, ctx.now
    ctx.session.flush()
    ctx.audit("care_invoice.confirm", invoice, line_no=line_no, amount=line.amount)
    return line


def _again(ctx: Context, invoice: CareInvoice) -> None:
    """Compute, and the check has to be made again."""
    compute(ctx.session, invoice)
    if invoice.state == "checked":
        INVOICE.advance(ctx, invoice, "change", checked_by_id=None, checked_at=None)
    invoice.changed_by_id, invoice.changed_at = ctx.actor.user_id, ctx.now
    ctx.session.flush()


# -- checking and approving --------------------------------------------------------------------------------------------------------------


def problems(invoice: CareInvoice) -> list[str]:
    """What stands between an invoice and its approval (Chinese sentences; empty = nothing)."""
    out = [f"第 {x.line_no} 筆：{x.problem}" for x in invoice.lines if x.problem]
    if invoice.claimed_count is not None and invoice.claimed_count != len(invoice.lines):
        out.append(f"機構請領 {invoice.claimed_count} 人，請款單 {len(invoice.lines)} 筆，請核對名單")
    claimed = [x.claimed for x in invoice.lines]
    if invoice.claimed_total is not None and any(c is not None for c in claimed):
        total = sum(c or 0 for c in claimed)
        if total != invoice.claimed_total:
            out.append(f"各筆請領合計 {money.show(total)} 元，與機構請領總額 {money.show(invoice.claimed_total)} 元不符，請核對")
    out += [f"第 {x.line_no} 筆：調整尚待另一位同仁確認" for x in invoice.lines if x.adjust_reason and x.confirmed_by_id is None]
    return out


@command("care.invoice", roles=(COUNTY_OFFICER,))
def check_invoice(ctx: Context, invoice_id: int, seen_version: int | None = None) -> list[str]:
    """Compute everything anew and look at the totals; the invoice is checked when nothing stands in the way. Returns what does."""
    invoice = ctx.get(CareInvoice, invoice_id, lock=True)
    ctx.check_version(invoice, seen_version)
    if why := INVOICE.why_not(ctx.actor, invoice, "check"):
        raise Refused(why, "E-MOVE")
    compute(ctx.session, invoice)
    found = problems(invoice)
    if found:
        _again(ctx, invoice)
        ctx.audit("care_invoice.problems", invoice, problems=len(found))
    else:
        ctx.session.flush()
        INVOICE.advance(ctx, invoice, "check", checked_at=ctx.now)
    return found


@command("care.approve", roles=(COUNTY_SUPERVISOR,))
def approve_invoice(ctx: Context, invoice_id: int, comment: str = "", seen_version: int | None = None) -> CareInvoice:
    """Approve a checked invoice, after computing it once more; its lines go into the next payment register. Never by who entered it."""
    invoice = ctx.get(CareInvoice, invoice_id, lock=True)
    ctx.check_version(invoice, seen_version)
    if why := INVOICE.why_not(ctx.actor, invoice, "approve"):
        raise Refused(why, "E-MOVE")
    # two institutions of one person are approved one after the other
    ids = sorted({x.award_id for x in invoice.lines if x.award_id})
    ctx.session.execute(select(Award.id).where(Award.id.in_(ids)).order_by(Award.id).with_for_update())
    before = [(x.line_no, x.amount) for x in invoice.lines]
    compute(ctx.session, invoice)
    if [(x.line_no, x.amount) for x in invoice.lines] != before or problems(invoice):
        raise Refused("核定前重新計算，金額或檢核結果與檢核時不同（契約、請假或核定有異動）；請退回承辦重新檢核", "E-CARE-FRESH")
    _number(ctx, invoice)
    INVOICE.advance(ctx, invoice, "approve", comment, approved_at=ctx.now)
    return invoice


def _number(ctx: Context, invoice: CareInvoice) -> None:
    """Give every line that pays its number within the award's month."""
    paying = [x for x in invoice.lines if x.amount]
    rows = ctx.session.execute(
        select(CareInvoiceLine.award_id, func.max(CareInvoiceLine.seq))
        .where(CareInvoiceLine.month == invoice.month, CareInvoiceLine.award_id.in_([x.award_id for x in paying]))
        .group_by(CareInvoiceLine.award_id)
    )
    last = {award: -1 if seq is None else seq for award, seq in rows}
    for line in paying:
        assert line.award_id is not None
        last[line.award_id] = line.seq = last.get(line.award_id, -1) + 1
    ctx.session.flush()


@command("care.approve", roles=(COUNTY_SUPERVISOR,))
def return_invoice(ctx: Context, invoice_id: int, reason: str, seen_version: int | None = None) -> None:
    """Back to the officer, with the reason."""
    invoice = ctx.get(CareInvoice, invoice_id, lock=True)
    INVOICE.advance(ctx, invoice, "return", reason, seen_version, checked_by_id=None, checked_at=None)


@command("care.invoice", roles=(COUNTY_OFFICER,))
def cancel_invoice(ctx: Context, invoice_id: int, reason: str, seen_version: int | None = None) -> None:
    """Give an invoice up that was not approved; it can be made again."""
    invoice = ctx.get(CareInvoice, invoice_id, lock=True)
    INVOICE.advance(ctx, invoice, "cancel", reason, seen_version)


def due_months(session: Session, award: Award, months: Iterable[int]) -> dict[int, int]:
    """What an award is due by days for these months as known today, over all its institutions (NTD).

    A month two people adjusted is due as they approved it; the fee is the one that was invoiced.
    """
    approved: dict[int, list[CareInvoiceLine]] = defaultdict(list)
    for line in session.scalars(
        select(CareInvoiceLine)
        .join(CareInvoice, CareInvoice.id == CareInvoiceLine.invoice_id)
        .where(CareInvoice.state == "approved", CareInvoiceLine.award_id == award.id, CareInvoiceLine.month.in_(list(months)))
        .order_by(CareInvoice.seq)
    ):
        approved[line.month].append(line)
    out = {}
    for month, lines in approved.items():
        found = stays.of_people(session, [award.recipient_id], month, {x.contract_id: x.fee for x in lines})
        values = [v for s in found.values() for v in s.worth.values()]
        due = within_month(sum(s.due(month).amount for s in found.values()), values, 0)
        out[month] = max(due, sum(x.amount for x in lines)) if any(x.adjust_reason for x in lines) else due
    return out
