"""The catalogue: every message of the libraries is in it, in Traditional Chinese, and the parts agree."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import flask_appbuilder
import flask_wtf
import pytest
import wtforms
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
_spec = spec_from_file_location("compile_catalogue", ROOT / "translations" / "compile.py")
assert _spec is not None and _spec.loader is not None
compile_catalogue = module_from_spec(_spec)
_spec.loader.exec_module(compile_catalogue)

KEYWORDS = {"_": None, "__": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}


def messages_of(folder: Path) -> set[str]:
    """The message ids in a package's Python files and templates."""
    found = set()
    for _, _, message, _, _ in extract_from_dir(str(folder), method_map=[("**.py", "python"), ("**/templates/**.html", "jinja2")], keywords=KEYWORDS):
        found.add(message[0] if isinstance(message, tuple) else message)
    return found


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return compile_catalogue.merged(compile_catalogue.parts())


def ids(catalogue: Catalog) -> set[str]:
    return {m.id[0] if isinstance(m.id, (tuple, list)) else m.id for m in catalogue if m.id}


@pytest.mark.parametrize("package", [flask_appbuilder, wtforms, flask_wtf])
def test_every_message_of_the_libraries_is_translated(catalogue: Catalog, package: object) -> None:
    missing = messages_of(Path(package.__file__).parent) - ids(catalogue)  # type: ignore[attr-defined]
    assert not missing


def test_every_message_of_the_product_is_translated(catalogue: Catalog) -> None:
    missing = messages_of(ROOT / "app") - ids(catalogue)
    assert not missing


BLAMING = ("無效", "非法", "不合法", "抱歉", "失敗了")


def test_messages_say_what_to_do_and_blame_nobody(catalogue: Catalog) -> None:
    bad = [(m.id, m.string) for m in catalogue if m.id and any(word in str(m.string) for word in BLAMING)]
    assert not bad


def _part(text: str) -> Catalog:
    from io import BytesIO

    return read_po(BytesIO(('msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n' + text).encode()), locale="zh_Hant_TW")


def test_two_parts_that_disagree_are_refused() -> None:
    one, other = _part('msgid "Save"\nmsgstr "儲存"\n'), _part('msgid "Save"\nmsgstr "保存"\n')
    with pytest.raises(compile_catalogue.Disagreement, match=r"one\.po says '儲存', other\.po says '保存'"):
        compile_catalogue.merged({"one": one, "other": other})


def test_a_message_left_untranslated_is_refused() -> None:
    with pytest.raises(compile_catalogue.Disagreement, match="no translation"):
        compile_catalogue.merged({"one": _part('msgid "Save"\nmsgstr ""\n')})


def test_two_parts_may_share_a_message() -> None:
    one = _part('msgid "Save"\nmsgstr "儲存"\n')
    assert ids(compile_catalogue.merged({"one": one, "two": one})) == {"Save"}


def test_every_audit_event_has_a_name(app: object) -> None:
    import re

    from app.views.base_timeline import _event_names

    literal = re.compile(r'ctx\.audit\(\s*"([^"]+)"')
    used = {event for path in (ROOT / "app").rglob("*.py") for event in literal.findall(path.read_text("utf-8"))}
    assert used - set(_event_names) == set()


def test_no_template_asks_a_permission_with_constants_only() -> None:
    """Jinja works such an expression out once, for whoever comes first, and shows everybody the same."""
    import re

    constant = re.compile(r"['\"]\s*\|\s*is_item_visible\(\s*['\"]")
    assert [str(p) for p in (ROOT / "app" / "templates").rglob("*.html") if constant.search(p.read_text("utf-8"))] == []
