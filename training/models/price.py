"""Measurements of a campaign's learning curve: short runs on parts of its labels."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from labeling.models import Campaign
from training.models.job import ACTIVE_STATUSES, Job
from training.models.run import Run, Snapshot
from training.models.version import ModelVersion


class PriceJob(Job):
    """Short runs on nested subsets of a snapshot, all measured on the same held-out pairs.

    A worker keeps every finished short run in the row, so that the next worker goes on from there.
    """

    QUEUE = Run.QUEUE

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="price_jobs")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+")
    base = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The base model from which every short run starts; it is the reference too.",
    )
    config = models.JSONField(default=dict, help_text="Settings of the campaign's last run, which the short runs take.")
    draws = models.PositiveSmallIntegerField(
        help_text="How many orders of the pairs; each gives a subset of each size."
    )
    minutes = models.PositiveIntegerField(help_text="The longest time that workers may spend on it.")
    trainings = models.JSONField(
        default=list,
        blank=True,
        help_text="The finished short runs: labels, draw, and right: 1, 0 or h (neither) for each held-out pair.",
    )
    prompts = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text="The number of the prompt of each held-out pair. Empty: none is measured, or it was not kept yet.",
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["campaign"],
                condition=Q(status__in=[status.value for status in ACTIVE_STATUSES]),
                name="price_job_one_active_per_campaign",
            ),
        )

    def __str__(self) -> str:
        return f"learning curve {self.pk}"
