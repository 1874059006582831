"""舊資料匯入: an old system's register is read as a dry run, confirmed by another person, written once, and reported row by row."""

import csv
import datetime as dt
import io
import threading

import openpyxl
import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError

from app.commands import mappings, old_register
from app.commands.base import CommandError, Forbidden, NotFound, Refused
from app.commands.deliveries import home
from app.core import identity
from app.exchange import store
from app.exchange.internal import OLD_REGISTER
from app.exchange.layouts import LAYOUTS
from app.extensions import db
from app.jobs import lease, runner
from app.jobs import load as load_jobs
from app.models.audit import AuditEntry
from app.models.disability_card import DisabilityCard, DisabilityEvent
from app.models.job import FAILED, Job
from app.models.old_register import OldRegisterImport, OldRegisterLine
from app.models.person import Person
from app.rules.old_register import read_classes, read_expiry
from app.security import scope
from tests.casework.conftest import person_id
from tests.seed import HOME_TOWN, OTHER_TOWN

TITLES = (
    "身分證統一編號", "姓名", "出生日期", "性別", "鄉鎮市區", "戶籍地址", "手冊（證明）號碼", "舊制障礙類別", "新制障礙類別", "障礙等級", "鑑定日期", "核發日期",
    "有效期限", "重新鑑定日期", "致殘原因", "註銷日期", "註銷原因",
)  # fmt: skip
BASE = {
    "姓名": "范阿土", "出生日期": "0450203", "性別": "M", "鄉鎮市區": "竹北市", "戶籍地址": "新竹縣竹北市福坪里1鄰和順路1號", "舊制障礙類別": "05",
    "障礙等級": "中度", "鑑定日期": "1090101", "核發日期": "1090120", "有效期限": "1180119", "致殘原因": "疾病",
}  # fmt: skip


def row(n, **given):
    return {**BASE, "姓名": "范阿土" if n == 1 else f"范{n}號", "身分證統一編號": person_id(n), "手冊（證明）號碼": f"A{n:07d}", **given}


def as_csv(path, rows, titles):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, titles, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def as_xlsx(path, rows, titles):
    """A workbook as an office would save it: titles in the first row, every cell a text."""
    book = openpyxl.Workbook()
    book.active.append(titles)
    for r in rows:
        book.active.append([r.get(title) for title in titles])
    book.save(path)


WIDTHS = (10, 12, 7, 1, 9, 60, 10, 6, 6, 6, 7, 7, 8, 7, 10, 7, 20)
"""Bytes of each title's field in the old system's own file (CP950, lines of one length)."""


def as_fixed(path, rows, titles):
    lines = [b"".join(str(r.get(t, "")).encode("cp950").ljust(width) for t, width in zip(titles, WIDTHS, strict=True)) for r in rows]
    path.write_bytes(b"".join(line + b"\r\n" for line in lines))


CARRIERS = {"csv": as_csv, "xlsx": as_xlsx, "txt": as_fixed}


class Office:
    """The county's people at work with old files."""

    def __init__(self, app, actor, session, folder):
        self.app, self.actor, self.session, self.folder, self.files = app, actor, session, folder, 0
        load_jobs()

    def work(self):
        """A worker takes the next job, whatever the number of chunks."""
        self.session.rollback()
        held = lease.claim(db.engine, "worker", 30)
        assert held is not None
        runner.execute(self.app, held, threading.Event())
        self.session.rollback()
        return self.session.get_one(Job, held.job_id)

    def hand_in(self, rows, titles=TITLES, who="officer.10004", mapping=None, carrier="csv"):
        self.files += 1
        path = self.folder / f"old{self.files}.{carrier}"
        CARRIERS[carrier](path, rows, titles)
        kept, digest = store.keep(path, home())
        return old_register.hand_in(self.actor(who), kept, digest, f"舊系統.{carrier}", mapping)

    def dry_run(self, rows, **given):
        number = self.hand_in(rows, **given)
        job = self.work()
        assert job.state == "done", job.error
        return self.item(number)

    def take_in(self, rows):
        item = self.dry_run(rows)
        old_register.confirm(self.actor("director.10004"), item.id)
        job = self.work()
        assert job.state == "done", job.error
        return self.item(item.id)

    def item(self, number):
        self.session.expire_all()
        return self.session.get_one(OldRegisterImport, number)

    def said(self, item, row_no=2):
        line = self.session.scalars(select(OldRegisterLine).where(OldRegisterLine.import_id == item.id, OldRegisterLine.row_no == row_no)).one()
        return line.outcome or line.planned, line.said

    def cards(self, n=1):
        query = select(DisabilityCard).join(Person, Person.id == DisabilityCard.holder_id).where(Person.person_id == person_id(n))
        return self.session.scalars(query.order_by(DisabilityCard.issued_on)).all()

    def events(self, n=1):
        query = select(DisabilityEvent).join(Person, Person.id == DisabilityEvent.holder_id).where(Person.person_id == person_id(n))
        return self.session.scalars(query.order_by(DisabilityEvent.happened_on, DisabilityEvent.id)).all()

    def know(self, n=1, **given):
        values = {"name": "范阿土", "birth": dt.date(1956, 2, 3), "sex": "M", "county_code": "10004", "town_code": HOME_TOWN, **given}
        person = Person(person_id=person_id(n), **values)
        self.session.add(person)
        self.session.commit()
        return person.id

    def count(self, model):
        return self.session.scalar(select(func.count()).select_from(model))


