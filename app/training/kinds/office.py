"""Tasks of the office: accounts of a newcomer and a leaver, two proposed settings of which one is wrong, and who approved a case."""

import datetime as dt
from typing import Any

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import func, select

from app.commands import parameters
from app.core import roc
from app.models.application import Application
from app.models.audit import Step
from app.models.office import Office
from app.models.parameter import Parameter
from app.models.training import TrainingTry
from app.models.user import User
from app.security import roles

from ..work import Work


class Accounts:
    """A newcomer gets an account with one role, a leaver's is deactivated."""

    def prepare(self, work: Work, setup: dict[str, Any]) -> dict[str, Any]:
        office = work.session.scalars(select(Office).where(Office.county_code == work.county, Office.kind == "township", Office.town_code == work.town)).one()
        number = (work.session.scalar(select(func.max(TrainingTry.id))) or 0) + 1
        joins, leaves = work.person(30), work.person(58)
        new, old = f"new{number}.{work.rng.randrange(1000):03d}", f"old{number}.{work.rng.randrange(1000):03d}"
        gone = User(username=old, last_name=leaves.name[:1], first_name=leaves.name[1:], email=f"{old}@invalid", active=True, office_id=office.id, password="!",  # noqa: S106  (nobody signs in with it)
                    must_change_password=True)  # fmt: skip
        gone.roles = list(work.session.scalars(select(Role).where(Role.name == roles.TOWN_CLERK)))
        work.session.add(gone)
        paper = [["到職", f"{joins.name}，帳號 {new}，{office.name}，角色 {roles.TOWN_CLERK}"], ["離職", f"{leaves.name}，帳號 {old}，{office.name}"]]
        return {"new": new, "old": old, "office": office.id, "family": joins.name[:1], "given": joins.name[1:], "paper": paper}

    def check(self, work: Work, row: TrainingTry, setup: dict[str, Any]) -> dict[str, bool]:
        made = work.session.scalars(select(User).where(User.username == row.material["new"])).unique().one_or_none()
        old = work.session.scalars(select(User).where(User.username == row.material["old"])).unique().one()
        return {
            "made": made is not None and (made.last_name, made.first_name) == (row.material["family"], row.material["given"]),
            "role": made is not None and [r.name for r in made.roles] == [roles.TOWN_CLERK],
            "office": made is not None and made.office_id == row.material["office"],
            "ended": not old.active,
        }


class TwoSettings:
    """Two proposals of a county setting: the one that agrees with the announcement is approved, the other sent back."""

    def prepare(self, work: Work, setup: dict[str, Any]) -> dict[str, Any]:
        value, keys, paper = 6_500_000, {}, []
        last = work.session.scalar(select(func.max(Parameter.effective_from)).where(Parameter.name == setup["name"])) or dt.date(2100, 1, 1)
        start = max(last, dt.date(2100, 1, 1))
        for n, name in enumerate(work.rng.sample(("right", "wrong"), 2), 1):
            on = start + dt.timedelta(days=n)
            typed = str(value if name == "right" else value * 10)
            keys[name] = parameters.propose_parameter(work.officer, setup["name"], typed, on, "訓練：縣府公告（虛構文號）")
            paper.append([f"公告{n}", f"自 {roc.show_date(on)} 起，限額 {value:,} 元"])
        return {**keys, "paper": paper}

    def check(self, work: Work, row: TrainingTry, setup: dict[str, Any]) -> dict[str, bool]:
        right, wrong = (work.session.get_one(Parameter, row.material[k]) for k in ("right", "wrong"))
        return {"right": right.state == "approved", "wrong": wrong.state == "rejected", "not_wrong": wrong.state != "approved"}


class WhoApproved:
    """Who took a case through, read from its history."""

    def prepare(self, work: Work, setup: dict[str, Any]) -> dict[str, Any]:
        rows = work.session.execute(
            select(Application.case_no, Step.actor, Step.at).join(Step, (Step.subject_id == Application.id) & (Step.subject_table == "application"))
            .where(Step.move == "first_review", Application.county_code == work.county).order_by(Step.id.desc()).limit(60)
        ).all()  # fmt: skip
        number, actor, at = work.rng.choice(rows)
        others = sorted({a for _, a, _ in rows if a != actor})[:3]
        month = roc.show_month(roc.month_of(at.date()))
        return {
            "actor": actor, "paper": [["案號", number], ["問題", f"{month}這件案子的初審是誰做的？"]],
            "questions": [{"code": "who", "label": "初審人員", "choices": [[a, a] for a in sorted({actor, *others})]}],
        }  # fmt: skip

    def check(self, work: Work, row: TrainingTry, setup: dict[str, Any]) -> dict[str, bool]:
        return {"who": row.answers.get("who") == row.material["actor"]}


KINDS: dict[str, Any] = {"accounts": Accounts(), "two_settings": TwoSettings(), "who_approved": WhoApproved()}
