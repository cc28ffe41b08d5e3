"""Ids: time-ordered UUIDs, version 7 (RFC 9562 section 5.7)."""

import os
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last_tick = 0


def uuid7() -> UUID:
    """A new UUID version 7. Ids made by one process sort in the order they were made.

    The first 48 bits are Unix milliseconds; the next 12 bits are the fraction of that
    millisecond in 1/4096ths (method 3 of RFC 9562 section 6.2), moved on by one tick when the
    clock has not advanced since the last id; the remaining 62 bits are random.
    """
    global _last_tick
    tick = time.time_ns() * 4096 // 1_000_000
    with _lock:
        tick = max(tick, _last_tick + 1)
        _last_tick = tick
    milliseconds, fraction = divmod(tick, 4096)
    random = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | random)
