"""The workers' reports: which are running, and which queues they take jobs from. `config.celery` has workers send them.

A report is one small statement every ten seconds, so that pages can say that a job waits for a worker without asking
the workers themselves.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from training.models import Worker

REPORT_SECONDS = 10.0
FORGOTTEN_AFTER = timedelta(days=1)


def report(name: str, queues: Iterable[str], *, places: int, now: datetime) -> None:
    """Records that a worker is running. places: how many jobs it does at a time."""
    values = {"queues": sorted(queues), "places": places, "seen_at": now}
    Worker.objects.update_or_create(name=name, defaults=values)


def sign_off(name: str, *, now: datetime) -> None:
    """Records that a worker has stopped, and removes workers that have not been seen for a day."""
    Worker.objects.filter(name=name).delete()
    Worker.objects.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()
