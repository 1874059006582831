"""Transfers without a person at a screen: the endpoint of county systems, their tokens, and the log of every transfer."""

import datetime as dt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import current_app, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.commands import transfers
from app.commands.base import CommandError
from app.commands.deliveries import SENDERS
from app.core import clock, roc
from app.core.text import row_number
from app.exchange import codes
from app.exchange.layouts import LAYOUTS
from app.extensions import csrf, db
from app.models.access import SecurityEvent
from app.models.exchange import SOURCES
from app.models.transfer import Transfer, UploadToken
from app.security import web
from app.security.roles import AUDITOR

from .base import ListView, MoveButton, ReferenceView, ViewInterface, describe, name_events

ORDER = 44
READERS = (*SENDERS, AUDITOR)
FAILURES, FAILURE_MINUTES = 20, 15  # wrong tokens from one address before it has to wait


class TransferView(ListView):
    """What came by endpoint, drop folder and SFTP, and what became of it."""

    datamodel = ViewInterface(Transfer)
    route_base = "/transfers"
    record_name = _l("Transfer")
    personal = False
    base_order = ("id", "desc")
    list_columns = ["id", "received_at", "channel", "source", "county_code", "file_name", "size", "outcome", "message", "batch_id"]
    search_columns = ["channel", "source", "county_code", "outcome", "received_at"]
    default_roles = {"can_list": READERS, "can_export": READERS}
    list_hint = "系統介接、收件匣與 SFTP 取來的每一個檔案都留存並記錄。收件匣內放滿一分鐘沒有再變動的檔案才會收；退回的檔案移到 _refused，旁邊附原因。"


def _revoke(who: Any, key: Any, comment: str = "", seen_version: int | None = None) -> None:
    transfers.revoke_token(who, int(key), comment)


class TokenView(ReferenceView):
    """Tokens of county systems. The token itself is shown once."""

    datamodel = ViewInterface(UploadToken)
    route_base = "/upload-tokens"
    record_name = _l("Upload token")
    base_order = ("id", "desc")
    list_columns = ["id", "label", "county_code", "created_at", "created_by", "expires_on", "used_at", "revoked_at"]
    search_columns = ["label", "county_code", "expires_on", "revoked_at"]
    show_fieldsets = [(_l("Upload token"), {"fields": ["label", "county_code", "created_at", "created_by", "expires_on", "used_at", "revoked_at", "revoked_by"]})]
    list_template = "exchange/tokens.html"
    move_commands = {"revoke": _revoke}
    default_roles = dict.fromkeys(("can_list", "can_show", "can_export", "can_make"), transfers.KEEPERS)
    list_hint = "縣市自有系統以權杖上傳自己縣市的檔案。權杖只在建立時顯示一次；系統汰換或人員異動時請停用。"

    def record_title(self, item: UploadToken) -> str:
        return item.label

    def moves(self, item: UploadToken) -> list[MoveButton]:
        who = web.actor()
        if who is None or item.revoked_at is not None or not who.can("exchange.token"):
            return []
        return [MoveButton("revoke", _l("Revoke"), "danger")]

    @expose("/make", methods=["GET", "POST"])
    @has_access
    @permission_name("make")
    def make(self) -> ResponseReturnValue:
        """Make a token and show it, this once."""
        token, problem, number = "", "", None
        own = web.signed_in().scope.county_code
        if request.method == "POST":
            days = request.form.get("days", "")
            try:
                number, token = transfers.make_token(
                    web.signed_in(), request.form.get("label", ""), row_number(days) or 0, own or request.form.get("county")
                )
            except CommandError as error:
                problem = error.message
        page = self.render_template(
            "exchange/token_form.html", title=str(_l("Upload token")), token=token, problem=problem, number=number, own=own,
            counties={own: codes.COUNTIES[own]} if own else codes.COUNTIES, longest=transfers.LONGEST, address=url_for("upload_endpoint", _external=True),
            limit=transfers.LARGEST >> 20, per_minute=transfers.PER_MINUTE,
        )  # fmt: skip
        return page, 422 if problem else 200


