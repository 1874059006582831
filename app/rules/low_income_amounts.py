"""What a low-income household is paid: amounts per person or per household by class, children and students, the supplement of §12, the cap.

Every part is put on one person, because the cap and the supplement are a person's. A household amount goes to the representative.
"""

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

from app.core import money, roc

from .caps import capped
from .facts import Member, OtherBenefit, Residence
from .parameters import Missing, Number, Parameters
from .record import Record
from .trace import Outcome, SumLine, TestLine

BENEFIT = "low_income_living_assistance"
LAW = "社會救助法"
NAME = "低收入戶生活扶助"
REPRESENTATIVE = "戶給付金額列於申請人（戶代表）；如何分配於各成員法無明文，此為建議，請縣府確認"
SINCE_100 = dt.date(2011, 7, 1)


@dataclass(frozen=True, slots=True)
class LowIncomeMember:
    """What only low income asks about a member. `listed`: belongs to the household that is registered as low income (None: who shares the
    registration does). `pregnant_months` None = claimed, no proof yet. `student`: in senior high school or above, day classes."""

    ref: str
    listed: bool | None = None
    pregnant_months: int | None = 0
    card: bool | None = None
    student: bool | None = None
    residence: Residence | None = None
    other_benefits: tuple[OtherBenefit, ...] | None = None


def amounts(
    record: Record, people: tuple[tuple[Member, LowIncomeMember], ...], income_class: str, month: int, on: dt.date, parameters: Parameters
) -> tuple[int | None, tuple[SumLine, ...]]:
    """The household's amount for a month and its parts; None while one is not known. `people` are counted and listed, representative first."""
    shares = _Shares(record, on, parameters)
    shares.basic(people, income_class, month)
    if income_class in ("2", "3"):
        for member, extra in people:
            shares.child_or_student(member, extra, month)
    for member, extra in people:
        shares.supplement(member, extra)
    if shares.unknown:
        return None, ()
    for member, extra in people:
        shares.cap(member, extra, month)
    if shares.unknown:
        return None, ()
    total = sum((s.amount for s in shares.lines if s.amount is not None), Fraction(0))
    parts = "、".join(f"{s.name}{s.item}{money.show_exact(s.amount or 0)}元" for s in shares.lines if s.amount)
    record.add(
        TestLine("amount", f"{LAW}第11條", "每月核發多少？", f"每月{money.show_exact(total)}元", parts or "無現金給付", Outcome.MET, total)
    )
    return int(total), tuple(shares.lines)


