"""Rules about two payments: the same benefit twice, benefits that exclude each other, the cap on their sum."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.sql.expression import Select

from app.core import roc

from .. import wording
from ..sql import agreement, came_later, gives_way, is_second, lesser, out, worst
from ..tables import condition, drawn, pensioned, work
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


def _two() -> tuple[Any, Any, Any]:
    return work.alias("a"), work.alias("b"), condition.alias("e")


def _roster_side(b: Any) -> dict[str, Any]:
    return {
        "c_source": "roster",
        "c_county": b.c.county,
        "c_kind": b.c.kind,
        "c_rec": b.c.rec_no,
        "c_key": b.c.rec_key,
        "c_case": b.c.case_no,
        "c_name": b.c.name,
        "c_birth": b.c.birth,
        "c_paid": b.c.paid,
    }


def _household(*sides: Any) -> Any:
    return case((or_(*(s.c.pay_unit == "household" for s in sides)), LIKELY), else_=HARD)


def _duplicate(_: Mapping[str, int]) -> Select[Any]:
    a, b, e = _two()
    agrees = agreement(a, b.c.name, b.c.birth)
    same_county, same_case = a.c.county == b.c.county, and_(a.c.county == b.c.county, a.c.case_no == b.c.case_no)
    key = case((same_county, "same_benefit_other_case"), else_="same_benefit_other_county")
    stop = first_stop(
        (or_(a.c.paid <= 0, b.c.paid <= 0), "no_payment"),
        *relevance(a, e)[1:],
        (agrees == 0, "other_person"),
        (and_(same_case, a.c.paid != b.c.paid), "supplement"),
        *lawful(e),
    )
    again = case((same_case, LIKELY), else_=HARD)
    return (
        select(
            *out(
                "DUPLICATE",
                a,
                e=e,
                stop=stop,
                grade=worst(
                    func.coalesce(e.c.grade, HARD),
                    person_grade(agrees),
                    again,
                    doubtful_line(a),
                    doubtful_line(b),
                    exempt_grade(a),
                    exempt_grade(b),
                    _household(a, b),
                ),
                n1=a.c.away,
                **_roster_side(b),
            )
        )
        .select_from(
            a.join(
                b, and_(b.c.person_id == a.c.person_id, b.c.month == a.c.month, b.c.kind == a.c.kind, b.c.rec_key != a.c.rec_key)
            ).outerjoin(e, condition_on(a, e, key))
        )
        .where(a.c.together > 1, b.c.together > 1, or_(a.c.run == 1, b.c.run == 1), is_second(a, b))
    )


def _duplicate_words(x: Any) -> str:
    if x.c_county == x.county:
        return f"同一人同月在本縣市有兩案：另一案（案號{x.c_case}）已發給，{wording.paid(x)}，重複。"
    why = "，該月戶籍不在本縣市" if x.n1 else ""
    return f"同一人同月在{x.c_county_zh}已領{x.kind_zh}{wording.ntd(x.c_paid)}（案號{x.c_case}）{why}；本縣市{wording.paid(x)}，重複。"


DUPLICATE = Rule(
    "DUPLICATE",
    1,
    "同一津貼領兩份",
    "duplicate",
    "同一人同一月份，同一津貼是否在兩縣市或兩案各發給一次？",
    "",
    "",
    (),
    40,
    _duplicate,
    _duplicate_words,
    facts=("c_county", "c_case"),
    mirrored=True,
)


def _exclusive(rule: str, relations: tuple[str, ...], quiet: tuple[str, ...], yields: Callable[[Any, Any], Any] = gives_way) -> Select[Any]:
    """Pairs of roster rows by relation; `quiet` relations are found only to be counted. `yields`: which of two that exclude each other gives way."""
    a, b, e = _two()
    agrees = agreement(a, b.c.name, b.c.birth)
    stop = first_stop(
        (or_(a.c.paid <= 0, b.c.paid <= 0), "no_payment"),
        (e.c.relation == "off", "county_off"),
        (agrees == 0, "other_person"),
        (or_(a.c.exempt == 1, b.c.exempt == 1), "exempt"),
        *lawful(e),
    )
    over = case((e.c.relation == "top_up", lesser(a.c.paid, b.c.paid)), else_=a.c.paid)
    one_side = or_(e.c.relation == "gives_way", yields(a, b))
    return (
        select(
            *out(
                rule,
                a,
                e=e,
                stop=stop,
                over=over,
                grade=worst(e.c.grade, person_grade(agrees), doubtful_line(a), doubtful_line(b), _household(a, b)),
                n1=a.c.away,
                **_roster_side(b),
            )
        )
        .select_from(
            a.join(b, and_(b.c.person_id == a.c.person_id, b.c.month == a.c.month, b.c.kind != a.c.kind)).join(
                e, condition_on(a, e, b.c.b_key)
            )
        )
        .where(a.c.together > 1, b.c.together > 1, or_(a.c.run == 1, b.c.run == 1), e.c.relation.in_((*relations, *quiet)), one_side)
    )


def _choose_one(_: Mapping[str, int]) -> Select[Any]:
    return _exclusive("CHOOSE_ONE", ("choose_one", "top_up"), ("none", "info", "off"))


def _choose_words(x: Any) -> str:
    where = "" if x.c_county == x.county else f"在{x.c_county_zh}"
    which = "，該月戶籍不在本縣市，由本筆讓位" if x.n1 and x.c_county != x.county else "，依法僅得擇一，金額較低者讓位"
    return f"同月{where}另領{x.c_kind_zh}{wording.ntd(x.c_paid)}；{wording.paid(x)}{which}。"


CHOOSE_ONE = Rule(
    "CHOOSE_ONE",
    1,
    "應擇一領取的津貼同月併領",
    "choose_one",
    "同一人同一月份，是否領取依法只能擇一的兩種津貼？",
    "",
    "",
    (),
    60,
    _choose_one,
    _choose_words,
    facts=("c_county", "c_kind"),
    mirrored=True,
)


def _later_gives_way(_: Mapping[str, int]) -> Select[Any]:
    return _exclusive("CHOOSE_ONE", ("choose_one", "top_up"), ("none", "info", "off"), came_later)


def _later_words(x: Any) -> str:
    where = "" if x.c_county == x.county else f"在{x.c_county_zh}"
    which = "，該月戶籍不在本縣市，由本筆讓位" if x.n1 and x.c_county != x.county else "，依法僅得擇一，本筆核定在後，由本筆讓位"
    return f"同月{where}另領{x.c_kind_zh}{wording.ntd(x.c_paid)}；{wording.paid(x)}{which}。"


LATER_GIVES_WAY = replace(CHOOSE_ONE, version=2, select=_later_gives_way, sentence=_later_words, change="兩筆之中，核定起月在後的讓位（第 1 版是金額較低的讓位）")


def _suspended(_: Mapping[str, int]) -> Select[Any]:
    return _exclusive("SUSPENDED_BY", ("gives_way",), ())


SUSPENDED_BY = Rule(
    "SUSPENDED_BY",
    1,
    "受照顧安置補助期間仍發給生活津貼",
    "care",
    "同一人同一月份，是否已領使本津貼停發的補助（托育養護）？",
    "",
    "",
    (),
    50,
    _suspended,
    lambda x: (
        f"同月已領{x.c_kind_zh}{wording.ntd(x.c_paid)}{'' if x.c_county == x.county else f'（{x.c_county_zh}）'}；"
        f"{wording.paid(x)}，領該補助期間依法停發。"
    ),
    facts=("c_county", "c_kind"),
)


def _elsewhere(_: Mapping[str, int]) -> Select[Any]:
    w, e = aliases()
    x = drawn.alias("x")
    agrees = agreement(w, x.c.name, x.c.birth)
    stop = first_stop(
        *relevance(w, e),
        (x.c.month_from > w.c.month, "not_yet"),
        (x.c.month_to < w.c.month, "fact_over"),
        (x.c.amount <= 0, "not_drawing"),
        (agrees == 0, "other_person"),
        (w.c.exempt == 1, "exempt"),
        *lawful(e),
    )
    over = case((e.c.relation == "top_up", lesser(w.c.paid, x.c.amount)), else_=w.c.paid)
    return (
        select(
            *out(
                "ELSEWHERE",
                w,
                e=e,
                stop=stop,
                over=over,
                grade=worst(func.coalesce(e.c.grade, HARD), person_grade(agrees), doubtful_line(w), _household(w)),
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
        .select_from(w.join(x, x.c.person_id == w.c.person_id).outerjoin(e, condition_on(w, e, x.c.kind)))
        .where(run_lines(w), x.c.kind != "public_placement")
    )


ELSEWHERE = Rule(
    "ELSEWHERE",
    1,
    "與其他機關給付依法不得併領",
    "choose_one",
    "同一人同一月份，是否已向其他機關領取依法只能擇一的給付？",
    "",
    "",
    ("benefit_elsewhere",),
    55,
    _elsewhere,
    lambda x: f"自{roc.show_month(x.n1)}起領{x.c_kind_zh}每月{wording.ntd(x.c_paid)}；{wording.paid(x)}，依法僅得擇一領取。",
    facts=("c_kind", "n1", "n2"),
)


def _pension(_: Mapping[str, int]) -> Select[Any]:
    w, e = aliases()
    x = pensioned.alias("x")
    agrees = agreement(w, x.c.name, x.c.birth)
    key = case((x.c.kind.in_(("civil_lump_sum", "military_lump_sum")), "lump_sum_retirement"), else_="monthly_retirement")
    stop = first_stop(
        *relevance(w, e),
        (x.c.from_date > w.c.last_day, "not_yet"),
        (x.c.to_date < w.c.first_day, "fact_over"),
        (agrees == 0, "other_person"),
        (w.c.exempt == 1, "exempt"),
        *lawful(e),
    )
    return (
        select(
            *out(
                "PENSION",
                w,
                e=e,
                stop=stop,
                grade=worst(func.coalesce(e.c.grade, HARD), person_grade(agrees), doubtful_line(w), _household(w)),
                c_source="pension",
                c_kind=x.c.kind,
                c_rec=x.c.record_no,
                c_name=x.c.name,
                c_birth=x.c.birth,
                c_paid=x.c.amount,
                d1=x.c.from_date,
                d2=x.c.to_date,
            )
        )
        .select_from(w.join(x, x.c.person_id == w.c.person_id).outerjoin(e, condition_on(w, e, key)))
        .where(run_lines(w))
    )


PENSION = Rule(
    "PENSION",
    1,
    "領有退休撫卹給與",
    "pension",
    "是否領有依法使本津貼不得併領的退休或撫卹給與？",
    "",
    "",
    ("pension",),
    65,
    _pension,
    lambda x: f"自{wording.day(x.d1)}起領{x.c_kind_zh}；{wording.paid(x)}，依規定不得併領。",
    facts=("c_kind", "d1"),
)

COUNTED_ELSEWHERE = ("veteran_care", "farmer_allowance", "np_old_age_guaranteed", "np_disability_guaranteed")


def _cap(_: Mapping[str, int]) -> Select[Any]:
    w, o, x, e = work.alias("w"), work.alias("o"), drawn.alias("x"), condition.alias("e")
    mine: dict[str, Any] = {"partition_by": (w.c.person_id, w.c.month)}
    order = (w.c.cut_order, w.c.rec_key)
    counts = and_(w.c.cut_order.is_not(None), w.c.paid > 0, w.c.cap.is_not(None))
    who = select(o.c.person_id, o.c.month).where(o.c.cut_order.is_not(None), o.c.paid > 0).distinct().subquery("who")
    given = (
        select(who.c.person_id, who.c.month, func.sum(x.c.amount).label("amount"))
        .select_from(who.join(x, x.c.person_id == who.c.person_id))
        .where(x.c.kind.in_(COUNTED_ELSEWHERE), x.c.month_from <= who.c.month, or_(x.c.month_to.is_(None), x.c.month_to >= who.c.month))
        .group_by(who.c.person_id, who.c.month)
        .subquery("given")
    )
    personal = case((w.c.pay_unit == "household", 0), else_=w.c.paid)
    before = func.sum(w.c.paid).over(**mine, order_by=order, rows=(None, 0))
    lines = (
        select(
            *w.c,
            func.coalesce(given.c.amount, 0).label("elsewhere"),
            func.sum(w.c.paid).over(**mine).label("own_total"),
            func.sum(personal).over(**mine).label("hard_total"),
            (before - w.c.paid).label("cut_before"),
            func.max(w.c.run).over(**mine).label("any_run"),
        )
        .select_from(w.outerjoin(given, and_(given.c.person_id == w.c.person_id, given.c.month == w.c.month)))
        .where(counts, or_(w.c.together > 1, given.c.amount.is_not(None), w.c.paid > w.c.cap))
        .subquery("t")
    )
    hard = lines.c.hard_total + lines.c.elsewhere > lines.c.cap
    total = case((hard, lines.c.hard_total), else_=lines.c.own_total) + lines.c.elsewhere
    excess = total - lines.c.cap - lines.c.cut_before
    stop = first_stop(*relevance(lines, e)[1:], (lines.c.exempt == 1, "exempt"), *lawful(e))
    return (
        select(
            *out(
                "CAP",
                lines,
                e=e,
                stop=stop,
                over=lesser(excess, lines.c.paid),
                grade=worst(func.coalesce(e.c.grade, HARD), case((hard, HARD), else_=LIKELY), doubtful_line(lines)),
                c_source="sum",
                c_kind="basic_wage_cap",
                n1=total,
                n2=lines.c.cap,
            )
        )
        .select_from(lines.outerjoin(e, condition_on(lines, e, "basic_wage_cap")))
        .where(lines.c.any_run == 1, lines.c.own_total + lines.c.elsewhere > lines.c.cap, excess > 0)
    )


CAP = Rule(
    "CAP",
    1,
    "各項補助合計超過基本工資",
    "cap",
    "同一人同一月份各項政府補助合計，是否超過當年基本工資？",
    "",
    "",
    (),
    70,
    _cap,
    lambda x: (
        f"{wording.months_zh(x.months)}每月各項政府補助合計{wording.ntd(x.n1)}，超過基本工資{wording.ntd(x.n2)}；"
        f"{x.kind_zh}應減發{wording.ntd(x.over)}。"
    ),
    facts=("n1", "n2"),
)

RULES = (DUPLICATE, SUSPENDED_BY, ELSEWHERE, CHOOSE_ONE, PENSION, CAP)
CANDIDATES = (LATER_GIVES_WAY,)
"""Versions the product knows and that are not in force before somebody has tried and a second person approved them."""
