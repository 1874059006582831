"""A process that runs the match of a month and is killed, as by `kill -9`, the moment it comes to a named step."""

import importlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.conftest import settings


def _dies(*_args: Any, **_kwargs: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    url, home, month, step = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    from app import create_app
    from app.commands import matching
    from app.security.actor import Actor

    app = create_app(settings(home, url))
    module, name = step.rsplit(".", 1)
    setattr(importlib.import_module(module), name, _dies)
    with app.app_context():
        matching.run_match(Actor.system("faults"), month)


if __name__ == "__main__":
    main()
