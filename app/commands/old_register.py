"""舊資料匯入: a county's old disability register, once. An officer hands the file in and sees a dry run, another person confirms, a job writes."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from app.exchange import confined
from app.exchange.delivery import file_sha256
from app.exchange.internal import OLD_REGISTER
from app.exchange.messages import FileProblem
from app.models.mapping import RETIRED, ExchangeMapping
from app.models.old_register import OUTCOMES, STATES, OldRegisterImport, OldRegisterLine
from app.rules.old_register import Verdict
from app.security.roles import COUNTY, COUNTY_OFFICER, COUNTY_SUPERVISOR

from . import mappings
from .base import CommandError, Context, Refused, command
from .deliveries import home
from .jobs import enqueue
from .lifecycle import Lifecycle, Move
from .register import old_rows
from .register.old_rows import OldFile

CHECK_JOB: Final = "old_register_check"
RUN_JOB: Final = "old_register_run"
WRITTEN: Final = ("created", "joined")

OLD_IMPORT: Final = Lifecycle(
    OldRegisterImport,
    STATES,
    (
        Move("check", _l("Old data dry run"), ("received", "checked"), "checked", "register.old_import"),
        Move("again", _l("Old data dry run again"), ("received", "checked"), "received", "register.old_import"),
        Move(
            "confirm", _l("Confirm the import of old data"), ("checked",), "confirmed", "register.old_confirm", by="confirmed_by_id",
            differs_from=("entered_by_id",), style="primary",
        ),
        Move("finish", _l("Old data written"), ("confirmed",), "done", "register.old_confirm"),
        Move("drop", _l("Give the old data up"), ("received", "checked"), "dropped", "register.old_import", needs_comment=True, style="danger"),
    ),
)  # fmt: skip


# -- by people ------------------------------------------------------------------------------------------------------------------
@command("register.old_import", roles=(COUNTY_OFFICER,))
def hand_in(ctx: Context, kept: Path, digest: str, file_name: str, mapping_id: int | None = None) -> int:
    """Remember a received file (kept by `store.keep`) and queue its dry run; the number of the import. Raises Refused."""
    county = ctx.actor.scope.county_code
    if ctx.actor.scope.level != "county" or not county:
        raise Refused("舊資料由縣（市）政府匯入，請以縣府帳號辦理", "E-OLD-COUNTY")
    if mapping_id is not None and ctx.get(ExchangeMapping, mapping_id).source != OLD_REGISTER.source:
        raise Refused("這個格式對照是另一種資料來源的，請重新選擇", "E-MAP-SOURCE")
    assert ctx.actor.user_id is not None, "an import belongs to a person"
    item = OldRegisterImport(
        county_code=county, file_name=file_name[-200:], path=str(kept.relative_to(home())), file_sha256=digest, mapping_id=mapping_id,
        entered_by_id=ctx.actor.user_id, created_by_id=ctx.actor.user_id, changed_by_id=ctx.actor.user_id,
    )  # fmt: skip
    ctx.session.add(item)
    ctx.audit("old_register_import.received", item, file_sha256=digest)
    item.job_id = enqueue(ctx, CHECK_JOB, {"import": item.id}, scope=f"old register {item.id}").id
    return item.id


@command("register.old_import", roles=(COUNTY_OFFICER,))
def check_again(ctx: Context, import_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Another dry run, after people were corrected meanwhile. Raises Refused, Conflict."""
    item = ctx.get(OldRegisterImport, import_id, lock=True)
    OLD_IMPORT.advance(ctx, item, "again", comment, seen_version, found=None, problem="")
    item.job_id = enqueue(ctx, CHECK_JOB, {"import": item.id}, scope=f"old register {item.id}").id


