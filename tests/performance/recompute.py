"""One job that judges 200,000 running awards anew, households of four, with the trace of every one kept: CPU time, peak memory, on both databases.

Every award is made to change (it was paid 1 NTD so far), so that every trace is written: the worst a year's adjustment can be. The time
is the process's own; PostgreSQL's server works beside it and is named by itself. `SWIS_BENCH_ROWS` sets the households.
"""

import datetime as dt
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.performance.eligibility import household

ON = dt.date(2024, 3, 15)
BENEFIT = "elderly_living_allowance"
SETTINGS = {"elderly_real_estate_limit": "6500000", "deposit_interest_rate": "0.017", "starting_wage": "27000"}
MOST_MEMORY = 600
"""Megabytes that the job may have in use at its peak, however many awards there are."""
DIFFERENT = 1_000
"""So many different households; the awards repeat them."""


def fill(session: Any, rows: int) -> None:
    """`rows` people with a granted application, its decision with all its facts, and a running award."""
    from sqlalchemy import insert

    from app.commands import bulk
    from app.core import clock, roc
    from app.models.application import Application
    from app.models.award import Award
    from app.models.decision import Decision
    from app.models.parameter import Parameter
    from app.models.person import Person
    from app.rules import codec

    seeded = random.Random(7)
    facts = [codec.to_plain(household(ON, seeded)) for _ in range(min(rows, DIFFERENT))]
    now, month = clock.now(), roc.month_of(ON)
    session.execute(insert(Parameter), [
        {"name": name, "region": "新竹縣", "county_code": "10004", "value": value, "unit": "", "effective_from": dt.date(2008, 1, 1), "source": "量測",
         "confidence": "county", "state": "approved", "origin": "file", "entered_at": now} for name, value in SETTINGS.items()
    ])  # fmt: skip
    where = {"county_code": "10004", "town_code": "10004010"}
    both = {**where, "benefit": BENEFIT}
    for start in range(0, rows, 5_000):
        keys = range(start + 1, min(start + 5_000, rows) + 1)
        bulk.add_rows(session, Person, [
            {"id": 10_000 + k, "person_id": f"A1{k:08d}", "name": "量測", "birth": dt.date(1941, 1, 5), "sex": "F", "version": 1, "created_at": now,
             "changed_at": now, **where} for k in keys
        ])  # fmt: skip
        bulk.add_rows(session, Application, [
            {"id": 10_000 + k, "case_no": f"BEN{k:08d}", "purpose": "new", "applicant_id": 10_000 + k, "state": "approved", "received_on": ON,
             "protected_account": False, "version": 1, "created_at": now, "changed_at": now, **both} for k in keys
        ])  # fmt: skip
        bulk.add_rows(session, Decision, [
            {"application_id": 10_000 + k, "decision_no": f"量測第{k}號", "outcome": "granted", "amount": 4_164, "band": "half", "start_month": month,
             "rule_version": "ELA-111-01-01", "facts": facts[k % len(facts)], "judgement": {}, "decided_at": now, **both} for k in keys
        ])  # fmt: skip
        bulk.add_rows(session, Award, [
            {"recipient_id": 10_000 + k, "application_id": 10_000 + k, "case_no": f"BEN{k:08d}", "decision_no": f"量測第{k}號", "from_month": month,
             "amount": 1, "band": "", "status": "active", "channel": "cash", "payee_person_id": f"A1{k:08d}", "payee_name": "量測", "every": 1, "institution": "",
             "account": "", "version": 1, "created_at": now, "changed_at": now, **both}
            for k in keys
        ])  # fmt: skip
        session.commit()


def measure(url: str, rows: int, folder: Path) -> dict[str, float]:
    """Fill a database and run the job in it, in this process; what it took."""
    import resource
    import threading

    from sqlalchemy import func, select

    from app import create_app
    from app.commands import jobs, setup
    from app.extensions import Model, db
    from app.jobs import lease, runner
    from app.models.job import Job
    from app.models.recomputation import RecomputationLine
    from app.models.user import User
    from app.security import scope, web
    from tests import seed
    from tests.conftest import settings

    app = create_app(settings(folder, url))
    with app.app_context():
        Model.metadata.create_all(db.engine)
        setup.initialise()
        with scope.use(scope.SYSTEM):
            seed.fill(db.session())
            fill(db.session(), rows)
            db.session.remove()
            officer = web.actor_for(db.session.scalars(select(User).where(User.username == "officer.10004")).one())
            jobs.start(officer, "recompute", {"benefit": BENEFIT, "on": ON.isoformat(), "traces": "Y"})
        db.session.remove()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        cpu, wall = time.process_time(), time.monotonic()
        held = lease.claim(db.engine, "bench", 30)
        assert held is not None
        runner.execute(app, held, threading.Event())
        cpu, wall = time.process_time() - cpu, time.monotonic() - wall
        db.session.remove()
        with scope.use(scope.SYSTEM):
            job = db.session.get_one(Job, held.job_id)
            kept = db.session.scalar(select(func.count(RecomputationLine.id)).where(RecomputationLine.judgement.is_not(None)))
            assert job.state == "done", (job.state, job.error_text, job.checkpoint)
            assert kept == rows, (kept, rows, job.result)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"cpu": cpu, "wall": wall, "peak": peak / 1024, "filled": before / 1024, "kept": float(kept or 0)}


def run(scale: float) -> list[str]:
    """Measure on both databases; what was promised and not kept."""
    from tests import postgres

    rows, broken = int(os.environ.get("SWIS_BENCH_ROWS", int(200_000 * scale))), []
    for name in os.environ.get("SWIS_BENCH_DB", "sqlite,postgresql").split(","):
        with tempfile.TemporaryDirectory(prefix="swis-bench-") as folder:
            url = f"sqlite:///{folder}/bench.db" if name == "sqlite" else postgres.cluster().create_database("recompute")
            done = subprocess.run(
                [sys.executable, "-m", __name__, url, str(rows), folder], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
            )
            if done.returncode:
                broken.append(f"{name}：{done.stderr[-500:]}")
                continue
            found = json.loads(done.stdout.splitlines()[-1])
            print(
                f"   {name}：{rows:,} 戶一個作業，CPU {found['cpu']:.0f} 秒（{rows / found['cpu']:,.0f} 戶／秒），歷時 {found['wall']:.0f} 秒，"
                f"記憶體最高 {found['peak']:.0f} MB，系統負載 {os.getloadavg()[0]:.1f}", flush=True,
            )  # fmt: skip
            if found["peak"] > MOST_MEMORY:
                broken.append(f"{name}：記憶體最高 {found['peak']:.0f} MB，應在 {MOST_MEMORY} MB 以內")
    return broken


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))))
