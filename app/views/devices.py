"""Devices of all cases as one work queue with their deadlines, and the county's catalogue of devices."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.commands import device_catalogue as catalogue
from app.commands.base import CommandError, Refused
from app.commands.device_catalogue import CATALOGUE, LAYOUT
from app.commands.working_days import calendar_of
from app.core import clock
from app.extensions import db
from app.models.device import DEVICE_STATES, DeviceItem, DeviceRequest
from app.rules.clocks import Calendar
from app.rules.disability import Grade
from app.security import roles, web

from .base import ListView, ReferenceView, Row, ViewInterface, describe, name_events
from .base_layout import CARDS
from .base_values import Cell
from .casework_changes import application_url
from .device_deadlines import days_left, paid_lines
from .home import tile
from .parameters import ORIGINS, READERS, STYLES

ORDER = 72
TILES = 46
WORK = ("requested", "assessing", "assessed", "approved", "claimed", "payable")
QUEUES = (
    ("assessing", _l("Devices being assessed"), (*roles.TOWNSHIP, roles.COUNTY_OFFICER)),
    ("approved", _l("Devices approved, not yet claimed"), (*roles.TOWNSHIP, roles.COUNTY_OFFICER)),
    ("claimed", _l("Device receipts to check"), roles.COUNTY),
)


class Deadlines(ViewInterface):
    """Rows without a deadline come last, on both databases."""

    def apply_order_by(self, query: Any, order_column: str, order_direction: str, *more: Any, **options: Any) -> Any:
        if order_column == "due_on":
            query = query.order_by(DeviceRequest.due_on.is_(None))
        return super().apply_order_by(query, order_column, order_direction, *more, **options)


class DeviceView(ListView):
    """The queue: every device with its state and the deadline that runs."""

    datamodel = Deadlines(DeviceRequest)
    route_base = "/devices"
    record_name = _l("Device")
    list_template = "casework/list.html"
    base_order = ("due_on", "asc")
    list_columns = [
        "application.case_no", "application.applicant.name", "town_code", "item_code", "item_name", "state", "due_on", "approved_amount", "payable_amount",
    ]
    order_columns = ["due_on", "state", "item_code"]
    search_columns = ["application.case_no", "application.applicant.person_id", "application.applicant.name", "town_code", "state", "item_code", "due_on"]
    person_path = "application.applicant.person_id"
    default_roles = {
        "can_list": (*roles.CASEWORKERS, roles.AUDITOR),
        "can_export": (*roles.CASEWORKERS, roles.AUDITOR),
    }
    list_hint = "期限依法定時限計算，逾期與將到期者排在前面；點案號到案件頁辦理。"

    def table(self, filters: Any, size: int | None = None, title: str = "") -> Any:
        found = super().table(filters, size, title)
        keys = [row.pk for row in found.rows]
        rows = {r.id: r for r in db.session.scalars(select(DeviceRequest).where(DeviceRequest.id.in_(keys)))}
        paid = paid_lines(rows.values())
        at = self.list_columns.index("due_on")
        county = next((r.county_code for r in rows.values()), "")
        names = {code: item.name for code, item in catalogue.in_force(db.session(), county, clock.today()).items()}
        days = calendar_of(db.session(), county)
        found.rows = [_row(row, rows[row.pk], at, paid, names, days) for row in found.rows]
        return found

    def list_context(self) -> dict[str, Any]:
        here = request.args.get("_flt_0_state", "")
        url = url_for(f"{self.endpoint}.list")
        return {"queues": [(DEVICE_STATES[s], f"{url}?_flt_0_state={s}", s == here) for s in WORK], "open_url": ""}


def _row(row: Row, device: DeviceRequest, at: int, paid: dict[int, str], names: dict[str, str], days: Calendar) -> Row:
    """The row as people need it: to its case, with the deadline in words, and named before it is decided."""
    cells = list(_with_deadline(row.cells, at, device, paid, days))
    if not device.item_name:
        cells[DeviceView.list_columns.index("item_name")] = names.get(device.item_code, "")
    return Row(row.pk, application_url(device.application), cells)


def _with_deadline(cells: Sequence[Any], at: int, row: DeviceRequest, paid: dict[int, str], days: Calendar) -> list[Any]:
    """The row's cells with the deadline in words."""
    text, tone = paid.get(row.award_id or 0, ""), "good"
    if not text:
        left = days_left(row, days)
        text, tone = (left.text, left.tone) if left else ("", "")
    cell = Cell(text)
    cell.raw, cell.kind, cell.style = row.due_on, "text", tone if text else ""
    return [*cells[:at], cell, *cells[at + 1 :]]


