"""Experiments in the lab."""

from django.db import models
from django.db.models import Q

from training.models.version_job import VersionJob


class LabSession(VersionJob):
    """Somebody's experiment in the lab: a real model learns one preference, a step whenever they ask for one.

    Its engine stays for a while after the last step; a later one replays the steps, which come out the same.
    """

    MOST_STEPS = 200

    lesson = models.JSONField(help_text="The prompt, the text that was picked, the other, and texts only watched.")
    config = models.JSONField(default=dict, help_text="What differs from the engine's defaults (RunConfig).")
    points = models.JSONField(default=list, blank=True, help_text="What the model was after each step, from 0 on.")
    wrote = models.JSONField(default=list, blank=True, help_text="What it wrote by itself at some of them.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["created_by"],
                # One that is being ended may go on for a moment beside the next.
                condition=Q(status__in=["queued", "running"]),
                name="lab_one_open_per_person",
            ),
        )

    def __str__(self) -> str:
        return f"lab session {self.pk}"
