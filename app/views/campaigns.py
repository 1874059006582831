"""年度總清查 on screen: one page per campaign with its next step, its three lists and the progress of the townships; one page per case."""

import io
from fractions import Fraction
from typing import Any

from flask import flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from wtforms import Form, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.commands import campaign_cases, campaigns
from app.commands.base import CommandError
from app.commands.benefit_rows import benefit_row
from app.core import clock, money, roc
from app.extensions import db
from app.models.application import Application
from app.models.campaign import OPINIONS, TAX_STATES, Campaign, CampaignCase, CampaignMember
from app.models.job import LIVE, Job
from app.models.office import Township
from app.models.recomputation import OUTCOMES
from app.rules import codec
from app.rules.trace import Decision as Judgement
from app.security import roles, web

from .base import RegisterView, ViewInterface, describe, name_events
from .base_steps import Step, StepForms
from .home import tile

ORDER = 30
READERS = (*roles.TOWNSHIP, *roles.COUNTY, roles.AUDITOR)
OUTCOME_STYLES = {"same": "good", "changed": "warn", "stops": "bad", "unknown": "neutral"}
ANSWERS = {"yes": "good", "no": "bad", "unknown": "warn"}
TRACE = {"met": "good", "not_met": "bad", "not_known": "warn"}


class OpenForm(Form):
    """A new campaign."""

    benefit = SelectField(_l("Benefit"))
    year = IntegerField(_l("Year of review"), validators=[InputRequired("請填民國年")])
    tax_year = IntegerField(_l("Tax year"), validators=[InputRequired("請填民國年")])
    sample_size = IntegerField(_l("Cases looked at by hand"), validators=[InputRequired("請填件數"), NumberRange(1, 1000, "請填 1 到 1,000")])
    what_if = RadioField(_l("Kind of campaign"), choices=[("no", "正式總清查"), ("yes", "只試算：用擬訂中的參數與去年資料，不能核定")], default="no")


class ReplyForm(Form):
    """The tax office's letter."""

    reply_no = StringField(_l("Letter that says the reply is complete"), validators=[InputRequired("請填文號"), Length(max=60)])


class ReasonForm(Form):
    """Why."""

    reason = TextAreaField(_l("Reason of the pause"), validators=[InputRequired("請填理由"), Length(max=200)])


class NothingForm(Form):
    """A step that only has to be confirmed."""


class OpinionForm(Form):
    """Agree or not, and why not."""

    opinion = RadioField(_l("Opinion"), choices=list(OPINIONS.items()), validators=[InputRequired("請選擇")])
    text = TextAreaField(_l("Opinion in words"), validators=[Optional(), Length(max=300)])


def _take_reply(who: Any, item: Campaign, _data: Any, _seen: Any) -> None:
    found = campaigns.take_reply(who, item.id)
    flash(
        f"比對完成：{len(found.received):,} 人有資料，{len(found.rejected):,} 人姓名不同須查明；檔案中另有 {found.strangers:,} 人不在名冊內，沒有使用。",
        "info",
    )


def _complete(who: Any, item: Campaign, data: dict[str, Any], _seen: Any) -> None:
    none = campaigns.complete_reply(who, item.id, data["reply_no"])
    flash(f"已確認回復齊全：{none:,} 人查無資料。", "info")


def _judge(who: Any, item: Campaign, _data: Any, _seen: Any) -> None:
    campaigns.start_judging(who, item.id)


