"""Campaigns: a labeling effort with its rules, its versioned guidelines and its people."""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from labeling.models.annotator import User

QUEUE_START = -1e9
"""Before every queue position."""

SKIP_REASONS = (
    "I do not know enough about it",
    "I do not know the language",
    "It is broken or cannot be read",
    "It is upsetting",
    "Something else",
)
"""What a new campaign offers to those who skip."""


def default_skip_reasons() -> list[str]:
    return list(SKIP_REASONS)


class Campaign(models.Model):
    """A labeling effort. Its rules are fixed columns, so that a judgment's rules can be read from the database."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")  # being prepared: nobody is given anything
        ACTIVE = "active", _("Active")  # annotators are given comparisons
        PAUSED = "paused", _("Paused")  # for a while nothing new is given; open assignments may be finished
        CLOSED = "closed", _("Closed")  # labeling is over; training and export go on
        ARCHIVED = "archived", _("Archived")  # out of sight, kept

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

    class CandidateStrategy(models.TextChoices):
        TWO_SEEDS = "two_seeds", _("Two seeds of one version")
        TWO_TEMPERATURES = "two_temperatures", _("Two temperatures of one version")
        TWO_PROMPTS = "two_prompts", _("Two system prompts of one version")
        TWO_VERSIONS = "two_versions", _("Two versions, one seed each")
        BEST_WORST = "best_worst", _("The best and the worst of several, by a reward")
        IMPORTED = "imported", _("A version against imported texts")

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.DRAFT)
    scale = models.CharField(max_length=16, choices=Scale.choices, default=Scale.CHOICE)
    overlap = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text="Independent judgments wanted for each comparison.",
    )
    max_overlap = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text="Adaptive overlap: a comparison whose verdict is still uncertain gets up to so many judgments. "
        "Empty: every comparison gets the same number.",
    )
    criteria = models.JSONField(
        default=list,
        blank=True,
        help_text='What is asked besides the overall choice, in order: [{"name": "helpful", "description": "Which one '
        'helps more?", "required": true}, ...].',
    )
    allow_tie = models.BooleanField(default=True)
    allow_both_bad = models.BooleanField(default=True)
    allow_skip = models.BooleanField(default=True, help_text="Whether an annotator may pass.")
    skip_reasons = ArrayField(
        models.CharField(max_length=80),
        default=default_skip_reasons,
        blank=True,
        help_text="Offered to those who skip.",
    )
    allow_flag = models.BooleanField(
        default=True,
        help_text="Whether an annotator may flag harm or personal data: nobody else is given the comparison until a "
        "lead has looked at it.",
    )
    allow_edit = models.BooleanField(
        default=False,
        help_text="Whether an annotator may improve the text of the winner: the improved text is trained on as better "
        "than both.",
    )
    blind = models.BooleanField(
        default=True, help_text="Annotators are not told which model version wrote what, neither here nor by the API."
    )
    order = models.CharField(
        max_length=16,
        choices=Order.choices,
        default=Order.RANDOM,
        help_text="In which order comparisons are given out, within a priority. Holds for those that come in from "
        "now on.",
    )
    may_judge_own = models.BooleanField(
        default=True, help_text="Whether somebody is given the comparisons that they brought in themselves."
    )
    quota = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Most judgments of one annotator in all. Empty: no limit.",
    )
    quota_per_day = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Most judgments of one annotator a day. Empty: no limit.",
    )
    prefetch = models.PositiveSmallIntegerField(
        default=5,
        validators=[MaxValueValidator(30)],
        help_text="How many comparisons an annotator may hold besides the one in front of them, so that the next one "
        "is there at once, and so that they can go on for a while without a network.",
    )
    lease_seconds = models.PositiveIntegerField(
        default=30 * 60,
        validators=[MinValueValidator(30)],
        help_text="How long an annotator keeps a comparison before it goes to somebody else.",
    )
    undo_seconds = models.PositiveIntegerField(
        default=10 * 60, help_text="How long an annotator may change a judgment or take it back. 0: never."
    )
    verdict_rule = models.CharField(max_length=16, choices=VerdictRule.choices, default=VerdictRule.MAJORITY)
    verdict_threshold = models.FloatField(
        default=0.9,
        validators=[MinValueValidator(0.51), MaxValueValidator(0.999)],
        help_text="How sure a verdict must be: for Dawid-Skene to settle it, for adaptive overlap to ask no further.",
    )
    gold_rate = models.FloatField(
        default=0.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(0.5)],
        help_text="Share of gold among what an annotator is given, while there is gold that they have not seen.",
    )
    gold_action = models.CharField(
        max_length=16,
        choices=GoldAction.choices,
        default=GoldAction.NOTHING,
        help_text="What happens to an annotator whose gold accuracy is surely below the threshold: the upper end of "
        "its 95 % interval (Wilson) is.",
    )
    gold_threshold = models.FloatField(default=0.7, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)])
    gold_minimum = models.PositiveIntegerField(
        default=10, validators=[MinValueValidator(1)], help_text="Gold judgments before anything is done."
    )
    retest_rate = models.FloatField(
        default=0.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(0.5)],
        help_text="Share of judged comparisons that come back to the same annotator with the sides exchanged. They "
        "count in no verdict: they show how steady an annotator is and how much a side matters.",
    )
    retest_after = models.PositiveIntegerField(
        default=20,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="At least so many judgments lie between the two.",
    )
    error_rate = models.FloatField(
        default=0.25,
        editable=False,
        help_text="How often a vote is wrong, as estimated from the votes so far: what adaptive overlap reckons with.",
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

    def clean(self) -> None:
        """Raises ValidationError where rules contradict each other."""
        if self.max_overlap is not None and self.max_overlap < self.overlap:
            text = gettext("The maximum cannot be below the %(overlap)s judgments that every comparison gets.")
            raise ValidationError({"max_overlap": text % {"overlap": self.overlap}})
        if self.quota is not None and self.quota_per_day is not None and self.quota_per_day > self.quota:
            text = gettext("The daily quota cannot exceed the total quota of %(quota)s.")
            raise ValidationError({"quota_per_day": text % {"quota": self.quota}})

    @property
    def hides_kinds(self) -> bool:
        """Whether annotators must not be able to tell a normal comparison from a gold one or a retest."""
        return self.gold_rate > 0 or self.retest_rate > 0


class GuidelineVersion(models.Model):
    """The guidelines as they read from a moment on. Each judgment keeps the version it was made under."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="guideline_versions", db_index=False)
    number = models.PositiveIntegerField()
    text = models.TextField(help_text="Markdown.")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["campaign", "number"], name="guideline_version_once"),)

    def __str__(self) -> str:
        return f"{self.campaign} guidelines {self.number}"


