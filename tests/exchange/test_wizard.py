"""The upload step by step: undecidable encodings, mappings kept and remembered, what must be confirmed, and whose upload it is."""

import pytest
from sqlalchemy import select

from app.exchange.layouts import layout
from app.models.exchange import Batch
from app.models.mapping import ExchangeMapping
from app.models.upload import Upload
from tests.exchange.making import rows, write_csv
from tests.exchange.test_screens import start, upload

LABELS = {f.name: f.label for f in layout("roster", "elderly_living_allowance").fields}
KIND = "elderly_living_allowance"


def month(number, count=10, **changes):
    """Rows of one month, their pay months with it."""
    return rows(count=count, ref_month=number, pay_month_from=number, pay_month_to=number, **changes)


def test_an_undecidable_encoding_is_the_uploaders_choice_and_nothing_is_replaced(client_as, session, tmp_path):
    path = write_csv(tmp_path / "a.csv", rows(), "cp950")
    lines = path.read_bytes().split(b"\n")
    lines[3] = lines[3].replace("林阿土".encode("cp950"), b"\xff\xff\xff").replace("黃秀英".encode("cp950"), b"\xff\xff\xff")
    path.write_bytes(b"\n".join(lines))
    officer = client_as("officer.10004")
    preview = start(officer, path, kind=KIND).location
    page = officer.get(preview).text
    assert "解不開的位元組" in page and "第 4 行" in page
    what = {"source": "roster", "kind": KIND, "mode": "new", "encoding": "cp950", "next": "check"}
    check = officer.post(preview, data=what).location
    page = officer.get(check).text
    assert "bytes_unknown" in page
    done = officer.post(check)
    assert "收下 9 列，退回 1 列" in officer.get(done.location).text


def test_strange_titles_are_mapped_once_and_remembered(client_as, session, tmp_path):
    strange = {name: f"欄{i}" for i, name in enumerate(LABELS)}
    strange |= {"rec_no": "序號", "amount": "金額", "county_code": "縣市代碼"}
    officer = client_as("officer.10004")
    first = start(officer, write_csv(tmp_path / "a.csv", month("09803"), titles=strange), kind=KIND).location
    page = officer.get(first).text
    assert "還沒有對應到的必要欄位" in page and "身分證統一編號" in page
    mapping = first.replace("/preview", "/mapping")
    assert "指定欄位" in officer.get(mapping).text
    twice = {"mapping": "new", "name": "縣府系統", "column_5": "person_id", "column_6": "person_id"}
    assert "選了兩次" in officer.post(mapping, data=twice).text
    chosen = {"mapping": "new", "name": "縣府系統"} | {f"column_{i}": name for i, name in enumerate(rows()[0])}
    assert officer.post(mapping, data={**chosen, "name": ""}).status_code == 200
    check = officer.post(mapping, data=chosen).location
    assert "可收" in officer.get(check).text
    assert officer.post(check).status_code == 303
    session.rollback()
    kept = session.scalars(select(ExchangeMapping)).one()
    assert (kept.state, kept.version, kept.tested_accepted, kept.county_code) == ("in_use", 1, 10, "10004")
    again = start(officer, write_csv(tmp_path / "b.csv", month("09804"), titles=strange), kind=KIND).location
    assert "還沒有對應到的必要欄位" not in officer.get(again).text
    batch = session.scalars(select(Batch)).one()
    assert batch.mapping == "縣府系統 第 1 版" and batch.accepted == 10
    stranger = client_as("officer.10005")
    assert stranger.get(f"/mappings/show/{kept.id}").status_code == 404


def test_what_is_remarkable_needs_a_reason_which_is_kept(client_as, session, tmp_path):
    officer = client_as("officer.10004")
    assert upload(officer, write_csv(tmp_path / "a.csv", month("09803"))).status_code == 303
    swing = write_csv(tmp_path / "b.csv", month("09804", 14))
    refused = upload(officer, swing)
    assert refused.status_code == 422 and "多 40%" in refused.text and "填寫理由" in refused.text
    done = upload(officer, swing, reason="八月起擴大補助對象")
    page = officer.get(done.location).text
    assert "八月起擴大補助對象" in page
    session.rollback()
    batch = session.scalars(select(Batch).order_by(Batch.id.desc())).first()
    assert {code for code, _ in batch.concerns} == {"swing_rows", "swing_amount"}
    same = upload(officer, write_csv(tmp_path / "c.csv", month("09805", 14)))
    assert same.status_code == 422 and "完全相同" in same.text
    jump = upload(officer, write_csv(tmp_path / "d.csv", month("09812", 14)))
    assert jump.status_code == 422 and "沒有送件" in jump.text
    mixed = upload(officer, write_csv(tmp_path / "e.csv", [*month("09805", 29), month("09805", 30, data_kind="parking_permit")[-1]]))
    assert mixed.status_code == 422 and "混入別的檔案" in mixed.text
    session.rollback()
    assert len(session.scalars(select(Batch)).all()) == 2


