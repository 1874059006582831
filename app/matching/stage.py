"""Stage 0: what is made once per run, before any rule. One row in `work` = one month of one roster row, with everything rules need on it.

Rules then join on the person alone; month bounds, the registry's entry and the last move are columns already.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import and_, case, cast, func, or_, select, union, union_all
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import Select, TableClause

from .sql import join_text, paid_in
from .tables import (
    BIG,
    INT,
    TEXT,
    account_use,
    benefit_elsewhere,
    border_crossing,
    card,
    custody,
    death,
    drawn,
    held,
    household_change,
    household_register,
    kin,
    kind_dim,
    known_name,
    last_move,
    line,
    lost,
    month_dim,
    move,
    next_move,
    pension,
    pensioned,
    person,
    person_map,
    registered,
    returned,
    roster,
    shared,
    stay,
    work,
)

MOVES: Final = ("move_out", "move_in", "move_within", "removed")
CARDS, LIVING = "disability_register", "disability_living_allowance"
MANY: Final = 3
"""An account that receives for fewer people than this is nobody's question."""


def _canon(t: Any, p: Any) -> Any:
    return func.coalesce(p.c.canon_id, t.c.person_id)


def person_map_select() -> Any:
    """Every ID a person had → the one he or she has now, from the registry's ID changes (two in a row are followed)."""
    a, b = household_change.alias("a"), household_change.alias("b")
    new_a, new_b = func.upper(a.c.new_value), func.upper(b.c.new_value)
    later = (
        select(b.c.person_id, func.max(new_b).label("newer"))
        .where(b.c.event == "id_change", b.c.new_value.is_not(None))
        .group_by(b.c.person_id)
    )
    later_t = later.subquery("later")
    canon = func.max(func.coalesce(later_t.c.newer, new_a))
    return (
        select(a.c.person_id.label("person_id"), cast(canon, TEXT).label("canon_id"))
        .select_from(a.outerjoin(later_t, later_t.c.person_id == new_a))
        .where(a.c.event == "id_change", a.c.new_value.is_not(None), new_a != a.c.person_id)
        .group_by(a.c.person_id)
    )


def span_select(ref_month: int) -> Any:
    """The first and last month this month's rosters paid for."""
    first = func.coalesce(roster.c.pay_month_from, roster.c.ref_month)
    last = func.coalesce(roster.c.pay_month_to, roster.c.pay_month_from, roster.c.ref_month)
    return select(func.min(first), func.max(last)).where(roster.c.ref_month == ref_month)


def line_select(ref_month: int, first_month: int, last_month: int) -> Any:
    """Roster rows of the run, and of earlier rosters that paid for the same months, one line per month paid for.

    `run` = 1 for rows of this month's rosters. Registers carry no payment and are not here: they can make no payment doubt.
    """
    r, p, d, k = roster.alias("r"), person_map.alias("p"), month_dim.alias("d"), kind_dim.alias("k")
    first = func.coalesce(r.c.pay_month_from, r.c.ref_month)
    last = func.coalesce(r.c.pay_month_to, r.c.pay_month_from, r.c.ref_month)
    b_key = case(
        (r.c.data_kind == "low_income_living_assistance", join_text(r.c.data_kind, ":", func.coalesce(r.c["class"], "2"))),
        (r.c.data_kind == "disability_care_subsidy", join_text(r.c.data_kind, ":", func.coalesce(r.c.service_type, "residential"))),
        else_=r.c.data_kind,
    )

    def lines(on: Any, *where: Any) -> Select[Any]:
        month_text = cast(d.c.month, TEXT)
        return (
            select(
                join_text(r.c.county_code, "|", r.c.data_kind, "|", cast(r.c.ref_month, TEXT), "|", r.c.rec_no).label("rec_key"),
                cast(case((r.c.ref_month == ref_month, 1), else_=0), INT).label("run"),
                r.c.county_code.label("county"),
                r.c.town_code.label("town"),
                r.c.data_kind.label("kind"),
                cast(b_key, TEXT).label("b_key"),
                k.c.cut_order.label("cut_order"),
                r.c.ref_month,
                r.c.rec_no,
                cast(_canon(r, p), TEXT).label("person_id"),
                r.c.person_id.label("written_id"),
                r.c.name,
                r.c.birth,
                r.c.case_no,
                r.c.status,
                r.c.pay_unit,
                cast(case((r.c.exempt_code.is_(None), 0), else_=1), INT).label("exempt"),
                r.c.start_month,
                r.c.end_month,
                d.c.month,
                d.c.first_day,
                d.c.last_day,
                d.c.year_ago,
                d.c.half_year_ago,
                d.c.born_by,
                d.c.cap,
                paid_in(r.c.amount, first, last, d.c.month).label("paid"),
                join_text(r.c.county_code, "|", month_text, "|", r.c.data_kind, "|").label("skey"),
                cast(func.coalesce(r.c.household_no, r.c.case_no), TEXT).label("household"),
                cast(case((r.c.channel == "institution", None), else_=r.c.account_hash), TEXT).label("account"),
                cast(case((r.c.data_kind == LIVING, r.c.grade), else_=None), TEXT).label("card_grade"),
                cast(case((r.c.low_income_flag == "Y", d.c.mild_low), else_=d.c.mild_other), BIG).label("mild_due"),
                cast(case((r.c.id_ok.is_(False), 1), else_=0), INT).label("bad_id"),
            )
            .select_from(r.join(k, k.c.kind == r.c.data_kind).join(d, on).outerjoin(p, p.c.person_id == r.c.person_id))
            .where(r.c.ref_month <= ref_month, last >= first_month, first <= last_month, *where)
        )

    return union_all(
        lines(d.c.month == first, first == last),
        lines(and_(d.c.month >= first, d.c.month <= last), first < last, d.c.month >= first_month, d.c.month <= last_month),
    )


