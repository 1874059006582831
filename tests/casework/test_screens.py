"""The screens of casework: sections that save, errors in place with nothing lost, the page with its trace, the sheet."""

import re

import pytest

from app.core import clock, roc
from app.models.application import Application
from tests.casework.conftest import person_id
from tests.seed import HOME_TOWN

BASE = "/elderly_living_allowance"
CLERK = f"clerk.{HOME_TOWN}"


@pytest.fixture
def clerk(client_as, county_settings):
    return client_as(CLERK)


def start(client, n=7, name="范秀妹", sex="F"):
    answer = client.post(f"{BASE}/open", data={"person_id": person_id(n, sex), "name": name, "birth": "37/5/6", "sex": sex, "registered_address": "新竹縣竹北市福坪里1鄰"})
    assert answer.status_code == 303, answer.text
    return int(re.search(r"/intake/(\d+)/", answer.location)[1])


def version(client, pk, section="person"):
    return re.search(r'name="_seen_version" value="(\d+)"', client.get(f"{BASE}/intake/{pk}/{section}").text)[1]


def save(client, pk, section, go="stay", **data):
    return client.post(f"{BASE}/intake/{pk}/{section}", data={"_seen_version": version(client, pk, section), "go": go, **data})


def fill(client, pk):
    today = roc.show_date(clock.today())
    assert save(client, pk, "facts", lives_at_registration="y", days_in_taiwan="３６０", public_placement="n", in_custody="n", low_income_status="none").status_code == 303
    assert save(client, pk, "household", **{
        "household_taken_on": today, "m1-employed": "n", "m2-relation": "child", "m2-name": "范志明", "m2-person_id": person_id(31), "m2-birth": "65.3.1",
        "m2-sex": "M", "m2-lives_together": "n", "m2-same_registration": "n", "m2-claims_dependant": "n", "m2-employed": "y",
        "m2-c0-kind": "disabled", "m2-c0-proven": "y", "m2-c0-proof": "證明影本",
    }).status_code == 303  # fmt: skip
    assert save(client, pk, "means", **{
        "m1-tax_year": "114", "m1-i0-kind": "insurance_pension", "m1-i0-amount": "6,000", "m1-i0-per": "month", "m1-i0-source": "declared", "m1-i0-counted": "y",
        "m2-tax_year": "114", "m2-i0-kind": "wage", "m2-i0-amount": "480,000", "m2-i0-per": "year", "m2-i0-source": "tax",
    }).status_code == 303  # fmt: skip
    papers = {f"{c}-received_on": today for c in ("application_form", "identity", "household_transcript", "passbook", "consent_form", "affidavit")}
    assert save(client, pk, "documents", consent_on=today, affidavit_on=today, **papers).status_code == 303
    assert save(client, pk, "account", channel="post", institution="0061234", account="0123456", payee_name="范秀妹").status_code == 303


def test_from_the_counter_to_submitted_by_screens_alone(clerk, session):
    pk = start(clerk)
    fill(clerk, pk)
    page = clerk.get(f"{BASE}/intake/{pk}/summary").text
    assert "送出前要處理" not in page and "試算結果" in page
    answer = clerk.post(f"{BASE}/intake/{pk}/summary", data={"_seen_version": version(clerk, pk)})
    assert answer.status_code == 303
    case = session.get(Application, pk)
    assert case.state == "submitted"
    member = case.members[1]
    assert (member.incomes[0].amount, member.circumstances[0].kind, member.counted) == (480_000, "disabled", True)
    assert case.members[0].incomes[0].per == "month" and case.days_in_taiwan == 360


def test_a_message_says_which_of_several_like_rows_it_means_and_says_it_once(clerk):
    pk = start(clerk)
    page = save(clerk, pk, "documents", **{"application_form-received_on": "昨天", "passbook-received_on": "上週"}).text
    assert "申請書　收件日期" in page and "存摺封面影本　收件日期" in page
    assert "還看不懂" not in page


