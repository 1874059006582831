"""Tasks at the counter and in review: an application from a paper, a paper that is missing, a household over the limit, an exclusion, a permit."""

import datetime as dt
from typing import Any

from sqlalchemy import inspect, select

from app.commands import awards
from app.commands.casework import documents, intake
from app.core import clock, money, roc
from app.models.application import Application, CorrectionNotice
from app.models.audit import Step
from app.models.base import Money, MonthType
from app.models.permit import ParkingPermit
from app.models.training import TrainingTry
from app.payments.line import Payee

from ..work import Work, day, tax_year


def shown(model: type[Application], name: str, value: Any) -> list[str]:
    """A fact as the paper says it: the label of its field and the value in words."""
    column = inspect(model).columns[name]
    label = str(column.info.get("label", name))
    if (choices := column.info.get("choices")) and value in choices:
        return [label, str(choices[value])]
    if isinstance(value, bool):
        return [label, "是" if value else "否"]
    if isinstance(value, dt.date):
        return [label, roc.show_date(value)]
    if isinstance(column.type, MonthType):
        return [label, roc.show_month(value)]
    return [label, money.show(value) if isinstance(column.type, Money) else str(value)]


class FromPaper:
    """An application filed as a paper says. `setup`: benefit, age, facts (name of the column → value), devices."""

    def prepare(self, work: Work, setup: dict[str, Any]) -> dict[str, Any]:
        who, model = work.person(setup["age"], setup.get("sex", "")), intake.model_of(setup["benefit"])
        facts = {name: day(value) for name, value in setup["facts"].items()}
        asked = setup.get("asked", {})  # what a county's own definition asks has no column to be named by
        paper = [*who.paper, *([asked[n], "是" if v else "否"] if n in asked else shown(model, n, v) for n, v in facts.items())]
        material: dict[str, Any] = {"person_id": who.person_id, "name": who.name, "birth": who.birth.isoformat()}
        sections = model.SECTIONS if isinstance(model.SECTIONS, tuple) else ("account",)  # a local benefit's are known when a case is there
        if "account" in sections:
            material["account"] = f"{work.rng.randrange(10**7):07d}"
            paper += [["撥款方式", "郵局"], ["局號", "0061234"], ["帳號", material["account"]]]
        if "household" in sections or "means" in sections:
            paper += [["家庭狀況", "獨居，無配偶、無子女"], ["財稅資料", f"{tax_year()} 年度，無所得、無財產；目前未就業"]]
        paper += [[d["name"], "申請 1 件"] for d in setup.get("devices", ())]
        return {**material, "paper": [*paper, ["應備文件", "全部已交"]]}

    def check(self, work: Work, row: TrainingTry, setup: dict[str, Any]) -> dict[str, bool]:
        found = work.session.scalars(
            select(Application).where(Application.created_by_id == row.user_id, Application.benefit == setup["benefit"], Application.created_at >= row.began_at)
            .order_by(Application.id.desc())
        ).all()  # fmt: skip
        case = next((a for a in found if a.applicant.person_id == row.material["person_id"]), None)
        if case is None:
            return dict.fromkeys(("person", "facts", "account", "devices", "submitted"), False)
        who = case.applicant
        codes = [(d.item_code) for d in getattr(case, "devices", ())]
        return {
            "person": who.name == row.material["name"] and who.birth.isoformat() == row.material["birth"],
            "facts": all(getattr(case, name) == day(value) for name, value in setup["facts"].items()),
            "account": case.account == row.material.get("account") and (case.account is None or case.institution == "0061234"),
            "devices": sorted(codes) == sorted(d["code"] for d in setup.get("devices", ())),
            "submitted": case.state not in ("draft", "withdrawn"),
        }


class MissingPaper:
    """An application handed in without some papers: asked for by a notice that names them. `setup`: benefit, age, facts, without."""

    def prepare(self, work: Work, setup: dict[str, Any]) -> dict[str, Any]:
        facts = {name: day(value) for name, value in setup["facts"].items()}
        pk = work.case(setup["benefit"], work.person(setup["age"]), facts, without=tuple(setup["without"]))
        case = work.session.get_one(Application, pk)
        return {"case": pk, "paper": [["案號", case.case_no], ["申請人", case.applicant.name], ["現場情形", setup["scene"]]]}

    def check(self, work: Work, row: TrainingTry, setup: dict[str, Any]) -> dict[str, bool]:
        case = work.session.get_one(Application, row.material["case"])
        notice = work.session.scalars(
            select(CorrectionNotice).where(CorrectionNotice.application_id == case.id, CorrectionNotice.issued_by_id == row.user_id)
        ).first()
        asked = "、".join(notice.items) if notice else ""
        words = setup["named"]
        return {
            "noticed": notice is not None,
            "named": all(any(w in asked for w in either) for either in words),
            "only": notice is not None and len(notice.items) == len(words),
            "days": notice is not None and 7 <= (notice.due_on - notice.issued_on).days <= 30,
            "state": case.state == "returned_for_correction",
        }


