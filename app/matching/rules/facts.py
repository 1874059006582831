"""Rules about one person and one fact: death, custody, placement, absence, age."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, case, func, literal, or_, select
from sqlalchemy.sql.expression import Select

from app.core import roc

from .. import wording
from ..sql import agreement, days_between, greater, lesser, out, worst
from ..tables import death, drawn, held, stay
from .base import (
    HARD,
    LIKELY,
    Rule,
    aliases,
    condition_on,
    doubtful_line,
    exempt_grade,
    first_stop,
    lawful,
    person_grade,
    relevance,
    run_lines,
)


def _household(w: Any) -> Any:
    """A household's amount may still be due to the other members."""
    return case((w.c.pay_unit == "household", LIKELY), else_=HARD)


def _death(_: Mapping[str, int]) -> Select[Any]:
    w, e = aliases()
    d = death.alias("d")
    agrees = agreement(w, d.c.name, d.c.birth)
    stop = first_stop(
        *relevance(w, e),
        (d.c.event_date > w.c.last_day, "not_yet"),
        (d.c.event_date >= w.c.first_day, "month_of_fact"),
        (agrees == 0, "other_person"),
        (d.c.event == "death_annulled", "annulled"),
        *lawful(e),
    )
    return (
        select(
            *out(
                "DEATH",
                w,
                e=e,
                stop=stop,
                grade=worst(func.coalesce(e.c.grade, HARD), person_grade(agrees), doubtful_line(w), _household(w)),
                c_source="household_change",
                c_kind="death",
                c_rec=d.c.change_no,
                c_name=d.c.name,
                c_birth=d.c.birth,
                d1=d.c.event_date,
                d2=d.c.registered_date,
                n1=case((d.c.written_id != w.c.written_id, 1), else_=0),
            )
        )
        .select_from(w.join(d, d.c.person_id == w.c.person_id).outerjoin(e, condition_on(w, e, "death")))
        .where(run_lines(w))
    )


def _death_words(x: Any) -> str:
    under = "（登記於變更前後之另一統一編號）" if x.n1 else ""
    return f"戶籍登記於{wording.day(x.d1)}死亡{under}，{wording.day(x.d2)}登記；{wording.paid(x)}，依法自死亡次月起不得發給。"


DEATH = Rule(
    "DEATH",
    1,
    "死亡後仍發給",
    "death",
    "給付月份之前，戶籍是否已登記死亡且未撤銷？",
    "",
    "",
    ("household_change",),
    10,
    _death,
    _death_words,
    facts=("d1",),
)


def _death_registered(_: Mapping[str, int]) -> Select[Any]:
    w, e = aliases()
    d = death.alias("d")
    agrees = agreement(w, w.c.reg_name, w.c.reg_birth)
    stop = first_stop(*relevance(w, e), (agrees == 0, "other_person"), *lawful(e))
    return (
        select(
            *out(
                "DEATH_STATUS",
                w,
                e=e,
                stop=stop,
                grade=worst(func.coalesce(e.c.grade, HARD), literal(LIKELY)),
                c_source="household_register",
                c_kind="deceased",
                c_name=w.c.reg_name,
                c_birth=w.c.reg_birth,
                c_county=w.c.reg_county,
            )
        )
        .select_from(w.outerjoin(d, d.c.person_id == w.c.person_id).outerjoin(e, condition_on(w, e, "death")))
        .where(run_lines(w), w.c.reg_status == "deceased", d.c.person_id.is_(None))
    )


DEATH_STATUS = Rule(
    "DEATH_STATUS",
    1,
    "戶籍狀態為死亡，無死亡日期",
    "death",
    "戶籍資料的狀態是否為死亡，而異動檔沒有死亡登記？",
    "",
    "",
    ("household_register", "household_change"),
    15,
    _death_registered,
    lambda x: f"戶籍資料的狀態為死亡，但異動檔沒有死亡日期；{wording.paid(x)}，請查明死亡日期後計算。",
)


