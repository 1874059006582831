"""身心障礙者輔具費用補助: applications on screen, with the devices as rows of the form and their way to the money."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import Form, TextAreaField

from app.commands.casework import devices as commands
from app.commands.casework import intake as counter
from app.commands.casework.assistive_device_subsidy import next_day
from app.commands.casework.devices import DEVICE
from app.commands.device_catalogue import in_force
from app.commands.working_days import calendar_of
from app.core import clock, money, roc
from app.extensions import db
from app.models.assistive_device_subsidy import DeviceApplication
from app.models.audit import Step
from app.models.device import DEVICE_STATES, DEVICE_STYLES, PROVISIONS, DeviceElsewhere, DeviceItem, DeviceRequest
from app.rules.clocks import Calendar
from app.security import web

from . import casework_forms as forms
from . import locking
from .base import TimelineEntry, ViewInterface, name_events, name_records
from .casework import ApplicationView, add_benefit
from .device_deadlines import days_left, paid_lines

ORDER = 21


class AskForm(Form):
    """An assessment is asked for."""

    assessment_asked_on = forms.field_of(DeviceRequest, "assessment_asked_on")
    assessed_by = forms.field_of(DeviceRequest, "assessed_by")


ReportForm = forms.form_class(
    DeviceRequest, ("assessed_by", "report_no", "report_on", "report_received_on", "qualifies", "assessment_note"),
    qualifies={"label": "是否符合補助基準"},
)  # fmt: skip
ServeForm = forms.form_class(DeviceRequest, ("served_on",))
ClaimForm = forms.form_class(DeviceRequest, commands.CLAIM_FIELDS)


class CommentForm(Form):
    """A reason."""

    comment = TextAreaField("理由或說明")


class RecoverForm(CommentForm):
    """The device came back."""

    recovered_on = forms.field_of(DeviceRequest, "recovered_on")


ACTS: dict[str, tuple[str, str, type[Form]]] = {
    "ask": ("委託評估", "ask", AskForm),
    "report": ("登錄評估結果", "report", ReportForm),
    "claim": ("登錄憑證", "claim", ClaimForm),
    "check": ("憑證查核無誤", "pay", CommentForm),
    "send_back": ("退回憑證", "send_back", CommentForm),
    "close": ("註銷核定", "close", CommentForm),
    "recover": ("登錄回收", "recover", RecoverForm),
}
"""act → (what it is called, its move, its form)."""


@dataclass(frozen=True)
class DeviceLine:
    """A device on the page of its case."""

    row: DeviceRequest
    name: str
    state: str
    style: str
    deadline: str
    tone: str
    facts: list[tuple[str, str]]
    links: list[tuple[str, str, str]]


class DeviceApplicationView(ApplicationView):
    """Applications for assistive devices."""

    datamodel = ViewInterface(DeviceApplication)
    record_name = _l("Assistive device application")
    show_template = "casework/device_show.html"

    # -- the form -------------------------------------------------------------------------------------------------------
    def _form_devices(self, item: DeviceApplication, formdata: Any) -> dict[str, Any]:
        offered = self._offered(item)
        return {
            "offered": offered,
            "rows": self._row_forms(item, "d", offered, formdata),
            "elsewhere": self._row_forms(item, "e", offered, formdata),
        }

    def _offered(self, item: DeviceApplication) -> dict[str, str]:
        known = in_force(db.session(), item.county_code, clock.today())
        return {code: describe_item(row) for code, row in known.items()}

    def _row_forms(self, item: DeviceApplication, letter: str, offered: dict[str, str], formdata: Any) -> list[forms.RowForm]:
        rows = item.devices if letter == "d" else item.elsewhere
        of = row_form(letter, offered)
        if formdata is not None:
            return [forms.RowForm(of(formdata, prefix=f"{letter}{n}-"), n) for n in numbers(formdata, letter)]
        made = []
        for row in rows:
            form = of(obj=row, prefix=f"{letter}{row.position}-")
            forms.refill(form, "devices", item.unread, f"{letter}{row.position}-")
            made.append(forms.RowForm(form, row.position))
        following = max((r.position for r in rows), default=0) + 1
        return [*made, forms.RowForm(of(prefix=f"{letter}{following}-"), following, True)]

    def _read_devices(self, item: DeviceApplication, read: forms.Read) -> counter.Draft:
        offered = self._offered(item)
        found: dict[str, list[dict[str, Any]]] = {"devices": [], "elsewhere": []}
        for name, letter in (("devices", "d"), ("elsewhere", "e")):
            stored = {r.position: r for r in getattr(item, name)}
            for n in numbers(request.form, letter):
                form = row_form(letter, offered)(request.form, prefix=f"{letter}{n}-")
                if not any(str(request.form.get(f"{letter}{n}-{f}", "")).strip() for f in ("item_code", "spec", "bought_on", "granted_on", "agency")):
                    continue
                values = forms.read_form(form, "devices", read, f"{letter}{n}-", f"第 {n} 列")
                if "item_code" not in values and n in stored:  # a code that is not offered any more stays as it was
                    values["item_code"] = stored[n].item_code
                values["item_code"] = values.get("item_code") or ""
                if letter == "d":
                    values |= {"provision": values.get("provision") or "cash", "recycled": bool(values.get("recycled"))}
                found[name].append({"position": n, **values})
        return counter.Draft(rows=found, unread=read.unread, sections=("devices",))

    # -- the page -------------------------------------------------------------------------------------------------------
    def show_context(self, item: DeviceApplication) -> dict[str, Any]:
        context = super().show_context(item)
        known = in_force(db.session(), item.county_code, clock.today())
        paid, days = paid_lines(item.devices), calendar_of(db.session(), item.county_code)
        served = any(r.state == "approved" for r in item.devices)
        who = web.actor()
        return {
            **context,
            "award": None,
            "payments": [],
            "devices": [self._line(item, r, known.get(r.item_code), paid.get(r.award_id or 0, ""), days) for r in item.devices],
            "serve_url": url_for(f"{self.endpoint}.serve", pk=item.id) if served and who is not None and who.can("devices.serve") else "",
        }

    def alerts(self, item: DeviceApplication, today: dt.date) -> list[tuple[str, str]]:
        out = super().alerts(item, today)
        for r in item.devices:
            if r.state == "approved" and r.served_on is None:
                out.append(("warn", f"第 {r.position} 項{r.item_name}：核定通知送達日期尚未登錄，6 個月購買期限無法起算"))
        return out

    def _line(self, item: DeviceApplication, r: DeviceRequest, known: DeviceItem | None, paid: str, days: Calendar) -> DeviceLine:
        left = None if paid else days_left(r, days)
        name = r.item_name or (known.name if known else f"代碼 {r.item_code}（不在輔具項目表）")
        return DeviceLine(
            row=r,
            name=name,
            state=str(DEVICE_STATES[r.state]),
            style=DEVICE_STYLES[r.state],
            deadline=left.text if left else "",
            tone=left.tone if left else "",
            facts=_facts(r, known, paid),
            links=self._device_links(item, r),
        )

    def _device_links(self, item: DeviceApplication, r: DeviceRequest) -> list[tuple[str, str, str]]:
        who = web.actor()
        if who is None:
            return []
        links = []
        for act, (label, move, _form) in ACTS.items():
            move = "hand_over" if move == "pay" and r.provision == "kind" else move
            if DEVICE.why_not(who, r, move) is not None:
                continue
            if act in ("ask", "report") and item.state in ("draft", "second_reviewed", "approved", "rejected", "withdrawn"):
                continue
            if act == "claim" and r.served_on is None:
                continue
            style = "primary" if act in ("report", "claim", "check") else "danger-quiet" if act == "close" else "default"
            links.append((label, url_for(f"{self.endpoint}.device", pk=item.id, row=r.id, act=act), style))
        return links

    def history(self, item: DeviceApplication) -> Sequence[TimelineEntry]:
        """The case's history with the steps of its devices; what the case's own decision did to them is not told again."""
        by_id = {r.id: r for r in item.devices}
        steps = db.session.scalars(
            select(Step)
            .where(Step.subject_table == DeviceRequest.__tablename__, Step.subject_id.in_(by_id), Step.move.not_in(("approve", "refuse")))
            .order_by(Step.id.desc())
        )
        known = {code: row.name for code, row in in_force(db.session(), item.county_code, clock.today()).items()}
        told = [_told(s, by_id[s.subject_id], known) for s in steps]
        return sorted([*super().history(item), *told], key=lambda line: line.at, reverse=True)

    # -- the moves ------------------------------------------------------------------------------------------------------
    @expose("/serve/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("show")
    def serve(self, pk: str) -> ResponseReturnValue:
        """When the notice reached the person."""
        item = self.item(pk)
        form = ServeForm(request.form if request.method == "POST" else None)
        return self._small_form(
            item, form, "登錄核定通知送達日期", lambda: commands.serve_notice(web.signed_in(), item.id, form["served_on"].data),
            "依送達證書登錄。送達後 6 個月內購買並檢據請款（輔具費用補助辦法第14條）。",
        )  # fmt: skip

    @expose("/device/<pk>/<int:row>/<act>", methods=["GET", "POST"])
    @has_access
    @permission_name("show")
    def device(self, pk: str, row: int, act: str) -> ResponseReturnValue:
        """One step of one device."""
        item = self.item(pk)
        device = next((r for r in item.devices if r.id == row), None)
        if device is None or act not in ACTS:
            abort(404)
        label, _move, form_class = ACTS[act]
        posted = request.method == "POST"
        form = form_class(request.form if posted else None, data=None if posted else _proposed(act, device, form_class))
        who = web.signed_in()
        seen = (locking.seen_version(request.form) if posted else None) or device.version
        known = None if device.item_name else in_force(db.session(), item.county_code, clock.today()).get(device.item_code)
        name = known.name if known else device.item_name or device.item_code
        return self._small_form(
            item, form, f"{label}：{name}", lambda: _do(act, who, device.id, {f.name: f.data for f in form}, seen), _intro(act, device), seen
        )


def _told(step: Step, r: DeviceRequest, names: dict[str, str]) -> TimelineEntry:
    move = DEVICE.moves[step.move]
    tone = {"danger": "bad", "primary": "good"}.get(move.style, "")
    name = r.item_name or names.get(r.item_code, r.item_code)
    return TimelineEntry(step.at, step.actor, f"{move.label}：第 {r.position} 項{name}", comment=step.comment or "", tone=tone)


def _do(act: str, who: Any, row_id: int, values: dict[str, Any], version: int | None) -> None:
    """The command of an act, with what its form says."""
    v: dict[str, Any] = {k: ("" if x is None and k in ("assessed_by", "report_no", "assessment_note", "vendor", "receipt_no", "serial_no", "comment") else x)
         for k, x in values.items()}  # fmt: skip
    if act == "ask":
        commands.ask_assessment(who, row_id, v["assessment_asked_on"], v["assessed_by"], seen_version=version)
    elif act == "recover":
        commands.take_back(who, row_id, v["recovered_on"], v["comment"], seen_version=version)
    else:
        others: dict[str, Callable[..., Any]] = {
            "report": commands.record_report, "claim": commands.enter_claim, "check": commands.check_claim, "send_back": commands.send_back,
            "close": commands.close_approval,
        }  # fmt: skip
        others[act](who, row_id, **v, seen_version=version)


def _proposed(act: str, r: DeviceRequest, form_class: type[Form]) -> dict[str, Any]:
    """What is known already, and today where a date is usually today."""
    known = {f.name: getattr(r, f.name, None) for f in form_class()}
    usual = {"ask": "assessment_asked_on", "report": "report_received_on", "claim": "claimed_on", "recover": "recovered_on"}.get(act)
    return known | ({usual: known[usual] or clock.today()} if usual else {})


def _intro(act: str, r: DeviceRequest) -> str:
    """What the person should know before pressing the button."""
    if act == "claim" and r.due_on:
        return f"核定 {roc.show_date(r.decided_on)}，送達 {roc.show_date(r.served_on)}，憑證與請款期限 {roc.show_date(r.due_on)}；最高 {money.show(r.approved_amount)} 元。"
    if act == "check":
        paid = min(r.approved_amount or 0, r.receipt_amount or 0)
        way = "列入下一次付款清冊" if r.provision == "cash" else "實物給付，不撥款給民眾"
        return (
            f"憑證 {r.receipt_no}（{r.vendor}，{roc.show_date(r.receipt_on)}）{money.show(r.receipt_amount)} 元；最高 {money.show(r.approved_amount)} 元，"
            f"應撥付 {money.show(paid)} 元，{way}。"
        )
    return "註銷後不再撥付，也不計入四項與使用年限；請敘明理由（例如逾期未購買、核定前購買）。" if act == "close" else ""


def _facts(r: DeviceRequest, known: DeviceItem | None, paid: str) -> list[tuple[str, str]]:
    """What is known about a device, step by step."""
    day, amount = _day, _amount
    most = r.max_amount if r.max_amount is not None else known.max_amount if known else None
    years = r.min_years if r.min_years is not None else known.min_years if known else None
    again = next_day(r)
    facts = [
        ("項目代碼", r.item_code),
        ("規格", r.spec or ""),
        ("給付方式", str(PROVISIONS[r.provision]) + ("（回收輔具）" if r.recycled else "")),
        ("項目最高金額", amount(most)),
        ("最低使用年限", f"{years} 年" if years is not None else ""),
        ("核定前購買日", day(r.bought_on)),
        ("委託評估", day(r.assessment_asked_on)),
        ("評估單位", r.assessed_by or ""),
        ("評估報告", f"{r.report_no or ''}　{day(r.report_on)}".strip()),
        ("評估結果", "" if r.qualifies is None else "符合" if r.qualifies else "不符合"),
        ("評估意見", r.assessment_note or ""),
        ("核定最高補助", amount(r.approved_amount)),
        ("核定日", day(r.decided_on) if r.approved_amount else ""),
        ("通知送達日", day(r.served_on)),
        ("同項目可再申請", f"{day(again)} 起" if again else ""),
        ("請款日", day(r.claimed_on)),
        ("憑證", f"{r.vendor}　{r.receipt_no}　{day(r.receipt_on)}" if r.receipt_on else ""),
        ("憑證金額", amount(r.receipt_amount)),
        ("產品序號", r.serial_no or ""),
        ("應撥付", amount(r.payable_amount)),
        ("撥款", paid or ("待列入付款清冊" if r.state == "payable" else "")),
        ("回收日", day(r.recovered_on)),
    ]
    return [(label, value) for label, value in facts if value]


def _day(value: dt.date | None) -> str:
    return roc.show_date(value) if value else ""


def _amount(value: int | None) -> str:
    return f"{money.show(value)} 元" if value is not None else ""


def describe_item(row: DeviceItem) -> str:
    """`D01 示範輪椅（最高 4,000 元，3 年，須評估）`."""
    parts = [f"最高 {money.show(row.max_amount)} 元", f"{row.min_years} 年" if row.min_years else "不限年限"]
    parts += ["須評估"] if row.assessed else []
    parts += [] if row.counted else ["不計四項"]
    return f"{row.code} {row.name}（{'，'.join(parts)}）"


def row_form(letter: str, offered: dict[str, str]) -> type[Form]:
    """The form of one row: `d` a device asked for, `e` one granted elsewhere."""
    codes = {"item_code": {"codes": offered}}
    if letter == "e":
        return forms.form_class(DeviceElsewhere, ("item_code", "granted_on", "agency"), **codes)
    made = forms.form_class(DeviceRequest, ("item_code", "spec", "provision", "bought_on"), **codes, provision={"codes": PROVISIONS, "blank": ""})
    return type("Row", (made,), {"recycled": forms.YesNoSelect("回收輔具", unknown="否")})


def numbers(formdata: Any, letter: str) -> list[int]:
    """The rows a posted form speaks of."""
    found = {name[1:].partition("-")[0] for name in formdata if name.startswith(letter) and "-" in name}
    return sorted(int(n) for n in found if n.isdecimal() and len(n) < 4)


def register(appbuilder: Any) -> None:
    name_records(DeviceRequest.__tablename__, _l("Device"))
    name_events({"device_request.served": _l("Notice served"), **{f"device_request.{m.name}": m.label for m in DEVICE.moves.values()}})
    add_benefit(appbuilder, DeviceApplicationView, ORDER, "fa-crutch")