def person_select() -> Any:
    """Everybody in the rosters looked at, once."""
    return select(line.c.person_id.label("id")).distinct()


def registered_select() -> Select[Any]:
    """The household registry's entry of everybody in the rosters, one per person (the entry under the present ID first)."""
    g, p, w = household_register.alias("g"), person_map.alias("p"), person.alias("w")
    rank = func.row_number().over(partition_by=_canon(g, p), order_by=(case((g.c.person_id == _canon(g, p), 0), else_=1), g.c.person_id))
    x = (
        select(
            _canon(g, p).label("person_id"),
            g.c.name,
            g.c.birth,
            g.c.county_code,
            g.c.status,
            g.c.household_no,
            g.c.spouse_id,
            g.c.father_id,
            g.c.mother_id,
            rank.label("rn"),
        )
        .select_from(g.outerjoin(p, p.c.person_id == g.c.person_id).join(w, w.c.id == _canon(g, p)))
        .subquery("x")
    )
    return select(
        cast(x.c.person_id, TEXT).label("person_id"),
        x.c.name.label("reg_name"),
        x.c.birth.label("reg_birth"),
        x.c.county_code.label("reg_county"),
        x.c.status.label("reg_status"),
        x.c.household_no.label("reg_household"),
        x.c.spouse_id,
        x.c.father_id,
        x.c.mother_id,
    ).where(x.c.rn == 1)


def move_select() -> Select[Any]:
    """Moves of everybody in the rosters. `at_home` breaks ties of one day: the move that ends where the registry has the person is later."""
    h, p, w, g = household_change.alias("h"), person_map.alias("p"), person.alias("w"), registered.alias("g")
    return (
        select(
            cast(_canon(h, p), TEXT).label("person_id"),
            h.c.name,
            h.c.birth,
            h.c.change_no,
            h.c.event,
            h.c.event_date,
            h.c.registered_date,
            h.c.county_from,
            h.c.county_to,
            cast(case((h.c.county_to == g.c.reg_county, 1), else_=0), INT).label("at_home"),
        )
        .select_from(
            h.outerjoin(p, p.c.person_id == h.c.person_id).join(w, w.c.id == _canon(h, p)).outerjoin(g, g.c.person_id == _canon(h, p))
        )
        .where(h.c.event.in_(MOVES))
    )


def _moved_months() -> Any:
    """(person, month) of lines whose person has moved at some time."""
    who = select(move.c.person_id).distinct().subquery("who")
    return (
        select(line.c.person_id, line.c.month, line.c.first_day, line.c.last_day)
        .select_from(line.join(who, who.c.person_id == line.c.person_id))
        .distinct()
        .subquery("pm")
    )


