"""The register of institutions: who they are, until when their licence runs, what they may charge, and where their money goes."""

import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commands.base import Context, Refused, command
from app.core import roc
from app.models.care_institution import CareInstitution, CareService
from app.models.disability_care_subsidy import SERVICES
from app.models.office import County
from app.payments.line import Payee
from app.security.roles import COUNTY_OFFICER

FARMERS_MAX = 14


@command("care.institution", roles=(COUNTY_OFFICER,))
def add_institution(ctx: Context, **values: Any) -> int:
    """Enter an institution; its key. Raises Refused, Conflict for a number entered twice."""
    row = CareInstitution(county_code=ctx.actor.scope.county_code or "", created_by_id=ctx.actor.user_id)
    _set(ctx, row, values)
    ctx.session.add(row)
    ctx.session.flush()
    ctx.audit("care_institution.add", row, name=row.name, licence_no=row.licence_no)
    return row.id


@command("care.institution", roles=(COUNTY_OFFICER,))
def change_institution(ctx: Context, institution_id: int, *, seen_version: int | None = None, **values: Any) -> int:
    """Change an institution. Registers already made keep the account they were made with. Raises Refused, Conflict."""
    row = ctx.get(CareInstitution, institution_id, lock=True)
    ctx.check_version(row, seen_version)
    before = (row.bank_code, row.account)
    _set(ctx, row, values)
    ctx.session.flush()
    ctx.audit("care_institution.change", row, account_changed=before != (row.bank_code, row.account), licence_to=str(row.licence_to or ""))
    return row.id


def _set(ctx: Context, row: CareInstitution, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value.strip() if isinstance(value, str) else value)
    row.changed_by_id = ctx.actor.user_id
    if not row.name or not row.licence_no or row.licence_from is None:
        raise Refused("請填寫機構名稱、立案證書字號與效期起日", "E-CARE-INST")
    if not (row.tax_no.isdigit() and len(row.tax_no) == 8):
        raise Refused("機構統一編號應為 8 個數字", "E-CARE-INST")
    if row.licence_to is not None and row.licence_to < row.licence_from:
        raise Refused("立案效期迄日早於起日，請檢查", "E-CARE-INST")
    if ctx.session.get(County, row.place_code) is None:
        raise Refused("請選擇機構所在縣市", "E-CARE-INST")
    if not (row.bank_code.isdigit() and len(row.bank_code) == 7):
        raise Refused("金融機構代號應為總行 3 碼加分行 4 碼，共 7 個數字；郵局帳戶填 7000021", "E-CARE-ACCOUNT")
    if not (row.account.isdigit() and 5 <= len(row.account) <= 16):
        raise Refused("帳號應為 5 至 16 個數字，不含橫線；郵局帳戶填局號加帳號共 14 碼", "E-CARE-ACCOUNT")
    if row.bank_code.startswith(("6", "9")) and len(row.account) > FARMERS_MAX:
        raise Refused(f"農漁會帳號不超過 {FARMERS_MAX} 碼", "E-CARE-ACCOUNT")
    if not row.payee_name:
        raise Refused("請填寫帳戶戶名", "E-CARE-ACCOUNT")


@command("care.institution", roles=(COUNTY_OFFICER,))
def set_service(
    ctx: Context, institution_id: int, service: str, since: dt.date | None, ceiling: int | None, beds: int | None = None, ground: str = ""
) -> int:
    """Approve a service of an institution with its fee ceiling (NTD a month) from a day on; the key of the row. Raises Refused, Conflict."""
    row = ctx.get(CareInstitution, institution_id, lock=True)
    if service not in SERVICES:
        raise Refused("請選擇照顧方式", "E-CARE-SERVICE")
    if since is None or ceiling is None or ceiling <= 0:
        raise Refused("請填寫生效日期與大於 0 的收費上限", "E-CARE-SERVICE")
    if beds is not None and beds <= 0:
        raise Refused("核定人數須大於 0；未核定人數時請留白", "E-CARE-SERVICE")
    if not ground.strip():
        raise Refused("請填寫核定收費的公文文號", "E-CARE-SERVICE")
    made = CareService(
        county_code=row.county_code, institution_id=row.id, service=service, since=since, ceiling=ceiling, beds=beds,
        ground=ground.strip()[:80], created_by_id=ctx.actor.user_id, changed_by_id=ctx.actor.user_id,
    )  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    ctx.session.expire(row, ["services"])
    ctx.audit("care_institution.service", row, service=service, since=roc.date7(since), ceiling=ceiling)
    return made.id


def payee_of(institution: CareInstitution) -> Payee:
    """Where the money for this institution's people goes."""
    return Payee("institution", institution.tax_no, institution.payee_name, institution.bank_code, institution.account)


def payee_by_number(session: Session, county: str, tax_no: str) -> Payee | None:
    """The account an institution of this county has now; None for a number nobody has."""
    found = session.scalar(select(CareInstitution).where(CareInstitution.county_code == county, CareInstitution.tax_no == tax_no))
    return None if found is None else payee_of(found)


