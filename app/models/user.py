"""People who sign in: Flask-AppBuilder's user plus an office and the programmes looked after."""

import datetime as dt

from flask_appbuilder.security.sqla.models import User as FabUser
from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, DateTime, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .office import Office


class StaffUser(FabUser):
    """`benefits` None means every programme of the office; a list limits a county officer to those benefit codes."""

    __tablename__ = "ab_user"
    __table_args__ = {"extend_existing": True}

    office_id: Mapped[int | None] = mapped_column(ForeignKey("office.id"), info={"label": _l("Office")})
    benefits: Mapped[list[str] | None] = mapped_column(JSON, info={"label": _l("Programmes")})
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default="0", info={"label": _l("Must change password")})
    password_changed_at: Mapped[dt.datetime | None] = mapped_column(DateTime, info={"label": _l("Password changed at")})
    office: Mapped[Office | None] = relationship(foreign_keys=[office_id], lazy="joined", info={"label": _l("Office")})

    def get_full_name(self) -> str:
        """Family name first, as Chinese names are written."""
        return f"{self.last_name}{self.first_name}"

    def __repr__(self) -> str:
        return self.get_full_name()


User = StaffUser  # the class needs its own name: Flask-AppBuilder's relationships look "User" up by name
