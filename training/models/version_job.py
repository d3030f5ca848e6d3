"""A job about one version."""

from django.db import models

from labeling.models import Campaign
from training.models.job import Job
from training.models.version import ModelVersion


class VersionJob(Job):
    """What lens jobs and lab sessions share: a version, and where the texts come from."""

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