def _custody(_: Mapping[str, int]) -> Select[Any]:
    w, e = aliases()
    c = held.alias("c")
    agrees = agreement(w, c.c.name, c.c.birth)
    ends = func.coalesce(c.c.to_date, w.c.last_day)
    days = case(
        (and_(agrees > 0, ends >= w.c.first_day), days_between(lesser(ends, w.c.last_day), greater(c.c.from_date, w.c.first_day)) + 1),
        else_=0,
    )
    # in custody during the month, or until the day before it: a transfer from one place to another is one custody
    joined_up = and_(agrees > 0, or_(c.c.to_date.is_(None), days_between(w.c.first_day, c.c.to_date) <= 1))
    whose: dict[str, Any] = {"partition_by": (w.c.rec_key, w.c.month)}
    x = (
        select(
            *w.c,
            e.c.pair_key,
            e.c.relation,
            e.c.grade.label("e_grade"),
            e.c.own,
            e.c.law,
            e.c.article,
            c.c.record_no,
            c.c.kind.label("held_as"),
            c.c.name.label("held_name"),
            c.c.birth.label("held_birth"),
            c.c.from_date,
            c.c.to_date,
            agrees.label("agrees"),
            days.label("days"),
            func.sum(days).over(**whose).label("held_days"),
            func.min(case((joined_up, c.c.from_date), else_=None)).over(**whose).label("since"),
            func.row_number().over(**whose, order_by=(days.desc(), c.c.from_date, c.c.record_no)).label("rn"),
        )
        .select_from(w.join(c, c.c.person_id == w.c.person_id).outerjoin(e, condition_on(w, e, "incarceration")))
        .where(run_lines(w), c.c.from_date <= w.c.last_day)
        .subquery("x")
    )
    month_days = days_between(x.c.last_day, x.c.first_day) + 1
    stop = first_stop(
        *relevance(x, x),
        (and_(x.c.agrees > 0, x.c.days == 0), "fact_over"),
        (x.c.agrees == 0, "other_person"),
        (and_(x.c.since >= x.c.first_day, x.c.held_days < month_days), "month_of_fact"),
        *lawful(x),
    )
    # taken in on the very first day: by the month-after rule still due, by the whole month in custody not
    whole = case((and_(x.c.held_days >= month_days, x.c.since < x.c.first_day), HARD), else_=LIKELY)
    return select(
        *out(
            "CUSTODY",
            x,
            e=x,
            stop=stop,
            grade=worst(
                func.coalesce(x.c.e_grade, HARD), person_grade(x.c.agrees), whole, doubtful_line(x), exempt_grade(x), _household(x)
            ),
            c_source="custody",
            c_kind=x.c.held_as,
            c_rec=x.c.record_no,
            c_name=x.c.held_name,
            c_birth=x.c.held_birth,
            d1=x.c.from_date,
            d2=x.c.to_date,
            n1=x.c.held_days,
        )
    ).where(x.c.rn == 1)


def _custody_words(x: Any) -> str:
    until = f"至{wording.day(x.d2)}" if x.d2 else "起，尚未出監"
    return f"監管資料顯示自{wording.day(x.d1)}{until}；{wording.paid(x)}，監管期間依法停發。"


CUSTODY = Rule(
    "CUSTODY",
    1,
    "在監、羈押期間仍發給",
    "custody",
    "給付月份之前已入監或羈押，且該月仍在監管中？",
    "",
    "",
    ("custody",),
    20,
    _custody,
    _custody_words,
    facts=("d1", "d2"),
)


def _placement(_: Mapping[str, int]) -> Select[Any]:
    w, e = aliases()
    x = drawn.alias("x")
    agrees = agreement(w, x.c.name, x.c.birth)
    stop = first_stop(
        *relevance(w, e),
        (x.c.month_from > w.c.month, "not_yet"),
        (x.c.month_to < w.c.month, "fact_over"),
        (agrees == 0, "other_person"),
        *lawful(e),
    )
    since = case((x.c.month_from < w.c.month, HARD), else_=LIKELY)  # placed some day of this very month: due by the month-after rule?
    return (
        select(
            *out(
                "PLACEMENT",
                w,
                e=e,
                stop=stop,
                grade=worst(func.coalesce(e.c.grade, HARD), person_grade(agrees), since, doubtful_line(w), exempt_grade(w), _household(w)),
                c_source="benefit_elsewhere",
                c_kind=x.c.kind,
                c_rec=x.c.record_no,
                c_name=x.c.name,
                c_birth=x.c.birth,
                c_paid=x.c.amount,
                n1=x.c.month_from,
                n2=x.c.month_to,
            )
        )
        .select_from(w.join(x, x.c.person_id == w.c.person_id).outerjoin(e, condition_on(w, e, "public_placement")))
        .where(run_lines(w), x.c.kind == "public_placement")
    )


PLACEMENT = Rule(
    "PLACEMENT",
    1,
    "公費收容安置期間仍發給",
    "placement",
    "該月是否由政府公費收容安置？",
    "",
    "",
    ("benefit_elsewhere",),
    25,
    _placement,
    lambda x: f"自{roc.show_month(x.n1)}起由政府公費收容安置（每月{wording.ntd(x.c_paid)}）；{wording.paid(x)}，安置期間依法停發。",
    facts=("n1", "n2"),
)


