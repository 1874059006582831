"""A case page stays cheap however large the family is."""

from sqlalchemy import event

from app.extensions import db
from tests.casework.test_screens import BASE, opened


def test_a_case_page_takes_few_queries(desk, client_as):
    desk.open().fill(children=[(45, 42_000), (43, 40_000), (40, 38_000), (38, 36_000)]).to_decision()
    desk.approve()
    client = client_as("officer.10004")
    opened(client, desk.id)
    count = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: count.append(a[2]))
    assert client.get(f"{BASE}/show/{desk.id}").status_code == 200
    assert len(count) <= 32, len(count)
