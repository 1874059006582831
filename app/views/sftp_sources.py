"""SFTP fetching on screen: whose host, which folder, when; tried out with a button, approved by a second person. Secrets are named, never shown."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from wtforms import Form, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from app.commands import sftp_sources
from app.commands.base import CommandError
from app.commands.deliveries import SENDERS
from app.commands.sftp_sources import SFTP
from app.commands.transfers import KEEPERS
from app.exchange import codes, sftp
from app.extensions import db
from app.models.exchange import SOURCES
from app.models.sftp_source import DRAFT, ENDED, IN_USE, RHYTHMS, SECRETS, SftpSource
from app.security import web
from app.security.roles import AUDITOR

from . import locking
from .base import ReferenceView, ViewInterface, describe, name_events
from .home import tile

ORDER = 45
READERS = (*SENDERS, AUDITOR)


class SftpForm(Form):
    """A setting as it is typed; what it may say, the command decides."""

    label = StringField("機關名稱", description="誰放檔案給我們，例如 法務部矯正署")
    source = SelectField("資料來源", choices=list(SOURCES.items()))
    county = SelectField("縣市", description="縣市名冊才選；全國性的登記資料留空")
    mapping = SelectField("格式對照", description="檔案欄名或形狀與規格不同時選用")
    host = StringField("主機", description="對方提供的主機名稱或 IPv4 位址")
    port = IntegerField("連接埠", [Optional()])
    user = StringField("帳號", description="對方機關給我們的帳號")
    host_key = TextAreaField(
        "主機金鑰指紋", render_kw={"rows": 2}, description="向對方機關以電話或公文取得：SHA256: 開頭的指紋，或整行公開金鑰。主機出示的不同就不連線"
    )
    login_by = SelectField("密鑰種類", choices=list(SECRETS.items()))
    secret_name = StringField("密鑰檔名", description="系統管理人員放在伺服器上的檔名；內容不在這裡填，也不會顯示")
    folder = StringField("資料夾", description="對方主機上的完整路徑，以 / 開頭")
    pattern = StringField("檔名樣式", description="* 為任意字，例如 custody_*.csv")
    rhythm = SelectField("取檔時間", choices=list(RHYTHMS.items()))
    at_hour = IntegerField("每天幾點", [Optional()], description="每天一次才用，0 到 23")
    note = StringField("備註")


class SftpSourceView(ReferenceView):
    """The settings, and how the last try went."""

    datamodel = ViewInterface(SftpSource)
    route_base = "/sftp-sources"
    record_name = _l("SFTP source")
    lifecycle = SFTP
    base_order = ("id", "desc")
    list_columns = ["label", "source", "county_code", "host", "rhythm", "state", "tried_at", "problem"]
    order_columns = ["id", "host", "state", "tried_at"]
    search_columns = ["label", "source", "county_code", "host", "state"]
    show_fieldsets = [
        (_l("SFTP source"), {"fields": ["label", "source", "county_code", "mapping", "state", "note"]}),
        (_l("Host"), {"fields": ["host", "port", "user", "folder", "pattern", "rhythm", "at_hour", "login_by", "secret_name"]}),
        (_l("Last try"), {"fields": ["tested_at", "tried_at", "problem"]}),
    ]
    list_template = "exchange/sftp_sources.html"
    show_template = "exchange/sftp_source.html"
    move_commands = {"approve": sftp_sources.approve_source, "discard": sftp_sources.discard_source, "end": sftp_sources.end_source}
    formatters_columns = {"county_code": lambda code: codes.COUNTIES.get(code, "全國"), "mapping": lambda name: name or "不需要（檔案照規格）", "at_hour": lambda hour: f"{hour} 點（每天一次才用）"}
    default_roles = {"can_list": READERS, "can_show": READERS, "can_export": READERS, "can_write": SENDERS}
    list_hint = "對方機關把檔案放在自己的主機，系統定時去取。設定由一人填寫、測試連線成功後由另一人核可才開始取；取到的每一個檔案記錄在「傳輸紀錄」。"

    def record_title(self, item: SftpSource) -> str:
        return str(item)

    def list_context(self) -> dict[str, Any]:
        return {"write_url": url_for(f"{self.endpoint}.write") if self.permits("write") else ""}

    def show_context(self, item: SftpSource) -> dict[str, Any]:
        may = self.permits("write") and item.state != ENDED
        return {
            "fingerprint": sftp.fingerprint(item.host_key),
            "place": f"{item.county_code or 'national'}/{item.host}/{item.secret_name}",
            "write_url": url_for(f"{self.endpoint}.write", pk=item.id) if self.permits("write") else "",
            "test_url": url_for(f"{self.endpoint}.test", pk=item.id) if may else "",
            "transfers_url": url_for("TransferView.list", _flt_0_channel="sftp", _flt_0_source=item.source),
        }

    @expose("/write", methods=["GET", "POST"])
    @expose("/write/<int:pk>", methods=["GET", "POST"])
    @has_access
    def write(self, pk: int | None = None) -> ResponseReturnValue:
        """A new setting, a draft written over, or a change of one in use."""
        item = self.item(pk) if pk is not None else None
        given = {name: getattr(item, name) for name in SftpForm()._fields if hasattr(item, name)} if item else {"port": 22, "folder": "/", "pattern": "*", "rhythm": "hour", "at_hour": 6}
        given["county"] = item.county_code if item else ""
        form = SftpForm(request.form if request.method == "POST" else None, data=given)
        own = web.signed_in().scope.county_code
        form.county.choices = [(own, codes.COUNTIES[own])] if own else [("", "全國"), *codes.COUNTIES.items()]
        form.county.description = "" if own else form.county.description
        names = sftp_sources.mapping_names(db.session())
        form.mapping.choices = [("", "不需要（檔案照規格）"), *((n, n) for n in dict.fromkeys([*names, *filter(None, [form.mapping.data])]))]
        problem = ""
        if request.method == "POST" and form.validate():
            try:
                number = sftp_sources.save_source(web.signed_in(), {k: "" if v is None and k not in ("port", "at_hour") else v for k, v in form.data.items()}, pk, locking.seen_version(request.form))
                flash("已存成草稿；請按「測試連線」，成功後由另一位同仁核可。", "success")
                return redirect(url_for(f"{self.endpoint}.show", pk=number), 303)
            except CommandError as error:
                problem = error.message
        page = self.render_template(
            "exchange/sftp_form.html", title="SFTP 取檔設定", form=form, problems=[p for p in problem.split("；") if p], item=item, back=url_for(f"{self.endpoint}.list"),
        )  # fmt: skip
        return page, 422 if problem or form.errors else 200

    @expose("/test/<int:pk>", methods=["POST"])
    @has_access
    @permission_name("write")
    def test(self, pk: int) -> ResponseReturnValue:
        """Connect and look; nothing is fetched."""
        try:
            found = sftp_sources.test_source(web.signed_in(), pk)
            flash(f"連線成功：主機金鑰相符、帳號可用，資料夾內有 {found:,} 個符合的檔案。沒有取檔。", "success")
        except CommandError as error:
            flash(error.message, "danger")
        return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)


def register(appbuilder: Any) -> None:
    describe(SftpSource.state, styles={DRAFT: "warn", IN_USE: "good", ENDED: "neutral"})
    describe(SftpSource.source, choices=SOURCES)
    describe(SftpSource.county_code, choices=codes.COUNTIES)
    name_events({"sftp_source.saved": _l("SFTP setting written"), "sftp_source.tested": _l("SFTP connection tested")})
    appbuilder.add_view(SftpSourceView, "SFTP sources", label=_l("SFTP fetching"), icon="fa-cloud-download", category="Exchange", category_label=_l("Data exchange"))
    tile(
        _l("SFTP hosts that could not be reached"), lambda: sftp_sources.failing(db.session()), lambda: url_for("SftpSourceView.list", _flt_0_state=IN_USE),
        roles=KEEPERS, permission=("can_list", "SftpSourceView"), tone="bad", order=46, hint=_l("Files may be waiting there"),
    )  # fmt: skip
