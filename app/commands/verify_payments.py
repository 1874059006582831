"""The money's invariants in `flask swis verify`, and that every stored file is still what was written."""

import hashlib
from collections.abc import Callable, Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.payment_run import PaymentFile, PaymentRun
from app.payments import export_log, invariants
from app.payments.line import content_hash

from . import payment_files, payment_lines
from .verify import invariant

for _name, (_title, _function) in invariants.CHECKS.items():
    invariant(_name, _title)(_function)

payment_invariants: Callable[[Session], list[invariants.Break]] = invariants.payment_invariants


@invariant("payment_files", "每個撥款檔案都在存放區，內容與核對碼相符，並列在匯出紀錄")
def _files(session: Session) -> Iterable[str]:
    logged = {(e.run_no, e.sha256) for e in export_log.read(payment_files.log_path())}
    rows = session.execute(
        select(PaymentRun.run_no, PaymentFile.name, PaymentFile.sha256).join(PaymentRun, PaymentRun.id == PaymentFile.run_id)
    )
    for run_no, name, sha256 in rows:
        path = payment_files.log_path().parent / run_no / name
        if not path.is_file():
            yield f"檔案 {name} 不在存放區"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            yield f"檔案 {name} 的內容與核對碼不符"
        if (run_no, sha256) not in logged:
            yield f"檔案 {name} 不在匯出紀錄"


@invariant("payment_freeze", "每份清冊的內容與造冊時的核對碼相符")
def _freeze(session: Session) -> Iterator[str]:
    for run_id, run_no, frozen in session.execute(
        select(PaymentRun.id, PaymentRun.run_no, PaymentRun.content_hash).where(PaymentRun.state != "cancelled")
    ):
        if content_hash(payment_lines.read(session, run_id)) != frozen:
            yield f"清冊 {run_no} 的內容與核對碼不符"
