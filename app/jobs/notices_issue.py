"""Issue the notices of all decisions that wait and print them, with the row scope of the person who asked."""

import hashlib
import secrets
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.commands import printing
from app.commands.notices import issue
from app.commands.notices.bulk import KIND
from app.core import clock
from app.models.campaign import CampaignCase
from app.models.decision import Decision
from app.models.notice import Notice
from app.printing.documents import letter_of
from app.security import access

from . import JobContext, job

CHUNK = 100
KEPT_DAYS = 7


def folder() -> Path:
    """Where printed files are kept for KEPT_DAYS; the notices themselves can always be printed again."""
    return Path(current_app.config["SWIS_HOME"]) / "printed"


def file_of(job_id: int, digest: str) -> Path:
    """The file of a run: named by its content too, so that a number used again after a restored backup finds no one else's file."""
    found = [folder() / f"{job_id}-{digest[:16]}{end}" for end in (".pdf", ".zip")]
    return next((path for path in found if path.exists()), found[0])


def _forget_old_files() -> None:
    oldest = time.time() - KEPT_DAYS * 86400
    for path in folder().iterdir():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


@job(KIND, label=_l("Issued as a batch"), permission="notices.issue_all", by_hand=False, on_behalf=True)
def run(ctx: JobContext) -> Iterator[None]:
    """Each chunk issues; an interrupted run goes on with what still waits. Printing comes last and begins anew."""
    printing.fonts_here()  # before anything is issued that could not be printed
    batch = ctx.checkpoint.setdefault("batch", f"作業{ctx.job_id}")
    refused = ctx.checkpoint.setdefault("refused", 0)
    while True:
        waiting = issue.decisions_due().where(Decision.id > ctx.checkpoint.get("last", 0)).order_by(Decision.id).limit(CHUNK)
        if ctx.args["benefit"]:
            waiting = waiting.where(Decision.benefit == ctx.args["benefit"])
        if ctx.args.get("campaign"):
            waiting = waiting.where(Decision.id.in_(select(CampaignCase.decision_id).where(CampaignCase.campaign_id == ctx.args["campaign"])))
        ids = list(ctx.session.scalars(waiting))
        if not ids:
            break
        done = issue.issue_decisions(ctx, ids, batch)
        for case_no, reason in done.refused:
            ctx.log(f"{case_no}：{reason}", "warning")
        refused += len(done.refused)
        ctx.checkpoint |= {"last": ids[-1], "refused": refused}
        ctx.progress(ctx.done + len(ids))
        yield
    kept = ctx.session.execute(select(Notice.id, Notice.letter).where(Notice.batch == batch).order_by(Notice.address, Notice.id)).all()
    volumes = [[letter_of(letter) for _, letter in kept[at : at + issue.MANY]] for at in range(0, len(kept), issue.MANY)]
    ctx.session.rollback()  # printing takes its time; nothing is held meanwhile
    made = [printing.print_letters(volume, clock.now()) for volume in volumes]
    digest = _store(ctx.job_id, made) if made else ""
    ctx.session.add(access.entry(ctx.actor, "print", ("notice", None), f"通知書整批發文列印（{batch}）", rows=len(kept)))
    ctx.result = {"批次": batch, "發文": len(kept), "未發文": refused, "雜湊": digest}
    yield


def _store(job_id: int, made: list[bytes]) -> str:
    """Keep the PDF (or a ZIP of several); its SHA-256."""
    content, end = made[0], ".pdf"
    if len(made) > 1:
        whole = BytesIO()
        with ZipFile(whole, "w", ZIP_DEFLATED) as archive:
            for no, pdf in enumerate(made, 1):
                archive.writestr(f"通知書_{no}.pdf", pdf)
        content, end = whole.getvalue(), ".zip"
    digest = hashlib.sha256(content).hexdigest()
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    _forget_old_files()
    part = folder() / f".{job_id}-{secrets.token_hex(8)}.part"
    part.write_bytes(content)
    part.chmod(0o600)
    part.replace(folder() / f"{job_id}-{digest[:16]}{end}")
    return digest
