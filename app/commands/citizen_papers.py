"""What the officer prints for a citizen about his or her own payments: notice, yearly statement, proof, certificate for a protected account.

Every paper speaks of one person alone: never of other members, payees or accounts beyond the last four digits.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.core import clock, roc
from app.models.award import Award
from app.models.overpayment import Overpayment, Repayment
from app.models.payment import Payment, PaymentLine
from app.models.payment_run import PaymentRun
from app.models.person import Person
from app.payments.amount_words import in_words
from app.printing.documents import Letter, Section, numbered
from app.security import scope
from app.security.roles import CASEWORKERS

from .base import Context, Refused, command
from .benefit_rows import benefit_row
from .notices.senders import sender_of
from .numbers import take

PAPERS = {"notice": "發放通知", "statement": "年度給付明細", "proof": "領取給付證明", "protected": "專戶證明"}
SENT = ("filed", "credited")
MANY = 500
"""Notices printed at once."""


@dataclass(frozen=True)
class Ground:
    """The article that lets a benefit's receiver keep a protected account, since a day."""

    benefit: str
    article: str
    since: dt.date


PROTECTED = (
    Ground("low_income_living_assistance", "社會救助法第44條之2", dt.date.min),
    Ground("elderly_living_allowance", "中低收入老人生活津貼發給辦法第8條", dt.date(2022, 1, 1)),
)


def _way(line: PaymentLine) -> str:
    if line.channel == "cash":
        return "現金領取"
    if line.channel == "institution":
        return "撥付照顧機構"
    return f"匯入帳戶（末四碼 {line.account[-4:]}）"


def _months(line: PaymentLine) -> str:
    first, last = roc.show_month(line.month_from), roc.show_month(line.month_to)
    return first if first == last else f"{first}至{last}"


def _day(line: PaymentLine) -> dt.date:
    """The day a line's money arrived: as the bank says, else as it was recorded."""
    if line.value_date is not None:
        return line.value_date
    assert line.result_at is not None, "a credited line has its result"
    return clock.to_taipei(line.result_at).date()


def _paid(session: Session, person: Person) -> list[tuple[PaymentLine, dt.date]]:
    """The person's own lines whose money arrived, with the day it did, oldest first."""
    mine = select(PaymentLine).where(PaymentLine.recipient_id == person.id, PaymentLine.status == "credited")
    return [(x, _day(x)) for x in session.scalars(mine.order_by(PaymentLine.month_from, PaymentLine.id))]


def _office(ctx: Context, person: Person) -> str:
    return ctx.actor.scope.town_code or person.county_code