@pytest.fixture
def office(app, actor, session, tmp_path):
    return Office(app, actor, session, tmp_path)


def nonzero(counts):
    return {name: number for name, number in counts.items() if number}


# -- dry run and run -------------------------------------------------------------------------------------------------------------
def test_the_dry_run_writes_nobody_and_no_card(office):
    office.know(1)
    people = office.count(Person)
    item = office.dry_run([row(1), row(2), row(3, 鄉鎮市區="板橋區"), row(1, 出生日期="0450204", **{"手冊（證明）號碼": "Z1"}, 核發日期="1000101", 鑑定日期="")])
    assert item.state == "checked" and item.row_count == 4
    assert nonzero(item.found) == {"joined": 1, "created": 1, "refused": 1, "question": 1}
    assert (office.count(Person), office.count(DisabilityCard), office.count(DisabilityEvent)) == (people, 0, 0)


def test_the_run_joins_and_creates_and_a_second_one_finds_everything_there(office):
    known = office.know(1)
    rows = [row(1), row(2, 鄉鎮市區=OTHER_TOWN, 有效期限="永久", 舊制障礙類別="", 新制障礙類別="7;1")]
    item = office.take_in(rows)
    assert (item.state, nonzero(item.done)) == ("done", {"joined": 1, "created": 1})
    (first,), (second,) = office.cards(1), office.cards(2)
    assert (first.holder_id, first.status, first.grade, first.classes, first.expires) == (known, "current", "moderate", "05", dt.date(2029, 1, 19))
    assert (second.town_code, second.permanent, second.expires, second.classes) == (OTHER_TOWN, True, None, "7、1")
    assert second.holder.registered_address == BASE["戶籍地址"] and second.holder.created_by_id == office.actor("director.10004").user_id
    before = [office.count(m) for m in (Person, DisabilityCard, DisabilityEvent)]
    again = office.take_in(rows)
    assert nonzero(again.done) == {"there": 2}
    assert [office.count(m) for m in (Person, DisabilityCard, DisabilityEvent)] == before


def test_a_repeated_run_keeps_what_the_first_did(office):
    """The worker died after the last chunk; somebody presses 重做."""
    item = office.dry_run([row(1)])
    old_register.confirm(office.actor("director.10004"), item.id)
    director = office.actor("director.10004")
    from app.commands.base import Context
    from app.security import scope as scopes

    with scopes.use(director.scope):
        ctx = Context(office.session, director)
        file = old_register.read(ctx, office.session, item.id)
        old_register.carry_out(ctx, item.id, file, file.rows)
        office.session.commit()
    assert office.work().state == "done"
    assert nonzero(office.item(item.id).done) == {"created": 1} and len(office.cards(1)) == 1


def test_an_older_card_becomes_history_and_the_newest_is_in_force(office):
    older = row(1, 核發日期="0950120", 鑑定日期="0950110", 有效期限="1000119", **{"手冊（證明）號碼": "B1"})
    item = office.take_in([row(1), older])
    assert nonzero(item.done) == {"created": 1, "joined": 1}
    old, new = office.cards(1)
    assert (old.card_no, old.status, old.ended_on, new.status) == ("B1", "replaced", dt.date(2020, 1, 20), "current")
    assert [(e.kind, e.card_no) for e in office.events(1)] == [("first", "B1"), ("reassessed", "A0000001")]


