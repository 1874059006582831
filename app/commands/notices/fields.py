"""The fields of notices: which kind has which, and what they are for a decision, a change, a correction, a claim."""

import datetime as dt
from typing import Any

from app.commands import recovery
from app.commands.casework.own import own
from app.core import clock, roc
from app.models.application import Application, CorrectionNotice
from app.models.decision import CHANGE_KINDS, Change, Decision
from app.models.notice import ACTS
from app.models.overpayment import Overpayment
from app.models.person import Person
from app.payments import recovery as sums
from app.rules import remedies
from app.rules.benefits import Benefit

Values = dict[str, str | None]

PERSON = ("姓名", "出生日期", "性別", "身分證統一編號", "住址")
COMMON = (*PERSON, "給付項目", "法規", "發文日期", "發文字號", "機關")
REMEDY = ("訴願天數", "訴願機關", "申復名稱", "申復天數", "申復依據", "申復方式")
CASE = ("案號", "受理日期")
DEVICES = ("核定輔具", "不符輔具", "請款月數", "請款依據")
DECIDED = (*CASE, "類別", "每月金額", "發給週期", "起月", "迄月", "效期起日", "效期迄日", "核定理由", "適用條文", *DEVICES)
CHANGED = (*CASE, "異動事由", "事實發生日", "生效月份", "異動條文", "異動說明", "每月金額")
CLAIMED = ("溢領起月", "溢領迄月", "溢領金額", "溢領原因", "追繳條文", "繳款期限", "追繳文號")
OWN: dict[str, tuple[str, ...]] = {
    "granted": (*DECIDED, "審核事實"),
    "rejected": (*DECIDED, "不符事實"),
    "changed": CHANGED,
    "stopped": CHANGED,
    "correction": (*CASE, "補正事項", "補正期限"),
    "hearing": ("溢領起月", "溢領迄月", "溢領期間", "溢領金額", "溢領原因", "追繳條文", "陳述期限", "月份表", "繼承人"),
    "recovery": (*CLAIMED, "月份表", "繼承人"),
    "reminder": (*CLAIMED, "待繳金額", "催繳天數"),
    "certificate": (*CASE, "類別", "起月", "核定文號", "有效期限", "戶內人數"),
}
REMINDER_DAYS = 15
"""What a reminder gives when nobody says otherwise (practice; the reminder itself binds nobody)."""


def fields_of(kind: str) -> frozenset[str]:
    """The closed list of a kind of notice."""
    return frozenset((*COMMON, *(REMEDY if kind in ACTS else ()), *OWN[kind]))


def person_values(person: Person) -> Values:
    """Who the notice is about: what 行政程序法第96條第1項第1款 asks."""
    return {
        "姓名": person.name,
        "出生日期": roc.long_date(person.birth),
        "性別": {"M": "男", "F": "女"}.get(person.sex),
        "身分證統一編號": person.person_id,
        "住址": person.registered_address or person.actual_address,
    }


def remedy_values(benefit: str, town: bool, county_name: str, on: dt.date) -> Values:
    """The appeal and the benefit's own remedy against a decision of a day."""
    own = remedies.own_remedy(benefit, on)
    return {
        "訴願天數": str(remedies.APPEAL_DAYS),
        "訴願機關": remedies.appeal_authority(town, county_name, on),
        "申復名稱": own.kind if own else None,
        "申復天數": str(own.days) if own else None,
        "申復依據": f"{own.law}{own.article}" if own else None,
        "申復方式": own.text if own else None,
    }


def benefit_values(row: Benefit) -> Values:
    return {"給付項目": row.name, "法規": row.law}


def case_values(application: Application) -> Values:
    return {"案號": application.case_no, "受理日期": roc.long_date(application.received_on)}


def decision_values(decision: Decision, application: Application, law: str = "") -> Values:
    """What was decided, with the facts found and the articles applied, out of the decision's own trace. `law`: that of articles which name none."""
    trace = [line for line in decision.judgement.get("trace", []) if line["article"]]
    decisive = [t for t in trace if t["outcome"] == ("met" if decision.outcome == "granted" else "not_met")]
    money = [t for t in decisive if t.get("threshold") is not None] or decisive
    values = {
        **case_values(application),
        "類別": str(application.BANDS.get(decision.band, "")) if decision.band else None,
        "每月金額": f"{decision.amount:,}" if decision.amount else None,
        "發給週期": application.AMOUNT_LABEL.partition("金額")[0].removesuffix("發給"),
        "起月": roc.show_month(decision.start_month) if decision.start_month else None,
        "迄月": roc.show_month(decision.end_month) if decision.end_month else None,
        "效期起日": roc.long_date(decision.valid_from) if decision.valid_from else None,
        "效期迄日": roc.long_date(decision.valid_to) if decision.valid_to else None,
        "核定理由": _sentence(decision.reason),
        "適用條文": _articles([t["article"] for t in decisive or trace], law) or None,
        "審核事實": _facts(money) if decision.outcome == "granted" else None,
        "不符事實": (_facts(decisive) or decision.reason) if decision.outcome == "rejected" else None,
        "核定文號": decision.decision_no,
    }
    more = own(application.benefit, "notice_values")
    return values | more(application, decision) if more else values


