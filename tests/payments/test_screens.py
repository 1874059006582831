"""The screens: a register walks from hand to hand, returns are paid again, a claim is opened and paid back."""

import datetime as dt
import io
import re

import pytest

from app.commands import awards, payments
from app.commands.base import Refused
from app.exchange import confined
from app.extensions import db
from app.models.overpayment import Overpayment
from app.models.payment_run import PaymentRun
from app.security import scope

from .county import ELA, HOME
from .making import MARCH, payee, person_id


def newest(model):
    with scope.use(scope.SYSTEM):
        db.session.rollback()
        return db.session.query(model).order_by(model.id.desc()).first()


def press(client, url, **data):
    answer = client.post(url, data=data, follow_redirects=True)
    assert answer.status_code == 200, re.findall(r"<li>(.*?)</li>", answer.text.partition("error-summary")[2])[:5]
    return answer.text


def test_a_register_from_hand_to_hand(app, county, client_as, monkeypatch):
    award_id = county.award(1)
    county.award(2, pay=payee(2, "cash"))
    officer = client_as("officer.10004")
    assert "造冊" in officer.get("/payment_runs/list/").text
    page = press(
        officer, "/payment_runs/build", benefit=ELA, payer="10004", kind="regular", month="09803", cutoff_on="", value_date="", ground=""
    )
    run = newest(PaymentRun)
    assert run.run_no in page and "12,000" in page and "新竹縣" not in page.split("<h1>")[1].split("</h1>")[0]
    url = f"/payment_runs/show/{run.id}"
    press(officer, f"/payment_runs/move/{run.id}/check", comment="")
    page = officer.get(url).text
    assert "待確認 3" in page and "尚未取得資料" in page
    ticks = re.findall(r'name="finding" value="(\d+)"', page)
    press(officer, f"/payment_runs/confirm/{run.id}", finding=ticks, note="已洽戶政")
    director = client_as("director.10004")
    press(director, f"/payment_runs/move/{run.id}/approve", comment="", _seen_version=newest(PaymentRun).version)
    accountant = client_as("accountant.10004")
    assert "確定撥款 2 筆、12,000 元嗎" in accountant.get(url).text
    press(accountant, f"/payment_runs/move/{run.id}/release", comment="")
    press(accountant, f"/payment_runs/move/{run.id}/file", comment="")
    page = accountant.get(url).text
    assert "郵局媒體轉存檔" in page and "印領清冊" in page
    file_id = re.search(r"/payment_runs/file/\d+/(\d+)", page)[1]
    content = accountant.post(f"/payment_runs/file/{run.id}/{file_id}").data
    assert len(content) == 82 and content.startswith(b"033")
    for each in re.findall(r"/payment_runs/file/\d+/\d+", page):  # a server refuses a header that is not latin-1
        named = accountant.post(each).headers["Content-Disposition"]
        assert named.isascii() and "filename" in named
    bad = accountant.post(f"/payment_runs/result/{run.id}", data={"file": (io.BytesIO(b"x"), "r.csv")})
    assert bad.status_code == 422
    good = county.result(run.id, {next(x.line_no for x in county.lines(run.id) if x.award_id == award_id): "22"})
    with monkeypatch.context() as apart:  # a file from outside is read in a child process: what breaks the child is refused
        apart.setattr(confined.workers, "run", lambda *_, **__: (_ for _ in ()).throw(OSError()))
        assert accountant.post(f"/payment_runs/result/{run.id}", data={"file": (io.BytesIO(good), "r.csv")}).status_code == 422
    page = accountant.post(f"/payment_runs/result/{run.id}", data={"file": (io.BytesIO(good), "r.csv")}, follow_redirects=True).text
    assert "退匯 1 筆" in page and "已對帳" in page
    assert person_id(1) not in page
    listed = officer.get("/returned_payments/").text
    assert "帳戶已結清" in listed and "待更換" in listed and 'name="line"' not in listed
    awards.change_award(county.director, award_id, from_month=MARCH, payee=payee(1, account="7654321"), reason="改匯")
    line = re.search(r'name="line" value="(\d+)"', officer.get("/returned_payments/").text)[1]
    press(officer, "/returned_payments/repay", line=line, benefit=ELA, payer="10004")
    assert newest(PaymentRun).kind == "repay"
    roster = officer.post(f"/payment_runs/roster/{run.id}")
    assert roster.headers["Content-Disposition"] == "attachment; filename=10004-09803-elderly_living_allowance.csv"
    assert roster.data.startswith(b"\xef\xbb\xbfrec_no,")
    assert accountant.post(f"/payment_runs/roster/{run.id}").status_code == 403
    next_month = county.build(MARCH + 1)
    page = officer.get(f"/payment_runs/show/{next_month}").text
    assert "金額變更" in page and "帳戶變更" in page
    page = officer.get(f"/payment_runs/differences/{next_month}").text
    assert "王1" in page and "****4321" in page and person_id(1) not in page
    lines = officer.get("/payment_lines/list/").text
    assert "王1" in lines and person_id(1) not in lines and person_id(1)[:6] + "****" in lines


def test_withhold_and_rebuild(county, client_as):
    county.award(1)
    county.award(2)
    officer = client_as("officer.10004")
    run_id = county.build()
    version = county.run(run_id).version
    assert "已暫緩" in press(officer, f"/payment_runs/withhold/{run_id}", line_no="1", reason="查證", _seen_version=version)
    assert "查證" in officer.get(f"/payment_runs/show/{run_id}").text
    assert "重新造冊" in press(officer, f"/payment_runs/rebuild/{run_id}", _seen_version=county.run(run_id).version)
    assert newest(PaymentRun).line_count == 2


