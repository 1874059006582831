"""The templates of notices: what the product delivers, a county's own editions over it, approved by a second person, in force from a day."""

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.commands.base import Context, Refused, command
from app.commands.benefit_rows import BenefitNames
from app.commands.lifecycle import Lifecycle, Move
from app.models.notice import ACTS, APPROVED, DRAFT, KINDS, TEMPLATE_STATES, WITHDRAWN, NoticeTemplate
from app.rules import remedies
from app.security import roles, scope

from . import wording
from .fields import fields_of

PARTS = {"subject": "主旨", "explanation": "說明", "basis": "法令依據", "remedy": "救濟教示"}

TEMPLATE = Lifecycle(
    NoticeTemplate,
    TEMPLATE_STATES,
    (
        Move(
            "approve", _l("Approve the template"), (DRAFT,), APPROVED, "notices.approve_template",
            by="approved_by_id", differs_from=("written_by_id",), style="primary",
        ),
        Move("discard", _l("Discard the draft"), (DRAFT,), WITHDRAWN, "notices.write_template", needs_comment=True, style="danger"),
        Move("withdraw", _l("Withdraw the template"), (APPROVED,), WITHDRAWN, "notices.approve_template", needs_comment=True, style="danger"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Wording:
    """The texts of a notice, one item a line. `edition` 0 is what the product delivers."""

    title: str
    subject: str
    explanation: str
    basis: str = ""
    remedy: str = ""
    edition: int = 0
    template_id: int | None = None

    @property
    def parts(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in PARTS}


@cache
def delivered() -> Mapping[str, Wording]:
    """The delivered wording of every kind."""
    text = (files("app.commands") / "data" / "notice_templates.toml").read_text("utf-8")
    return {kind: Wording(**{name: value.strip() for name, value in row.items()}) for kind, row in tomllib.loads(text).items()}


def in_force(session: Session, county_code: str, kind: str, benefit: str, on: dt.date) -> Wording:
    """The wording of a day: the county's for this benefit, else the county's for all, else the delivered one.

    Read past the row scope: a township sends with its county's wording, which holds no personal data.
    """
    with scope.use(scope.SYSTEM):
        row = session.scalars(
            select(NoticeTemplate)
            .where(
                NoticeTemplate.county_code == county_code,
                NoticeTemplate.kind == kind,
                NoticeTemplate.benefit.in_(("", benefit)),
                NoticeTemplate.state == APPROVED,
                NoticeTemplate.effective_from <= on,
            )
            .order_by(NoticeTemplate.benefit.desc(), NoticeTemplate.effective_from.desc(), NoticeTemplate.edition.desc())
            .limit(1)
        ).one_or_none()
    return delivered()[kind] if row is None else wording_of(row)


def wording_of(row: NoticeTemplate) -> Wording:
    return Wording(row.title, row.subject, row.explanation, row.basis, row.remedy, row.edition, row.id)


def faults(kind: str, benefit: str, given: Wording) -> list[str]:
    """What keeps a wording from being used (Chinese sentences that name part and line); empty = nothing."""
    found = [] if given.title.strip() else ["請填寫「標題」"]
    fields = fields_of(kind)
    broken = False
    for name, text in given.parts.items():
        wrong = wording.problems(PARTS[name], text, fields)
        broken = broken or bool(wrong)
        found += wrong
    for name in ("subject", "explanation", *(("basis", "remedy") if kind in ACTS else ())):
        if not given.parts[name].strip():
            found.append(f"請填寫「{PARTS[name]}」" + ("；行政處分須教示救濟方法、期間及受理機關（行政程序法第96條第1項第6款）" if name == "remedy" else ""))
    if len(given.subject.strip().splitlines()) > 1:
        found.append("「主旨」只能有一段，請把其餘內容移到「說明」")
    if kind in ACTS and not broken and given.remedy.strip():
        found += _remedy_faults(benefit, given.remedy)
    return found


def _remedy_faults(benefit: str, text: str) -> list[str]:
    """The remedy clause must always say how (訴願), until when, by whom and to whom; and the benefit's own remedy where its law has one."""
    lacking = [f"{{{{{name}}}}}" for name in ("訴願天數", "機關", "訴願機關") if name not in wording.always_printed(text)]
    out = []
    if lacking or "訴願" not in text.replace("訴願天數", "").replace("訴願機關", "") or "次日" not in text:
        need = f"；缺少{'、'.join(lacking)}（不可放在 if 之內）" if lacking else "；請寫明「自處分書送達之次日起」提起訴願"
        out.append(f"「救濟教示」不完整{need}。教示錯誤或漏列時，訴願期間延長為一年（行政程序法第98條）")
    if remedies.has_own(benefit) and not {"申復天數", "申復依據"} <= wording.mentioned(text):
        out.append("「救濟教示」缺少申復：請加上 {% if 申復天數 %}…{{申復依據}}…{{申復天數}}日內…{% endif %}")
    return out


@command("notices.write_template", roles=roles.COUNTY)
def save_template(
    ctx: Context,
    kind: str,
    benefit: str,
    effective_from: dt.date | None,
    given: Wording,
    note: str = "",
    template_id: int | None = None,
    seen_version: int | None = None,
) -> int:
    """Keep a wording as a draft: a draft is written over, anything else gets a new edition. Its key. Raises Refused, Conflict."""
    county = ctx.actor.scope.county_code or ""
    if kind not in KINDS or (benefit and benefit not in BenefitNames(ctx.session)):
        raise Refused("請選擇通知書種類與給付項目", "E-NOTICE-KIND")
    if effective_from is None:
        raise Refused("請填寫啟用日期", "E-NOTICE-DATE")
    if wrong := faults(kind, benefit, given):
        raise Refused("；".join(wrong[:6]), "E-NOTICE-TEMPLATE")
    row = ctx.get(NoticeTemplate, template_id, lock=True) if template_id is not None else None
    if row is not None:
        ctx.check_version(row, seen_version)
    if row is None or row.state != DRAFT or (row.kind, row.benefit) != (kind, benefit):
        same = (NoticeTemplate.county_code == county, NoticeTemplate.kind == kind, NoticeTemplate.benefit == benefit)
        edition = (ctx.session.scalar(select(func.max(NoticeTemplate.edition)).where(*same)) or 0) + 1
        row = NoticeTemplate(county_code=county, kind=kind, benefit=benefit, edition=edition, created_by_id=ctx.actor.user_id)
        ctx.session.add(row)
    row.title, row.effective_from, row.note = given.title.strip()[:30], effective_from, note.strip()[:200]
    for name, text in given.parts.items():
        setattr(row, name, "\n".join(line.rstrip() for line in text.strip().splitlines()))
    row.written_by_id = row.changed_by_id = ctx.actor.user_id
    ctx.session.flush()
    ctx.audit("notice_template.saved", row, kind=kind, benefit=benefit, edition=row.edition)
    return row.id


@command("notices.approve_template", roles=(roles.COUNTY_SUPERVISOR,))
def approve_template(ctx: Context, template_id: int, comment: str = "", seen_version: int | None = None) -> None:
    """Put a draft in force from its day on. Never by its writer. Raises Refused, Conflict."""
    row = ctx.get(NoticeTemplate, template_id, lock=True)
    if wrong := faults(row.kind, row.benefit, wording_of(row)):
        raise Refused("；".join(wrong[:6]), "E-NOTICE-TEMPLATE")
    TEMPLATE.advance(ctx, row, "approve", comment, seen_version)


@command("notices.approve_template", roles=(roles.COUNTY_SUPERVISOR,))
def withdraw_template(ctx: Context, template_id: int, comment: str, seen_version: int | None = None) -> None:
    """Back to the edition before it. Notices already issued stay as they are. Raises Refused, Conflict."""
    TEMPLATE.advance(ctx, ctx.get(NoticeTemplate, template_id, lock=True), "withdraw", comment, seen_version)


@command("notices.write_template", roles=roles.COUNTY)
def discard_template(ctx: Context, template_id: int, comment: str, seen_version: int | None = None) -> None:
    """Throw a draft away. Raises Refused, Conflict."""
    TEMPLATE.advance(ctx, ctx.get(NoticeTemplate, template_id, lock=True), "discard", comment, seen_version)
