"""The workers that take jobs, as they report themselves."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Worker(models.Model):
    """A Celery worker. It reports every few seconds; one that has been silent for longer takes no jobs."""

    SILENT_AFTER: ClassVar = timedelta(seconds=60)

    name = models.CharField(max_length=200, unique=True, help_text="Its node name, such as worker-train@host.")
    queues = ArrayField(models.CharField(max_length=80), help_text="The queues that it takes jobs from now.")
    places = models.PositiveSmallIntegerField(help_text="How many jobs it does at a time.")
    seen_at = models.DateTimeField(help_text="Its last report.")

    def is_silent(self, now: datetime) -> bool:
        """Whether it has not reported for so long that it is not running, or has been stopped."""
        return now - self.seen_at > self.SILENT_AFTER

    def __str__(self) -> str:
        return self.name
