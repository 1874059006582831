"""輔具的核定、不符、補正 as letters: every device with its result, single and many at once; service starts the months to buy."""

import datetime as dt

import pytest
from sqlalchemy import select

from app.commands.casework import devices
from app.commands.notices import issue, service
from app.core import clock
from app.models.decision import Decision
from app.models.notice import Notice
from app.printing.documents import letter_of
from tests.casework.test_devices import START, Case, items, on  # noqa: F401  (fixture)
from tests.seed import HOME_TOWN


@pytest.fixture
def case(desk, items, offices):  # noqa: F811
    with on(START):
        yield Case(desk)


def decision(session):
    return session.scalars(select(Decision).order_by(Decision.id.desc())).first()


def letter(session, key):
    session.expire_all()
    return letter_of(session.get(Notice, key).letter)


def said(letter):
    return "\n".join([letter.subject, *(t for s in letter.sections for _, t in s.items)])


def test_核定二項_信上逐項列出最高金額與請款期限_不說按月(case, session, actor):
    case.granted("D02", "D06")
    made = letter(session, issue.issue(actor("officer.10004"), "decision", decision(session).id))
    assert "示範拐杖（最高新臺幣500元）、示範特製輔具（最高新臺幣10,000元）" in made.subject
    assert "每月" not in said(made) and "列冊" not in said(made)
    assert "6個月內購置" in said(made) and "身心障礙者輔具費用補助辦法第14條" in said(made)
    assert [row[1:4] for row in made.members] == [
        ("輔具項目", "審核結果", "最高補助金額（元）"), ("示範拐杖", "核定", "500"), ("示範特製輔具", "核定", "10,000"),
    ]  # fmt: skip
    assert "申復" in "".join(t for _, t in made.remedy)  # 第18條


def test_一項核定一項不符_不符的理由在同一封信(case, session, actor):
    case.ask("D02", "D01").submit().assess(1).assess(2, qualifies=False).review().approve()
    made = letter(session, issue.issue(actor("officer.10004"), "decision", decision(session).id))
    assert "示範拐杖" in made.subject and "示範輪椅" not in made.subject
    assert "不予補助之項目及理由：示範輪椅：" in said(made)
    assert made.members[2][1:4] == ("示範輪椅", "不予補助", "－") and "補助基準" in made.members[2][4]


def test_全部不符_不予核定通知書列出每一項(case, session, actor):
    case.ask("D01").submit().assess(qualifies=False).review("fail")
    case.desk.reject()
    notice = session.get(Notice, issue.issue(actor("officer.10004"), "decision", decision(session).id))
    made = letter_of(notice.letter)
    assert notice.kind == "rejected" and made.members[1][1:3] == ("示範輪椅", "不予補助")


def test_實物給付_不叫人購置請款(case, session, actor):
    case.granted(rows=[{"item_code": "D02", "provision": "kind"}])
    made = letter(session, issue.issue(actor("officer.10004"), "decision", decision(session).id))
    assert "實物給付" in made.subject and "請款" not in said(made)


def test_整批發文_輔具與其他給付在同一批(case, desk, session, actor):
    case.granted("D02")
    case.granted("D06", n=2)
    keys = list(session.scalars(issue.decisions_due()))
    done = issue.issue_decisions(actor("officer.10004"), keys, "一批")
    assert len(done.issued) == 2 and not done.refused
    assert all(len(letter(session, key).members) == 2 for key in done.issued)


def test_登錄送達_每項輔具的六個月起算_撤回通知書就不再起算(case, session, actor):
    case.granted("D02", "D06")
    officer = actor("officer.10004")
    key = issue.issue(officer, "decision", decision(session).id)
    service.record_service(officer, key, "hand", clock.today())
    assert [(r.served_on, r.due_code) for r in case.rows] == [(clock.today(), "claim")] * 2
    assert case.row().due_on > clock.today() + dt.timedelta(days=170)
    service.withdraw(actor("director.10004"), key, "受文者誤植")
    assert [(r.served_on, r.due_on) for r in case.rows] == [(None, None)] * 2


def test_憑證退回_公所發補正通知書_補正後註記(case, session, actor):
    case.granted("D02").serve().claim(5_000)
    devices.send_back(case.desk.who("officer"), case.row().id, "收據未載明統一編號")
    (correction,) = case.desk.case.corrections
    notice = session.get(Notice, issue.issue(actor(f"clerk.{HOME_TOWN}"), "correction", correction.id))
    assert notice.kind == "correction" and "第1項示範拐杖之請款憑證：收據未載明統一編號" in said(letter_of(notice.letter))
    case.claim(450)
    assert case.desk.case.corrections[0].answered_on == clock.today()
