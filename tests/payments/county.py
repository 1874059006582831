"""A small county with running awards, made through the commands themselves."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.commands import awards, payment_results, payments
from app.core import clock
from app.extensions import db
from app.models.award import Award
from app.models.payment import PaymentLine
from app.models.payment_run import PayerSetting, PaymentRun
from app.models.person import Person
from app.payments.line import Payee
from app.security import scope
from app.security.actor import Actor

from .making import MARCH, payee, person_id

ELA = "elderly_living_allowance"
HOME, OTHER = "10004010", "10004020"
NOON = dt.date(2009, 3, 21)


@dataclass
class County:
    """The people who handle payments, and short cuts for the usual steps."""

    actor: Callable[[str], Actor]

    def __post_init__(self) -> None:
        self.officer, self.director = self.actor("officer.10004"), self.actor("director.10004")
        self.accountant, self.officer2 = self.actor("accountant.10004"), self.actor("officer2.10004")
        self.setting()

    def person(self, number: int, town: str = HOME) -> int:
        with scope.use(scope.SYSTEM):
            p = Person(
                county_code=town[:5], town_code=town, person_id=person_id(number), name=f"王{number}", birth=dt.date(1930, 1, 1), sex="F",
                registered_address="新竹縣竹北市光明六路10號",
            )  # fmt: skip
            db.session.add(p)
            db.session.commit()
            return p.id

    def award(
        self, number: int, *, town: str = HOME, amount: int = 6000, from_month: int = MARCH, pay: Payee | None = None, **more: Any
    ) -> int:
        with clock.frozen(dt.date(2009, 3, 1)):
            made = awards.create_award(
                self.director,
                recipient_id=self.person(number, town),
                benefit=ELA,
                case_no=f"10004ELA{number:06d}",
                decision_no=f"府社老字第{number:07d}號",
                from_month=from_month,
                amount=amount,
                band="full" if amount == 6000 else "half",
                payee=pay or payee(number),
                **more,
            )
        return made.id

    def setting(self, town: str = "10004", **more: Any) -> None:
        values = {"payer_name": "新竹縣政府", "post_office": "0061234", "post_account": "12345678"} | more
        with scope.use(scope.SYSTEM):
            db.session.query(PayerSetting).filter_by(town_code=town, benefit=ELA).delete()
            db.session.add(PayerSetting(county_code="10004", town_code=town, benefit=ELA, **values))
            db.session.commit()

    def build(self, month: int = MARCH, payer: str = "10004", **more: Any) -> int:
        return payments.build_run(self.officer, benefit=ELA, payer=payer, month=month, **more).id

    def confirm_all(self, run_id: int) -> None:
        for f in self.run(run_id).findings:
            if f.severity == "soft" and f.acknowledged_at is None:
                payments.acknowledge_finding(self.officer, f.id, "已電話確認")

    def approved(self, run_id: int) -> int:
        payments.check_run(self.officer, run_id)
        self.confirm_all(run_id)
        payments.approve_run(self.director, run_id)
        return run_id

    def filed(self, run_id: int) -> int:
        self.approved(run_id)
        payments.release_run(self.accountant, run_id)
        payment_results.write_files(self.accountant, run_id)
        return run_id

    def result(self, run_id: int, returned: dict[int, str] | None = None, only: list[int] | None = None) -> bytes:
        """The transfer_result file of a run: everything credited but the returned line numbers with their codes."""
        run, returned = self.run(run_id), returned or {}
        rows = ["run_no,line_no,person_id,amount,result,return_code,value_date"]
        for x in self.lines(run_id):
            if only is None or x.line_no in only:
                code = returned.get(x.line_no, "")
                rows.append(f"{run.run_no},{x.line_no},{x.person_id},{x.amount},{'returned' if code else 'credited'},{code},0980331")
        return ("\r\n".join(rows) + "\r\n").encode("utf-8-sig")

    def take_in(self, run_id: int, content: bytes) -> Any:
        return payment_results.import_transfer_result(self.accountant, run_id, content, "result.csv")

    def run(self, run_id: int) -> PaymentRun:
        with scope.use(scope.SYSTEM):
            db.session.rollback()
            run = db.session.get(PaymentRun, run_id, populate_existing=True)
            assert run is not None
            _ = run.findings, run.files
            return run

    def lines(self, run_id: int) -> list[PaymentLine]:
        with scope.use(scope.SYSTEM):
            db.session.rollback()
            q = db.session.query(PaymentLine).filter_by(run_id=run_id).order_by(PaymentLine.line_no)
            return q.populate_existing().all()

    def get_award(self, award_id: int) -> Award:
        with scope.use(scope.SYSTEM):
            award = db.session.get(Award, award_id, populate_existing=True)
            assert award is not None
            return award
