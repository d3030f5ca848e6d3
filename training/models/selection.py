"""The trial of what to label next: a campaign's arms, the worth of their labels, and the job behind both."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.models import Campaign, User
from training.models.job import ACTIVE_STATUSES, Job
from training.models.run import Run, Snapshot
from training.models.version import ModelVersion

CHANCE = "random"
"""The arm beside those of a trial, on comparisons (`training.evaluation.arms`)."""


class SelectionTrial(models.Model):
    """A campaign's trial. While it is on, its arms choose which comparisons come next."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="selection_trial")
    is_on = models.BooleanField(default=True)
    enough = models.PositiveIntegerField(
        default=160,
        validators=[MinValueValidator(40), MaxValueValidator(100_000)],
        help_text="Labels of an arm after which it is switched off unless a gain is proven.",
    )
    changed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"trial of {self.campaign_id}"


class TrialArm(models.Model):
    """An arm of a trial. Once it is switched off, its share is chance's until a lead sets the arms again."""

    class Name(models.TextChoices):
        UNCERTAINTY = "uncertainty", _("The model is unsure")
        GAP = "gap", _("The model is sure")
        DISAGREEMENT = "disagreement", _("Two versions disagree")
        NOVELTY = "novelty", _("Unlike earlier pairs")

    class Standing(models.TextChoices):
        OPEN = "open", _("Not clear yet")
        PAYS = "pays", _("Pays")
        LOSES = "loses", _("Switched off: worse than chance")
        UNPROVEN = "unproven", _("Switched off: no proven gain")
        UNMEASURED = "unmeasured", _("Switched off: cannot be measured")

    OFF = (Standing.LOSES, Standing.UNPROVEN, Standing.UNMEASURED)
    """An arm that stands so chooses no longer."""

    class Obstacle(models.TextChoices):
        LABELS = "labels", _("Too few of its pairs got a preference: the others are ties, conflicts or skipped.")
        CHANCE = "chance", _("Chance has too few labels to compare with.")
        HELD_OUT = "held_out", _("All held-out pairs are on one prompt.")
        TIME = "time", _("The time was used up before all short runs were done.")
        FAILED = "failed", _("A short run failed. The log of the worker says why.")

    trial = models.ForeignKey(SelectionTrial, on_delete=models.CASCADE, related_name="arms")
    name = models.CharField(max_length=16, choices=Name.choices)
    share = models.FloatField(help_text="Of the pairs to train on, 0 to 1, while it is on.")
    standing = models.CharField(max_length=16, choices=Standing.choices, default=Standing.OPEN)
    labels = models.PositiveIntegerField(
        default=0, help_text="Its labels at the last look (`units`); 0: there was none."
    )
    gain = models.JSONField(
        null=True, blank=True, help_text="Held-out accuracy over chance: value, low, high (95 %). Null: not measured."
    )
    tries = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Looks in a row that could not measure it, up to the last one."
    )
    obstacle = models.CharField(
        max_length=16,
        blank=True,
        default="",
        db_default="",
        choices=Obstacle.choices,
        help_text="Why the last look could not measure it; empty: it did, or there was none.",
    )
    measured_at = models.DateTimeField(null=True, blank=True)
    off_at = models.DateTimeField(null=True, blank=True, help_text="When it was switched off; null: it is on.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["trial", "name"], name="trial_arm_once"),)

    @property
    def is_on(self) -> bool:
        """Whether it chooses."""
        return self.off_at is None

    def __str__(self) -> str:
        return f"{self.name} of {self.trial}"


class SelectionJob(Job):
    """Measures the arm that is due, if one is, by short runs; then chooses which comparisons come next.

    A worker keeps every finished short run in the row, so that the next worker goes on from there.
    """

    QUEUE = Run.QUEUE

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="selection_jobs")
    version = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="It served; its implicit reward tells which pairs it is unsure of.",
    )
    snapshot = models.ForeignKey(Snapshot, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    config = models.JSONField(default=dict, help_text="Settings of the campaign's last run, which the short runs take.")
    minutes = models.PositiveIntegerField(help_text="The longest time that workers may spend on it.")
    arm = models.CharField(
        max_length=16, blank=True, choices=TrialArm.Name.choices, help_text="The arm that is measured; empty: none."
    )
    labels = models.PositiveIntegerField(default=0, help_text="Labels of that arm when the job was made (`units`).")
    trainings = models.JSONField(
        default=list,
        blank=True,
        help_text="The finished short runs: side (arm or chance), part, and right: 1, 0 or h (neither) for each "
        "held-out pair.",
    )
    prompts = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text="The number of the prompt of each held-out pair. Empty: none is measured, or it was not kept yet.",
    )
    chosen = models.JSONField(default=dict, blank=True, help_text="How many comparisons each arm chose.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["campaign"],
                condition=Q(status__in=[status.value for status in ACTIVE_STATUSES]),
                name="selection_job_one_active_per_campaign",
            ),
        )

    def __str__(self) -> str:
        return f"choice of pairs {self.pk}"
