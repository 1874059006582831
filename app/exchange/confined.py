"""Reading a file nobody here made, in a child process with a ceiling on memory and time.

What the file does to its reader (a bomb, a parser's crash, an endless loop) ends with the child; the caller gets a Delivery or a
FileProblem. The child (`workers`) finds its task in a folder of its own, `task.json`, and answers there: `meta.json` and the frames as
Parquet.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

import polars as pl

from . import workers
from .delivery import Delivery, Meta, Notice, read_delivery
from .internal import readable
from .mapping import Mapping, from_dict
from .messages import FileProblem
from .own_forms import read_rows
from .preview import Preview, look

_FRAMES: Final = ("frame", "rejected", "issues")
T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """`memory` bytes of address space (of which a good part is reserved by libraries and never touched), `cpu` and `wall` seconds."""

    memory: int = 3 << 30
    cpu: int = 300
    wall: int = 600

    def __str__(self) -> str:
        return f"{self.memory >> 30} GB、{self.wall // 60} 分鐘" if self.wall >= 60 else f"{self.memory >> 20} MB、{self.wall} 秒"


DEFAULT: Final = Limits()
QUICK: Final = Limits(cpu=60, wall=90)


def read_confined(
    path: Path | str,
    source: str | None = None,
    month: int | None = None,
    county: str | None = None,
    kind: str | None = None,
    mapping: Mapping | None = None,
    limits: Limits = DEFAULT,
) -> Delivery:
    """`read_delivery` in a child process. Raises FileProblem, `file_heavy` when a limit was reached or the child died."""
    task = {"path": str(Path(path).resolve()), "source": source, "month": month, "county": county, "kind": kind, "mapping": mapping and mapping.as_dict()}

    def collect(folder: Path, said: dict[str, Any]) -> Delivery:
        frames = {name: pl.read_parquet(folder / f"{name}.parquet", memory_map=False) for name in _FRAMES}
        meta = Meta(**{**said["meta"], "titles": tuple(said["meta"]["titles"])})
        notices = [Notice(*n) for n in said["notices"]]
        return Delivery(frames["frame"], frames["rejected"], frames["issues"], notices, meta, readable(meta.source, meta.kind))

    return _ask("read", task, limits, collect)


def look_confined(path: Path, source: str | None, kind: str | None = None, mapping: Mapping | None = None, limits: Limits = QUICK) -> Preview:
    """`preview.look` in a child process; a file that breaks the child is a problem like any other."""
    task = {"path": str(Path(path).resolve()), "source": source, "kind": kind, "mapping": mapping and mapping.as_dict()}
    try:
        return _ask("look", task, limits, lambda _folder, said: Preview(**said))
    except FileProblem as problem:
        return Preview(source=source or "", problem=(problem.code, str(problem)))


def rows_confined(path: Path | str, form: str, limits: Limits = QUICK) -> tuple[list[dict[str, Any]], dict[str, str] | None]:
    """`own_forms.read_rows` in a child process. Raises FileProblem."""
    return _ask("rows", {"path": str(Path(path).resolve()), "form": form, "mapping": None}, limits, lambda _folder, said: (said["rows"], said["totals"]))


def _ask(what: str, task: dict[str, Any], limits: Limits, collect: Callable[[Path, dict[str, Any]], T]) -> T:
    with TemporaryDirectory(prefix="swis-read-") as name:
        folder = Path(name)
        task |= {"what": what, "memory": limits.memory, "cpu": limits.cpu, "wall": limits.wall}
        (folder / "task.json").write_text(json.dumps(task, ensure_ascii=False), encoding="utf-8")
        try:
            workers.run(folder, limits.wall)
            said = json.loads((folder / "meta.json").read_bytes())
        except (OSError, ValueError):
            raise FileProblem("file_heavy", limit=limits) from None
        if "problem" in said and what != "look":
            raise FileProblem(said["problem"], **said["values"])
        return collect(folder, said)


def _child(out: Path) -> None:
    task = json.loads((out / "task.json").read_bytes())
    workers.limit(task["memory"], task["cpu"], task["wall"])
    what = task["what"]
    mapping = from_dict(task["mapping"]) if task["mapping"] else None
    if what == "look":
        said: dict[str, Any] = asdict(look(Path(task["path"]), task["source"], task["kind"], mapping))
    elif what == "rows":
        try:
            rows, totals = read_rows(Path(task["path"]), task["form"])
            said = {"rows": rows, "totals": totals}
        except FileProblem as problem:
            said = {"problem": problem.code, "values": {k: str(v) for k, v in problem.values.items()}}
    else:
        try:
            done = read_delivery(task["path"], task["source"], task["month"], task["county"], task["kind"], mapping)
            for name in _FRAMES:
                getattr(done, name).write_parquet(out / f"{name}.parquet", compression="lz4")
            said = {"meta": asdict(done.meta), "notices": [[n.code, n.what, n.fix] for n in done.notices]}
        except FileProblem as problem:
            said = {"problem": problem.code, "values": {k: str(v) for k, v in problem.values.items()}}
    part = out / "meta.part"
    part.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    part.rename(out / "meta.json")  # whole or not at all


if __name__ == "__main__":
    workers.serve(_child)
