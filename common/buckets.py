"""Token buckets: how often somebody may do something.

They are kept in the memory of the server process. So a limit costs a dictionary look-up and no statement and no round
trip, which is what the way of a judgment can afford, and it needs nothing that could be down (the broker may well be
RabbitMQ). What it costs is exactness: each process counts for itself, so with N processes a client that is spread over
all of them may go up to N times as far.
"""

import time
from collections import OrderedDict
from threading import Lock


class Buckets:
    """Token buckets by name, the most recently used kept. A bucket starts full and fills up in a minute."""

    def __init__(self, most: int = 20_000) -> None:
        self.most = most
        self._buckets: OrderedDict[tuple[str, ...], tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, name: tuple[str, ...], per_minute: int, now: float) -> float:
        """Takes one; returns 0, or how many seconds there is none. now: seconds of a clock that never goes back."""
        with self._lock:
            left = self._left(name, per_minute, now)
            wait = 0.0 if left >= 1 else (1 - left) * 60 / per_minute
            self._buckets.pop(name, None)
            self._buckets[name] = (left - 1 if not wait else left, now)
            if len(self._buckets) > self.most:
                self._buckets.popitem(last=False)
        return wait

    def wait(self, name: tuple[str, ...], per_minute: int, now: float) -> float:
        """How many seconds there is none to be taken; 0: there is one. Takes nothing."""
        with self._lock:
            left = self._left(name, per_minute, now)
        return 0.0 if left >= 1 else (1 - left) * 60 / per_minute

    def _left(self, name: tuple[str, ...], per_minute: int, now: float) -> float:
        left, at = self._buckets.get(name, (float(per_minute), now))
        return min(float(per_minute), left + (now - at) * per_minute / 60)


BUCKETS = Buckets()


def clock() -> float:
    """Seconds of a clock that never goes back, as `Buckets` takes them."""
    return time.monotonic()
