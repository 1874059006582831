"""中低收入老人生活津貼: what its application form asks beyond the common fields."""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import Date, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from .application import Application


class ElderlyApplication(Application):
    """NULL = not known. `low_income_status`: none, low or near_low (低收/中低收 skip the means tests since 111)."""

    __tablename__ = "elderly_application"
    BENEFIT = "elderly_living_allowance"

    id: Mapped[int] = mapped_column(ForeignKey("application.id", ondelete="CASCADE"), primary_key=True)
    lives_at_registration: Mapped[bool | None] = mapped_column(info={"label": _l("Lives where registered")})
    resident_since: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Registered here since")})
    days_abroad: Mapped[int | None] = mapped_column(Integer, info={"label": _l("Days abroad in the last year")})
    public_placement: Mapped[bool | None] = mapped_column(info={"label": _l("In public placement")})
    in_custody: Mapped[bool | None] = mapped_column(info={"label": _l("In custody")})
    low_income_status: Mapped[str | None] = mapped_column(String(10), info={"label": _l("Low-income status")})
    housing: Mapped[str | None] = mapped_column(String(16), info={"label": _l("Housing")})
    recipient_since: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Uninterrupted recipient since")})
