"""A county's own file layouts: their bytes against expectations written by hand, and everything a bank or a second person would refuse."""

import datetime as dt
from dataclasses import replace

import pytest

from app.commands import channel_layouts, payer_settings, payment_files, payment_results, payments
from app.commands.base import Conflict, Forbidden, NotFound, Refused
from app.core import clock, roc
from app.extensions import db
from app.models.channel_layout import ChannelLayout
from app.payments import own_layout
from app.payments.fixed_width import RecordError
from app.payments.line import Payee
from app.payments.own_layout import Column, FileLayout, Frame
from app.rules import codec
from app.security import scope

from .county import ELA
from .making import MARCH, line, payee, person_id
from .test_ach import CLEARING, back

FRAME = Frame("10004-ELA-09803-01", dt.date(2009, 3, 31), MARCH, "老津09803", "新竹縣政府", "0040680000001234", "12345678")


def bank(number, name, amount=6000, institution="9310014", account="00123456789012"):
    return line(number, amount, payee=Payee("bank", person_id(number), name, institution, account))


def template(code="bank_fixed", **more):
    return replace(codec.from_plain(FileLayout, channel_layouts.templates()[code]["body"]), **more)


def said(layout):
    return [(f.part, f.row, f.field, f.message) for f in own_layout.faults(layout)]


# -- bytes ----------------------------------------------------------------------------------------------------------------------------


def test_records_of_fixed_width_are_these_bytes():
    made = own_layout.write(template(), [bank(1, "王大明"), bank(2, "陳美玉", 36000)], FRAME)
    assert made == b"".join(
        r + b"\r\n"
        for r in (
            b"1" + b"0980331" + b"0040680000001234" + b"12345678  " + "新竹縣政府".encode("cp950") + b" " * 30 + b" " * 26,
            b"2" + b"000001" + b"9310014" + b"0000123456789012" + person_id(1).encode() + "王大明".encode("cp950") + b" " * 14 + b"0000000600000"
            + "老津09803".encode("cp950") + b" " * 11 + b" " * 7,
            b"2" + b"000002" + b"9310014" + b"0000123456789012" + person_id(2).encode() + "陳美玉".encode("cp950") + b" " * 14 + b"0000003600000"
            + "老津09803".encode("cp950") + b" " * 11 + b" " * 7,
            b"3" + b"0000000002" + b"0000000004200000" + b" " * 73,
        )
    )  # fmt: skip


def test_csv_is_these_bytes():
    made = own_layout.write(template("farmers_csv"), [bank(7, "王大明"), bank(8, '王,"明', 36000)], FRAME)
    assert made.decode("cp950") == (
        "序號,金融機構代號,帳號,身分證統一編號,戶名,金額,附言\r\n"
        f"1,9310014,00123456789012,{person_id(7)},王大明,6000,老津09803\r\n"
        f'2,9310014,00123456789012,{person_id(8)},"王,""明",36000,老津09803\r\n'
    )
    assert own_layout.write(template("farmers_csv", encoding="utf-8-sig"), [], FRAME).startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [("date7", "value_date", b"0980331"), ("date8", "value_date", b"00980331"), ("ad8", "value_date", b"20090331"), ("right", "account", b"    00123456789012"),
     ("cents", "amount", b"000000600000"), ("whole", "amount", b"000000006000"), ("right", "amount", b"        6000"), ("right", "seq", b"   1")],
)  # fmt: skip
def test_each_way_of_writing(form, value, expected):
    layout = template(header=(), trailer=(), detail=(Column("x", value, form, len(expected)),))
    assert own_layout.write(layout, [bank(1, "王")], FRAME) == expected + b"\r\n"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"otherwise": "mark", "mark": "＊"}, "王＊明".encode("cp950")),
        ({"characters": (("堃", "fa40"),)}, "王".encode("cp950") + b"\xfa\x40" + "明".encode("cp950")),
        ({"characters": (("堃", "坤"),)}, "王坤明".encode("cp950")),
        ({"characters": (("堃", "KUN"),)}, "王KUN明".encode("cp950")),
    ],
)
@pytest.mark.parametrize("code", ["bank_fixed", "farmers_csv"])
def test_a_rare_character_is_written_as_the_county_decided(policy, expected, code):
    made = own_layout.write(template(code, **policy), [bank(1, "王堃明")], FRAME)
    assert expected in made
    if code == "bank_fixed":
        assert {len(r) for r in made.split(b"\r\n")[:-1]} == {100}


