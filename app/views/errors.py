"""Error pages that say what happened, what to do, and a reference code to read out to the help desk."""

import logging
import secrets
import traceback
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from app.commands.base import CommandError
from app.extensions import db
from app.security.scope import OutOfScope, ScopeMissing

log = logging.getLogger("swis.errors")


@dataclass(frozen=True)
class Explanation:
    """What a page says: a title, what happened, and what to do about it."""

    title: str
    what: str
    todo: tuple[str, ...]


HOME = "回到今日工作，從清單重新進入"
EXPLANATIONS = {
    400: Explanation("送出的內容讀不懂", "網址或表單的內容不完整，沒有存檔。", ("回上一頁重新操作", HOME)),
    401: Explanation("請先登入", "登入已經結束，剛才送出的內容沒有存檔。", ("重新登入後再操作一次",)),
    403: Explanation("您沒有這項權限", "您的角色不能使用這個功能，或這筆資料不在您的業務範圍。這次嘗試已記錄。", ("業務上需要時，請單位主管調整角色", HOME)),
    404: Explanation("找不到這個頁面或這筆資料", "資料可能已刪除、已移轉到其他單位，或不在您的業務範圍。", ("檢查網址是否完整", HOME)),
    405: Explanation("這個動作要從畫面上的按鈕進行", "直接輸入網址不能執行這個動作，沒有任何資料被更動。", (HOME,)),
    409: Explanation("資料剛被其他人更新", "您看到的內容已經不是最新的，這次的動作沒有執行。", ("重新開啟這筆資料，確認內容後再處理",)),
    413: Explanation("檔案太大", "上傳的檔案超過系統上限，沒有存檔。", ("確認選對了檔案", "檔案確實很大時，請分批上傳或洽系統管理人員")),
    422: Explanation("目前不能這樣處理", "業務規則不允許這個動作，沒有存檔。", ("回上一頁檢查內容",)),
    429: Explanation("操作太頻繁", "短時間內的次數太多，請稍候再試。", ("等一分鐘再操作",)),
    500: Explanation("系統發生問題", "這不是您的操作錯誤，這次的動作沒有完成，資料沒有更動。", ("稍後再試一次", "仍然不行時，把下面的代碼告訴系統管理人員")),
}
EXPIRED = Explanation("頁面放太久了", "為了安全，這個頁面的表單已經失效，剛才送出的內容沒有存檔。", ("回上一頁，重新整理後再送出一次", "登入已逾時的話，請重新登入"))


def error_page(status: int, explanation: Explanation | None = None, message: str = "", reference: str = "") -> tuple[Any, int]:
    """The page (or JSON, for the page's own script) of a status."""
    said = explanation or EXPLANATIONS.get(status) or EXPLANATIONS[500 if status >= 500 else 400]
    if request.accept_mimetypes.best == "application/json":
        return jsonify(error=message or said.what, title=said.title, code=reference), status
    return render_template("base/error.html", title=said.title, said=said, message=message, reference=reference, status=status, appbuilder=current_app.appbuilder), status  # type: ignore[attr-defined]


def _reference() -> str:
    return secrets.token_hex(4).upper()


def _http(error: HTTPException) -> Any:
    if error.response is not None:
        return error.response
    if isinstance(error, SecurityError):  # a Host that is not ours: no address of this product can be built for it
        return Response("網址的主機名稱不是本系統的網域（TRUSTED_HOSTS）。", 400, content_type="text/plain; charset=utf-8")
    reference = _reference()
    log.info("%s %s %s [%s]", error.code, request.method, request.endpoint, reference)
    return error_page(error.code or 500, reference=reference)


def _csrf(error: CSRFError) -> Any:
    reference = _reference()
    log.warning("CSRF %s %s [%s]", request.method, request.endpoint, reference)
    return error_page(400, EXPIRED, reference=reference)


def _command(error: CommandError) -> Any:
    return error_page(error.status, message=error.message, reference=error.code)


def _scope(error: Exception) -> Any:
    db.session.rollback()
    reference = _reference()
    log.warning("%s %s %s [%s]", type(error).__name__, request.method, request.endpoint, reference)
    return error_page(403, reference=reference)


def _unexpected(error: Exception) -> Any:
    """The last resort: nothing about the error reaches the page; the log has it under the reference code.

    The log gets the error's kind and place: its message may hold personal data (a database names the values it refuses).
    """
    db.session.rollback()
    reference = _reference()
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("unexpected %s at %s [%s]\n%s", type(error).__name__, request.endpoint, reference, where)
    try:
        return error_page(500, reference=reference)
    except Exception as second:
        where = "".join(traceback.format_tb(second.__traceback__))
        log.error("the error page itself failed: %s [%s]\n%s", type(second).__name__, reference, where)
        said = EXPLANATIONS[500]
        return Response(f"<!DOCTYPE html><html lang='zh-Hant-TW'><meta charset='utf-8'><title>{said.title}</title><h1>{said.title}</h1><p>{said.what}代碼 {reference}</p>", 500)


def install_error_pages(app: Flask) -> None:
    """Install the handlers."""
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CommandError, _command)
    app.register_error_handler(OutOfScope, _scope)
    app.register_error_handler(ScopeMissing, _scope)
    app.register_error_handler(Exception, _unexpected)