class OverTheLimit:
    """A household over one limit by one member: found in the trace, answered, and reviewed as refused."""

    def prepare(self, work: Work, setup: dict[str, Any]) -> dict[str, Any]:
        elder, son, daughter = work.person(72), work.person(44, "M"), work.person(41, "F")
        rich = work.rng.choice(("son", "daughter"))
        year = tax_year()
        members, lines = [], {}
        for n, (key, child) in enumerate((("son", son), ("daughter", daughter)), 2):
            members.append({
                "position": n, "relation": "child", "person_id": child.person_id, "name": child.name, "birth": child.birth, "sex": child.sex,
                "lives_together": True, "same_registration": True, "claims_dependant": False, "employed": True,
            })  # fmt: skip
            pay = setup["much"] if key == rich else setup["little"]
            lines[n] = {"tax_year": year, "incomes": [{"kind": "wage", "amount": pay, "per": "year", "tax_year": year, "source": "tax"}], "assets": []}
        facts = {"lives_at_registration": True, "days_in_taiwan": 365, "public_placement": False, "in_custody": False, "low_income_status": "none"}
        pk = work.case("elderly_living_allowance", elder, facts, tuple(members), lines)
        documents.mark_documents_complete(work.clerk, pk)
        case = work.session.get_one(Application, pk)
        names = {"applicant": elder.name, "son": son.name, "daughter": daughter.name}
        return {
            "case": pk, "who": rich,
            "paper": [["案號", case.case_no], ["申請人", elder.name], ["狀態", "文件齊備，等候初審"]],
            "questions": [
                {"code": "limit", "label": "哪一項超過標準？", "choices": [["income", "每人每月平均收入"], ["movable", "存款、投資及有價證券"], ["real_estate", "土地及房屋"]]},
                {"code": "whose", "label": "主要是誰的？", "choices": [[k, v] for k, v in names.items()]},
            ],
        }  # fmt: skip

    def check(self, work: Work, row: TrainingTry, setup: dict[str, Any]) -> dict[str, bool]:
        case = work.session.get_one(Application, row.material["case"])
        mine = work.session.scalars(
            select(Step.id).where(Step.subject_table == "application", Step.subject_id == case.id, Step.move == "first_review", Step.actor_id == row.user_id)
        ).first()
        return {
            "limit": row.answers.get("limit") == "income",
            "whose": row.answers.get("whose") == row.material["who"],
            "reviewed": mine is not None and case.first_result == "fail",
            "opinion": len(case.first_opinion or "") >= 6 and mine is not None,
        }


class Excluded:
    """Two forwarded cases, one of somebody who draws a benefit that excludes it: one is reviewed on, the other goes back with the reason."""

    def prepare(self, work: Work, setup: dict[str, Any]) -> dict[str, Any]:
        facts = {"lives_at_registration": True, "days_in_taiwan": 365, "public_placement": False, "in_custody": False, "low_income_status": "low"}
        keys = {}
        for name in work.rng.sample(("clean", "excluded"), 2):
            who = work.person(70)
            pk = work.case("elderly_living_allowance", who, facts)
            work.forwarded(pk)
            keys[name] = pk
            if name == "excluded":
                case = work.session.get_one(Application, pk)
                month = roc.month_of(clock.today())
                awards.create_award(
                    work.officer, recipient_id=case.applicant_id, benefit="disability_living_allowance", case_no=f"T{pk:08d}", decision_no=f"訓練字第{pk}號",
                    from_month=month - 6, paid_until=month - 1, amount=5_437, payee=Payee("post", who.person_id, who.name, "0061234", f"{pk % 10**7:07d}"),
                )  # fmt: skip
        cases = [work.session.get_one(Application, pk) for pk in sorted(keys.values())]
        return {**keys, "paper": [["案號", f"{c.case_no}　{c.applicant.name}"] for c in cases]}

    def check(self, work: Work, row: TrainingTry, setup: dict[str, Any]) -> dict[str, bool]:
        clean, bad = (work.session.get_one(Application, row.material[k]) for k in ("clean", "excluded"))
        steps = work.session.execute(
            select(Step.subject_id, Step.move, Step.comment).where(Step.subject_table == "application", Step.subject_id.in_((clean.id, bad.id)), Step.actor_id == row.user_id)
        ).all()  # fmt: skip
        back = [comment or "" for pk, move, comment in steps if pk == bad.id and move == "return_to_township"]
        return {
            "checked": bad.exclusions_checked_at is not None,
            "returned": bool(back) and bad.state == "returned_to_township",
            "reason": any(word in text for text in back for word in ("互斥", "擇領", "擇一", "身心障礙者生活補助", "身障生活補助", "重複")),
            "passed": (clean.id, "second_review") in {(pk, move) for pk, move, _ in steps},
            "clean": clean.state == "second_reviewed",
        }


class Permit:
    """A forwarded application for a parking permit: issued and printed with the label the paper names."""

    def prepare(self, work: Work, setup: dict[str, Any]) -> dict[str, Any]:
        plate = f"TRN-{work.rng.randint(1000, 9999)}"
        facts = {name: day(value) for name, value in setup["facts"].items()} | {"plate": plate, "card_number": f"J{work.rng.randrange(10**8):08d}"}
        pk = work.case("parking_permit", work.person(45), facts)
        work.forwarded(pk)
        case = work.session.get_one(Application, pk)
        label = f"TR{work.rng.randrange(10**6):06d}"
        return {"case": pk, "label": label, "paper": [["案號", case.case_no], ["申請人", case.applicant.name], ["車牌", plate], ["防偽標籤號碼", label]]}

    def check(self, work: Work, row: TrainingTry, setup: dict[str, Any]) -> dict[str, bool]:
        permit = work.session.scalars(select(ParkingPermit).where(ParkingPermit.application_id == row.material["case"])).first()
        return {
            "issued": permit is not None and permit.status == "valid",
            "label": permit is not None and permit.label_no == row.material["label"],
            "printed": permit is not None and permit.print_count > 0,
        }


KINDS: dict[str, Any] = {"application": FromPaper(), "missing_paper": MissingPaper(), "over_the_limit": OverTheLimit(), "excluded": Excluded(), "permit": Permit()}
