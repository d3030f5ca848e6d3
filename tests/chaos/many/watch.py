"""Transactions that stay open while their owner does something else: they hold locks and old rows."""

import threading
import time
from contextlib import suppress

import psycopg

from tests.chaos.many.world import World

LONG_SECONDS = 1.0
SEEN = """
SELECT query, extract(epoch FROM now() - state_change)::float FROM pg_stat_activity
WHERE state LIKE 'idle in transaction%%' AND pid <> pg_backend_pid()
    AND now() - state_change > make_interval(secs => %s)
"""


class IdleWatch(threading.Thread):
    """Looks several times a second. longest: the seconds, by the last statement of the transaction."""

    def __init__(self, world: World) -> None:
        super().__init__(daemon=True)
        self.world = world
        self.longest: dict[str, float] = {}
        self.over = threading.Event()

    def run(self) -> None:
        """Until `over` is set, whatever happens to the database."""
        while not self.over.is_set():
            with suppress(psycopg.Error, OSError, ValueError), self.world.database() as connection:
                while not self.over.is_set():
                    for query, seconds in connection.execute(SEEN, [LONG_SECONDS]).fetchall():
                        statement = " ".join(str(query).split())[:60]
                        self.longest[statement] = max(self.longest.get(statement, 0.0), round(float(seconds), 1))
                    time.sleep(0.3)
            time.sleep(1)
