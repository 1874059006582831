"""What follows a returned payment besides paying it again: a task in the case when the code says something about the person, and the
letter that asks for a new account (改匯通知) with its reply slip.
"""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import func, select

from app.core import clock, roc
from app.models.application import Application
from app.models.award import Award
from app.models.case_task import CaseTask
from app.models.payment import PaymentLine
from app.models.payment_run import PaymentRun
from app.models.person import Person
from app.payments import reconcile
from app.printing.documents import Letter, Section, numbered
from app.security import scope
from app.security.roles import COUNTY_OFFICER, TOWN_CLERK

from .base import Context, Refused, command
from .benefit_rows import benefit_row
from .notices.senders import sender_of
from .numbers import take
from .register.tasks import close_tasks, open_tasks, row

SOURCE = "transfer_result"
CHUNK = 500
MANY = 500
"""Letters printed at once."""
SLIP = "改匯帳戶回條"


# -- signs about the person --------------------------------------------------------------------------------------------------------------


def _months(line: PaymentLine) -> str:
    first, last = roc.show_month(line.month_from), roc.show_month(line.month_to)
    return first if first == last else f"{first}至{last}"


def _lines(ctx: Context, run: PaymentRun, numbers: Sequence[int]) -> list[PaymentLine]:
    out: list[PaymentLine] = []
    for start in range(0, len(numbers), CHUNK):
        part = PaymentLine.line_no.in_(numbers[start : start + CHUNK])
        out += ctx.session.scalars(select(PaymentLine).where(PaymentLine.run_id == run.id, part).order_by(PaymentLine.line_no))
    return out


def open_signs(ctx: Context, run: PaymentRun, codes: dict[int, str]) -> int:
    """Open a task in the case of every returned line (number → code) whose code is a sign about the person; how many were opened.

    One task for each line and code, however often the result comes. An institution's account says nothing about the person it cares for.
    """
    signs = {no: action for no, code in codes.items() if (action := reconcile.action_for(code)).doubt}
    with scope.use(scope.SYSTEM):
        lines = [x for x in _lines(ctx, run, sorted(signs)) if x.channel != "institution"]
        cases = _cases(ctx, lines)
    rows = []
    for x in lines:
        award, application = cases[x.award_id]
        action = signs[x.line_no]
        payee = "" if x.payee_person_id == x.person_id else f"（領款人 {x.payee_name}）"
        text = f"{_months(x)}的 {x.amount:,} 元退匯{payee}：{action.title}。{action.action}"
        rows.append(
            row(
                award, f"{x.root_run_id}/{x.root_line_no}/{x.run_id}/{x.line_no}:{action.code}", "returned", source=SOURCE, person_id=x.person_id,
                name=x.name, award_id=award.id, application_id=application, happened_on=x.value_date or clock.today(), facts=text,
                details={"run_no": run.run_no, "line_no": x.line_no, "code": action.code, "month_from": x.month_from, "month_to": x.month_to},
            )
        )  # fmt: skip
    return open_tasks(ctx, rows, SOURCE)


def _cases(ctx: Context, lines: Sequence[PaymentLine]) -> dict[int, tuple[Award, int | None]]:
    """award → (the award's row, the person's newest approved application for the benefit)."""
    out: dict[int, tuple[Award, int | None]] = {}
    wanted = sorted({x.award_id for x in lines})
    for start in range(0, len(wanted), CHUNK):
        awards = list(ctx.session.scalars(select(Award).where(Award.id.in_(wanted[start : start + CHUNK]))))
        people = {a.recipient_id for a in awards}
        newest = {
            (person, benefit): key
            for person, benefit, key in ctx.session.execute(
                select(Application.applicant_id, Application.benefit, func.max(Application.id))
                .where(Application.state == "approved", Application.applicant_id.in_(people))
                .group_by(Application.applicant_id, Application.benefit)
            )
        }
        out |= {a.id: (a, newest.get((a.recipient_id, a.benefit), a.application_id)) for a in awards}
    return out


def close_paid(ctx: Context, run: PaymentRun, numbers: Sequence[int]) -> int:
    """A re-payment that arrived closes the tasks its returned line had opened; how many."""
    chain = [x for x in _lines(ctx, run, numbers) if x.root_run_id != run.id] if run.kind == "repay" else []
    if not chain:
        return 0
    roots = {f"{x.root_run_id}/{x.root_line_no}" for x in chain}
    awards = sorted({x.award_id for x in chain})
    settled = []
    with scope.use(scope.SYSTEM):
        for start in range(0, len(awards), CHUNK):
            of = (CaseTask.source == SOURCE, CaseTask.state == "open", CaseTask.award_id.in_(awards[start : start + CHUNK]))
            settled += [k for k, key in ctx.session.execute(select(CaseTask.id, CaseTask.key).where(*of)) if "/".join(key.split("/")[:2]) in roots]
    return sum(
        close_tasks(ctx, f"重匯已入帳（清冊 {run.run_no}）", CaseTask.id.in_(settled[start : start + CHUNK]), source=SOURCE)
        for start in range(0, len(settled), CHUNK)
    )