class CampaignView(StepForms, RegisterView):
    """One page per campaign."""

    datamodel = ViewInterface(Campaign)
    route_base = "/campaigns"
    record_name = _l("Yearly review campaign")
    personal = False
    lifecycle = campaigns.CAMPAIGN
    base_order = ("id", "desc")
    list_template = "campaigns/list.html"
    show_template = "campaigns/show.html"
    list_columns = ["year", "benefit", "tax_year", "what_if", "state", "closes_on"]
    order_columns = ["year"]
    search_columns = ["benefit", "year", "state"]
    show_fieldsets = [
        (_l("Yearly review campaign"), {"fields": ["benefit", "year", "tax_year", "what_if", "frozen_on", "judged_for", "closes_on", "sample_size", "requested_at",
                                        "reply_no", "closed_at"]})
    ]  # fmt: skip
    progress = (
        (_l("Cohort frozen"), ("open", "frozen")),
        (_l("Tax data requested"), ("requested",)),
        (_l("Cases judged"), ("answered",)),
        (_l("Under review"), ("judged",)),
        (_l("Campaign closed"), ("closed", "dropped")),
    )
    stopped_states = ("dropped",)
    move_commands = {
        "approve_same": campaigns.approve_same, "roll_back": campaigns.roll_back, "close": campaigns.close, "drop": campaigns.drop,
    }  # fmt: skip
    default_roles = {"can_list": READERS, "can_show": READERS, "can_export": roles.COUNTY, "can_begin": (roles.COUNTY_OFFICER,)}
    list_hint = "每年依職權全面複查：沒有申請也不會停發；沒有決定的案件照原核定繼續發給。"
    empty_message = "還沒有開辦過年度總清查。"
    forms = (
        Step("take_reply", "比對收到的財稅資料", NothingForm, "campaign.run", _take_reply, lambda c: c.state == "requested" and not c.paused_at, style="primary"),
        Step("complete", "確認財稅回復齊全", ReplyForm, "campaign.run", _complete, lambda c: c.state == "requested" and not c.paused_at),
        Step("judge", "開始審查（背景作業）", NothingForm, "campaign.run", _judge,
             lambda c: c.state == ("frozen" if c.what_if else "answered") and not c.paused_at, style="primary"),
        Step("pause", "暫停", ReasonForm, "campaign.run", lambda who, c, d, _s: campaigns.pause(who, c.id, d["reason"]),
             lambda c: c.paused_at is None and c.state not in ("closed", "dropped")),
        Step("resume", "恢復", NothingForm, "campaign.run", lambda who, c, _d, _s: campaigns.resume(who, c.id), lambda c: c.paused_at is not None, style="primary"),
    )  # fmt: skip

    def record_title(self, item: Campaign) -> str:
        return f"{item.year} 年度{'試算' if item.what_if else '總清查'}　{benefit_row(db.session(), item.benefit).name}"

    def list_context(self) -> dict[str, Any]:
        return {"begin_url": url_for(f"{self.endpoint}.begin") if self.permits("begin") else ""}

    def show_context(self, item: Campaign) -> dict[str, Any]:
        job = db.session.get(Job, item.job_id) if item.job_id else None
        c, m = CampaignCase, CampaignMember
        taxes = db.session.execute(select(m.tax_state, func.count()).where(m.campaign_id == item.id).group_by(m.tax_state))
        sample = db.session.execute(
            select(func.count(c.id), func.count(c.opinion), func.count().filter(c.opinion == "disagree")).where(c.campaign_id == item.id, c.sampled)
        ).one()
        return {
            "links": self.step_links(item), "counts": campaigns.counts(db.session(), item.id), "outcomes": OUTCOMES, "outcome_styles": OUTCOME_STYLES,
            "towns": _towns(item), "taxes": {TAX_STATES[state]: number for state, number in taxes}, "sample": sample, "job": job,
            "working": job is not None and job.state in LIVE, "days": (item.closes_on - clock.today()).days,
            "list_url": url_for(f"{self.endpoint}.id_list", pk=item.id)
            if web.signed_in().can("campaign.run") and item.state in ("frozen", "requested") and not item.what_if and not item.paused_at
            else "",
        }  # fmt: skip

    @expose("/begin", methods=["GET", "POST"])
    @has_access
    def begin(self) -> ResponseReturnValue:
        """Open a campaign."""
        now = clock.today().year - roc.EPOCH
        form = OpenForm(request.form if request.method == "POST" else None, data={"year": now + 1, "tax_year": now - 1, "sample_size": 50})
        form.benefit.choices = list(campaigns.reviewed_yearly().items())
        problem = ""
        if request.method == "POST" and form.validate():
            try:
                number = campaigns.open_campaign(
                    web.signed_in(), form.benefit.data, form.year.data or 0, form.tax_year.data or 0, form.sample_size.data or 0, form.what_if.data == "yes"
                )
                return redirect(url_for(f"{self.endpoint}.show", pk=number), 303)
            except CommandError as error:
                problem = error.message
        failed = bool(problem or form.errors)
        page = self.render_template(
            "payments/form.html", title="開辦年度總清查", form=form, problem=problem, failed=failed, back=url_for(f"{self.endpoint}.list"), button="凍結名冊，開辦"
        )
        return (page, 422) if failed else page

    @expose("/id_list/<int:pk>", methods=["POST"])
    @has_access
    @permission_name("begin")
    def id_list(self, pk: int) -> ResponseReturnValue:
        """The list for the tax office; looks at many people, so it is logged."""
        item = self.item(pk)
        try:
            content = campaigns.request_taxes(web.signed_in(), item.id)
        except CommandError as error:
            flash(error.message, "danger")
            return redirect(url_for(f"{self.endpoint}.show", pk=pk), 303)
        web.log_access("export", (Campaign.__tablename__, str(item.id)), "年度總清查：財稅查調名冊", rows=max(content.count(b"\n") - 1, 1))
        return send_file(io.BytesIO(content), "text/csv; charset=utf-8", as_attachment=True, download_name=f"財稅查調名冊_{item.year}_{item.id}.csv")


