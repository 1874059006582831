"""Write a long list as a spreadsheet, with the row scope and the masking of the person who asked for it."""

import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l

from app.commands.base import NotFound
from app.commands.exports import KIND
from app.core import clock
from app.security import access, searches
from app.views import base_search, export
from app.views.base_interface import ViewInterface

from . import JobContext, job

CHUNK = 2000
KEPT_DAYS = 7


def folder() -> Path:
    """Where the spreadsheets are kept for KEPT_DAYS."""
    return Path(current_app.config["SWIS_HOME"]) / "exports"


def file_of(job_id: int, digest: str) -> Path:
    """The spreadsheet of a run: named by its content too, so that after a restored backup a number used again finds no one else's file."""
    return folder() / f"{job_id}-{digest[:16]}.xlsx"


def forget_old_files() -> None:
    """Delete what was kept long enough, and the halves of runs that died."""
    oldest = time.time() - KEPT_DAYS * 86400
    for path in folder().iterdir():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def _view(name: str) -> Any:
    for view in current_app.appbuilder.baseviews:  # type: ignore[attr-defined]
        if type(view).__name__ == name:
            return view
    raise NotFound("這個清單已經不存在，無法匯出", "E-EXPORT")


@job(KIND, label=_l("Export of a list"), permission="exports.request", by_hand=False, on_behalf=True)
def run(ctx: JobContext) -> Iterator[None]:
    """Begins anew after an interruption: half a spreadsheet cannot be continued."""
    ctx.require(f"{ctx.args['view']}.can_export")
    view = _view(ctx.args["view"])
    interface = ViewInterface(view.datamodel.obj, ctx.session)
    interface.load_options = view.datamodel.load_options
    recalled = searches.recall(ctx.args["view"], ctx.args["token"], ctx.actor.user_id) if ctx.args["token"] else None
    if ctx.args["token"] and recalled is None:
        raise NotFound("查詢條件已過期，請回清單重新查詢後再匯出", "E-EXPORT")
    filters = interface.get_filters(view.search_columns)
    criteria = base_search.read(view, ctx.args["criteria"], recalled)
    base_search.apply(view, criteria, filters)
    joined = filters.get_joined_filters(view._base_filters)
    words = base_search.in_words(criteria, base_search.controls(view, criteria, filters))
    facts = export.Facts(view.page_title("list"), ctx.actor.display, ctx.actor.office, clock.now(), words, ctx.args["reason"])
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    forget_old_files()
    unfinished = folder() / f".{ctx.job_id}-{secrets.token_hex(8)}.part"
    book = export.Spreadsheet(unfinished, facts, export.columns_of(view))
    for rows in interface.chunks(joined, CHUNK):
        for row in rows:
            book.add(interface.get_values_item(row, view.list_columns))
        ctx.session.expunge_all()
        ctx.progress(book.rows)
        yield
    written = book.close()
    unfinished.chmod(0o600)
    unfinished.replace(file_of(ctx.job_id, written.digest))
    if view.personal:
        subject = (view.datamodel.obj.__tablename__, None)
        ctx.session.add(access.entry(ctx.actor, "export", subject, ctx.args["reason"], rows=written.rows))
    ctx.result = {"清單": facts.title, "筆數": written.rows, "雜湊": written.digest, **{f"{label}合計": total for label, total in written.sums.items()}}
    yield
