"""Tasks of the match: ten doubts of which two are real; what a person draws across the country."""

import hashlib
from typing import Any

from sqlalchemy import select

from app.core import clock, roc
from app.demo import places
from app.models.access import AccessEntry
from app.models.answer_check import AnswerCheck
from app.models.award import Award
from app.models.doubt import Doubt, DoubtSighting
from app.models.match_run import MatchRun
from app.models.person import Person
from app.models.training import TrainingTry

from ..work import Work

AMOUNT = 4_164
FALSE = (
    "勞保局資料所列期間止於 {before}，本縣自 {month} 起發給，兩者沒有同月份",
    "對方資料的出生日期與本縣個案不同（身分證號誤植），不是同一人",
    "對方資料所列為一次性慰問金，不在互斥項目內",
    "本縣已於 {before} 停發，{month} 的名冊列為 0 元",
)


class Doubts:
    """Ten doubts on people of this try alone. `setup`: real (how many)."""

    def prepare(self, work: Work, setup: dict[str, Any]) -> dict[str, Any]:
        run = work.session.scalars(select(MatchRun).where(MatchRun.state == "done").order_by(MatchRun.id.desc())).first()
        assert run is not None, "the generated county was matched"
        month = run.month
        real = set(work.rng.sample(range(10), setup["real"]))
        made: list[Doubt] = []
        for n in range(10):
            who = work.person(work.rng.randint(66, 85))
            words = {"month": roc.show_month(month), "before": roc.show_month(month - 4)}
            fact = f"{words['month']}領有本縣中低收入老人生活津貼 {AMOUNT:,} 元，同月並領有勞保局老年農民福利津貼，兩者不得同時領取"
            text = fact if n in real else FALSE[n % len(FALSE)].format(**words)
            number = hashlib.sha256(f"{who.person_id}{run.id}{n}".encode()).hexdigest()
            made.append(Doubt(
                county_code=work.county, town_code=work.town, benefit="elderly_living_allowance", doubt_no=f"T{number[:14].upper()}", fingerprint=number,
                grade="B", rank=1, rule_code="CHOOSE_ONE", rule_version=1, relation="exclusive", person_id=who.person_id, name=who.name, birth=who.birth,
                case_no=f"TRN{number[:8].upper()}", rec_no=f"T{number[:9].upper()}", ref_month=month, counterpart_source="benefits_elsewhere",
                counterpart_kind="farmer_allowance", months=[month], lines=[[month, 0 if n in real else AMOUNT, AMOUNT]], counterpart={},
                expected_overpaid=AMOUNT if n in real else 0, law="中低收入老人生活津貼發給辦法", article="第6條", facts=text, first_month=month,
                last_month=month, changed_at=clock.now(),
            ))  # fmt: skip
        work.session.add_all(made)
        work.session.flush()
        for doubt in made:
            work.session.add(DoubtSighting(county_code=work.county, doubt_id=doubt.id, run_id=run.id, month=month, said={"facts": doubt.facts}))
        paper = [["疑義編號", f"{d.doubt_no}　{d.name}"] for d in made]
        return {"doubts": [d.id for d in made], "real": [made[n].id for n in sorted(real)], "month": month, "paper": paper}

    def check(self, work: Work, row: TrainingTry, setup: dict[str, Any]) -> dict[str, bool]:
        keys, real = row.material["doubts"], set(row.material["real"])
        doubts = {d.id: d for d in work.session.scalars(select(Doubt).where(Doubt.id.in_(keys)))}
        waiting = {c.doubt_id: c for c in work.session.scalars(select(AnswerCheck).where(AnswerCheck.doubt_id.in_(keys), AnswerCheck.state == "waiting"))}
        said = {k: "overpaid" if k in waiting else doubts[k].outcome for k in keys}
        amounts = {k: waiting[k].overpaid_amount if k in waiting else next((a.overpaid_amount for a in reversed(doubts[k].answers)), None) for k in real}
        return {
            "real": all(said[k] == "overpaid" for k in real),
            "amount": all(amounts[k] == AMOUNT for k in real),
            "none_invented": not any(said[k] == "overpaid" for k in keys if k not in real),
            "all": all(said.values()),
        }


class Nationwide:
    """What somebody draws, looked up with a purpose: the entry in the query log is the proof that it was looked up."""

    def prepare(self, work: Work, setup: dict[str, Any]) -> dict[str, Any]:
        rows = work.session.execute(
            select(Person.person_id, Person.name, Award.amount).join(Award, Award.recipient_id == Person.id)
            .where(Award.benefit == "elderly_living_allowance", Award.status == "active", Award.county_code == places.COUNTY).limit(200)
        ).all()  # fmt: skip
        number, name, amount = work.rng.choice(rows)
        others = sorted({a for _, _, a in rows if a != amount} | {amount + 1_000, amount + 2_000})[:2]
        return {
            "person_id": number, "amount": str(amount), "paper": [["姓名", name], ["身分證號", number], ["來文", "監察院函詢本人領取之各項福利給付"]],
            "questions": [
                {"code": "county", "label": "由哪一縣市發給？", "choices": [["10018", "新竹市"], ["10004", "新竹縣"], ["10005", "苗栗縣"]]},
                {"code": "amount", "label": "核定每月多少元？", "choices": [[str(a), f"{a:,} 元"] for a in sorted({amount, *others})]},
            ],
        }  # fmt: skip

    def check(self, work: Work, row: TrainingTry, setup: dict[str, Any]) -> dict[str, bool]:
        looks = work.session.scalars(
            select(AccessEntry).where(AccessEntry.user_id == row.user_id, AccessEntry.at >= row.began_at, AccessEntry.action == "search")
        ).all()
        return {
            "looked": bool(looks),
            "purpose": any("監察院" in e.purpose or "函" in e.purpose for e in looks),
            "county": row.answers.get("county") == "10004",
            "amount": row.answers.get("amount") == row.material["amount"],
        }


KINDS: dict[str, Any] = {"doubts": Doubts(), "nationwide": Nationwide()}