def test_an_older_issue_found_later_goes_behind_the_card_in_force(office):
    office.take_in([row(1)])
    item = office.take_in([row(1, 核發日期="0950120", 鑑定日期="0950110", 有效期限="1000119", **{"手冊（證明）號碼": "B1"})])
    assert nonzero(item.done) == {"joined": 1}
    assert [(c.card_no, c.status) for c in office.cards(1)] == [("B1", "replaced"), ("A0000001", "current")]


def test_a_number_kept_over_renewals_has_one_card_and_its_whole_timeline(office):
    earlier = row(1, 核發日期="0950120", 鑑定日期="0950110", 有效期限="1000119")
    office.take_in([earlier, row(1)])
    (card,) = office.cards(1)
    assert (card.issued_on, card.status) == (dt.date(2020, 1, 20), "current")
    assert [e.happened_on for e in office.events(1)] == [dt.date(2006, 1, 20), dt.date(2020, 1, 20)]
    assert nonzero(office.take_in([earlier, row(1)]).done) == {"there": 2}


def test_a_cancelled_card_is_cancelled_on_its_day_and_a_moved_one_moved(office):
    office.take_in([row(1, 註銷日期="1100301", 註銷原因="障礙事實消失"), row(2, 註銷日期="1100301", 註銷原因="遷出臺北市")])
    (one,), (two,) = office.cards(1), office.cards(2)
    assert (one.status, one.ended_on) == ("cancelled", dt.date(2021, 3, 1)) and two.status == "moved_out"
    assert [e.kind for e in office.events(1)] == ["first", "cancelled"] and "障礙事實消失" in office.events(1)[1].reason


# -- questions ---------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("known", "given", "outcome", "words"),
    [
        ({"birth": dt.date(1956, 2, 4)}, {}, "question", "出生日期與系統內的資料不同"),
        ({"name": "范阿水", "town_code": OTHER_TOWN}, {}, "joined", "姓名、鄉鎮市區與系統內的資料不同"),
        ({}, {"出生日期": "0450000"}, "question", "出生日期不完整"),
    ],
)
def test_the_same_number_is_joined_only_when_the_birth_agrees(office, known, given, outcome, words):
    office.know(1, **known)
    found, said = office.said(office.dry_run([row(1, **given)]))
    assert found == outcome and words in said


def test_the_same_name_and_birth_under_another_number_is_never_merged(office):
    office.know(9)
    item = office.take_in([row(1), row(2, 姓名="范阿金"), row(3, 姓名="范阿金"), row(4, 姓名="范阿木")])
    assert [office.said(item, n)[0] for n in (2, 3, 4, 5)] == ["question", "question", "question", "created"]
    assert "統號更正" in office.said(item, 2)[1] and not office.cards(9) and not office.cards(1)


def test_a_number_of_somebody_else_and_a_wrong_check_digit_are_questions(office):
    office.take_in([row(1)])
    good = person_id(3)
    wrong = good[:9] + str((int(good[9]) + 1) % 10)
    assert not identity.checksum_ok(wrong)
    item = office.dry_run([row(2, 姓名="范阿金", **{"手冊（證明）號碼": "A0000001"}), row(3, 姓名="范阿木", 身分證統一編號=wrong)])
    assert "號碼與另一人的相同" in office.said(item, 2)[1] and "檢查碼不符" in office.said(item, 3)[1]


def test_what_differs_from_the_card_in_force_is_asked_about(office):
    office.take_in([row(1)])
    newer = row(1, 核發日期="1120120", 有效期限="1180119", **{"手冊（證明）號碼": "C1"})
    for given, words in ((row(1, 障礙等級="重度"), "等級、類別或期限不同"), (row(1, 註銷日期="1110101"), "系統內仍有效"), (newer, "舊資料的較新")):
        found, said = office.said(office.dry_run([given]))
        assert found == "question" and words in said


