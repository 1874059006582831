"""The spreadsheets that jobs wrote for the signed-in person."""

from typing import Any

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l

from app.commands.exports import KIND
from app.jobs import list_export
from app.models.job import DONE, Job
from app.security import web
from app.security.roles import ALL

from .base import ListView, ViewInterface
from .export import file_response

ORDER = 91


class OwnExports(BaseFilter):
    """Only the exports that the signed-in person asked for."""

    name = "OwnExports"
    arg_name = "own_exports"

    def apply(self, query: Any, value: Any) -> Any:
        return query.filter(Job.kind == KIND, Job.started_by_id == web.signed_in().user_id)


class ExportFileView(ListView):
    """Only the person who asked for a spreadsheet sees and gets it."""

    datamodel = ViewInterface(Job)
    route_base = "/exports"
    record_name = _l("Exported files")
    opens = "file"
    list_title = _l("Exported files")
    base_filters = [["id", OwnExports, lambda: None]]
    base_order = ("id", "desc")
    list_columns = ["id", "result", "reason", "state", "requested_at"]
    order_columns = ["id", "requested_at"]
    formatters_columns = {"result": lambda result: (result or {}).get("清單", "")}
    personal = False
    exclude_route_methods = {*ListView.exclude_route_methods, "export", "search"}
    default_roles = {"can_list": ALL, "can_file": ALL}
    list_hint = f"保留 {list_export.KEPT_DAYS} 天；過期後請重新匯出。"
    empty_message = "還沒有匯出檔案。清單超過 5,000 筆時，匯出會在背景進行，完成的檔案放在這裡。"

    def row_url(self, item: Job) -> str:
        return url_for(f"{self.endpoint}.file", pk=item.id) if item.state == DONE else ""

    @expose("/file/<pk>")
    @has_access
    def file(self, pk: str) -> ResponseReturnValue:
        """The spreadsheet, for the person who asked for it."""
        item = self.item(pk)
        path = list_export.file_of(item.id, (item.result or {}).get("雜湊", ""))
        if item.state != DONE or not path.exists():
            flash("檔案還沒有完成，或已超過保留期限；請到清單重新匯出。", "warning")
            return redirect(url_for(f"{self.endpoint}.list"), 303)
        return file_response(path, (item.result or {}).get("清單", "匯出"), item.finished_at or item.requested_at)


def register(appbuilder: Any) -> None:
    appbuilder.add_view(ExportFileView, "Exported files", label=_l("Exported files"), icon="fa-download", category="Jobs", category_label=_l("Jobs"))