class _Shares:
    """Parts of the amount while one household is worked through."""

    def __init__(self, record: Record, on: dt.date, parameters: Parameters):
        self.record, self.on, self.parameters = record, on, parameters
        self.lines: list[SumLine] = []
        self.unknown = False

    def _add(self, m: Member, item: str, amount: Fraction, basis: str, article: str) -> None:
        self.lines.append(SumLine(m.ref, m.name or m.relation.zh, item, amount, basis, article))

    def _open(self, code: str, article: str, question: str, measured: str, limit: str = "") -> None:
        self.unknown = True
        self.record.ask(TestLine(code, article, question, measured, limit, Outcome.NOT_KNOWN))

    def _setting(self, name: str, month: int, question: str) -> Number | None:
        found = self.parameters.on(roc.first_day(month), f"{BENEFIT}.{name}")
        value = self.record.value(found)
        if isinstance(found, Missing):
            self.unknown = True
            self.record.add(TestLine(f"amount.{name}", f"{LAW}第11條", question, "尚未設定", found.text, Outcome.NOT_KNOWN))
        return value

    def basic(self, people: tuple[tuple[Member, LowIncomeMember], ...], income_class: str, month: int) -> None:
        """Class 1 a person (elsewhere less from the third), class 2 a household, class 3 and 4 nothing."""
        if income_class in ("3", "4"):
            return
        value = self._setting(f"class{income_class}", month, "家庭生活扶助每月多少？")
        if value is None:
            return
        found = self.parameters.on(roc.first_day(month), f"{BENEFIT}.class{income_class}")
        if not isinstance(found, Missing) and found.unit.startswith("元/戶"):
            self._add(people[0][0], "家庭生活補助費", Fraction(value), REPRESENTATIVE, f"{LAW}第11條")
            return
        third = self.parameters.on(roc.first_day(month), f"{BENEFIT}.class{income_class}_third")
        for i, (member, _) in enumerate(people):
            lower = i >= 2 and not isinstance(third, Missing) and third.value is not None
            amount = third.value if lower and not isinstance(third, Missing) and third.value is not None else value
            self._add(member, "家庭生活補助費", Fraction(amount), "第三口以上" if lower else "每人", f"{LAW}第11條")

    def child_or_student(self, member: Member, extra: LowIncomeMember, month: int) -> None:
        """Class 2 and 3: a student of senior high school or above, else a child."""
        age = member.age_on(self.on)
        name = member.name or member.relation.zh
        if age is None:
            return self._open("child", f"{LAW}第11條", "是否為兒童或學生？", f"{name}：出生日期尚未查明")
        if 15 <= age <= 25:
            if extra.student is None:
                return self._open("student", f"{LAW}第11條", "是否就讀高級中等以上學校？", f"{name}（{age}歲）：就學情形尚未查明")
            if extra.student:
                value = self._setting("student_class23", month, f"{name}就學生活補助每月多少？")
                return self._add(member, "就學生活補助費", Fraction(value), f"{age}歲，高級中等以上在學", f"{LAW}第11條") if value else None
        if age >= 18:
            return None
        if age >= 12:
            limit = self._setting("child_age", month, f"{name}（{age}歲）是否仍屬兒童？")
            if limit is None or age >= limit:
                return None
        value = self._setting("child_class23", month, f"{name}兒童生活補助每月多少？")
        return self._add(member, "兒童生活補助費", Fraction(value), f"{age}歲", f"{LAW}第11條") if value else None

    def supplement(self, member: Member, extra: LowIncomeMember) -> None:
        """§12: 65 or over, pregnant, or with a card: a share more of the person's own cash; once, whatever the number of reasons."""
        age = member.age_on(self.on)
        own = sum((s.amount for s in self.lines if s.ref == member.ref and s.amount is not None), Fraction(0))
        least = 3 if self.on >= SINCE_100 else 6
        name = member.name or member.relation.zh
        reasons = [
            (f"{LAW}第12條第1項第1款", "年滿65歲", None if age is None else age >= 65),
            (f"{LAW}第12條第1項第2款", f"懷胎滿{least}個月", None if extra.pregnant_months is None else extra.pregnant_months >= least),
            (f"{LAW}第12條第1項第3款", "領有身心障礙手冊或證明", extra.card),
        ]
        if not own:
            return
        found = next((r for r in reasons if r[2]), None)
        if found is None:
            pending = next((r for r in reasons if r[2] is None), None)
            if pending:
                self._open("supplement", pending[0], "是否增加補助？", f"{name}：是否{pending[1]}尚未查明")
            return
        rate = self.parameters.on(self.on, f"{BENEFIT}.supplement_rate")
        value = self.record.value(rate)
        question = "增加補助之比例？"
        if isinstance(rate, Missing) or value is None:
            self.unknown = True
            limit = rate.text if isinstance(rate, Missing) else ""
            self.record.add(TestLine("supplement", found[0], question, "尚未設定", limit, Outcome.NOT_KNOWN))
            return
        low, high = (Fraction(1, 5), Fraction(2, 5)) if self.on < SINCE_100 else (Fraction(0), Fraction(2, 5))
        if value and not low <= value <= high:
            text = f"設定為{float(value):.0%}，須為{float(low):.0%}至{float(high):.0%}"
            self._open("supplement", found[0], question, text, "請縣府更正設定")
        elif value:
            amount = Fraction(int(own * value + Fraction(1, 2)))
            self._add(member, "加成補助", amount, f"{found[1]}，原領{money.show_exact(own)}元×{float(value):.0%}", found[0])

    def cap(self, member: Member, extra: LowIncomeMember, month: int) -> None:
        """§8: what one person is paid by the government a month stays within the basic wage; the living allowance is cut by its own rule."""
        mine = [s for s in self.lines if s.ref == member.ref]
        own = int(sum((s.amount for s in mine if s.amount is not None), Fraction(0)))
        if not own:
            return
        result = capped(
            own, extra.other_benefits, month, self.on, self.parameters, f"{LAW}第8條", NAME,
            cut_elsewhere=("disability_living_allowance", "child_youth_living_assistance"), even_alone=True, code=f"basic_wage_cap.{member.ref}",
        )  # fmt: skip
        if result.amount is None:
            self.unknown = True
            if result.line:
                self.record.ask(result.line)
            return
        if result.line:
            # a person above the cap gets less; the household as such stays eligible
            line = result.line
            self.record.add(TestLine(line.code, line.article, f"{member.name or member.relation.zh}：{line.question}", line.measured, line.limit,
                                     Outcome.MET, line.value, line.threshold, line.sources, line.note))  # fmt: skip
        if result.amount < own:
            self._add(member, "超過基本工資減發", Fraction(result.amount - own), "每人每月救助總金額不得超過基本工資", f"{LAW}第8條")
