"""年度總清查 on screen: one page per campaign with its next step, its three lists and the progress of the townships; one page per case."""

import io
from fractions import Fraction
from functools import partial
from typing import Any

from flask import flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from wtforms import Form, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.commands import campaign_approval, campaign_cases, campaign_notices, campaign_taxes, campaigns, objections
from app.commands.base import CommandError
from app.commands.benefit_rows import benefit_row
from app.core import clock, money, roc
from app.extensions import db
from app.models.application import Application
from app.models.campaign import CORRECTIONS, OPINIONS, REASONS, TAX_STATES, TO_DECIDE, Campaign, CampaignCase, CampaignMember, CampaignVisit
from app.models.job import LIVE, Job
from app.models.notice import METHODS
from app.models.objection import Objection
from app.models.office import Township
from app.models.recomputation import OUTCOMES, SAME
from app.rules import codec
from app.rules.facts import LandExemption
from app.rules.trace import Decision as Judgement
from app.security import roles, web

from .base import RegisterView, ViewInterface, describe, name_events
from .base_steps import Step, StepForms
from .fields_roc import MoneyField, RocDateField
from .home import tile
from .objections import ObjectionForm

ORDER = 30
READERS = (*roles.TOWNSHIP, *roles.COUNTY, roles.AUDITOR)
OUTCOME_STYLES = {"same": "good", "changed": "warn", "stops": "bad", "unknown": "neutral"}
ANSWERS = {"yes": "good", "no": "bad", "unknown": "warn"}
TRACE = {"met": "good", "not_met": "bad", "not_known": "warn"}


class OpenForm(Form):
    """A new campaign."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.benefit.choices = list(campaigns.reviewed_yearly().items())

    benefit = SelectField(_l("Benefit"))
    year = IntegerField(_l("Year of review"), validators=[InputRequired("請填民國年")])
    tax_year = IntegerField(_l("Tax year"), validators=[InputRequired("請填民國年")])
    sample_size = IntegerField(_l("Cases looked at by hand"), validators=[InputRequired("請填件數"), NumberRange(1, 1000, "請填 1 到 1,000")])
    every_years = RadioField(_l("How often"), choices=[("1", "每年清查"), ("2", "每兩年清查一次")], default="1")
    excepted_from = RocDateField(
        _l("Not due when decided from"), description="這一天以後核定的是第一年，本次免查、照原核定續發；空白：每年清查時沒有免查，每兩年清查時自前一年 1 月 1 日起"
    )
    provisional_until = RocDateField(_l("Goes on provisionally until"), description="等待低收入戶審查的案件暫准續發到這一天；空白為該年 3 月 31 日。逾期不會自動停發")
    what_if = RadioField(_l("Kind of campaign"), choices=[("no", "正式總清查"), ("yes", "只試算：用擬訂中的參數與去年資料，不能核定")], default="no")


class ReplyForm(Form):
    """The tax office's letter."""

    reply_no = StringField(_l("Letter that says the reply is complete"), validators=[InputRequired("請填文號"), Length(max=60)])


class ReasonForm(Form):
    """Why."""

    reason = TextAreaField(_l("Reason of the pause"), validators=[InputRequired("請填理由"), Length(max=200)])


class NothingForm(Form):
    """A step that only has to be confirmed."""


class ServiceForm(Form):
    """The same service for many notices."""

    method = SelectField(_l("Way of service"), choices=list(METHODS.items()))
    on = RocDateField(_l("Served on"))
    note = StringField(_l("Receipt or number"), validators=[Optional(), Length(max=200)], description="寄存送達與公示送達必填")


class VisitForm(Form):
    """When, and what was found."""

    on = RocDateField(_l("Visited on"))
    found = TextAreaField(_l("Visit report"), validators=[InputRequired("請填訪視紀錄"), Length(max=500)])


class CorrectionForm(Form):
    """What a paper proves against a line of the tax file."""

    line = RadioField(_l("Line of the tax file"), choices=[], validate_choice=False, validators=[InputRequired("請選擇要更正的一筆")])
    kind = RadioField(_l("Correction"), choices=list(CORRECTIONS.items()), validators=[InputRequired("請選擇")])
    amount = MoneyField(_l("Proved amount"), description="金額更正與存款本金時填；已無這項所得或財產填 0")
    code = SelectField(_l("Not counted because"), choices=[("", "（土地不計入時選擇）"), *((x.value, x.zh) for x in LandExemption)])
    proof = StringField(_l("Proof document"), validators=[InputRequired("請填證明文件與文號"), Length(max=80)])


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


def _run(command: Any, who: Any, item: Campaign, *given: Any) -> None:
    command(who, item.id, *given)


def _issue(who: Any, item: Campaign, _data: Any, _seen: Any) -> str:
    number = campaign_notices.issue_notices(who, item.id)
    flash(f"已排入背景作業（第 {number} 號）；完成後在「大批列印檔案」下載 PDF。", "info")
    return url_for("PrintedFileView.list")


def _under_review(item: Campaign) -> bool:
    return item.state == "judged" and not item.what_if and item.paused_at is None


