"""輔具費用補助 as the offices do it: what is asked for, assessed, approved, bought, claimed, paid once, taken back (身心障礙者輔具費用補助辦法)."""

import datetime as dt
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from app.commands import device_catalogue as catalogue
from app.commands import payments
from app.commands.base import Conflict, Forbidden, Refused
from app.commands.casework import changes, devices, exclusions
from app.commands.casework.problems import Incomplete, find
from app.core import clock, roc
from app.models.award import Award
from app.models.decision import Decision
from app.models.device import DeviceRequest
from app.models.payment import Payment
from app.models.payment_run import PayerSetting
from app.rules.trace import Answer
from app.security import scope

LAW = "assistive_device_subsidy"
START = dt.date(2026, 3, 2)  # a Monday
ITEMS = (
    ("D01", "示範輪椅", 4_000, 3, True, {}),
    ("D02", "示範拐杖", 1_000, 2, False, {}),
    ("D03", "示範助聽器", 20_000, 4, True, {"classes": "2、02"}),
    ("D04", "示範電動床", 8_000, 5, True, {"grades": "重度、極重度"}),
    ("D05", "示範氣墊床", 6_000, 1, False, {"counted": False}),
    ("D06", "示範特製輔具", 10_000, 1, False, {"full_rate": True}),
    ("D07", "示範洗澡椅", 1_200, 3, False, {}),
    ("D08", "示範便盆椅", 1_200, 3, False, {}),
    ("D09", "示範扶手", 2_001, 10, False, {}),
)


@contextmanager
def on(day):
    """The offices work on this day."""
    with clock.frozen(dt.datetime.combine(day, dt.time(2), dt.UTC)):
        yield


@pytest.fixture
def items(actor):
    """The county's catalogue: entered by one person, put in force by another."""
    with on(dt.date(2026, 1, 5)):
        for code, name, most, years, assessed, more in ITEMS:
            row = catalogue.propose_item(actor("officer.10004"), code, name, most, years, dt.date(2025, 1, 1), "示範公告", assessed=assessed, **more)
            catalogue.approve_item(actor("director.10004"), row)


CARD = {
    "card_held": True, "card_grade": "moderate", "card_classes": "7", "card_issued": dt.date(2024, 3, 1), "card_expires": dt.date(2029, 2, 28),
    "lives_at_registration": True, "days_in_taiwan": 360, "low_income_status": "none",
}  # fmt: skip


class Case:
    """One person's application for devices."""

    def __init__(self, desk):
        self.desk = desk

    def ask(self, *codes, n=1, elsewhere=(), rows=None, **facts):
        desk = self.desk
        desk.open(n=n, benefit=LAW, born=dt.date(1970, 1, 1), name="彭水木")
        asked = rows or [{"item_code": c} for c in codes]
        desk.save(
            fields={**CARD, "history_checked_on": clock.today(), **facts},
            rows={
                "devices": [{"position": i, **row} for i, row in enumerate(asked, 1)],
                "elsewhere": [{"position": i, "item_code": c, "granted_on": d} for i, (c, d) in enumerate(elsewhere, 1)],
            },
        )
        desk.papers().account()
        return self

    @property
    def rows(self):
        return self.desk.case.devices

    def row(self, position=1):
        return self.rows[position - 1]

    def submit(self):
        self.desk.submit()
        return self

    def assess(self, position=1, qualifies=True, job="officer", **given):
        today = clock.today()
        values = {"assessed_by": "示範輔具中心", "report_no": "A-1", "report_on": today, "report_received_on": today} | given
        devices.record_report(self.desk.who(job), self.row(position).id, qualifies=qualifies, **values)
        return self

    def assess_all(self):
        for r in self.rows:
            self.assess(r.position)
        return self

    def review(self, result="pass"):
        self.desk.complete().first_review(result).forward().second_review()
        return self

    def approve(self):
        return self.desk.approve()

    def granted(self, *codes, **more):
        """From the counter to 核定 in one day."""
        self.ask(*codes, **more).submit().assess_all().review().approve()
        return self

    def serve(self, day=None):
        devices.serve_notice(self.desk.who("clerk"), self.desk.id, day or clock.today())
        return self

    def claim(self, amount=5_000, position=1, job="clerk", **given):
        today = clock.today()
        values = {"claimed_on": today, "vendor": "示範醫材行", "receipt_no": f"AB-{position:08d}", "receipt_on": today, "receipt_amount": amount} | given
        devices.enter_claim(self.desk.who(job), self.row(position).id, **values)
        return self

    def check(self, position=1, job="officer"):
        return devices.check_claim(self.desk.who(job), self.row(position).id)

    def warnings(self, level="warn"):
        return {p.field: p.message for p in find(self.desk.case, clock.today()) if p.section == "devices" and p.level == level}


