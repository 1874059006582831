"""Counties, townships and the offices people work in (ministry, county, township)."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Model

KINDS = ("ministry", "county", "township")


class County(Model):
    """A county or city by its 5-digit code; abolished ones keep their code and name their successor."""

    __tablename__ = "county"
    code: Mapped[str] = mapped_column(String(5), primary_key=True, info={"label": _l("County code")})
    name: Mapped[str] = mapped_column(String(20), info={"label": _l("County")})
    region: Mapped[str] = mapped_column(String(20), info={"label": _l("Region")})
    valid_to: Mapped[str | None] = mapped_column(String(7), info={"label": _l("Valid until")})
    successor: Mapped[str | None] = mapped_column(String(5), info={"label": _l("Successor")})

    def __repr__(self) -> str:
        return self.name


class Township(Model):
    """A township by its 8-digit code."""

    __tablename__ = "township"
    code: Mapped[str] = mapped_column(String(8), primary_key=True, info={"label": _l("Township code")})
    name: Mapped[str] = mapped_column(String(20), info={"label": _l("Township")})
    zip_code: Mapped[str | None] = mapped_column(String(6), info={"label": _l("Postal code")})
    county_code: Mapped[str] = mapped_column(ForeignKey("county.code"), index=True, info={"label": _l("County code")})
    county: Mapped[County] = relationship(info={"label": _l("County")})

    def __repr__(self) -> str:
        return self.name


class Office(Model):
    """Where people work; its codes decide which rows they see."""

    __tablename__ = "office"
    __table_args__ = (
        CheckConstraint(
            "(kind = 'ministry' AND county_code IS NULL AND town_code IS NULL)"
            " OR (kind = 'county' AND county_code IS NOT NULL AND town_code IS NULL)"
            " OR (kind = 'township' AND county_code IS NOT NULL AND town_code IS NOT NULL)",
            name="kind_codes",
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True, info={"label": _l("Office code")})
    name: Mapped[str] = mapped_column(String(40), info={"label": _l("Office")})
    kind: Mapped[str] = mapped_column(String(10), info={"label": _l("Office kind")})
    county_code: Mapped[str | None] = mapped_column(ForeignKey("county.code"), info={"label": _l("County code")})
    town_code: Mapped[str | None] = mapped_column(ForeignKey("township.code"), info={"label": _l("Township code")})

    def __repr__(self) -> str:
        return self.name