class Membership(models.Model):
    """A person's part in a campaign."""

    class Role(models.TextChoices):
        ANNOTATOR = "annotator", _("Annotator")  # judges
        EXPERT = "expert", _("Expert")  # judges, and adjudicates conflicts
        LEAD = "lead", _("Lead")  # runs the campaign

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.ANNOTATOR)
    cursor = models.FloatField(
        default=QUEUE_START,
        help_text="Queue position of the last comparison given: the search for the next one starts here, so that "
        "it never walks over what this annotator has judged already.",
    )
    left_balance = models.IntegerField(
        default=0, help_text="How often a was shown on the left, minus how often b was: kept near zero."
    )
    judged = models.PositiveIntegerField(
        default=0, help_text="Current judgments of this person of every kind, skips not counted."
    )
    judged_on = models.DateField(null=True, blank=True, help_text="The day that judged_today counts.")
    judged_today = models.PositiveIntegerField(default=0)
    gold_right = models.PositiveIntegerField(default=0, help_text="Of gold_total, how many were as they should be.")
    gold_total = models.PositiveIntegerField(
        default=0, help_text="Judgments of gold, since this person began or was last let go on."
    )
    warned_at = models.DateTimeField(null=True, blank=True, help_text="Since when their gold accuracy is too low.")
    paused_at = models.DateTimeField(null=True, blank=True, help_text="Since when they are given nothing new.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["campaign", "user"], name="membership_once"),
            models.CheckConstraint(condition=Q(gold_right__lte=F("gold_total")), name="membership_gold_right_of_total"),
        )

    def __str__(self) -> str:
        return f"{self.user} in {self.campaign}"


class CampaignTally(models.Model):
    """Running totals of a campaign, so that showing progress costs the same at a thousand and at a million comparisons.

    A campaign's total is the sum over its shards. Every change adds to a random shard, so that annotators who judge at
    the same moment do not wait for each other; single shards may be negative, sums are not.
    """

    SHARDS = 16

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="tallies", db_index=False)
    shard = models.PositiveSmallIntegerField()
    comparisons = models.IntegerField(default=0, help_text="Neither retired nor flagged nor gold.")
    wanted = models.IntegerField(default=0, help_text="Judgments wanted in all: the sum of their overlaps.")
    judgments = models.IntegerField(default=0, help_text="Current judgments that are not skips.")
    settled = models.IntegerField(default=0)
    conflicts = models.IntegerField(default=0)
    # Comparisons that have all the judgments they get, with a verdict or without: what adaptive overlap saved.
    finished = models.IntegerField(default=0)
    finished_judgments = models.IntegerField(default=0)
    prompts = models.IntegerField(default=0, db_default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["campaign", "shard"], name="campaign_tally_shard_once"),)
        verbose_name_plural = "campaign tallies"

    def __str__(self) -> str:
        return f"shard {self.shard} of {self.campaign}"
