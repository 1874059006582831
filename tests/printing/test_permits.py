"""Parking permits as PDF: a page each, names on the receipt alone, rare characters with their glyphs."""

import datetime as dt
import io
from pathlib import Path

import pypdf
import pytest

from app.printing import fonts, render
from app.printing.documents import Permit

NOON = dt.datetime(2026, 11, 21, 4)


def permit(name, plate="ABC-1234"):
    facts = (("證號", "竹停第115000001號"), ("防偽標籤", "L0001"), ("有效期限", "118年2月28日"), ("核發日期", "115年11月21日"))
    receipt = (("身心障礙者", name), ("持證人", name), ("車牌號碼", plate), ("公所", "竹北市"))
    return Permit("新竹縣政府", "身心障礙者專用停車位識別證", plate, facts, "限搭載身心障礙者本人時使用。", receipt)


@pytest.fixture(scope="module")
def pages():
    here = fonts.find([Path("/usr/local/share/fonts"), Path("/usr/share/fonts")])
    made = render.permits([permit("陳﨑堃"), permit("王\ue01f明", "XYZ-5678"), permit("#粗*體*")], here, NOON)
    return ["".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(made)).pages]


def test_every_permit_has_its_page_with_plate_number_label_and_last_day(pages):
    assert len(pages) == 3
    for part in ("新竹縣政府", "身心障礙者專用停車位識別證", "ABC-1234", "竹停第115000001號", "L0001", "118年2月28日", "領取收據", "領取人簽章"):
        assert part in pages[0], part
    assert "XYZ-5678" in pages[1] and "ABC-1234" not in pages[1]


def test_the_name_stands_on_the_receipt_and_not_behind_the_windscreen(pages):
    above, below = pages[0].split("請沿此線裁開")
    assert "陳﨑堃" not in above and below.count("陳﨑堃") == 2


def test_a_character_no_font_has_is_named_and_markup_is_printed_as_written(pages):
    assert "王〓明" in pages[1] and "含罕用字，請人工確認：王〓明（U+E01F）" in pages[1]
    assert pages[2].count("#粗*體*") == 2