# --- the endpoint ----------------------------------------------------------------------------------------------------


def _said(status: int, code: str, text: str, **more: Any) -> ResponseReturnValue:
    return jsonify({"ok": not code, "code": code or None, "error": text or None, **more}), status


def _too_many_failures() -> bool:
    since = clock.now() - dt.timedelta(minutes=FAILURE_MINUTES)
    of = (SecurityEvent.kind == "token_refused", SecurityEvent.address == request.remote_addr, SecurityEvent.at > since)
    return (db.session.scalar(select(func.count()).where(*of)) or 0) >= FAILURES


def upload_endpoint() -> ResponseReturnValue:
    """POST a file as multipart form data: `file`, `source`, and where wanted `month`, `kind`, `mode`, `reason`; the county is the token's.

    `Authorization: Bearer <token>`. 200 taken in (also when it was there already), 401, 413, 422 refused with code and sentence, 429.
    """
    if _too_many_failures():
        return _said(429, "E-TOK-RATE", "權杖錯誤次數過多，請稍後再試並確認權杖。")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    sender = transfers.sender_of(db.session(), token.strip()) if scheme.lower() == "bearer" and token.strip() else None
    if sender is None:
        web.note("token_refused", "upload-token")
        return _said(401, "E-TOK", "權杖不存在、已停用或已過期，請向縣市主管申請新的權杖。")
    if transfers.too_many(db.session(), sender):
        return _said(429, "E-TOK-RATE", f"每分鐘最多 {transfers.PER_MINUTE} 個檔案，請稍後再送。")
    if (request.content_length or 0) > transfers.LARGEST:
        return _said(413, "E-TOK-LARGE", f"檔案超過 {transfers.LARGEST >> 20} MB；請分檔，或改由收件匣或主控台上傳。")
    file, typed = request.files.get("file"), request.form
    if file is None or not file.filename:
        return _said(422, "E-EXC-FILE", "沒有附上檔案；請以 multipart/form-data 的 file 欄位送出。")
    if typed.get("source", "roster") not in LAYOUTS:
        return _said(422, "E-EXC-SOURCE", "source 不在規格內；請見規格頁的來源代碼。")
    try:
        month = roc.parse_month(typed["month"]) if typed.get("month") else None
    except roc.RocError as error:
        return _said(422, "E-EXC-MONTH", str(error))
    name = Path(file.filename.replace("\\", "/")).name
    with TemporaryDirectory(prefix="swis-endpoint-") as folder:
        path = Path(folder) / f"upload{Path(name).suffix.lower()[:8]}"
        file.save(path)
        result, code, text = transfers.receive(
            sender, path, name, typed.get("source", "roster"), month, typed.get("kind") or None, typed.get("mode", "new"), typed.get("reason", "")
        )
    more = {k: v for k, v in result.as_json().items() if k not in ("error_file", "error", "code")} if result is not None else {}
    return _said(422 if code else 200, code, text, **more)


def register(appbuilder: Any) -> None:
    app = current_app
    app.add_url_rule("/incoming", "upload_endpoint", csrf.exempt(upload_endpoint), methods=["POST"])
    web.OPEN_ENDPOINTS.add("upload_endpoint")
    describe(Transfer.outcome, styles={"taken": "good", "refused": "bad", "duplicate": "neutral"})
    describe(Transfer.source, choices=SOURCES)
    for column in (Transfer.county_code, UploadToken.county_code):
        describe(column, choices=codes.COUNTIES)
    name_events(
        {
            "token.made": _l("Upload token made"),
            "token.revoked": _l("Upload token revoked"),
            "token_refused": _l("Upload token refused"),
            "transfer.received": _l("File transferred"),
        }
    )
    category = {"category": "Exchange", "category_label": _l("Data exchange")}
    appbuilder.add_view(TransferView, "Transfers", label=_l("Transfers"), icon="fa-random", **category)
    appbuilder.add_view(TokenView, "Upload tokens", label=_l("Upload tokens"), icon="fa-key", **category)
