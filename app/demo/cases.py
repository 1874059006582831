"""The demo's applications: filled in as a clerk would, judged by the real rule, in every state; inserted as a whole."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from app.commands.casework import facts as adapter
from app.commands.casework.judge import mark, plain
from app.commands.parameters import exclusions_in_force, parameters_in_force
from app.core import roc
from app.models.application import Application, CorrectionNotice, Document
from app.models.audit import Step
from app.models.award import Award, AwardChange
from app.models.decision import Decision
from app.models.elderly_living_allowance import ElderlyApplication
from app.models.household import AssetLine, Circumstance, HouseholdMember, IncomeLine
from app.models.person import Person
from app.models.series import Series
from app.rules import elderly_living_allowance as law
from app.rules.trace import Answer

from . import places
from .accounts import DIRECTOR, OFFICER, Staff
from .means import Means
from .people import Family, Population, Someone, Tie

BENEFIT = ElderlyApplication.BENEFIT
RELATIONS = {"spouse": "spouse", "child": "child", "child_in_law": "child_spouse", "grandchild": "grandchild"}
INCOMES = {"50": "wage", "5A": "interest", "54": "dividend"}
ASSETS = {"land": "land", "farmland": "land", "house": "house"}
FARMERS = {
    "10004040": "9290019", "10004030": "9300013", "10004010": "9310014", "10004050": "9320015", "10004070": "9330016", "10004100": "9340017",
    "10004110": "9350018", "10004090": "9360019", "10004020": "9370010", "10004080": "9380011", "10004060": "9390012",
}  # fmt: skip
IN_PROGRESS = (
    ("draft", 10), ("submitted", 12), ("returned_for_correction", 9), ("complete", 18), ("preliminary_reviewed", 10), ("forwarded", 18),
    ("second_reviewed", 14), ("returned_to_township", 5), ("withdrawn", 4),
)  # fmt: skip
PATH = ("submit", "mark_complete", "first_review", "forward", "second_review")
REACHED = {
    "draft": 0, "submitted": 1, "returned_for_correction": 1, "withdrawn": 1, "complete": 2, "preliminary_reviewed": 3, "forwarded": 4,
    "second_reviewed": 5, "returned_to_township": 4,
}  # fmt: skip
TARGETS = ("submitted", "complete", "preliminary_reviewed", "forwarded", "second_reviewed")


@dataclass
class Filled:
    """What was made: the application, its decision and award (when there are)."""

    family: Family
    application: ElderlyApplication
    decision: Decision | None = None
    award: Award | None = None


@dataclass
class _Dates:
    received: dt.date
    complete: dt.date
    steps: list[dt.date] = field(default_factory=list)
    decided: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A case of the demo: the elder (key into the population), the application, whether it was decided, since when an award runs (None = none)."""

    elder: int
    application_id: int
    decided: bool
    from_month: int | None


def fill(session: Session, population: Population, means: Means, staff: Staff, seed: int, today: dt.date, paid_until: int) -> list[Made]:
    """Insert an application per family; the awards count as paid elsewhere up to month `paid_until`."""
    return _Writer(session, population, means, staff, Random(seed * 17 + 5), today, paid_until).run()


