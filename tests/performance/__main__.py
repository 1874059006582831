"""Runs the benchmarks named on the command line, all of them without names; exit code 1 when a promise was not kept."""

import importlib
import os
import pkgutil
import sys
import time

from tests import performance


def main(names: list[str]) -> int:
    scale = float(os.environ.get("SWIS_BENCH_SCALE", "1"))
    found = [m.name for m in pkgutil.iter_modules(performance.__path__) if not m.name.startswith("_")]
    unknown = [name for name in names if name not in found]
    if unknown:
        print(f"沒有這些量測：{'、'.join(unknown)}；可用的有：{'、'.join(found)}", file=sys.stderr)
        return 2
    broken = []
    for name in names or found:
        module = importlib.import_module(f"{performance.__name__}.{name}")
        if not hasattr(module, "run"):
            continue
        print(f"\n== {name}（規模 {scale:g}）", flush=True)
        began = time.monotonic()
        broken += [f"{name}：{text}" for text in module.run(scale) or ()]
        print(f"   共 {time.monotonic() - began:.1f} 秒", flush=True)
    for text in broken:
        print(f"未達標：{text}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
