"""The screens of answering: the queue by keyboard's buttons, many at once, the second person's page, the sample's page."""

import re
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from app.commands import doubts, matching
from app.models.answer_check import AnswerCheck
from app.models.doubt import Doubt, DoubtAnswer
from app.models.sample import SampleRow

from .frames import MAR, paid, record
from .test_answering import dead, overpaid  # noqa: F401 (a fixture)
from .test_commands import SYSTEM, registers, rosters


def queue(session: Any) -> list[Doubt]:
    session.rollback()
    return list(session.scalars(select(Doubt).where(Doubt.state == "open").order_by(Doubt.rank.desc(), Doubt.id.desc())))


def test_from_doubt_to_doubt_with_one_purpose(dead: Any, client_as: Callable[[str], FlaskClient]) -> None:  # noqa: F811
    client = client_as("officer.10004")
    first, second, third, last = (d.id for d in queue(dead))
    client.post(f"/doubts/purpose/{first}", data={"purpose": "疑義查核"})
    page = client.get(f"/doubts/show/{first}").text
    assert f"/doubts/onward/{first}/previous" not in page and "存檔並看下一筆" in page and "怎麼查、怎麼辦" in page and "向戶政查死亡登記日" in page
    assert "戶籍異動" in page and "死亡" in page  # the register's own entry
    assert client.post(f"/doubts/onward/{first}/next").location.endswith(f"/doubts/show/{second}")
    assert "查閱目的</span><span>疑義查核" in client.get(f"/doubts/show/{second}").text.replace("\n", "")
    seen = re.search(r'name="_seen_version" value="(\d+)"', client.get(f"/doubts/show/{second}").text)
    assert seen is not None
    data = {"outcome": "no_overpayment", "reason": "戶政已更正", "_seen_version": seen[1], "then": "next"}
    assert client.post(f"/doubts/answer/{second}", data=data).location.endswith(f"/doubts/show/{third}")
    assert client.post(f"/doubts/onward/{third}/previous").location.endswith(f"/doubts/show/{first}")
    assert client.post(f"/doubts/onward/{last}/next").location.endswith("/doubts/list/")
    dead.rollback()
    answer = dead.scalars(select(DoubtAnswer)).one()
    assert answer.seconds_spent is not None and answer.seconds_spent < 60


def test_without_a_purpose_none_is_carried(dead: Any, client_as: Callable[[str], FlaskClient]) -> None:  # noqa: F811
    client = client_as("officer.10004")
    first, second, *_ = (d.id for d in queue(dead))
    client.post(f"/doubts/onward/{first}/next")
    assert "查閱目的" in client.get(f"/doubts/show/{second}").text and "各月應發與已發" not in client.get(f"/doubts/show/{second}").text
    assert client_as("officer.10005").post(f"/doubts/onward/{first}/next").status_code == 404


def test_many_at_once_are_rehearsed_and_stored(dead: Any, client_as: Callable[[str], FlaskClient]) -> None:  # noqa: F811
    client = client_as("officer.10004")
    ids = [str(d.id) for d in queue(dead)]
    page = client.post("/doubts/action_post", data={"action": "answer_ticked", "rowid": ids}).text
    chosen = re.findall(r'name="doubt" value="(\d+:\d+)"', page)
    assert len(chosen) == 4
    fault = client.post("/doubts/bulk", data={"doubt": chosen, "step": "rehearse"})
    assert fault.status_code == 422 and "請選擇處理結果" in fault.text
    form = {"doubt": chosen, "outcome": "overpaid", "reason": "死亡後續發"}
    page = client.post("/doubts/bulk", data={**form, "step": "rehearse"}).text
    assert "試算結果：4 筆可存檔，0 筆不存檔" in page and "送第二人核可" in page
    assert len(queue(dead)) == 4
    assert client.post("/doubts/bulk", data={**form, "step": "store"}).status_code == 303
    assert [d.expected_overpaid for d in queue(dead)] == [60_000]
    again = client.post("/doubts/bulk", data={**form, "step": "rehearse"}).text
    assert "0 筆可存檔，4 筆不存檔" in again
    assert client_as("officer.10005").post("/doubts/bulk", data={**form, "step": "rehearse"}).status_code == 422


def test_the_second_persons_page(dead: Any, client_as: Callable[[str], FlaskClient], actor: Callable[[str], Any]) -> None:  # noqa: F811
    key = next(d.id for d in queue(dead) if d.expected_overpaid == 60_000)
    check = doubts.answer_doubt(actor("officer.10004"), key, overpaid(60_000)).id
    client = client_as("director.10004")
    page = client.get(f"/answer-checks/show/{check}").text
    assert "60,000" in page and "50,000" in page and "核可溢領答復" in page
    client.post(f"/doubts/purpose/{key}", data={"purpose": "疑義查核"})
    assert "等待第二人核可" in client.get(f"/doubts/show/{key}").text
    assert client_as("officer.10005").get(f"/answer-checks/show/{check}").status_code == 404
    assert client.post(f"/answer-checks/move/{check}/approve", data={"comment": ""}).status_code in (302, 303)
    dead.rollback()
    assert dead.get(AnswerCheck, check).state == "approved" and dead.get(Doubt, key).state == "answered"


def test_a_sampled_row_on_screen(session: Any, client_as: Callable[[str], FlaskClient]) -> None:
    rosters(session, [paid(rec_no="R1")])
    registers(session, custody=[record(kind="prison", from_date=matching.dt.date(2009, 3, 20))])
    matching.run_match(SYSTEM, MAR)
    key = session.scalars(select(SampleRow.id)).one()
    client = client_as("officer.10004")
    assert "R1" in client.get("/samples/list/").text
    client.post(f"/samples/purpose/{key}", data={"purpose": "疑義查核"})
    page = client.get(f"/samples/show/{key}").text
    assert "入監服刑" in page and "抽查看什麼" in page and "A123456789" not in page
    seen = re.search(r'name="_seen_version" value="(\d+)"', page)
    assert seen is not None
    fault = client.post(f"/samples/answer/{key}", data={"outcome": "overpaid", "_seen_version": seen[1]})
    assert fault.status_code == 422 and "查核經過" in fault.text
    assert client.post(f"/samples/answer/{key}", data={"outcome": "correct", "_seen_version": seen[1]}).status_code == 303
    other = client_as("officer.10005")
    assert other.get(f"/samples/show/{key}").status_code == 404 and "R1" not in other.get("/samples/list/").text