@pytest.fixture
def case(desk, items):
    with on(START):
        yield Case(desk)


def at_field(error):
    return {p.field: p.message for p in error.value.problems}


# -- 申請與項目表 ------------------------------------------------------------------------------------------------------------------


def test_一件申請可有多項_各項分別核定_合計為決定金額(case, session):
    case.ask("D01", "D02", "D06").submit().assess_all().review()
    decision = session.get(Decision, case.approve())
    assert [(r.item_name, r.state, r.approved_amount) for r in case.rows] == [
        ("示範輪椅", "approved", 2_000), ("示範拐杖", "approved", 500), ("示範特製輔具", "approved", 10_000),
    ]  # fmt: skip
    assert decision.amount == 12_500 and len(decision.judgement["payments"]) == 3
    assert session.scalars(select(Award)).all() == [], "nothing is due before a receipt was checked"


@pytest.mark.parametrize(("status", "amount"), [("low", 2_001), ("near_low", 1_501), ("none", 1_001)])
def test_第3條_低收全額_中低收七成五_其他五成_四捨五入(case, status, amount):
    case.granted("D09", low_income_status=status)
    assert case.row().approved_amount == amount


def test_項目表沒有的項目不能受理(case):
    case.ask("X99")
    assert "不在縣府輔具項目表" in case.warnings("refuse")["d1-item_code"]
    with pytest.raises(Incomplete, match="不在縣府輔具項目表"):
        case.submit()


def test_沒有登錄任何輔具不能送件(case):
    case.ask(rows=[])
    case.desk.save(rows={"devices": []})
    with pytest.raises(Incomplete, match="至少登錄一項"):
        case.submit()


def test_停止適用的項目不能再申請_生效日後的新金額適用於新案(case, actor):
    new = catalogue.propose_item(actor("officer.10004"), "D02", "示範拐杖", 1_600, 2, dt.date(2026, 3, 1), "示範公告二", assessed=False)
    catalogue.approve_item(actor("director.10004"), new)
    old = catalogue.propose_item(
        actor("officer.10004"), "D07", "示範洗澡椅", 1_200, 3, dt.date(2026, 2, 1), "示範公告二", assessed=False, effective_to=dt.date(2026, 2, 28)
    )
    catalogue.approve_item(actor("director.10004"), old)
    case.granted("D02")
    assert case.row().approved_amount == 800


def test_障礙類別不符_登錄時即提示_審核時不予補助(case, session):
    case.ask("D03", "D02")
    assert "補助對象為第2、02類" in case.warnings()["d1-item_code"]
    case.submit().assess_all().review().approve()
    assert [r.state for r in case.rows] == ["refused", "approved"]
    assert "障礙類別及等級" in case.row(1).refused_because and "第6條" in case.row(1).refused_because


def test_障礙等級不符(case):
    case.ask("D04")
    assert "補助對象為重度、極重度，證明上是中度" in case.warnings()["d1-item_code"]
    case.submit().assess().review("fail")
    with pytest.raises(Refused, match="不符合請領條件"):
        case.approve()
    case.desk.reject("等級不符")
    assert case.row().state == "refused"


