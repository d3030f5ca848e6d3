"""Token buckets: rate limits in the memory of the server process.

A limit costs a dictionary look-up, no statement and no round trip: all that the way of a judgment can afford. It also
needs no service that could be down (the broker may be RabbitMQ). The price is exactness. Each process counts for
itself, so with N processes a client that is spread over all of them may make up to N times as many calls.
"""

import time
from collections import OrderedDict
from threading import Lock


class Buckets:
    """Token buckets by name; the most recently used ones are kept. A bucket starts full and refills within a minute."""

    def __init__(self, most: int = 20_000) -> None:
        self.most = most
        self._buckets: OrderedDict[tuple[str, ...], tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, name: tuple[str, ...], per_minute: int, now: float) -> float:
        """Takes a token and returns 0, or returns the seconds until there is one. now: see `clock`."""
        with self._lock:
            left = self._left(name, per_minute, now)
            wait = 0.0 if left >= 1 else (1 - left) * 60 / per_minute
            self._buckets.pop(name, None)
            self._buckets[name] = (left - 1 if not wait else left, now)
            if len(self._buckets) > self.most:
                self._buckets.popitem(last=False)
        return wait

    def _left(self, name: tuple[str, ...], per_minute: int, now: float) -> float:
        left, at = self._buckets.get(name, (float(per_minute), now))
        return min(float(per_minute), left + (now - at) * per_minute / 60)


BUCKETS = Buckets()


def clock() -> float:
    """Seconds of a clock that never goes back."""
    return time.monotonic()
