"""Campaigns: a labeling effort with its rules, its versioned guidelines and its people."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from labeling.models.annotator import User

QUEUE_START = -1e9
"""Before every queue position."""


class Campaign(models.Model):
    """A labeling effort. Its rules are fixed columns, so that a judgment's rules can be read from the database."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"  # being prepared: nobody is given anything
        ACTIVE = "active", "Active"  # annotators are given comparisons
        PAUSED = "paused", "Paused"  # for a while nothing new is given; open assignments may be finished
        CLOSED = "closed", "Closed"  # labeling is over; training and export go on
        ARCHIVED = "archived", "Archived"  # out of sight, kept

    class Scale(models.TextChoices):
        CHOICE = "choice", "Choice only"
        STRENGTH = "strength", "Choice and strength"

    class VerdictRule(models.TextChoices):
        MAJORITY = "majority", "Majority"
        UNANIMITY = "unanimity", "Unanimity"

    class CandidateStrategy(models.TextChoices):
        TWO_SEEDS = "two_seeds", "Two seeds of one version"
        TWO_VERSIONS = "two_versions", "Two versions, one seed each"

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
    allow_tie = models.BooleanField(default=True)
    allow_both_bad = models.BooleanField(default=True)
    lease_seconds = models.PositiveIntegerField(
        default=30 * 60,
        validators=[MinValueValidator(30)],
        help_text="How long an annotator keeps a comparison before it goes to somebody else.",
    )
    undo_seconds = models.PositiveIntegerField(
        default=10 * 60, help_text="How long an annotator may take a judgment back. 0: never."
    )
    verdict_rule = models.CharField(max_length=16, choices=VerdictRule.choices, default=VerdictRule.MAJORITY)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="campaigns_created")
    created_at = models.DateTimeField()
    members = models.ManyToManyField(User, through="Membership", related_name="campaigns")

    def __str__(self) -> str:
        return self.name

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(overlap__gte=1), name="campaign_overlap_at_least_1"),)


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
        ANNOTATOR = "annotator", "Annotator"
        LEAD = "lead", "Lead"

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
    judged = models.PositiveIntegerField(default=0, help_text="Current judgments of this person, skips not counted.")
    judged_on = models.DateField(null=True, blank=True, help_text="The day that judged_today counts.")
    judged_today = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["campaign", "user"], name="membership_once"),)

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
    comparisons = models.IntegerField(default=0, help_text="Not retired.")
    wanted = models.IntegerField(default=0, help_text="Judgments wanted in all: the sum of their overlaps.")
    judgments = models.IntegerField(default=0, help_text="Current judgments that are not skips.")
    settled = models.IntegerField(default=0)
    conflicts = models.IntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["campaign", "shard"], name="campaign_tally_shard_once"),)
        verbose_name_plural = "campaign tallies"

    def __str__(self) -> str:
        return f"shard {self.shard} of {self.campaign}"