# -- the letter --------------------------------------------------------------------------------------------------------------------------


def wants_letter(line: PaymentLine) -> bool:
    """Would a new account help this returned line? The dead are not asked, nor institutions."""
    return line.channel != "institution" and reconcile.action_for(line.return_code or "").letter


@command("payments.return_letters", roles=(TOWN_CLERK, COUNTY_OFFICER))
def change_letters(ctx: Context, line_ids: Sequence[int]) -> tuple[list[Letter], dt.datetime]:
    """The letters of returned lines that ask for a new account, numbered by the office that pays, and the moment they were made.

    Raises Refused when a line is not a return that a new account would help, or the office has not entered its head and word.
    """
    wanted = sorted(set(line_ids))
    if not wanted:
        raise Refused("請先勾選要通知的項目", "E-PAY-RETURN")
    if len(wanted) > MANY:
        raise Refused(f"一次最多列印 {MANY} 份，您選了 {len(wanted)} 份；請分次列印", "E-PAY-RETURN")
    lines = list(ctx.session.scalars(select(PaymentLine).where(PaymentLine.id.in_(wanted)).order_by(PaymentLine.town_code, PaymentLine.id)))
    if len(lines) != len(wanted) or any(x.status != "returned" or not wants_letter(x) for x in lines):
        raise Refused("所選項目中有已結案、不存在或不需更換帳戶的款項，請重新整理清單", "E-PAY-RETURN")
    people = select(Person).join(PaymentLine, PaymentLine.recipient_id == Person.id).where(PaymentLine.id.in_(wanted))
    addresses = {p.id: p.actual_address or p.registered_address or "" for p in ctx.session.scalars(people)}
    if nowhere := sum(not addresses.get(x.recipient_id) for x in lines):
        raise Refused(f"有 {nowhere} 筆沒有地址，無法寄送；請先在案件補登戶籍或居住地址", "E-PAY-RETURN")
    runs = {r.id: r for r in ctx.session.scalars(select(PaymentRun).where(PaymentRun.id.in_({x.run_id for x in lines})))}
    letters = [_letter(ctx, runs[x.run_id], x, addresses[x.recipient_id]) for x in lines]
    ctx.audit("payment_line.letter", (PaymentLine.__tablename__, "*"), lines=wanted, count=len(letters))
    return letters, ctx.now


def _letter(ctx: Context, run: PaymentRun, line: PaymentLine, address: str) -> Letter:
    sender = sender_of(ctx.session, run.town_code)
    year = clock.today().year - roc.EPOCH
    number = f"{sender.word}第{year:03d}{take(ctx.session, f'notice:{sender.town_code}:{year}'):07d}號"
    name = benefit_row(ctx.session, line.benefit).name
    action = reconcile.action_for(line.return_code or "")
    protected = line.return_code in ("24", "25", "26")
    explanation = [
        f"本款項原於{roc.long_date(line.value_date or run.value_date)}匯入臺端指定之帳戶（帳號末四碼 {line.account[-4:]}），經退回，退匯原因：{action.title}。款項尚未發放，俟提供可入帳之帳戶後重新匯入。",
        "請填妥所附回條並簽名或蓋章，檢附新帳戶存摺封面影本，親送或寄回本機關承辦單位（地址、電話如上）。",
        *(["原帳戶經凍結、強制執行或列為警示者，得洽本機關了解開立專戶存入給付之程序；開立後請將專戶填入回條。"] if protected else []),
        "本機關不會以電話或簡訊要求操作自動櫃員機或提供密碼；如有疑問，請依上列電話查證。",
    ]
    return Letter(
        agency=sender.agency, title="改匯通知",
        contact=(f"地址：{sender.address}", f"承辦單位：{sender.unit}", f"電話：{sender.phone}"),
        receiver=f"{line.name} 君", receiver_address=address, date=f"中華民國{roc.long_date(clock.today())}", number=number,
        subject=f"臺端{_months(line)}「{name}」新臺幣 {line.amount:,} 元未能匯入帳戶，請提供新帳戶以便重新匯款，請查照。",
        party=(), sections=(Section("說明", numbered(explanation)),), remedy=(), copies=(f"正本：{line.name} 君",),
        head_title=sender.head_title, head_name=sender.head_name, attachments=SLIP,
        slip_title=f"{sender.agency}　{SLIP}",
        slip=(
            ("通知文號", number), ("清冊及筆次", f"{run.run_no} 第 {line.line_no} 筆"), ("給付項目及月份", f"{name}　{_months(line)}"),
            ("金額", f"新臺幣 {line.amount:,} 元"), ("受補助人姓名", line.name), ("身分證統一編號", ""), ("聯絡電話", ""),
            ("新帳戶戶名", ""), ("郵局", "局號　　　　　　　－　　帳號　　　　　　　－"),
            ("銀行或農漁會", "名稱　　　　　　　　　　分行\n\n帳號"), ("檢附", "□ 存摺封面影本　　□ 身分證明文件影本　　□ 委託書（他人代領時）"),
            ("簽名或蓋章", ""), ("日期", "中華民國　　　　年　　　　月　　　　日"),
        ),
    )  # fmt: skip
