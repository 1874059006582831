"""A mapping: how a file of another shape becomes one of the canonical record types. Data, not code.

A mapping names columns (`columns`: the file's title → field), byte positions (`positions`: field → (first byte counted from
1, length), for fixed width), code translations per field and the source's user-defined characters (CP950 cell in
hexadecimal → the character it means).
"""

import json
from collections.abc import Mapping as Map
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .encoding import EUDC
from .internal import READABLE
from .messages import FileProblem


@dataclass(frozen=True)
class Mapping:
    """One version of a mapping. `carrier` is `fixed` for fixed width, else empty (recognised from the file)."""

    name: str
    source: str
    version: int = 1
    carrier: str = ""
    encoding: str = ""
    record_length: int = 0
    columns: Map[str, str] = field(default_factory=dict)
    positions: Map[str, tuple[int, int]] = field(default_factory=dict)
    codes: Map[str, Map[str, str]] = field(default_factory=dict)
    constants: Map[str, str] = field(default_factory=dict)
    characters: Map[str, str] = field(default_factory=dict)
    mark_unread: bool = False
    """The uploader chose the encoding of an undecidable file: bytes outside it reject their rows instead of the file."""

    def as_dict(self) -> dict[str, Any]:
        """The JSON form that `from_dict` takes."""
        return {**asdict(self), "positions": {name: list(place) for name, place in self.positions.items()}}

    @property
    def translation(self) -> dict[int, str]:
        """Private-use character → the character it means, for `str.translate`."""
        return {ord(EUDC[bytes.fromhex(cell)]): char for cell, char in self.characters.items()}


def from_dict(data: Any, name: str = "") -> Mapping:
    """A mapping from its JSON form. FileProblem `mapping_form` says what is wrong."""
    if not isinstance(data, dict):
        raise FileProblem("mapping_form", detail="內容必須是一個物件")
    try:
        mapping = Mapping(
            name=str(data.get("name", name)),
            source=str(data["source"]),
            version=int(data.get("version", 1)),
            carrier=str(data.get("carrier", "")),
            encoding=str(data.get("encoding", "")),
            record_length=int(data.get("record_length", 0)),
            columns={str(k): str(v) for k, v in dict(data.get("columns", {})).items()},
            positions={str(k): (int(v[0]), int(v[1])) for k, v in dict(data.get("positions", {})).items()},
            codes={str(k): {str(a): str(b) for a, b in dict(v).items()} for k, v in dict(data.get("codes", {})).items()},
            constants={str(k): str(v) for k, v in dict(data.get("constants", {})).items()},
            mark_unread=bool(data.get("mark_unread", False)),
            characters={str(k).upper(): str(v) for k, v in dict(data.get("characters", {})).items()},
        )
    except KeyError as missing:
        raise FileProblem("mapping_form", detail=f"缺少 {missing.args[0]}") from None
    except (TypeError, ValueError, IndexError):
        raise FileProblem("mapping_form", detail="有欄位的型別不對") from None
    _check(mapping)
    return mapping


def _check(mapping: Mapping) -> None:
    layout = READABLE.get(mapping.source)
    if layout is None:
        raise FileProblem("mapping_form", detail=f"來源 {mapping.source} 不在規格內")
    used = {*mapping.columns.values(), *mapping.positions, *mapping.codes, *mapping.constants}
    if unknown := sorted(used - set(layout.names)):
        raise FileProblem("mapping_form", detail=f"欄位 {'、'.join(unknown)} 不在規格內")
    if mapping.encoding not in ("", "cp950", "utf-8"):
        raise FileProblem("mapping_form", detail="encoding 只能是 cp950 或 utf-8")
    if mapping.carrier not in ("", "fixed"):
        raise FileProblem("mapping_form", detail="carrier 只能是 fixed 或省略")
    if mapping.carrier == "fixed":
        if not mapping.positions or mapping.record_length < 1:
            raise FileProblem("mapping_form", detail="固定長度需要 positions 與 record_length")
        for name, (first, length) in mapping.positions.items():
            if first < 1 or length < 1 or first + length - 1 > mapping.record_length:
                raise FileProblem("mapping_form", detail=f"{name} 的位置超出每列長度")
    for cell, char in mapping.characters.items():
        try:
            known = bytes.fromhex(cell) in EUDC
        except ValueError:
            known = False
        if not known or len(char) != 1:
            raise FileProblem("mapping_form", detail=f"造字 {cell} 的對照不正確")


def load(path: Path) -> Mapping:
    """A mapping from a JSON file."""
    try:
        return from_dict(json.loads(path.read_text("utf-8-sig")), path.stem)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise FileProblem("mapping_form", detail=f"讀不到 {path.name} 或不是 JSON") from None
