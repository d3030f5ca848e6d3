"""Jobs about groups of annotators: a search for groups in the votes, and versions measured on each group's pairs."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.models import Campaign, Grouping
from training.models.job import ACTIVE_STATUSES, Job


class GroupJob(Job):
    """A search for groups, or a measurement of the versions of a grouping's groups."""

    QUEUE = "lens"

    class Kind(models.TextChoices):
        SEARCH = "search", _("Search for groups")
        MEASUREMENT = "measurement", _("Versions measured for each group")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="group_jobs")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    grouping = models.ForeignKey(
        Grouping,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Whose groups are measured; null: a search.",
    )
    result = models.JSONField(null=True, blank=True, help_text="See training.queries.groups; null until it is over.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["campaign"],
                condition=Q(status__in=[status.value for status in ACTIVE_STATUSES]),
                name="group_job_one_active_per_campaign",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"
