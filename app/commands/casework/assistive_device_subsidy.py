"""What 輔具費用補助 adds to casework: the devices as facts, what is wrong with them, and what a decision does to each."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from app.commands.base import Context
from app.commands.device_catalogue import in_force, law_item
from app.commands.parameters import exclusions_in_force, parameters_in_force
from app.core import clock, roc
from app.models.application import Application
from app.models.assistive_device_subsidy import DeviceApplication
from app.models.decision import Decision
from app.models.device import GRANTED, DeviceElsewhere, DeviceItem, DeviceRequest
from app.rules import assistive_device_subsidy as law
from app.rules import clocks, device_item
from app.rules.device_item import ITEMS_IN_WINDOW, PriorDevice, counted_in_window, next_allowed
from app.rules.disability import Grade
from app.rules.facts import Finding, Source
from app.rules.trace import Answer
from app.rules.trace import Decision as Judgement
from app.security import scope

from .devices import DEVICE, put_served
from .facts import case_facts
from .problems import Problem

REPORT = Source("輔具評估報告及審查")


def earlier(session: Session, applicant_id: int, but: int | None = None) -> tuple[PriorDevice, ...]:
    """Devices the person was granted before, in any township and (as far as registered) elsewhere, oldest first. `but`: leave out a case."""
    with scope.use(scope.SYSTEM):
        own = session.execute(
            select(DeviceRequest.item_code, DeviceRequest.decided_on, DeviceRequest.counted, DeviceRequest.recycled, DeviceRequest.item_name)
            .join(Application, Application.id == DeviceRequest.application_id)
            .where(Application.applicant_id == applicant_id, DeviceRequest.state.in_(GRANTED), DeviceRequest.application_id != (but or 0))
        ).all()
        other = session.execute(
            select(DeviceElsewhere.item_code, DeviceElsewhere.granted_on)
            .join(Application, Application.id == DeviceElsewhere.application_id)
            .where(Application.applicant_id == applicant_id, DeviceElsewhere.granted_on.is_not(None))
            .distinct()
        ).all()
    found = [PriorDevice(code, day, counted and not recycled, name or "") for code, day, counted, recycled, name in own if day]
    found += [PriorDevice(code, day) for code, day in other if day]
    return tuple(sorted(found, key=lambda p: (p.day, p.code)))


@dataclass(frozen=True, slots=True)
class Held:
    """A device somebody was granted: since when, whether it counts now among the four items, from when it may be granted again."""

    code: str
    name: str
    day: dt.date
    in_window: bool
    again: dt.date | None
    too_early: bool


def held(session: Session, applicant_id: int, county_code: str, on: dt.date) -> list[Held]:
    """Every device of a person, newest first, with its window and its next allowed day as the catalogue of the day says."""
    known = in_force(session, county_code, on)
    out = []
    for p in earlier(session, applicant_id):
        item = known.get(p.code)
        again = next_allowed(law_item(item), (p,)) if item else None
        name = p.name or (item.name if item else p.code)
        out.append(Held(p.code, name, p.day, counted_in_window((p,), on) == 1, again, again is not None and on < again))
    return out[::-1]


def given_facts(a: DeviceApplication, on: dt.date) -> dict[str, object]:
    """The devices as the catalogue of the day describes them, and the earlier ones once they were looked up."""
    session = object_session(a)
    assert session is not None
    known = in_force(session, a.county_code, on)
    requested = tuple(
        law.RequestedDevice(
            str(r.position), law_item(known[r.item_code]) if r.item_code in known else None, Finding(r.qualifies, source=REPORT), r.report_on,
            r.bought_on, r.recycled,
        )
        for r in a.devices
    )  # fmt: skip
    return {"requested": requested, "history": earlier(session, a.applicant_id, a.id) if a.history_checked_on else None}


def problems(a: DeviceApplication, today: dt.date) -> Iterator[Problem]:
    """Bad or doubtful rows. What the law will refuse is a warning: an application may be handed in and refused in writing."""
    session = object_session(a)
    assert session is not None
    if a.history_checked_on and a.history_checked_on > today:
        yield Problem("facts", "history_checked_on", "查詢日期不可晚於今天")
    for e in a.elsewhere:
        if not e.item_code:
            yield Problem("devices", f"e{e.position}-item_code", "請選擇其他機關補助的是哪一項輔具")
        if e.granted_on is None:
            yield Problem("devices", f"e{e.position}-granted_on", "請填其他機關補助的日期")
        elif e.granted_on > today:
            yield Problem("devices", f"e{e.position}-granted_on", "其他機關補助日期不可晚於今天")
    if not a.devices:
        yield Problem("devices", "item_code", "請至少登錄一項要申請的輔具")
        return
    known = in_force(session, a.county_code, today)
    history = earlier(session, a.applicant_id, a.id)
    for r in a.devices:
        item = known.get(r.item_code)
        where = f"d{r.position}-"
        if not r.item_code:
            yield Problem("devices", f"{where}item_code", f"第 {r.position} 項：請選擇輔具項目")
            continue
        if item is None:
            words = f"第 {r.position} 項：代碼「{r.item_code}」不在縣府輔具項目表內，不能受理；請改選表列項目，或請縣府先登錄項目"
            yield Problem("devices", f"{where}item_code", words)
            continue
        if r.bought_on and r.bought_on > today:
            yield Problem("devices", f"{where}bought_on", f"第 {r.position} 項：購買日期不可晚於今天")
        elif r.bought_on:
            words = f"第 {r.position} 項：核定前已購買，依輔具費用補助辦法第16條不予補助"
            yield Problem("devices", f"{where}bought_on", words, "warn")
        for words in _refusals(a, r, item, history, today):
            yield Problem("devices", f"{where}item_code", f"第 {r.position} 項{item.name}：{words}", "warn")
        counted = item.counted and not r.recycled
        history = (*history, PriorDevice(item.code, today, counted, item.name))


def _refusals(a: DeviceApplication, r: DeviceRequest, item: DeviceItem, history: tuple[PriorDevice, ...], today: dt.date) -> Iterator[str]:
    """Why the law will not grant this device, as far as the form can tell."""
    of_law = law_item(item)
    held = {c.strip() for c in (a.card_classes or "").replace("、", ",").split(",") if c.strip()}
    if of_law.classes and held and not held & set(of_law.classes):
        yield f"補助對象為第{'、'.join(of_law.classes)}類，證明上是第{'、'.join(sorted(held))}類，不符合"
    if of_law.grades and a.card_grade and a.card_grade not in of_law.grades:
        yield f"補助對象為{'、'.join(g.zh for g in of_law.grades)}，證明上是{Grade(a.card_grade).zh}，不符合"
    if a.special:
        return
    if item.counted and not r.recycled and (used := counted_in_window(history, today)) >= ITEMS_IN_WINDOW:
        yield f"本年度及前一年度已補助 {used} 項，逾每二年度四項；特殊且急迫者請先經縣府認定"
    again = next_allowed(of_law, history)
    if again is not None and today < again:
        yield f"同一項目未達最低使用年限 {item.min_years} 年，{roc.show_date(again)} 起才可再申請"


def decided(ctx: Context, application: DeviceApplication, decision: Decision) -> None:
    """Each device is approved with its amount, or refused with its reasons."""
    today, county = clock.today(), application.county_code
    facts = case_facts(application, today)
    each = law.decide_each(facts, parameters_in_force(ctx.session, county), exclusions_in_force(ctx.session, county, today))
    by_ref = {asked.ref: (asked, found) for asked, found in each}
    for row in application.devices:
        asked, found = by_ref[str(row.position)]
        item = asked.item
        values: dict[str, Any] = {"decided_on": today, "due_code": None, "due_on": None}
        if item is not None:
            values |= {"item_name": item.name, "max_amount": item.max_amount, "min_years": item.min_years, "counted": item.counted}
        if decision.outcome == "granted" and found.eligible is Answer.YES:
            DEVICE.advance(ctx, row, "approve", approved_amount=found.amount, **values)
        else:
            DEVICE.advance(ctx, row, "refuse", refused_because=reasons(found, decision.reason)[:300], **values)


def served(ctx: Context, application: DeviceApplication, on: dt.date | None) -> None:
    """The notice reached the person: the months to buy and claim run for every approved device."""
    put_served(ctx, application, on)


def notice_values(application: DeviceApplication, decision: Decision) -> dict[str, str | None]:
    """What a notice says of the devices; nothing is paid by the month, so nothing is said of months."""
    given = [r for r in application.devices if r.approved_amount is not None and r.state != "refused"]
    refused = [r for r in application.devices if r.state == "refused"]
    to_buy = any(r.provision == "cash" for r in given)
    clock_of = clocks.clock(device_item.BENEFIT, "claim", clock.to_taipei(decision.decided_at).date())
    return {
        "每月金額": None, "起月": None, "迄月": None,
        "核定輔具": "、".join(f"{r.item_name or r.item_code}（最高新臺幣{r.approved_amount:,}元{'，實物給付' if r.provision == 'kind' else ''}）" for r in given),
        "不符輔具": "；".join(f"{r.item_name or r.item_code}：{(r.refused_because or '不予核定').rstrip('。')}" for r in refused),
        "請款月數": str(clock_of.length) if clock_of and to_buy else None,
        "請款依據": clock_of.article if clock_of and to_buy else None,
    }  # fmt: skip


def notice_rows(application: DeviceApplication) -> tuple[tuple[str, ...], ...]:
    """Every device with what was decided on it and why."""
    rows: list[tuple[str, ...]] = [("項次", "輔具項目", "審核結果", "最高補助金額（元）", "說明")]
    for r in application.devices:
        name, no = r.item_name or r.item_code, str(r.position)
        if r.state == "refused":
            rows.append((no, name, "不予補助", "－", r.refused_because or "不予核定"))
        else:
            how = "實物給付" if r.provision == "kind" else "檢具憑證，依購置金額於最高金額內核撥"
            rows.append((no, name, "核定", f"{r.approved_amount:,}" if r.approved_amount else "－", how))
    return tuple(rows)


def reasons(found: Judgement, said: str | None) -> str:
    """Why a device is refused: the tests that were not met, or what the county said."""
    lines = [f"{line.question}{line.measured}，標準：{line.limit}（{line.article}）" for line in found.failed()]
    return "；".join(lines) or said or "不予核定"


def next_day(row: DeviceRequest) -> dt.date | None:
    """From when the same device may be granted again; None when its years of use are not known or it was not granted."""
    if row.decided_on is None or row.state not in GRANTED:
        return None
    item = device_item.DeviceItem(row.item_code, row.item_name or "", row.max_amount, row.min_years)
    return next_allowed(item, (PriorDevice(row.item_code, row.decided_on),))
