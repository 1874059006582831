"""Which benefits exclude each other: the nation's pairs and each county's settings. Public rules without persons, so without row scope.

No row of a county and a row that is switched off are two different things: the first says nothing, the second says no.
"""

import datetime as dt

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model
from .parameter import Proposal, two_people

RELATIONS = ("choose_one", "suspend_a", "suspend_b", "cap_sum", "top_up", "info_only", "none")


class ExclusionPair(Proposal, Model):
    """One dated pair; `county_code` NULL = the nation's. Benefits by code; SCA and other outside counterparts by their own codes."""

    __tablename__ = "exclusion_pair"
    __table_args__ = (
        *two_people("exclusion_pair"),
        CheckConstraint("relation IN ('" + "', '".join(RELATIONS) + "')", name="relation"),
        Index("ix_exclusion_pair_lookup", "county_code", "benefit", "counterpart"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    county_code: Mapped[str | None] = mapped_column(ForeignKey("county.code"), info={"label": _l("County")})
    benefit: Mapped[str] = mapped_column(String(40), info={"label": _l("Benefit")})
    counterpart: Mapped[str] = mapped_column(String(60), info={"label": _l("Counterpart")})
    relation: Mapped[str] = mapped_column(String(12), info={"label": _l("Relation between benefits")})
    enabled: Mapped[bool] = mapped_column(info={"label": _l("Switched on")})
    effective_from: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Effective from")})
    effective_to: Mapped[dt.date | None] = mapped_column(Date, info={"label": _l("Effective until")})
    law: Mapped[str] = mapped_column(String(80), default="", info={"label": _l("Law")})
    article: Mapped[str] = mapped_column(String(40), default="", info={"label": _l("Article")})
    exception: Mapped[str] = mapped_column(String(200), default="", info={"label": _l("Exception")})
    source: Mapped[str] = mapped_column(String(200), default="", info={"label": _l("Source")})
    confidence: Mapped[str] = mapped_column(String(12), default="", info={"label": _l("Confidence")})
    benefit_zh: Mapped[str] = mapped_column(String(60), default="")
    counterpart_zh: Mapped[str] = mapped_column(String(60), default="")

    def __repr__(self) -> str:
        return f"{self.benefit}/{self.counterpart}"