def test_以往補助紀錄未查詢_不能核定(case):
    case.ask("D02", history_checked_on=None).submit().assess_all().review()
    with pytest.raises(Refused, match="以往補助紀錄尚未查調"):
        case.approve()


# -- 四項與使用年限（第7條） -----------------------------------------------------------------------------------------------------------


def test_第7條_每二年度四項_第五項不予補助(case):
    case.granted("D01", "D02", "D06", "D07")
    case.ask("D08")
    assert "已補助 4 項" in case.warnings()["d1-item_code"]
    case.submit().assess_all().review("fail")
    with pytest.raises(Refused, match="不符合"):
        case.approve()


def test_同一件申請的第五項也算(case):
    case.ask("D01", "D02", "D06", "D07", "D08")
    assert "逾每二年度四項" in case.warnings()["d5-item_code"]
    case.submit().assess_all().review().approve()
    assert [r.state for r in case.rows] == ["approved"] * 4 + ["refused"]


def test_不計四項的項目與回收輔具不受四項限制(case):
    case.granted("D01", "D02", "D06", "D07", elsewhere=())
    case.ask(rows=[{"item_code": "D05"}, {"item_code": "D08", "recycled": True}])
    assert case.warnings() == {}
    case.submit().assess_all().review().approve()
    assert [r.state for r in case.rows] == ["approved", "approved"]


def test_第五項經縣府認定特殊且急迫得予補助(case):
    case.granted("D01", "D02", "D06", "D07")
    case.granted("D08", special=True)
    assert case.row().state == "approved"


def test_年度更替後前一年度以前的不計(case):
    case.granted("D01", "D02", "D06", "D07")
    with on(dt.date(2028, 1, 10)):
        case.granted("D08")
        assert case.row().state == "approved"


def test_同一項目未達最低使用年限_指出可再申請日期(case):
    case.granted("D02")
    with on(dt.date(2028, 3, 2)):
        case.ask("D02")
        assert "117/03/03 起才可再申請" in case.warnings()["d1-item_code"], case.warnings()
        case.submit().assess_all().review("fail")
        with pytest.raises(Refused):
            case.approve()
        case.desk.reject("未達使用年限")
    with on(dt.date(2028, 3, 3)):
        case.granted("D02")
        assert case.row().state == "approved"


def test_同一件申請重複同一項目_第二項不予補助(case):
    case.granted("D02", "D02")
    assert [r.state for r in case.rows] == ["approved", "refused"]


def test_其他機關補助過的輔具併入計算(case):
    case.ask("D02", elsewhere=[("D02", dt.date(2025, 10, 1))])
    assert "未達最低使用年限" in case.warnings()["d1-item_code"]
    case.submit().assess_all().review("fail")
    with pytest.raises(Refused):
        case.approve()


def test_別人的輔具不算在我頭上(case):
    case.granted("D01", "D02", "D06", "D07")
    case.granted("D08", n=2)
    assert case.row().state == "approved"


def test_註銷的核定不計入四項與年限(case):
    case.granted("D02")
    devices.close_approval(case.desk.who("officer"), case.row().id, "申請人放棄購買")
    case.granted("D02")
    assert case.row().state == "approved"


# -- 評估 -------------------------------------------------------------------------------------------------------------------------


def test_第10條_評估九個工作日_第12條_收到報告十日內審核(case):
    case.ask("D01").submit()
    devices.ask_assessment(case.desk.who("clerk"), case.row().id, START, "示範輔具中心")
    assert (case.row().due_code, case.row().due_on) == ("assessment_report", dt.date(2026, 3, 13)), "the ninth working day after a Monday"
    with on(dt.date(2026, 3, 12)):
        case.assess()
        assert (case.row().due_code, case.row().due_on) == ("decision", dt.date(2026, 3, 23)), "the tenth day is a Sunday"


