"""Deliveries of `disability_assessment`: what hospitals found goes on the timeline of the people the county knows, once each."""

from collections.abc import Iterable
from typing import Any

import polars as pl
from sqlalchemy import insert, select

from app.commands.arrivals import on_arrival
from app.commands.base import Context
from app.core import clock
from app.exchange.delivery import Delivery
from app.models.application import CLOSED, EDITABLE
from app.models.disability_card import DisabilityCard, DisabilityEvent
from app.models.disability_register import CAUSES, RegisterApplication
from app.models.person import Person
from app.rules.disability_register import ASSESSMENT

from .cards import card_task
from .tasks import open_tasks

CHUNK = 500


@on_arrival("disability_assessment")
def take_in(ctx: Context, delivery: Delivery, frame: pl.DataFrame) -> list[str]:
    """Each assessment not known yet becomes an event of its person, fills in the application under way, or asks whom to call. Repeatable."""
    joined = filled = unclaimed = 0
    rows = frame.to_dicts()
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        people = _people(ctx, delivery, part)
        known = _known(ctx, part)
        fresh = [(r, p) for r in part if (p := people.get(r["person_id"])) is not None and (p.county_code, r["assessment_no"]) not in known]
        if not fresh:
            continue
        ctx.session.execute(insert(DisabilityEvent), [_event(ctx, r, p) for r, p in fresh])
        cases = _cases(ctx, [p.id for _, p in fresh])
        cards = _cards(ctx, [p.id for _, p in fresh])
        lacking = []
        for r, p in fresh:
            case, card = cases.get(p.id), cards.get(p.id)
            if case is None and card is not None:
                lacking.append(_unclaimed(r, p, card))
            if case is None:
                continue
            if case.state in EDITABLE and case.assessment_day is None:
                _fill(case, r)
                filled += 1
        joined += len(fresh)
        unclaimed += open_tasks(ctx, lacking)
    if joined:
        ctx.audit("disability_event.assessed", (DisabilityEvent.__tablename__, "*"), count=joined)
    outside = len(rows) - len({r["assessment_no"] for r in rows if r["person_id"] in _all_people(ctx, delivery, rows)})
    notices = [f"{joined} 筆新的鑑定已登入身心障礙者資料的歷程" + (f"，其中 {filled} 筆填入審核中的申請案" if filled else "") + "。"]
    if unclaimed:
        notices.append(f"{unclaimed} 筆鑑定還沒有申請案，已列入待辦。")
    if outside:
        notices.append(f"{outside} 筆的身分證統一編號不在您業務範圍的個人資料中，只保留在鑑定檔。")
    return notices


def _people(ctx: Context, delivery: Delivery, rows: Iterable[dict[str, Any]]) -> dict[str, Person]:
    query = select(Person).where(Person.person_id.in_({r["person_id"] for r in rows}))
    if delivery.meta.county:
        query = query.where(Person.county_code == delivery.meta.county)
    return {p.person_id: p for p in ctx.session.scalars(query)}


def _all_people(ctx: Context, delivery: Delivery, rows: list[dict[str, Any]]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(rows), CHUNK):
        found |= set(_people(ctx, delivery, rows[start : start + CHUNK]))
    return found


def _known(ctx: Context, rows: Iterable[dict[str, Any]]) -> set[tuple[str, str]]:
    numbers = {r["assessment_no"] for r in rows}
    query = select(DisabilityEvent.county_code, DisabilityEvent.assessment_no).where(
        DisabilityEvent.kind == "assessed", DisabilityEvent.assessment_no.in_(numbers)
    )
    return {(county, str(number)) for county, number in ctx.session.execute(query)}


def _cases(ctx: Context, people: list[int]) -> dict[int, RegisterApplication]:
    query = select(RegisterApplication).where(RegisterApplication.applicant_id.in_(people), RegisterApplication.state.not_in(CLOSED))
    return {c.applicant_id: c for c in ctx.session.scalars(query)}


def _classes(row: dict[str, Any]) -> str:
    return (row.get("class_new") or row.get("class_old") or "").replace(";", "、")


def _event(ctx: Context, row: dict[str, Any], person: Person) -> dict[str, Any]:
    return {
        "county_code": person.county_code, "town_code": person.town_code, "holder_id": person.id, "kind": "assessed", "happened_on": row["assess_date"],
        "assessment_no": row["assessment_no"], "hospital": row.get("hospital"), "doctor": row.get("doctor"), "grade": row["grade"],
        "classes": _classes(row)[:60], "function_codes": (row.get("icf_codes") or "")[:200] or None, "due_on": row.get("reassess_date"),
        "reason": row.get("cause"), "article": ASSESSMENT, "recorded_at": ctx.now, "recorded_by_id": ctx.actor.user_id,
    }  # fmt: skip


def _fill(case: RegisterApplication, row: dict[str, Any]) -> None:
    """The form's assessment, as the hospital sent it."""
    case.assessment_number, case.assessment_hospital, case.assessment_doctor = row["assessment_no"][:20], row.get("hospital"), row.get("doctor")
    case.assessment_day, case.assessment_grade, case.assessment_classes = row["assess_date"], row["grade"], _classes(row)[:60]
    case.assessment_qualifies, case.assessment_reassess = True, row.get("reassess_date")
    case.assessment_irreversible = row.get("reassess_date") is None
    case.assessment_received = clock.today()
    case.function_codes = (row.get("icf_codes") or "").replace(";", "、")[:120] or None
    words = {str(v): k for k, v in CAUSES.items()}
    case.cause = words.get(row.get("cause") or "") or case.cause


def _cards(ctx: Context, people: list[int]) -> dict[int, DisabilityCard]:
    query = select(DisabilityCard).where(DisabilityCard.holder_id.in_(people), DisabilityCard.status == "current")
    return {c.holder_id: c for c in ctx.session.scalars(query)}


def _unclaimed(row: dict[str, Any], person: Person, card: DisabilityCard) -> dict[str, Any]:
    """A holder was assessed again but has not applied."""
    text = f"收到鑑定 {row['assessment_no']}，沒有審核中的換證申請案，請通知申請或查明"
    return card_task(card, person, None, "unclaimed", text, ASSESSMENT, row["assess_date"], clock.today())
