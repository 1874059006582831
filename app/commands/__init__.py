"""What a person can intend: one function each. The only place with permission check, transaction, lifecycle move and audit row."""

from importlib import import_module
from pkgutil import iter_modules


def load_all() -> None:
    """Import every file of commands, so that all permissions and invariants are known."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