def test_縣府更正行事曆_輔具的期限即重算(case, actor):
    from app.commands import working_days

    case.ask("D01").submit()
    devices.ask_assessment(case.desk.who("clerk"), case.row().id, START, "示範輔具中心")
    version = case.row().version
    working_days.set_day(actor("officer.10004"), dt.date(2026, 3, 5), "off", "停止上班", "縣府公告")
    assert (case.row().due_on, case.row().version) == (dt.date(2026, 3, 16), version)


def test_須評估而未收到報告_不能核定(case):
    case.ask("D01").submit().review()
    with pytest.raises(Refused, match="評估"):
        case.approve()


def test_評估結果不符合即不予補助(case):
    case.ask("D01", "D02").submit().assess(1, qualifies=False).assess(2).review().approve()
    assert [r.state for r in case.rows] == ["refused", "approved"]


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"report_on": START + dt.timedelta(1)}, "report_on", "不可晚於今天"),
        ({"report_received_on": START + dt.timedelta(1)}, "report_received_on", "不可晚於今天"),
        ({"report_received_on": START - dt.timedelta(1)}, "report_received_on", "不可早於評估日期"),
        ({"report_no": " "}, "report_no", "評估報告編號"),
        ({"assessed_by": ""}, "assessed_by", "評估單位"),
        ({"qualifies": None}, "qualifies", "評估結果"),
    ],
)
def test_評估登錄錯誤_訊息在欄位上(case, given, field, words):
    case.ask("D01").submit()
    with pytest.raises(Incomplete) as error:
        case.assess(**given)
    assert words in at_field(error)[field] and case.row().state == "requested"


def test_委託評估不可早於收件或晚於今天(case):
    case.ask("D01").submit()
    for day, words in ((START - dt.timedelta(1), "早於收件"), (START + dt.timedelta(1), "晚於今天"), (None, "請填")):
        with pytest.raises(Incomplete) as error:
            devices.ask_assessment(case.desk.who("clerk"), case.row().id, day)
        assert words in at_field(error)["assessment_asked_on"]


def test_改選另一項輔具_原評估即失效(case):
    case.ask("D01").submit().assess()
    case.desk.save(rows={"devices": [{"position": 1, "item_code": "D04"}]})
    assert (case.row().state, case.row().report_on, case.row().qualifies) == ("requested", None, None)


def test_縣府複審後不能再改評估(case):
    case.ask("D02").submit().assess().review()
    with pytest.raises(Refused, match="複審之前"):
        case.assess(qualifies=False)


# -- 核定前購買（第16條） ----------------------------------------------------------------------------------------------------------------


def test_第16條_核定前購買不予補助(case):
    case.ask(rows=[{"item_code": "D02", "bought_on": START - dt.timedelta(3)}])
    assert "第16條" in case.warnings()["d1-bought_on"]
    case.submit().assess().review("fail")
    with pytest.raises(Refused):
        case.approve()


def test_憑證早於核定日_在欄位上拒絕(case):
    case.granted("D02").serve()
    with pytest.raises(Incomplete) as error:
        case.claim(receipt_on=START - dt.timedelta(1))
    assert "早於核定日" in at_field(error)["receipt_on"] and "第16條" in at_field(error)["receipt_on"]
    assert case.row().state == "approved"


# -- 憑證與撥款（第14、15條） -------------------------------------------------------------------------------------------------------------


def test_送達日起算六個月_核撥期限一個月(case):
    case.granted("D02").serve()
    assert (case.row().due_code, case.row().due_on) == ("claim", dt.date(2026, 9, 2))
    with on(dt.date(2026, 5, 4)):
        case.claim()
        assert (case.row().due_code, case.row().due_on) == ("payment", dt.date(2026, 6, 4))


def test_未登錄送達日不能請款_送達日不可早於核定(case):
    case.granted("D02")
    with pytest.raises(Refused, match="送達日期"):
        case.claim()
    with pytest.raises(Incomplete) as error:
        case.serve(START - dt.timedelta(1))
    assert "早於核定日" in at_field(error)["served_on"]