def _towns(item: Campaign) -> list[dict[str, Any]]:
    """A row per township of the reader's scope: cases, judged, decided, and what the trial would change in money."""
    c = CampaignCase
    gain = func.sum(func.coalesce(c.amount_after, c.amount_before) - c.amount_before)
    rows = db.session.execute(
        select(
            Township.name, func.count(c.id), func.count(c.outcome), func.count().filter(c.state.in_(("decided", "reopened"))), gain,
            func.count().filter(c.amount_after > c.amount_before), func.count().filter(c.amount_after < c.amount_before),
        )
        .join(Township, Township.code == c.town_code)
        .where(c.campaign_id == item.id)
        .group_by(Township.code, Township.name)
        .order_by(Township.code)
    )  # fmt: skip
    names = ("name", "cases", "judged", "decided", "gain", "more", "less")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _opinion(who: Any, item: CampaignCase, data: dict[str, Any], seen: int | None) -> None:
    campaign_cases.give_opinion(who, item.id, data["opinion"], data["text"] or "", seen)


class CampaignCaseView(StepForms, RegisterView):
    """One case of a campaign: last year beside this year."""

    datamodel = ViewInterface(CampaignCase)
    route_base = "/campaign_cases"
    record_name = _l("Case of the yearly review")
    lifecycle = campaign_cases.CASE
    base_order = ("id", "asc")
    show_template = "campaigns/case.html"
    list_columns = ["case_no", "name", "town_code", "outcome", "reason", "amount_before", "amount_after", "sampled", "state"]
    order_columns = ["case_no", "amount_after"]
    search_columns = ["campaign_id", "town_code", "outcome", "reason", "state", "sampled", "case_no"]
    label_columns = {"campaign_id": _l("Number of the yearly review")}
    show_fieldsets = [(_l("Case of the yearly review"), {"fields": ["case_no", "name", "town_code", "amount_before", "amount_after", "outcome", "reason", "why",
                                                                    "opinion", "opinion_text"]})]  # fmt: skip
    move_commands = {"decide": campaign_cases.decide, "reopen": campaign_cases.reopen}
    default_roles = {"can_list": READERS, "can_show": READERS, "can_export": roles.COUNTY}
    forms = (
        Step("opinion", "登錄審查意見", OpinionForm, "campaign.opinion", _opinion,
             lambda c: c.state in ("judged", "reviewed") and c.campaign.state == "judged" and not c.campaign.paused_at and not c.campaign.what_if, style="primary"),
    )  # fmt: skip

    def record_title(self, item: CampaignCase) -> str:
        return f"{item.case_no}　{item.name}"

    def show_context(self, item: CampaignCase) -> dict[str, Any]:
        m = CampaignMember
        members = db.session.execute(select(m.name, m.tax_state).where(m.case_id == item.id).order_by(m.position))
        reopened = db.session.get(Application, item.reopened_id) if item.reopened_id else None
        return {
            "links": self.step_links(item), "members": [(name, TAX_STATES[state]) for name, state in members], "outcomes": OUTCOMES,
            "outcome_styles": OUTCOME_STYLES, "judged": codec.from_plain(Judgement, item.judgement) if item.judgement else None, "answers": ANSWERS,
            "trace_styles": TRACE, "exact": _exact, "reopened": reopened, "campaign": item.campaign,
        }  # fmt: skip


def _exact(value: Any) -> str:
    return "－" if value is None else money.show_exact(Fraction(value))


def register(appbuilder: Any) -> None:
    describe(CampaignCase.outcome, styles=OUTCOME_STYLES)
    name_events(
        {
            "campaign.open": _l("Yearly review opened"),
            "campaign.id_list": _l("ID list for the tax office made"),
            "campaign.reply": _l("Tax data held against the cohort"),
            "campaign.judging": _l("Judging started"),
            "campaign.approved": _l("Approved together"),
            "campaign.paused": _l("Yearly review paused"),
            "campaign.resumed": _l("Yearly review taken up again"),
        }
    )
    category = {"category": "Yearly review", "category_label": _l("Yearly review campaign")}
    appbuilder.add_view(CampaignView, "Yearly reviews", label=_l("Yearly review campaign"), icon="fa-repeat", **category)
    appbuilder.add_view(CampaignCaseView, "Cases of the yearly review", label=_l("Cases of the yearly review"), icon="fa-list", **category)
    tile(
        _l("Yearly review: opinions to give"),
        lambda: select(CampaignCase.id).join(Campaign).where(
            CampaignCase.state == "judged", CampaignCase.outcome.in_(("changed", "stops", "unknown")), Campaign.state == "judged", ~Campaign.what_if
        ),
        lambda: url_for("CampaignCaseView.list", _flt_0_state="judged"),
        permission=("can_list", "CampaignCaseView"), roles=(*roles.TOWNSHIP, roles.COUNTY_OFFICER), order=35,
    )  # fmt: skip
