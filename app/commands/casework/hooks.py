"""What a subject does in the cases of many benefits (a card in everything that hangs on it). Its own files register it here.

What only one benefit does stands in the module of the benefit's name (`own`).
"""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, Final

from app.commands.base import Context
from app.models.application import Application
from app.models.decision import Change

Opened = Callable[[Context, Application], None]
Changed = Callable[[Context, Application, Change], None]
Found = Callable[[Application, dt.date], Iterable[Any]]

OPENED: Final[list[Opened]] = []
"""Called with every new draft and every reopened case, to fill in what the county's own files know."""
CHANGED: Final[list[Changed]] = []
"""Called in the transaction in which a change takes effect."""
PROBLEMS: Final[list[Found]] = []
"""Further problems of an application (`problems.Problem`), of whatever benefit."""
