"""Flask-AppBuilder screens, one file per subsystem; thin: form in, command called, page out.

Each file that has screens ends with `register(appbuilder)`, and may set ORDER (default 50) for its place in the menu.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any


def modules() -> list[Any]:
    """The screen modules in menu order."""
    found = [import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__)]
    return sorted((m for m in found if hasattr(m, "register")), key=lambda m: (getattr(m, "ORDER", 50), m.__name__))


def register(appbuilder: Any) -> None:
    """Register every screen."""
    for module in modules():
        module.register(appbuilder)
