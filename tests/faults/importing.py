"""A process from which imports grow: each line on standard input names a file, a child takes it in, its pid is answered. One child at a
time is the test's to kill. A line beginning with `all ` takes in every file of the folder and answers when it is done.

Polars is imported but not used before the fork: its threads would not live on in the child.
"""

import os
import sys
import traceback
from pathlib import Path

from tests.conftest import settings


def _take_in(paths: list[Path], url: str, home: Path) -> None:
    from app import create_app
    from app.commands import exchange
    from app.security.actor import Actor

    app = _APPS.get("app") or create_app(settings(home, url))
    with app.app_context():
        for path in paths:
            exchange.import_file(Actor.system("faults"), "roster", path)


_APPS: dict[str, object] = {}


def main() -> None:
    url, home = sys.argv[1], Path(sys.argv[2])
    from app import create_app
    from app.extensions import db

    app = _APPS["app"] = create_app(settings(home, url))
    with app.app_context():
        db.engine.dispose()
    print("ready", flush=True)
    for order in sys.stdin:
        what = order.strip()
        pid = os.fork()
        if pid == 0:
            try:
                _take_in(sorted(Path(what[4:]).iterdir()) if what.startswith("all ") else [Path(what)], url, home)
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(status, flush=True)


if __name__ == "__main__":
    main()
