"""舊資料匯入: the old disability register's file, its dry run, the confirmation by another person, the progress and the report."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import case, select

from app.commands import deliveries, old_register
from app.commands.base import CommandError, Refused
from app.commands.old_register import OLD_IMPORT
from app.core import clock
from app.core.text import mask_id, row_number
from app.exchange import store
from app.exchange.internal import OLD_REGISTER
from app.exchange.layouts import FORM_WORDING
from app.extensions import db
from app.models.job import LIVE, Job
from app.models.old_register import OUTCOMES, STYLES, OldRegisterImport, OldRegisterLine
from app.security import roles, web

from . import export
from .base import RegisterView, ViewInterface, column_at, describe, name_events, show
from .base_layout import CARDS

ORDER = 18
EXAMPLES = 8
SHOWN = ("question", "refused", "created", "joined", "there")
TONES = {"question": "warn", "refused": "bad", "created": "good", "joined": "good", "there": ""}

describe(OldRegisterImport.state, styles={"received": "warn", "checked": "info", "confirmed": "info", "done": "good", "dropped": "neutral"})
name_events(
    {
        "old_register_import.received": _l("Old data received"),
        "old_register_import.unreadable": _l("Old data cannot be read"),
        "old_register_import.written": _l("Rows of old data written"),
    }
)


class OldRegisterView(RegisterView):
    """One page per file: what the dry run says, then what was done."""

    datamodel = ViewInterface(OldRegisterImport)
    route_base = "/old_register"
    record_name = _l("Import of old data")
    personal = False
    lifecycle = OLD_IMPORT
    base_order = ("id", "desc")
    list_template = "register/old_imports.html"
    show_template = "register/old_import.html"
    list_columns = ["id", "file_name", "row_count", "state", "created_at", "finished_at"]
    order_columns = ["id", "created_at"]
    search_columns = ["file_name", "state"]
    label_columns = {"id": _l("Number")}
    show_fieldsets = [(_l("Import of old data"), {"fields": ["file_name", "row_count", "file_sha256", "created_at", "finished_at"]})]
    progress = (
        (_l("Old data dry run"), ("received",)),
        (_l("Confirm the import of old data"), ("checked",)),
        (_l("Import of old data"), ("confirmed",)),
        (_l("Old data imported"), ("done", "dropped")),
    )
    stopped_states = ("dropped",)
    move_commands = {"again": old_register.check_again, "confirm": old_register.confirm, "drop": old_register.drop}
    default_roles = {
        "can_list": (*old_register.READERS, roles.AUDITOR),
        "can_show": (*old_register.READERS, roles.AUDITOR),
        "can_export": old_register.READERS,
        "can_hand_in": (roles.COUNTY_OFFICER,),
        "can_report": old_register.READERS,
    }
    list_hint = "縣（市）舊系統的身心障礙者資料，一次匯入。先預檢，逐列說明會併入、新建、退回或待查明；另一位同仁確認後才寫入。"
    empty_message = "還沒有匯入過舊資料。"

    def record_title(self, item: OldRegisterImport) -> str:
        return f"{item.file_name}（第 {item.id} 號匯入）"

    def list_context(self) -> dict[str, Any]:
        return {"hand_in_url": url_for(f"{self.endpoint}.hand_in") if self.permits("hand_in") else ""}

    def show_context(self, item: OldRegisterImport) -> dict[str, Any]:
        counts = item.done or item.found
        examples = _examples(item) if counts else {}
        if rows := [line for lines in examples.values() for line in lines]:
            web.log_access("show", (OldRegisterImport.__tablename__, str(item.id)), "舊資料匯入：預檢與結果的例子", rows=len(rows))
        job = db.session.get(Job, item.job_id) if item.job_id else None
        return {
            "counts": counts, "examples": examples, "outcomes": OUTCOMES, "tones": TONES, "badges": STYLES, "shown": SHOWN, "mask": mask_id, "job": job,
            "job_state": show(job.state, column_at(Job, "state")) if job else "",
            "working": job is not None and job.state in LIVE,
            "may_report": bool(counts) and self.permits("report"),
        }  # fmt: skip

    @expose("/hand_in", methods=["GET", "POST"])
    @has_access
    def hand_in(self) -> ResponseReturnValue:
        """Upload a file; the dry run starts at once as a job."""
        problem = ""
        if request.method == "POST":
            try:
                file = request.files.get("file")
                if file is None or not file.filename:
                    raise Refused("還沒有選擇檔案；請選擇要上傳的檔案", "E-EXC-FILE")
                name = Path(file.filename.replace("\\", "/")).name[-150:]
                with TemporaryDirectory(prefix="swis-old-") as folder:
                    path = Path(folder) / f"upload{Path(name).suffix.lower()[:8]}"
                    file.save(path)
                    kept, digest = store.keep(path, deliveries.home())
                number = old_register.hand_in(web.signed_in(), kept, digest, name, row_number(request.form.get("mapping", "")))
                return redirect(url_for(f"{self.endpoint}.show", pk=number), 303)
            except CommandError as error:
                problem = error.message
        page = self.render_template(
            "register/old_hand_in.html", title=str(_l("Import of old data")), problem=problem, mappings=old_register.kept_mappings(db.session()),
            layout=OLD_REGISTER, wording=FORM_WORDING, chosen=request.form.get("mapping", ""), back=url_for(f"{self.endpoint}.list"),
        )  # fmt: skip
        return (page, 422) if problem else page

    @expose("/report/<int:pk>")
    @has_access
    @permission_name("report")
    def report(self, pk: int) -> ResponseReturnValue:
        """Every row with its outcome and why, the ones somebody has to look at first. ID numbers stay masked; the row number finds them."""
        item = self.item(pk)
        final = item.done is not None
        outcome = OldRegisterLine.outcome if final else OldRegisterLine.planned
        query = select(OldRegisterLine).where(OldRegisterLine.import_id == item.id)
        query = query.order_by(case({name: place for place, name in enumerate(SHOWN)}, value=outcome), OldRegisterLine.row_no)
        who = web.signed_in()
        title = "舊資料匯入報告" if final else "舊資料預檢結果"
        counts = item.done or item.found or {}
        words = [("檔案", item.file_name), *((str(label), f"{counts.get(name, 0):,} 列") for name, label in OUTCOMES.items())]
        content = io.BytesIO()
        columns = [("檔案列號", "number"), ("結果", "text"), ("說明", "text"), ("身分證統一編號", "text"), ("姓名", "text"), ("手冊（證明）號碼", "text")]
        book = export.Spreadsheet(content, export.Facts(title, who.display, who.office, clock.now(), words, f"第 {item.id} 號匯入"), columns)
        for x in db.session.scalars(query.execution_options(yield_per=2000)):
            label = str(OUTCOMES[(x.outcome if final else x.planned) or x.planned])
            book.add([str(x.row_no), label, x.said, mask_id(x.person_id), x.name or "", x.card_no or ""])
        done = book.close()
        web.log_access("export", (OldRegisterImport.__tablename__, str(item.id)), title, rows=done.rows)
        content.seek(0)
        return export.file_response(content, title, clock.now())


def _examples(item: OldRegisterImport) -> dict[str, list[OldRegisterLine]]:
    """The first rows of every outcome, in the order a person looks at them."""
    outcome = OldRegisterLine.outcome if item.done else OldRegisterLine.planned
    out = {}
    for name in SHOWN:
        query = select(OldRegisterLine).where(OldRegisterLine.import_id == item.id, outcome == name).order_by(OldRegisterLine.row_no).limit(EXAMPLES)
        if found := list(db.session.scalars(query)):
            out[name] = found
    return out


def register(appbuilder: Any) -> None:
    appbuilder.add_view(
        OldRegisterView, "Import of old data", label=_l("Import of old data"), **CARDS,
        icon="fa-archive",
    )  # fmt: skip
