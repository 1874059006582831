"""Triggers that keep a closed month as it is, on SQLite and PostgreSQL: whatever writes, the row is refused.

One exception: money that came back may be kept (a returned line becomes closed, its months not live) once an accounting line in an open
month says so. PostgreSQL looks at whole statements (a register has 100,000 lines) and takes a lock that a closing waits for.
"""

from collections.abc import Callable

from sqlalchemy import DDL, Table, event

from .base import Model
from .budget import BudgetLine
from .closing import AccountingLine
from .payment import Payment, PaymentLine
from .payment_run import PaymentFile, PaymentRun, ResultFile

CLOSED = "closed month"
_SHUT = "EXISTS (SELECT 1 FROM accounting_closing c WHERE c.county_code = {county} AND c.period = 'month' AND c.month = {month} AND c.state <> 'reopened')"
_YEAR = (
    "EXISTS (SELECT 1 FROM accounting_closing c WHERE c.county_code = {county} AND c.period = 'year'"
    " AND c.month / 12 - 1911 = {year} AND c.state <> 'reopened')"
)
_SHUT_RUN = (
    "EXISTS (SELECT 1 FROM payment_run r JOIN accounting_closing c ON c.county_code = r.county_code AND c.month = r.month"
    " WHERE r.id = {run} AND c.period = 'month' AND c.state <> 'reopened')"
)
_BOOKED = "EXISTS (SELECT 1 FROM accounting_line a WHERE a.root_run_id = {row}.{run} AND a.root_line_no = {row}.{line})"
KEPT = {
    "payment_line": "{row}.status = 'closed' AND " + _BOOKED.replace("{run}", "root_run_id").replace("{line}", "root_line_no"),
    "payment": "NOT {row}.live AND " + _BOOKED.replace("{run}", "run_id").replace("{line}", "line_no"),
}
"""table → when a changed row of a closed month is let through."""
OF_RUN = ("payment_file", "result_file")
MODELS: tuple[type[Model], ...] = (PaymentRun, PaymentLine, Payment, PaymentFile, ResultFile, AccountingLine, BudgetLine)

_ROWS_OPEN = """
  PERFORM swis_month_open(m.county_code, m.month)
    FROM (SELECT DISTINCT r.county_code, r.month FROM (SELECT DISTINCT run_id FROM fresh) f JOIN payment_run r ON r.id = f.run_id) m;
  RETURN NULL;"""
FUNCTIONS = {
    "swis_month_open(county text, closing_month integer) RETURNS void": f"""
  PERFORM pg_advisory_xact_lock_shared(hashtext('swis closing ' || county), closing_month);
  IF {_SHUT.format(county="county", month="closing_month")} THEN
    RAISE EXCEPTION USING MESSAGE = '{CLOSED} ' || closing_month, ERRCODE = 'integrity_constraint_violation';
  END IF;""",
    "swis_run_open() RETURNS trigger": """
  PERFORM swis_month_open(NEW.county_code, NEW.month);
  IF TG_OP = 'UPDATE' AND OLD.month <> NEW.month THEN PERFORM swis_month_open(OLD.county_code, OLD.month); END IF;
  RETURN NEW;""",
    "swis_of_run_open() RETURNS trigger": """
  PERFORM swis_month_open(r.county_code, r.month) FROM payment_run r WHERE r.id = NEW.run_id;
  RETURN NEW;""",
    "swis_rows_open() RETURNS trigger": _ROWS_OPEN,
    **{
        f"swis_{table}_open() RETURNS trigger": _ROWS_OPEN.replace("FROM fresh", f"FROM fresh WHERE NOT ({kept.format(row='fresh')})")
        for table, kept in KEPT.items()
    },
    "swis_year_open() RETURNS trigger": f"""
  PERFORM pg_advisory_xact_lock_shared(hashtext('swis closing ' || NEW.county_code), (NEW.year + 1911) * 12 + 11);
  IF {_YEAR.format(county="NEW.county_code", year="NEW.year")} THEN
    RAISE EXCEPTION USING MESSAGE = '{CLOSED} ' || NEW.year, ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;""",
}


def _postgresql(table: str) -> list[str]:
    out = [f"CREATE OR REPLACE FUNCTION {head} LANGUAGE plpgsql AS $$ BEGIN{body} END $$" for head, body in FUNCTIONS.items()]
    if table in KEPT:
        out += [
            f"CREATE TRIGGER {table}_open_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION swis_rows_open()",
            f"CREATE TRIGGER {table}_open_update AFTER UPDATE ON {table} REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION swis_{table}_open()",
        ]
        return out
    function = {"budget_line": "swis_year_open", **dict.fromkeys(OF_RUN, "swis_of_run_open")}.get(table, "swis_run_open")
    return [*out, f"CREATE TRIGGER {table}_open BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"]


def _sqlite(table: str) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{CLOSED}'); END"
    if table == "budget_line":
        shut: Callable[[str], str] = lambda row: _YEAR.format(county=f"{row}.county_code", year=f"{row}.year")  # noqa: E731
    elif table in ("payment_run", "accounting_line"):
        shut = lambda row: _SHUT.format(county=f"{row}.county_code", month=f"{row}.month")  # noqa: E731
    else:
        shut = lambda row: _SHUT_RUN.format(run=f"{row}.run_id")  # noqa: E731
    kept = f" AND NOT ({KEPT[table].format(row='NEW')})" if table in KEPT else ""
    moved = f" OR {shut('OLD')}" if table == "payment_run" else ""
    return [
        f"CREATE TRIGGER {table}_open_insert BEFORE INSERT ON {table} WHEN {shut('NEW')} {refuse}",
        f"CREATE TRIGGER {table}_open_update BEFORE UPDATE ON {table} WHEN ({shut('NEW')}{moved}){kept} {refuse}",
    ]


def statements(table: str, dialect: str) -> list[str]:
    """The DDL that refuses new and changed rows of `table` in a closed month (budget lines: in a closed year)."""
    return _postgresql(table) if dialect == "postgresql" else _sqlite(table)


def removal(table: str, dialect: str) -> list[str]:
    """The DDL that takes the guard of `table` away again."""
    names = [f"{table}_open"] if dialect == "postgresql" and table not in KEPT else [f"{table}_open_insert", f"{table}_open_update"]
    return [f"DROP TRIGGER {name}" + (f" ON {table}" if dialect == "postgresql" else "") for name in names]


def functions() -> list[str]:
    """PostgreSQL's functions, by their signatures, the last one first."""
    return [head.split(" RETURNS")[0].replace("county text, closing_month integer", "text, integer") for head in reversed(FUNCTIONS)]


for _model in MODELS:
    _table: Table = _model.__table__
    for _dialect in ("sqlite", "postgresql"):
        for _statement in statements(_table.name, _dialect):
            event.listen(_table, "after_create", DDL(_statement).execute_if(dialect=_dialect))
