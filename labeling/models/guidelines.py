"""Versioned guidelines of a campaign, and who has read them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from labeling.models.annotator import User
from labeling.models.campaign import Campaign


class Demand(models.TextChoices):
    """The step that a new version of the guidelines demands of annotators. Each demand includes those before it."""

    NOTHING = "nothing", _("Nothing: it is a small change")
    READ = "read", _("Read them again")
    PRACTISE = "practise", _("Read them and practise again")
    QUALIFY = "qualify", _("Read them, practise and qualify again")


class GuidelineVersion(models.Model):
    """A version of the guidelines. Each judgment refers to the one it was made under."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="guideline_versions", db_index=False)
    number = models.PositiveIntegerField()
    text = models.TextField(help_text="Markdown.")
    demand = models.CharField(
        max_length=8,
        choices=Demand.choices,
        default=Demand.NOTHING,
        db_default=Demand.NOTHING,
        help_text="The step that annotators who have read an earlier version must take before they go on.",
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["campaign", "number"], name="guideline_version_once"),)

    def __str__(self) -> str:
        return f"{self.campaign} guidelines {self.number}"


class GuidelineReading(models.Model):
    """An annotator's statement that they have read a version of the guidelines."""

    version = models.ForeignKey(GuidelineVersion, on_delete=models.CASCADE, related_name="readings", db_index=False)
    annotator = models.ForeignKey(User, on_delete=models.CASCADE, related_name="guideline_readings")
    read_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["version", "annotator"], name="guideline_reading_once"),)

    def __str__(self) -> str:
        return f"{self.annotator} read {self.version}"
