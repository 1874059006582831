"""The demo's accounts on the sign-in page; nothing in any other profile."""

from typing import Any

from flask import Flask


def accounts_hint(app: Flask) -> list[Any]:
    """The demo accounts, one per role, or an empty list."""
    if app.config["SWIS_PROFILE"] != "demo":
        return []
    from app.demo import ACCOUNTS

    return list(ACCOUNTS)
