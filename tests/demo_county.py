"""The demo county in SQLite, built once for a run of the tests by a process that knows the product alone; every test file works on a copy.

    app = demo_county.installed(tmp_path_factory)      # an application on a copy of its own
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.conftest import ROOT, settings

HOUSEHOLDS = 150
COUNTS = "counts.json"
"""What `demo.fill` said it made; written last, so that where it is the county is whole."""


def application(folder: Path, **more: Any) -> Flask:
    """The demo profile on the database in `folder`, set up as in the product (a form needs its token) unless `more` says otherwise."""
    from app import create_app

    given = settings(folder, f"sqlite:///{folder / 'swis.db'}")
    return create_app({**given, "SWIS_PROFILE": "demo", "TESTING": False, "WTF_CSRF_ENABLED": True, "PROPAGATE_EXCEPTIONS": False, **more})


def build(folder: Path, households: int = HOUSEHOLDS) -> Flask:
    """A demo installation in `folder`: schema, roles, reference data and the demo county."""
    from app import demo
    from app.commands import setup
    from app.extensions import Model, db

    app = application(folder)
    with app.app_context():
        Model.metadata.create_all(db.engine)
        setup.initialise()
        counts = demo.fill(households, say=lambda _text: None)
        db.session.remove()
        db.engine.dispose()
    (folder / COUNTS).write_text(json.dumps(counts))
    return app


def built(factory: pytest.TempPathFactory) -> Path:
    """The folder of the finished county, for reading. Of the workers of a run the first builds it and the others wait."""
    shared = factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else factory.getbasetemp()
    home = shared / "demo-county"
    with (shared / "demo-county.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / COUNTS).exists():
            subprocess.run([sys.executable, "-m", "tests.demo_county", home], cwd=ROOT, check=True)
    return home


def installed(factory: pytest.TempPathFactory, **more: Any) -> Flask:
    """An application on a copy of the county, which the asker may change; `more` as in `application`."""
    return application(Path(shutil.copytree(built(factory), factory.mktemp("county") / "home")), **more)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
