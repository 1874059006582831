"""A member's tax data in the yearly review: this year's lines in the place of last year's, and beside each line what a paper proves against it.

The line of the tax file is never changed. A correction names it by what it says, so that it holds again when the same file comes anew.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.models.campaign import Campaign, CampaignCase, CampaignCorrection, CampaignMember
from app.models.household import AssetLine, IncomeLine
from app.rules import facts as f

from .base import Context, Refused, command
from .casework.facts import asset_fact, income_fact
from .casework.received_means import Received, received, tax_lines

Corrections = dict[tuple[int, str], CampaignCorrection]
"""(position, line) → the newest correction."""


@dataclass(frozen=True)
class TaxLine:
    """One line of the tax file as the console shows it. `correction` is what was proved against it."""

    position: int
    name: str
    key: str
    row: IncomeLine | AssetLine
    correction: CampaignCorrection | None

    @property
    def income(self) -> bool:
        return isinstance(self.row, IncomeLine)

    @property
    def kind(self) -> str:
        return (f.IncomeKind if self.income else f.AssetKind)(self.row.kind).zh

    @property
    def place(self) -> str:
        return (self.row.payer if isinstance(self.row, IncomeLine) else self.row.location) or ""

    @property
    def amount(self) -> int | None:
        return self.row.amount if isinstance(self.row, IncomeLine) else self.row.value

    @property
    def said(self) -> str:
        """The line in words."""
        return f"{self.kind} {self.place} {self.amount or 0:,} 元"


def _keyed(lines: Iterable[IncomeLine | AssetLine]) -> list[tuple[str, IncomeLine | AssetLine]]:
    """Lines with their keys; equal lines are told apart by their order."""
    seen: dict[str, int] = defaultdict(int)
    out = []
    for x in lines:
        said = ("income", x.kind, x.payer, x.amount) if isinstance(x, IncomeLine) else ("asset", x.kind, x.location, x.value)
        text = "/".join(str(part or "") for part in said)
        seen[text] += 1
        out.append((f"{text}#{seen[text]}", x))
    return out


# -- as facts --------------------------------------------------------------------------------------------------------------------------
def with_taxes(case: f.CaseFacts, people: Sequence[Any], means: Received, corrections: Corrections) -> f.CaseFacts:
    """The members with this year's tax data in the place of last year's. `people`: (position, ID number, name, tax state) each."""
    known = {str(position): (position, person_id, state) for position, person_id, _, state in people}
    members = []
    for m in case.members:
        if m.ref not in known:
            members.append(m)  # not counted last year: the tax office was not asked
            continue
        incomes, assets = _taxes(m, *known[m.ref], means, corrections)
        members.append(replace(m, work=_work(m, incomes), incomes=incomes, assets=assets))
    return replace(case, members=tuple(members))


def _work(m: f.Member, incomes: Sequence[f.Income] | None) -> f.Work | None:
    """Last year's pay slip says nothing of this year; nor does last year's "not employed" where the tax file now shows more wages than then."""
    if m.work is None:
        return None
    begun = m.work.employed is False and _wages(incomes) > _wages(m.incomes)
    return replace(m.work, monthly_pay=None, employed=None if begun else m.work.employed)


def _wages(incomes: Sequence[f.Income] | None) -> int:
    return sum(x.amount or 0 for x in incomes or () if x.kind in (f.IncomeKind.WAGE, f.IncomeKind.PROFESSIONAL))


def _taxes(m: f.Member, position: int, person_id: str | None, state: str, means: Received, corrections: Corrections) -> tuple[Any, Any]:
    if state in ("requested", "rejected"):
        return None, None
    lines = tax_lines(means, person_id, {}) if state == "received" else ([], [])
    if lines is None:
        return None, None
    left_out = {a.label: a for a in m.assets or () if a.exemption and a.certified and _from_tax(a.source)}
    beside = [x for x in m.incomes or () if not _from_tax(x.source)]
    proved = [x for x in m.assets or () if not _from_tax(x.source)]
    settled = _settled([x for x in m.incomes or () if _from_tax(x.source)], lines[0])
    return (
        (*beside, *(_income(line, corrections.get((position, key)), settled) for key, line in _keyed(lines[0]))),
        (*proved, *(_asset(line, corrections.get((position, key)), left_out) for key, line in _keyed(lines[1]))),
    )


def _settled(before: Sequence[f.Income], now: Sequence[IncomeLine]) -> dict[f.IncomeKind, bool]:
    """Kinds of income about which the county's finding (counted or not) still holds: it was the same for every line, and there is no line more."""
    out = {}
    for kind in {x.kind for x in before}:
        found = {x.counted for x in before if x.kind is kind}
        if len(found) == 1 and (said := found.pop()) is not None and sum(x.kind == kind for x in now) <= sum(x.kind is kind for x in before):
            out[kind] = said
    return out


