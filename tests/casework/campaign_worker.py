"""A jobs process of its own that judges a campaign one case at a time and is killed in the middle of its second chunk.

`python -m tests.casework.campaign_worker FOLDER DATABASE_URL`
"""

import os
import signal
import sys
import threading
from pathlib import Path

from app import create_app
from app.commands import campaign_work
from app.extensions import db
from app.jobs import lease, runner
from tests.conftest import settings


def main() -> None:
    app = create_app(settings(Path(sys.argv[1]), sys.argv[2]))
    real, calls = campaign_work.judge, []

    def killed(ctx, campaign, after, size=1):
        calls.append(after)
        out = real(ctx, campaign, after, size)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGKILL)  # written, not committed
        return out

    campaign_work.judge = killed
    with app.app_context():
        held = lease.claim(db.engine, "killed", 1)
        assert held is not None
        runner.execute(app, held, threading.Event())


if __name__ == "__main__":
    main()