@pytest.mark.parametrize(("day", "late"), [(dt.date(2026, 9, 2), False), (dt.date(2026, 9, 3), True)])
def test_第14條_六個月內購買並請款(case, day, late):
    case.granted("D02").serve()
    with on(day):
        if not late:
            assert case.claim().row().state == "claimed"
            return
        with pytest.raises(Incomplete) as error:
            case.claim()
        assert "已逾請款期限" in at_field(error)["receipt_on"] and "已逾請款期限" in at_field(error)["claimed_on"]
        devices.close_approval(case.desk.who("officer"), case.row().id, "逾期未請款")
        assert (case.row().state, case.row().due_on) == ("closed", None)


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"amount": 0}, "receipt_amount", "大於 0"),
        ({"amount": -1}, "receipt_amount", "大於 0"),
        ({"amount": None}, "receipt_amount", "大於 0"),
        ({"vendor": " "}, "vendor", "廠商"),
        ({"receipt_no": ""}, "receipt_no", "號碼"),
        ({"receipt_on": START + dt.timedelta(1)}, "receipt_on", "晚於今天"),
        ({"claimed_on": START + dt.timedelta(1)}, "claimed_on", "晚於今天"),
        ({"receipt_on": None}, "receipt_on", "請填"),
    ],
)
def test_憑證登錄錯誤_訊息在欄位上(case, given, field, words):
    case.granted("D02").serve()
    with pytest.raises(Incomplete) as error:
        case.claim(**given)
    assert words in at_field(error)[field] and case.row().state == "approved"


@pytest.mark.parametrize(("receipt", "paid"), [(5_000, 2_000), (2_000, 2_000), (1_500, 1_500)])
def test_依憑證撥付_最高以核定金額為限(case, session, receipt, paid):
    case.granted("D01").serve().claim(receipt)
    assert case.check() == paid
    award = session.scalars(select(Award)).one()
    assert (award.amount, award.from_month, award.to_month) == (paid, roc.month_of(START), roc.month_of(START))
    assert (case.row().state, case.row().payable_amount, case.row().award_id) == ("payable", paid, award.id)


def test_登錄憑證與查核不同人(case):
    case.granted("D02").serve().claim(job="officer")
    with pytest.raises(Refused, match="同一人"):
        case.check(job="officer")
    assert case.check(job="officer2") == 500
    with pytest.raises(Forbidden):
        case.check(job="clerk")


def test_憑證查核只成立一次應付款(case, session):
    case.granted("D02").serve().claim()
    seen = case.row().version
    case.check()
    with pytest.raises(Refused):
        case.check()
    with pytest.raises((Conflict, Refused)):
        devices.check_claim(case.desk.who("officer2"), case.row().id, seen_version=seen)
    assert len(session.scalars(select(Award)).all()) == 1


def test_憑證有誤退回重新登錄(case):
    case.granted("D02").serve().claim(5_000)
    devices.send_back(case.desk.who("officer"), case.row().id, "金額與收據不符")
    assert (case.row().state, case.row().receipt_no, case.row().due_code) == ("approved", None, "claim")
    assert case.claim(450).check() == 450


def test_同一張憑證不能在兩件申請案請款(case):
    case.granted("D02").serve().claim()
    case.granted("D02", n=2).serve()
    with pytest.raises(Incomplete) as error:
        case.claim()
    assert "已用於另一件" in at_field(error)["receipt_no"]


def test_實物給付查核後交付_不撥款給民眾(case, session):
    case.granted(rows=[{"item_code": "D02", "provision": "kind"}]).serve().claim(900).check()
    assert case.row().state == "delivered" and session.scalars(select(Award)).all() == []


def test_回收輔具登錄_日期不可早於購買(case):
    case.granted("D02").serve().claim().check()
    with pytest.raises(Incomplete) as error:
        devices.take_back(case.desk.who("clerk"), case.row().id, START - dt.timedelta(1), "歸還")
    assert "早於購買" in at_field(error)["recovered_on"]
    devices.take_back(case.desk.who("clerk"), case.row().id, START, "歸還，列入回收輔具")
    assert (case.row().state, case.row().recovered_on) == ("recovered", START)


