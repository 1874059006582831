"""What every test starts from: two counties with two townships each, the ministry, and one person per role and office."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.commands.accounts import new_user
from app.models.office import Office, Township
from app.security import roles

PASSWORD = "Correct-Horse-98"
HOME_TOWN, OTHER_TOWN, FOREIGN_TOWN = "10004010", "10004020", "10005010"


@dataclass(frozen=True)
class Account:
    """A user of the seed: `username` says role and place, e.g. `clerk.10004010`."""

    username: str
    role: str
    office_code: str


SHORT = {
    roles.TOWN_CLERK: "clerk",
    roles.TOWN_SUPERVISOR: "chief",
    roles.COUNTY_OFFICER: "officer",
    roles.COUNTY_SUPERVISOR: "director",
    roles.ACCOUNTANT: "accountant",
    roles.MINISTRY_OFFICER: "ministry",
    roles.AUDITOR: "auditor",
    roles.ADMINISTRATOR: "admin",
}


def accounts() -> list[Account]:
    out = []
    for town in (HOME_TOWN, OTHER_TOWN, FOREIGN_TOWN):
        out += [Account(f"{SHORT[r]}.{town}", r, town) for r in roles.TOWNSHIP]
    for county in ("10004", "10005"):
        for role in (*roles.COUNTY, roles.ACCOUNTANT, roles.AUDITOR, roles.ADMINISTRATOR):
            out.append(Account(f"{SHORT[role]}.{county}", role, county))
    # second people of the same role, for everything that needs somebody else
    out += [Account("clerk2.10004010", roles.TOWN_CLERK, HOME_TOWN), Account("officer2.10004", roles.COUNTY_OFFICER, "10004")]
    out.append(Account("ministry", roles.MINISTRY_OFFICER, "MOHW"))
    return out


def fill(session: Session) -> None:
    """Fill an initialised database."""
    if session.get(Township, FOREIGN_TOWN) is None:
        session.add(Township(code=FOREIGN_TOWN, name="苗栗市", county_code="10005"))
        session.flush()
        session.add(Office(code=FOREIGN_TOWN, name="苗栗市公所", kind="township", county_code="10005", town_code=FOREIGN_TOWN))
    session.flush()
    offices = {o.code: o for o in session.query(Office)}
    for account in accounts():
        new_user(
            session,
            username=account.username,
            family="測",
            given=account.username,
            office=offices[account.office_code],
            role_names=[account.role],
            password=PASSWORD,
            must_change=False,
        )
    session.commit()
