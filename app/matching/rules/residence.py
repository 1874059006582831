"""Rules about where a person is registered: moved out, struck off, missing, registered elsewhere; and about who the person is."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, case, func, literal, or_, select
from sqlalchemy.sql.expression import Select

from .. import wording
from ..sql import agreement, out, worst
from ..tables import lost
from .base import HARD, INFO, LIKELY, Rule, aliases, condition_on, doubtful_line, first_stop, lawful, person_grade, relevance, run_lines


def _moved(_: Mapping[str, int]) -> Select[Any]:
    w, e = aliases()
    agrees = agreement(w, w.c.mv_name, w.c.mv_birth)
    stop = first_stop(
        *relevance(w, e),
        (agrees == 0, "other_person"),
        (w.c.back.is_not(None), "returned"),
        (w.c.mv_to == w.c.county, "at_home"),
        (w.c.exempt == 1, "exempt"),
        *lawful(e),
    )
    # a household whose other members may have stayed; a way out whose goal is not named
    unsure = case((or_(w.c.pay_unit == "household", w.c.mv_to.is_(None)), LIKELY), else_=HARD)
    return (
        select(
            *out(
                "MOVED",
                w,
                e=e,
                stop=stop,
                grade=worst(func.coalesce(e.c.grade, HARD), person_grade(agrees), unsure, doubtful_line(w)),
                c_source="household_change",
                c_county=w.c.mv_to,
                c_kind=w.c.mv_event,
                c_rec=w.c.mv_no,
                c_name=w.c.mv_name,
                c_birth=w.c.mv_birth,
                d1=w.c.mv_date,
                d2=w.c.mv_reg,
            )
        )
        .select_from(w.outerjoin(e, condition_on(w, e, "moved_out")))
        .where(run_lines(w), w.c.mv_event != "removed", or_(w.c.mv_event != "move_within", w.c.mv_to != w.c.county))
    )


def _moved_words(x: Any) -> str:
    where = x.c_county_zh or "他縣市"
    if x.c_kind == "move_within":
        return f"戶籍已在{where}，{wording.day(x.d1)}又在該縣市內變更住址（{wording.day(x.d2)}登記），該月未遷回；{wording.paid(x)}，應由戶籍地辦理。"
    return f"戶籍於{wording.day(x.d1)}遷出至{where}（{wording.day(x.d2)}登記），該月未遷回；{wording.paid(x)}，依法自遷出次月起由新戶籍地辦理。"


MOVED = Rule(
    "MOVED",
    2,
    "戶籍遷出後仍發給",
    "moved",
    "給付月份開始前，戶籍是否已遷出本縣市，且該月沒有遷回？",
    "",
    "",
    ("household_change",),
    30,
    _moved,
    _moved_words,
    facts=("d1", "c_county"),
)


def _removed(_: Mapping[str, int]) -> Select[Any]:
    w, e = aliases()
    struck = w.c.mv_event == "removed"
    name, birth = case((struck, w.c.mv_name), else_=w.c.reg_name), case((struck, w.c.mv_birth), else_=w.c.reg_birth)
    agrees = agreement(w, name, birth)
    stop = first_stop(
        *relevance(w, e), (agrees == 0, "other_person"), (w.c.back.is_not(None), "returned"), (w.c.exempt == 1, "exempt"), *lawful(e)
    )
    return (
        select(
            *out(
                "REMOVED",
                w,
                e=e,
                stop=stop,
                # why somebody was struck off (death, emigration, a false entry) is not in the register
                grade=worst(func.coalesce(e.c.grade, HARD), literal(LIKELY)),
                c_source=case((struck, "household_change"), else_="household_register"),
                c_kind=literal("removed"),
                c_rec=w.c.mv_no,
                c_name=name,
                c_birth=birth,
                d1=w.c.mv_date,
                d2=w.c.mv_reg,
            )
        )
        .select_from(w.outerjoin(e, condition_on(w, e, "moved_out")))
        .where(run_lines(w), or_(struck, and_(w.c.mv_no.is_(None), w.c.reg_status == "removed")))
    )


def _removed_words(x: Any) -> str:
    if x.d1 is None:
        return f"戶籍資料的狀態為除籍，但異動檔沒有除籍日期；{wording.paid(x)}，請查明除籍原因與日期。"
    return f"戶籍於{wording.day(x.d1)}除籍（{wording.day(x.d2)}登記），該月未恢復戶籍；{wording.paid(x)}，請查明除籍原因。"


REMOVED = Rule(
    "REMOVED",
    1,
    "除籍後仍發給",
    "removed",
    "給付月份開始前，戶籍是否已除籍，且該月沒有恢復或遷入？",
    "",
    "",
    ("household_register", "household_change"),
    31,
    _removed,
    _removed_words,
    facts=("d1",),
)


def _missing(_: Mapping[str, int]) -> Select[Any]:
    w, e = aliases()
    t = lost.alias("t")
    told = t.c.event == "missing"
    name, birth = (
        case((t.c.person_id.is_not(None), t.c.name), else_=w.c.reg_name),
        case((t.c.person_id.is_not(None), t.c.birth), else_=w.c.reg_birth),
    )
    agrees = agreement(w, name, birth)
    stop = first_stop(
        *relevance(w, e),
        (and_(told, t.c.event_date > w.c.last_day), "not_yet"),
        (and_(told, t.c.event_date >= w.c.half_year_ago), "month_of_fact"),
        (agrees == 0, "other_person"),
        (t.c.event == "found", "found"),
        (w.c.exempt == 1, "exempt"),
        *lawful(e),
    )
    return (
        select(
            *out(
                "MISSING",
                w,
                e=e,
                stop=stop,
                grade=worst(func.coalesce(e.c.grade, HARD), literal(LIKELY)),  # the police still search; only a person can say so
                c_source=case((told, "household_change"), else_="household_register"),
                c_kind=literal("missing"),
                c_rec=case((told, t.c.change_no), else_=None),
                c_name=name,
                c_birth=birth,
                d1=case((told, t.c.event_date), else_=None),
                d2=case((told, t.c.registered_date), else_=None),
            )
        )
        .select_from(w.outerjoin(t, t.c.person_id == w.c.person_id).outerjoin(e, condition_on(w, e, "missing_6m")))
        .where(run_lines(w), or_(t.c.person_id.is_not(None), w.c.reg_status == "missing"))
    )


def _missing_words(x: Any) -> str:
    if x.d1 is None:
        return f"戶籍資料的狀態為失蹤，但異動檔沒有失蹤日期；{wording.paid(x)}，請向警察機關查明協尋日期。"
    return f"{wording.day(x.d1)}失蹤（{wording.day(x.d2)}登記），至給付月份開始前已滿六個月未尋獲；{wording.paid(x)}，請查明協尋情形。"


MISSING = Rule(
    "MISSING",
    1,
    "失蹤滿六個月仍發給",
    "missing",
    "給付月份開始前，是否已登記失蹤滿六個月而未尋獲？",
    "",
    "",
    ("household_register", "household_change"),
    33,
    _missing,
    _missing_words,
    facts=("d1",),
)


def _elsewhere(_: Mapping[str, int]) -> Select[Any]:
    w, e = aliases()
    agrees = agreement(w, w.c.reg_name, w.c.reg_birth)
    stop = first_stop(*relevance(w, e), (agrees == 0, "other_person"), (w.c.exempt == 1, "exempt"), *lawful(e))
    return (
        select(
            *out(
                "REGISTERED_ELSEWHERE",
                w,
                e=e,
                stop=stop,
                grade=worst(func.coalesce(e.c.grade, HARD), literal(LIKELY)),
                c_source="household_register",
                c_name=w.c.reg_name,
                c_birth=w.c.reg_birth,
                c_county=w.c.home_county,
                c_kind=w.c.reg_status,
            )
        )
        .select_from(w.outerjoin(e, condition_on(w, e, "moved_out")))
        .where(run_lines(w), w.c.mv_no.is_(None), w.c.reg_status != "removed", or_(w.c.away == 1, w.c.reg_status == "moved_out"))
    )


REGISTERED_ELSEWHERE = Rule(
    "REGISTERED_ELSEWHERE",
    2,
    "戶籍不在發放縣市",
    "moved",
    "戶籍資料登記的縣市是否不是發放縣市，而異動檔沒有遷出紀錄？",
    "",
    "",
    ("household_register", "household_change"),
    80,
    _elsewhere,
    lambda x: f"戶籍資料登記於{x.c_county_zh or '他縣市'}，異動檔沒有遷出紀錄；{wording.paid(x)}，請查明遷出日期。",
    facts=("c_county",),
)


def _identity(_: Mapping[str, int]) -> Select[Any]:
    w, _e = aliases()
    agrees = agreement(w, w.c.reg_name, w.c.reg_birth)
    stop = first_stop((w.c.paid <= 0, "no_payment"), (agrees == 1, "minor_difference"))
    return select(
        *out(
            "IDENTITY",
            w,
            stop=stop,
            over=literal(0),
            grade=literal(INFO),
            relation=literal("info"),
            own=literal(0),
            c_source="household_register",
            c_name=w.c.reg_name,
            c_birth=w.c.reg_birth,
            c_kind=case((w.c.reg_name.is_(None), "absent"), else_="different"),
            c_county=w.c.reg_county,
            d1=w.c.birth,
            d2=w.c.reg_birth,
        )
    ).where(run_lines(w), or_(w.c.reg_name.is_(None), agrees < 2))


def _identity_words(x: Any) -> str:
    if x.c_kind == "absent":
        return f"戶籍資料查無此統一編號；{wording.months_zh(x.months)}發給{x.kind_zh}{wording.ntd(x.paid)}，請核對統一編號。"
    return (
        f"名冊的姓名、出生日期（{wording.day(x.d1)}）與戶籍資料同一統一編號者（{wording.day(x.d2)}）都不符，可能登錄成他人；"
        "請核對統一編號，本筆不是溢領認定。"
    )


IDENTITY = Rule(
    "IDENTITY",
    1,
    "統一編號與姓名、生日不符",
    "identity",
    "名冊的姓名與出生日期，是否與戶籍資料同一統一編號者都不同？",
    "資料品質",
    "",
    ("household_register",),
    90,
    _identity,
    _identity_words,
    facts=("c_kind", "d2"),
)

RULES = (MOVED, REMOVED, MISSING, REGISTERED_ELSEWHERE, IDENTITY)