def test_a_name_without_a_way_to_write_it_refuses_the_file():
    with pytest.raises(RecordError, match="第 1 筆「戶名」有這個檔案寫不出的字「堃」"):
        own_layout.write(template(otherwise="refuse"), [bank(1, "王堃明")], FRAME)


def test_a_long_name_is_cut_between_characters_and_reported():
    layout = template(detail=tuple(replace(c, length=7) if c.source == "name" else c for c in template().detail))
    made = own_layout.write(replace(layout, header=(), trailer=(), record_length=87), [bank(1, "林阿里巴蘇亞")], FRAME)
    assert "林阿里".encode("cp950") + b" 00" in made
    from app.payments import rare_names

    assert [a.written.shown for a in rare_names.affected([bank(1, "林阿里巴蘇亞"), bank(2, "林阿里")], "cp950", layout.policy, 7)] == ["林阿里"]


@pytest.mark.parametrize(
    ("payee", "message"),
    [(Payee("bank", "X1", "王", "9310014", "1"), "不是身分證統一編號"), (Payee("bank", "J200000018", "王", "9310014", ""), "空白，請補登"),
     (Payee("bank", "J200000018", "王", "9310014", "1" * 17), "超過 16 碼"), (Payee("bank", "J200000018", "王", "9310014", "12-3"), "只能是數字"),
     (Payee("bank", "J200000018", "王", "９３１", "1"), "只能是半形")],
)  # fmt: skip
def test_what_does_not_fit_refuses_the_whole_file(payee, message):
    with pytest.raises(RecordError, match=message):
        own_layout.write(template(), [line(1), line(2, payee=payee)], FRAME)


@pytest.mark.parametrize("code", ["bank_fixed", "farmers_csv"])
def test_a_line_break_in_a_name_does_not_make_two_records_of_one(code):
    with pytest.raises(RecordError, match="第 1 筆「戶名」有換行或控制字元"):
        own_layout.write(template(code), [bank(1, "王\r\n大明")], FRAME)


def test_lines_go_to_the_layout_of_their_institution_then_to_the_one_for_all():
    lines = [bank(1, "甲", institution="9310014"), bank(2, "乙", institution="0040680"), line(3), line(4, channel="cash")]
    every, farmers = template(), template(institutions=("931",))
    taken, rest = own_layout.split([every, farmers], lines)
    assert [[x.line_no for x in t] for t in taken] == [[2], [1]] and [x.line_no for x in rest] == [3, 4]
    assert [x.line_no for x in own_layout.split([template(covers="post")], lines)[0][0]] == [3]


# -- faults ---------------------------------------------------------------------------------------------------------------------------


def with_column(at, **more):
    detail = template().detail
    return template(detail=(*detail[:at], replace(detail[at], **more), *detail[at + 1 :]))


