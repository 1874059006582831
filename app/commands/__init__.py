"""What a person can intend: one function each. The only place with permission check, transaction, lifecycle move and audit row."""

from importlib import import_module
from pkgutil import walk_packages


def load_all() -> None:
    """Import every file of commands, so that all permissions and invariants are known."""
    for module in walk_packages(__path__, f"{__name__}."):
        import_module(module.name)
