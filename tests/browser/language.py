"""What is not Traditional Chinese on a page: English words that were left over, characters only Simplified Chinese has."""

import re
from html.parser import HTMLParser

ALLOWED = frozenset(
    # terms the people in the offices, and the files they exchange, use as they are
    ["ACH", "CSV", "TXT", "ZIP", "XLS", "XLSX", "ODS", "PDF", "HTML", "JSON", "XML", "SHA", "SFTP", "MD", "ID", "IP", "HTTP", "HTTPS", "URL", "RFC", "UTF", "UTC", "BOM", "Unicode", "Big", "CRLF", "LF", "MB", "KB", "Windows", "Excel", "SQLite", "PostgreSQL", "DuckDB", "Spark", "Wilson", "Alt", "ICD", "ICF", "EDI", "NT", "nil", "mapping"]
)
NAMES = "温"
"""Characters that Taiwanese family and given names use although Big5 lacks them."""
WORD = re.compile(r"[A-Za-z]{2,}")
CODE = re.compile(r"[A-Za-z_*]*\.(?:json|xls|xlsx|csv|txt|zip|ods)\b|[A-Za-z0-9*_.@:/+-]*[0-9*_@][A-Za-z0-9*_.@:/+-]*")
"""Case numbers, masked IDs, user names, hashes: letters together with digits or signs."""
SAID = ("alt", "title", "placeholder", "aria-label", "value")


def is_simplified(character: str) -> bool:
    """A character that GB 2312 has and Big5 (cp950) has not."""
    if not "\u4e00" <= character <= "\u9fff" or character in NAMES:
        return False
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    try:
        character.encode("cp950")
    except UnicodeEncodeError:
        return True
    return False


class _Text(HTMLParser):
    """The text of a page and of the attributes that are read out, without code and without what people typed."""

    SILENT = ("script", "style", "code", "kbd", "pre", "svg", "textarea")

    def __init__(self) -> None:
        super().__init__()
        self.depth, self.parts, self.links = 0, [], []  # type: int, list[str], list[str]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in self.SILENT:
            self.depth += 1
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        for name in SAID:
            typed = name == "value" and not (tag == "input" and given.get("type") in ("submit", "button"))
            if given.get(name) and not typed:
                self.parts.append(given[name] or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.SILENT:
            self.depth -= 1

    def handle_data(self, data: str) -> None:
        if not self.depth:
            self.parts.append(data)


def read(html: str) -> tuple[str, list[str]]:
    """(what is read on the page, the addresses it links to)."""
    parser = _Text()
    parser.feed(html)
    return "\n".join(parser.parts), parser.links


SNAKE = re.compile(r"[a-z]{2,}_[a-z_]{2,}")
"""Names of columns and values as the program writes them."""


def leftovers(text: str, names: frozenset[str] = frozenset()) -> list[str]:
    """Latin words that are neither allowed terms nor part of a code nor a user's name."""
    text = re.sub(r"[A-Za-z][A-Za-z0-9.-]*", lambda m: " " if m[0] in names else m[0], text)
    return sorted({w for w in WORD.findall(CODE.sub(" ", text)) if w not in ALLOWED} | set(SNAKE.findall(text)))


def simplified(text: str) -> list[str]:
    return sorted({c for c in text if is_simplified(c)})
