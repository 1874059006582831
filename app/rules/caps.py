"""The basic-wage cap: what the government pays one person a month in aid may not exceed the basic wage.

No article says which benefit is cut; the product proposes one and says that it is a proposal.
"""

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

from app.core import money, roc

from .benefits import benefits
from .exclusions import counterpart_names
from .facts import OtherBenefit
from .parameters import Missing, Parameters
from .trace import Outcome, TestLine

_ELSEWHERE = (
    "farmer_allowance", "np_old_age_guaranteed", "np_disability_guaranteed", "veteran_care", "emergency_child",
    "county_special_circumstance_child", "low_income_class1", "low_income_class23", "SCA",
)  # fmt: skip
PROPOSAL = "減發哪一項法無明文，此為建議，請縣府確認"


def is_aid(kind: str) -> bool:
    """Aid a person draws in cash every month: social insurance and pensions for service are none, fees paid to institutions neither."""
    found = benefits().get(kind)
    return kind in _ELSEWHERE if found is None else found.pays and found.rhythm == "monthly" and found.payment_unit != "institution"


@dataclass(frozen=True, slots=True)
class Capped:
    """The amount that is left (None = not known) and the line that says why; no line when nothing else is drawn."""

    amount: int | None
    line: TestLine | None


def capped(
    amount: int | None,
    others: tuple[OtherBenefit, ...] | None,
    month: int,
    on: dt.date,
    parameters: Parameters,
    article: str,
    name: str,
    *,
    cut_elsewhere: tuple[str, ...] = (),
    even_alone: bool = False,
    code: str = "basic_wage_cap",
) -> Capped:
    """`amount` of the benefit called `name` beside everything else drawn in `month`, cut to the basic wage.

    Benefits of `cut_elsewhere` are left to their own rule to cut. `others` None: not looked up, so not known. `even_alone`: the amount may
    exceed the wage by itself; otherwise nothing is asked where nothing else is drawn.
    """
    question = "政府核發之補助及津貼每月合計是否未超過基本工資？"
    if others is None:
        return Capped(None, TestLine(code, article, question, "其他補助及津貼尚未查核", "基本工資以下", Outcome.NOT_KNOWN))
    drawn = [o for o in others if is_aid(o.kind) and o.first <= month and (o.last is None or month <= o.last)]
    left_to_others = [o for o in drawn if o.kind in cut_elsewhere]
    drawn = [o for o in drawn if o.kind not in cut_elsewhere]
    if not drawn and not left_to_others and not even_alone:
        return Capped(amount, None)
    wage = parameters.on(on, "basic_wage")
    if isinstance(wage, Missing):
        return Capped(None, TestLine(code, article, question, "基本工資尚未登錄", wage.text, Outcome.NOT_KNOWN))
    assert wage.value is not None
    limit = f"基本工資{wage.text}元以下"
    unknown = [o for o in drawn if o.amount is None]
    if unknown or amount is None:
        what = "、".join(_name(o.kind) for o in unknown) or name
        return Capped(None, TestLine(code, article, question, f"{what}之金額尚未查明", limit, Outcome.NOT_KNOWN))
    others_sum = sum(o.amount or 0 for o in drawn)
    total, top = amount + others_sum, int(wage.value)
    if not drawn and not left_to_others and total <= top:
        return Capped(amount, None)
    parts = "＋".join([f"{name}{money.show(amount)}元", *(f"{_name(o.kind)}{money.show(o.amount)}元" for o in drawn)])
    measured = f"{roc.show_month(month)}：{parts}＝{money.show(total)}元"
    sources = tuple(o.source for o in drawn if o.source)
    note = "".join(f"{_name(o.kind)}如併計超過上限，於該項津貼減發；{PROPOSAL}。" for o in left_to_others)
    if total <= top:
        return Capped(
            amount, TestLine(code, article, question, measured, limit, Outcome.MET, Fraction(total), Fraction(top), sources, note)
        )
    left = max(0, top - others_sum)
    note += f"超過上限{money.show(total - top)}元，建議{name}減為{money.show(left)}元；{PROPOSAL}"
    outcome = Outcome.MET if left else Outcome.NOT_MET
    return Capped(left, TestLine(code, article, question, measured, limit, outcome, Fraction(total), Fraction(top), sources, note))


def _name(kind: str) -> str:
    return counterpart_names().get(kind, kind)