@pytest.mark.parametrize(
    ("layout", "place", "message"),
    [
        (template(record_length=0), ("", -1, "record_length"), "請填每筆的位元組數"),
        (template(record_length=101), ("header", -1, ""), "各欄合計 100 位元組，與每筆 101 位元組不符，少 1"),
        (template(institutions=("93",)), ("", -1, "institutions"), "「93」不是 3 碼"),
        (template(covers="post", institutions=("931",)), ("", -1, "institutions"), "請留白"),
        (template(mark="堃"), ("", -1, "mark"), "寫得出的字"),
        (template(characters=(("堃", "FA3F"),)), ("", -1, "characters"), None),
        (template(characters=(("堃", ""),)), ("", -1, "characters"), "4 碼十六進位"),
        (template(characters=(("王", "FA40"),)), ("", -1, "characters"), "不需要代替"),
        (template(characters=(("王堃", "FA40"),)), ("", -1, "characters"), "不是一個字"),
        (template("farmers_csv", delimiter="|"), ("", -1, "delimiter"), "切成兩欄"),
        (template(detail=()), ("detail", -1, ""), "還沒有欄位"),
        (template(detail=template().detail[:4]), ("detail", -1, ""), "缺少必要的欄位：金額"),
        (with_column(1, source="nonsense"), ("detail", 1, "source"), "請選擇這一欄的內容"),
        (with_column(1, source="total", form="whole", length=9), ("detail", 1, "source"), "寫在首錄或尾錄"),
        (with_column(6, form="left"), ("detail", 6, "form"), "可用的寫法"),
        (with_column(3, length=13), ("detail", 3, "length"), "至少要 14 位元組"),
        (with_column(5, label=""), ("detail", 5, "label"), "請填欄名"),
        (with_column(0, value=""), ("detail", 0, "value"), "請填固定文字"),
        (with_column(0, value="堃"), ("detail", 0, "value"), "寫不出的字"),
    ],
)
def test_a_fault_stands_at_its_field(layout, place, message):
    found = [f for f in said(layout) if f[:3] == place]
    if message is None:  # FA3F is no cell, but text that Big5 can write
        assert not found
    else:
        assert any(message in f[3] for f in found), said(layout)


def test_the_delivered_layouts_have_no_fault():
    assert [said(template(code)) for code in channel_layouts.templates()] == [[], []]


# -- in force by a second person, used by a register -----------------------------------------------------------------------------------


def in_force(county, name="竹北市農會", from_=dt.date(2009, 1, 1), **more):
    pk = channel_layouts.create(county.officer, name, "farmers_csv")
    channel_layouts.save_draft(county.officer, pk, template("farmers_csv", **{"institutions": ("931",)} | more), from_)
    channel_layouts.propose(county.officer, pk)
    channel_layouts.activate(county.director, pk)
    return pk


def chosen(county, *names):
    county.setting(**CLEARING)
    with scope.use(scope.SYSTEM):
        from app.models.payment_run import PayerSetting

        pk = db.session.query(PayerSetting.id).filter_by(town_code="10004", benefit=ELA).scalar()
        db.session.rollback()
    payer_settings.change_payer_setting(county.director, pk, own_layouts=list(names))


def four_channels(county):
    for number, channel in enumerate(("post", "bank", "ach", "cash"), 1):  # "ach" is an account at 竹北市農會
        county.award(number, pay=payee(number, channel))


def test_one_register_goes_out_through_four_channels_and_the_credits_come_back(county):
    in_force(county)
    chosen(county, "竹北市農會")
    four_channels(county)
    run_id = county.build()
    payments.check_run(county.officer, run_id)
    shown = payment_files.preview(county.officer, run_id)
    assert sorted(title for title, _ in shown.files) == ["ACH 代付檔", "印領清冊", "竹北市農會　第 1 版", "郵局媒體轉存檔"]
    county.approved(run_id)
    payments.release_run(county.accountant, run_id)
    files = {f.kind: f for f in payment_results.write_files(county.accountant, run_id)}
    assert {k: (f.line_count, f.total) for k, f in files.items()} == dict.fromkeys(("post_office", "ach", "own", "cash_list"), (1, 6000))
    run = county.run(run_id)
    own = payment_files.content_of(run.run_no, files["own"]).decode("cp950")
    assert own.splitlines()[1].startswith(f"1,9310014,0000003,{person_id(3)},王3,6000,")
    credits = payment_files.content_of(run.run_no, files["ach"])
    assert person_id(2).encode() in credits and person_id(3).encode() not in credits
    county.take_in(run_id, back([(1, b"0040680", b"0000000000000002", 6000, person_id(2).encode(), b"22")], run=run.run_no.replace("-", "")))
    assert {x.person_id: x.status for x in county.lines(run_id)}[person_id(2)] == "returned", "the first credit is the line of the other bank"
    sheets, _, _, count = payment_files.delivery_slips(county.accountant, run_id)
    assert count == 3 and {s.grand[1] for s in sheets[0]} == {"6,000 元"} and any("委託郵局代存總表" in s.title for s in sheets[0])


