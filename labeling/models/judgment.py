"""Judgments (by one annotator; append-only) and verdicts (the settled preference of a comparison)."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from labeling.models.annotator import User
from labeling.models.batch import ImportBatch
from labeling.models.campaign import Campaign
from labeling.models.choice import Choice, Flag, Winner
from labeling.models.comparison import Assignment, Comparison
from labeling.models.guidelines import GuidelineVersion


class Judgment(models.Model):
    """An annotator's judgment of an assignment. An undo or a change supersedes it; it is never edited or deleted."""

    # The composite indexes below cover these. Each judgment would pay for further ones.
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="judgments", db_index=False)
    comparison = models.ForeignKey(Comparison, on_delete=models.PROTECT, related_name="judgments", db_index=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="judgments", db_index=False)
    annotator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="judgments", db_index=False)
    guideline_version = models.ForeignKey(
        GuidelineVersion, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(
        max_length=8,
        choices=Assignment.Kind.choices,
        default=Assignment.Kind.NORMAL,
        help_text="Only normal judgments are votes. Gold and retests count in no verdict and no agreement.",
    )
    choice = models.CharField(max_length=8, choices=Choice.choices)
    strength = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3)],
        help_text="1 slightly, 2 clearly, 3 much better; null: not asked.",
    )
    criteria = models.JSONField(default=dict, blank=True, help_text='{"helpful": "a"|"b"|"tie", ...}')
    comment = models.TextField(blank=True)
    edit = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="The winner, improved by the annotator: better than both completions.",
    )
    skip_reason = models.CharField(max_length=80, blank=True)
    flag = models.CharField(max_length=16, choices=Flag.choices, blank=True, help_text="Only with a skip.")
    seconds = models.FloatField(null=True, blank=True, help_text="How long it was on display in a visible tab.")
    left = models.CharField(
        max_length=1, choices=Assignment.Side.choices, help_text="The completion that was on the left."
    )
    key = models.CharField(
        max_length=64, help_text="Chosen by the client. A retry with the same key is the same judgment."
    )
    created_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True, blank=True, help_text="When undone or changed; null: it counts.")
    batch = models.ForeignKey(
        ImportBatch,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="The import that brought it, by an outside annotator; null: it was made here.",
    )
    certainty = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.5), MaxValueValidator(1.0)],
        help_text="Of an imported a or b: p(the choice is right), 0.5..1; null: not stated.",
    )
    metadata = models.JSONField(null=True, blank=True, help_text="Other fields of an imported judgment; null: none.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["annotator", "key"], name="judgment_key_once"),
            models.UniqueConstraint(
                fields=["assignment"], condition=Q(superseded_at__isnull=True), name="judgment_current_once"
            ),
        )
        indexes = (
            models.Index(fields=["campaign", "created_at"], name="judgment_campaign_time"),
            # Whole: deleting a comparison or an assignment looks for judgments that were superseded too.
            models.Index(fields=["comparison"], name="judgment_comparison"),
            models.Index(fields=["assignment"], name="judgment_assignment"),
            models.Index(fields=["annotator", "campaign", "created_at"], name="judgment_annotator_time"),
            # Few judgments have an edit; the others do not pay for this index.
            models.Index(fields=["comparison"], condition=~Q(edit=""), name="judgment_with_edit"),
            # The same for flags.
            models.Index(fields=["comparison"], condition=~Q(flag=""), name="judgment_with_flag"),
        )

    def __str__(self) -> str:
        return f"{self.choice} on {self.comparison_id}"


class Verdict(models.Model):
    """The settled preference of a comparison. A preference pair is made of it."""

    class SettledBy(models.TextChoices):
        MAJORITY = "majority", _("Majority of the judgments")
        UNANIMITY = "unanimity", _("All judgments agree")
        DAWID_SKENE = "dawid_skene", _("Dawid-Skene: judgments weighted by annotator")
        ADJUDICATION = "adjudication", _("Decided by an expert")
        IMPORT = "import", _("Imported")

    BY_RULE = (SettledBy.MAJORITY, SettledBy.UNANIMITY, SettledBy.DAWID_SKENE)

    comparison = models.OneToOneField(Comparison, on_delete=models.CASCADE, related_name="verdict")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="verdicts", db_index=False)
    winner = models.CharField(max_length=8, choices=Winner.choices)
    confidence = models.FloatField(
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)], help_text="p(chosen > rejected), or p(tie)."
    )
    votes = models.JSONField(default=dict, help_text='The number of judgments for each choice: {"a": 2, "b": 1}.')
    settled_by = models.CharField(max_length=16, choices=SettledBy.choices)
    settled_by_user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True, help_text="The reason that the expert gave.")
    settled_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=["campaign", "settled_at"], name="verdict_campaign_time"),
            models.Index(fields=["campaign", "confidence", "comparison"], name="verdict_confidence"),
            # Preference pairs are counted on a campaign's first page: from this index alone.
            models.Index(
                fields=["campaign", "settled_at"], condition=Q(winner__in=["a", "b"]), name="verdict_pair_time"
            ),
        )

    @property
    def settled_by_label(self) -> str | Promise:
        """How it was settled. One judgment is no majority, whatever the rule."""
        if self.settled_by in self.BY_RULE and sum(self.votes.values()) == 1:
            return _("A single judgment")
        return self.SettledBy(self.settled_by).label

    def __str__(self) -> str:
        return f"{self.winner} ({self.confidence:.2f}) on {self.comparison_id}"
