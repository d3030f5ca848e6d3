"""Comparisons (two completions of one prompt) and assignments (a comparison leased to one annotator).

How overlap is kept: `Comparison.taken` counts leases and judgments that hold a place. A place is claimed by a
compare-and-set on that row (`taken < overlap`), the check constraint forbids more, and `(comparison, slot)` is unique
among the assignments that hold a place. So no interleaving of transactions can over-label. Assignments of gold and of
retests hold no place; the unique pairs of comparison and annotator keep them from coming twice.
"""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from labeling.models.annotator import User
from labeling.models.campaign import Campaign, GuidelineVersion
from labeling.models.choice import Winner
from labeling.models.prompt import Completion, Prompt


class Comparison(models.Model):
    """Two completions of one prompt: the thing judged. a/b is canonical (by content hash), never the display order."""

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("comparison", "Open")  # wants judgments
        CONFLICT = "conflict", _("Conflict")  # has all its judgments but no verdict: somebody must adjudicate
        SETTLED = "settled", _("Settled")  # has a verdict
        FLAGGED = "flagged", _("Flagged")  # somebody saw harm or personal data: waits for a lead to look at it
        RETIRED = "retired", _("Retired")  # taken out by a lead; kept, not shown, not trained on
        GOLD = "gold", _("Gold")  # its verdict is known: it measures annotators and is never trained on

    OUT = (Status.FLAGGED, Status.RETIRED, Status.GOLD)
    """Such a comparison counts in no total, no agreement, no verdict for training and no export."""

    # Every index here is paid for with every judgment, so only those that something reads exist.
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="comparisons", db_index=False)
    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="comparisons")
    completion_a = models.ForeignKey(
        Completion, on_delete=models.PROTECT, related_name="comparisons_as_a", db_index=False
    )
    completion_b = models.ForeignKey(
        Completion, on_delete=models.PROTECT, related_name="comparisons_as_b", db_index=False
    )
    pair_hash = models.CharField(
        max_length=64, help_text="SHA-256 of the prompt and both texts: the same two texts are judged once."
    )
    external_id = models.CharField(max_length=200, blank=True, help_text="The id the importing file gave it.")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN)
    overlap = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    taken = models.PositiveSmallIntegerField(default=0, help_text="Places held by leases and judgments.")
    judged = models.PositiveSmallIntegerField(default=0, help_text="Current judgments that are not skips.")
    # The votes, counted: what a verdict rule reads without reading judgments.
    votes_a = models.PositiveSmallIntegerField(default=0)
    votes_b = models.PositiveSmallIntegerField(default=0)
    votes_tie = models.PositiveSmallIntegerField(default=0)
    votes_both_bad = models.PositiveSmallIntegerField(default=0)
    priority = models.SmallIntegerField(default=0, help_text="Higher is given first.")
    position = models.FloatField(
        help_text="Place in the queue, lowest first: random in [0, 1) minus the priority. One number, so that a "
        "walk along it needs one index and one cursor."
    )
    source = models.CharField(max_length=120, blank=True, help_text="What made it: an import, a generation job.")
    added_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["campaign", "pair_hash"], name="comparison_once"),
            models.CheckConstraint(condition=Q(taken__lte=F("overlap")), name="comparison_never_over_labeled"),
            models.CheckConstraint(condition=Q(judged__lte=F("taken")), name="comparison_judged_holds_a_place"),
            models.CheckConstraint(
                condition=Q(judged=F("votes_a") + F("votes_b") + F("votes_tie") + F("votes_both_bad")),
                name="comparison_judged_is_its_votes",
            ),
            models.CheckConstraint(condition=~Q(completion_a=F("completion_b")), name="comparison_of_two"),
        )
        indexes = (
            # The queue: only comparisons that still have a free place are in it.
            models.Index(
                fields=["campaign", "position"],
                name="comparison_queue",
                condition=Q(status="open", taken__lt=F("overlap")),
            ),
            models.Index(fields=["campaign", "status"], name="comparison_campaign_status"),
        )

    @property
    def votes(self) -> dict[str, int]:
        """How many current judgments said what; choices nobody made are left out."""
        counted = {choice: int(getattr(self, f"votes_{choice}")) for choice in ("a", "b", "tie", "both_bad")}
        return {choice: count for choice, count in counted.items() if count}

    def __str__(self) -> str:
        return f"comparison {self.pk}"


class Gold(models.Model):
    """The known verdict of a gold comparison. Annotators are given it like any other and cannot tell."""

    comparison = models.OneToOneField(Comparison, on_delete=models.CASCADE, related_name="gold", primary_key=True)
    winner = models.CharField(max_length=8, choices=Winner.choices)
    reason = models.TextField(blank=True, help_text="Why this is the right answer.")
    set_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Is never given it."
    )
    set_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "gold"

    def __str__(self) -> str:
        return f"{self.winner} of {self.comparison_id}"


class Assignment(models.Model):
    """A comparison leased to one annotator until a time, with the recorded presentation."""

    class Kind(models.TextChoices):
        NORMAL = "normal", _("Normal")  # holds one of the places that overlap counts
        GOLD = "gold", _("Gold")  # measures the annotator; as many places as there are annotators
        RETEST = "retest", _("Retest")  # what they judged before, sides exchanged

    class Status(models.TextChoices):
        LEASED = "leased", _("Leased")  # in front of the annotator
        JUDGED = "judged", _("Judged")  # has a current judgment; holds its place for good
        SKIPPED = "skipped", _("Skipped")  # the annotator passed: the place is free again, but never for them
        RELEASED = "released", _("Released")  # expired or handed back: the place is free again, for them too

    class Side(models.TextChoices):
        A = "a", "a"
        B = "b", "b"

    HOLDING = (Status.LEASED, Status.JUDGED)

    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="assignments", db_index=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="assignments", db_index=False)
    # No index of its own: the search for the next one must have no other way to an own assignment than the unique one.
    annotator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments", db_index=False)
    guideline_version = models.ForeignKey(
        GuidelineVersion, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.NORMAL)
    slot = models.PositiveSmallIntegerField(null=True, help_text="Which of the overlap places it holds; null: none.")
    left = models.CharField(max_length=1, choices=Side.choices, help_text="Which completion was shown on the left.")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.LEASED)
    leased_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["comparison", "annotator"],
                condition=~Q(kind="retest"),
                name="assignment_once_per_annotator",
            ),
            models.UniqueConstraint(
                fields=["comparison", "annotator"], condition=Q(kind="retest"), name="assignment_retest_once"
            ),
            models.UniqueConstraint(fields=["comparison", "slot"], name="assignment_slot_once"),
            models.CheckConstraint(
                condition=Q(kind="normal", status__in=["leased", "judged"], slot__isnull=False)
                | Q(kind="normal", status__in=["skipped", "released"], slot__isnull=True)
                | Q(kind__in=["gold", "retest"], slot__isnull=True),
                name="assignment_slot_iff_it_holds_a_place",
            ),
        )
        indexes = (
            models.Index(fields=["expires_at"], name="assignment_expiry", condition=Q(status="leased")),
            models.Index(fields=["annotator", "campaign"], name="assignment_open", condition=Q(status="leased")),
        )

    @property
    def right(self) -> str:
        """Which completion was shown on the right: "a" or "b"."""
        return "b" if self.left == "a" else "a"

    def __str__(self) -> str:
        return f"assignment {self.pk} of {self.comparison_id}"
