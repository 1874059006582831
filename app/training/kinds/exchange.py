"""Tasks of the exchange: a delivery with faults, repaired and taken in."""

import csv
import io
from typing import Any

from sqlalchemy import select

from app.commands.deliveries import home
from app.core import roc
from app.demo import places
from app.exchange import snapshots
from app.models.exchange import Batch
from app.models.training import TrainingTry

from ..work import Work

COLUMNS = ("rec_no", "county_code", "town_code", "data_kind", "ref_month", "person_id", "name", "birth", "sex", "case_no", "start_month", "status",
           "pay_month_from", "pay_month_to", "pay_unit", "amount", "channel", "band")  # fmt: skip
FIRST = roc.month(99, 1)


class Repair:
    """A roster of a month nobody else plays with. Two of six rows are wrong; the paper says what is right."""

    def prepare(self, work: Work, setup: dict[str, Any]) -> dict[str, Any]:
        kind = "elderly_living_allowance"
        used = set(work.session.scalars(select(Batch.month).where(Batch.source == "roster", Batch.county_code == places.COUNTY, Batch.kind == kind)))
        used |= {row.material["month"] for row in work.session.scalars(select(TrainingTry).where(TrainingTry.task.in_(setup.get("tasks", ("repair_upload",)))))}
        month = next(m for m in range(FIRST, FIRST + 600) if m not in used)
        text, m5, people = io.StringIO(newline=""), roc.month5(month), [work.person(70 + n) for n in range(6)]
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        for n, p in enumerate(people, 1):
            number = p.person_id[:-1] + str((int(p.person_id[-1]) + 1) % 10) if n == 2 else p.person_id
            amount = "八千三百二十九" if n == 5 else "8329"
            writer.writerow((f"{m5}T{n:06d}", work.county, work.town, kind, m5, number, p.name, roc.date7(p.birth), p.sex, f"{work.county}T{n:06d}", m5, "active",
                             m5, m5, "person", amount, "post", "full"))  # fmt: skip
        return {
            "month": month, "people": sorted(p.person_id for p in people), "total": 6 * 8_329, "file": {"name": f"名冊_{m5}.csv", "text": text.getvalue()},
            "paper": [
                ["縣市與月份", f"新竹縣　{roc.show_month(month)}"], ["資料來源與種類", "名冊：中低收入老人生活津貼"], ["第 2 筆的紙本", f"{people[1].name}　{people[1].person_id}"],
                ["第 5 筆的紙本", f"{people[4].name}　8,329 元"],
            ],
        }  # fmt: skip

    def check(self, work: Work, row: TrainingTry, setup: dict[str, Any]) -> dict[str, bool]:
        mine = work.session.scalars(
            select(Batch).where(Batch.source == "roster", Batch.month == row.material["month"], Batch.county_code == places.COUNTY, Batch.received_by_id == row.user_id)
            .order_by(Batch.id)
        ).all()  # fmt: skip
        good = next((b for b in reversed(mine) if b.state == "accepted"), None)
        return {
            "taken": good is not None,
            "people": good is not None and sorted(snapshots.read(home() / str(good.snapshot_path))["person_id"].to_list()) == row.material["people"],
            "total": good is not None and good.sum_amount == row.material["total"],
        }


KINDS = {"repair_upload": Repair()}