def _income(line: Any, against: CampaignCorrection | None, settled: dict[f.IncomeKind, bool]) -> f.Income:
    fact = income_fact(line)
    if against is None:
        if fact.kind not in settled:
            return fact
        return replace(fact, counted=settled[fact.kind], source=f.Source(f"沿用前次認定之{_name(fact.source)}"))
    source = _proved(fact.source, against)
    if against.kind == "amount":
        return replace(fact, amount=against.amount, source=source)
    if against.kind == "principal":
        return replace(fact, principal=against.amount, source=source)
    return replace(fact, counted=against.kind == "counted", source=source)


def _asset(line: Any, against: CampaignCorrection | None, left_out: dict[str, f.Asset]) -> f.Asset:
    fact = asset_fact(line)
    if against is not None and against.code:
        return replace(fact, exemption=f.LandExemption(against.code), certified=True, source=_proved(fact.source, against))
    if against is not None:
        return replace(fact, value=against.amount, source=_proved(fact.source, against))
    before = left_out.get(fact.label)
    if before is not None and fact.kind is before.kind:
        return replace(fact, exemption=before.exemption, certified=True, source=f.Source(f"沿用前次認定之{_name(fact.source)}"))
    return fact


def _proved(source: f.Source | None, against: CampaignCorrection) -> f.Source:
    return f.Source(f"{against.proof}，更正{_name(source)}")


def _name(source: f.Source | None) -> str:
    return source.name if source else "財稅資料"


def _from_tax(source: f.Source | None) -> bool:
    return source is None or source.name.endswith("年度財稅資料")


# -- on screen -------------------------------------------------------------------------------------------------------------------------
def corrections_of(session: Session, case_ids: Sequence[int]) -> dict[int, Corrections]:
    """Case → its newest corrections."""
    out: dict[int, Corrections] = defaultdict(dict)
    c = CampaignCorrection
    for row in session.scalars(select(c).where(c.case_id >= case_ids[0], c.case_id <= case_ids[-1]).order_by(c.id)):
        out[row.case_id][row.position, row.line] = row
    return out


def lines_of(session: Session, case: CampaignCase, campaign: Campaign) -> list[TaxLine]:
    """The lines of the tax file about the people of a case, as they are in force."""
    m = CampaignMember
    people = session.execute(select(m.position, m.person_id, m.name).where(m.case_id == case.id, m.tax_state == "received").order_by(m.position)).all()
    if campaign.what_if or not people:
        return []
    means = received(session, {(p, n) for _, p, n in people if p}, campaign.tax_year)
    known = corrections_of(session, [case.id])[case.id]
    out = []
    for position, person_id, name in people:
        lines = tax_lines(means, person_id, {}) or ([], [])
        for group in lines:
            out += [TaxLine(position, name, key, row, known.get((position, key))) for key, row in _keyed(group)]
    return out


def fits(kind: str, line: TaxLine) -> bool:
    """Can this kind of correction be made against the line?"""
    return {
        "amount": True, "principal": line.income and line.row.kind == "interest", "counted": line.income, "not_counted": line.income,
        "exempt": not line.income and line.row.kind == "land",
    }[kind]  # fmt: skip


@command("campaign.opinion")
def correct(ctx: Context, case: CampaignCase, campaign: Campaign, line: str, kind: str, amount: int | None, code: str, proof: str) -> CampaignCorrection:
    """Record what a paper proves against one line (`position|key`). The caller judges the case anew. Raises Refused."""
    position, _, key = line.partition("|")
    found = next((x for x in lines_of(ctx.session, case, campaign) if (str(x.position), x.key) == (position, key)), None)
    if found is None:
        raise Refused("請選擇要更正的財稅資料；收到的檔案已更新時請重新開啟", "E-LINE")
    if not fits(kind, found):
        raise Refused(f"「{found.said}」不能這樣更正：利息才能登錄本金，土地才能登錄不計入的代碼，所得才能認定計入或不計入", "E-LINE")
    if not proof.strip():
        raise Refused("請填證明文件名稱與文號；沒有證明不能更正財稅資料", "E-PROOF")
    money = kind in ("amount", "principal")
    if money and (amount is None or amount < 0):
        raise Refused("請填證明文件所載的金額（沒有時填 0）", "E-AMOUNT")
    if kind == "exempt" and code not in set(f.LandExemption):
        raise Refused("請選擇土地不計入的代碼", "E-CODE")
    row = CampaignCorrection(
        case_id=case.id, position=found.position, line=found.key, said=found.said[:200], kind=kind, amount=amount if money else None,
        code=code if kind == "exempt" else None, proof=proof.strip()[:80], recorded_at=clock.now(), recorded_by_id=ctx.actor.user_id,
        benefit=case.benefit, county_code=case.county_code, town_code=case.town_code,
    )  # fmt: skip
    ctx.session.add(row)
    ctx.session.flush()
    ctx.audit("campaign.corrected", case, kind=kind)
    return row
