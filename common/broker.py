"""The one door to the broker: sending messages, and counting those that wait.

A message carries the id of a row, and the row says what is to be done. So a broker that cannot be reached is no error:
the row waits, and a sweep sends its id again.
"""

import logging

from celery import current_app
from kombu.exceptions import OperationalError as BrokerError

logger = logging.getLogger(__name__)


def send(task: str, *ids: int, queue: str | None = None) -> int:
    """Sends one message for each id; returns how many were sent.

    task: the name of a Celery task that takes an id. queue: None: the one that the settings route the task to. Stops
    with a warning at the first message that fails: with the broker away, each further one would wait for a timeout.
    """
    route = {"queue": queue} if queue else {}
    for sent, identifier in enumerate(ids):
        try:
            current_app.send_task(task, args=[identifier], retry=False, **route)
        except (BrokerError, OSError) as error:
            logger.warning(
                "The broker cannot be reached (%s). A sweep will send %s for %s again.",
                error,
                task,
                ", ".join(map(str, ids[sent:])),
            )
            return sent
    return len(ids)


def waiting_messages(queue: str) -> int | None:
    """How many messages wait in a queue; None: the broker cannot be reached."""
    connection = current_app.connection_for_read()
    try:
        with connection:
            connection.ensure_connection(max_retries=1, timeout=3)
            return int(connection.default_channel.queue_declare(queue=queue, passive=True).message_count)
    except connection.channel_errors:  # nobody has ever sent to it
        return 0
    except (*connection.connection_errors, BrokerError, OSError):
        return None
