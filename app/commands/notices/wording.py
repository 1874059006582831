"""The wording of notices: text with fields, in a sandbox. Only the fields of a closed list and 如果 (`if`) are understood; nothing can be called.

    {{姓名}}    {% if 每月金額 %}…{% endif %}    {% if 類別 == "第一款" %}…{% else %}…{% endif %}
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from jinja2 import Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST = 6000
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.Const, nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand,
)  # fmt: skip
_SANDBOX = ImmutableSandboxedEnvironment(autoescape=False)
_SANDBOX.globals.clear()
_SANDBOX.filters.clear()
_SANDBOX.tests.clear()


class FieldMissing(Exception):
    """A field that the wording prints is not known for this case."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class _NotKnown:
    """A field without a value: false in an `if`, and not printable."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        raise FieldMissing(self.name)


def problems(part: str, text: str, fields: frozenset[str]) -> list[str]:
    """What is wrong with a text (Chinese, each naming the part and the line); empty when it can be used."""
    if len(text) > LONGEST:
        return [f"「{part}」太長，請在 {LONGEST:,} 字以內"]
    try:
        tree = _SANDBOX.parse(text)
    except TemplateSyntaxError as error:
        return [f"「{part}」第 {error.lineno} 行：看不懂，請檢查 {{{{ }}}} 與 {{% if %}}…{{% endif %}} 是否成對"]
    except (RecursionError, ValueError, OverflowError):
        return [f"「{part}」太複雜，請分成較短的句子"]
    return list(_problems(part, tree, fields))


def _problems(part: str, tree: nodes.Template, fields: frozenset[str]) -> Iterator[str]:
    for node in _walk(tree):
        where = f"「{part}」第 {node.lineno} 行："
        if not isinstance(node, _ALLOWED) or (isinstance(node, nodes.Name) and node.ctx != "load"):
            yield f"{where}這種寫法不能使用；範本只能放 {{{{欄位}}}} 與 {{% if 欄位 %}}…{{% endif %}}"
            return
        if isinstance(node, nodes.Name) and node.name not in fields:
            near = get_close_matches(node.name, fields, 1, 0.4)
            yield f"{where}沒有「{node.name}」這個欄位" + (f"，是否為「{near[0]}」？" if near else "；可用的欄位列在下方")


def _walk(tree: nodes.Node) -> Iterator[nodes.Node]:
    """Every node, the outer before the inner, so that what is refused is not looked into."""
    yield tree
    if isinstance(tree, _ALLOWED):
        for child in tree.iter_child_nodes():
            yield from _walk(child)


def always_printed(text: str) -> set[str]:
    """The fields a text prints whatever the case: those outside every `if`."""
    return {n.name for output in _SANDBOX.parse(text).body if isinstance(output, nodes.Output) for n in output.nodes if isinstance(n, nodes.Name)}


def mentioned(text: str) -> set[str]:
    """The fields a text prints or asks about."""
    return {n.name for n in _SANDBOX.parse(text).find_all(nodes.Name)}


@lru_cache(maxsize=256)
def _compiled(text: str, fields: frozenset[str]) -> Template:
    """Raises ValueError for a text with problems."""
    if found := problems("", text, fields):
        raise ValueError(found[0])
    return _SANDBOX.from_string(text)


def fill(text: str, values: Mapping[str, str | None], fields: frozenset[str]) -> list[str]:
    """The lines of a text with its fields filled in; lines left empty are dropped. Raises FieldMissing; ValueError for a text with problems."""
    template = _compiled(text, fields)
    given: dict[str, Any] = {name: " ".join(v.split()) if (v := values.get(name)) else _NotKnown(name) for name in fields}
    lines = template.render(given).splitlines()
    return [line.strip() for line in lines if line.strip()]
