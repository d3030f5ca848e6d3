"""Counts of a large campaign that a worker makes, since nobody waits for them in front of a page."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from labeling.models.campaign import Campaign


class KeptCounts(models.Model):
    """The counts behind the statistics of one slice of a campaign, as they last were. The row is also the job."""

    WANTED: ClassVar = Q(counted_at=None) | Q(counted_at__lt=F("asked_at"))
    """Of rows for which somebody wants newer counts than they have."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="kept_counts", db_index=False)
    part = models.CharField(max_length=64, help_text="SHA-256 of the limits of the slice.")
    limits = models.JSONField(help_text="The limits of the slice.")
    asked_at = models.DateTimeField(help_text="When somebody last wanted newer ones.")
    started_at = models.DateTimeField(null=True, help_text="When a worker began to count; null: nobody counts.")
    counted_at = models.DateTimeField(null=True, help_text="The time of the counts; null: there are none.")
    counted = models.JSONField(null=True, help_text="The counts, what they are about, and the seconds it took.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["campaign", "part"], name="kept_counts_once"),)
        verbose_name_plural = "kept counts"

    def __str__(self) -> str:
        return f"counts of {self.campaign}"
