"""Jobs of the lens."""

from django.db import models

from training.models.version import ModelVersion
from training.models.version_job import VersionJob


class LensJob(VersionJob):
    """A look into the hidden reward of a version: the rewards of one pair, token by token."""

    comparison = models.ForeignKey(
        "labeling.Comparison", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    before = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The version compared with; null: the reference itself, whose rewards are zero.",
    )
    reference = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The version that rewards are measured against; null: the base under the version.",
    )
    pair = models.JSONField(help_text="The preference pair, as a snapshot's line describes it.")
    is_preference = models.BooleanField(
        default=True, help_text="Whether people prefer the chosen side; if not, the sides are called A and B."
    )
    beta = models.FloatField(default=0.1, help_text="The beta that the page begins with.")
    result = models.JSONField(null=True, blank=True, help_text="The rewards of every token; see training.jobs.lens.")

    def __str__(self) -> str:
        return f"lens job {self.pk}"
