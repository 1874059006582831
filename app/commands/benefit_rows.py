"""The row of a benefit by its code: the delivered ones, and those counties defined in the console."""

from collections.abc import Iterator, Mapping

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session, selectinload

from app.models.application import Application
from app.models.disability_care_subsidy import RATES, CareApplication
from app.models.local_benefit import IN_FORCE, LocalBenefit
from app.rules.benefits import Benefit, benefits
from app.rules.disability_care_subsidy import SERVICES
from app.security import scope

_KEPT = "local_benefits"


def local_rows(session: Session, county_code: str | None = None) -> dict[str, Benefit]:
    """Benefits defined in the console, by code; of one county or of all. Names are public, so this looks past the row scope. One query."""
    statement = select(LocalBenefit).options(selectinload(LocalBenefit.versions)).order_by(LocalBenefit.id)
    if county_code is not None:
        statement = statement.where(LocalBenefit.county_code == county_code)
    with scope.use(scope.SYSTEM), session.no_autoflush:
        return {b.code: _row(b) for b in session.scalars(statement) if b.code not in benefits()}


def _row(b: LocalBenefit) -> Benefit:
    """`rhythm` once: two registers after each other do not hold the same people."""
    last = max((v for v in b.versions if v.state in IN_FORCE), key=lambda v: v.number, default=None)
    rhythm = "monthly" if last is None or last.body.get("rhythm") == "monthly" else "once"
    steps = tuple((last.body.get("steps") if last else None) or ("preliminary_review", "second_review", "approval"))
    return Benefit(b.code, b.short, b.name, b.short_name, "", "cash", b.unit, rhythm, (last.body.get("law") if last else "") or "縣自治規定", steps, "", "", "", "縣", "")


def find(session: Session, code: str) -> Benefit | None:
    """The benefit of a code, None for an unknown one. Names met are kept with the session."""
    if code in benefits():
        return benefits()[code]
    kept: dict[str, Benefit] = session.info.setdefault(_KEPT, {})
    if code not in kept and code.startswith("local_"):
        kept.update(local_rows(session))
    return kept.get(code)


def benefit_row(session: Session, code: str) -> Benefit:
    """The benefit of a code. Raises KeyError."""
    found = find(session, code)
    if found is None:
        raise KeyError(code)
    return found


def band_names(benefit: str) -> dict[str, str]:
    """What the bands on a benefit's awards and register lines are called; care's lines name the service and the rate."""
    mapper = inspect(Application).polymorphic_map.get(benefit)
    names = {code: str(name) for code, name in mapper.class_.BANDS.items()} if mapper else {}
    if benefit == CareApplication.BENEFIT:
        names |= {f"{code}_{rate}": f"{name} {rate}%" for code, name in SERVICES.items() for rate in RATES}
    return names


def forget(session: Session) -> None:
    """A benefit was defined or named anew."""
    session.info.pop(_KEPT, None)


class BenefitNames(Mapping[str, str]):
    """code → name for screens: the delivered benefits, and those of the county whose scope is in force (a code met is always named)."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def __getitem__(self, code: str) -> str:
        return benefit_row(self.session, code).name

    def __iter__(self) -> Iterator[str]:
        return iter((*benefits(), *local_rows(self.session, scope.current().county_code)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return True
