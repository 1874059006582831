"""Search criteria that hold personal data, kept for the person who searched instead of standing in a URL."""

import datetime as dt

from sqlalchemy import JSON, DateTime, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model


class RememberedSearch(Model):
    """The last searches of a person; the list page's URL carries the token."""

    __tablename__ = "remembered_search"
    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(40), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), index=True)
    view: Mapped[str] = mapped_column(String(60))
    criteria: Mapped[dict[str, str]] = mapped_column(JSON)
    at: Mapped[dt.datetime] = mapped_column(DateTime)