def _letter(ctx: Context, person: Person, title: str, subject: str, explanation: Sequence[str], *, certificate: bool, **more: object) -> Letter:
    sender = sender_of(ctx.session, _office(ctx, person))
    year = clock.today().year - roc.EPOCH
    number = f"{sender.word}第{year:03d}{take(ctx.session, f'notice:{sender.town_code}:{year}'):07d}號"
    who = (
        ("姓名", person.name, False), ("身分證統一編號", person.person_id, False), ("住址", person.registered_address or person.actual_address or "", True),
    )  # fmt: skip
    return Letter(
        agency=sender.agency, title=title, contact=(f"地址：{sender.address}", f"承辦單位：{sender.unit}", f"電話：{sender.phone}"),
        receiver=f"{person.name} 君", receiver_address=person.actual_address or person.registered_address or "",
        date=f"中華民國{roc.long_date(clock.today())}", number=number, subject=subject, party=who if certificate else (),
        sections=(Section("說明", numbered([e for e in explanation if e])),), remedy=(), copies=() if certificate else (f"正本：{person.name} 君",),
        head_title=sender.head_title, head_name=sender.head_name, certificate=certificate, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def _lines(ctx: Context, rows: Sequence[tuple[PaymentLine, dt.date]]) -> list[tuple[str, ...]]:
    return [(benefit_row(ctx.session, x.benefit).name, _months(x), roc.long_date(day), _way(x), f"{x.amount:,}") for x, day in rows]


def _table(body: Sequence[tuple[str, ...]], total: int) -> tuple[tuple[str, ...], ...]:
    return (("給付項目", "給付月份", "入帳日期", "方式", "金額（元）"), *body, ("合計", "", "", "", f"{total:,}"))


# -- one person --------------------------------------------------------------------------------------------------------------------------


@command("papers.print", roles=CASEWORKERS)
def statement(ctx: Context, person_id: int, year: int) -> tuple[Letter, dt.datetime]:
    """What was credited to the person in a ROC year, by benefit, and what he or she paid back. Raises Refused when nothing was."""
    person = ctx.get(Person, person_id)
    rows = [(x, day) for x, day in _paid(ctx.session, person) if day.year - roc.EPOCH == year]
    back = ctx.session.scalar(
        select(func.sum(Repayment.amount))
        .join(Overpayment, Overpayment.id == Repayment.overpayment_id)
        .where(
            Overpayment.county_code == person.county_code, Overpayment.person_id == person.person_id,
            Repayment.received_on.between(dt.date(year + roc.EPOCH, 1, 1), dt.date(year + roc.EPOCH, 12, 31)),
        )
    )  # fmt: skip
    if not rows and not back:
        raise Refused(f"{year} 年度沒有入帳的給付", "E-PAPER-NONE")
    total = sum(x.amount for x, _ in rows)
    sums: dict[str, int] = {}
    for x, _ in rows:
        sums[x.benefit] = sums.get(x.benefit, 0) + x.amount
    said = "；".join(f"{benefit_row(ctx.session, code).name} {amount:,} 元" for code, amount in sums.items())
    made = _letter(
        ctx, person, f"{year} 年度給付明細", f"臺端 {year} 年度經本機關發放入帳之給付合計新臺幣 {total:,} 元，明細如下表，請查照。",
        (f"各項合計：{said}。" if said else "", f"本年度繳還溢領款 {back:,} 元，未由上列金額扣除。" if back else "", "本明細以入帳日期計列年度；退匯而未重匯入帳者不計入。"),
        certificate=False, members=_table(_lines(ctx, rows), total),
    )  # fmt: skip
    ctx.audit("person.paper", person, paper="statement", year=year)
    return made, ctx.now


@command("papers.print", roles=CASEWORKERS)
def proof(ctx: Context, person_id: int, first: int, last: int) -> tuple[Letter, dt.datetime]:
    """That the person was paid for the months `first` to `last`, from what arrived. Raises Refused when nothing did."""
    person = ctx.get(Person, person_id)
    rows = ctx.session.execute(
        select(Payment.benefit, Payment.month, Payment.amount, PaymentLine)
        .join(
            PaymentLine,
            and_(PaymentLine.root_run_id == Payment.run_id, PaymentLine.root_line_no == Payment.line_no, PaymentLine.status == "credited"),
        )
        .where(Payment.recipient_id == person.id, Payment.live, Payment.month.between(first, last))
        .order_by(Payment.month, Payment.benefit, Payment.id)
    ).all()
    if not rows:
        raise Refused(f"{roc.show_month(first)}至{roc.show_month(last)}沒有入帳的給付，不能開立證明", "E-PAPER-NONE")
    total = sum(r.amount for r in rows)
    body = [
        (benefit_row(ctx.session, benefit).name, roc.show_month(month), roc.long_date(_day(x)), _way(x), f"{amount:,}")
        for benefit, month, amount, x in rows
    ]
    made = _letter(
        ctx, person, PAPERS["proof"], f"茲證明{person.name}君經本機關發放下列給付，合計{in_words(total)}。",
        ("金額以實際入帳者為準。", "本證明僅供證明給付之領取，不得作為資格認定之依據。"), certificate=True, members=_table(body, total),
    )  # fmt: skip
    ctx.audit("person.paper", person, paper="proof", first=first, last=last)
    return made, ctx.now


@command("papers.print", roles=CASEWORKERS)
def protected(ctx: Context, person_id: int, benefit: str) -> tuple[Letter, dt.datetime]:
    """That the person receives a benefit and may open a protected account for it. Raises Refused where the law has none, or nothing runs."""
    person, today = ctx.get(Person, person_id), clock.today()
    ground = next((g for g in PROTECTED if g.benefit == benefit and g.since <= today), None)
    name = benefit_row(ctx.session, benefit).name
    if ground is None:
        raise Refused(f"「{name}」沒有登載開立專戶的法令依據，不能核發專戶證明", "E-PAPER-LAW")
    award = ctx.session.scalar(select(Award).where(Award.recipient_id == person.id, Award.benefit == benefit, Award.status == "active"))
    if award is None:
        raise Refused(f"目前沒有發放中的「{name}」，不能核發專戶證明", "E-PAPER-NONE")
    made = _letter(
        ctx, person, PAPERS["protected"], f"茲證明{person.name}君自{roc.show_month(award.from_month)}起領有{name}，得檢具本證明於金融機構開立專戶。",
        (
            f"依據：{ground.article}。", f"核定文號：{award.decision_no}。",
            "專戶專供存入本項給付之用；專戶內之存款，不得作為抵銷、扣押、供擔保或強制執行之標的。",
            "開立後請將專戶之存摺封面影本送交本機關承辦單位，以便變更入帳帳戶。",
        ),
        certificate=True,
    )  # fmt: skip
    ctx.audit("person.paper", person, paper="protected", benefit=benefit)
    return made, ctx.now


# -- notices of a register ---------------------------------------------------------------------------------------------------------------


@command("papers.print", roles=CASEWORKERS)
def notices(ctx: Context, run_id: int, town_code: str = "", person_id: int | None = None) -> tuple[list[Letter], dt.datetime]:
    """The payment notices of a register whose files were written: of one person, of one township, or of all within reach. Raises Refused."""
    wanted = select(PaymentLine).where(PaymentLine.run_id == run_id, PaymentLine.status.in_(SENT), PaymentLine.channel != "institution")
    wanted = wanted.order_by(PaymentLine.town_code, PaymentLine.line_no)
    if town_code:
        wanted = wanted.where(PaymentLine.town_code == town_code)
    if person_id is not None:
        wanted = wanted.where(PaymentLine.recipient_id == person_id)
    found = list(ctx.session.scalars(wanted.limit(MANY + 1)))
    if not found:
        raise Refused("這份清冊沒有可通知的款項；清冊送出後才能印發放通知", "E-PAPER-NONE")
    if len(found) > MANY:
        raise Refused(f"一次最多列印 {MANY} 份，請分鄉鎮市列印", "E-PAPER-MANY")
    people = {p.id: p for p in ctx.session.scalars(select(Person).where(Person.id.in_({x.recipient_id for x in found})))}
    with scope.use(scope.SYSTEM):  # the lines are within reach; a register of the county's is not the township's, but its day of payment is no secret
        planned = ctx.session.scalars(select(PaymentRun.value_date).where(PaymentRun.id == run_id)).one()
    made = [_notice(ctx, x, x.value_date or planned, people[x.recipient_id]) for x in found if x.recipient_id in people]
    ctx.audit("payment_run.notices", (PaymentRun.__tablename__, run_id), count=len(made))
    return made, ctx.now


def registers(session: Session, ids: Sequence[int]) -> Sequence[PaymentRun]:
    """The registers of lines within reach, newest first: number, benefit and month, which are no secret."""
    with scope.use(scope.SYSTEM):
        return session.scalars(select(PaymentRun).where(PaymentRun.id.in_(ids)).order_by(PaymentRun.id.desc())).all()


def _notice(ctx: Context, line: PaymentLine, day: dt.date, person: Person) -> Letter:
    name = benefit_row(ctx.session, line.benefit).name
    how = "請攜帶身分證明文件與印章，依通知之時間地點領取現金。" if line.channel == "cash" else f"款項{_way(line)}，入帳日期 {roc.long_date(day)}。"
    return _letter(
        ctx, person, PAPERS["notice"], f"臺端{_months(line)}「{name}」新臺幣 {line.amount:,} 元已辦理發放，請查照。",
        (
            how, "未入帳時，請洽本機關承辦單位查詢；帳戶有變動請儘速通知。",
            "戶籍遷出、死亡、入住機構或領取其他給付等情形變更時，應主動通知戶籍所在地公所，溢領之款項應繳還。",
            "本機關不會以電話或簡訊要求操作自動櫃員機或提供密碼。",
        ),
        certificate=False,
    )  # fmt: skip
