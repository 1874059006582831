"""What was passed comes over in a signed file, and a right that asks for a task is refused until it was passed."""

import json

import pytest
from sqlalchemy import func, select


@pytest.fixture
def passed(training):
    """Results exported by the training console: one trainee passed, another did not; (file, public key)."""
    from app.commands import accounts, training_results
    from app.extensions import db
    from app.models.office import Office
    from app.models.training import TrainingTry
    from app.models.user import User
    from app.security import roles, scope, web

    with training.app_context(), scope.use(scope.SYSTEM):
        session = db.session()
        office = session.scalars(select(Office).where(Office.town_code == "10004010", Office.kind == "township")).one()
        for name, state in (("newclerk", "passed"), ("lateclerk", "failed")):
            if session.scalar(select(User.id).where(User.username == name)) is None:
                user = accounts.new_user(session, username=name, family="林", given=name, office=office, role_names=[roles.TOWN_CLERK], password="x", must_change=False)
                session.add(TrainingTry(user_id=user.id, task="apply_elderly", state=state, points=100 if state == "passed" else 40, finished_at=func.now()))
        session.commit()
        boss = web.actor_for(session.scalars(select(User).where(User.username == "xianfu-boss")).unique().one())
        return training_results.export_results(boss, [office.id])


def test_a_right_waits_for_the_task(app, actor, passed):
    from app.commands import accounts, training_results
    from app.commands.base import Refused
    from app.extensions import db
    from app.models.office import Office
    from app.models.user import User
    from app.security import roles, scope

    data, key = passed
    supervisor, administrator = actor("director.10004"), actor("admin.10004")
    with pytest.raises(Refused, match="沒有登錄"):
        training_results.import_results(supervisor, data)
    with pytest.raises(Refused, match="64 個十六進位"):
        training_results.add_source(supervisor, "訓練教室", "abc")
    training_results.add_source(supervisor, "訓練教室", key)
    forged = json.loads(data)
    for result in forged["results"]:
        result["passed"] = True
    with pytest.raises(Refused, match="簽章不符"):
        training_results.import_results(supervisor, json.dumps(forged).encode())
    for rubbish in (b"", b"[]", b"{}", b'{"signature": 3}', b"\xff"):
        with pytest.raises(Refused, match="不是訓練環境匯出的成績檔"):
            training_results.import_results(supervisor, rubbish)

    training_results.require(supervisor, roles.TOWN_CLERK, "apply_elderly")
    with scope.use(scope.SYSTEM):
        office = db.session.scalars(select(Office).where(Office.town_code == "10004010", Office.kind == "township")).one().id
    new = {"office_id": office, "role_names": [roles.TOWN_CLERK], "password": "Correct-Horse-98"}
    with pytest.raises(Refused, match="還沒有通過：受理申請：中低收入老人生活津貼"):
        accounts.create_user(administrator, "newclerk", "林", "newclerk", **new)
    assert training_results.import_results(supervisor, data) == {"new": 2, "known": 0, "waiting": 2}
    assert training_results.import_results(supervisor, data) == {"new": 0, "known": 2, "waiting": 0}, "twice changes nothing"
    made = accounts.create_user(administrator, "newclerk", "林", "newclerk", **new)
    with pytest.raises(Refused, match="還沒有通過"):
        accounts.create_user(administrator, "lateclerk", "林", "lateclerk", **new)
    with pytest.raises(Refused, match="還沒有通過"):
        accounts.create_user(administrator, "newclerk2", "林", "newclerk", **new)

    held = db.session.scalars(select(User).where(User.username == "clerk.10004010")).unique().one()
    accounts.change_user(administrator, held.id, held.office_id, [roles.TOWN_CLERK], None, True)  # what somebody holds already is not taken away
    other = accounts.create_user(administrator, "chief2", "林", "主管", office_id=office, role_names=[roles.TOWN_SUPERVISOR], password="Correct-Horse-98")
    with pytest.raises(Refused, match="還沒有通過"):
        accounts.change_user(administrator, other, office, [roles.TOWN_CLERK], None, True)
    assert db.session.get(User, made).username == "newclerk"


def test_a_permission_may_ask_for_a_task_too(app, actor):
    from app.commands import accounts, training_results
    from app.commands.base import Refused
    from app.security import roles

    supervisor = actor("director.10004")
    training_results.require(supervisor, "payments.release", "pay_two_channels")
    with pytest.raises(Refused, match="放行並以兩個通路撥款"):  # an officer of the county has not passed it
        accounts.set_role_permissions(actor("admin.10004"), roles.COUNTY_OFFICER, [("release", "payments")], [])


def test_the_pages_show_only_the_own_offices_people(app, client_as, actor):
    page = client_as("chief.10004010").get("/training-results/")
    assert page.status_code == 200 and "clerk.10004010" in page.text and "clerk.10004020" not in page.text
    assert client_as("clerk.10004010").get("/training-results/").status_code == 403
    boss = client_as("director.10004")
    assert boss.post("/training-results/", data={"what": "require", "right": "公所承辦", "task": "apply_elderly"}).status_code == 303
    assert "先通過" in boss.get("/training-results/").text
    assert "成績檔" in boss.post("/training-results/", data={"what": "import"}).text
    assert boss.post("/training-results/export", follow_redirects=True).text.count("只能在訓練環境") == 1


def test_errors_are_counted_by_month_and_compared_before_and_since(app, client_as, session):
    from app.commands import training_effect
    from app.commands.training_effect import Count, OfficeEffect

    assert training_effect.effect(session, []) is not None  # every statement runs on both databases
    one = OfficeEffect("10004010", {1: {"returned": Count(3, 10)}, 2: {"returned": Count(1, 10)}, 3: {}}, {2: 1})
    assert (one.total("returned", False), one.total("returned", True)) == (Count(3, 10), Count(1, 10))
    assert one.total("uploads", True).text == "－" and Count(1, 10).text == "1／10（10.0%）"
    assert client_as("director.10004").get("/training-results/effect").status_code == 200