# -- refused rows -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"鄉鎮市區": "板橋區"}, "不在本縣（市）"),
        ({"舊制障礙類別": "17"}, "不是規格內的代碼"),
        ({"舊制障礙類別": ""}, "請至少填一種"),
        ({"有效期限": ""}, "也沒有註明永久"),
        ({"有效期限": "1080119"}, "「有效期限」早於「核發日期」"),
        ({"核發日期": "1081301"}, "不是存在的日期"),
        ({"註銷日期": "1080101"}, "「註銷日期」早於「核發日期」"),
        ({"註銷原因": "死亡"}, "沒有「註銷日期」"),
        ({"障礙等級": "很重"}, "不是規格內的代碼"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused_and_says_why(office, given, words):
    found, said = office.said(office.dry_run([row(1, **given), row(2, 姓名="范阿木")]))
    assert found == "refused" and words in said


def test_classes_and_last_days_as_people_write_them():
    assert read_classes("5、１２", None) == (("05", "12"), "")
    assert read_classes(None, "9")[1] and read_classes("05", "7") == (("05", "7"), "")
    assert read_expiry("永久", None) == (None, True, "") and read_expiry("2029-01-19", "N") == (dt.date(2029, 1, 19), False, "")
    assert read_expiry("1180119", "Y")[2]


# -- who may ------------------------------------------------------------------------------------------------------------------------
def test_the_officer_hands_in_and_somebody_else_confirms(office):
    item = office.dry_run([row(1)])
    with pytest.raises(Forbidden):
        old_register.confirm(office.actor("officer.10004"), item.id)
    with pytest.raises(Forbidden):
        office.hand_in([row(1)], who="clerk.10004010")
    with pytest.raises(NotFound):
        old_register.confirm(office.actor("director.10005"), item.id)
    item = office.item(item.id)
    item.state, item.confirmed_by_id = "confirmed", item.entered_by_id
    with pytest.raises(IntegrityError):
        office.session.flush()
    office.session.rollback()


def test_another_county_sees_neither_the_import_nor_its_rows(office):
    office.dry_run([row(1)])
    office.session.expunge_all()
    for who in ("officer.10005", "clerk.10004010"):
        with scope.use(office.actor(who).scope):
            assert not office.session.scalars(select(OldRegisterImport)).all() and not office.session.scalars(select(OldRegisterLine)).all()


def test_nothing_to_import_is_not_confirmed_and_a_dropped_one_forgets_its_rows(office):
    item = office.dry_run([row(1, 鄉鎮市區="板橋區")])
    with pytest.raises(Refused, match="沒有可以匯入的列"):
        old_register.confirm(office.actor("director.10004"), item.id)
    old_register.drop(office.actor("officer.10004"), item.id, "檔案錯了")
    assert office.item(item.id).state == "dropped" and office.count(OldRegisterLine) == 0


def test_a_file_that_is_none_is_refused_with_its_reason(office):
    number = office.hand_in([{"甲": "1", "乙": "2"}], titles=("甲", "乙"))
    assert office.work().state == FAILED
    assert office.item(number).state == "received" and "欄位" in office.item(number).problem


def test_the_published_contract_does_not_know_the_old_register():
    assert "old_disability_register" not in LAYOUTS


def test_a_mapping_of_the_console_reads_other_titles_and_codes(office):
    body = {"columns": {"等級": "grade", "發證": "issue_date"}, "codes": {"grade": {"3": "severe"}}}
    mapping = mappings.save_mapping(office.actor("officer.10004"), "old_disability_register", "舊系統", body)
    titles = tuple({"障礙等級": "等級", "核發日期": "發證"}.get(t, t) for t in TITLES)
    item = office.dry_run([{**row(1), "等級": "3", "發證": "1090120"}], titles=titles, mapping=mapping)
    old_register.confirm(office.actor("director.10004"), item.id)
    assert office.work().state == "done" and office.cards(1)[0].grade == "severe"


@pytest.mark.parametrize("carrier", ["xlsx", "txt"])
def test_a_workbook_and_the_old_systems_own_fixed_width_file_are_taken_in_like_a_csv(office, carrier):
    mapping = None
    if carrier == "txt":
        fields = [f.name for f in OLD_REGISTER.fields if f.name != "permanent"]
        starts = [1 + sum(WIDTHS[:i]) for i in range(len(WIDTHS))]
        positions = {name: [start, width] for name, start, width in zip(fields, starts, WIDTHS, strict=True)}
        body = {"carrier": "fixed", "encoding": "cp950", "record_length": sum(WIDTHS), "positions": positions, "codes": {"grade": {"中度": "moderate"}}}
        mapping = mappings.save_mapping(office.actor("officer.10004"), "old_disability_register", "舊系統定長檔", body)
    item = office.dry_run([row(1), row(2, 有效期限="永久"), row(3, 鄉鎮市區="板橋區")], carrier=carrier, mapping=mapping)
    assert nonzero(item.found) == {"created": 2, "refused": 1}, [office.said(item, n) for n in range(1, 5)]
    old_register.confirm(office.actor("director.10004"), item.id)
    assert office.work().state == "done"
    ((first,), (second,)) = office.cards(1), office.cards(2)
    assert (first.holder.name, first.grade, first.classes, first.expires) == ("范阿土", "moderate", "05", dt.date(2029, 1, 19))
    assert (second.card_no, second.permanent, second.expires) == ("A0000002", True, None)
    assert first.holder.registered_address == BASE["戶籍地址"] and first.issued_on == dt.date(2020, 1, 20)


# -- screens ------------------------------------------------------------------------------------------------------------------------
def test_upload_dry_run_confirmation_and_report_on_screen(office, client_as):
    office.know(1)
    out = io.StringIO()
    writer = csv.DictWriter(out, TITLES)
    writer.writeheader()
    writer.writerows([row(1), row(2, 姓名="范阿木"), row(3, 鄉鎮市區="板橋區")])
    officer, director = client_as("officer.10004"), client_as("director.10004")
    answer = officer.post("/old_register/hand_in", data={"file": (io.BytesIO(out.getvalue().encode()), "舊系統.csv"), "mapping": ""})
    assert answer.status_code == 303
    page = answer.headers["Location"]
    assert "預檢中" in officer.get(page).text
    office.work()
    text = officer.get(page).text
    assert "這是預檢，還沒有寫入" in text and "不在本縣（市）" in text and person_id(1) not in text
    number = page.rstrip("/").rsplit("/", 1)[-1]
    assert officer.post(f"/old_register/move/{number}/confirm", data={}).status_code in (303, 403, 422)
    assert office.item(int(number)).state == "checked"
    assert director.post(f"/old_register/move/{number}/confirm", data={}).status_code == 303
    office.work()
    assert "匯入完成" in director.get(page).text
    report = officer.get(f"/old_register/report/{number}")
    sheet = openpyxl.load_workbook(io.BytesIO(report.data))["資料"]
    rows = list(sheet.iter_rows(values_only=True))
    assert [r[1] for r in rows[1:]] == ["退回", "新建個人資料", "併入現有的人"]
    assert client_as("clerk.10004010").get("/old_register/list/").status_code in (302, 403)


# -- tens of thousands ----------------------------------------------------------------------------------------------------------------
def test_five_thousand_rows_take_statements_by_the_chunk(office):
    rows = [row(n, 姓名=f"范{n}") for n in range(1, 5001)]
    item = office.dry_run(rows)
    old_register.confirm(office.actor("director.10004"), item.id)
    told = []

    def count(_connection, _cursor, statement, *_rest):
        told.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        assert office.work().state == "done"
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    assert nonzero(office.item(item.id).done) == {"created": 5000} and office.count(DisabilityCard) == 5000
    assert len(told) < 250, len(told)


def test_audit_rows_and_logs_hold_no_personal_data(office):
    office.take_in([row(1)])
    entries = office.session.scalars(select(AuditEntry).where(AuditEntry.event.like("old_register_import.%"))).all()
    assert {e.event.split(".")[1] for e in entries} == {"received", "check", "confirm", "written", "finish"}
    jobs = office.session.scalars(select(Job)).all()
    held = " ".join(str((e.details, e.subject_id)) for e in entries) + " ".join(str((j.args, j.checkpoint, j.result, j.scope)) for j in jobs)
    assert person_id(1) not in held and "范阿土" not in held


def test_a_command_error_is_what_a_wrong_mapping_gets(office):
    mapping = mappings.save_mapping(office.actor("officer.10004"), "disability_assessment", "別的", {"columns": {"編號": "assessment_no"}})
    with pytest.raises(CommandError, match="另一種資料來源"):
        office.hand_in([row(1)], mapping=mapping)
