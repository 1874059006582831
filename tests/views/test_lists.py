"""Lists: bounded, scoped, masked, searchable without personal data in URLs; nothing in a URL breaks them."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from app.models.access import AccessEntry
from tests.views.conftest import person_id

CLERK = "clerk.10004010"


def names(page: str) -> list[str]:
    """The names in the first column."""
    return re.findall(r'<th scope="row"[^>]*><a href="[^"]*">([^<]*)</a>', page)


def test_a_list_shows_roc_dates_masked_numbers_and_places(people: Any, client_as: Any) -> None:
    people(1)
    page = client_as(CLERK).get("/try/list/").text
    assert "19/03/01" in page and "J20000****" in page and "竹北市" in page
    assert person_id(0) not in page


def test_a_list_shows_only_the_own_township(people: Any, towns: Any, client_as: Any) -> None:
    for town, name in zip(towns, ("自家", "鄰鄉", "外縣"), strict=True):
        people(1, town, name)
    assert names(client_as(CLERK).get("/try/list/").text) == ["自家"]
    assert names(client_as("officer.10004").get("/try/list/").text) == ["鄰鄉", "自家"]


def test_page_size_is_at_most_a_hundred(people: Any, client_as: Any) -> None:
    people(130)
    page = client_as(CLERK).get("/try/list/?psize_TryPersonView=100000").text
    assert len(names(page)) == 100 and "共 130 筆" in page


def test_counting_stops(people: Any, client_as: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import app.views.base_interface as interface
    import app.views.base_lists as lists

    monkeypatch.setattr(interface, "COUNT_CAP", 20)
    monkeypatch.setattr(lists, "COUNT_CAP", 20)
    people(30)
    assert "超過 20 筆" in client_as(CLERK).get("/try/list/").text


GARBAGE = [
    "psize_TryPersonView=abc", "psize_TryPersonView=-5", "psize_TryPersonView=99999999999999999999", "page_TryPersonView=-1", "page_TryPersonView=x",
    "page_TryPersonView=99999999999999999999", "_oc_TryPersonView=junk&_od_TryPersonView=asc", "_oc_TryPersonView=person_id&_od_TryPersonView=sideways",
    "_oc_TryPersonView=__class__&_od_TryPersonView=asc", "_flt_9_birth=1", "_flt_0_birth=junk", "_flt_0_town_code=%00", "_flt_0_registered_address=%25",
    "_flt_0_phone=09", "_flt_0_nothing=1", "_flt_x_birth=1", "find=nope", "find=%00", "_external=1&_anchor=x&_scheme=y", "_flt_0_town_code=" + "9" * 5000,
    "_flt_0_registered_address=%F0%9F%92%A9", "_flt_0_registered_address=%ed%a0%80",
]  # fmt: skip


def test_nothing_in_a_url_breaks_a_list(people: Any, client_as: Any) -> None:
    people(3)
    client = client_as(CLERK)
    for query in GARBAGE:
        answer = client.get(f"/try/list/?{query}")
        assert answer.status_code in (200, 303), (query, answer.status_code)


def test_no_key_in_a_url_breaks_a_record_page(client_as: Any) -> None:
    client = client_as(CLERK)
    for pk in ("abc", "-1", "0", "99999999999999999999999", "1%00", "1e3", "%E9%99%B3", "1'--"):
        for page in (f"/try/show/{pk}", f"/try/edit/{pk}", f"/jobs/show/{pk}"):
            assert client.get(page).status_code == 404, page
        assert client.post(f"/try/delete/{pk}").status_code == 404, pk


def search(client: Any, **typed: str) -> Any:
    return client.post("/try/search", data=typed)


def test_a_personal_criterion_never_stands_in_the_url(people: Any, client_as: Any, session: Any) -> None:
    wanted, _other = people(2)
    client = client_as(CLERK)
    answer = search(client, _flt_0_person_id=wanted.person_id.lower(), _flt_0_town_code="10004010")
    target = urlsplit(answer.headers["Location"])
    assert answer.status_code == 303 and wanted.person_id not in answer.headers["Location"]
    assert set(parse_qs(target.query)) == {"find", "_flt_0_town_code"}
    page = client.get(answer.headers["Location"]).text
    assert names(page) == [wanted.name]
    session.rollback()
    log = session.scalars(select(AccessEntry).where(AccessEntry.action == "search")).one()
    assert log.person_hash and wanted.person_id not in log.purpose and log.rows == 1


def test_a_personal_criterion_in_the_url_is_ignored(people: Any, client_as: Any) -> None:
    wanted, _other = people(2)
    client = client_as(CLERK)
    answer = client.get(f"/try/list/?_flt_0_person_id={wanted.person_id}&_flt_0_name={wanted.name}&psize_TryView=50")
    assert answer.status_code == 303 and answer.headers["Location"] == "/try/list/?psize_TryView=50", "nor does it stay in the address"
    page = client.get(answer.headers["Location"]).text
    assert len(names(page)) == 2 and wanted.person_id not in page


def test_a_search_belongs_to_the_person_who_made_it(people: Any, client_as: Any) -> None:
    people(2)
    target = search(client_as(CLERK), _flt_0_name="陳美玲0").headers["Location"]
    page = client_as("chief.10004010").get(target).text
    assert len(names(page)) == 2 and "請重新輸入查詢條件" in page


FILTERS: list[tuple[dict[str, str], int]] = [
    ({"_flt_0_name": "陳美"}, 3), ({"_flt_0_name": "美玲"}, 0), ({"_flt_0_name": "美玲", "_op_name": "1"}, 3), ({"_flt_0_name": "陳美玲1", "_op_name": "2"}, 1),
    ({"_flt_0_name": "%"}, 0), ({"_flt_0_name": "_美"}, 0), ({"_flt_0_birth": "19/1/1"}, 3), ({"_flt_0_birth": "0190302"}, 0),
    ({"_flt_1_birth": "民國19年3月1日"}, 3), ({"_flt_0_birth": "19/2/30"}, 0), ({"_flt_0_registered_address": "光明路2"}, 1), ({"_flt_0_town_code": "10004010"}, 3),
    ({"_flt_0_town_code": "10004020"}, 0), ({"_flt_0_person_id": "A1"}, 0),
]  # fmt: skip


def test_filters(people: Any, client_as: Any) -> None:
    people(3)
    client = client_as(CLERK)
    for typed, found in FILTERS:
        page = client.get(search(client, **typed).headers["Location"]).text
        assert len(names(page)) == found, typed


def test_a_mistyped_criterion_says_what_to_type(people: Any, client_as: Any) -> None:
    people(1)
    client = client_as(CLERK)
    page = client.get(search(client, _flt_0_birth="19/2/30").headers["Location"]).text
    assert "不是存在的日期" in page and 'value="19/2/30"' in page


def test_nothing_but_the_search_columns_can_be_searched(people: Any, client_as: Any) -> None:
    people(2)
    client = client_as(CLERK)
    assert len(names(client.get(search(client, _flt_0_phone="0912000001").headers["Location"]).text)) == 2
    assert len(names(client.get("/try-open/list/?_flt_0_name=陳美玲1").text)) == 2


def test_two_requests_at_once_keep_their_own_filters(app: Any) -> None:
    view = next(v for v in app.appbuilder.baseviews if type(v).__name__ == "TryPersonView")
    with app.test_request_context("/"):
        mine = view._filters
        mine._add_filter(mine.get_search_filters()["name"][0], "陳")
        with app.app_context():
            assert view._filters.values == []
        assert view._filters.values == ["陳"]


def test_order_is_kept_over_pages(people: Any, client_as: Any) -> None:
    people(60)
    client, seen = client_as(CLERK), []
    for page in range(3):
        seen += names(client.get(f"/try/list/?_oc_TryPersonView=name&_od_TryPersonView=asc&page_TryPersonView={page}").text)
    assert len(seen) == 60 and seen == sorted(seen)


def test_a_bulk_action_takes_no_row_of_another_township(people: Any, towns: Any, client_as: Any, app: Any) -> None:
    mine, foreign = people(1)[0], people(1, towns[1], "鄰鄉")[0]
    view = next(v for v in app.appbuilder.baseviews if type(v).__name__ == "TryPersonView")
    view.touched.clear()
    client = client_as(CLERK)
    answer = client.post("/try/action_post", data={"action": "mark", "rowid": [mine.id, foreign.id, "junk"]}, follow_redirects=True)
    assert view.touched == [["陳美玲"]] and "有 2 筆已不存在或不在您的業務範圍" in answer.text
    assert client.post(f"/try/action/mark/{foreign.id}").status_code == 404
    assert client.get(f"/try/action/mark/{mine.id}").status_code == 405
    assert client.post("/try/action_post", data={"action": "nothing"}).status_code == 404


def test_a_foreign_record_is_not_found_and_the_try_is_logged(people: Any, towns: Any, client_as: Any, session: Any) -> None:
    from app.models.access import SecurityEvent

    foreign = people(1, towns[1])[0]
    client = client_as(CLERK)
    assert client.get(f"/try/show/{foreign.id}").status_code == 404
    denied = select(func.count()).select_from(SecurityEvent).where(SecurityEvent.kind == "denied")
    session.rollback()
    assert session.scalar(denied) == 1
    assert client.get("/try/show/999999").status_code == 404
    session.rollback()
    assert session.scalar(denied) == 1, "a number that exists nowhere is no attempt at another office's record"


def test_the_number_of_queries_does_not_grow_with_the_rows(people: Any, client_as: Any, app: Any) -> None:
    from sqlalchemy import event

    from app.extensions import db

    client, counts, seen = client_as(CLERK), [], []

    def note(*_: Any) -> None:
        seen.append(1)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        for _ in range(2):
            people(40)
            client.get("/try/list/?psize_TryPersonView=10")
            seen.clear()
            client.get("/try/list/?psize_TryPersonView=100")
            counts.append(len(seen))
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert counts[0] == counts[1] <= 14
