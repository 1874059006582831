"""How an office pays a benefit: rhythm, cut-off day, its numbers at the post office, the file's layout."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.text import row_number
from app.models.office import Office
from app.models.payment_run import BANK_FORMATS, RHYTHMS, TRANSACTIONS, PayerSetting
from app.payments.fixed_width import LAYOUTS, Layout, LayoutError
from app.payments.post_office import NEWLINES
from app.security.roles import COUNTY_SUPERVISOR

from . import channel_layouts
from .base import Context, Refused, command
from .benefit_rows import find


def layouts() -> list[str]:
    """The codes of the post-office layouts there are."""
    return sorted(p.stem for p in LAYOUTS.glob("post_office*.csv"))


def payer_setting(session: Session, benefit: str, payer: str) -> PayerSetting:
    """How this payer (county or township code) pays a benefit; a county without a row pays monthly. Raises Refused."""
    found = session.scalar(select(PayerSetting).where(PayerSetting.town_code == payer, PayerSetting.benefit == benefit))
    if found is not None:
        return found
    if len(payer) != 5:
        raise Refused("本所沒有設定為這項給付的發放單位，由縣府統一發放；要自行發放請先請縣府在發放單位設定登錄", "E-PAY-PAYER")
    return PayerSetting(
        county_code=payer, town_code=payer, benefit=benefit, payer_name=_office_name(session, payer), rhythm="monthly", cutoff_day=20,
        post_office="", post_account="", post_layout="post_office_80", newline="crlf", bank_format="csv", ach_with_post=False, ach_sender="",
        ach_bank="", ach_account="", tax_id="", ach_transaction="312", own_layouts=[],
    )  # fmt: skip


def _office_name(session: Session, payer: str) -> str:
    column = Office.town_code if len(payer) == 8 else Office.county_code
    kind = "township" if len(payer) == 8 else "county"
    return session.scalar(select(Office.name).where(column == payer, Office.kind == kind)) or payer


@command("payments.setting", roles=(COUNTY_SUPERVISOR,))
def add_payer_setting(ctx: Context, *, town_code: str | None = None, benefit: str, **values: object) -> int:
    """Let an office pay a benefit; without a township it is the county itself. Returns its key. Raises Refused, Conflict."""
    payer = town_code or ctx.actor.scope.county_code or ""
    known = find(ctx.session, benefit)
    if len(payer) not in (5, 8) or known is None or not known.pays:
        raise Refused("請選擇發放單位與發放現金的給付項目", "E-PAY-PAYER")
    row = PayerSetting(county_code=payer[:5], town_code=payer, benefit=benefit)
    _set(ctx, row, values)
    ctx.session.add(row)
    ctx.session.flush()
    ctx.audit("payer_setting.add", row, payer=payer, benefit=benefit)
    return row.id


@command("payments.setting", roles=(COUNTY_SUPERVISOR,))
def change_payer_setting(ctx: Context, setting_id: int, *, seen_version: int | None = None, **values: object) -> int:
    """Change how an office pays. Registers made before keep what they were made with. Raises Refused, Conflict."""
    row = ctx.get(PayerSetting, setting_id, lock=True)
    ctx.check_version(row, seen_version)
    _set(ctx, row, values)
    ctx.audit("payer_setting.change", row, **{k: str(v) for k, v in values.items()})
    return row.id


def _set(ctx: Context, row: PayerSetting, values: dict[str, object]) -> None:
    text = {k: str(v or "").strip() for k, v in values.items()}
    row.payer_name = text.get("payer_name") or row.payer_name or _office_name(ctx.session, row.town_code)
    row.rhythm = text.get("rhythm") or row.rhythm or "monthly"
    row.post_office, row.post_account = text.get("post_office", row.post_office or ""), text.get("post_account", row.post_account or "")
    row.post_layout = text.get("post_layout") or row.post_layout or "post_office_80"
    row.newline = text.get("newline") or row.newline or "crlf"
    day = text.get("cutoff_day")
    row.cutoff_day = (row_number(day) or 0) if day else row.cutoff_day or 20
    if row.rhythm not in RHYTHMS or row.newline not in NEWLINES:
        raise Refused("發放週期或換行方式不在選項內", "E-PAY-PAYER")
    if not 1 <= row.cutoff_day <= 28:
        raise Refused("截止日須在 1 到 28 日之間", "E-PAY-PAYER")
    if (row.post_office and not (row.post_office.isdigit() and len(row.post_office) <= 7)) or (
        row.post_account and not (row.post_account.isdigit() and len(row.post_account) <= 8)
    ):
        raise Refused("經辦局號為 7 碼以內、委存帳號為 8 碼以內的數字", "E-PAY-PAYER")
    _set_clearing(row, text, values)
    if "own_layouts" in values:
        chosen = values["own_layouts"]
        row.own_layouts = channel_layouts.checked_names(ctx.session, row.county_code, chosen if isinstance(chosen, list) else [])
    try:
        Layout.load(row.post_layout)
    except LayoutError as error:
        raise Refused(str(error), "E-PAY-PAYER") from None


CLEARING = {"ach_sender": ("發送單位代號", 7, 7), "ach_bank": ("轉出行庫代號", 7, 7), "ach_account": ("轉出帳號", 1, 16), "tax_id": ("機關統一編號", 8, 8)}
"""Numbers the clearing house asks for: their names, fewest and most digits."""


def _set_clearing(row: PayerSetting, text: dict[str, str], values: dict[str, object]) -> None:
    row.bank_format = text.get("bank_format") or row.bank_format or "csv"
    row.ach_transaction = text.get("ach_transaction") or row.ach_transaction or "312"
    row.ach_with_post = bool(values["ach_with_post"]) if "ach_with_post" in values else bool(row.ach_with_post)
    if row.bank_format not in BANK_FORMATS or row.ach_transaction not in TRANSACTIONS:
        raise Refused("金融機構檔案格式或交易代號不在選項內", "E-PAY-PAYER")
    for column, (name, fewest, most) in CLEARING.items():
        value = text.get(column, getattr(row, column) or "")
        setattr(row, column, value)
        if value and not (value.isdigit() and fewest <= len(value) <= most):
            raise Refused(f"{name}須為 {fewest if fewest == most else f'{fewest} 到 {most}'} 碼數字", "E-PAY-PAYER")
        if row.bank_format == "ach" and not value:
            raise Refused(f"採 ACH 代付須登錄{name}", "E-PAY-PAYER")
    if row.ach_with_post and row.bank_format != "ach":
        raise Refused("郵局帳戶要併入 ACH 代付時，金融機構檔案格式須選 ACH 代付", "E-PAY-PAYER")
