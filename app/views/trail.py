"""What the auditor reads: the audit trail, the query log, the security log."""

import re
from functools import partial
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l

from app.commands.benefit_rows import find
from app.core import roc
from app.extensions import db
from app.models.access import AccessEntry, SecurityEvent
from app.models.audit import AuditEntry
from app.models.office import County
from app.security.roles import ADMINISTRATOR, AUDITOR

from .base import ListView, ViewInterface, describe
from .base_layout import place_names
from .home import START, tile

ORDER = 92

describe(
    AccessEntry.action,
    choices={"show": _l("Shown"), "reveal": _l("Revealed"), "search": _l("Searched"), "export": _l("Exported"), "print": _l("Printed")},
)
describe(
    SecurityEvent.kind,
    choices={
        "signed_in": _l("Signed in"),
        "failed": _l("Sign-in failed"),
        "locked": _l("Tried while locked"),
        "signed_out": _l("Signed out"),
        "denied": _l("Access denied"),
        "revoked": _l("Session revoked"),
        "citizen_shown": _l("Citizen asked and was told"),
        "citizen_missed": _l("Citizen asked in vain"),
    },
    styles={"failed": "warn", "locked": "bad", "denied": "bad"},
)

_ROSTER = re.compile(r"(\d{5})/(\d{5})/(\w+)")


def subject_name(subject: str) -> str:
    """A record's number; where places, months and benefits are its parts (`10004/11509/…` of a roster), with their names."""
    if roster := _ROSTER.fullmatch(subject):
        county, month, kind = roster.groups()
        return f"{place_names(County).get(county, county)}　{roc.show_month(roc.parse_month(month))}　{subject_name(kind)}"
    return "／".join(found.name if (found := find(db.session(), part)) else part for part in subject.split("/"))


class AuditEntryView(ListView):
    """稽核軌跡：做了什麼、誰做的，前後相連不能更改。"""

    datamodel = ViewInterface(AuditEntry)
    record_name = _l("Audit trail")
    list_columns = ["seq", "at", "actor", "office", "event", "subject_table", "subject_id"]
    search_columns = ["event", "actor", "subject_table", "subject_id"]
    formatters_columns = {"subject_id": subject_name}
    base_order = ("seq", "desc")
    default_roles = (AUDITOR,)


class AccessEntryView(ListView):
    """查詢紀錄：誰、何時、為何查閱個人資料。"""

    datamodel = ViewInterface(AccessEntry)
    record_name = _l("Query log")
    list_columns = ["at", "user", "office", "action", "subject_table", "subject_id", "rows", "purpose"]
    search_columns = ["action", "user", "subject_table", "subject_id", "purpose"]
    base_order = ("id", "desc")
    default_roles = (AUDITOR,)


class SecurityEventView(ListView):
    """安全紀錄：登入、鎖定、越權嘗試。"""

    datamodel = ViewInterface(SecurityEvent)
    record_name = _l("Security log")
    list_columns = ["at", "kind", "username", "address", "details"]
    search_columns = ["kind", "username"]
    base_order = ("id", "desc")
    personal = False
    default_roles = (AUDITOR, ADMINISTRATOR)


def register(appbuilder: Any) -> None:
    appbuilder.add_view(
        AuditEntryView,
        "Audit trail",
        label=_l("Audit trail"),
        icon="fa-link",
        category="Audit",
        category_label=_l("Audit"),
        category_icon="fa-eye",
    )
    appbuilder.add_view(AccessEntryView, "Query log", label=_l("Query log"), icon="fa-search", category="Audit")
    appbuilder.add_view(SecurityEventView, "Security log", label=_l("Security log"), icon="fa-shield", category="Audit")
    for view, label in ((AuditEntryView, _l("Audit trail")), (AccessEntryView, _l("Query log")), (SecurityEventView, _l("Security log"))):
        name = view.__name__
        tile(label, None, partial(url_for, f"{name}.list"), roles=view.default_roles, permission=("can_list", name), group=START, order=95)