def test_the_check_lists_whose_name_the_file_cannot_hold_and_a_refusing_policy_blocks(county):
    in_force(county)
    in_force(county, "關西鎮農會", institutions=("929",), otherwise="refuse")
    chosen(county, "竹北市農會", "關西鎮農會")
    county.award(1, pay=Payee("bank", person_id(1), "王堃", "9310014", "1" * 14))
    county.award(2, pay=Payee("bank", person_id(2), "李喆", "9290019", "2" * 14))
    county.award(3, pay=Payee("bank", person_id(3), "陳明", "9290019", "3" * 14))
    run_id = county.build()
    payments.check_run(county.officer, run_id)
    found = {f.line_no: f for f in county.run(run_id).findings if f.code == "rare_name"}
    assert {no: f.severity for no, f in found.items()} == {1: "soft", 2: "hard"}
    assert "戶名「王堃」的「堃」檔案寫不出，改寫成「王＊」" in found[1].message and found[1].award_id
    with pytest.raises(Refused, match="寫不出的字「喆」"):
        payment_files.preview(county.officer, run_id)
    county.confirm_all(run_id)
    with pytest.raises(Refused):
        payments.approve_run(county.director, run_id)
    payments.withhold_line(county.officer, run_id, 2, "洽農會造字碼")
    county.approved(run_id)
    payments.release_run(county.accountant, run_id)
    assert len(payment_results.write_files(county.accountant, run_id)) == 2


def test_nobody_puts_his_own_layout_in_force_and_nothing_faulty_gets_there(county):
    pk = channel_layouts.create(county.director, "土地銀行", "bank_fixed")
    with pytest.raises(Refused, match="請填施行日期"):
        channel_layouts.propose(county.director, pk)
    channel_layouts.save_draft(county.director, pk, template(record_length=99), dt.date(2009, 3, 1))
    with pytest.raises(Refused, match="與每筆 99 位元組不符"):
        channel_layouts.propose(county.director, pk)
    channel_layouts.save_draft(county.director, pk, template(), dt.date(2009, 3, 1))
    channel_layouts.propose(county.director, pk)
    with pytest.raises(Refused, match="不能修改"):
        channel_layouts.save_draft(county.director, pk, template(), dt.date(2009, 3, 1))
    with pytest.raises(Refused, match="同一人不可以"):
        channel_layouts.activate(county.director, pk)
    with pytest.raises(Refused, match="沒有生效的版本"):
        chosen(county, "土地銀行")
    channel_layouts.activate(county.accountant, pk)
    with pytest.raises(Refused, match="不能「"):
        channel_layouts.activate(county.accountant, pk)
    chosen(county, "土地銀行")


