"""Record pages: purpose, masked numbers, forms that keep what was typed, and two people editing at once."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from app.models.access import AccessEntry
from app.models.audit import AuditEntry
from app.models.person import Person
from tests.views.conftest import person_id

CLERK, CHIEF = "clerk.10004010", "chief.10004010"


def version(page: str) -> str:
    found = re.search(r'name="_seen_version" value="(\d+)"', page)
    assert found
    return found[1]


def looks(session: Any, action: str) -> list[AccessEntry]:
    session.rollback()
    return list(session.scalars(select(AccessEntry).where(AccessEntry.action == action).order_by(AccessEntry.id)))


def test_a_look_is_logged_with_the_person_hashed(people: Any, client_as: Any, session: Any) -> None:
    (person,) = people(1)
    page = client_as(CLERK).get(f"/try/show/{person.id}").text
    assert "J20000****" in page and person.person_id not in page
    (log,) = looks(session, "show")
    assert (log.subject_table, log.subject_id, log.rows) == ("person", str(person.id), 1) and log.person_hash


def test_a_case_opens_after_the_purpose_was_given_and_asks_once(people: Any, client_as: Any, session: Any) -> None:
    (person,) = people(1)
    client = client_as(CLERK)
    page = client.get(f"/people/show/{person.id}").text
    assert "查閱目的" in page and "0912000000" not in page and not looks(session, "show")
    assert "請選擇查閱目的" in client.post(f"/people/purpose/{person.id}", data={"note": "查詢"}).text
    assert client.post(f"/people/purpose/{person.id}", data={"purpose": "初審", "note": "府社字第 1 號"}).status_code == 303
    page = client.get(f"/people/show/{person.id}").text
    assert "初審：府社字第 1 號" in page and "0912000000" in page
    assert looks(session, "show")[0].purpose == "初審：府社字第 1 號"
    assert "0912000000" not in client_as(CLERK).get(f"/people/show/{person.id}").text, "another sign-in asks again"


def test_revealing_a_number_is_logged(people: Any, client_as: Any, session: Any) -> None:
    (person,) = people(1)
    client = client_as(CLERK)
    answer = client.post(f"/try/reveal/{person.id}", data={"column": "person_id"}, headers={"Accept": "application/json"})
    assert answer.json == {"value": person.person_id}
    assert person.person_id in client.post(f"/try/reveal/{person.id}", data={"column": "person_id"}).text
    assert len(looks(session, "reveal")) == 2
    assert client.post(f"/try/reveal/{person.id}", data={"column": "phone"}).status_code == 404
    assert client.get(f"/try/reveal/{person.id}").status_code == 405


def test_a_number_of_another_township_is_not_revealed(people: Any, towns: Any, client_as: Any, session: Any) -> None:
    foreign = people(1, towns[1])[0]
    assert client_as(CLERK).post(f"/try/reveal/{foreign.id}", data={"column": "person_id"}).status_code == 404
    assert not looks(session, "reveal")


NEW = {"name": "  王阿滿 ", "person_id": "ａ123456789", "birth": "19年3月1日", "sex": "F", "phone": ""}


def test_a_new_record(client_as: Any, session: Any) -> None:
    answer = client_as(CLERK).post("/try/add", data=NEW)
    assert answer.status_code == 303
    session.rollback()
    person = session.scalars(select(Person)).one()
    assert (person.name, person.person_id, str(person.birth), person.phone) == ("王阿滿", "A123456789", "1930-03-01", None)


def test_a_form_with_mistakes_keeps_everything_and_says_what_to_do(client_as: Any) -> None:
    answer = client_as(CLERK).post("/try/add", data={**NEW, "name": "", "birth": "19/2/30", "person_id": "A1", "sex": "X"})
    page = answer.text
    assert answer.status_code == 422 and "<title>錯誤：" in page
    for sentence in ("請填寫姓名", "「19/2/30」不是存在的日期", "1 個英文字母加 9 個數字", "請從清單中選擇性別"):
        assert page.count(sentence) == 2, "in the summary and at the field"
    assert 'value="19/2/30"' in page and 'value="A1"' in page and 'href="#birth"' in page


def test_two_people_edit_the_same_record(people: Any, client_as: Any, session: Any) -> None:
    (person,) = people(1)
    first, second = client_as(CLERK), client_as(CHIEF)
    seen = version(first.get(f"/try/edit/{person.id}").text)
    assert seen == version(second.get(f"/try/edit/{person.id}").text)
    base = {"name": person.name, "person_id": "", "birth": "19/3/1", "registered_address": person.registered_address, "_seen_version": seen}
    assert first.post(f"/try/edit/{person.id}", data={**base, "phone": "0911-111111"}).status_code == 303
    answer = second.post(f"/try/edit/{person.id}", data={**base, "phone": "0922-222222", "registered_address": "新地址9號"})
    assert answer.status_code == 409
    assert "測clerk.10004010先存檔了" in answer.text
    assert all(text in answer.text for text in ("0911-111111", "0922-222222", "新地址9號", "光明路0號"))
    session.rollback()
    assert session.get(Person, person.id).phone == "0911-111111"
    chosen = {**base, "phone": "0922-222222", "registered_address": "新地址9號", "_seen_version": version(answer.text), "_keep_phone": "theirs"}
    assert second.post(f"/try/edit/{person.id}", data=chosen).status_code == 303
    session.rollback()
    stored = session.get(Person, person.id)
    assert (stored.phone, stored.registered_address, stored.person_id) == ("0911-111111", "新地址9號", person_id(0))


@pytest.mark.parametrize("seen", ["", "0", "999", "junk", "-1"])
def test_a_forged_version_saves_nothing_over_others(people: Any, client_as: Any, session: Any, seen: str) -> None:
    (person,) = people(1)
    data = {"name": "改名", "birth": "19/3/1", "_seen_version": seen}
    client_as(CLERK).post(f"/try/edit/{person.id}", data=data)
    session.rollback()
    assert session.get(Person, person.id).name == "陳美玲"


def test_delete_is_a_post(people: Any, client_as: Any, session: Any, towns: Any) -> None:
    (person,), (foreign,) = people(1), people(1, towns[1])
    client = client_as(CLERK)
    assert client.get(f"/try/delete/{person.id}").status_code == 405
    assert client.post(f"/try/delete/{foreign.id}").status_code == 404
    assert client.post(f"/try/delete/{person.id}").status_code == 303
    session.rollback()
    assert [p.id for p in session.scalars(select(Person))] == [foreign.id]


def test_the_history_tells_changes_in_words(people: Any, client_as: Any, session: Any) -> None:
    (person,) = people(1)
    client = client_as(CLERK)
    data = {"name": "陳美珍", "birth": "19/3/1", "phone": person.phone, "registered_address": person.registered_address}
    client.post(f"/try/edit/{person.id}", data={**data, "_seen_version": 1})
    session.rollback()
    assert session.scalars(select(AuditEntry.event).where(AuditEntry.subject_table == "person")).all() == ["person.changed"]
    page = client.get(f"/try/show/{person.id}").text
    assert "陳美玲 → 陳美珍" in page and "竹北市公所" in page


def test_what_has_no_command_has_no_page(app: Any) -> None:
    rules = {r.endpoint for r in app.url_map.iter_rules()}
    for method in ("add", "edit", "delete", "move", "reveal", "lookup", "purpose", "download", "action", "action_post"):
        assert f"TryOpenView.{method}" not in rules
    assert "TryOpenView.list" in rules and "TryPersonView.download" not in rules


def test_every_unsafe_request_needs_the_token(people: Any, client_as: Any, app: Any, csrf: None) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    (person,) = people(1)
    client = client_as(CLERK)
    app.config["WTF_CSRF_ENABLED"] = True
    for path in (f"/try/delete/{person.id}", "/try/search", "/try/export", f"/try/reveal/{person.id}", "/try/action_post", "/try/add", "/logout/"):
        answer = client.post(path, data={"column": "person_id"})
        assert answer.status_code == 400 and "頁面放太久了" in answer.text, path
