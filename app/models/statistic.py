"""The match figures the Control Yuan published for five months of ROC 98: the history to compare with."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model, Money, MonthType


class PublishedStatistic(Model):
    """One county, month and kind. Public figures without persons, so without row scope."""

    __tablename__ = "published_statistic"
    month: Mapped[int] = mapped_column(MonthType, primary_key=True, autoincrement=False, info={"label": _l("Month")})
    county_code: Mapped[str] = mapped_column(ForeignKey("county.code"), primary_key=True, info={"label": _l("County code")})
    data_kind: Mapped[str] = mapped_column(String(40), primary_key=True, info={"label": _l("Data kind")})
    submitted: Mapped[int] = mapped_column(Integer, info={"label": _l("Submitted")})
    doubtful: Mapped[int] = mapped_column(Integer, info={"label": _l("Doubtful")})
    county_defined: Mapped[int | None] = mapped_column(Integer, info={"label": _l("By county conditions")})
    overpaid_count: Mapped[int] = mapped_column(Integer, info={"label": _l("Overpaid cases")})
    overpaid_amount: Mapped[int] = mapped_column(Money, info={"label": _l("Overpaid amount")})
