"""Rules about where a person is registered: moved out, registered elsewhere; and about who the person is."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import case, func, literal, or_, select
from sqlalchemy.sql.expression import Select

from .. import wording
from ..sql import agreement, out, worst
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
    # struck off without a county to go to; a household whose other members may have stayed; a way out whose goal is not named
    unsure = case((or_(w.c.mv_event == "removed", w.c.pay_unit == "household", w.c.mv_to.is_(None)), LIKELY), else_=HARD)
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
        .where(run_lines(w), w.c.mv_no.is_not(None), w.c.mv_event != "move_within")
    )


def _moved_words(x: Any) -> str:
    if x.c_kind == "removed":
        return f"戶籍於{wording.day(x.d1)}除籍（{wording.day(x.d2)}登記）；{wording.paid(x)}。"
    where = x.c_county_zh or "他縣市"
    return f"戶籍於{wording.day(x.d1)}遷出至{where}（{wording.day(x.d2)}登記），該月未遷回；{wording.paid(x)}，依法自遷出次月起由新戶籍地辦理。"


MOVED = Rule(
    "MOVED",
    1,
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
        .where(run_lines(w), w.c.mv_no.is_(None), or_(w.c.away == 1, w.c.reg_status.in_(("moved_out", "removed"))))
    )


REGISTERED_ELSEWHERE = Rule(
    "REGISTERED_ELSEWHERE",
    1,
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

RULES = (MOVED, REGISTERED_ELSEWHERE, IDENTITY)
