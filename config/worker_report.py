"""A step of Celery's workers: each reports to the database that it is running, and from which queues it takes jobs."""

import logging
from typing import Any

from celery import bootsteps
from django.db import DatabaseError, connection
from django.utils import timezone

logger = logging.getLogger(__name__)


class WorkerReport(bootsteps.StartStopStep):  # type: ignore[misc]
    """Reports every few seconds from the worker's main process, which is free even while its children are busy."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        self.timer: Any = None
        super().__init__(consumer, **options)

    def start(self, consumer: Any) -> None:
        """Begins to report. Celery calls this again after the broker was lost."""
        from training.workers import REPORT_SECONDS

        self._report(consumer)
        self.timer = consumer.timer.call_repeatedly(REPORT_SECONDS, self._report, (consumer,))

    def stop(self, consumer: Any) -> None:
        """Signs off."""
        from training.workers import sign_off

        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        _without_failing(lambda: sign_off(consumer.hostname, now=timezone.now()))

    def _report(self, consumer: Any) -> None:
        from training.workers import report

        queues = [queue.name for queue in consumer.task_consumer.queues]
        places = consumer.controller.concurrency or 1
        _without_failing(lambda: report(consumer.hostname, queues, places=places, now=timezone.now()))


def _without_failing(write: Any) -> None:
    try:
        write()
    except DatabaseError as error:  # away, or not migrated yet: the next report will be written
        logger.warning("the worker could not report: %s", error)
    finally:
        connection.close()  # children are forked from this process, and must not share it
