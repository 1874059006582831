"""Every task is played right by the very commands the screens call, and wrong: the rows decide, and many play at once."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from app.core import clock, roc

WRONG = ("apply_elderly", "answer_ten_doubts", "pay_two_channels", "repair_upload", "review_exclusion", "find_over_limit")


@pytest.fixture(scope="module")
def trainees(training):
    """An account of his or her own for every role."""
    from app.commands import accounts
    from app.demo import places
    from app.extensions import db
    from app.models.office import Office
    from app.models.user import User
    from app.security import roles, scope, web

    with scope.use(scope.SYSTEM):
        session = db.session()
        town = session.scalars(select(Office).where(Office.town_code == places.TOWNS[2].code, Office.kind == "township")).one()
        county = session.scalars(select(Office).where(Office.county_code == places.COUNTY, Office.kind == "county")).one()
        ministry = session.scalars(select(Office).where(Office.kind == "ministry")).first()
        made = {}
        for n, role in enumerate(roles.ALL):
            office = town if role in roles.TOWNSHIP else ministry if role == roles.MINISTRY_OFFICER else county
            user = accounts.new_user(session, username=f"learner{n}", family="學", given=f"員{n}", office=office, role_names=[role], password="x", must_change=False)
            made[role] = user.id
        session.commit()
        yield {role: web.actor_for(session.get_one(User, pk)) for role, pk in made.items()}


def row_of(key: int) -> Any:
    from app.extensions import db
    from app.models.training import TrainingTry

    db.session.expire_all()
    return db.session.get_one(TrainingTry, key)


class Player:
    """Does what a task asks; `wrong` leaves the one thing undone that matters."""

    def __init__(self, actor: Any, task: Any, row: Any, wrong: bool) -> None:
        from app.extensions import db

        self.actor, self.task, self.row, self.wrong, self.session = actor, task, row, wrong, db.session()
        self.m = dict(row.material)

    def play(self) -> dict[str, str]:
        from app.security import scope

        with scope.use(scope.SYSTEM):
            return getattr(self, self.task.kind)() or {}

    def application(self) -> None:
        from app.commands.casework import intake
        from app.models.application import Application
        from app.training.work import day, tax_year

        setup = self.task.setup
        paper = dict(self.m["paper"])
        who = intake.NewPerson(self.m["person_id"], self.m["name"], dt.date.fromisoformat(self.m["birth"]), "MF"[paper["性別"] == "女"], "新竹縣訓練路1號", "", "")
        pk = intake.open_draft(self.actor, setup["benefit"], who)
        case = self.session.get_one(Application, pk)
        today = clock.today()
        fields = {name: day(v) for name, v in setup["facts"].items()} | {"household_taken_on": today, "consent_on": today, "affidavit_on": today}
        if self.wrong:
            fields["days_in_taiwan"] = 12
        if "account" in self.m:
            fields |= {"channel": "post", "institution": "0061234", "account": self.m["account"]}
        own: dict[str, Any] = {"tax_year": tax_year(), "employed": False} if "means" in case.SECTIONS else {}
        if case.MEMBER_FACTS:
            own |= {"listed": True, "card": False, "student": False, "residence_lives_there": True, "residence_days_in_taiwan": 360}
        rows = {"devices": [{"position": n, "item_code": d["code"]} for n, d in enumerate(setup["devices"], 1)]} if "devices" in setup else {}
        papers = {d.code: {"received_on": today} for d in case.documents if d.required}
        intake.save_draft(self.actor, pk, intake.Draft(fields=fields, rows=rows, lines={1: own} if own else {}, documents=papers))
        intake.submit(self.actor, pk)

    def missing_paper(self) -> None:
        from app.commands.casework import documents

        documents.request_correction(self.actor, self.m["case"], ["存摺封面影本", "切結書"], 15)

    def over_the_limit(self) -> dict[str, str]:
        from app.commands.casework import review

        if not self.wrong:
            review.first_review(self.actor, self.m["case"], "fail", "每人每月平均收入超過標準，擬不准")
        return {"limit": "movable" if self.wrong else "income", "whose": self.m["who"]}

    def excluded(self) -> None:
        from app.commands.casework import exclusions, review

        for key in (self.m["clean"], self.m["excluded"]):
            exclusions.check_exclusions(self.actor, key)
        review.second_review(self.actor, self.m["clean"], "複核無誤")
        if self.wrong:
            review.second_review(self.actor, self.m["excluded"], "複核無誤")
        else:
            review.return_to_township(self.actor, self.m["excluded"], "已領身心障礙者生活補助，請申請人擇領")

    def permit(self) -> None:
        from app.commands.register import permits
        from app.models.permit import ParkingPermit

        permits.issue_at_once(self.actor, self.m["case"], self.m["label"])
        assert self.session.scalars(select(ParkingPermit).where(ParkingPermit.application_id == self.m["case"])).one()

    def doubts(self) -> None:
        from app.commands import doubts
        from app.training.kinds.matching import AMOUNT

        for key in self.m["doubts"]:
            if key in self.m["real"] or (self.wrong and key == min(set(self.m["doubts"]) - set(self.m["real"]))):
                month = self.m["month"]
                answer = doubts.Answer("overpaid", "同月重複", overpaid_from=month, overpaid_to=month, overpaid_amount=AMOUNT)
            else:
                answer = doubts.Answer("no_overpayment", "期間不同或不是同一人")
            doubts.answer_doubt(self.actor, key, answer)

    def nationwide(self) -> dict[str, str]:
        from app.commands import national_person

        national_person.look_up(self.actor, self.m["person_id"], "監察院來函查復", roc.month_of(clock.today()), "key")
        return {"county": "10004", "amount": self.m["amount"]}

    def check_register(self) -> None:
        from app.commands import payments
        from app.models.payment import PaymentLine
        from app.models.payment_run import PaymentRun

        run = self.m["run"]
        payments.check_run(self.actor, run)
        line = self.session.scalars(select(PaymentLine.line_no).where(PaymentLine.run_id == run, PaymentLine.name == self.m["late"])).one()
        payments.withhold_line(self.actor, run, line, "已死亡，暫緩查明")
        payments.check_run(self.actor, run)
        self.session.expire_all()
        for finding in payments.open_findings(self.session.get_one(PaymentRun, run)):
            payments.acknowledge_finding(self.actor, finding.id, "已查核確認")

    def two_channels(self) -> None:
        from app.commands import payment_results, payments

        payments.release_run(self.actor, self.m["run"])
        if not self.wrong:
            payment_results.write_files(self.actor, self.m["run"])

    def audit_finding(self) -> None:
        from app.commands import recovery

        recovery.open_overpayment(
            self.actor, origin="audit", origin_ref=None, benefit="elderly_living_allowance", reason="死亡後未即時停發", person_id=self.m["person_id"],
            name="訓練", county_code="10004", town_code="10004010", first_month=self.m["first"], last_month=self.m["last"], amount=self.m["amount"],
        )  # fmt: skip

    def repair_upload(self) -> None:
        import tempfile
        from pathlib import Path

        from app.commands import exchange

        text = self.m["file"]["text"].replace("八千三百二十九", "8329")
        if not self.wrong:
            right = dict(self.m["paper"])["第 2 筆的紙本"].split("　")[1]
            wrong = text.splitlines()[2].split(",")[5]
            text = text.replace(wrong, right)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "fixed.csv"
            path.write_text(text, encoding="utf-8-sig")
            exchange.import_file(self.actor, "roster", path, "10004", self.m["month"], "elderly_living_allowance", "new")

    def accounts(self) -> None:
        from app.commands import accounts
        from app.models.user import User

        accounts.create_user(self.actor, self.m["new"], self.m["family"], self.m["given"], self.m["office"], ["公所承辦"], "Correct-Horse-98")
        old = self.session.scalars(select(User).where(User.username == self.m["old"])).unique().one()
        accounts.change_user(self.actor, old.id, old.office_id, ["公所承辦"], None, False)

    def two_settings(self) -> None:
        from app.commands import parameters

        parameters.approve_parameter(self.actor, self.m["right"])
        parameters.reject_parameter(self.actor, self.m["wrong"], "與公告金額不符")

    def who_approved(self) -> dict[str, str]:
        return {"who": self.m["actor"]}


def played(trainees: Any, code: str, wrong: bool = False) -> Any:
    from app.training import tries
    from app.training.definitions import tasks

    task = tasks()[code]
    actor = trainees[task.role]
    key = tries.begin(actor, code)
    assert tries.begin(actor, code) == key, "the second click finds the first"
    answers = Player(actor, task, row_of(key), wrong).play()
    tries.finish(actor, key, answers)
    return row_of(key)


def codes() -> list[str]:
    from app.training.definitions import tasks

    return list(tasks())


@pytest.mark.parametrize("code", codes())
def test_played_right_it_is_passed(trainees, code):
    row = played(trainees, code)
    assert row.state == "passed" and row.points == 100, [(f["label"], f["right"]) for f in row.findings]


@pytest.mark.parametrize("code", WRONG)
def test_played_wrong_it_says_what_and_may_be_tried_again(trainees, code):
    row = played(trainees, code, wrong=True)
    assert row.state == "failed" and row.points < 100
    assert all(f["why"] for f in row.findings if not f["right"])
    assert {f["right"] for f in row.findings} == {True, False} or code == "repair_upload", "what was right is said too"


def test_doing_nothing_scores_nothing_and_questions_want_an_answer(trainees):
    from app.commands.base import CommandError
    from app.training import tries
    from app.training.definitions import tasks

    key = tries.begin(trainees["主計出納"], "pay_two_channels")
    assert tries.finish(trainees["主計出納"], key) == "failed"
    asked = tries.begin(trainees["稽核"], "who_approved")
    with pytest.raises(CommandError, match="請先回答"):
        tries.finish(trainees["稽核"], asked, {})
    with pytest.raises(CommandError, match="查無這次練習"):
        tries.finish(trainees["公所承辦"], asked, {"who": "x"})
    with pytest.raises(CommandError, match="公所承辦"):
        tries.begin(trainees["稽核"], "apply_elderly")
    tries.give_up(trainees["稽核"], asked)
    assert tasks()["who_approved"].minutes and row_of(asked).state == "abandoned"


def test_every_role_and_every_benefit_has_a_task():
    from app.rules.benefits import benefits
    from app.security import roles
    from app.training.definitions import tasks
    from app.views.training import subsystem_name

    assert {t.role for t in tasks().values()} == set(roles.ALL)
    assert set(benefits()) - {t.subsystem for t in tasks().values()} <= {"paralysis_living_allowance"}
    assert all(subsystem_name(t) for t in tasks().values())


def test_every_task_begins_at_a_page_there_is(training):
    from app.training.definitions import tasks

    known = {r.endpoint for r in training.url_map.iter_rules()}
    assert not {t.begin for t in tasks().values()} - known


def test_a_real_console_begins_no_task(app, actor):
    from app.commands.base import Refused
    from app.training import tries

    with pytest.raises(Refused, match="不是訓練環境"):
        tries.begin(actor("clerk.10004010"), "apply_elderly")