class _Writer:
    def __init__(
        self, session: Session, population: Population, means: Means, staff: Staff, rng: Random, today: dt.date, paid_until: int
    ) -> None:
        self.session, self.people, self.families = session, population.people, population.families
        self.staff, self.rng, self.today, self.paid_until = staff, rng, today, paid_until
        self.parameters = parameters_in_force(session, places.COUNTY)
        self.pairs = exclusions_in_force(session, places.COUNTY, today)
        self.incomes, self.properties, self.investments, self.other = (defaultdict(list) for _ in range(4))
        for income in means.incomes:
            self.incomes[income.person].append(income)
        for prop in means.properties:
            self.properties[prop.person].append(prop)
        for share in means.investments:
            self.investments[share.person].append(share)
        for person, kind, amount in means.other:
            self.other[person].append((kind, amount))
        self.students = means.students
        self.died = {e.person: e.on for e in population.events if e.kind == "death"}
        self.series: dict[str, int] = defaultdict(int)
        self.steps: list[tuple[Application, list[dict[str, Any]]]] = []

    def run(self) -> list[Made]:
        made = [self.case(family, n) for n, family in enumerate(self.families)]
        made.sort(key=lambda f: (f.application.received_on, f.family.elder))
        for f in made:
            self.number(f)
        self.session.add_all([f.application for f in made])
        self.session.flush()
        for f in made:
            if f.decision is not None:
                f.decision.application_id = f.application.id
            if f.award is not None:
                f.award.application_id, f.award.recipient_id = f.application.id, f.application.applicant_id
        self.session.add_all([x for f in made for x in (f.decision, f.award) if x is not None])
        self.session.add_all([Series(key=k, last=v) for k, v in self.series.items()])
        self.session.flush()
        self.session.add_all(
            [Step(subject_table="application", subject_id=a.id, **row) for a, rows in self.steps for row in rows]
        )
        self.session.flush()
        return [Made(f.family.elder, f.application.id, f.decision is not None, f.award.from_month if f.award else None) for f in made]

    # -- one case -------------------------------------------------------------------------------------------------------
    def case(self, family: Family, n: int) -> Filled:
        rng, elder = self.rng, self.people[family.elder]
        draw = n % 10
        purpose = "recertification" if draw < 7 else "new"
        in_progress = draw == 9
        dates = self.dates(purpose, in_progress)
        state = "decided"
        if in_progress:  # every state once, then by weight
            states = [s for s, _ in IN_PROGRESS]
            state = states[n // 10] if n // 10 < len(states) else rng.choices(states, [w for _, w in IN_PROGRESS])[0]
        application = self.application(family, elder, purpose, dates, state)
        filled = Filled(family, application)
        if in_progress:
            self.in_progress(application, dates, state)
        else:
            self.decide(filled, dates)
        return filled

    def dates(self, purpose: str, in_progress: bool) -> _Dates:
        rng = self.rng
        year = self.today.year
        if in_progress:
            received = self.today - dt.timedelta(days=rng.randint(3, 50))
        elif purpose == "recertification":
            received = dt.date(year - 1, 11, 3) + dt.timedelta(days=rng.randint(0, 45))
        else:
            span = (self.today - dt.timedelta(days=45) - dt.date(year, 1, 4)).days
            received = dt.date(year, 1, 4) + dt.timedelta(days=rng.randint(0, max(0, span)))
        complete = received + dt.timedelta(days=rng.choice((0, 0, 0, 1, 3, 6, 11)))
        dates = _Dates(received, complete)
        day = complete
        for _ in PATH:
            day += dt.timedelta(days=rng.randint(0, 6))
            dates.steps.append(day)
        if not in_progress:
            dates.decided = max(dates.steps[-1] + dt.timedelta(days=rng.randint(1, 5)), dt.date(year, 1, 4 + rng.randint(0, 8)))
        return dates

    def application(self, family: Family, elder: Someone, purpose: str, dates: _Dates, state: str) -> ElderlyApplication:
        rng = self.rng
        where = {"county_code": elder.county_code, "town_code": elder.town_code}
        clerk = self.staff.id_of(self.staff.clerk(elder.town_code))
        at = dt.datetime.combine(dates.received, dt.time(rng.randint(0, 8), rng.randint(0, 59)))
        moved = elder.address if rng.random() < 0.93 else f"{elder.address}之{rng.randint(1, 5)}"
        person = Person(
            person_id=elder.person_id, name=elder.name, birth=elder.birth, sex=elder.sex, registered_address=elder.address, actual_address=moved,
            phone=elder.phone, created_by_id=clerk, changed_by_id=clerk, created_at=at, changed_at=at, **where,
        )  # fmt: skip
        status = rng.choices(("none", "low", "near_low"), (76, 11, 13))[0]
        a = ElderlyApplication(
            benefit=BENEFIT, purpose=purpose, applicant=person, received_on=dates.received, consent_on=dates.received, affidavit_on=dates.received,
            household_taken_on=dates.received, lives_at_registration=rng.random() > 0.012, days_in_taiwan=self.days_here(),
            public_placement=rng.random() < 0.008, in_custody=False, low_income_status=status, protected_account=rng.random() < 0.04,
            created_by_id=clerk, changed_by_id=clerk, created_at=at, changed_at=at, **where,
        )  # fmt: skip
        if purpose == "recertification":
            eligible = max(roc.month(97, 10), roc.month_of(elder.birth.replace(year=elder.birth.year + 65, day=1)))
            a.recipient_since = rng.randint(min(eligible, roc.month(114, 10)), roc.month(114, 10))
            a.uninterrupted = True
        self.account(a, person, elder)
        self.household(a, family, elder, dates)
        if purpose == "recertification":
            self.holdings(a)
        for code, required in ElderlyApplication.DOCUMENTS:
            if required or rng.random() < 0.08:
                a.documents.append(Document(code=code, required=required, received_on=dates.complete, **where))
        return a

    def holdings(self, a: ElderlyApplication) -> None:
        """Last year's recipients: what the family's land is worth this year and was worth last year."""
        now = sum(line.value * line.share_num // line.share_den for m in a.members for line in m.assets if line.kind == "land" and line.value)
        a.holdings_unchanged = now > 0 and self.rng.random() < 0.95
        a.land_this_year, a.land_last_year = now, round(now / self.rng.choice((1.01, 1.018, 1.021, 1.06)))

    def days_here(self) -> int:
        rng = self.rng
        return rng.randint(90, 180) if rng.random() < 0.012 else 365 - (rng.randint(5, 120) if rng.random() < 0.15 else 0)

    def account(self, a: ElderlyApplication, person: Person, elder: Someone) -> None:
        rng = self.rng
        a.payee_name, a.payee_person_id = person.name, person.person_id
        branch = FARMERS.get(elder.town_code)
        if branch and rng.random() < 0.17:
            a.channel, a.institution, a.account = "bank", branch, f"{rng.randrange(10**12):013d}"
        else:
            a.channel, a.institution, a.account = "post", f"006{rng.randrange(10_000):04d}", f"{rng.randrange(10_000_000):07d}"

    # -- household and means --------------------------------------------------------------------------------------------
    def household(self, a: ElderlyApplication, family: Family, elder: Someone, dates: _Dates) -> None:
        tax_year = dates.received.year - roc.EPOCH - (1 if dates.received.month >= 10 else 2)
        if dates.decided and dates.decided.month >= 10:
            tax_year = dates.decided.year - roc.EPOCH - 1
        position = {elder.key: 1}
        self.member(a, 1, "applicant", elder, None, None, tax_year)
        for n, tie in enumerate((t for t in family.ties if self.belongs(t, dates.received)), 2):
            relative = self.people[tie.person]
            position[relative.key] = n
            via = None
            if tie.relation == "child_in_law":
                via = position.get(relative.spouse or -1)
            elif tie.relation == "grandchild":
                via = next((position[p] for p in (relative.father, relative.mother) if p in position), None)
            self.member(a, n, RELATIONS[tie.relation], relative, tie, via, tax_year)

    def belongs(self, tie: Tie, day: dt.date) -> bool:
        """Grandchildren and in-laws are only asked about when they live with the elder."""
        return tie.relation in ("spouse", "child") or tie.lives_together

    def member(
        self, a: ElderlyApplication, position: int, relation: str, who: Someone, tie: Tie | None, via: int | None, tax_year: int
    ) -> None:
        where = {"county_code": a.county_code, "town_code": a.town_code}
        wages = [i for i in self.incomes[who.key] if i.format_code == "50"]
        m = HouseholdMember(
            position=position, relation=relation, person_id=who.person_id, name=who.name, birth=who.birth, sex=who.sex, via=via,
            same_registration=True if tie is None else tie.lives_together, lives_together=True if tie is None else tie.lives_together,
            claims_dependant=False if tie is None else tie.claims_elder, employed=bool(wages), tax_year=tax_year, **where,
        )  # fmt: skip
        for income in self.incomes[who.key]:
            m.incomes.append(
                IncomeLine(kind=INCOMES.get(income.format_code, "other"), payer=income.payer_name, amount=income.gross, per="year", tax_year=tax_year, source="tax", **where)
            )  # fmt: skip
        for _kind, amount in self.other[who.key]:
            if amount > 0:
                m.incomes.append(IncomeLine(kind="insurance_pension", payer="勞工保險局", amount=amount, per="month", counted=True, source="declared", **where))
        for p in self.properties[who.key]:
            m.assets.append(
                AssetLine(kind=ASSETS[p.kind], location=f"{p.location}{p.lot_no}"[:80], value=p.assessed_value, share_num=p.share_num, share_den=p.share_den, tax_year=tax_year, source="tax", **where)
            )  # fmt: skip
        for s in self.investments[who.key]:
            m.assets.append(AssetLine(kind="investment", location=s.company_name, value=s.face_value, share_num=1, share_den=1, tax_year=tax_year, source="tax", **where))
        if who.key in self.students:
            m.circumstances.append(Circumstance(kind="day_student", proven=True, proof="在學證明", **where))
        elif relation != "applicant" and not wages and 18 <= who.age_on(self.today) < 65 and self.rng.random() < 0.35:
            kind = self.rng.choice(("disabled_cannot_work", "serious_illness", "carer"))
            m.circumstances.append(Circumstance(kind=kind, proven=True, proof="身心障礙證明或診斷書", **where))
        if relation == "child" and who.sex == "F" and tie is not None and tie.married and not tie.lives_together:
            m.circumstances.append(Circumstance(kind="married_out", proven=True, proof="戶籍謄本", **where))
        a.members.append(m)

    # -- states ---------------------------------------------------------------------------------------------------------
    def reviewers(self, a: ElderlyApplication) -> tuple[int, int, int, int, int]:
        clerk, chief = self.staff.id_of(self.staff.clerk(a.town_code)), self.staff.id_of(self.staff.chief(a.town_code))
        return clerk, clerk, chief, chief, self.staff.id_of(OFFICER)

    def walk(self, a: ElderlyApplication, dates: _Dates, count: int) -> list[dict[str, Any]]:
        """The history rows of the first `count` moves, and what they leave on the application."""
        rows: list[dict[str, Any]] = []
        before = "draft"
        for move, target, day, who in zip(PATH[:count], TARGETS, dates.steps, self.reviewers(a), strict=False):
            comment = {"mark_complete": f"備齊文件日 {roc.show_date(dates.complete)}", "first_review": a.first_opinion, "second_review": a.second_opinion}.get(move)
            rows.append(self.step(move, before, target, who, day, comment))
            before = target
        if count >= 1:
            a.submitted_by_id = self.reviewers(a)[0]
        if count >= 2:
            a.documents_complete_on = dates.complete
        if count >= 3:
            a.first_reviewed_by_id = self.reviewers(a)[2]
        if count >= 5:
            a.second_reviewed_by_id = self.staff.id_of(OFFICER)
            self.checked(a, dates.steps[4])
        return rows

    def step(self, move: str, before: str, target: str, who: int, day: dt.date, comment: str | None) -> dict[str, Any]:
        at = dt.datetime.combine(day, dt.time(self.rng.randint(0, 8), self.rng.randint(0, 59)))
        return {"move": move, "from_state": before, "to_state": target, "actor_id": who, "actor": self.staff.display(who), "comment": comment, "at": at}

    def checked(self, a: ElderlyApplication, day: dt.date) -> None:
        a.exclusions = {"hits": [], "sources": [{"name": "本縣發放資料", "as_of": day.isoformat()}], "shared": []}
        a.exclusions_checked_at = dt.datetime.combine(day, dt.time(2))

    def judge(self, a: ElderlyApplication, day: dt.date) -> Any:
        found = law.decide(adapter.case_facts(a, day), self.parameters, self.pairs)
        mark(a.members, found)
        return found

    def in_progress(self, a: ElderlyApplication, dates: _Dates, state: str) -> None:
        rng = self.rng
        a.purpose = "new"
        a.recipient_since = a.uninterrupted = a.holdings_unchanged = a.land_last_year = a.land_this_year = None
        count = REACHED[state]
        dates.steps = [min(day, self.today) for day in dates.steps]
        dates.complete = min(dates.complete, self.today)
        if count >= 2:
            a.documents_complete_on = dates.complete
        judged = self.judge(a, self.today)
        a.first_result = None
        if count >= 3:
            visit = state == "preliminary_reviewed" and rng.random() < 0.3
            a.first_result = "needs_visit" if visit else "fail" if judged.eligible is Answer.NO else "pass"
            a.first_opinion = {"needs_visit": "子女未同住，扶養情形待訪視", "fail": "經試算不符合請領條件，擬不准", "pass": "資料相符，擬准予發給"}[a.first_result]
        if count >= 5:
            a.second_opinion = "複核無誤，擬依試算結果核定"
        a.state = state
        rows = self.walk(a, dates, count)
        if state == "draft":
            for document in a.documents:
                document.received_on = dates.complete if rng.random() < 0.5 else None
            if rng.random() < 0.4:
                a.days_in_taiwan = None
                a.unread = {"facts.days_in_taiwan": "約三百天"}
            if rng.random() < 0.5:
                a.members[-1].tax_year, a.members[-1].incomes, a.members[-1].assets = None, [], []
            judged = self.judge(a, self.today)
        if state == "submitted":
            for document in a.documents[3:5]:
                document.received_on = None if rng.random() < 0.6 else document.received_on
        if state == "returned_for_correction":
            self.correction(a, rows, dates)
        if state == "returned_to_township":
            rows.append(self.step("return_to_township", "forwarded", state, self.staff.id_of(OFFICER), self.today - dt.timedelta(days=2), "長子婚姻及同住情形與戶籍資料不符，請查明後再陳報"))
        if state == "withdrawn":
            rows.append(self.step("withdraw", "submitted", state, a.submitted_by_id or 0, self.today - dt.timedelta(days=1), "申請人改領老年農民福利津貼，自行撤回"))
        self.steps.append((a, rows))

    def correction(self, a: ElderlyApplication, rows: list[dict[str, Any]], dates: _Dates) -> None:
        issued = self.today - dt.timedelta(days=self.rng.randint(1, 20))
        missing = a.documents[3:5]
        for document in missing:
            document.received_on = None
        clerk = a.submitted_by_id
        a.corrections.append(
            CorrectionNotice(items=["存摺封面影本", "查調財稅戶籍同意書"], issued_on=issued, due_on=issued + dt.timedelta(days=15), issued_by_id=clerk, county_code=a.county_code, town_code=a.town_code)
        )  # fmt: skip
        rows.append(self.step("request_correction", "submitted", "returned_for_correction", clerk or 0, issued, "存摺封面影本、查調財稅戶籍同意書"))

    def decide(self, filled: Filled, dates: _Dates) -> None:
        a, decided = filled.application, dates.decided
        assert decided is not None
        director = self.staff.id_of(DIRECTOR)
        a.documents_complete_on = dates.complete
        self.checked(a, decided - dt.timedelta(days=1))
        judged = self.judge(a, decided)
        granted = judged.eligible is Answer.YES and judged.amount and judged.start_month is not None
        if judged.eligible is Answer.UNKNOWN:
            a.first_result, a.first_opinion, a.second_opinion = "pass", "資料相符，擬准予發給", "尚有項目待查明"
            a.state = "second_reviewed"
            self.steps.append((a, self.walk(a, dates, 5)))
            return
        a.first_result = "pass" if granted else "fail"
        a.first_opinion = "資料相符，擬准予發給" if granted else "經試算不符合請領條件，擬不准"
        a.second_opinion = "複核無誤，擬准" if granted else "複核結果同公所意見"
        rows = self.walk(a, dates, 5)
        self.checked(a, decided - dt.timedelta(days=1))
        a.state = "approved" if granted else "rejected"
        a.decided_by_id, a.decided_at = director, dt.datetime.combine(decided, dt.time(6))
        rows.append(self.step("approve" if granted else "reject", "second_reviewed", a.state, director, decided, None if granted else "不符合請領條件，理由如逐項審核結果"))
        self.steps.append((a, rows))
        start = max(judged.start_month, roc.month_of(decided.replace(month=1, day=1))) if granted else None
        a.effective_month = start
        where = {"county_code": a.county_code, "town_code": a.town_code, "benefit": BENEFIT}
        filled.decision = Decision(
            outcome="granted" if granted else "rejected", amount=judged.amount if granted else None, band=(judged.band or None) if granted else None,
            start_month=start, rule_version=judged.rule_version, facts=plain(adapter.case_facts(a, decided)), judgement=plain(judged),
            reason=None if granted else "；".join(f"{t.question}{t.measured}" for t in judged.failed())[:500], made_by_id=director,
            decided_at=a.decided_at, **where,
        )  # fmt: skip
        if granted and start is not None:
            filled.award = self.award(a, filled.decision, start, decided, director, where)

    def award(self, a: ElderlyApplication, decision: Decision, start: int, decided: dt.date, director: int, where: dict[str, str]) -> Award:
        payee = {"channel": a.channel, "payee_person_id": a.payee_person_id, "payee_name": a.payee_name, "institution": a.institution, "account": a.account}
        until = self.paid_until if start <= self.paid_until else None
        award = Award(
            case_no="", decision_no="", from_month=start, paid_until=until, amount=decision.amount, band=decision.band or "",
            household_no=None, created_by_id=director, changed_by_id=director, **payee, **where,
        )  # fmt: skip
        award.changes.append(
            AwardChange(
                seq=0, kind="grant", month=start, recorded_on=decided, recorded_at=dt.datetime.combine(decided, dt.time(6)), recorded_by_id=director,
                reason="核定", rule_version=decision.rule_version, amount=decision.amount, band=decision.band or "", **payee, **where,
            )
        )  # fmt: skip
        return award

    def number(self, filled: Filled) -> None:
        """Case and decision numbers in the order of their days, as the counters would have given them."""
        a = filled.application
        year = a.received_on.year - roc.EPOCH
        a.case_no = f"ELA{year:03d}{a.town_code[5:7]}{self.take(f'case:{a.county_code}:ELA:{year}:{a.town_code}'):05d}"
        if filled.decision is not None:
            year = filled.decision.decided_at.year - roc.EPOCH
            filled.decision.decision_no = f"府社老字第{year:03d}{self.take(f'decision:{a.county_code}:{year}'):07d}號"
        if filled.award is not None and filled.decision is not None:
            filled.award.case_no, filled.award.decision_no = a.case_no, filled.decision.decision_no

    def take(self, key: str) -> int:
        self.series[key] += 1
        return self.series[key]
