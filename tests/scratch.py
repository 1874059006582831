"""Where tests keep their databases: in memory where the machine offers it. Copying a PostgreSQL database of a thousand files costs a disk most of
a second, memory 0.06 s."""

import os
import shutil
import tempfile
import time
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH = 2 << 30
"""Bytes free; all tests with two workers stay under half of it."""
HOUR = 3600


def memory() -> Path | None:
    """A directory in memory that is large and lets programs run (a container's often is not), or None."""
    usable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK | os.X_OK) and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    return MEMORY if usable and shutil.disk_usage(MEMORY).free >= ENOUGH else None


def make(prefix: str) -> Path:
    """A new directory named by this process; what killed processes left behind is removed."""
    here = memory() or Path("/tmp")  # short: the path of a PostgreSQL socket may have 107 bytes
    for left in here.glob(f"{prefix}-*-*"):
        pid = left.name.removeprefix(f"{prefix}-").split("-")[0]
        if not Path("/proc", pid).exists() and left.stat().st_mtime < time.time() - HOUR:
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{prefix}-{os.getpid()}-", dir=here))
