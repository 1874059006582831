"""A county's register of 100,000 lines on PostgreSQL: made, checked, frozen, released, its files written and printed, its results taken in.

Alternative in the same run: the same lines made one by one through the ORM (on a fiftieth of them, projected). Beside the seconds stand
the CPU seconds of this process (with the press) and of the PostgreSQL server: on a machine that does other things the clock says little,
and a promise that was missed there is to be tried again on a quiet one.
"""

import datetime as dt
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from app.core import clock, roc

LINES = 100_000
MONTH = roc.month(98, 3)
TOWNS = tuple(f"10004{n:03d}" for n in range(10, 140, 10))
ELA = "elderly_living_allowance"

PERSONS = """
INSERT INTO person (id, county_code, town_code, person_id, name, birth, sex, registered_address, version, created_at, changed_at)
SELECT n, '10004', '10004' || lpad(((n % 13 + 1) * 10)::text, 3, '0'), 'J2' || lpad(n::text, 7, '0') || checks.digit, '王' || n, DATE '1930-01-01', 'F',
       '新竹縣竹北市光明六路' || n || '號', 1, now(), now()
FROM generate_series(1, :count) n CROSS JOIN LATERAL (SELECT (100 - (1 + 8 * 9 + 2 * 8 + (n / 1000000 % 10) * 7 + (n / 100000 % 10) * 6
     + (n / 10000 % 10) * 5 + (n / 1000 % 10) * 4 + (n / 100 % 10) * 3 + (n / 10 % 10) * 2 + n % 10) % 10) % 10 AS digit) checks
"""
AWARDS = """
INSERT INTO award (id, county_code, town_code, benefit, recipient_id, case_no, decision_no, from_month, amount, band, status, version,
                   created_at, changed_at, channel, payee_person_id, payee_name, institution, account)
SELECT id, county_code, town_code, :benefit, id, 'C' || id, 'D' || id, :month - id % 3, CASE WHEN id % 4 = 0 THEN 3000 ELSE 6000 END,
       CASE WHEN id % 4 = 0 THEN 'half' ELSE 'full' END, 'active', 1, now(), now(),
       CASE id % 10 WHEN 0 THEN 'cash' WHEN 1 THEN 'bank' WHEN 2 THEN 'bank' ELSE 'post' END, person_id, name,
       CASE id % 10 WHEN 0 THEN '' WHEN 1 THEN '0040680' WHEN 2 THEN '9310014' ELSE '0101234' END,
       CASE id % 10 WHEN 0 THEN '' ELSE lpad(id::text, 7, '0') END
FROM person
"""
CHANGES = """
INSERT INTO award_change (award_id, county_code, town_code, benefit, seq, kind, month, recorded_on, recorded_at, reason, rule_version,
                          amount, band, channel, payee_person_id, payee_name, institution, account)
SELECT id, county_code, town_code, benefit, 0, 'grant', from_month, DATE '2009-01-05', now(), '核定', 'v1', amount, band, channel,
       payee_person_id, payee_name, institution, account
FROM award
"""


