"""Error pages: friendly, in Chinese, with a code that stands in the log; nothing of the error itself on the page."""

import logging
import re
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

CLERK = "clerk.10004010"


def reference(page: str) -> str:
    found = re.search(r"問題代碼 <code>([0-9A-F]{8})</code>", page)
    assert found
    return found[1]


def test_not_found(client_as: Any) -> None:
    answer = client_as(CLERK).get("/no/such/page")
    assert answer.status_code == 404 and "找不到這個頁面" in answer.text and reference(answer.text)


def test_a_page_without_permission(client_as: Any) -> None:
    answer = client_as(CLERK).get("/users/")
    assert answer.status_code == 403 and "您沒有這項權限" in answer.text


def test_wrong_method(client_as: Any) -> None:
    answer = client_as(CLERK).get("/logout/")
    assert answer.status_code == 405 and "要從畫面上的按鈕進行" in answer.text


def test_an_unexpected_error_shows_a_code_and_nothing_else(client_as: Any, app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    from app.views.home import HomeView

    said = "secret A123456789 in SELECT * FROM person"

    def broken(*_: Any) -> None:
        raise RuntimeError(said)

    monkeypatch.setitem(app.config, "TESTING", False)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    client = client_as(CLERK)
    monkeypatch.setitem(app.view_functions, "HomeView.index", broken)
    with caplog.at_level(logging.ERROR):
        answer = client.get("/")
    assert answer.status_code == 500 and "系統發生問題" in answer.text
    assert "A123456789" not in answer.text and "SELECT" not in answer.text and "RuntimeError" not in answer.text
    assert reference(answer.text) in caplog.text and "RuntimeError" in caplog.text
    assert "A123456789" not in caplog.text, "a message may hold personal data; the log keeps kind and place"
    assert HomeView is not None


def test_a_command_that_refuses_has_its_own_page(client_as: Any, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.commands.base import Conflict, NotFound, Refused

    for error, status in ((Refused("現在不能撥款，請先核定", "E-PAY-01"), 422), (Conflict("已被更新"), 409), (NotFound("查無這筆"), 404)):
        client = client_as(CLERK)

        def refuse(*_: Any, error: Exception = error) -> None:
            raise error

        monkeypatch.setitem(app.view_functions, "HomeView.index", refuse)
        answer = client.get("/")
        assert answer.status_code == status and error.message in answer.text


def test_a_write_outside_the_scope_is_a_403(client_as: Any, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.security.scope import OutOfScope

    def outside(*_: Any) -> None:
        raise OutOfScope("Person outside township scope")

    client = client_as(CLERK)
    monkeypatch.setitem(app.view_functions, "HomeView.index", outside)
    answer = client.get("/")
    assert answer.status_code == 403 and "township scope" not in answer.text


def test_scripts_get_json(client_as: Any) -> None:
    answer = client_as(CLERK).post("/try/reveal/999", data={"column": "person_id"}, headers={"Accept": "application/json"})
    assert answer.status_code == 404 and answer.json["error"]


def test_too_large(client_as: Any, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_as(CLERK)
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 100)
    answer = client.post("/try/search", data={"_flt_0_name": "字" * 500})
    assert answer.status_code == 413 and "檔案太大" in answer.text


def test_every_explanation_says_what_to_do() -> None:
    from app.views.errors import EXPIRED, EXPLANATIONS

    for said in (*EXPLANATIONS.values(), EXPIRED):
        assert said.title and said.what and said.todo and "抱歉" not in said.what
    assert {HTTPException().code or 500, 400, 403, 404, 405, 409, 413, 500} <= set(EXPLANATIONS)