def last_move_select() -> Select[Any]:
    """The latest move before each month began: where the person was registered on its first day."""
    m, pm = move.alias("m"), _moved_months()
    order = (m.c.event_date.desc(), m.c.at_home.desc(), m.c.registered_date.desc(), m.c.change_no.desc())
    rank = func.row_number().over(partition_by=(pm.c.person_id, pm.c.month), order_by=order)
    x = (
        select(
            pm.c.person_id,
            pm.c.month,
            m.c.change_no,
            m.c.name,
            m.c.birth,
            m.c.event_date,
            m.c.registered_date,
            m.c.county_to,
            m.c.event,
            rank.label("rn"),
        )
        .select_from(pm.join(m, m.c.person_id == pm.c.person_id))
        .where(m.c.event_date < pm.c.first_day)
        .subquery("x")
    )
    return select(
        x.c.person_id,
        x.c.month,
        x.c.change_no.label("mv_no"),
        x.c.name.label("mv_name"),
        x.c.birth.label("mv_birth"),
        x.c.event_date.label("mv_date"),
        x.c.registered_date.label("mv_reg"),
        x.c.county_to.label("mv_to"),
        x.c.event.label("mv_event"),
    ).where(x.c.rn == 1)


def next_move_select() -> Any:
    """Where the first move on or after the month's first day came from: where the person was until then."""
    m, pm = move.alias("m"), _moved_months()
    rank = func.row_number().over(
        partition_by=(pm.c.person_id, pm.c.month), order_by=(m.c.event_date, m.c.at_home, m.c.registered_date, m.c.change_no)
    )
    x = (
        select(pm.c.person_id, pm.c.month, m.c.county_from, rank.label("rn"))
        .select_from(pm.join(m, m.c.person_id == pm.c.person_id))
        .where(m.c.event_date >= pm.c.first_day)
        .subquery("x")
    )
    return select(x.c.person_id, x.c.month, x.c.county_from.label("came_from")).where(x.c.rn == 1)


def returned_select() -> Any:
    """Moves into a county within a month: the day the person was back there."""
    m, pm = move.alias("m"), _moved_months()
    return (
        select(pm.c.person_id, pm.c.month, m.c.county_to.label("county"), func.max(m.c.event_date).label("back"))
        .select_from(pm.join(m, m.c.person_id == pm.c.person_id))
        .where(m.c.event_date >= pm.c.first_day, m.c.event_date <= pm.c.last_day, m.c.county_to.is_not(None))
        .group_by(pm.c.person_id, pm.c.month, m.c.county_to)
    )


def known_name_select() -> Any:
    """Names the registry knows a person had or has, beside the one in its present entry."""

    def names(value: Any, h: Any, p: Any) -> Any:
        return (
            select(cast(_canon(h, p), TEXT).label("person_id"), cast(value, TEXT).label("name"))
            .select_from(h.outerjoin(p, p.c.person_id == h.c.person_id))
            .where(h.c.event == "name_change", value.is_not(None))
        )

    h, p = household_change.alias("h"), person_map.alias("p")
    return union(names(h.c.name, h, p), names(h.c.new_value, h, p))


def work_select() -> Select[Any]:
    """`line` with the registry's entry, the last move, the return within the month, whether the person was registered elsewhere, and how
    many lines the person has for the month (`together`: rules about two payments look at those with more than one)."""
    x, g, m, n, b, k = (
        line.alias("l"),
        registered.alias("g"),
        last_move.alias("m"),
        next_move.alias("n"),
        returned.alias("b"),
        known_name.alias("k"),
    )
    home = func.coalesce(m.c.mv_to, n.c.came_from, g.c.reg_county)
    away = case((b.c.back.is_not(None), 0), (home != x.c.county, 1), else_=0)
    return select(
        *x.c,
        g.c.reg_name,
        g.c.reg_birth,
        g.c.reg_county,
        g.c.reg_status,
        cast(case((k.c.name.is_not(None), 1), else_=0), INT).label("alias"),
        m.c.mv_no,
        m.c.mv_name,
        m.c.mv_birth,
        m.c.mv_date,
        m.c.mv_reg,
        m.c.mv_to,
        m.c.mv_event,
        b.c.back,
        cast(home, TEXT).label("home_county"),
        cast(away, INT).label("away"),
        cast(func.count().over(partition_by=(x.c.person_id, x.c.month)), INT).label("together"),
    ).select_from(
        x.outerjoin(g, g.c.person_id == x.c.person_id)
        .outerjoin(m, and_(m.c.person_id == x.c.person_id, m.c.month == x.c.month))
        .outerjoin(n, and_(n.c.person_id == x.c.person_id, n.c.month == x.c.month))
        .outerjoin(b, and_(b.c.person_id == x.c.person_id, b.c.month == x.c.month, b.c.county == x.c.county))
        .outerjoin(k, and_(k.c.person_id == x.c.person_id, k.c.name == x.c.name))
    )


