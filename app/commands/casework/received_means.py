"""Received tax, pension and insurance files fill the income and property of applications that are still being prepared.

A tax year counts when its income, property and investment files are all in force: one of them alone would make the rest look like
nothing. A person in none of the three stays not looked up. What is filled in already is left to the clerk.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commands.arrivals import on_arrival
from app.commands.base import Context, Refused, command
from app.commands.deliveries import current_snapshots
from app.core import clock, roc
from app.exchange import codes, snapshots
from app.exchange.delivery import Delivery
from app.models.application import EDITABLE, Application
from app.models.household import AssetLine, HouseholdMember, IncomeLine
from app.security import roles

from . import facts
from .judge import assess

TAX: Final = ("tax_income", "tax_property", "tax_investment")
SOURCES: Final = (*TAX, "pension", "insured_wage")
FROM_TAX, FROM_REGISTER = "tax", "register"
INCOME_OF: Final = {
    "50": "wage", "9A": "professional", "5A": "interest", "5B": "interest", "54": "dividend", "51": "rental", "76": "property_transaction",
    "93": "lump_sum_pension",
}  # fmt: skip
"""Income kind of a tax format code; every other code is `other`, of which the county decides whether it counts."""
ASSET_OF: Final = {"land": "land", "farmland": "land", "house": "house"}
Row = dict[str, Any]


@dataclass
class Received:
    """What is in force about some people: rows by ID number and source; `year` the newest tax year complete in all three files."""

    year: int | None
    rows: dict[str, dict[str, list[Row]]]
    differing: set[str] = field(default_factory=set)
    """ID numbers that stand in a file under another name: not used."""

    def of(self, person_id: str | None, source: str) -> list[Row]:
        return self.rows.get(person_id or "", {}).get(source, [])


def received(session: Session, people: Iterable[tuple[str, str]], year: int | None = None) -> Received:
    """What the registers say about people given as (ID number, name). `year`: this tax year or none, not the newest."""
    known = pl.DataFrame(sorted(set(people)), schema={"person_id": pl.String, "known_name": pl.String}, orient="row").lazy()
    paths = defaultdict(list)
    for batch in current_snapshots(session, roc.month_of(clock.today())):
        if batch.source in SOURCES and batch.path is not None:
            paths[batch.source].append(batch.path)
    years = [set(snapshots.scan(paths[s]).select(pl.col("tax_year").unique()).collect()["tax_year"]) if s in paths else set() for s in TAX]
    complete = set.intersection(*years)
    newest = max(complete, default=None) if year is None else year if year in complete else None
    out = Received(newest, defaultdict(lambda: defaultdict(list)))
    for source, files in paths.items():
        mine = snapshots.scan(files).join(known, on="person_id").collect()
        for row in mine.iter_rows(named=True):
            if row["name"] != row["known_name"]:
                out.differing.add(row["person_id"])
            elif source not in TAX or row["tax_year"] == out.year:
                out.rows[row["person_id"]][source].append(row)
    return out


def tax_lines(found: Received, person_id: str | None, where: dict[str, str]) -> tuple[list[IncomeLine], list[AssetLine]] | None:
    """Income and property lines of the tax year; None when the person stands in none of the three files."""
    rows = {source: found.of(person_id, source) for source in TAX}
    if found.year is None or not any(rows.values()):
        return None
    common = {"tax_year": found.year, "source": FROM_TAX, **where}
    incomes = [
        IncomeLine(kind=INCOME_OF.get(r["format_code"], "other"), payer=(r["payer_name"] or r["payer_id"] or "")[:60] or None, amount=r["gross"], per="year", **common)
        for r in rows["tax_income"]
    ]  # fmt: skip
    assets = [
        AssetLine(kind=ASSET_OF[r["kind"]], location=" ".join(x for x in (r["location"], r["lot_no"]) if x)[:80] or None, value=r["assessed_value"],
                  share_num=r["share_num"] or 1, share_den=r["share_den"] or 1, **common)
        for r in rows["tax_property"] if r["kind"] in ASSET_OF
    ]  # fmt: skip
    assets += [
        AssetLine(kind="investment", location=(r["company_name"] or r["company_id"] or "")[:80] or None, value=r["face_value"], share_num=1, share_den=1,
                  **common)
        for r in rows["tax_investment"]
    ]  # fmt: skip
    return incomes, assets


def pension_lines(found: Received, person_id: str | None, today: dt.date, where: dict[str, str]) -> list[IncomeLine]:
    """Pensions that run today; a lump sum is named too, for the county to decide."""
    out = []
    for r in found.of(person_id, "pension"):
        monthly = not r["kind"].endswith("lump_sum")
        if monthly and (r["from_date"] > today or (r["to_date"] is not None and r["to_date"] < today)):
            continue
        out.append(IncomeLine(kind="monthly_pension" if monthly else "lump_sum_pension", payer=codes.PENSION_KIND[r["kind"]], amount=r["amount"],
                              per="month" if monthly else "year", source=FROM_REGISTER, **where))  # fmt: skip
    return out


def insured_wage(found: Received, person_id: str | None, today: dt.date) -> int | None:
    """The insured wage a month today (of several insurances the highest); None when the register shows none."""
    running = [r["monthly_wage"] for r in found.of(person_id, "insured_wage") if r["from_date"] <= today and (r["to_date"] is None or r["to_date"] >= today)]
    return max(running, default=None)


def _fill_member(m: HouseholdMember, found: Received, today: dt.date) -> list[str]:
    where = {"county_code": m.county_code, "town_code": m.town_code}
    done = []
    if m.tax_year is None or (found.year is not None and m.tax_year < found.year):
        lines = tax_lines(found, m.person_id, where)
        if lines is not None:
            m.incomes[:] = [i for i in m.incomes if i.source != FROM_TAX] + lines[0]
            m.assets[:] = [a for a in m.assets if a.source != FROM_TAX] + lines[1]
            m.tax_year = found.year
            done.append("tax")
    if not any(i.source == FROM_REGISTER for i in m.incomes) and (pensions := pension_lines(found, m.person_id, today, where)):
        m.incomes.extend(pensions)
        done.append("pension")
    if m.employed is None and insured_wage(found, m.person_id, today) is not None:
        m.employed = True  # insured now is employed now; what is earned is for the certificate and the tax file to say, in the law's order
        done.append("insured_wage")
    return done


def fill(ctx: Context, applications: Sequence[Application]) -> dict[int, list[str]]:
    """Fill what is not known yet; by application what was filled in (sources, one entry a member)."""
    people = {(m.person_id, m.name) for a in applications for m in a.members if m.person_id}
    found, today = received(ctx.session, people), clock.today()
    out = {}
    for application in applications:
        done = [what for m in application.members for what in _fill_member(m, found, today)]
        if done:
            ctx.session.flush()
            assess(ctx.session, application, today)
            ctx.audit("application.means_filled", application, year=found.year, filled=len(done))
            out[application.id] = done
    return out


@command("casework.save", roles=roles.TOWNSHIP)
def fill_means(ctx: Context, application_id: int) -> int:
    """Fill one application from what was received; how many entries. Raises Refused, NotFound."""
    application = ctx.get(Application, application_id, lock=True)
    if application.state not in EDITABLE:
        raise Refused("本案已送出審查，不能再帶入資料；需要更正時請由縣府退回公所", "E-CLOSED")
    facts.load(ctx.session, [application.id])
    done = fill(ctx, [application])
    if not done:
        raise Refused("收到的財稅、退撫、投保資料中，沒有這一戶尚未登錄的資料；財稅資料須所得、財產、投資三種同一年度到齊才會帶入", "E-MEANS-NONE")
    return len(done[application.id])


def _arrived(ctx: Context, delivery: Delivery, frame: pl.DataFrame) -> list[str]:
    """Fill every application still being prepared whose people stand in the file."""
    rows = ctx.session.execute(
        select(HouseholdMember.application_id, HouseholdMember.person_id)
        .join(Application, Application.id == HouseholdMember.application_id)
        .where(Application.state.in_(EDITABLE), HouseholdMember.person_id.is_not(None))
    ).all()
    waiting = pl.DataFrame([tuple(r) for r in rows], schema={"application": pl.Int64, "person_id": pl.String}, orient="row")
    ids = waiting.join(frame.select("person_id").unique(), on="person_id")["application"].unique().sort().to_list()
    done = fill(ctx, facts.load(ctx.session, ids)) if ids else {}
    return [f"已帶入 {len(done):,} 件受理中案件的所得、財產或就業資料。"] if done else []


for _source in SOURCES:
    on_arrival(_source)(_arrived)
