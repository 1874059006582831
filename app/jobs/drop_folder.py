"""Every five minutes: take in what was dropped into the folders of the sources, one file a chunk."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l

from app.commands import transfers

from . import JobContext, job


@job("drop_folder", label=_l("Drop folders"), schedule="*/5 * * * *")
def run(ctx: JobContext) -> Iterator[None]:
    """Safe to repeat: a file taken in already is recognised by its content and only cleared away."""
    transfers.make_folders()
    taken = refused = 0
    for found in list(transfers.waiting()):
        code, text = transfers.take_dropped(found)
        refused, taken = refused + bool(code), taken + (not code)
        if code:
            ctx.log(f"{found.source}/{found.county or ''}：{text}（{code}）", "warning")
        ctx.progress(taken + refused)
        yield
    ctx.result = {"收下": taken, "退回": refused}
    yield
