"""Rules that look at the roster itself: one person counted in two households, one account for many families, lines that contradict themselves."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, case, func, literal, or_, select
from sqlalchemy.sql.expression import Select

from .. import wording
from ..conditions import LOW_INCOME
from ..sql import agreement, is_second, out, worst
from ..tables import account_use, condition, work
from .base import INFO, LIKELY, Rule, aliases, condition_on, first_stop, lawful, run_lines


def _two_households(_: Mapping[str, int]) -> Select[Any]:
    a, b, e = work.alias("a"), work.alias("b"), condition.alias("e")
    key = case((a.c.county == b.c.county, "same_benefit_other_case"), else_="same_benefit_other_county")
    stop = first_stop(
        (e.c.pair_key.is_(None), "no_rule"),
        (e.c.relation == "off", "county_off"),
        (or_(a.c.status != "active", b.c.status != "active"), "not_drawing"),
        (agreement(a, b.c.name, b.c.birth) == 0, "other_person"),
        (or_(a.c.exempt == 1, b.c.exempt == 1), "exempt"),
        *lawful(e),
    )
    return (
        select(
            *out(
                "MEMBER_TWICE",
                a,
                e=e,
                stop=stop,
                over=literal(0),  # what each household is due without the person only a recomputation can say
                grade=worst(func.coalesce(e.c.grade, LIKELY), literal(LIKELY)),
                c_source=literal("roster"),
                c_county=b.c.county,
                c_kind=b.c.kind,
                c_rec=b.c.rec_no,
                c_key=b.c.rec_key,
                c_case=b.c.case_no,
                c_name=b.c.name,
                c_birth=b.c.birth,
                c_paid=b.c.paid,
            )
        )
        .select_from(
            a.join(
                b,
                and_(
                    b.c.person_id == a.c.person_id,
                    b.c.month == a.c.month,
                    b.c.kind == a.c.kind,
                    b.c.rec_key != a.c.rec_key,
                    or_(b.c.county != a.c.county, b.c.household != a.c.household),
                ),
            ).outerjoin(e, condition_on(a, e, key))
        )
        .where(
            a.c.kind == LOW_INCOME,
            a.c.together > 1,
            b.c.together > 1,
            or_(a.c.run == 1, b.c.run == 1),
            or_(a.c.paid <= 0, b.c.paid <= 0),  # two amounts in the person's own name are a payment made twice
            is_second(a, b),
        )
    )


def _two_households_words(x: Any) -> str:
    where = "本縣市" if x.c_county == x.county else x.c_county_zh
    return (
        f"同一人{wording.months_zh(x.months)}同時列為本戶（案號{x.case_no}）與{where}另一戶（案號{x.c_case}）的低收入戶成員；"
        "一人只列計一戶，請查明應列計的一戶，並重新計算另一戶的扶助金額。"
    )


MEMBER_TWICE = Rule(
    "MEMBER_TWICE",
    1,
    "同一人列計兩個低收入戶",
    "household",
    "同一人同一月份，是否同時列為兩戶低收入戶的成員？",
    "",
    "",
    (),
    45,
    _two_households,
    _two_households_words,
    facts=("c_county", "c_case"),
)


def _one_account(p: Mapping[str, int]) -> Select[Any]:
    w, u = work.alias("w"), account_use.alias("u")
    stop = first_stop((u.c.families <= p["families"], "under_limit"))
    return (
        select(
            *out(
                "ACCOUNT",
                w,
                stop=stop,
                over=literal(0),
                grade=literal(INFO),
                relation=literal("info"),
                own=literal(0),
                c_source=literal("roster"),
                c_kind=literal("account"),
                c_rec=func.substr(w.c.account, 1, 20),
                n1=u.c.people,
                n2=u.c.families,
            )
        )
        .select_from(w.join(u, u.c.account == w.c.account))
        .where(run_lines(w), w.c.paid > 0)
    )


ACCOUNT = Rule(
    "ACCOUNT",
    1,
    "同一帳戶代領多人津貼",
    "account",
    "同一帳戶同一月份，是否為三個以上互不相干的家庭代領？",
    "資料品質",
    "",
    ("household_register",),
    85,
    _one_account,
    lambda x: (
        f"{wording.paid(x)}，撥入的帳戶同月共為{x.n1}人受款，分屬{x.n2}個家庭（戶籍、配偶及父母子女都不相連）；"
        "請查明是否本人受益、有無遭冒領，本筆不是溢領認定。"
    ),
    parameters={"families": 2},
    bounds={"families": (1, 50)},
    facts=("c_rec",),
)


def _shape(_: Mapping[str, int]) -> Select[Any]:
    w, _e = aliases()
    tests = {
        "bad_id": w.c.bad_id == 1,
        "not_born": w.c.birth > w.c.last_day,
        "ended": w.c.status == "ended",
        "suspended": w.c.status == "suspended",
        "before_start": w.c.start_month > w.c.month,
        "after_end": w.c.end_month < w.c.month,
        "far_ahead": w.c.month > w.c.ref_month + 1,
    }
    return select(
        *out(
            "SHAPE",
            w,
            over=literal(0),
            grade=literal(INFO),
            relation=literal("info"),
            own=literal(0),
            c_source=literal("roster"),
            c_kind=first_stop(*((test, code) for code, test in tests.items())),
        )
    ).where(run_lines(w), w.c.paid > 0, or_(*tests.values()))


SHAPE = Rule(
    "SHAPE",
    1,
    "名冊內容前後不一致",
    "shape",
    "名冊這一列的狀態、起訖月、統一編號或出生日期，是否與發給的金額互相矛盾？",
    "資料品質",
    "",
    (),
    95,
    _shape,
    lambda x: f"{wording.COUNTERPARTS[x.c_kind]}，但{wording.paid(x)}；請核對名冊，本筆不是溢領認定。",
    facts=("c_kind",),
)

RULES = (MEMBER_TWICE, ACCOUNT, SHAPE)
