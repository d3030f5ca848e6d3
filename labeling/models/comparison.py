"""Comparisons (two completions of one prompt) and assignments (a comparison leased to one annotator).

How overlap is guaranteed: `Comparison.taken` counts leases and judgments that hold a place. A place is claimed by a
compare-and-set on that row (`taken < overlap`), a check constraint forbids more, and `(comparison, slot)` is unique
among the assignments that hold a place. So no interleaving of transactions can exceed the overlap. Assignments of gold
and retests hold no place; unique constraints on comparison and annotator prevent duplicates.
"""

from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from labeling.models.annotator import User
from labeling.models.batch import ImportBatch
from labeling.models.campaign import Campaign
from labeling.models.choice import Winner
from labeling.models.guidelines import GuidelineVersion
from labeling.models.prompt import Completion, Prompt

_A, _B, _NEITHER = Q(votes_a__gt=0), Q(votes_b__gt=0), Q(votes_tie__gt=0) | Q(votes_both_bad__gt=0)
DIFFERING = (_A & _B) | (_A & _NEITHER) | (_B & _NEITHER)
"""Comparisons whose judgments differ. A tie and "both bad" are the same: no preference."""


class Comparison(models.Model):
    """Two completions of one prompt, to be judged. a/b is canonical (by content hash), never the display order."""

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("comparison", "Open")  # wants judgments
        CONFLICT = "conflict", _("Conflict")  # has all its judgments but no verdict: an expert must adjudicate
        SETTLED = "settled", _("Settled")  # has a verdict
        FLAGGED = "flagged", _("Flagged")  # an annotator reported harm or personal data: waits for a lead's review
        RETIRED = "retired", _("Retired")  # taken out by a lead; kept, but not given out or trained on
        GOLD = "gold", _("Gold")  # its verdict is known: it measures annotators and is not trained on
        PRACTICE = "practice", _("Practice")  # its answer is known: annotators practise or qualify on it

    OUT = (Status.FLAGGED, Status.RETIRED, Status.GOLD, Status.PRACTICE)
    """Comparisons with these statuses count in no total, agreement, training or export."""

    # Each judgment pays for every index here, so there are only those that a query uses.
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="comparisons", db_index=False)
    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="comparisons")
    completion_a = models.ForeignKey(
        Completion, on_delete=models.PROTECT, related_name="comparisons_as_a", db_index=False
    )
    completion_b = models.ForeignKey(
        Completion, on_delete=models.PROTECT, related_name="comparisons_as_b", db_index=False
    )
    pair_hash = models.CharField(
        max_length=64, help_text="SHA-256 of the prompt and both texts, so that the same two texts are judged once."
    )
    external_id = models.CharField(max_length=200, blank=True, help_text="The id in the imported file.")
    metadata = models.JSONField(
        null=True, blank=True, help_text="Other fields of the imported record, as the file has them; null: none."
    )
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN)
    overlap = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    taken = models.PositiveSmallIntegerField(default=0, help_text="Places held by leases and judgments.")
    judged = models.PositiveSmallIntegerField(default=0, help_text="Current judgments that are not skips.")
    # The counts of votes, so that verdict rules need not read judgments.
    votes_a = models.PositiveSmallIntegerField(default=0)
    votes_b = models.PositiveSmallIntegerField(default=0)
    votes_tie = models.PositiveSmallIntegerField(default=0)
    votes_both_bad = models.PositiveSmallIntegerField(default=0)
    lean = models.FloatField(
        default=0.0,
        db_default=0.0,
        help_text="The votes that the certainties of imported votes move from b to a: a vote for a with certainty p "
        "moves p - 1, one for b moves 1 - p.",
    )
    priority = models.SmallIntegerField(default=0, help_text="Higher ones are given out first.")
    position = models.FloatField(
        help_text="Position in the queue, lowest first: random in [0, 1), minus the priority. A single number needs "
        "only one index and one cursor."
    )
    source = models.CharField(max_length=120, blank=True, help_text="Where it comes from: an import, a generation job.")
    batch = models.ForeignKey(
        ImportBatch,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="comparisons",
        db_index=False,
        help_text="The import that brought it; null: none did. `ImportBatch.id_range` finds those of a batch.",
    )
    arm = models.CharField(
        max_length=16,
        blank=True,
        default="",
        db_default="",
        help_text="The way in which it was chosen to come next, where the campaign tries several; empty: the queue's "
        "order.",
    )
    retired_with_prompt = models.BooleanField(
        default=False, db_default=False, help_text="Retired because its prompt was: restored with it."
    )
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
            # With the id, so that each status can be listed newest first without reading the others.
            models.Index(fields=["campaign", "status", "id"], name="comparison_status_newest"),
            # Few comparisons are judged in two ways; the others do not pay for this index.
            models.Index(fields=["campaign", "id"], condition=DIFFERING, name="comparison_differing"),
            # The database asks for these before it deletes a completion or a user: a take-back deletes thousands.
            models.Index(fields=["completion_a"], name="comparison_completion_a"),
            models.Index(fields=["completion_b"], name="comparison_completion_b"),
            models.Index(fields=["added_by"], name="comparison_added_by"),
            # Only chosen comparisons are in it.
            models.Index(fields=["campaign", "arm", "status"], name="comparison_arm", condition=~Q(arm="")),
            # Rows without metadata do not pay for it.
            GinIndex(
                fields=["metadata"],
                name="comparison_metadata",
                opclasses=["jsonb_path_ops"],
                condition=Q(metadata__isnull=False),
            ),
        )

    @property
    def status_label(self) -> str:
        """The status in words. A pair with a known answer is for practice or for the qualification."""
        pair = getattr(self, "practice", None) if self.status == self.Status.PRACTICE else None
        return str(self.get_status_display() if pair is None else pair.get_use_display())

    @property
    def votes(self) -> dict[str, int]:
        """The number of current judgments for each choice; choices without judgments are left out."""
        counted = {choice: int(getattr(self, f"votes_{choice}")) for choice in ("a", "b", "tie", "both_bad")}
        return {choice: count for choice, count in counted.items() if count}

    def __str__(self) -> str:
        return f"comparison {self.pk}"


