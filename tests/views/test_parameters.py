"""The settings screens: what is missing is a to-do, a proposal is approved by somebody else, other counties stay out of sight."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from app.commands import parameters
from app.models.parameter import Parameter

FORM = {"name": "average_consumption", "value": "18,465", "effective_from": "98/1/1", "source": "主計處公布"}


def test_待辦列出98年缺的必要設定(client_as: Any) -> None:
    page = client_as("officer.10004").get("/county-settings/?on=98/3/15").text
    todo = page.split("適用中的數值")[0]
    assert "臺灣地區平均每人每月消費支出" in todo and "合理居住空間" in todo and "/parameters/add?name=average_consumption" in todo
    assert "最低生活費" not in todo and "9,829" in page


def test_日期看不懂就說明怎麼填(client_as: Any) -> None:
    page = client_as("officer.10004").get("/county-settings/?on=abc").text
    assert "不是日期" in page


def test_登錄_核准_生效(client_as: Any, session: Any) -> None:
    officer = client_as("officer.10004")
    page = officer.get("/parameters/add?name=average_consumption").text
    assert "職類" in page and page.count("selected") == 1
    answer = officer.post("/parameters/add", data=FORM)
    assert answer.status_code == 303, answer.text[-3000:]
    row = session.scalars(select(Parameter).where(Parameter.county_code == "10004")).one()
    page = officer.get(f"/parameters/show/{row.id}").text
    assert "平均每人每月消費支出" in page and "18,465" in page and "待核准" in page and ">核准<" not in page
    assert "等待核准" in officer.get("/county-settings/?on=98/3/15").text
    director = client_as("director.10004")
    assert ">核准<" in director.get(f"/parameters/show/{row.id}").text
    assert director.post(f"/parameters/move/{row.id}/approve", data={"_seen_version": str(row.version)}).status_code == 303
    day = row.effective_from
    session.rollback()
    assert parameters.parameters_in_force(session, "10004").need(day, "average_consumption").value == 18_465


def test_填錯了留在表單並說明(client_as: Any) -> None:
    answer = client_as("officer.10004").post("/parameters/add", data={**FORM, "value": "約一萬八"})
    assert "不是數字" in answer.text and "主計處公布" in answer.text


def test_職類別薪資以職類名稱登錄(client_as: Any, session: Any) -> None:
    answer = client_as("officer.10004").post("/parameters/add", data={**FORM, "name": "occupation_wage", "occupation": "木工"})
    assert answer.status_code == 303
    assert session.scalars(select(Parameter.name).where(Parameter.county_code == "10004")).one() == "occupation_wage.木工"


def test_看不到別縣的設定(client_as: Any, session: Any, actor: Any) -> None:
    row = parameters.propose_parameter(actor("officer.10005"), name="basic_wage", value="1", effective_from=dt.date(2009, 1, 1), source="x")
    client = client_as("officer.10004")
    assert client.get(f"/parameters/show/{row}").status_code == 404
    assert client.post(f"/parameters/move/{row}/approve").status_code in (403, 404)
    assert session.get(Parameter, row).state == "proposed"
    assert client_as("ministry").get(f"/parameters/show/{row}").status_code == 200


@pytest.mark.parametrize(
    "who", ["clerk.10004010", "chief.10004010", "officer.10004", "director.10004", "ministry", "auditor.10004", "accountant.10004"]
)
def test_各角色都能查閱參數與互斥規定(client_as: Any, who: str) -> None:
    client = client_as(who)
    for url in ("/parameters/list/", "/exclusions/list/", "/county-settings/"):
        page = client.get(url)
        assert page.status_code == 200, url
        table = page.text.rpartition("<tbody>")[2].partition("</tbody>")[0]
        assert "choose_one" not in table and ">minimum_living_expense" not in table, "代碼不得出現在畫面"
        assert ("擇一領取" if "exclusions" in url else "最低生活費" if "settings" in url else "元/") in table or "NTD" in table


@pytest.mark.parametrize("who", ["clerk.10004010", "accountant.10004", "auditor.10004"])
def test_不能登錄的角色沒有登錄頁(client_as: Any, who: str) -> None:
    client = client_as(who)
    assert client.get("/parameters/add").status_code in (302, 403)
    assert client.post("/exclusions/add", data={}).status_code in (302, 403)


def test_系統管理看不到參數(client_as: Any) -> None:
    assert client_as("admin.10004").get("/parameters/list/").status_code in (302, 403)


def test_互斥規定登錄頁(client_as: Any, session: Any) -> None:
    officer = client_as("officer.10004")
    data = {
        "benefit": "elderly_living_allowance",
        "counterpart": "county_senior_allowance",
        "relation": "choose_one",
        "enabled": "y",
        "effective_from": "0980101",
    }
    page = officer.get("/exclusions/add").text
    assert "中低收入老人生活津貼" in page and "擇一領取" in page
    answer = officer.post("/exclusions/add", data=data)
    assert answer.status_code == 303, answer.text[-3000:]
    show = officer.get(answer.location).text
    assert "敬老福利津貼" in show and "待核准" in show
