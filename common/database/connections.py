"""Lost connections to the database: a restart or an operator may end one at any moment, also during hours of work."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep

from django.db import InterfaceError, OperationalError, connection

LOST = (OperationalError, InterfaceError)
"""The errors of a connection that was lost. OperationalError has other causes as well, such as a deadlock."""

SECONDS = 60.0
PAUSE = 1.0

logger = logging.getLogger(__name__)


def on_a_new_connection(act: Callable[[], object], *, seconds: float = SECONDS) -> bool:
    """Calls act, which writes down that work was interrupted, on a connection that works; returns whether it did.

    While the database is away, it is called again and again for so many seconds.
    """
    over = monotonic() + seconds
    while True:
        try:
            connection.close_if_unusable_or_obsolete()
            act()
            return True
        except LOST as error:
            if connection.in_atomic_block or monotonic() > over:
                logger.warning("The database is still away: %s", error)
                return False
            sleep(PAUSE)


@contextmanager
def handing_on(leave: Callable[[], object]) -> Iterator[None]:
    """Wraps a worker's work: after a lost connection, `leave` lets another worker go on, and the error is raised."""
    try:
        yield
    except LOST:
        on_a_new_connection(leave)
        raise