class OwnCatalogue(BaseFilter):
    """The rows of the signed-in person's county; the ministry sees all."""

    name = "OwnCatalogue"
    arg_name = "own"

    def apply(self, query: Any, value: Any) -> Any:
        who = web.actor()
        if who is not None and who.scope.level == "ministry":
            return query
        return query.filter(self.model.county_code == (who.scope.county_code if who else None))


class DeviceItemView(ReferenceView):
    """The catalogue: what may be applied for, since when, for how much."""

    datamodel = ViewInterface(DeviceItem)
    route_base = "/device-catalogue"
    record_name = _l("Device catalogue item")
    list_title = _l("Device catalogue")
    list_template = "casework/device_catalogue.html"
    base_filters = [["id", OwnCatalogue, lambda: None]]
    base_order = ("code", "asc")
    list_columns = ["code", "name", "max_amount", "min_years", "assessed", "assessor", "counted", "classes", "effective_from", "effective_to", "state"]
    order_columns = ["code", "max_amount", "effective_from", "state"]
    search_columns = ["code", "name", "state", "effective_from"]
    show_fieldsets = [
        (_l("Device catalogue item"), {"fields": [
            "code", "name", "max_amount", "min_years", "assessed", "assessor", "counted", "full_rate", "classes", "grades", "effective_from",
            "effective_to",
        ]}),
        (_l("Source"), {"fields": ["source", "note", "entered_at", "approved_at"]}),
    ]  # fmt: skip
    add_columns = [
        "code", "name", "max_amount", "min_years", "assessed", "assessor", "counted", "full_rate", "classes", "grades", "effective_from",
        "effective_to", "source", "note",
    ]  # fmt: skip
    description_columns = {
        "min_years": "沒有年限填 0",
        "classes": "類別代碼以頓號隔開：新制 1 至 8，舊制 01 至 16；不限填空白",
        "grades": "輕度、中度、重度、極重度，以頓號隔開；不限填空白",
        "full_rate": "「是」表示不受低收、中低收、一般的補助比例限制",
        "effective_to": "留白表示繼續適用",
        "source": "公告文號或資料出處",
    }
    formatters_columns = {"grades": lambda value: "、".join(Grade(g).zh for g in (value or "").split("、") if g)}
    add_command = catalogue.propose_item
    lifecycle = CATALOGUE
    move_commands = {"approve": catalogue.approve_item, "reject": catalogue.reject_item, "withdraw": catalogue.withdraw_item}
    default_roles = {"can_list": READERS, "can_show": READERS, "can_export": READERS, "can_add": catalogue.PROPOSERS, "can_approve_all": catalogue.APPROVERS}
    list_hint = "中央補助基準表由縣府依公告登錄；要變更金額或年限時新增一筆較晚生效的項目，由第二人核准。已核定的案件保留當時的內容。"

    def record_title(self, item: DeviceItem) -> str:
        return f"{item.code} {item.name}"

    def list_context(self) -> dict[str, Any]:
        who = web.signed_in()
        own = who.scope.county_code
        mine = (DeviceItem.county_code == own, DeviceItem.state == "proposed", DeviceItem.entered_by_id.is_distinct_from(who.user_id))
        waiting = db.session.scalar(select(func.count()).select_from(DeviceItem).where(*mine)) if own and who.can("parameters.approve") else 0
        return {
            "import_url": url_for(f"{self.endpoint}.import_file") if self.permits("add") and who.can("devices.catalogue") else "",
            "approve_url": url_for(f"{self.endpoint}.approve_all") if waiting and self.permits("approve_all") else "",
            "waiting": waiting,
        }

    @expose("/import", methods=["GET", "POST"])
    @has_access
    @permission_name("add")
    def import_file(self) -> ResponseReturnValue:
        """Take the catalogue in from a CSV or XLSX file."""
        problem = ""
        faults: list[str] = []
        if request.method == "POST":
            try:
                file = request.files.get("file")
                if file is None or not file.filename:
                    raise Refused("還沒有選擇檔案；請選擇輔具項目表", "E-EXC-FILE")
                with TemporaryDirectory(prefix="swis-devices-") as folder:
                    path = Path(folder) / f"catalogue{Path(file.filename).suffix.lower()[:8]}"
                    file.save(path)
                    done = catalogue.import_items(web.signed_in(), path)
                flash(f"已載入 {done.rows} 項待核准，{done.unchanged} 項與現有相同未重複載入。", "success")
                return redirect(url_for(f"{self.endpoint}.list"), 303)
            except CommandError as error:
                problem, faults = error.message, getattr(error, "faults", [])
        page = self.render_template(
            "casework/device_import.html", title="匯入輔具項目表", problem=problem, faults=faults, fields=LAYOUT.fields,
            back=url_for(f"{self.endpoint}.list"),
        )  # fmt: skip
        return (page, 422) if problem else page

    @expose("/approve-all", methods=["POST"])
    @has_access
    def approve_all(self) -> ResponseReturnValue:
        """Put everything in force that waits for a second person."""
        try:
            flash(f"已核准 {catalogue.approve_all(web.signed_in())} 項輔具項目。", "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.list"), 303)