def test_what_cannot_be_read_is_shown_again_with_its_message_and_the_rest_is_saved(clerk, session):
    pk = start(clerk)
    answer = save(clerk, pk, "facts", days_in_taiwan="大約三百", lives_at_registration="y")
    assert answer.status_code == 422
    assert "大約三百" in answer.text and "不是整數" in answer.text
    assert session.get(Application, pk).lives_at_registration is True
    again = clerk.get(f"{BASE}/intake/{pk}/facts").text
    assert "大約三百" in again and "不是整數" in again
    assert "看不懂" in clerk.get(f"{BASE}/intake/{pk}/summary").text
    assert save(clerk, pk, "facts", days_in_taiwan="300").status_code == 303
    assert "大約三百" not in clerk.get(f"{BASE}/intake/{pk}/facts").text


def test_a_bad_cell_in_a_row_is_kept_too(clerk, session):
    pk = start(clerk)
    answer = save(clerk, pk, "means", **{"m1-tax_year": "114", "m1-i0-kind": "interest", "m1-i0-amount": "五千", "m1-i0-per": "year", "m1-i0-source": "tax"})
    assert answer.status_code == 422 and "五千" in answer.text
    line = session.get(Application, pk).members[0].incomes[0]
    assert (line.kind, line.amount) == ("interest", None)
    assert "五千" in clerk.get(f"{BASE}/intake/{pk}/means").text


def test_drafts_save_themselves(clerk, session):
    pk = start(clerk)
    seen = version(clerk, pk)
    answer = clerk.post(f"{BASE}/intake/{pk}/person", data={"_seen_version": seen, "phone": "03-5551234", "name": "范秀妹", "birth": "37/5/6", "sex": "F", "received_on": "115/1/5"}, headers={"X-Autosave": "1"})
    assert answer.json["saved"] and answer.json["version"] > int(seen)
    assert session.get(Application, pk).applicant.phone == "03-5551234"
    late = clerk.post(f"{BASE}/intake/{pk}/person", data={"_seen_version": seen, "phone": "1"}, headers={"X-Autosave": "1"})
    assert late.status_code == 409 and not late.json["saved"]


def test_a_conflict_keeps_what_was_typed(clerk):
    pk = start(clerk)
    seen = version(clerk, pk, "account")
    save(clerk, pk, "person", phone="03", name="范秀妹", birth="37/5/6", sex="F", received_on="115/1/5")
    answer = clerk.post(f"{BASE}/intake/{pk}/account", data={"_seen_version": seen, "payee_name": "范志明先生"})
    assert answer.status_code == 409 and "范志明先生" in answer.text


def test_submitting_too_early_lists_what_is_missing_with_links(clerk):
    pk = start(clerk)
    answer = clerk.post(f"{BASE}/intake/{pk}/summary", data={"_seen_version": version(clerk, pk)})
    assert answer.status_code == 422
    assert f"/intake/{pk}/account" in answer.text and "撥款方式" in answer.text


def test_removing_a_member_and_a_row(clerk, session):
    pk = start(clerk)
    fill(clerk, pk)
    save(clerk, pk, "household", **{"m1-employed": "n", "m2-relation": "child", "m2-name": "范志明", "m2-remove": "1"})
    assert [m.relation for m in session.get(Application, pk).members] == ["applicant"]


def test_a_wrong_check_digit_asks_for_a_second_look(clerk):
    data = {"person_id": "J123456788", "name": "范水木", "birth": "30/1/1", "sex": "M"}
    answer = clerk.post(f"{BASE}/open", data=data)
    assert answer.status_code == 422 and "證件確實如此" in answer.text
    assert clerk.post(f"{BASE}/open", data={**data, "checksum_confirmed": "y"}).status_code == 303


def test_the_empty_form_says_what_to_fill(clerk):
    answer = clerk.post(f"{BASE}/open", data={})
    assert answer.status_code == 422
    for text in ("請填身分證統一編號", "請填姓名", "請填出生日期", "請選擇性別"):
        assert text in answer.text