def test_what_may_not_be_paid_is_ticked_and_held_back_at_once(county, client_as):
    awards_ = [county.award(n, from_month=MARCH - 2, paid_until=MARCH - 1) for n in (1, 2, 3)]
    run_id = county.build()
    with scope.use(scope.SYSTEM):
        for award_id in awards_[:2]:
            county.get_award(award_id).recipient.died_on = dt.date(2009, 2, 11)
        db.session.commit()
    payments.check_run(county.officer, run_id)
    officer = client_as("officer.10004")
    page = officer.get(f"/payment_runs/show/{run_id}").text
    assert "還有 2 項不得發放" in page and "全部暫緩（2 筆）" in page
    assert re.findall(r'name="line_no" value="(\d+)"', page) == ["1", "2"]
    none = press(officer, f"/payment_runs/withhold/{run_id}", reason="死亡", _seen_version=county.run(run_id).version)
    assert "請勾選或填寫要暫緩的筆次" in none
    page = press(officer, f"/payment_runs/withhold/{run_id}", code="dead", reason="死亡", _seen_version=county.run(run_id).version)
    assert "第 1、2 筆已暫緩" in page
    assert (county.run(run_id).line_count, county.run(run_id).state) == (1, "built")
    assert page.count("已暫緩</span></th>") == 2 and "全部暫緩" not in page
    with pytest.raises(Refused, match="每一筆"):
        payments.withhold_lines(county.officer, run_id, [3], "查證")


def test_others_see_nothing_of_it(county, client_as):
    county.award(1)
    run_id = county.build()
    for stranger in ("clerk.10004010", "officer.10005", "director.10005"):
        client = client_as(stranger)
        assert client.get(f"/payment_runs/show/{run_id}").status_code == 404
        assert client.post(f"/payment_runs/move/{run_id}/check").status_code == 404
        assert client.post(f"/payment_runs/withhold/{run_id}", data={"line_no": "1"}).status_code in (403, 404)
    assert client_as("admin.10004").get(f"/payment_runs/show/{run_id}").status_code == 403
    assert county.run(run_id).state == "built"
    clerk = client_as("clerk.10004010").get("/payment_lines/list/").text
    assert "王1" in clerk  # the township sees its own people's lines


def test_payer_settings(county, client_as):
    director = client_as("director.10004")
    values = {
        "benefit": ELA,
        "payer_name": "",
        "rhythm": "two_monthly",
        "cutoff_day": "15",
        "post_office": "0061234",
        "post_account": "12345678",
    }
    page = press(director, "/payer_settings/add", town=HOME, post_layout="post_office_80", newline="lf", **values)
    assert "竹北市公所" in page
    assert "每兩個月" in director.get("/payer_settings/list/").text
    again = director.post("/payer_settings/add", data={"town": HOME, "post_layout": "post_office_80", "newline": "lf", **values})
    assert again.status_code == 422 and "已經存在" in again.text


@pytest.fixture
def claim_url(county, client_as):
    award_id = county.award(1, from_month=MARCH - 2)
    county.filed(county.build())
    awards.end_award(county.director, award_id, MARCH - 1, "98/1/20 死亡")
    officer = client_as("officer.10004")
    press(officer, "/overpayments/open", case_no="10004ELA000001", origin="audit", origin_ref="審計-1", reason="死亡後續領")
    return f"/overpayments/show/{newest(Overpayment).id}"


def test_a_claim(county, client_as, claim_url):
    officer, director, accountant = (client_as(f"{n}.10004") for n in ("officer", "director", "accountant"))
    for client in (officer, director, accountant):
        client.post(claim_url.replace("show", "purpose"), data={"purpose": "溢領追繳", "note": ""})
    page = officer.get(claim_url).text
    assert "98年2月" in page and "12,000" in page and "通知陳述意見" in page
    step = claim_url.replace("show", "step")
    press(officer, step + "/invite", opinion_by="98/4/1")
    press(officer, step + "/opinion", opinion="願意分期")
    press(director, step + "/decide", decision_no="府社老字第2號", article="", days="60")
    press(officer, step + "/serve", served_on="98/3/21", service="郵務送達")
    press(officer, step + "/plan", parts="3", monthly="", first_due="98/4/10")
    too_much = accountant.post(step + "/repayment", data={"amount": "12,001", "received_on": "98/3/21", "method": "slip", "slip_no": "S1"})
    assert too_much.status_code == 422 and "12,000" in too_much.text
    for n in (1, 2, 3):
        press(accountant, step + "/repayment", amount="4,000", received_on="98/3/21", method="slip", slip_no=f"S{n}")
    page = accountant.get(claim_url).text
    assert "已繳清" in page and page.count('badge-good">已繳<') == 3
    listing = officer.get("/overpayments/list/").text
    assert "帳齡" in listing and "已繳清" in listing


def test_a_stale_button_is_told(county, client_as):
    county.award(1)
    run_id = county.build()
    seen = county.run(run_id).version
    payments.check_run(county.officer2, run_id)
    county.confirm_all(run_id)
    page = press(client_as("director.10004"), f"/payment_runs/move/{run_id}/approve", comment="", _seen_version=seen)
    assert "剛被其他人更新" in page and county.run(run_id).state == "checked"
