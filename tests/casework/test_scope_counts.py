"""Counting applications obeys the scope too, whatever column is counted (the tables are joined)."""

from sqlalchemy import func, select

from app.models.application import Application
from app.models.elderly_living_allowance import ElderlyApplication
from app.security import scope


def test_counts_of_a_joined_table_obey_scope(desk, actor, session):
    desk.open()
    other = actor("clerk.10004020").scope
    with scope.use(other):
        for column in (Application.id, ElderlyApplication.id, ElderlyApplication.state, ElderlyApplication.days_in_taiwan):
            assert session.execute(select(column)).all() == [], column
        assert session.scalar(select(func.count()).select_from(ElderlyApplication)) == 0
        inner = session.query(ElderlyApplication).with_entities(ElderlyApplication.id).limit(10)
        assert session.scalar(select(func.count()).select_from(inner.subquery())) == 0
        assert session.query(ElderlyApplication).all() == []


def test_the_list_page_counts_only_what_may_be_seen(desk, client_as):
    desk.open()
    assert "共 0 筆" in client_as("clerk.10004020").get("/elderly_living_allowance/list/").text
    assert "共 1 筆" in client_as("clerk.10004010").get("/elderly_living_allowance/list/").text