def test_the_case_page_shows_result_trace_household_and_history(desk, client_as):
    desk.open().fill(children=[(45, 42_000)]).to_decision()
    page = opened(client_as("director.10004"), desk.id)
    for text in ("試算結果", "第2條", "列計", "互斥查核", "歷程", "核定", "應備文件"):
        assert text in page
    assert person_id(1) not in page  # masked


def opened(client, pk, path="show", base=BASE):
    client.post(f"{base}/purpose/{pk}", data={"purpose": "複審"})
    answer = client.get(f"{base}/{path}/{pk}")
    assert answer.status_code == 200, answer.text[:2000]
    return answer.text


def test_moves_by_buttons(desk, client_as):
    desk.open().fill(children=[(45, 42_000)]).submit().complete()
    chief = client_as(f"chief.{HOME_TOWN}")
    page = opened(chief, desk.id)
    assert "擬准" in page or "first_pass" in page
    seen = re.search(r'name="_seen_version" value="(\d+)"', page)[1]
    chief.post(f"{BASE}/move/{desk.id}/first_pass", data={"_seen_version": seen, "comment": "擬准"})
    assert desk.case.state == "preliminary_reviewed"


def test_the_sheet_for_the_citizen_prints_decision_and_formula(desk, client_as):
    desk.open().fill(children=[(45, 42_000)]).to_decision()
    desk.approve()
    page = opened(client_as("officer.10004"), desk.id, "sheet")
    for text in ("審核結果計算表", "全家應計算人口", "每月收入", "8,329"):
        assert text in page
    assert person_id(1) not in page


def test_correction_visit_and_exception_pages(desk, client_as):
    desk.open().fill(children=[(45, 42_000)])
    desk.save(documents={"passbook": {"received_on": None}}).submit()
    clerk = client_as(CLERK)
    page = opened(clerk, desk.id, "correction")
    assert "存簿" in page or "存摺" in page
    seen = re.search(r'name="_seen_version" value="(\d+)"', page)[1]
    assert clerk.post(f"{BASE}/correction/{desk.id}", data={"items": "存摺封面影本", "days": "7", "_seen_version": seen}).status_code == 303
    assert desk.case.state == "returned_for_correction"
    assert "補正期限" in opened(clerk, desk.id)


def test_a_foreign_township_gets_404_everywhere(desk, client_as):
    desk.open()
    other = client_as("clerk.10004020")
    for path in (f"show/{desk.id}", f"intake/{desk.id}/person", f"sheet/{desk.id}", f"correction/{desk.id}", f"visit/{desk.id}", f"purpose/{desk.id}"):
        assert other.get(f"{BASE}/{path}").status_code == 404
    assert other.post(f"{BASE}/intake/{desk.id}/person", data={"phone": "1"}).status_code == 404
    assert desk.case.case_no not in other.get(f"{BASE}/list/").text


@pytest.mark.parametrize("who", [CLERK, f"chief.{HOME_TOWN}", "officer.10004", "director.10004", "auditor.10004"])
def test_lists_open_for_their_roles(desk, client_as, who):
    desk.open().fill(children=[(45, 42_000)]).submit()
    client = client_as(who)
    for path in (f"{BASE}/list/", "/case_changes/list/", "/people/list/"):
        answer = client.get(path)
        assert answer.status_code == 200, path
    assert desk.case.case_no in client.get(f"{BASE}/list/?_flt_0_state=submitted").text


@pytest.mark.parametrize("who", ["accountant.10004", "admin.10004", "ministry"])
def test_lists_stay_shut_for_the_others(client_as, who):
    client = client_as(who)
    assert client.get(f"{BASE}/list/").status_code == 403


def test_one_persons_page(desk, client_as):
    desk.open().fill(children=[(45, 42_000)]).to_decision()
    desk.approve()
    officer = client_as("officer.10004")
    pk = desk.case.applicant_id
    officer.post(f"/people/purpose/{pk}", data={"purpose": "民眾查詢"})
    page = officer.get(f"/people/show/{pk}").text
    assert desk.case.case_no in page and "8,329" in page and "彭志明" in page
