"""A training console on a copy of the generated county, made once for this folder; its tests leave their rows behind, as trainees do."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.demo.accounts import PASSWORD
from tests import demo_county
from tests.conftest import Browser

MORE = {"SWIS_PROFILE": "training", "OUTGOING": False, "WTF_CSRF_ENABLED": False, "PASSWORD_HASH": "pbkdf2:sha256:1"}


def marked(source: Path, folder: Path) -> Path:
    """A copy of a generated county's folder, marked for training."""
    shutil.copytree(source, folder)
    with closing(sqlite3.connect(folder / "swis.db")) as database:
        database.execute("INSERT INTO installation (id, kind, made_at) VALUES (1, 'training', '2026-01-01 00:00:00')")
        database.commit()
    return folder


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    from app.training import snapshot

    app = demo_county.application(marked(demo_county.built(tmp_path_factory), tmp_path_factory.mktemp("training") / "home"), **MORE)
    with app.app_context():
        snapshot.keep()
        yield app


@pytest.fixture(scope="module")
def people(training: Flask) -> Callable[[str | None], FlaskClient]:
    """`people("gongsuo")`: a browser signed in as a user of the county; None: nobody."""
    training.test_client_class = Browser

    def make(username: str | None) -> FlaskClient:
        client = training.test_client()
        if username:
            answer = client.post("/login/", data={"username": username, "password": PASSWORD})
            assert answer.status_code == 302, answer.text
        return client

    return make
