"""The persons of the households on a register: who is listed, who is only counted, and what is put on each."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.core import money
from app.models.payment_person import PaymentPerson
from app.security import roles

from .base import ListView, ViewInterface, describe
from .casework_forms import RELATIONS

describe(PaymentPerson.relation, choices={"applicant": "申請人本人", **RELATIONS})


class PaymentPersonView(ListView):
    """One line a person; the household's money stands on its payment line."""

    datamodel = ViewInterface(PaymentPerson)
    route_base = "/payment_persons"
    record_name = _l("Persons of the households")
    base_order = ("id", "asc")
    list_columns = ["line.run.run_no", "line_no", "town_code", "name", "person_id", "relation", "listed", "parts", "amount"]
    order_columns = ["line_no", "amount"]
    search_columns = ["line.run.run_no", "line_no", "person_id", "name", "town_code"]
    formatters_columns = {"parts": lambda parts: "、".join(f"{item} {money.show(amount)} 元" for item, amount in parts or [])}
    base_permissions = ["can_list", "can_export"]
    default_roles = {"can_list": roles.READERS, "can_export": (*roles.SUPERVISORS, roles.ACCOUNTANT, roles.AUDITOR)}
    list_hint = "以戶為單位發給的津貼，造冊時戶內每一個人：列冊者與只列計收入者，以及補助掛在誰身上。一戶仍只有一筆撥款。"
    empty_message = "還沒有以戶為單位的清冊。"


def register(appbuilder: Any) -> None:
    appbuilder.add_view_no_menu(PaymentPersonView)
