"""The list of applications at one million of them, on SQLite and PostgreSQL, through the real screens; beside it the same list in stock Flask-AppBuilder.

`SWIS_BENCH_ROWS` sets how many applications are made (set-based, in a temporary database that is gone afterwards).
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from app.commands import statistics

LIMIT_MS = 300
ROUNDS = 20
OFFICER, CLERK = "officer.10004", "clerk.10004010"
LIST = "/elderly_living_allowance/list/"
STATES = ("draft", "submitted", "returned_for_correction", "complete", "preliminary_reviewed", "forwarded", "second_reviewed")
NAMES = "陳林黃張李王吳劉蔡楊許鄭謝洪郭邱曾廖賴徐"
GIVEN = "志明淑芬俊傑雅婷建宏美玲家豪怡君文雄秀英冠宇佳穎"


def _numbers(dialect: str) -> str:
    """A table n(i) of 1 … :rows."""
    if dialect == "postgresql":
        return "WITH n AS (SELECT generate_series(1, :rows) AS i)"
    return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)"


def fill(engine: Engine, rows: int) -> None:
    """`rows` people with one application each: six of ten in one county, one of twenty still under way, dates over fifteen years."""
    dialect = engine.dialect.name
    day = "DATE '2010-01-01' + (n.i % 5600 * 7919 % 5600)" if dialect == "postgresql" else "date('2010-01-01', '+' || (n.i % 5600 * 7919 % 5600) || ' days')"
    born = "DATE '1930-01-01' + (n.i % 9000 * 31 % 9000)" if dialect == "postgresql" else "date('1930-01-01', '+' || (n.i % 9000 * 31 % 9000) || ' days')"
    padded = "lpad(CAST(n.i AS text), 8, '0')" if dialect == "postgresql" else "printf('%08d', n.i)"
    false = "false" if dialect == "postgresql" else "0"
    state = "CASE " + " ".join(f"WHEN n.i % 140 = {k * 17} THEN '{s}'" for k, s in enumerate(STATES)) + " WHEN n.i % 10 = 3 THEN 'rejected' ELSE 'approved' END"
    name = f"substr('{NAMES}', 1 + n.i % {len(NAMES)}, 1) || substr('{GIVEN}', 1 + n.i * 7 % {len(GIVEN) - 1}, 2)"
    home = "JOIN place ON place.mine = CASE WHEN n.i % 10 < 6 THEN 1 ELSE 0 END AND place.k = n.i % place.size"
    common = "1, '2026-01-01', '2026-01-01', place.county_code, place.code"
    with engine.begin() as connection:
        connection.execute(text(
            "CREATE TABLE place AS SELECT code, county_code, CASE WHEN county_code = '10004' THEN 1 ELSE 0 END AS mine, "
            "row_number() OVER (PARTITION BY CASE WHEN county_code = '10004' THEN 1 ELSE 0 END ORDER BY code) - 1 AS k, "
            "count(*) OVER (PARTITION BY CASE WHEN county_code = '10004' THEN 1 ELSE 0 END) AS size FROM township"
        ))  # fmt: skip
        connection.execute(text(
            f"{_numbers(dialect)} INSERT INTO person (id, person_id, name, birth, sex, version, created_at, changed_at, county_code, town_code) "
            f"SELECT n.i + 1000, 'A1' || {padded}, {name}, {born}, 'M', {common} FROM n {home}"
        ), {"rows": rows})  # fmt: skip
        connection.execute(text(
            f"{_numbers(dialect)} INSERT INTO application (id, case_no, purpose, applicant_id, state, received_on, documents_complete_on, "
            f"protected_account, benefit, version, created_at, changed_at, county_code, town_code) "
            f"SELECT n.i + 1000, 'BEN' || {padded}, 'new', n.i + 1000, {state}, {day}, {day}, {false}, 'elderly_living_allowance', {common} "
            f"FROM n {home}"
        ), {"rows": rows})  # fmt: skip
        connection.execute(text(f"{_numbers(dialect)} INSERT INTO elderly_application (id) SELECT n.i + 1000 FROM n"), {"rows": rows})
        connection.execute(text("DROP TABLE place"))
    with engine.begin() as connection:
        statistics.refresh(connection)


def product(folder: Path, url: str, rows: int) -> Flask:
    """The product over a database with `rows` applications."""
    from app import create_app
    from app.commands import setup
    from app.extensions import Model, db
    from app.security import scope
    from tests import seed
    from tests.conftest import settings

    app = create_app(settings(folder, url))
    with app.app_context():
        Model.metadata.create_all(db.engine)
        setup.initialise()
        with scope.use(scope.SYSTEM):
            seed.fill(db.session())
        db.session.remove()
        began = time.monotonic()
        fill(db.engine, rows)
        print(f"   {db.engine.dialect.name}：{rows:,} 件申請案建立於 {time.monotonic() - began:.0f} 秒", flush=True)
    return app


def signed_in(app: Flask, username: str) -> FlaskClient:
    from tests import seed

    client = app.test_client()
    answer = client.post("/login/", data={"username": username, "password": seed.PASSWORD})
    assert answer.status_code == 302, answer.text
    return client


def measured(get: Callable[[], Any]) -> tuple[float, float]:
    """(p50, p95) in milliseconds of ROUNDS requests after one to warm up."""
    get()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        get()
        times.append((time.perf_counter() - began) * 1000)
    return median(times), quantiles(times, n=20, method="inclusive")[-1]


def pages(app: Flask) -> dict[str, Callable[[], Any]]:
    """The lists people open, by what they do."""
    officer, clerk = signed_in(app, OFFICER), signed_in(app, CLERK)

    def list_of(client: FlaskClient, query: str = "", **typed: str) -> Callable[[], Any]:
        address = f"{LIST}?{query}"
        if typed:  # personal criteria are posted; the list then stands under a token
            address = client.post(f"{LIST.removesuffix('list/')}search", data=typed).location

        def get() -> Any:
            answer = client.get(address)
            assert answer.status_code == 200 and ("BEN" in answer.text or "沒有符合" in answer.text), (address, answer.text[-3000:])
            return answer

        return get

    def order(column: str, direction: str) -> str:
        return f"_oc_ElderlyApplicationView={column}&_od_ElderlyApplicationView={direction}"

    return {
        "縣府：全部，第一頁": list_of(officer),
        "縣府：最後可翻的一頁": list_of(officer, "page_ElderlyApplicationView=399"),
        "縣府：待複審，最久的在前": list_of(officer, f"_flt_0_state=forwarded&{order('received_on', 'asc')}"),
        "縣府：已核定": list_of(officer, "_flt_0_state=approved"),
        "縣府：依收件日": list_of(officer, order("received_on", "desc")),
        "縣府：依案號": list_of(officer, order("case_no", "asc")),
        "縣府：依狀態": list_of(officer, order("state", "asc")),
        "縣府：依備齊日": list_of(officer, order("documents_complete_on", "desc")),
        "縣府：收件日在一個月內": list_of(officer, "_flt_0_received_on=114/03/01&_flt_1_received_on=114/03/31"),
        "縣府：案號開頭": list_of(officer, "_flt_0_case_no=BEN0004"),
        "縣府：身分證號": list_of(officer, **{"_flt_0_applicant.person_id": "A100040006"}),
        "縣府：姓名開頭": list_of(officer, **{"_flt_0_applicant.name": "林志"}),
        "公所：全部": list_of(clerk),
        "公所：待審": list_of(clerk, f"_flt_0_state=submitted&{order('received_on', 'asc')}"),
        "公所：依收件日": list_of(clerk, order("received_on", "asc")),
    }


def run(scale: float) -> list[str]:
    """Build, measure, compare; what was promised and not kept."""
    from tests import postgres

    rows = int(os.environ.get("SWIS_BENCH_ROWS", int(1_000_000 * scale)))
    broken = []
    with tempfile.TemporaryDirectory(prefix="swis-lists-") as folder:
        for name in os.environ.get("SWIS_BENCH_DATABASES", "sqlite,postgresql").split(","):
            home = Path(folder) / name
            home.mkdir()
            url = f"sqlite:///{home / 'lists.db'}" if name == "sqlite" else postgres.cluster().create_database("lists")
            app = product(home, url, rows)
            print(f"   {'':<22}{'p50':>8}{'p95':>8} 毫秒（系統負載 {os.getloadavg()[0]:.1f}）", flush=True)
            for label, get in pages(app).items():
                p50, p95 = measured(get)
                print(f"   {label:<22}{p50:>8.0f}{p95:>8.0f}", flush=True)
                if p95 > LIMIT_MS:
                    broken.append(f"{name} {label} 的 p95 是 {p95:.0f} 毫秒，應低於 {LIMIT_MS}")
            for label, (p50, p95) in stock(url, home, rows).items():
                print(f"   原樣 FAB：{label:<22}{p50:>8.0f}{p95:>8.0f}", flush=True)
    return broken


def stock(url: str, home: Path, rows: int) -> dict[str, tuple[float, float]]:
    """The same list in stock Flask-AppBuilder, in a process of its own: its models and ours cannot live together."""
    done = subprocess.run([sys.executable, "-m", "tests.performance.stock_list", url, str(home), str(rows)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, tuple[float, float]] = {k: tuple(v) for k, v in json.loads(done.stdout.splitlines()[-1]).items()}
    return found
