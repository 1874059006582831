"""How a claim ends when nobody pays: handed to the enforcement agency with its papers, or written off by authority."""

import datetime as dt
from collections.abc import Sequence

from app.core import clock, roc
from app.models.overpayment import Overpayment
from app.payments import recovery as sums
from app.printing.documents import Letter, Section, numbered
from app.rules import remedies
from app.security.roles import COUNTY_SUPERVISOR

from .base import Context, Refused, command
from .notices.senders import sender_of
from .recovery import CLAIM, claim_for, months_of, person_of, plan_in_force, title

PAPERS = {
    "decision": "追繳處分書（影本）及其送達證明",
    "demand": "限期繳還而逾期未繳之證明文件（催繳通知書及送達證明、分期紀錄）",
    "assets": "義務人財產目錄",
    "assets_unknown": "義務人財產不明，免附財產目錄",
    "heirs": "繼承系統表、戶籍謄本及有無拋棄繼承之查復",
    "other": "其他相關文件",
}
"""What goes with the referral besides the letter itself (行政執行法第13條第1項)."""


@command("recovery.decide", roles=(COUNTY_SUPERVISOR,))
def refer(
    ctx: Context,
    claim_id: int,
    *,
    referral_no: str,
    referred_to: str,
    papers: Sequence[str],
    final_on: dt.date | None = None,
    seen_version: int | None = None,
) -> Overpayment:
    """Hand an unpaid, served claim to the enforcement agency, when its day to pay (of its plan: an instalment's) has passed (行政執行法§11, §13).

    A decision made since 104/12/30 must be final first (行政程序法§127 IV): `final_on` says since when. Raises Refused.
    """
    claim, today = claim_for(ctx, claim_id, seen_version), clock.today()
    due = sums.due_since(plan_in_force(claim, today), claim.pay_by)
    if claim.state == "served" and (due is None or today <= due):
        said = roc.show_date(due) if due else "尚未訂定"
        raise Refused(f"繳還期限到 {said}，期限屆滿未繳才能移送", "E-REC-DATE")
    if claim.enforce_by is not None and today > claim.enforce_by:
        raise Refused(f"執行期間到 {roc.show_date(claim.enforce_by)} 已屆滿（行政執行法第7條），不得再移送", "E-REC-LAPSED")
    if claim.decided_on is not None and claim.decided_on >= sums.FINAL_FIRST:
        earliest = claim.served_on + dt.timedelta(days=remedies.APPEAL_DAYS) if claim.served_on else None
        if final_on is None or earliest is None or not earliest < final_on <= today:
            after = roc.show_date(earliest) if earliest else "送達"
            raise Refused(f"處分確定後才能移送（行政程序法第127條第4項）：請填確定日期，須在救濟期間末日 {after} 之後、今日以前", "E-REC-FINAL")
    chosen = [code for code in PAPERS if code in papers]
    if "decision" not in chosen or "demand" not in chosen or not {"assets", "assets_unknown"} & set(chosen):
        raise Refused("請備齊並勾選處分書、逾期未繳證明，以及財產目錄（或財產不明）", "E-REC-PAPERS")
    if claim.heirs and "heirs" not in chosen:
        raise Refused("義務人已死亡、由繼承人負責者，請附繼承系統表與戶籍資料", "E-REC-PAPERS")
    if not referral_no.strip() or not referred_to.strip():
        raise Refused("請填寫移送文號與移送機關（例如 行政執行署新竹分署）", "E-REC-REFER")
    CLAIM.advance(
        ctx, claim, "refer", f"{referred_to.strip()}　{referral_no.strip()}", referred_on=today, referral_no=referral_no.strip()[:40],
        referred_to=referred_to.strip()[:60], referral_files=chosen, final_on=final_on,
    )  # fmt: skip
    return claim


@command("recovery.decide", roles=(COUNTY_SUPERVISOR,))
def write_off(ctx: Context, claim_id: int, authority: str, seen_version: int | None = None) -> Overpayment:
    """Give up the rest with the approval named in `authority`; never by the claim's maker."""
    claim = claim_for(ctx, claim_id, seen_version)
    CLAIM.advance(
        ctx, claim, "write_off", authority, written_off=claim.written_off + claim.balance, authority=authority.strip()[:120],
        closed_on=clock.today(),
    )  # fmt: skip
    return claim


@command("recovery.print", roles=(COUNTY_SUPERVISOR,))
def referral_letter(ctx: Context, claim_id: int) -> tuple[Letter, dt.datetime]:
    """The referral (移送書) of a claim that was handed over, with the list of its papers and the months; the same whenever it is printed."""
    claim = ctx.get(Overpayment, claim_id)
    if claim.state != "referred" or claim.referred_on is None or claim.served_on is None or claim.pay_by is None:
        raise Refused("移送行政執行後才能列印移送書", "E-MOVE")
    sender = sender_of(ctx.session, claim.county_code)
    person = person_of(ctx.session, claim)
    who = [
        ("姓名", claim.name, False), ("性別", {"M": "男", "F": "女"}.get(person.sex, "") if person else "", False),
        ("出生日期", roc.long_date(person.birth) if person else "", False), ("身分證統一編號", claim.person_id, False),
        ("住址", (person.registered_address or person.actual_address or "") if person else "", True),
    ]  # fmt: skip
    facts = [
        f"義務發生之原因：{title(claim)}溢領，{claim.reason.strip().rstrip('。')}。",
        f"處分：{roc.long_date(claim.decided_on) if claim.decided_on else ''}{claim.decision_no}，依據{claim.article}；"
        f"{roc.long_date(claim.served_on)}送達（{claim.service}）"
        + (f"；{roc.long_date(claim.final_on)}確定。" if claim.final_on else "。"),
        f"繳還期限：{roc.long_date(claim.pay_by)}。應繳 {claim.amount:,} 元，已繳 {claim.repaid:,} 元，移送執行 {claim.balance:,} 元。",
        *(["繼承人（以因繼承所得遺產為限負責，民法第1148條）：" + "、".join(f"{h.name}（{h.person_id}，{h.address}）" for h in claim.heirs)] if claim.heirs else []),
        f"執行期間至{roc.long_date(claim.enforce_by)}止（行政執行法第7條）。" if claim.enforce_by else "",
    ]
    papers = ["移送書", *(PAPERS[code] for code in claim.referral_files)]
    letter = Letter(
        agency=sender.agency, title="行政執行移送書",
        contact=(f"地址：{sender.address}", f"承辦單位：{sender.unit}", f"電話：{sender.phone}"),
        receiver=claim.referred_to or "", receiver_address="", date=f"中華民國{roc.long_date(claim.referred_on)}", number=claim.referral_no or "",
        subject=f"義務人{claim.name}溢領公法上金錢給付新臺幣 {claim.balance:,} 元逾期未繳還，請惠予執行。", party=tuple(who),
        sections=(Section("移送事項", numbered([f for f in facts if f])), Section("附件", numbered(papers)), Section("依據", numbered(["行政執行法第11條、第13條"]))),
        remedy=(), copies=(f"正本：{claim.referred_to}",), head_title=sender.head_title, head_name=sender.head_name,
        attachments=f"如附件清單（{len(papers)} 項）", members=months_of(claim),
    )  # fmt: skip
    ctx.audit("overpayment.referral_printed", claim)
    return letter, ctx.now
