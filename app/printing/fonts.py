"""Fonts for Chinese names: which are on this machine, in which order they are asked for a character, and what none of them has.

A county puts the font of its own user-defined characters (造字) into the folder `fonts` of the installation; it is asked for those
alone. The codes of the first Private Use Area mean something else in every county, so no other font is asked for them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import glyphs

KNOWN = (
    ("TW-Kai", "TW-Kai-98*.ttf"),
    ("TW-Kai-Ext-B", "TW-Kai-Ext-B*.ttf"),
    ("TW-Kai-Plus", "TW-Kai-Plus*.ttf"),
    ("Noto Serif CJK TC", "NotoSerifCJK-Regular.ttc"),
    ("Noto Sans CJK TC", "NotoSansCJK-Regular.ttc"),
    ("TW-Sung", "TW-Sung-98*.ttf"),
    ("TW-Sung-Ext-B", "TW-Sung-Ext-B*.ttf"),
    ("TW-Sung-Plus", "TW-Sung-Plus*.ttf"),
)
"""(family, file) in the order of asking: 楷體 as official letters are written, with the rare characters of the national 全字庫."""
WHOLE = {"TW-Kai", "TW-Sung", "Noto Serif CJK TC", "Noto Sans CJK TC"}
"""Families with the whole common character set; without one of them nothing is printed."""
GETA = "〓"
"""What typesetters put where a character is lacking."""
PACKAGES = "fonts-cns11643-kai（全字庫正楷體，含罕用字）或 fonts-noto-cjk"
_OWN_CHARACTERS = r"[\u{E000}-\u{F8FF}\u{F0000}-\u{FFFFD}\u{100000}-\u{10FFFD}]"


class NoChineseFont(Exception):
    """No font for Traditional Chinese on this machine; the message (Chinese) says which package to install."""

    def __init__(self) -> None:
        super().__init__(f"這台主機沒有中文字型，不能產生 PDF；請系統管理人員安裝套件 {PACKAGES}，安裝後再按一次列印")


@dataclass(frozen=True)
class Fonts:
    """The fonts found. `files` are the font files; `own` those of the county's user-defined characters."""

    families: tuple[str, ...]
    files: tuple[Path, ...]
    own: tuple[tuple[str, Path], ...] = ()
    mark: str = ""
    """What stands across every page of an installation whose papers are not real."""
    _asked: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    def lacks(self, character: str) -> bool:
        """Would this character come out as an empty box, or as something else than the county means?"""
        if character not in self._asked:
            self._asked[character] = self._lacks(character)
        return self._asked[character]

    def _lacks(self, character: str) -> bool:
        if character < "\u0080":
            return False
        if "\ue000" <= character <= "\uf8ff":
            return not any(character in glyphs.coverage(path) for _, path in self.own)
        return not any(character in glyphs.coverage(path) for path in (*(p for _, p in self.own), *self.files))

    @property
    def order(self) -> list[Any]:
        """The order of asking as the layouts take it."""
        own = [{"name": name, "covers": _OWN_CHARACTERS} for name, _ in self.own]
        return own + [{"name": name, "covers": None} for name in self.families]


def find(folders: Iterable[Path], own_folder: Path | None = None) -> Fonts:
    """The fonts on this machine. Raises NoChineseFont."""
    present: dict[str, Path] = {}
    files = [path for folder in folders if folder.is_dir() for path in sorted(folder.rglob("*.[to]t[fc]"))]
    for family, pattern in KNOWN:
        found = next((path for path in files if path.match(pattern)), None)
        if found is not None:
            present[family] = found
    if not WHOLE & present.keys():
        raise NoChineseFont
    own = sorted(own_folder.glob("*.[to]t[fc]")) if own_folder is not None and own_folder.is_dir() else []
    return Fonts(tuple(present), tuple(present.values()), tuple((glyphs.family(path), path) for path in own))


def without_lacking(fonts: Fonts, value: Any, found: list[str]) -> Any:
    """The same data with 〓 for every character that no font has; `found` gets each text it stood in, with the code points."""
    if isinstance(value, str):
        lacking = [c for c in value if fonts.lacks(c)]
        if not lacking:
            return value
        shown = "".join(GETA if c in lacking else c for c in value)
        note = f"{_short(shown)}（{'、'.join(dict.fromkeys(f'U+{ord(c):04X}' for c in lacking))}）"
        if note not in found:
            found.append(note)
        return shown
    if isinstance(value, dict):
        return {k: without_lacking(fonts, v, found) for k, v in value.items()}
    if isinstance(value, Sequence):
        return [without_lacking(fonts, v, found) for v in value]
    return value


def _short(text: str) -> str:
    """The words around the first 〓."""
    at = text.index(GETA)
    start = max(0, at - 4)
    return ("…" if start else "") + text[start : at + 5] + ("…" if at + 5 < len(text) else "")