def _own_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _server_seconds(postmaster: int) -> float:
    """CPU seconds of a PostgreSQL server: its running processes and those that ended."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = stat.read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        if stat.parent.name == str(postmaster):
            ticks += sum(map(int, parts[11:15]))
        elif int(parts[1]) == postmaster:
            ticks += sum(map(int, parts[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def timed(name: str, found: dict[str, float], used: dict[str, float]) -> Iterator[None]:
    """Seconds into `found`, CPU seconds of this process and of the server into `used`."""
    from tests import postgres

    postmaster = postgres.cluster().process.pid
    began, own, server = time.perf_counter(), _own_seconds(), _server_seconds(postmaster)
    yield
    found[name] = time.perf_counter() - began
    own, server = _own_seconds() - own, _server_seconds(postmaster) - server
    used[name] = own + server
    print(f"   {name:<28}{found[name]:8.1f} 秒（CPU：本程序 {own:.1f}＋PostgreSQL {server:.1f} 秒）", flush=True)


def run(scale: float) -> list[str]:
    """Prints seconds per step; says which goals were missed."""
    from tests import postgres
    from tests.conftest import settings

    count = max(1000, int(LINES * scale))
    with tempfile.TemporaryDirectory(prefix="swis-bench-") as folder:
        url = postgres.cluster().create_database("payments")
        from app import create_app

        app = create_app(settings(Path(folder), url))
        with app.app_context(), clock.frozen(dt.date(2009, 3, 21)):
            return _county(count)


def _county(count: int) -> list[str]:
    from app.commands import payment_files, payment_results, payments, printing, setup
    from app.extensions import Model, db
    from app.models.payment_run import PayerSetting, PaymentRun
    from app.models.user import User
    from app.security import scope, web
    from tests import seed

    Model.metadata.create_all(db.engine)
    setup.initialise()
    with scope.use(scope.SYSTEM):
        seed.fill(db.session())
        for statement, more in ((PERSONS, {"count": count}), (AWARDS, {"benefit": ELA, "month": MONTH}), (CHANGES, {})):
            db.session.execute(sa.text(statement), more)
        db.session.add(
            PayerSetting(county_code="10004", town_code="10004", benefit=ELA, payer_name="新竹縣政府", post_office="0061234", post_account="12345678")
        )
        db.session.commit()
        db.session.execute(sa.text("ANALYZE"))
        db.session.commit()

    def actor(name: str) -> object:
        with scope.use(scope.SYSTEM):
            return web.actor_for(db.session.scalars(sa.select(User).where(User.username == name)).one())

    officer, director, accountant = actor("officer.10004"), actor("director.10004"), actor("accountant.10004")
    found: dict[str, float] = {}
    used: dict[str, float] = {}
    print(f"   {count:,} 件應發案件，負載 {os.getloadavg()[0]:.1f}")
    with timed("造冊（含凍結）", found, used):
        run_id = payments.build_run(officer, benefit=ELA, payer="10004", month=MONTH).id
    with timed("檢核", found, used):
        payments.check_run(officer, run_id)
    with scope.use(scope.SYSTEM):
        findings = {f.code for f in db.session.get_one(PaymentRun, run_id).findings}
        db.session.rollback()
    with timed("確認、核准、撥款", found, used):
        for code in sorted(findings):
            payments.acknowledge_sort(officer, run_id, code, "已確認")
        payments.approve_run(director, run_id)
        payments.release_run(accountant, run_id)
    with timed("產生檔案", found, used):
        payment_results.write_files(accountant, run_id)
    volumes, title, made_at, _ = payment_files.signature_volumes(accountant, run_id)
    printed = sum(len(page.rows) for sheet in volumes[0] for page in sheet.pages)
    with timed(f"印領清冊 PDF（{printed:,} 筆）", found, used):
        pdf, _ = printing.print_volumes(volumes[:1], title, made_at)
    print(f"      PDF {len(pdf) // 1024:,} KB，列印程序記憶體高點 {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MB")
    with scope.use(scope.SYSTEM):
        made = db.session.get_one(PaymentRun, run_id)
        number, total, lines = made.run_no, made.total, made.line_count
        sizes = {f.kind: (f.line_count, f.size) for f in made.files}
        rows = db.session.execute(sa.text("SELECT line_no, person_id, amount FROM payment_line WHERE run_id = :id ORDER BY line_no"), {"id": run_id}).all()
        db.session.rollback()
    text = ["run_no,line_no,person_id,amount,result,return_code,value_date"]
    text += [f"{number},{no},{pid},{amount},{'returned,22' if no % 500 == 0 else 'credited,'},0980331" for no, pid, amount in rows]
    with timed("登錄轉帳結果", found, used):
        payment_results.import_transfer_result(accountant, run_id, "\r\n".join(text).encode("utf-8-sig"), "result.csv")
    print(f"   {lines:,} 筆 {total:,} 元；檔案 {sizes}；記憶體高點 {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
    alternative = _row_by_row(max(200, count // 50)) * 50
    product = found["造冊（含凍結）"]
    print(f"   對照：逐列以物件寫入同樣的清冊約 {alternative:.0f} 秒，是本程式的 {alternative / product:.1f} 倍")
    scale = count / LINES
    missed = []
    for label, names, promised in (
        ("造冊、檢核、凍結", ("造冊（含凍結）", "檢核"), 30 * scale),
        ("產生檔案", ("產生檔案",), 5 * scale),
        ("印領清冊 PDF", (f"印領清冊 PDF（{printed:,} 筆）",), 20.0),
    ):
        if (seconds := sum(found[name] for name in names)) > promised:
            missed.append(f"{label} {seconds:.1f} 秒（CPU {sum(used[name] for name in names):.1f} 秒；目標 {promised:.0f} 秒）")
    return missed


def _row_by_row(count: int) -> float:
    """Seconds to read so many awards one by one and add their lines and payments as objects."""
    from app.extensions import db
    from app.models.award import Award
    from app.models.payment import Payment, PaymentLine
    from app.models.payment_run import PaymentRun
    from app.security import scope

    with scope.use(scope.SYSTEM):
        run = PaymentRun(
            county_code="10004", town_code="10004", benefit=ELA, run_no="row-by-row", kind="difference", month=MONTH, first_month=MONTH,
            last_month=MONTH, cutoff_on=dt.date(2009, 3, 20), value_date=dt.date(2009, 3, 31), ground="對照", omitted=[], made_at=clock.now(),
        )  # fmt: skip
        db.session.add(run)
        db.session.flush()
        began = time.perf_counter()
        for no in range(1, count + 1):
            award = db.session.get_one(Award, no)
            person = award.recipient
            paid = db.session.scalar(sa.select(sa.func.count()).where(Payment.award_id == no, Payment.month == MONTH + 1))
            grant = award.changes[0]
            assert paid == 0 and grant.amount
            db.session.add(
                PaymentLine(
                    county_code="10004", town_code=award.town_code, benefit=ELA, run_id=run.id, line_no=no, root_run_id=run.id, root_line_no=no,
                    award_id=no, recipient_id=person.id, person_id=person.person_id, name=person.name, band=grant.band, amount=grant.amount,
                    month_from=MONTH + 1, month_to=MONTH + 1, status="planned", channel=grant.channel, payee_person_id=grant.payee_person_id,
                    payee_name=grant.payee_name, institution=grant.institution or "", account=grant.account or "",
                )
            )  # fmt: skip
            db.session.add(
                Payment(
                    county_code="10004", town_code=award.town_code, benefit=ELA, award_id=no, recipient_id=person.id, month=MONTH + 1,
                    kind="difference", seq=1, amount=grant.amount, run_id=run.id, line_no=no, live=True,
                )
            )  # fmt: skip
            db.session.flush()
        spent = time.perf_counter() - began
        db.session.rollback()
    return spent
