"""What the garbage collector is told about this process.

A call leaves no reference cycle behind (`tests/app/test_garbage.py`), so all that it was made of
goes when its last transaction forgets it, and the collector finds nothing.  At Python's usual
thresholds looking for nothing took a quarter of the time of a call, and up to a tenth of a second
at once with thousands of transactions lingering.  Cycles of other origin (an exception that was
kept, a library) still go, only later.
"""

from __future__ import annotations

import gc

from twisted.python.failure import Failure

YOUNG_OBJECTS = 20_000
"""How many more objects than were freed make a first look worth while; it takes half a millisecond.

The next two figures are Python's own: how many looks at the young before one at the older.
"""
THRESHOLDS = (YOUNG_OBJECTS, 10, 10)


def settle() -> None:
    """Look once at all there is, never again at what is left, and seldom at what comes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def forget_frames(failure: Failure) -> None:
    """Cut a failure that has been dealt with from its traceback, whose frames hold the failure."""
    failure.tb = None
    if failure.value is not None:
        failure.value.__traceback__ = None
