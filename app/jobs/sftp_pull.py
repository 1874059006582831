"""Every quarter of an hour: fetch what agencies laid out for us over SFTP, one file a chunk."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from app.commands import sftp_sources
from app.exchange import sftp

from . import JobContext, job


@job("sftp_pull", label=_l("Fetch over SFTP"), schedule="*/15 * * * *")
def run(ctx: JobContext) -> Iterator[None]:
    """Safe to repeat: a state of a file that was fetched once is not fetched again. One host that fails does not stop the others."""
    taken = refused = failed = 0
    with ctx.read() as session:
        pulls = sftp_sources.due_sources(session)
    for number, pull in pulls:
        said = ""
        try:
            for code, text in sftp_sources.fetch(pull):
                refused, taken = refused + bool(code), taken + (not code)
                if code:
                    ctx.log(f"{pull.name}：{text}（{code}）", "warning")
                ctx.progress(taken + refused)
                yield
        except sftp.SftpProblem as problem:
            failed, said = failed + 1, str(problem)
            ctx.log(said, "error")
        sftp_sources.note_try(ctx.session, number, said)
        yield
    ctx.result = {"主機": len(pulls), "收下": taken, "退回": refused, "連線失敗": failed}
    yield