@command("register.old_import", roles=(COUNTY_OFFICER,))
def drop(ctx: Context, import_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Give an import up before anything was written; the dry run's rows go. Raises Refused, Conflict."""
    item = ctx.get(OldRegisterImport, import_id, lock=True)
    OLD_IMPORT.advance(ctx, item, "drop", comment, seen_version)
    ctx.session.execute(delete(OldRegisterLine).where(OldRegisterLine.import_id == item.id))


@command("register.old_confirm", roles=(COUNTY_SUPERVISOR,))
def confirm(ctx: Context, import_id: int, comment: str = "", seen_version: int | None = None) -> int:
    """Another person than who handed it in lets the job write; the job's number. Raises Refused, Conflict."""
    item = ctx.get(OldRegisterImport, import_id, lock=True)
    if item.state == "checked" and not sum((item.found or {}).get(name, 0) for name in (*WRITTEN, "there")):
        raise Refused("預檢沒有可以匯入的列；請更正檔案後重新上傳", "E-OLD-EMPTY")
    OLD_IMPORT.advance(ctx, item, "confirm", comment, seen_version)
    job = enqueue(ctx, RUN_JOB, {"import": item.id}, scope=f"old register of {item.county_code}")
    if job.args.get("import") != item.id:
        raise Refused("另一份舊資料正在匯入，完成後再確認這一份", "E-OLD-BUSY")
    item.job_id = job.id
    return job.id


def kept_mappings(session: Session) -> list[ExchangeMapping]:
    """The mappings a file of an old register can be read with, newest first."""
    found = select(ExchangeMapping).where(ExchangeMapping.source == OLD_REGISTER.source, ExchangeMapping.state != RETIRED)
    return list(session.scalars(found.order_by(ExchangeMapping.id.desc())))


# -- by the jobs ----------------------------------------------------------------------------------------------------------------
def read(ctx: Context, session: Session, import_id: int) -> OldFile:
    """The file of an import, read by a child process. `session` reads; nothing is written. Raises FileProblem, Refused."""
    item = session.get(OldRegisterImport, import_id)
    assert item is not None
    path = home() / item.path
    if not path.is_file() or file_sha256(path) != item.file_sha256:
        raise Refused("收到的檔案不在或內容已改變；請放棄這一份，重新上傳", "E-OLD-FILE")
    row = session.get(ExchangeMapping, item.mapping_id) if item.mapping_id else None
    mapping = mappings.as_mapping(row) if row is not None else None
    delivery = confined.read_confined(path, OLD_REGISTER.source, county=item.county_code, mapping=mapping)
    return old_rows.prepare(delivery, old_rows.townships(session, item.county_code))


def unreadable(ctx: Context, import_id: int, problem: FileProblem) -> None:
    """The whole file is refused; the person sees why."""
    item = ctx.get(OldRegisterImport, import_id, lock=True)
    item.problem, item.found = str(problem), None
    ctx.audit("old_register_import.unreadable", item, code=problem.code)


def begin(ctx: Context, import_id: int, file: OldFile) -> None:
    """Forget an earlier dry run, and keep what the reader refused."""
    item = ctx.get(OldRegisterImport, import_id, lock=True)
    if item.state not in ("received", "checked"):
        raise Refused("這一份已確認或放棄，不再預檢", "E-OLD-STATE")
    item.problem, item.row_count = "", len(file.rows) + len(file.refused)
    ctx.session.execute(delete(OldRegisterLine).where(OldRegisterLine.import_id == import_id))
    base = {"county_code": item.county_code, "import_id": import_id, "planned": "refused"}
    rows = [{**base, "row_no": row_no, "said": said} for row_no, said in file.refused.items()]
    for at in range(0, len(rows), old_rows.CHUNK):
        ctx.session.execute(insert(OldRegisterLine), rows[at : at + old_rows.CHUNK])


def foresee(ctx: Context, import_id: int, file: OldFile, rows: Sequence[Any]) -> None:
    """The dry run of one chunk: its rows and what would become of them."""
    county = _county(ctx)
    verdicts, _ = old_rows.judge(ctx.session, county, file, rows)
    ctx.session.execute(insert(OldRegisterLine), [_line(county, import_id, v) for v in verdicts])


def checked(ctx: Context, import_id: int) -> dict[str, int]:
    """The dry run is complete; its counts."""
    item = ctx.get(OldRegisterImport, import_id, lock=True)
    found = counts(ctx.session, import_id, OldRegisterLine.planned)
    OLD_IMPORT.advance(ctx, item, "check", found=found)
    if item.mapping_id:
        mappings.note_test(ctx, ctx.get(ExchangeMapping, item.mapping_id), item.row_count, item.row_count - found["refused"])
    return found


def carry_out(ctx: Context, import_id: int, file: OldFile, rows: Sequence[Any]) -> None:
    """Write one chunk, judged anew. A row that an interrupted run wrote before is already there and keeps the outcome it had."""
    county = _county(ctx)
    verdicts, holders = old_rows.judge(ctx.session, county, file, rows)
    old_rows.write(ctx, county, import_id, verdicts, holders)
    line = OldRegisterLine
    mine = (line.import_id == import_id, line.row_no.in_([v.row.row_no for v in verdicts]))
    before = {no: (plan, outcome, said) for no, plan, outcome, said in ctx.session.execute(select(line.row_no, line.planned, line.outcome, line.said).where(*mine))}
    out = []
    for v in verdicts:
        plan, outcome, said = before.get(v.row.row_no, (v.outcome, None, ""))
        written = outcome in WRITTEN and v.outcome == "there"
        result = {"outcome": outcome, "said": said} if written else {"outcome": v.outcome}
        out.append({**_line(county, import_id, v), "planned": plan, **result})
    ctx.session.execute(delete(line).where(*mine))
    ctx.session.execute(insert(line), out)
    told = Counter(v.outcome for v in verdicts)
    ctx.audit("old_register_import.written", (OldRegisterImport.__tablename__, import_id), **told)


def finish(ctx: Context, import_id: int) -> dict[str, int]:
    """The run is complete; its counts."""
    item = ctx.get(OldRegisterImport, import_id, lock=True)
    line = OldRegisterLine
    ctx.session.execute(update(line).where(line.import_id == import_id, line.outcome.is_(None)).values(outcome=line.planned))
    done = counts(ctx.session, import_id, line.outcome)
    OLD_IMPORT.advance(ctx, item, "finish", done=done, finished_at=ctx.now)
    if item.mapping_id and sum(done[name] for name in WRITTEN):
        row = ctx.get(ExchangeMapping, item.mapping_id, lock=True)
        try:
            mappings.put_to_use(ctx, row)
        except CommandError:  # another version came into use meanwhile; the rows are in all the same
            return done
    return done


def counts(session: Session, import_id: int, column: Any) -> dict[str, int]:
    """Rows by outcome, every outcome named."""
    query = select(column, func.count()).where(OldRegisterLine.import_id == import_id).group_by(column)
    found = {row[0]: row[1] for row in session.execute(query)}
    return {name: found.get(name, 0) for name in OUTCOMES}


def _county(ctx: Context) -> str:
    county = ctx.actor.scope.county_code
    assert county, "imports are a county's"
    return county


def _line(county: str, import_id: int, v: Verdict) -> dict[str, Any]:
    return {
        "county_code": county, "import_id": import_id, "row_no": v.row.row_no, "planned": v.outcome, "outcome": None, "person_id": v.row.person_id,
        "name": v.row.name, "card_no": v.row.card_no, "said": v.said,
    }  # fmt: skip


READERS: Final = COUNTY
