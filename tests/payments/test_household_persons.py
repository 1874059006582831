"""低收入戶的清冊帶著戶內每一個人：一戶一筆錢，誰列冊、誰只列計、補助掛在誰身上；名冊也報出成員，全國比對才看得到他們。"""

import datetime as dt

import pytest
from sqlalchemy import select, text

from app.commands import payment_files, payment_results, payment_roster, payments
from app.core import clock, roc
from app.exchange.delivery import read_delivery
from app.models.payment import PaymentLine
from app.models.payment_person import PaymentPerson
from app.models.payment_run import PayerSetting, PaymentRun
from app.security import scope
from tests.casework.conftest import county_settings, desk, person_id  # noqa: F401  (fixtures)
from tests.casework.test_low_income_living_assistance import BENEFIT, decided, household  # noqa: F401  (fixture)

DAY = dt.date(2026, 9, 3)
MONTH = roc.month_of(DAY)


@pytest.fixture
def run(household, session):  # noqa: F811
    """A mother, her child of 8 and her student of 16 in the third class; their register of the month, built."""
    payment_files.log_path().unlink(missing_ok=True)  # the record outside the database, which a test before this one wrote
    with clock.frozen(dt.datetime.combine(DAY, dt.time(2), dt.UTC)):
        desk = household(wage=36_000)
        decided(desk, session)
        with scope.use(scope.SYSTEM):
            session.add(
                PayerSetting(
                    county_code="10004", town_code="10004", benefit=BENEFIT, payer_name="新竹縣政府", cutoff_day=20, post_office="0061234",
                    post_account="50123456",
                )
            )  # fmt: skip
            session.commit()
        made = payments.build_run(desk.who("officer"), benefit=BENEFIT, payer="10004", month=MONTH)
        yield desk, made.id


def people(session, run_id):
    session.rollback()
    return session.scalars(select(PaymentPerson).where(PaymentPerson.run_id == run_id).order_by(PaymentPerson.position)).all()


def test_一戶一筆_帶著三個人_補助掛在各人身上(run, session):
    _, run_id = run
    (line,) = session.scalars(select(PaymentLine).where(PaymentLine.run_id == run_id)).all()
    found = people(session, run_id)
    assert [(p.name, p.relation, p.listed, p.parts) for p in found] == [
        ("羅美蘭", "applicant", True, []),
        ("羅小明", "child", True, [["兒童生活補助費", 3_008]]),
        ("羅小華", "child", True, [["就學生活補助費", 6_825]]),
    ]
    assert line.amount == sum(p.amount for p in found) == 9_833
    assert [p.name for p in line_people(session, line)] == ["羅美蘭", "羅小明", "羅小華"]


def line_people(session, line):
    rows = session.scalars(select(PaymentPerson).where(PaymentPerson.run_id == line.run_id, PaymentPerson.line_no == line.line_no).order_by(PaymentPerson.position))
    return [p for p in rows if p.line.id == line.id]


def test_戶內的人造冊後不改_資料庫也不讓改(run, session):
    _, run_id = run
    for statement in ("UPDATE payment_person SET amount = 0", "DELETE FROM payment_person"):
        with pytest.raises(Exception, match="append-only"):
            session.execute(text(statement))
        session.rollback()
    assert len(people(session, run_id)) == 3


def test_名冊報出成員_金額在戶代表_成員為零_自己讀得回去(run, session, tmp_path):
    desk, run_id = run  # noqa: F811
    payments.check_run(desk.who("officer"), run_id)
    row = session.get(PaymentRun, run_id)
    for finding in row.findings:
        if finding.severity == "soft" and finding.acknowledged_at is None:
            payments.acknowledge_finding(desk.who("officer"), finding.id, "已查明")
    payments.approve_run(desk.who("director"), run_id)
    payments.release_run(desk.who("accountant"), run_id)
    payment_results.write_files(desk.who("accountant"), run_id)
    path = tmp_path / "roster.csv"
    made = payment_roster.write_roster(desk.who("officer"), "10004", MONTH, BENEFIT, path)
    assert (made["rows"], made["amount"]) == (3, 9_833)
    delivery = read_delivery(path, "roster")
    assert (delivery.meta.rejected, delivery.meta.accepted) == (0, 3)
    rows = delivery.frame.select("person_id", "amount", "member_relation", "pay_unit", "class").rows()
    mother = desk.case.applicant.person_id
    assert sorted(rows, key=lambda row: (-row[1], row[0])) == [
        (mother, 9_833, "本人", "household", "3"), (person_id(800), 0, "子女", "household", "3"), (person_id(801), 0, "子女", "household", "3"),
    ]  # fmt: skip
    assert len(set(delivery.frame["household_no"])) == 1 and len(set(delivery.frame["rec_no"])) == 3


def test_清冊頁連到戶內人口_寫出誰領什麼(run, client_as):
    desk, run_id = run  # noqa: F811
    client = client_as("officer.10004")
    assert "戶內人口" in client.get(f"/payment_runs/show/{run_id}").text
    page = client.get("/payment_persons/list/").text
    assert "羅小華" in page and "就學生活補助費 6,825 元" in page and desk.case.applicant.person_id not in page, "ID numbers are masked"
