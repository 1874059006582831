"""Questions people put to the figures and kept: what was asked, never what was answered. A shared one is answered within the reader's own scope."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model, Stamped, Versioned


class SavedQuestion(Versioned, Stamped, Model):
    """`home` is the county the asker works in (empty: the ministry); shared questions are offered to everybody there."""

    __tablename__ = "saved_question"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True, info={"label": _l("Kept by")})
    home: Mapped[str] = mapped_column(String(5), default="", index=True, info={"label": _l("County")})
    name: Mapped[str] = mapped_column(String(60), info={"label": _l("Question")})
    shared: Mapped[bool] = mapped_column(default=False, info={"label": _l("Shared")})
    asked: Mapped[dict[str, Any]] = mapped_column(JSON, info={"label": _l("What is asked")})
