"""Letters and lists as PDF: what is data stays data, what no font has is said, what cannot be printed is refused in words."""

import datetime as dt
import io
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest

from app.core import roc
from app.payments import signature_pdf
from app.payments.cash_list import Heading
from app.payments.line import Line, Payee
from app.printing import fonts, render
from app.printing.documents import Letter, Section, mark, numbered

NOON = dt.datetime(2026, 11, 21, 4)
FOLDERS = [Path("/usr/local/share/fonts"), Path("/usr/share/fonts")]


@pytest.fixture(scope="module")
def here():
    return fonts.find(FOLDERS)


def text_of(pdf):
    """The pages' texts without blanks (the typesetter spaces figures from characters)."""
    return ["".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def letter(**changed):
    plain = Letter(
        agency="新竹縣政府", title="核定通知書", contact=("電話：03-5518101",), receiver="彭水木 君", receiver_address="新竹縣竹北市福坪里1鄰1號",
        date="中華民國115年11月21日", number="府社老字第1150000001號", subject="核定臺端請領津貼，請查照。",
        party=(("姓名", "彭水木", False), ("性別", "男", False)), sections=(Section("說明", numbered(["依申請書辦理。", "按月發給。"])),),
        remedy=numbered(["得提起訴願。"]), copies=("正本：彭水木 君",), head_title="縣長", head_name="鍾○○",
    )  # fmt: skip
    return replace(plain, **changed)


def lines(count, town="10004010", channel="cash", address="新竹縣竹北市福坪里1鄰和順路1號"):
    return [
        Line(n, n, n, f"J1{n:08d}", f"彭水{n}", town, 6000, 23990, 23990, Payee(channel, f"J1{n:08d}", f"彭水{n}"), address=address)
        for n in range(1, count + 1)
    ]


HEADING = Heading("新竹縣政府", "中低收入老人生活津貼", roc.month(115, 3), "10004-ELA-11503-01", "ab" * 32, NOON, {"10004010": "竹北市", "10004020": "竹東鎮"})


def test_a_name_that_looks_like_markup_is_printed_as_written(here):
    names = ['#import "x": *', "*粗*_斜_`碼`", "$x^2$", "@參照 <標>", "\\u{41} #{1+1}", "[括]{弧}", "// 註 /* 註 */"]
    letters = [letter(receiver=name, party=(("姓名", name, False), ("性別", "男", False)), subject=f"致{name}") for name in names]
    for name, page in zip(names, text_of(render.letters(letters, here, NOON)), strict=True):
        assert page.count("".join(name.split())) == 3


def test_rare_characters_of_the_national_set_have_their_glyphs(here):
    names = ["彭堃喆", "𠀀𤧟", "𪚥䶮", "陳﨑"]
    for name, page in zip(names, text_of(render.letters([letter(receiver=name) for name in names], here, NOON)), strict=True):
        assert f"受文者：{name}" in page and "罕用字" not in page


def test_a_user_defined_character_is_never_printed_as_a_box_but_named_at_the_foot(here):
    pages = text_of(render.letters([letter(receiver="王\ue01f明"), letter(receiver="王\U00031f00明"), letter()], here, NOON))
    assert "受文者：王〓明" in pages[0] and "含罕用字，請人工確認：王〓明（U+E01F）" in pages[0]
    assert "含罕用字，請人工確認：王〓明（U+31F00）" in pages[1]
    assert "罕用字" not in pages[2] and "〓" not in pages[2]


def test_the_countys_own_font_prints_its_own_characters(here, tmp_path):
    from app.printing import glyphs

    plus = next((p for p in here.files if "Kai-98" in p.name), None) or here.files[0]
    (tmp_path / "eudc.ttf").symlink_to(plus)
    own = fonts.find(FOLDERS, tmp_path)
    assert own.own == ((glyphs.family(plus), tmp_path / "eudc.ttf"),)
    code = next((chr(c) for c in range(0xE000, 0xF900) if chr(c) in glyphs.coverage(plus)), None)
    if code is not None:
        assert not own.lacks(code) and here.lacks(code)
    assert own.lacks("\uf8fe") or "\uf8fe" in glyphs.coverage(plus)


def test_without_a_chinese_font_nothing_is_printed_and_the_package_is_named(tmp_path):
    with pytest.raises(fonts.NoChineseFont, match="fonts-cns11643-kai"):
        fonts.find([tmp_path])


def test_every_letter_counts_its_own_pages(here):
    long = letter(sections=(Section("說明", numbered([f"第{n}項理由如下，家庭總收入超過規定標準，詳如附表所列。" * 3 for n in range(24)])),))
    pages = text_of(render.letters([long, letter()], here, NOON))
    assert len(pages) >= 3 and pages[0].endswith(f"第1頁，共{len(pages) - 1}頁") and pages[-1].endswith("第1頁，共1頁")


def test_the_same_letter_gives_the_same_bytes(here):
    assert render.letters([letter()], here, NOON) == render.letters([letter()], here, NOON)


def test_paragraphs_are_counted_in_chinese():
    assert [mark(n) for n in (1, 10, 11, 20, 23)] == ["一、", "十、", "十一、", "二十、", "二十三、"]
    assert numbered(["只有一項"]) == (("", "只有一項"),)


def test_a_signature_list_has_page_totals_the_grand_total_in_words_and_seal_boxes(here):
    (sheets,) = signature_pdf.volumes(HEADING, lines(30))
    pages = text_of(render.lists(sheets, here, NOON))
    counts = [len(p.rows) for p in sheets[0].pages]
    assert sum(counts) == 30 and len(counts) > 1
    for count, page in zip(counts, pages, strict=False):
        assert f"本頁小計{count}筆{count * 6000:,}" in page and "竹北市中低收入老人生活津貼印領清冊" in page and "簽章" in page
    assert "總計30筆180,000" in pages[-1] and "壹拾捌萬元整" in pages[-1]
    assert all(seal in pages[-1] for seal in ("承辦", "主管", "主計", "機關首長"))


def test_long_addresses_take_rows_off_the_page_and_every_total_stays_with_its_rows(here):
    long = "新竹縣竹北市福坪里1鄰和順路一段二百三十巷四十五弄六十七號八樓之九（社會住宅和順安居B棟管理室代收）"
    (sheets,) = signature_pdf.volumes(HEADING, lines(40, address=long))
    pages = text_of(render.lists(sheets, here, NOON))
    assert len(sheets[0].pages) == sum("本頁小計" in page for page in pages)
    assert len(pages) <= len(sheets[0].pages) + 1
    assert all(sum(row[0] in page for row in p.rows) == len(p.rows) for p, page in zip(sheets[0].pages, pages, strict=False))


def test_each_township_has_its_own_list_and_only_cash_is_signed_for():
    mixed = lines(3) + [replace(x, line_no=x.line_no + 10, town_code="10004020") for x in lines(2)] + [replace(x, line_no=99) for x in lines(1, channel="post")]
    (sheets,) = signature_pdf.volumes(HEADING, mixed)
    assert [(s.title.split("　")[1], s.grand[2], s.grand[4]) for s in sheets] == [
        ("竹北市中低收入老人生活津貼印領清冊", "3 筆", "18,000"), ("竹東鎮中低收入老人生活津貼印領清冊", "2 筆", "12,000"),
    ]  # fmt: skip
    assert signature_pdf.volumes(HEADING, lines(2, channel="post")) == []


def test_more_lines_than_a_volume_make_volumes_that_repeat_nothing():
    made = signature_pdf.volumes(HEADING, lines(signature_pdf.LINES_A_VOLUME + 7))
    assert [sum(len(p.rows) for s in v for p in s.pages) for v in made] == [signature_pdf.LINES_A_VOLUME, 7]
    assert "第 2 冊，共 2 冊" in made[1][0].facts and made[1][0].grand[2] == f"{signature_pdf.LINES_A_VOLUME + 7:,} 筆"
