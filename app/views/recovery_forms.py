"""The small forms of the recovery pages: each step of a claim that needs dates, amounts or papers."""

from wtforms import Form, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField, widgets

from app.commands.recovery_end import PAPERS
from app.models.overpayment import METHODS, ORIGINS, RELATIONS

from .fields_roc import MoneyField, RocDateField, RocMonthField


class OpenForm(Form):
    """A claim that does not come from a doubt: an audit list, a change, the person's own report."""

    case_no = StringField("案號")
    origin = SelectField("來源", choices=[(k, v) for k, v in ORIGINS.items() if k in ("change", "audit", "report", "return")])
    origin_ref = StringField("來源文號或編號", description="同一來源只會立一件案")
    first_month = RocMonthField("溢領起月", description="留白時依停發、變更紀錄逐月計算")
    last_month = RocMonthField("溢領迄月")
    amount = MoneyField("溢領金額", description="留白時由系統計算；填寫時須與帳上相符")
    reason = TextAreaField("溢領原因")


class InviteForm(Form):
    opinion_by = RocDateField("陳述意見期限")


class OpinionForm(Form):
    opinion = TextAreaField("陳述意見內容")


class DecideForm(Form):
    decision_no = StringField("處分文號")
    article = StringField("法令依據", description="留白時採該給付的追繳條文")
    days = IntegerField("繳還期限（日）", description="法律已有規定時為 60 日")


class ServeForm(Form):
    served_on = RocDateField("送達日期")
    service = StringField("送達方式", description="例如 郵務送達、寄存送達")


class PlanForm(Form):
    parts = IntegerField("期數", description="填期數或每期金額其中一項")
    monthly = MoneyField("每期金額")
    first_due = RocDateField("第一期繳款日")


class RepaymentForm(Form):
    amount = MoneyField("金額")
    received_on = RocDateField("收款日期")
    method = SelectField("繳款方式", choices=list(METHODS.items()))
    slip_no = StringField("繳款書（或同意書）編號", description="同一編號只能登錄一次；以津貼抵扣須有本人簽章的同意書")


class HeirForm(Form):
    """One heir of a person who died."""

    name = StringField("繼承人姓名")
    person_id = StringField("身分證統一編號")
    relation = SelectField("與當事人之關係", choices=list(RELATIONS.items()))
    address = StringField("送達地址")


class ReferForm(Form):
    """What the enforcement agency asks for."""

    referred_to = StringField("移送機關", description="例如 法務部行政執行署新竹分署")
    referral_no = StringField("移送文號")
    final_on = RocDateField("處分確定日期", description="104/12/30 以後的處分須確定後才能移送（行政程序法第127條第4項）")
    papers = SelectMultipleField(
        "移送文件", choices=list(PAPERS.items()), option_widget=widgets.CheckboxInput(), widget=widgets.ListWidget(prefix_label=False),
        description="移送書由系統列印；處分書、逾期未繳證明與財產目錄（或財產不明）為必要（行政執行法第13條）",
    )  # fmt: skip


class ListForm(Form):
    """An audit's list, pasted."""

    reference = StringField("審計或查核文號")
    pasted = TextAreaField("名單", description="由試算表複製貼上，每列依序為：案號、溢領起月、溢領迄月、金額、原因；月份與金額留白時由系統計算")


STEP_FORMS: dict[str, type[Form]] = {
    "invite": InviteForm, "opinion": OpinionForm, "decide": DecideForm, "serve": ServeForm, "plan": PlanForm, "repayment": RepaymentForm,
    "heir": HeirForm, "heir_served": ServeForm, "refer": ReferForm,
}  # fmt: skip
