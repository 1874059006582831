"""Running numbers (case numbers, decision numbers): one row per series, taken under its lock, so that none is given twice."""

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model


class Series(Model):
    """`last` is the last number given in this series."""

    __tablename__ = "series"
    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    last: Mapped[int] = mapped_column(Integer, default=0)
