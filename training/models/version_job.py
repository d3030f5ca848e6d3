"""Jobs on one version."""

from django.db import models

from labeling.models import Campaign
from training.models.job import Job
from training.models.version import ModelVersion


class VersionJob(Job):
    """The columns that lens jobs and lab sessions share: a version, and the campaign of the texts."""

    QUEUE = "lens"

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(
        Campaign,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="The campaign of the texts; null: a person wrote them for this job.",
    )

    class Meta:
        abstract = True
