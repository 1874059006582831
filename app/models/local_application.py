"""Applications for local benefits: one class for all of them. What is asked says the county's definition, kept on the row when it was asked."""

import datetime as dt
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .application import LOCAL, Application
from .application_facts import HoldsCard, InCustody, Listed, LivesHere, Placed, StaysInTaiwan
from .base import Model, Money, TownScoped

FINDING = "finding_"
AMOUNTS = {"two_monthly": "每兩個月金額", "quarterly": "每季金額", "yearly": "每年金額", "once": "一次發給金額"}


class LocalApplication(LivesHere, StaysInTaiwan, Placed, InCustody, Listed, HoldsCard, Application):
    """The columns are all a definition can ask; `form` says which of them this case asks, with the texts of the county's own questions.

    A county's own question is a row of `local_finding`; `finding_x` reads and writes the answer to question x like a column.
    """

    __tablename__ = "local_application"
    BENEFIT = LOCAL
    LABEL = _l("Local benefits")
    DECISION_WORD = "府社福字"
    ROWS = {"findings": ("code", "holds")}

    id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), primary_key=True)
    form: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    registered_since: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Registered in the county since"), "hint": "本次設籍本縣的日期，遷出又遷入者從最近一次起算"})
    own_income: Mapped[int | None] = mapped_column(Money, info={"label": _l("Own yearly income"), "hint": "申請人最近一年度綜合所得總額，查無所得填 0"})
    own_real_estate: Mapped[int | None] = mapped_column(Money, info={"label": _l("Own land and houses"), "hint": "申請人名下土地公告現值與房屋評定價值合計，查無填 0"})
    findings: Mapped[list["LocalFinding"]] = relationship(
        back_populates="application", order_by="LocalFinding.id", cascade="all, delete-orphan", lazy="selectin"
    )

    @property
    def FACTS(self) -> tuple[str, ...]:  # type: ignore[override]
        """The columns and findings this case asks."""
        return tuple(self.form.get("facts", ()))

    @property
    def ASKED(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(self.form.get("asked", ()))

    @property
    def SECTIONS(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(self.form.get("sections", ("person", "facts", "documents", "account")))

    @property
    def STEPS(self) -> tuple[str, ...]:  # type: ignore[override]
        """The steps the definition asked for when the case was taken in."""
        return tuple(self.form.get("steps", Application.STEPS))

    @property
    def AMOUNT_LABEL(self) -> str:  # type: ignore[override]
        return AMOUNTS.get(self.form.get("rhythm", ""), "每月金額")

    @property
    def form_asked(self) -> dict[str, Any]:
        return self.form

    def label_of(self, name: str) -> Any:
        questions = self.form.get("questions", {})
        return questions[name] if name in questions else super().label_of(name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith(FINDING):
            return next((f.holds for f in self.findings if f.code == name.removeprefix(FINDING)), None)
        raise AttributeError(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith(FINDING):
            super().__setattr__(name, value)
            return
        code = name.removeprefix(FINDING)
        found = next((f for f in self.findings if f.code == code), None)
        if found is None:
            found = LocalFinding(county_code=self.county_code, town_code=self.town_code, code=code)
            self.findings.append(found)
        found.holds = value


class LocalFinding(TownScoped, Model):
    """The answer to one of the county's own questions; NULL = nobody found out yet."""

    __tablename__ = "local_finding"
    __table_args__ = (UniqueConstraint("application_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("local_application.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(String(30))
    holds: Mapped[bool | None] = mapped_column(info={"label": _l("County's finding")})
    application: Mapped[LocalApplication] = relationship(back_populates="findings")
