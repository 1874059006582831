"""The collector of cyclic garbage, held back while a great many objects are made that are all kept: it would walk over them again and again.

Half of the time of making a register of 100,000 lines was such walking. What is not part of a cycle is freed as ever.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.Lock()
_holding = 0
_ran = True


@contextmanager
def held_back() -> Iterator[None]:
    """For a `with` or as a decorator; may be used in several threads at a time and inside one another. The last to leave lets it run again."""
    global _holding, _ran
    with _LOCK:
        if not _holding:
            _ran = gc.isenabled()
        _holding += 1
        gc.disable()
    try:
        yield
    finally:
        with _LOCK:
            _holding -= 1
            if not _holding and _ran:
                gc.enable()