def test_content_that_was_taken_back_is_pointed_out_when_it_comes_again(client_as, session, tmp_path):
    officer = client_as("officer.10004")
    path = write_csv(tmp_path / "a.csv", rows())
    number = upload(officer, path).location.rsplit("/", 1)[1]
    officer.post(f"/batches/move/{number}/undo", data={"comment": "誤送"})
    refused = upload(officer, path)
    assert refused.status_code == 422 and "誤送舊檔" in refused.text
    assert upload(officer, path, reason="確認是正確的檔案").status_code == 303


def test_an_upload_is_its_owners_and_survives_leaving(client_as, session, tmp_path):
    officer = client_as("officer.10004")
    preview = start(officer, write_csv(tmp_path / "名冊.csv", rows())).location
    assert "名冊.csv" in officer.get("/upload/").text
    for other in ("officer2.10004", "officer.10005", "ministry"):
        client = client_as(other)
        for step in ("preview", "mapping", "check"):
            assert client.get(preview.replace("/preview", f"/{step}")).status_code == 404
        assert "名冊.csv" not in client.get("/upload/").text
    back = client_as("officer.10004")
    assert "10004" in back.get(preview).text and back.get(preview.replace("/preview", "/check")).status_code == 200
    assert back.post(preview.replace("/preview", "/drop")).status_code == 303
    session.rollback()
    assert session.scalars(select(Upload)).one().state == "abandoned"
    assert not session.scalars(select(Batch)).all()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<html><table></table></html>", "其實是網頁"),
        (b"%PDF-1.4", "PDF"),
        (b"PK\x03\x04 broken", "損壞"),
        (b"", "空的"),
        (b"a,b\n1,2\n", "欄位名稱"),
    ],
)
def test_bad_files_say_what_to_do_at_the_first_look(client_as, session, tmp_path, content, sentence):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    officer = client_as("officer.10004")
    page = officer.get(start(officer, path).location)
    assert page.status_code == 200 and sentence in page.text


def test_mappings_are_edited_tested_and_versioned_in_the_console(client_as, session, tmp_path):
    officer = client_as("officer.10004")
    assert "新增格式對照" in officer.get("/mappings/list/").text
    wrong = officer.post("/mappings/write", data={"name": "固定", "source": "custody", "positions": "person_id 1 10"})
    assert wrong.status_code == 422 and "第 1 行" in wrong.text
    form = {
        "name": "固定", "source": "custody", "carrier": "fixed", "encoding": "cp950", "record_length": "45",
        "positions": "record_no=1,8\nperson_id=9,10\nname=19,8\nbirth=27,7\nkind=34,4\nfrom_date=38,7", "codes": "kind:監獄=prison",
        "characters": "FA40=堃",
    }  # fmt: skip
    show = officer.post("/mappings/write", data=form).location
    number = show.rsplit("/", 1)[1]
    assert officer.post(f"/mappings/move/{number}/use", data={}).status_code in (303, 422)
    session.rollback()
    assert session.scalars(select(ExchangeMapping)).one().state == "draft"
    line = b"J0000001" + b"A123456789" + "王小".encode("cp950") + b"\xfa\x40" + b"  " + b"0200101" + "監獄".encode("cp950") + b"0970531"
    sample = tmp_path / "s.txt"
    sample.write_bytes(line.ljust(45)[:45] + b"\n")
    with sample.open("rb") as file:
        tried = officer.post(f"/mappings/try/{number}", data={"file": (file, "s.txt")}, content_type="multipart/form-data")
    assert "可收 1 列" in officer.get(tried.location).text
    assert officer.post(f"/mappings/move/{number}/use", data={}).status_code == 303
    session.rollback()
    assert session.scalars(select(ExchangeMapping)).one().state == "in_use"
    officer.post("/mappings/write", data=form | {"record_length": "50"})
    session.rollback()
    assert [(m.version, m.state) for m in session.scalars(select(ExchangeMapping).order_by(ExchangeMapping.version))] == [(1, "in_use"), (2, "draft")]
