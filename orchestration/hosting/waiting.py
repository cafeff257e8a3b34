"""Waits for a condition that nothing announces: another process is ready, or gone. The only place that sleeps."""

import time
from collections.abc import Callable

_EVERY_S = 0.03


def became_true(condition: Callable[[], object], *, within_s: float, every_s: float = _EVERY_S) -> bool:
    """Ask ``condition`` again and again: True as soon as it holds, False when ``within_s`` seconds have passed."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(every_s)
    return True
