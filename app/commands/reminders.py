"""Reminders by e-mail about files still to be delivered and doubts still to be answered: to the people of each county, when a mail server is
set.

A message holds kinds, months, days and numbers; no personal data.
"""

import smtplib
import ssl
from collections.abc import Iterable
from email.message import EmailMessage
from typing import Final

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import roc
from app.exchange import codes
from app.models.office import Office
from app.models.user import User
from app.security import roles

from . import doubt_clock
from .calendar import LATE, RETURNED, WORDING, Cell, counties_at, outstanding

TIMEOUT: Final = 20


def configured() -> bool:
    """Is there a mail server?"""
    return bool(current_app.config.get("SMTP_HOST")) and current_app.config["OUTGOING"]


def recipients(session: Session, county: str) -> list[str]:
    """Addresses of the active county people who deliver files."""
    users = session.scalars(select(User).join(Office, Office.id == User.office_id).where(Office.county_code == county, User.active.is_(True))).unique()
    return sorted({u.email for u in users if u.email and "@" in u.email and not u.email.endswith(".invalid") and {r.name for r in u.roles} & set(roles.COUNTY)})


def due_messages(session: Session, month: int) -> dict[str, list[Cell]]:
    """county → what it owes, of the counties of a month."""
    out: dict[str, list[Cell]] = {}
    for cell in outstanding(session, counties_at(session, month)):
        out.setdefault(cell.county, []).append(cell)
    return out


def written(county: str, cells: Iterable[Cell], doubts: tuple[int, int] = (0, 0)) -> EmailMessage:
    """The message to a county. `doubts`: how many are late to be answered, how many due soon."""
    owed = sorted(cells, key=lambda c: (c.state != LATE, c.state != RETURNED, c.due_on, c.kind))
    late = sum(c.state == LATE for c in owed)
    message = EmailMessage()
    subject = [f"{len(owed)} 份名冊待送" + (f"（{late} 份已逾期）" if late else "")] if owed else []
    subject += [f"{sum(doubts)} 筆疑義待答復" + (f"（{doubts[0]} 筆已逾期）" if doubts[0] else "")] if sum(doubts) else []
    message["Subject"] = f"提醒：{codes.COUNTIES.get(county, county)}有 {'、'.join(subject)}"
    lines = [f"・{roc.show_month(c.month)}　{c.label}：{WORDING[c.state]}，期限 {roc.show_date(c.due_on)}" for c in owed if c.due_on]
    text = []
    if owed:
        text.append("下列名冊還沒有送件，或退回待更正：\n\n" + "\n".join(lines) + "\n\n請登入系統，由「資料交換」的「上傳檔案」送件；確實沒有資料的，請申報「本月無資料」。\n")
    if sum(doubts):
        text.append(f"待答復的疑義：已逾期 {doubts[0]} 筆，{doubt_clock.SOON} 日內到期 {doubts[1]} 筆。請登入系統，由「比對」的「疑義」答復。\n")
    message.set_content("\n".join(text))
    return message


def send(message: EmailMessage, to: list[str]) -> None:
    """Send one message through the configured server. Raises OSError and smtplib.SMTPException."""
    config = current_app.config
    if not config["OUTGOING"]:
        raise OSError("nothing leaves this installation")
    message["From"], message["To"] = config["SMTP_FROM"], ", ".join(to)
    with smtplib.SMTP(config["SMTP_HOST"], config["SMTP_PORT"], timeout=TIMEOUT) as server:
        if config["SMTP_TLS"]:
            server.starttls(context=ssl.create_default_context())
        if config["SMTP_USER"]:
            server.login(config["SMTP_USER"], config["SMTP_PASSWORD"])
        server.send_message(message)