def _absence(p: Mapping[str, int]) -> Select[Any]:
    w, e = aliases()
    t = stay.alias("t")
    nights = days_between(lesser(func.coalesce(t.c.in_date, w.c.first_day), w.c.first_day), greater(t.c.out_date, w.c.year_ago))
    x = (
        select(
            w.c.rec_key,
            w.c.month,
            func.sum(nights).label("nights"),
            func.count().label("trips"),
            func.sum(case((t.c.out_date >= w.c.year_ago, 1), else_=0)).label("leavings"),
            func.sum(case((t.c.in_date < w.c.first_day, 1), else_=0)).label("returns"),
            func.min(t.c.out_date).label("first_out"),
            func.max(t.c.out_date).label("last_out"),
            case((func.count(t.c.in_date) == func.count(), func.max(t.c.in_date)), else_=None).label("last_in"),
            func.max(t.c.record_no).label("record_no"),
        )
        .select_from(w.join(t, t.c.person_id == w.c.person_id))
        .where(run_lines(w), t.c.out_date < w.c.first_day, or_(t.c.in_date.is_(None), t.c.in_date > w.c.year_ago))
        .group_by(w.c.rec_key, w.c.month)
        .having(func.sum(nights) >= p["look_from"])
        .subquery("x")
    )
    year = days_between(w.c.first_day, w.c.year_ago)
    inside = year - x.c.nights  # days in the country, days of leaving and of return counted as one together
    if p["ends"] == BOTH_INSIDE:
        inside = inside + x.c.leavings
    elif p["ends"] == BOTH_OUTSIDE:
        inside = inside - x.c.returns
    agrees = agreement(w, w.c.reg_name, w.c.reg_birth)
    stop = first_stop(
        *relevance(w, e),
        (and_(w.c.reg_name.is_not(None), agrees == 0), "other_person"),
        (inside > p["limit"], "under_limit"),
        (w.c.exempt == 1, "exempt"),
        *lawful(e),
    )
    undecided = case((and_(inside + x.c.trips <= p["limit"], x.c.nights > p["limit"]), HARD), else_=LIKELY)
    clear = undecided if p["ends"] == UNDECIDED else literal(HARD)
    return (
        select(
            *out(
                "ABSENCE",
                w,
                e=e,
                stop=stop,
                grade=worst(func.coalesce(e.c.grade, HARD), clear, doubtful_line(w), _household(w)),
                c_source="border_crossing",
                c_kind="stay",
                c_name=w.c.reg_name,
                c_birth=w.c.reg_birth,
                c_rec=x.c.record_no,
                d1=x.c.first_out,
                d2=x.c.last_in,
                d3=w.c.year_ago,
                n1=x.c.nights,
                n2=inside,
            )
        )
        .select_from(w.join(x, and_(x.c.rec_key == w.c.rec_key, x.c.month == w.c.month)).outerjoin(e, condition_on(w, e, "absence_183")))
        .where(run_lines(w))
    )


UNDECIDED, BOTH_INSIDE, ONE_INSIDE, BOTH_OUTSIDE = range(4)
"""`ends`: how the days of leaving and of return count. Undecided: B between the two usual ways of counting, A where both agree."""
ABSENCE = Rule(
    "ABSENCE",
    1,
    "最近一年居住國內未逾183日",
    "absence",
    "給付月份開始前一年內，居住國內的日數是否未超過183日？",
    "",
    "",
    ("border_crossing",),
    35,
    _absence,
    lambda x: (
        f"自{wording.day(x.d1)}出境{'' if x.d2 else '，尚未返國'}，給付月份開始前一年內在國外{x.n1}日、居住國內{x.n2}日，"
        f"未超過{x.parameters['limit']}日；{wording.paid(x)}。"
    ),
    parameters={"limit": 183, "look_from": 150, "ends": UNDECIDED},
    bounds={"limit": (1, 366), "look_from": (1, 366), "ends": (UNDECIDED, BOTH_OUTSIDE)},
    facts=("d1",),
)


def _age(_: Mapping[str, int]) -> Select[Any]:
    w, e = aliases()
    agrees = agreement(w, w.c.reg_name, w.c.reg_birth)
    stop = first_stop(*relevance(w, e), (w.c.reg_birth <= w.c.born_by, "other_person"), *lawful(e))
    return (
        select(
            *out(
                "AGE",
                w,
                e=e,
                stop=stop,
                grade=worst(e.c.grade, person_grade(agrees), doubtful_line(w)),
                c_source="household_register",
                c_kind="birth",
                c_name=w.c.reg_name,
                c_birth=w.c.reg_birth,
                d1=w.c.birth,
                d2=w.c.reg_birth,
            )
        )
        .select_from(w.join(e, condition_on(w, e, "age_65")))
        .where(run_lines(w), w.c.birth > w.c.born_by)
    )


AGE = Rule(
    "AGE",
    1,
    "未滿65歲",
    "age",
    "給付月份的最後一日是否仍未滿65歲？",
    "",
    "",
    ("household_register",),
    28,
    _age,
    lambda x: f"出生日期{wording.day(x.d1)}，給付月份尚未滿65歲；{wording.paid(x)}。",
    facts=("d1",),
)

RULES = (DEATH, DEATH_STATUS, CUSTODY, PLACEMENT, AGE, ABSENCE)
