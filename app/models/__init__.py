"""SQLAlchemy tables, one file per concept. Importing this package maps every file in it, so a new benefit's model is found by being there."""

from importlib import import_module
from pkgutil import iter_modules

import flask_appbuilder.security.sqla.models  # noqa: F401  (ab_* tables first: ours point at them)

for _module in sorted(m.name for m in iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")
