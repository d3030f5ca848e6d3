"""Looking into a version: readings of the reward lens, and experiments in the lab."""

from django.db import models
from django.db.models import Q

from labeling.models import Campaign
from training.models.job import Job
from training.models.version import ModelVersion


class Inspection(Job):
    """What readings and experiments have in common: somebody wants to know something about a version."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(
        Campaign,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Where the texts come from; null: somebody wrote them here.",
    )

    class Meta:
        abstract = True


class RewardReading(Inspection):
    """What somebody asked of a version through the reward lens: the hidden rewards of one pair, token by token."""

    comparison = models.ForeignKey(
        "labeling.Comparison", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    before = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The version it is compared with; null: the reference itself, whose rewards are zero.",
    )
    reference = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="What rewards are measured against; null: the base under the version.",
    )
    pair = models.JSONField(help_text="The pair as the engine reads it: prompt, chosen, rejected, token ids.")
    beta = models.FloatField(default=0.1, help_text="The strength of the tie that the page begins with.")
    result = models.JSONField(null=True, blank=True, help_text="Token by token: see training.jobs.reading.")

    def __str__(self) -> str:
        return f"reading {self.pk}"


class LabSession(Inspection):
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
