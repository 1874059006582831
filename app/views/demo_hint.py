"""The generated county's accounts on the sign-in page, in the demo and in training; nothing in any other profile."""

from typing import Any

from flask import Flask


def accounts_hint(app: Flask) -> list[Any]:
    """The demo accounts, one per role, or an empty list."""
    if app.config["SWIS_PROFILE"] not in ("demo", "training"):
        return []
    from app.demo import ACCOUNTS

    return list(ACCOUNTS)