class Gold(models.Model):
    """The known verdict of a gold comparison. Annotators cannot tell it from others."""

    comparison = models.OneToOneField(Comparison, on_delete=models.CASCADE, related_name="gold", primary_key=True)
    winner = models.CharField(max_length=8, choices=Winner.choices)
    reason = models.TextField(blank=True, help_text="Why this is the right verdict.")
    set_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Is never given it.",
    )
    set_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "gold"

    def __str__(self) -> str:
        return f"{self.winner} of {self.comparison_id}"


class Assignment(models.Model):
    """A lease of a comparison to one annotator, with its presentation."""

    class Kind(models.TextChoices):
        NORMAL = "normal", _("Normal")  # holds one of the places that overlap counts
        GOLD = "gold", _("Gold")  # measures the annotator; holds no place
        RETEST = "retest", _("Retest")  # judged by them before, now with sides exchanged

    class Status(models.TextChoices):
        LEASED = "leased", _("Leased")  # held by the annotator
        JUDGED = "judged", _("Judged")  # has a current judgment, and keeps its place
        SKIPPED = "skipped", _("Skipped")  # the place is free again, but not for this annotator
        RELEASED = "released", _("Released")  # expired or given up: the place is free again, also for this annotator

    class Side(models.TextChoices):
        A = "a", "a"
        B = "b", "b"

    HOLDING = (Status.LEASED, Status.JUDGED)

    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="assignments", db_index=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="assignments", db_index=False)
    annotator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments", db_index=False)
    guideline_version = models.ForeignKey(
        GuidelineVersion, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.NORMAL)
    slot = models.PositiveSmallIntegerField(
        null=True, help_text="The place it holds, from 1 to the overlap; null: none."
    )
    left = models.CharField(max_length=1, choices=Side.choices, help_text="The completion on the left.")
    arm = models.CharField(
        max_length=16,
        blank=True,
        default="",
        db_default="",
        help_text="The way in which its comparison had been chosen when it was given out; empty: the queue's order.",
    )
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
            # For the deletion of users. The search for the next comparison uses the unique one (a test).
            models.Index(fields=["annotator"], name="assignment_annotator"),
        )

    @property
    def right(self) -> str:
        """The completion on the right: "a" or "b"."""
        return "b" if self.left == "a" else "a"

    def __str__(self) -> str:
        return f"assignment {self.pk} of {self.comparison_id}"
