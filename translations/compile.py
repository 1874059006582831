"""Merge translations/parts/*.po into the one catalogue the product reads (messages.po and messages.mo of zh_Hant_TW).

Parts may share a message when they translate it alike; two different translations of one message are an error that names both parts.
`python translations/compile.py` writes the catalogue; `--check` only checks.
"""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).resolve().parent
TARGET = HERE / "zh_Hant_TW" / "LC_MESSAGES"


class Disagreement(ValueError):
    """Two parts translate the same message differently, or a part leaves one untranslated."""


def parts(folder: Path = HERE / "parts") -> dict[str, Catalog]:
    """The parts by name."""
    found = {}
    for path in sorted(folder.glob("*.po")):
        with open(path, "rb") as f:
            found[path.stem] = read_po(f, locale="zh_Hant_TW", abort_invalid=True)
    return found


def _key(message: Message) -> tuple[str | None, object]:
    return message.context, message.id


def merged(catalogues: dict[str, Catalog]) -> Catalog:
    """One catalogue of all parts. Raises Disagreement with every conflict named."""
    out = Catalog(locale="zh_Hant_TW", project="swis", version="1", charset="utf-8", fuzzy=False)
    owner: dict[tuple[str | None, object], tuple[str, Message]] = {}
    problems: list[str] = []
    for name, catalogue in catalogues.items():
        for message in catalogue:
            if not message.id:
                continue
            if not message.string or (isinstance(message.string, tuple) and not all(message.string)):
                problems.append(f"{name}.po: {message.id!r} has no translation")
            first = owner.setdefault(_key(message), (name, message))
            if first[1].string != message.string:
                problems.append(f"{message.id!r}: {first[0]}.po says {first[1].string!r}, {name}.po says {message.string!r}")
            elif first[1] is message:
                out.add(message.id, message.string, context=message.context)
    if problems:
        raise Disagreement("\n".join(problems))
    return out


def main(arguments: list[str]) -> int:
    """0: written (or, with --check, fine). 1: the parts disagree."""
    try:
        catalogue = merged(parts())
    except Disagreement as error:
        print(error, file=sys.stderr)
        return 1
    if "--check" not in arguments:
        TARGET.mkdir(parents=True, exist_ok=True)
        with open(TARGET / "messages.po", "wb") as f:
            write_po(f, catalogue, width=0, sort_output=True, omit_header=False)
        with open(TARGET / "messages.mo", "wb") as f:
            write_mo(f, catalogue)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