# -- 付款清冊 ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def payer(session):
    with scope.use(scope.SYSTEM):
        session.add(
            PayerSetting(
                county_code="10004", town_code="10004", benefit=LAW, payer_name="新竹縣政府", cutoff_day=20, post_office="0061234", post_account="50123456"
            )
        )
        session.commit()


def build(case, month, job="officer"):
    return payments.build_run(case.desk.who(job), benefit=LAW, payer="10004", month=month)


def test_查核後列入當月清冊_同人兩項各一筆_下月不再發(case, session, payer):
    case.granted("D01", "D02").serve().claim(5_000, 1).claim(5_000, 2, receipt_no="AB-00000001")
    case.check(1)
    case.check(2)
    month = roc.month_of(START)
    run = build(case, month)
    assert (run.line_count, run.total) == (2, 2_500)
    assert payments.check_run(case.desk.who("officer"), run.id) >= 0
    assert not [f for f in run.findings if f.severity == "hard"], [f.message for f in run.findings]
    with on(dt.date(2026, 4, 2)), pytest.raises(Refused, match="沒有應發而未發"):
        build(case, month + 1)
    assert len(session.scalars(select(Payment).where(Payment.live)).all()) == 2


def test_截止日後查核的憑證_列入次月清冊一次(case, session, payer):
    with on(dt.date(2026, 3, 25)):
        case.granted("D02").serve().claim().check()
        with pytest.raises(Refused, match="沒有應發而未發"):
            build(case, roc.month_of(START))
    with on(dt.date(2026, 4, 21)):
        run = build(case, roc.month_of(START) + 1)
        assert (run.line_count, run.total) == (1, 500)
        with pytest.raises((Refused, Conflict)):
            build(case, roc.month_of(START) + 1)


def test_再次申請時不因自己先前的輔具而互斥(case):
    case.granted("D01").serve().claim().check()
    case.ask("D02").submit().assess().desk.complete().first_review().forward()
    exclusions.check_exclusions(case.desk.who("officer"), case.desk.id)
    assert exclusions.unresolved(case.desk.case) == []


def test_帳戶變更後查核的憑證撥至新帳戶_沒有停發與復發(case, session):
    case.granted("D02").serve().claim()
    officer = case.desk.who("officer")
    with pytest.raises(Refused, match="一次性補助"):
        changes.record_change(officer, case.desk.id, "suspend", START)
    account = {"channel": "post", "institution": "0061234", "account": "7654321", "payee_name": "彭水木"}
    changed = changes.record_change(case.desk.who("clerk"), case.desk.id, "account", START, details=account)
    changes.apply_change(officer, changed)
    case.check()
    assert session.scalars(select(Award)).one().account == "7654321"


def test_駁回的新案不影響先前輔具的撥款(case, session):
    case.granted("D02").serve().claim().check()
    case.ask("D04").submit().assess().review("fail").desk.reject("等級不符")
    assert session.scalars(select(Award)).one().status == "active"


def test_遷往他鄉鎮_輔具資料隨同移轉(case, session):
    from app.models.device import DeviceElsewhere
    from tests.seed import OTHER_TOWN

    case.granted("D02", elsewhere=[("D07", dt.date(2025, 5, 1))])
    moved = changes.record_change(case.desk.who("clerk"), case.desk.id, "move_within", START, details={"town_code": OTHER_TOWN})
    changes.apply_change(case.desk.who("officer"), moved)
    with scope.use(scope.SYSTEM):
        assert {r.town_code for model in (DeviceRequest, DeviceElsewhere) for r in session.scalars(select(model))} == {OTHER_TOWN}


def test_試算_未評估的項目尚無法認定(case, session):
    from app.commands.casework.judge import decide

    case.ask("D01", "D02")
    judged = decide(session, case.desk.case, clock.today())
    assert judged.eligible is Answer.UNKNOWN
    assert any(m.text.startswith("示範輪椅：") for m in judged.missing)