def _last_word_select(target: Any, events: tuple[str, ...]) -> Select[Any]:
    """The registry's last word on a state of each person: the latest registered of the events, under any ID he or she had."""
    h, p, w = household_change.alias("h"), person_map.alias("p"), person.alias("w")
    canon = _canon(h, p)
    rank = func.row_number().over(partition_by=canon, order_by=(h.c.registered_date.desc(), h.c.change_no.desc()))
    x = (
        select(
            cast(canon, TEXT).label("person_id"),
            h.c.person_id.label("written_id"),
            h.c.change_no,
            h.c.event,
            h.c.event_date,
            h.c.registered_date,
            h.c.name,
            h.c.birth,
            rank.label("rn"),
        )
        .select_from(h.outerjoin(p, p.c.person_id == h.c.person_id).join(w, w.c.id == canon))
        .where(h.c.event.in_(events))
        .subquery("x")
    )
    return select(*(x.c[c.name] for c in target.c)).where(x.c.rn == 1)


def card_select(ref_month: int) -> Select[Any]:
    """The best card of everybody in this month's disability registers: one that is not cancelled, and the longest valid."""
    r, p, w = roster.alias("r"), person_map.alias("p"), person.alias("w")
    canon = _canon(r, p)
    order = (
        case((r.c.status == "ended", 1), else_=0),
        case((r.c.expiry.is_(None), 0), else_=1),
        r.c.expiry.desc(),
        r.c.county_code,
        r.c.rec_no,
    )
    x = (
        select(
            cast(canon, TEXT).label("person_id"),
            r.c.county_code.label("county"),
            r.c.rec_no,
            r.c.name,
            r.c.birth,
            r.c.grade,
            r.c.assess_date,
            r.c.expiry,
            r.c.status,
            func.row_number().over(partition_by=canon, order_by=order).label("rn"),
        )
        .select_from(r.outerjoin(p, p.c.person_id == r.c.person_id).join(w, w.c.id == canon))
        .where(r.c.data_kind == CARDS, r.c.ref_month == ref_month)
        .subquery("x")
    )
    return select(*(x.c[c.name] for c in card.c)).where(x.c.rn == 1)


def shared_select() -> Select[Any]:
    """Who is paid into an account that is used for three people or more this month."""
    w = work.alias("w")
    paid = select(w.c.account, w.c.person_id).where(w.c.run == 1, w.c.paid > 0, w.c.account.is_not(None)).distinct().subquery("paid")
    many = select(paid.c.account).group_by(paid.c.account).having(func.count() >= MANY).subquery("many")
    return select(paid.c.account, paid.c.person_id).select_from(paid.join(many, many.c.account == paid.c.account))


def kin_select() -> Any:
    """Of one family: the same registered household, husband and wife, parent and child; told by either of the two, and oneself."""
    a, b, g, h, p = shared.alias("a"), shared.alias("b"), registered.alias("g"), registered.alias("h"), person_map.alias("p")

    def told(link: str, turned: bool) -> Any:
        other = func.coalesce(p.c.canon_id, g.c[link])
        ends = (b.c.person_id, a.c.person_id) if turned else (a.c.person_id, b.c.person_id)
        return select(a.c.account.label("account"), ends[0].label("person_id"), ends[1].label("kin_id")).select_from(
            a.join(g, g.c.person_id == a.c.person_id)
            .outerjoin(p, p.c.person_id == g.c[link])
            .join(b, and_(b.c.account == a.c.account, b.c.person_id == other))
        )

    links = [told(link, turned) for link in ("spouse_id", "father_id", "mother_id") for turned in (False, True)]
    household = select(a.c.account, a.c.person_id, b.c.person_id.label("kin_id")).select_from(
        a.join(g, g.c.person_id == a.c.person_id)
        .join(h, h.c.reg_household == g.c.reg_household)
        .join(b, and_(b.c.account == a.c.account, b.c.person_id == h.c.person_id))
    )
    return union(select(a.c.account, a.c.person_id, a.c.person_id.label("kin_id")), household, *links)