def _under_review_or_closed(item: Campaign) -> bool:
    return item.state in ("judged", "closed") and not item.what_if and item.paused_at is None


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
    list_columns = ["year", "benefit", "tax_year", "what_if", "every_years", "state", "closes_on"]
    order_columns = ["year"]
    search_columns = ["benefit", "year", "state"]
    show_fieldsets = [
        (_l("Yearly review campaign"), {"fields": ["benefit", "year", "tax_year", "what_if", "every_years", "excepted_from", "frozen_on", "judged_for",
                                                            "provisional_until", "closes_on", "sample_size", "requested_at", "reply_no", "closed_at"]})
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
        "approve_same": campaign_approval.approve_same, "roll_back": campaigns.roll_back, "close": campaigns.close, "drop": campaigns.drop,
    }  # fmt: skip
    default_roles = {"can_list": READERS, "can_show": READERS, "can_export": roles.COUNTY, "can_begin": (roles.COUNTY_OFFICER,)}
    list_hint = "每年依職權全面複查：沒有申請也不會停發；沒有決定的案件照原核定繼續發給。"
    empty_message = "還沒有開辦過年度總清查。"
    forms = (
        Step("take_reply", "比對收到的財稅資料", NothingForm, "campaign.run", _take_reply, lambda c: c.state == "requested" and not c.paused_at, style="primary"),
        Step("complete", "確認財稅回復齊全", ReplyForm, "campaign.run", _complete, lambda c: c.state == "requested" and not c.paused_at),
        Step("judge", "開始審查（背景作業）", NothingForm, "campaign.run", _judge,
             lambda c: c.state == ("frozen" if c.what_if else "answered") and not c.paused_at, style="primary"),
        Step("again", "重新試算無法認定的", NothingForm, "campaign.run", lambda who, c, _d, _s: _run(campaigns.judge_again, who, c), _under_review),
        Step("notices", "整批發通知書", NothingForm, "notices.issue_all", _issue, _under_review_or_closed),
        Step("serve", "整批登錄送達", ServiceForm, "notices.serve",
             lambda who, c, d, _s: _run(campaign_notices.serve_notices, who, c, d["method"], d["on"], d["note"] or ""),
             lambda c: web.signed_in().scope.level == "county" and _under_review_or_closed(c), lambda _c: {"on": clock.today()}),
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
            select(func.count(c.id), func.count(c.finding), func.count().filter(c.finding == "disagree")).where(c.campaign_id == item.id, c.sampled)
        ).one()
        open_unknown = (c.campaign_id == item.id, c.outcome == "unknown", c.state.in_(TO_DECIDE))
        reasons = db.session.execute(select(c.reason, func.count(c.id)).where(*open_unknown).group_by(c.reason).order_by(func.count(c.id).desc())).all()
        decided = _under_review_or_closed(item)
        return {
            "links": self.step_links(item), "counts": campaigns.counts(db.session(), item.id), "outcomes": OUTCOMES, "outcome_styles": OUTCOME_STYLES,
            "towns": _towns(item), "taxes": {TAX_STATES[state]: number for state, number in taxes}, "sample": sample, "job": job,
            "reasons": [(REASONS[why], why, number) for why, number in reasons],
            "provisional": sum(number for why, number in reasons if why == "depends"), "notices": campaign_notices.counts(db.session(), item.id) if decided else None,
            "paid": campaign_notices.differences(db.session(), item) if decided and web.signed_in().scope.level == "county" else None,
            "difference_url": url_for("PaymentRunView.build", benefit=item.benefit, kind="difference", ground=f"{item.year}年度總清查核定（社會救助法第13條）"),
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
        problem = ""
        if request.method == "POST" and form.validate():
            try:
                number = campaigns.open_campaign(
                    web.signed_in(), form.benefit.data, form.year.data or 0, form.tax_year.data or 0, form.sample_size.data or 0, form.what_if.data == "yes",
                    int(form.every_years.data), form.excepted_from.data, form.provisional_until.data,
                )  # fmt: skip
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
    """A row per township of the reader's scope: how far its cases are, and what the trial would change in money; the sum last."""
    c = CampaignCase
    shown = {
        "cases": func.count(c.id), "excepted": func.count().filter(c.state == "excepted"), "judged": func.count(c.outcome),
        "first": func.count().filter(c.state == "judged", c.outcome != SAME), "second": func.count().filter(c.state == "reviewed"),
        "third": func.count().filter(c.state == "checked", c.outcome != SAME), "decided": func.count().filter(c.state.in_(("decided", "reopened"))),
        "gain": func.coalesce(func.sum(func.coalesce(c.amount_after, c.amount_before) - c.amount_before), 0),
        "more": func.count().filter(c.amount_after > c.amount_before), "less": func.count().filter(c.amount_after < c.amount_before),
    }  # fmt: skip
    rows = db.session.execute(
        select(Township.name, *(value.label(name) for name, value in shown.items()))
        .join(Township, Township.code == c.town_code)
        .where(c.campaign_id == item.id)
        .group_by(Township.code, Township.name)
        .order_by(Township.code)
    )
    towns = [dict(row._mapping) for row in rows]
    if len(towns) > 1:
        towns.append({"name": "合計"} | {name: sum(t[name] for t in towns) for name in shown})
    return towns


def _opinion(who: Any, item: CampaignCase, data: dict[str, Any], seen: int | None) -> None:
    campaign_cases.give_opinion(who, item.id, data["opinion"], data["text"] or "", seen)


def _check(who: Any, item: CampaignCase, data: dict[str, Any], seen: int | None) -> None:
    campaign_cases.check(who, item.id, data["opinion"], data["text"] or "", seen)


def _correct(who: Any, item: CampaignCase, data: dict[str, Any], seen: int | None) -> None:
    campaign_cases.correct(who, item.id, data["line"], data["kind"], data["amount"], data["code"], data["proof"], seen)


def _lines_to_correct(item: CampaignCase) -> dict[str, list[tuple[str, str]]]:
    lines = campaign_taxes.lines_of(db.session(), item, item.campaign)
    return {"line": [(f"{x.position}|{x.key}", f"{x.name}　{x.said}") for x in lines]}


def _object(who: Any, item: CampaignCase, data: dict[str, Any], _seen: Any) -> str:
    return url_for("ObjectionView.show", pk=objections.file(who, item.decision_id or 0, data["kind"], data["filed_on"], data["grounds"]))


def _open(item: CampaignCase) -> bool:
    return item.state in TO_DECIDE and _under_review(item.campaign)


def _township() -> bool:
    return web.signed_in().scope.level == "township"


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
                                                                    "opinion", "opinion_text", "finding", "finding_text"]})]  # fmt: skip
    progress = (
        (_l("Judged, to be reviewed"), ("frozen", "judged")),
        (_l("Opinion given"), ("reviewed",)),
        (_l("County has checked"), ("checked",)),
        (_l("Review decided"), ("decided", "reopened", "excepted")),
    )
    stopped_states = ("reopened", "excepted")
    move_commands = {"decide": campaign_cases.decide, "send_back": campaign_cases.send_back, "reopen": campaign_cases.reopen}
    default_roles = {"can_list": READERS, "can_show": READERS, "can_export": roles.COUNTY}
    forms = (
        Step("opinion", "登錄初審意見", OpinionForm, "campaign.opinion", _opinion,
             lambda c: _township() and c.state in ("judged", "reviewed") and c.outcome != SAME and _open(c), style="primary"),
        Step("check", "登錄複審意見", OpinionForm, "campaign.check", _check,
             lambda c: _open(c) and (c.state != "judged" or (c.sampled and c.outcome == SAME)), style="primary"),
        Step("visit", "登錄訪視", VisitForm, "campaign.opinion",
             lambda who, c, d, _s: campaign_cases.record_visit(who, c.id, d["on"], d["found"]), _open, lambda _c: {"on": clock.today()}),
        Step("correct", "更正財稅資料", CorrectionForm, "campaign.opinion", _correct, _open, choices=_lines_to_correct),
        Step("object", "登錄申復／訴願", ObjectionForm, "objections.file", _object, lambda c: c.state == "decided", lambda _c: {"filed_on": clock.today()}),
    )  # fmt: skip

    def record_title(self, item: CampaignCase) -> str:
        return f"{item.case_no}　{item.name}"

    def show_context(self, item: CampaignCase) -> dict[str, Any]:
        m = CampaignMember
        members = db.session.execute(select(m.name, m.tax_state).where(m.case_id == item.id).order_by(m.position))
        reopened = db.session.get(Application, item.reopened_id) if item.reopened_id else None
        made = db.session.scalars(select(Objection).where(Objection.decision_id == item.decision_id).order_by(Objection.id)) if item.decision_id else ()
        v = CampaignVisit
        return {
            "lines": campaign_taxes.lines_of(db.session(), item, item.campaign), "corrections": CORRECTIONS, "objections": list(made),
            "visits": db.session.execute(select(v.visited_on, v.found).where(v.case_id == item.id).order_by(v.visited_on)).all(),
            "land": {x.value: x.zh for x in LandExemption},
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
            "campaign.visited": _l("Household visited"),
            "campaign.corrected": _l("Tax data corrected by a paper"),
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
        permission=("can_list", "CampaignCaseView"), roles=roles.TOWNSHIP, order=35,
    )  # fmt: skip
    for label, state, who in (
        (_l("Yearly review: to be checked"), "reviewed", roles.COUNTY_OFFICER), (_l("Yearly review: to be decided"), "checked", roles.COUNTY_SUPERVISOR),
    ):  # fmt: skip
        tile(
            label,
            partial(_waiting, state),
            partial(_waiting_url, state),
            permission=("can_list", "CampaignCaseView"), roles=(who,), order=35,
        )  # fmt: skip


def _waiting(state: str) -> Any:
    return select(CampaignCase.id).join(Campaign).where(CampaignCase.state == state, CampaignCase.outcome != SAME, Campaign.state == "judged")


def _waiting_url(state: str) -> str:
    return url_for("CampaignCaseView.list", _flt_0_state=state)
