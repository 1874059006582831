"""Upload a file step by step: file, preview, mapping, check, confirm; and declare that there is nothing to report."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.commands import deliveries, mappings, uploads
from app.commands.base import CommandError, Context, NotFound, Refused
from app.commands.deliveries import SENDERS
from app.commands.exchange import MODES as MODE_NAMES
from app.commands.exchange import BatchResult
from app.core import roc
from app.core.text import row_number
from app.exchange import codes, store
from app.exchange.layouts import LAYOUTS
from app.exchange.messages import FileProblem
from app.exchange.preview import mapped
from app.extensions import db
from app.models.exchange import MODES, SOURCES
from app.models.job import Job
from app.models.mapping import RETIRED, ExchangeMapping
from app.models.upload import CHECKED, CHECKING, DONE, IMPORTING, OPEN, Upload
from app.security import web

from .base import PageView, ProgressStep, name_events
from .exchange import LEVEL_STYLES, LEVELS

ORDER = 40
STEPS = (("file", "選擇檔案"), ("preview", "預覽"), ("mapping", "欄位對照"), ("check", "檢核與確認"), ("done", "完成"))


class UploadView(PageView):
    """A file on its way in. What a person decided stays with the upload; leaving and coming back loses nothing."""

    route_base = "/upload"
    title = _l("Upload a file")
    default_roles = {"can_index": SENDERS, "can_nil": SENDERS}

    # -- the file -----------------------------------------------------------------------------------------------------
    @expose("/", methods=["GET", "POST"])
    @has_access
    def index(self) -> ResponseReturnValue:
        typed: Mapping[str, str] = request.form if request.method == "POST" else request.args
        if request.method == "GET":
            return self._form(typed)
        try:
            file = request.files.get("file")
            if file is None or not file.filename:
                raise Refused("還沒有選擇檔案；請選擇要上傳的檔案", "E-EXC-FILE")
            asked = asked_of(typed)
            name = Path(file.filename.replace("\\", "/")).name[-150:]
            with TemporaryDirectory(prefix="swis-upload-") as folder:
                path = Path(folder) / f"upload{Path(name).suffix.lower()[:8]}"
                file.save(path)
                kept, digest = store.keep(path, deliveries.home())
            token = uploads.stage(web.signed_in(), kept, digest, name, **asked)
        except CommandError as error:
            return self._form(typed, error.message), error.status
        return redirect(url_for("UploadView.preview", token=token), 303)

    @expose("/nil", methods=["POST"])
    @has_access
    def nil(self) -> ResponseReturnValue:
        """Declare "nothing to report"."""
        try:
            asked = asked_of(request.form)
            own = asked["county"] or web.signed_in().scope.county_code
            if asked["month"] is None or not own:
                raise Refused("無資料申報要選縣市並填資料年月，例如 09803", "E-EXC-NIL")
            number = deliveries.declare_nil(web.signed_in(), asked["source"], own, asked["month"], asked["kind"])
        except CommandError as error:
            return self._form(request.form, error.message), error.status
        flash("已登錄本月無資料。", "success")
        return redirect(url_for("BatchView.show", pk=number), 303)

    # -- the steps ----------------------------------------------------------------------------------------------------
    @expose("/<token>/preview", methods=["GET", "POST"])
    @has_access
    @permission_name("index")
    def preview(self, token: str) -> ResponseReturnValue:
        """How the file is read, and what it is."""
        item, problem = _own(token), ""
        if request.method == "POST":
            try:
                uploads.describe(web.signed_in(), token, encoding=request.form.get("encoding", ""), **asked_of(request.form))
                if request.form.get("next") != "stay":
                    step = "check" if request.form.get("next") == "check" else "mapping"
                    return redirect(url_for(f"UploadView.{step}", token=token), 303)
                return redirect(url_for("UploadView.preview", token=token), 303)
            except CommandError as error:
                problem = error.message
        if item.state not in (OPEN, CHECKED):
            return redirect(url_for("UploadView.check", token=token), 303)
        typed = {
            "source": item.source, "kind": item.kind or "", "county": item.county_code, "mode": item.mode, "encoding": item.encoding,
            "month": roc.month5(item.month) if item.month is not None else "",
        }  # fmt: skip
        seen = uploads.preview(web.signed_in(), token)
        return self._step(
            "preview", item, problem, seen=seen, typed=request.form or typed, labels=_labels(item.source), encodings=uploads.ENCODINGS, **_choices()
        )

    @expose("/<token>/mapping", methods=["GET", "POST"])
    @has_access
    @permission_name("index")
    def mapping(self, token: str) -> ResponseReturnValue:
        """Which column is which field: by itself, by a mapping kept earlier, or by one made here."""
        item, who, problem = _own(token), web.signed_in(), ""
        seen = uploads.preview(who, token)
        if request.method == "POST":
            try:
                _choose(item, seen.titles)
                return redirect(url_for("UploadView.check", token=token), 303)
            except FileProblem as wrong:
                problem = str(wrong)
            except CommandError as error:
                problem = error.message
        if item.state not in (OPEN, CHECKED):
            return redirect(url_for("UploadView.check", token=token), 303)
        kept = select(ExchangeMapping).where(ExchangeMapping.source == item.source, ExchangeMapping.state != RETIRED)
        layout = LAYOUTS[item.source].for_kind(item.kind) if item.kind else LAYOUTS[item.source]
        return self._step(
            "mapping", item, problem, seen=seen, layout=layout, labels=_labels(item.source),
            kept=db.session.scalars(kept.where(ExchangeMapping.county_code == item.county_code).order_by(ExchangeMapping.name)).all(),
        )  # fmt: skip

    @expose("/<token>/check", methods=["GET", "POST"])
    @has_access
    @permission_name("index")
    def check(self, token: str) -> ResponseReturnValue:
        """What was found, and the confirmation. A large file is checked and taken in by a job; the page follows it."""
        item, who, problem = _own(token), web.signed_in(), ""
        try:
            if item.state == OPEN and (request.method == "GET" or "again" in request.form):
                uploads.check(who, token)
                item = _own(token)
            elif request.method == "POST":
                done = uploads.confirm(who, token, request.form.get("reason", ""))
                if isinstance(done, BatchResult):
                    return _after(done)
                return redirect(url_for("UploadView.check", token=token), 303)
        except CommandError as error:
            problem = error.message
            item = _own(token)
        if item.state == DONE and item.batch_id:
            return redirect(url_for("BatchView.show", pk=item.batch_id), 303)
        job = db.session.get(Job, item.job_id) if item.state in (CHECKING, IMPORTING) and item.job_id else None
        status = 422 if problem else 200
        return self._step("check", item, problem, found=item.found, job=job, levels=LEVELS, level_styles=LEVEL_STYLES), status

    @expose("/<token>/drop", methods=["POST"])
    @has_access
    @permission_name("index")
    def drop(self, token: str) -> ResponseReturnValue:
        """Give the upload up."""
        try:
            uploads.give_up(web.signed_in(), token)
            flash("已放棄這次上傳，沒有收下任何資料。", "info")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for("UploadView.index"), 303)

    # -- drawing ------------------------------------------------------------------------------------------------------
    def _step(self, name: str, item: Upload, problem: str, **more: Any) -> str:
        names = [key for key, _ in STEPS]
        here = names.index(name)
        steps = [ProgressStep(label, "done" if i < here else "current" if i == here else "todo") for i, (_, label) in enumerate(STEPS)]
        return self.page(f"exchange/upload_{name}.html", item=item, problem=problem, steps=steps, **more)

    def _form(self, typed: Mapping[str, str], problem: str = "") -> str:
        who = web.signed_in()
        mine = select(Upload).where(Upload.owner_id == who.user_id, Upload.state.in_((OPEN, CHECKING, CHECKED, IMPORTING)))
        return self.page(
            "exchange/upload.html", typed=typed, problem=problem, limit=uploads.AT_ONCE >> 20,
            mine=db.session.scalars(mine.order_by(Upload.id.desc()).limit(10)).all(), **_choices(),
        )  # fmt: skip


def _own(token: str) -> Upload:
    """The signed-in person's upload; 404 for anybody else's."""
    try:
        return uploads.own_upload(Context(db.session(), web.signed_in()), token)
    except NotFound:
        from flask import abort

        abort(404)


def _labels(source: str) -> dict[str, str]:
    return {field.name: field.label for field in LAYOUTS[source].fields}


def _choices() -> dict[str, Any]:
    own = web.signed_in().scope.county_code
    counties = {own: codes.COUNTIES.get(own, own)} if own else codes.COUNTIES
    return {"own": own, "counties": counties, "kinds": codes.KINDS, "sources": SOURCES, "modes": {name: MODES[name] for name in MODE_NAMES}}


def _choose(item: Upload, titles: list[str]) -> None:
    """What the mapping page says: a kept mapping, none, or columns chosen one by one (kept as a draft). FileProblem, CommandError."""
    who, chosen = web.signed_in(), request.form.get("mapping", "")
    if chosen != "new":
        number = row_number(chosen)
        uploads.choose_mapping(who, item.token, number)
        return
    picked = {place: request.form.get(f"column_{place}", "") for place in range(len(titles))}
    body = mapped(titles, picked, item.source)
    number = mappings.save_mapping(who, item.source, request.form.get("name", ""), body)
    uploads.choose_mapping(who, item.token, number)


def _after(result: BatchResult) -> ResponseReturnValue:
    for text in result.notices:
        flash(text, "info")
    if result.batch_no is None:
        raise Refused(result.problem[1] if result.problem else "沒有收下任何資料", result.problem[0] if result.problem else "E-EXC")
    if result.problem:
        flash(result.problem[1], "danger")
    elif result.duplicate_of is None:
        flash(
            f"收下 {result.accepted:,} 列，退回 {result.rejected:,} 列。" + ("請下載退回列，更正後以「補正」再送。" if result.rejected else ""),
            "warning" if result.rejected else "success",
        )
    return redirect(url_for("BatchView.show", pk=result.batch_no), 303)


def asked_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """What a person filled in beside the file. Raises Refused."""
    source = typed.get("source", "")
    if source not in LAYOUTS:
        raise Refused("請選擇資料來源", "E-EXC-SOURCE")
    month = typed.get("month", "").strip()
    try:
        number = roc.parse_month(month) if month else None
    except roc.RocError as error:
        raise Refused(str(error), "E-EXC-MONTH") from None
    kind = typed.get("kind", "") or None
    if kind is not None and source == "roster" and kind not in codes.KINDS:
        raise Refused("請選擇資料種類", "E-EXC-KIND")
    return {
        "source": source,
        "county": typed.get("county", "") or None,
        "month": number,
        "kind": kind if source == "roster" else None,
        "mode": typed.get("mode", "new"),
    }


def register(appbuilder: Any) -> None:
    name_events(
        {
            "upload.staged": _l("File received for upload"),
            "upload.abandoned": _l("Upload given up"),
            "upload.described": _l("Upload described"),
            "upload.mapped": _l("Mapping chosen for an upload"),
            "upload.checked": _l("Upload checked"),
            "upload.reopened": _l("Upload given back to its sender"),
            "mapping.tested": _l("Mapping tested on a sample"),
            "mapping.saved": _l("Mapping saved"),
            "mapping.in_use": _l("Mapping put to use"),
        }
    )
    appbuilder.add_view(
        UploadView, "Upload", label=_l("Upload a file"), icon="fa-upload", category="Exchange", category_label=_l("Data exchange"),
        category_icon="fa-exchange",
    )  # fmt: skip
