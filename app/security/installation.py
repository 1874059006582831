"""What kind of installation this is: a database marked for training is opened by training alone, and training opens no other."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

from flask import Flask, Response, current_app
from werkzeug.http import dump_options_header, parse_options_header

TRAINING = "training"
MARK = "訓練用"


def is_training() -> bool:
    """Does the current application practise on invented cases?"""
    return bool(current_app.config["SWIS_PROFILE"] == TRAINING)


def mismatch(profile: str, url: str) -> str | None:
    """Why this profile must not open this database (Chinese), or None. Training is SQLite alone; so is what could be taken for it."""
    if not url.startswith("sqlite:///"):
        return "訓練環境只使用自己資料夾裡的資料庫，請移除 DATABASE_URL" if profile == TRAINING else None
    file = Path(url.removeprefix("sqlite:///"))
    if not file.exists():
        return None
    marked, inhabited = _look(file)
    if profile == TRAINING and not marked and inhabited:
        return f"{file} 不是訓練用的資料庫，訓練環境不會開啟它；請改用空的資料夾（SWIS_TRAINING_HOME）"
    if profile != TRAINING and marked:
        return f"{file} 是訓練用的資料庫，不能作為正式或示範資料庫；請改用另一個資料夾（SWIS_HOME）"
    return None


def _look(file: Path) -> tuple[bool, bool]:
    """(marked for training, does anybody stand in it). A file that cannot be read as a database counts as inhabited."""
    try:
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            marked = "installation" in tables and bool(connection.execute("SELECT 1 FROM installation WHERE kind = ?", (TRAINING,)).fetchone())
            people = tables & {"ab_user", "person"}
            return marked, any(connection.execute(f"SELECT 1 FROM {t} LIMIT 1").fetchone() for t in people)  # noqa: S608
        finally:
            connection.close()
    except sqlite3.Error:
        return False, True


def install(app: Flask) -> None:
    """In training every file that is handed out carries the mark in its name."""
    if app.config["SWIS_PROFILE"] == TRAINING:
        app.after_request(_marked_name)


def _marked_name(response: Response) -> Response:
    how, options = parse_options_header(response.headers.get("Content-Disposition", ""))
    if name := options.get("filename"):
        plain = dump_options_header(how, {"filename": name.encode("ascii", "ignore").decode() or "file"})
        response.headers["Content-Disposition"] = f"{plain}; filename*=UTF-8''{quote(f'{MARK}-{name}')}"  # as RFC 6266 writes Chinese
    return response
