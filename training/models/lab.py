"""Experiments in the lab."""

from django.db import models
from django.db.models import Q

from training.models.version_job import VersionJob


class LabSession(VersionJob):
    """An experiment in the lab: a real model learns one preference, one step for each that its owner asks for.

    The engine stays for a while after the last step. A later engine repeats the steps with the same result.
    """

    MOST_STEPS = 200

    lesson = models.JSONField(help_text="The texts: prompt, chosen, rejected, and watched (a list).")
    config = models.JSONField(default=dict, help_text="Settings that differ from the engine's defaults (RunConfig).")
    points = models.JSONField(
        default=list, blank=True, help_text="The figures of the model after each step, from 0 on."
    )
    wrote = models.JSONField(default=list, blank=True, help_text="The model's own samples after some of the steps.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["created_by"],
                # One that is being cancelled may run for a moment beside the next.
                condition=Q(status__in=["queued", "running"]),
                name="lab_one_open_per_person",
            ),
        )

    def __str__(self) -> str:
        return f"lab session {self.pk}"
