"""Result files that must not count: cut off, foreign, of another register, with other amounts or totals. Each is refused with its reason, nothing is half applied."""

import pytest
from sqlalchemy import func, select

from app.commands.base import Refused
from app.extensions import db
from app.models.audit import AuditEntry
from app.models.payment import PaymentLine
from app.models.payment_run import PaymentRun, ResultFile
from app.security import scope

from .making import MARCH, person_id


@pytest.fixture
def sent(county):
    """A register of three whose files left, and the true answer to it as lines of text."""
    for number in (1, 2, 3):
        county.award(number)
    run = county.filed(county.build())
    return run, county.result(run, {2: "22"}).decode("utf-8-sig").splitlines()


def state():
    """All that a result could change."""
    with scope.use(scope.SYSTEM):
        db.session.rollback()
        lines = db.session.execute(select(PaymentLine.id, PaymentLine.status, PaymentLine.return_code).order_by(PaymentLine.id)).all()
        runs = db.session.execute(select(PaymentRun.id, PaymentRun.state, PaymentRun.version).order_by(PaymentRun.id)).all()
        counts = [db.session.scalar(select(func.count()).select_from(m)) for m in (ResultFile, AuditEntry)]
    return lines, runs, counts


def bad(rows):
    """Name → (content, what is said)."""
    head, first, second, third = rows
    text = lambda *kept: "\r\n".join(kept).encode("utf-8-sig")  # noqa: E731
    return {
        "cut in a row": (text(*rows)[:-12], "不合格式|讀取"),
        "cut in the heading": (text(head)[:25], "讀取|欄位"),
        "empty": (b"", "讀取"),
        "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "讀取"),
        "somebody else's table": (text("姓名,電話", "王大明,03-0000000"), "讀取|欄位"),
        "another register": (text(head, *(r.replace(r.split(",")[0], "10004-ELA-09802-01") for r in (first, second, third))), "是清冊 10004-ELA-09802-01 的結果"),
        "an unknown line": (text(*rows, third.replace(",3,", ",9,", 1)), "清冊沒有第 9 筆"),
        "another person": (text(head, first.replace(person_id(1), person_id(3)), second, third), "統一編號與清冊第 1 筆不同"),
        "another amount": (text(head, first, second, third.replace(",6000,", ",600,")), "金額 600 元"),
        "a line twice": (text(*rows, first), "出現兩次|重複|不合格式"),
        "totals that differ": (text(*rows, "合計,,,17000,,,"), "合計是 17,000 元，各列相加是 18,000 元"),
    }  # fmt: skip


def test_a_result_file_that_does_not_fit_is_refused_whole(county, sent):
    run, rows = sent
    before = state()
    for name, (content, said) in bad(rows).items():
        with pytest.raises(Refused, match=said) as refused:
            county.take_in(run, content)
        assert state() == before, f"{name} left something behind"
        assert len(refused.value.message) > 10
    taken = county.take_in(run, "\r\n".join([*rows, "合計,,,18000,,,"]).encode("utf-8-sig"))
    assert taken.complete and sorted(x.status for x in county.lines(run)) == ["credited", "credited", "returned"]


def test_the_answer_of_one_month_is_not_taken_for_another(county, sent):
    run, rows = sent
    april = county.filed(county.build(MARCH + 1))
    before = state()
    with pytest.raises(Refused, match="請選正確的檔案"):
        county.take_in(april, "\r\n".join(rows).encode("utf-8-sig"))
    assert state() == before
    assert county.take_in(run, "\r\n".join(rows).encode("utf-8-sig")).complete
    again = state()
    assert county.take_in(run, "\r\n".join(rows).encode("utf-8-sig")).repeated == 3 and state() == again
    with pytest.raises(Refused, match="先前已登錄為入帳"):
        county.take_in(run, "\r\n".join([rows[0], rows[1].replace("credited,,", "returned,04,")]).encode("utf-8-sig"))
    assert state() == again
