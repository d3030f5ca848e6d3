"""Campaigns, with their rules and running totals."""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from labeling.models.annotator import User

SKIP_REASONS = (
    gettext_noop("I do not know enough about it"),
    gettext_noop("I do not know the language"),
    gettext_noop("It is broken or cannot be read"),
    gettext_noop("It is upsetting"),
    gettext_noop("Something else"),
)
"""The skip reasons of a new campaign, stored in English and translated where annotators read them."""


def skip_reason_label(reason: str) -> str:
    """A reason as people read it: one of ours in their language, a lead's own as it was written."""
    return gettext(reason) if reason in SKIP_REASONS else reason


def default_skip_reasons() -> list[str]:
    return list(SKIP_REASONS)


class Campaign(models.Model):
    """A labeling effort. Each rule is a column, so that SQL can read it."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")  # in preparation: nothing is given out
        ACTIVE = "active", _("Active")  # comparisons are given out
        PAUSED = "paused", _("Paused")  # nothing new is given out; open assignments may be finished
        CLOSED = "closed", _("Closed")  # labeling is over; training and export continue
        ARCHIVED = "archived", _("Archived")  # hidden, but kept

    class Kind(models.TextChoices):
        LABELS = "labels", _("Labels for training")
        BLIND_TEST = "blind_test", _("Blind test")  # compares two writers: nothing is trained on it or generated for it

    class Scale(models.TextChoices):
        CHOICE = "choice", _("Choice only")
        STRENGTH = "strength", _("Choice and strength")

    class VerdictRule(models.TextChoices):
        MAJORITY = "majority", _("Majority")
        UNANIMITY = "unanimity", _("Unanimity")
        DAWID_SKENE = "dawid_skene", _("Dawid-Skene")

    class Order(models.TextChoices):
        RANDOM = "random", _("At random")
        IMPORTED = "imported", _("As they came in")
        NEWEST = "newest", _("Newest first")

    class GoldAction(models.TextChoices):
        NOTHING = "nothing", _("Only count")
        WARN = "warn", _("Warn them")
        PAUSE = "pause", _("Pause them")

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.DRAFT)
    kind = models.CharField(
        max_length=16, choices=Kind.choices, default=Kind.LABELS, db_default=Kind.LABELS, editable=False
    )
    scale = models.CharField(max_length=16, choices=Scale.choices, default=Scale.CHOICE)
    overlap = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text="Independent judgments wanted for each comparison.",
    )
    overlap_share = models.FloatField(
        default=1.0,
        db_default=1.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="The share of comparisons that get this many judgments; the others get one.",
    )
    max_overlap = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text="Adaptive overlap: a comparison with an uncertain verdict gets up to this many judgments. "
        "Empty: every comparison gets the same number.",
    )
    criteria = models.JSONField(
        default=list,
        blank=True,
        help_text='Questions besides the overall choice, in order: [{"name": "helpful", "description": "Which one '
        'helps more?", "required": true}, ...].',
    )
    allow_tie = models.BooleanField(default=True)
    allow_both_bad = models.BooleanField(default=True)
    allow_skip = models.BooleanField(default=True, help_text="Whether annotators may skip.")
    skip_reasons = ArrayField(
        models.CharField(max_length=80),
        default=default_skip_reasons,
        blank=True,
        help_text="Reasons to choose from when skipping.",
    )
    allow_flag = models.BooleanField(
        default=True,
        help_text="Whether annotators may flag harm or personal data. A lead must review a flagged comparison.",
    )
    allow_edit = models.BooleanField(
        default=False,
        help_text="Whether annotators may improve the winner. Training prefers the improved text to both.",
    )
    blind = models.BooleanField(
        default=True,
        help_text="Annotators do not see which model version wrote a completion.",
    )
    pseudonymous = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Leads see pseudonyms instead of names beside judgments, questions and figures.",
    )
    order = models.CharField(
        max_length=16,
        choices=Order.choices,
        default=Order.RANDOM,
        help_text="The order of comparisons with the same priority. It applies to those added from now on.",
    )
    may_judge_own = models.BooleanField(
        default=True, help_text="Whether members are given comparisons that they added themselves."
    )
    quota = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="The most judgments of one annotator. Empty: no limit.",
    )
    quota_per_day = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="The most judgments of one annotator per day. Empty: no limit.",
    )
    prefetch = models.PositiveSmallIntegerField(
        default=5,
        validators=[MaxValueValidator(30)],
        help_text="How many comparisons an annotator may hold besides the present one, to judge without waiting or "
        "without a network.",
    )
    lease_seconds = models.PositiveIntegerField(
        default=30 * 60,
        validators=[MinValueValidator(30)],
        help_text="How long an annotator holds a comparison before it may go to somebody else.",
    )
    undo_seconds = models.PositiveIntegerField(
        default=10 * 60, help_text="How long an annotator may change or undo a judgment. 0: never."
    )
    verdict_rule = models.CharField(max_length=16, choices=VerdictRule.choices, default=VerdictRule.MAJORITY)
    verdict_threshold = models.FloatField(
        default=0.9,
        validators=[MinValueValidator(0.51), MaxValueValidator(0.999)],
        help_text="How certain a verdict must be, for Dawid-Skene to settle it and for adaptive overlap to stop.",
    )
    gold_rate = models.FloatField(
        default=0.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(0.5)],
        help_text="The share of gold in what an annotator is given, while some is left for them.",
    )
    gold_action = models.CharField(
        max_length=16,
        choices=GoldAction.choices,
        default=GoldAction.NOTHING,
        help_text="The action when an annotator's gold accuracy (the upper end of its 95 % Wilson interval) is below "
        "the threshold.",
    )
    gold_threshold = models.FloatField(default=0.7, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)])
    gold_minimum = models.PositiveIntegerField(
        default=10,
        validators=[MinValueValidator(1)],
        help_text="Gold judgments before the accuracy is checked.",
    )
    retest_rate = models.FloatField(
        default=0.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(0.5)],
        help_text="The share of retests: judged comparisons given to the same annotator again with sides exchanged. "
        "They count in no verdict, but show consistency and position bias.",
    )
    retest_after = models.PositiveIntegerField(
        default=20,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="The least number of judgments between a comparison and its retest.",
    )
    guidelines_first = models.BooleanField(
        default=True,
        help_text="Whether annotators must read the guidelines before they are assigned anything. Clients of the API "
        "must then say that they have.",
    )
    qualification_pairs = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(200)],
        help_text="How many pairs an annotator must judge to qualify. 0: nobody has to qualify.",
    )
    qualification_right = models.PositiveSmallIntegerField(
        default=0, help_text="How many of these must be right to qualify."
    )
    qualification_attempts = models.PositiveSmallIntegerField(
        default=3, help_text="How often an annotator may try to qualify. 0: any number of times."
    )
    # Written by the actions that mark pairs and publish guidelines, so that the queue counts and searches nothing.
    practice_pairs = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    qualification_pool = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="How many pairs are marked for the qualification."
    )
    read_from = models.PositiveIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="The newest version of the guidelines that must be read; 0: none. A later one will do.",
    )
    practise_since = models.DateTimeField(null=True, editable=False, help_text="Earlier practice no longer counts.")
    qualify_since = models.DateTimeField(null=True, editable=False, help_text="Earlier qualifications do not count.")
    error_rate = models.FloatField(
        default=0.25,
        editable=False,
        help_text="How often a vote is wrong, estimated from the votes so far, for adaptive overlap.",
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="campaigns_created")
    created_at = models.DateTimeField()
    members = models.ManyToManyField(User, through="Membership", related_name="campaigns")

    def __str__(self) -> str:
        return self.name

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(overlap__gte=1), name="campaign_overlap_at_least_1"),
            models.CheckConstraint(
                condition=Q(max_overlap__isnull=True) | Q(max_overlap__gte=F("overlap")),
                name="campaign_max_overlap_not_below_overlap",
            ),
        )

    def overlap_of(self, pair_hash: str) -> int:
        """How many judgments a new comparison gets; the hash decides, so the same pair always gets the same number."""
        return self.overlap if int(pair_hash[:8], 16) < self.overlap_share * 2**32 else 1

    def clean(self) -> None:
        """Raises ValidationError where rules contradict each other."""
        if self.max_overlap is not None and self.max_overlap < self.overlap:
            text = gettext("The maximum cannot be below the %(overlap)s judgments that every comparison gets.")
            raise ValidationError({"max_overlap": text % {"overlap": self.overlap}})
        if self.max_overlap is not None and self.overlap_share < 1:
            text = gettext(
                "Adaptive overlap chooses the comparisons that get more judgments by itself: set the share to 1."
            )
            raise ValidationError({"overlap_share": text})
        if self.quota is not None and self.quota_per_day is not None and self.quota_per_day > self.quota:
            text = gettext("The daily quota cannot exceed the total quota of %(quota)s.")
            raise ValidationError({"quota_per_day": text % {"quota": self.quota}})
        self._clean_qualification()

    def _clean_qualification(self) -> None:
        pairs = self.qualification_pairs
        if not pairs:
            return
        if pairs > self.qualification_pool:
            text = gettext(
                "Only %(pool)s pairs are marked for the qualification. Mark more first, on the Practice page."
            )
            raise ValidationError({"qualification_pairs": text % {"pool": self.qualification_pool}})
        if not 1 <= self.qualification_right <= pairs:
            text = gettext("Of %(pairs)s pairs, 1 to %(pairs)s can be required to be right.")
            raise ValidationError({"qualification_right": text % {"pairs": pairs}})

    @property
    def is_blind_test(self) -> bool:
        """Whether it compares two writers. No label of it is trained on."""
        return self.kind == self.Kind.BLIND_TEST

    @property
    def is_blind_now(self) -> bool:
        """Whether it is a blind test that goes on: nobody may learn which writer wrote which text."""
        return self.is_blind_test and self.status not in (self.Status.CLOSED, self.Status.ARCHIVED)

    @property
    def hides_kinds(self) -> bool:
        """Whether annotators must not learn which comparisons are gold or retests."""
        return self.gold_rate > 0 or self.retest_rate > 0


class CampaignTally(models.Model):
    """Running totals of a campaign. With them, progress costs the same at a thousand and at a million comparisons.

    A total is the sum over the campaign's shards. Each change adds to a random shard, so that concurrent judgments
    seldom wait for each other. Single shards may be negative; sums are not.
    """

    SHARDS = 16

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="tallies", db_index=False)
    shard = models.PositiveSmallIntegerField()
    comparisons = models.IntegerField(default=0, help_text="Without retired, flagged and gold ones.")
    wanted = models.IntegerField(default=0, help_text="All judgments wanted: the sum of overlaps.")
    judgments = models.IntegerField(default=0, help_text="Current judgments that are not skips.")
    settled = models.IntegerField(default=0)
    conflicts = models.IntegerField(default=0)
    # Comparisons that have all their judgments, with or without a verdict: shows what adaptive overlap saved.
    finished = models.IntegerField(default=0)
    finished_judgments = models.IntegerField(default=0)
    prompts = models.IntegerField(default=0, db_default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["campaign", "shard"], name="campaign_tally_shard_once"),)
        verbose_name_plural = "campaign tallies"

    def __str__(self) -> str:
        return f"shard {self.shard} of {self.campaign}"
