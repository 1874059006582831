"""The persons of a household that is paid as one: who belonged to a payment line when its register was made, and what part of the amount was put on each."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .append_only import append_only
from .base import BenefitScoped, Model, Money, PersonIdType, TownScoped
from .payment import PaymentLine


class PaymentPerson(BenefitScoped, TownScoped, Model):
    """One person of a line. `listed`: belongs to the registered household (else counted alone, for income); `parts`: [item, NTD] put on the person."""

    __tablename__ = "payment_person"
    __table_args__ = (
        UniqueConstraint("run_id", "line_no", "position"),
        ForeignKeyConstraint(["run_id", "line_no"], ["payment_line.run_id", "payment_line.line_no"]),
        Index("ix_payment_person_who", "person_id"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("listed OR amount = 0", name="listed"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("payment_run.id"), index=True)
    line_no: Mapped[int] = mapped_column(info={"label": _l("Line number")})
    position: Mapped[int] = mapped_column(info={"label": _l("Order in the household")})
    relation: Mapped[str] = mapped_column(String(16), info={"label": _l("Relation to the applicant")})
    person_id: Mapped[str | None] = mapped_column(PersonIdType, info={"label": _l("National ID")})
    name: Mapped[str] = mapped_column(String(50), info={"label": _l("Name")})
    birth: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Birth date")})
    sex: Mapped[str | None] = mapped_column(String(1), info={"label": _l("Sex")})
    listed: Mapped[bool] = mapped_column(info={"label": _l("Member of the registered household")})
    parts: Mapped[list[list[str | int]]] = mapped_column(JSON, info={"label": _l("Aid and supplements")})
    amount: Mapped[int] = mapped_column(Money, info={"label": _l("Put on the person")})
    line: Mapped[PaymentLine] = relationship(overlaps="run", viewonly=True)


append_only(PaymentPerson)
