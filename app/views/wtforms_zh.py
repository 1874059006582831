"""WTForms' own messages in our words. Its catalogue is looked up as zh_Hant_TW, is not found, and would fall back to Simplified."""

from typing import Any

from flask import Flask, request
from flask_babel import gettext, ngettext


class FormMessages:
    """The translations object WTForms asks: our catalogue (translations/parts/wtforms.po)."""

    def gettext(self, message: str) -> str:
        return str(gettext(message))

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return str(ngettext(singular, plural, number))

    ugettext, ungettext = gettext, ngettext  # Flask-WTF's forms ask by these names


def _use_our_messages() -> None:
    request.wtforms_translations = FormMessages()  # type: ignore[attr-defined]


def install_messages(app: Flask) -> None:
    """Flask-WTF looks at `request.wtforms_translations` first; put ours there for every request."""
    functions: Any = app.before_request_funcs.setdefault(None, [])
    functions.insert(0, _use_our_messages)