def account_use_select() -> Select[Any]:
    """How many people and how many families each account receives for. A family is named by the least number in it, handed on three times:
    from a child over its mother and grandmother to an aunt."""
    named = kin.alias("k0")
    labels: Any = select(named.c.account, named.c.person_id, func.min(named.c.kin_id).label("family")).group_by(
        named.c.account, named.c.person_id
    )
    for step in ("1", "2"):
        known, k = labels.subquery(f"l{step}"), kin.alias(f"k{step}")
        labels = (
            select(k.c.account, k.c.person_id, func.min(known.c.family).label("family"))
            .select_from(k.join(known, and_(known.c.account == k.c.account, known.c.person_id == k.c.kin_id)))
            .group_by(k.c.account, k.c.person_id)
        )
    last = labels.subquery("last")
    return select(
        last.c.account,
        cast(func.count(), INT).label("people"),
        cast(func.count(last.c.family.distinct()), INT).label("families"),
    ).group_by(last.c.account)


def stay_select() -> Select[Any]:
    """Stays abroad of everybody in the rosters: each way out with the way in that follows it (NULL = still abroad).

    Out and in on one day cancel each other. A way out followed by another way out has lost its return; it counts for nothing, so the
    days counted are never too many.
    """
    b, p, w = border_crossing.alias("b"), person_map.alias("p"), person.alias("w")
    canon = _canon(b, p)
    net = func.sum(case((b.c.direction == "out", 1), else_=-1))
    days = (
        select(cast(canon, TEXT).label("person_id"), b.c.date, func.max(b.c.record_no).label("record_no"), net.label("net"))
        .select_from(b.outerjoin(p, p.c.person_id == b.c.person_id).join(w, w.c.id == canon))
        .group_by(canon, b.c.date)
        .having(net != 0)
        .subquery("days")
    )
    over: dict[str, Any] = {"partition_by": days.c.person_id, "order_by": days.c.date}
    x = select(
        days.c.person_id,
        days.c.record_no,
        days.c.date,
        days.c.net,
        func.lead(days.c.date).over(**over).label("next_date"),
        func.lead(days.c.net).over(**over).label("next_net"),
    ).subquery("x")
    return select(x.c.person_id, x.c.record_no, x.c.date.label("out_date"), x.c.next_date.label("in_date")).where(
        x.c.net > 0, or_(x.c.next_net.is_(None), x.c.next_net < 0)
    )


def _of_persons(source: Any, target: Any) -> Select[Any]:
    """A register's rows about people in the rosters, under the ID they have now."""
    s, p, w = source.alias("s"), person_map.alias("p"), person.alias("w")
    canon = _canon(s, p)
    columns = [cast(canon, TEXT).label("person_id"), *(s.c[c.name] for c in target.c if c.name != "person_id")]
    return select(*columns).select_from(s.outerjoin(p, p.c.person_id == s.c.person_id).join(w, w.c.id == canon))


def steps(ref_month: int, first_month: int, last_month: int) -> dict[str, Any]:
    """The working tables in the order they are made."""
    return {
        person_map.name: person_map_select(),
        line.name: line_select(ref_month, first_month, last_month),
        person.name: person_select(),
        registered.name: registered_select(),
        move.name: move_select(),
        last_move.name: last_move_select(),
        next_move.name: next_move_select(),
        returned.name: returned_select(),
        known_name.name: known_name_select(),
        death.name: _last_word_select(death, ("death", "death_annulled")),
        lost.name: _last_word_select(lost, ("missing", "found")),
        card.name: card_select(ref_month),
        held.name: _of_persons(custody, held),
        pensioned.name: _of_persons(pension, pensioned),
        drawn.name: _of_persons(benefit_elsewhere, drawn),
        stay.name: stay_select(),
        work.name: work_select(),
        shared.name: shared_select(),
        kin.name: kin_select(),
        account_use.name: account_use_select(),
    }


def needed(all_steps: Mapping[str, Any], asked: Sequence[Any]) -> dict[str, Any]:
    """Of the steps those whose tables the selects `asked` stand on, so that a question about one rule costs what that rule costs."""
    wanted = set().union(*map(_tables, asked)) | {work.name}
    for name in reversed(list(all_steps)):
        if name in wanted:
            wanted |= _tables(all_steps[name])
    return {name: step for name, step in all_steps.items() if name in wanted}


def _tables(statement: Any) -> set[str]:
    return {t.name for t in visitors.iterate(statement) if isinstance(t, TableClause)}


SCAFFOLD: Final = (person_map, line, person, registered, move, last_move, next_move, returned, known_name, shared, kin)
"""Needed only until `work` stands; dropped then, so that a nation's month fits in a gigabyte."""