def test_a_later_version_follows_on_its_day_and_a_day_without_a_version_stops_the_register(county):
    first = in_force(county, from_=dt.date(2009, 3, 1))
    second = channel_layouts.new_version(county.officer, first)
    with pytest.raises(Refused, match="已有一版正在撰寫"):
        channel_layouts.new_version(county.officer, first)
    channel_layouts.save_draft(county.officer, second, template("farmers_csv"), dt.date(2009, 3, 1))
    with pytest.raises(Refused, match="重疊"):
        channel_layouts.propose(county.officer, second)
    channel_layouts.save_draft(county.officer, second, template("farmers_csv"), dt.date(2009, 4, 1))
    channel_layouts.propose(county.officer, second)
    channel_layouts.activate(county.director, second)
    chosen(county, "竹北市農會")
    county.award(3, pay=payee(3, "ach"))

    def used(value_date):
        run = county.run(county.build(value_date=value_date))
        try:
            with scope.use(scope.SYSTEM):
                setting = payer_settings.payer_setting(db.session(), ELA, "10004")
                return [v.id for v in channel_layouts.versions_of(db.session(), run, setting)]
        finally:
            payments.cancel_run(county.officer, run.id, "試")

    assert used(dt.date(2009, 3, 31)) == [first] and used(dt.date(2009, 4, 1)) == [second]
    run_id = county.build(value_date=dt.date(2009, 2, 27))
    payments.check_run(county.officer, run_id)
    assert [f.severity for f in county.run(run_id).findings if f.code == "file"] == ["hard"]


def test_a_version_put_in_force_after_the_release_neither_changes_nor_stops_the_file(county):
    first = in_force(county)
    chosen(county, "竹北市農會")
    county.award(3, pay=payee(3, "ach"))
    run_id = county.approved(county.build(value_date=dt.date(2009, 3, 31)))
    payments.release_run(county.accountant, run_id)
    with clock.frozen(dt.date(2009, 3, 24)):
        second = channel_layouts.new_version(county.officer, first)
        channel_layouts.save_draft(county.officer, second, template("farmers_csv", institutions=("931",), headings=False), dt.date(2009, 3, 25))
        channel_layouts.propose(county.officer, second)
        channel_layouts.activate(county.director, second)
        assert [f.layout_id for f in payment_results.write_files(county.accountant, run_id)] == [first]


def test_layouts_named_alike_do_not_overwrite_each_others_files(county):
    in_force(county, "bank")  # as the list for all other banks is called
    in_force(county, "甲 乙", institutions=("929",))
    in_force(county, "甲_乙", institutions=("006",))
    chosen(county, "bank", "甲 乙", "甲_乙")
    county.setting(own_layouts=["bank", "甲 乙", "甲_乙"])  # not through the clearing house
    for number, institution in enumerate(("9310014", "9290019", "0060567", "0040680"), 1):
        county.award(number, pay=Payee("bank", person_id(number), f"王{number}", institution, str(number) * 14))
    run_id = county.filed(county.build())
    run = county.run(run_id)
    assert len(run.files) == 4
    for f in run.files:
        assert payment_files.content_of(run.run_no, f), "the bytes of each are its own"


def test_a_foreign_county_and_a_township_write_nothing(county, actor):
    pk = in_force(county)
    with pytest.raises((NotFound, Forbidden, Refused)):
        channel_layouts.new_version(actor("officer.10005"), pk)
    with pytest.raises((Forbidden, Refused)):
        channel_layouts.create(actor("clerk.10004010"), "我的", "farmers_csv")


def test_the_form_somebody_else_saved_meanwhile_is_not_overwritten(county):
    pk = channel_layouts.create(county.officer, "竹東農會", "farmers_csv")
    with clock.frozen(dt.date(2009, 3, 22)), scope.use(scope.SYSTEM):
        seen = db.session.get(ChannelLayout, pk).version
        db.session.rollback()
    channel_layouts.save_draft(county.officer, pk, template("farmers_csv"), None, seen_version=seen)
    with pytest.raises(Conflict):
        channel_layouts.save_draft(county.director, pk, template("farmers_csv", mark="？"), None, seen_version=seen)


def test_month_as_five_digits():
    layout = template(header=(), trailer=(), detail=(Column("月", "month", "left", 5),))
    assert own_layout.write(layout, [bank(1, "王")], FRAME) == roc.month5(MARCH).encode() + b"\r\n"