def _articles(cited: list[str], default: str = "") -> str:
    """「甲辦法第2條、第7條第1項；乙法第5條」: every law named once, in the order they were first applied."""
    laws: dict[str, list[str]] = {}
    for text in dict.fromkeys(cited):
        law, sign, rest = text.partition("第")
        laws.setdefault(law or default, []).append(sign + rest)
    return "；".join(law + "、".join(articles) for law, articles in laws.items())


def _facts(lines: list[dict[str, Any]]) -> str | None:
    """「平均每人每月收入：21,000元（標準：不超過17,000元）；…」."""
    said = [f"{t['question'].rstrip('？?')}：{t['measured'] or '無'}" + (f"（標準：{t['limit']}）" if t["limit"] else "") for t in lines]
    return "；".join(said) or None


def _sentence(text: str | None) -> str | None:
    text = (text or "").strip().rstrip("。")
    return f"{text}。" if text else None


def change_values(change: Change, application: Application, amount: int | None) -> Values:
    return {
        **case_values(application),
        "異動事由": str(CHANGE_KINDS[change.kind]),
        "事實發生日": roc.long_date(change.happened_on),
        "生效月份": roc.show_month(change.effective_month),
        "異動條文": change.article,
        "異動說明": _sentence(change.note),
        "每月金額": f"{amount:,}" if amount else None,
    }


def review_stop_values(decided: Values, year: int, judged_for: dt.date) -> Values:
    """The end of a running benefit by the yearly review: the same letter as any other stop."""
    return {
        "案號": decided["案號"], "受理日期": decided["受理日期"], "異動事由": f"{year}年度總清查不符請領規定", "事實發生日": roc.long_date(judged_for),
        "生效月份": roc.show_month(roc.month_of(judged_for)), "異動條文": decided["適用條文"], "異動說明": _sentence(decided["不符事實"]), "每月金額": None,
    }  # fmt: skip


def correction_values(correction: CorrectionNotice, application: Application) -> Values:
    items = "；".join(f"（{i}）{text}" for i, text in enumerate(correction.items, 1)) if len(correction.items) > 1 else correction.items[0]
    return {**case_values(application), "補正事項": items, "補正期限": roc.long_date(correction.due_on)}


def claim_values(claim: Overpayment) -> Values:
    return {
        "溢領起月": roc.show_month(claim.first_month),
        "溢領迄月": roc.show_month(claim.last_month),
        "溢領金額": f"{claim.amount:,}",
        "溢領原因": claim.reason.strip().rstrip("。") or None,
        "溢領期間": recovery.title(claim),
        "追繳條文": claim.article or sums.ground(claim.benefit, clock.today()).article,
        "月份表": "如下表" if claim.months else None,
        "繼承人": "、".join(h.name for h in claim.heirs) or None,
        "陳述期限": roc.long_date(claim.opinion_by) if claim.opinion_by else None,
        "繳款期限": roc.long_date(claim.pay_by) if claim.pay_by else None,
        "追繳文號": claim.decision_no,
        "待繳金額": f"{claim.balance:,}",
        "催繳天數": str(REMINDER_DAYS),
    }


def certificate_values(decision: Decision, application: Application, persons: int) -> Values:
    """A certificate is good until the register is renewed: the end of the year (社會救助法施行細則第10條), or earlier when the decision says so."""
    year_end = clock.today().replace(month=12, day=31)
    ends = [year_end, *([decision.valid_to] if decision.valid_to else []), *([roc.last_day(decision.end_month)] if decision.end_month else [])]
    return decision_values(decision, application) | {"有效期限": roc.long_date(min(ends)), "戶內人數": str(persons)}


def invented(row: Benefit) -> Values:
    """An invented person and case, for looking at a template."""
    values: Values = {
        "姓名": "王範例", "出生日期": "37年3月1日", "性別": "女", "身分證統一編號": "A200000003", "住址": "範例縣範例市範例路1號",
        "案號": "ABC1150000001", "受理日期": "115年10月5日", "類別": "範例類別", "每月金額": "4,164", "發給週期": "每月", "起月": "115年11月",
        "效期起日": None, "適用條文": "（核定所依據之條文）", "審核事實": "全家平均每月收入：15,000元（標準：不超過18,000元）",
        "不符事實": "全家平均每月收入：32,000元（標準：不超過28,000元）", "異動事由": "遷出本縣", "事實發生日": "115年10月20日",
        "生效月份": "115年11月", "異動條文": "（異動所依據之條文）", "補正事項": "（1）存摺封面影本；（2）切結書", "補正期限": "115年12月5日",
        "溢領起月": "115年8月", "溢領迄月": "115年9月", "溢領金額": "8,328", "溢領期間": "範例津貼 115年8月至115年9月", "陳述期限": "115年11月20日", "月份表": "如下表", "繼承人": None, "溢領原因": "遷出本縣", "追繳條文": "（追繳所依據之條文）",
        "繳款期限": "116年1月20日", "追繳文號": "範例字第1150000001號", "待繳金額": "4,164", "催繳天數": str(REMINDER_DAYS),
        "核定文號": "範例字第1150000001號", "有效期限": "115年12月31日", "戶內人數": "3",
    }  # fmt: skip
    return {**values, **benefit_values(row)}
