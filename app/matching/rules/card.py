"""Rules about the disability card behind a benefit: no longer valid, or of a lesser degree than the one that is paid for.

The disability register carries no payment, so what it says never makes a doubt hard.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, case, func, literal, or_, select
from sqlalchemy.sql.expression import Select

from .. import wording
from ..sql import agreement, out, worst
from ..tables import card
from .base import LIKELY, Rule, aliases, condition_on, first_stop, lawful, relevance, run_lines

GRADES = {"mild": "輕度", "moderate": "中度", "severe": "重度", "profound": "極重度"}


def _sides(c: Any) -> dict[str, Any]:
    return {
        "c_source": literal("roster"),
        "c_county": c.c.county,
        "c_rec": c.c.rec_no,
        "c_name": c.c.name,
        "c_birth": c.c.birth,
    }


def _expired(_: Mapping[str, int]) -> Select[Any]:
    w, e = aliases()
    c = card.alias("c")
    stop = first_stop(
        *relevance(w, e),
        (and_(c.c.status != "ended", c.c.expiry >= w.c.first_day), "month_of_fact"),
        (agreement(w, c.c.name, c.c.birth) == 0, "other_person"),
        (w.c.exempt == 1, "exempt"),
        *lawful(e),
    )
    return (
        select(
            *out(
                "CARD_EXPIRED",
                w,
                e=e,
                stop=stop,
                grade=worst(func.coalesce(e.c.grade, LIKELY), literal(LIKELY)),
                c_kind=case((c.c.status == "ended", "card_ended"), else_="card_expired"),
                d1=c.c.expiry,
                **_sides(c),
            )
        )
        .select_from(w.join(c, c.c.person_id == w.c.person_id).outerjoin(e, condition_on(w, e, "certificate_expired")))
        .where(run_lines(w), or_(c.c.status == "ended", c.c.expiry <= w.c.last_day))
    )


def _expired_words(x: Any) -> str:
    fact = "已註銷" if x.c_kind == "card_ended" else f"有效期限至{wording.day(x.d1)}"
    return f"身心障礙手冊（證明）{fact}，名冊上沒有其他有效的手冊；{wording.paid(x)}，如在換證期間請註記，否則依法停發。"


CARD_EXPIRED = Rule(
    "CARD_EXPIRED",
    1,
    "身心障礙手冊已失效仍發給",
    "card",
    "給付月份開始前，身心障礙手冊（證明）是否已屆滿或註銷，而且沒有其他有效的？",
    "",
    "",
    (),
    52,
    _expired,
    _expired_words,
    facts=("c_kind", "d1"),
)


def _degree(grade: Any) -> Any:
    return case(*((grade == code, n) for n, code in enumerate(GRADES, 1)), else_=None)


def _downgraded(_: Mapping[str, int]) -> Select[Any]:
    w, e = aliases()
    c = card.alias("c")
    stop = first_stop(
        *relevance(w, e),
        (c.c.assess_date > w.c.last_day, "not_yet"),
        (c.c.assess_date >= w.c.first_day, "month_of_fact"),
        (agreement(w, c.c.name, c.c.birth) == 0, "other_person"),
        (or_(c.c.grade != "mild", w.c.mild_due >= w.c.paid), "same_amount"),
        (w.c.exempt == 1, "exempt"),
        *lawful(e),
    )
    return (
        select(
            *out(
                "CARD_DOWNGRADED",
                w,
                e=e,
                stop=stop,
                over=case((w.c.mild_due < w.c.paid, w.c.paid - w.c.mild_due), else_=0),
                grade=worst(func.coalesce(e.c.grade, LIKELY), literal(LIKELY)),
                c_kind=c.c.grade,
                d1=c.c.assess_date,
                n1=_degree(w.c.card_grade),
                n2=w.c.mild_due,
                **_sides(c),
            )
        )
        .select_from(w.join(c, c.c.person_id == w.c.person_id).outerjoin(e, condition_on(w, e, "certificate_expired")))
        .where(run_lines(w), _degree(w.c.card_grade) > _degree(c.c.grade))
    )


def _downgraded_words(x: Any) -> str:
    ours, theirs = list(GRADES.values())[x.n1 - 1], GRADES[x.c_kind]
    due = "應發金額尚無核定的標準，請查明後計算" if x.n2 is None else f"{theirs}每月應發{wording.ntd(x.n2)}"
    return f"名冊以{ours}發給，身心障礙手冊{wording.day(x.d1)}鑑定為{theirs}；{wording.paid(x)}，{due}。"


CARD_DOWNGRADED = Rule(
    "CARD_DOWNGRADED",
    1,
    "障礙等級變輕仍照原等級發給",
    "card",
    "手冊上的障礙等級是否比名冊發給的等級輕，而應發金額較少？",
    "",
    "",
    (),
    75,
    _downgraded,
    _downgraded_words,
    facts=("c_kind", "d1"),
)

RULES = (CARD_EXPIRED, CARD_DOWNGRADED)