def register(appbuilder: Any) -> None:
    describe(DeviceItem.state, styles=STYLES)
    describe(DeviceItem.origin, choices=ORIGINS)
    name_events({"device_item.proposed": _l("Entered for approval"), "device_item.imported": _l("Catalogue imported")})
    appbuilder.add_view(DeviceView, "Devices", label=_l("Devices and deadlines"), **CARDS, icon="fa-clock-o")
    appbuilder.add_view(DeviceItemView, "Device catalogue", label=_l("Device catalogue"), icon="fa-list", category="Rules", category_label=_l("Rules and settings"))
    for i, (state, label, holders) in enumerate(QUEUES):
        def count(state: str = state) -> Any:
            return select(DeviceRequest.id).where(DeviceRequest.state == state)

        def link(state: str = state) -> str:
            return f"{url_for('DeviceView.list')}?_flt_0_state={state}"

        tile(label, count, link, roles=holders, permission=("can_list", "DeviceView"), order=TILES + i, tone="warn" if state == "claimed" else "")
    tile(
        _l("Device deadlines passed"),
        lambda: select(DeviceRequest.id).where(DeviceRequest.due_on < clock.today(), DeviceRequest.state.in_(("assessing", "assessed", "approved", "claimed"))),
        lambda: url_for("DeviceView.list"),
        roles=(*roles.TOWNSHIP, *roles.COUNTY), permission=("can_list", "DeviceView"), order=TILES + 9, tone="bad",
    )  # fmt: skip
    tile(
        _l("Catalogue items to approve"),
        lambda: select(DeviceItem.id).where(DeviceItem.state == "proposed", DeviceItem.county_code == web.signed_in().scope.county_code),
        lambda: f"{url_for('DeviceItemView.list')}?_flt_0_state=proposed",
        roles=catalogue.APPROVERS, permission=("can_list", "DeviceItemView"), order=36, tone="warn",
    )  # fmt: skip
