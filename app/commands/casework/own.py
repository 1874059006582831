"""What a benefit adds to casework where columns are not enough (rows of its own): functions of the module of the benefit's name, here.

`given_facts(application, on)` → facts by name; `problems(application, today)` → what is wrong with its rows;
`decided(ctx, application, decision)` → what follows from a decision; `served(ctx, application, on)` → what follows from the service of its
notice (`on` None: the notice was taken back); `notice_values(application, decision)` → fields of its notices; `notice_rows(application)` → the
table printed in them, heading row first. A benefit without such a module, or without one of them, adds nothing.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any


@cache
def own(benefit: str, name: str) -> Callable[..., Any] | None:
    """The benefit's own function of that name, when it has one."""
    module = f"{__package__}.{benefit}"
    return getattr(import_module(module), name, None) if find_spec(module) else None
