"""The sandbox of notice templates: fields and 如果, nothing else; what is wrong is named with its line."""

import datetime as dt

import pytest

from app.commands.notices import fields, templates, wording
from app.commands.notices.templates import Wording
from app.models.notice import ACTS, KINDS
from app.rules.benefits import benefit

NAMES = frozenset({"姓名", "每月金額", "類別", "機關"})


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ 姓名.__class__ }}",
        "{{ 姓名['__class__'] }}",
        "{{ 姓名|attr('__class__') }}",
        "{{ 姓名|upper }}",
        "{{ 姓名 is defined }}",
        "{{ 姓名.upper() }}",
        "{{ range(9) }}",
        "{{ 姓名 * 99999999 }}",
        "{{ 10 ** 99999999 }}",
        "{{ 姓名 ~ 姓名 }}",
        "{{ [1, 2] }}",
        "{{ {'a': 1} }}",
        "{{ self }}",
        "{{ config }}",
        "{% for 字 in 姓名 %}{{ 字 }}{% endfor %}",
        "{% set 姓名 = 'x' %}",
        "{% macro m() %}{% endmacro %}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{% extends 'x' %}",
        "{% raw %}{{ 姓名 }}{% endraw %}{{ cycler }}",
        "{% with a = 1 %}{% endwith %}",
        "{% filter upper %}x{% endfilter %}",
        "{% autoescape true %}x{% endautoescape %}",
        "{% call 姓名() %}x{% endcall %}",
        "{% block b %}{% endblock %}",
    ],
)
def test_nothing_but_fields_and_if_is_understood(text):
    assert wording.problems("說明", text, NAMES), text
    with pytest.raises(ValueError, match="行"):
        wording.fill(text, {"姓名": "彭水木"}, NAMES)


def test_an_unknown_field_is_named_with_its_line_and_the_near_one():
    assert wording.problems("說明", "第一行\n第二行 {{姓名}}\n{{每月金頟}}元", NAMES) == ["「說明」第 3 行：沒有「每月金頟」這個欄位，是否為「每月金額」？"]
    assert wording.problems("主旨", "{% if 甲乙丙丁 %}x{% endif %}", NAMES)[0].startswith("「主旨」第 1 行：沒有「甲乙丙丁」")


@pytest.mark.parametrize("text", ["{{ 姓名", "{% if 姓名 %}沒有結尾", "{% endif %}", "{{ }}", "{% 如果 姓名 %}"])
def test_unbalanced_brackets_are_said_in_chinese_with_the_line(text):
    (said,) = wording.problems("說明", f"好的一行\n{text}", NAMES)
    assert said.startswith("「說明」第 2 行") and "if" in said


def test_deep_nesting_and_long_texts_are_refused_not_suffered():
    assert wording.problems("說明", "字" * (wording.LONGEST + 1), NAMES)
    assert wording.problems("說明", "{{ " + "not " * 1400 + "姓名 }}", NAMES)


def test_fields_are_filled_as_text_and_lines_left_empty_are_dropped():
    text = "{{姓名}}君\n{% if 每月金額 %}每月{{每月金額}}元{% endif %}\n{% if 類別 == '第一款' %}一{% else %}其他{% endif %}"
    assert wording.fill(text, {"姓名": "彭\n水{{機關}}木", "類別": "第二款"}, NAMES) == ["彭 水{{機關}}木君", "其他"]
    assert wording.fill(text, {"姓名": "彭", "每月金額": "4,164", "類別": "第一款"}, NAMES) == ["彭君", "每月4,164元", "一"]


def test_a_field_without_value_is_not_printed_as_nothing():
    with pytest.raises(wording.FieldMissing, match="每月金額"):
        wording.fill("每月{{每月金額}}元", {"姓名": "彭"}, NAMES)


@pytest.mark.parametrize("kind", KINDS)
def test_every_delivered_wording_stands_its_own_test_and_fills(kind):
    given = templates.delivered()[kind]
    assert templates.faults(kind, "", given) == []
    values = fields.invented(benefit("disability_living_allowance")) | fields.remedy_values("disability_living_allowance", False, "新竹縣", dt.date(2026, 11, 21))
    values |= {"發文日期": "115年11月21日", "發文字號": "範例字第1號", "機關": "新竹縣政府"}
    for text in given.parts.values():
        wording.fill(text, values, fields.fields_of(kind))
    assert (given.remedy != "") == (kind in ACTS)


def act(**changed):
    whole = templates.delivered()["granted"]
    return Wording(**{"title": whole.title, **whole.parts, **changed})


@pytest.mark.parametrize(
    ("remedy", "said"),
    [
        ("", "請填寫「救濟教示」"),
        ("如有疑問請洽本府。", "缺少{{訴願天數}}、{{機關}}、{{訴願機關}}"),
        ("於送達之次日起{{訴願天數}}日內經由{{機關}}向{{訴願機關}}陳情。", "請寫明"),
        ("{% if 類別 %}自送達之次日起{{訴願天數}}日內經由{{機關}}向{{訴願機關}}提起訴願。{% endif %}", "不可放在 if 之內"),
        ("自送達之次日起{{訴願天數}}日內經由{{機關}}向{{訴願機關}}提起訴願。", "缺少申復"),
    ],
)
def test_a_template_of_an_act_without_its_remedy_is_refused(remedy, said):
    found = templates.faults("granted", "", act(remedy=remedy))
    assert any(said in text for text in found), found


def test_reconsideration_is_asked_only_where_the_benefits_law_has_it():
    plain = act(remedy="自送達之次日起{{訴願天數}}日內經由{{機關}}向{{訴願機關}}提起訴願。")
    assert templates.faults("granted", "elderly_living_allowance", plain) == []
    assert templates.faults("granted", "disability_living_allowance", plain)


def test_a_correction_has_no_appeal_fields():
    assert templates.faults("correction", "", Wording("補正", "補正", "請補正{{訴願天數}}"))[0].startswith("「說明」第 1 行：沒有「訴願天數」")
