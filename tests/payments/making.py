"""Lines, payees and awards for the tests of this room."""

import datetime as dt

from app.core import identity, roc
from app.payments.entitlement import Change
from app.payments.line import Line, Part, Payee
from app.payments.register import AwardFacts

MARCH = roc.month(98, 3)
CUTOFF = dt.date(2009, 3, 20)
LONG_AGO = dt.date(2008, 1, 5)


def person_id(number: int) -> str:
    return identity.with_check_digit(f"J2{number:07d}")


def payee(number: int = 1, channel: str = "post", account: str | None = None) -> Payee:
    if channel == "cash":
        return Payee("cash", person_id(number), f"王{number}")
    institution = {"post": "0101234", "bank": "0040680", "ach": "9310014"}.get(channel, "")
    return Payee(channel, person_id(number), f"王{number}", institution, account or f"{number:07d}")


def line(number: int = 1, amount: int = 6000, *, channel: str = "post", town: str = "10004010", **more: object) -> Line:
    values: dict[str, object] = {
        "line_no": number,
        "award_id": number,
        "person_key": number,
        "person_id": person_id(number),
        "name": f"王{number}",
        "town_code": town,
        "amount": amount,
        "month_from": MARCH,
        "month_to": MARCH,
        "payee": payee(number, channel),
        "band": "full",
        "address": "新竹縣竹北市光明六路10號",
        "parts": (Part(MARCH, amount),),
    }
    return Line(**{**values, **more})  # type: ignore[arg-type]


def grant(
    month: int = MARCH, amount: int = 6000, number: int = 1, recorded: dt.date = LONG_AGO, seq: int = 0, channel: str = "post"
) -> Change:
    return Change(seq, "grant", month, recorded, amount, payee(number, channel), "full" if amount == 6000 else "half")


def award(number: int, *changes: Change, **more: object) -> AwardFacts:
    values: dict[str, object] = {
        "award_id": number,
        "person_key": number,
        "person_id": person_id(number),
        "name": f"王{number}",
        "town_code": "10004010",
        "changes": changes or (grant(number=number),),
    }
    return AwardFacts(**{**values, **more})  # type: ignore[arg-type]
