"""Gates by people: a candidate against the serving version, compared blind on prompts that no version learns from."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.models import Campaign, Comparison, Prompt, User
from labeling.stats import GateRule as PeopleRule
from training.models.generation import GenerationJob
from training.models.version import ModelVersion


class HeldPrompts(models.Model):
    """The share of a campaign's prompts that is held for its gates by people: no snapshot takes a pair on them."""

    SEED = 20261129
    """The seed of the hash that chooses them. It is none of those that split snapshots, which count from 0."""
    MOST = 0.5

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="held_prompts")
    share = models.FloatField(
        validators=[MinValueValidator(0.0), MaxValueValidator(MOST)],
        help_text="The mean share of prompts held: each one's hash decides. A larger share only adds prompts.",
    )
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "held prompts"

    def __str__(self) -> str:
        return f"{self.share:.0%} of {self.campaign}"


class PeopleGate(models.Model):
    """One comparison of a candidate with the serving version by people, from its texts to its decision."""

    class Status(models.TextChoices):
        WRITING = "writing", _("Writing texts")  # both versions write; nobody votes yet
        VOTING = "voting", _("Voting")  # people compare; the evidence is looked at after every vote
        BETTER = "better", _("Passed: better")
        NOT_WORTH = "not_worth", _("Stopped: not worth more votes")
        WORSE = "worse", _("Stopped: worse")
        UNDECIDED = "undecided", _("Ended undecided")  # all votes are in, and none of the bets reached its bound
        CANCELLED = "cancelled", _("Cancelled")

    OPEN = (Status.WRITING, Status.VOTING)
    DECIDED = (Status.BETTER, Status.NOT_WORTH, Status.WORSE, Status.UNDECIDED)

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="people_gates")
    candidate = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="people_gates")
    serving = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    blind_test = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="people_gate")
    job = models.OneToOneField(GenerationJob, on_delete=models.PROTECT, related_name="people_gate")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.WRITING)
    worth = models.FloatField(help_text="The smallest win rate worth a promotion.")
    error = models.FloatField(help_text="The probability of each wrong decision, at most.")
    votes_per_prompt = models.PositiveSmallIntegerField(help_text="Planned votes; a prompt counts once it has them.")
    most_votes = models.PositiveIntegerField(help_text="The gate ends undecided after so many.")
    hides_from_leads = models.BooleanField(
        help_text="Whether leads, too, see no version's name beside a text of the blind test."
    )
    attempt = models.PositiveSmallIntegerField(help_text="Which gate of the same two versions it is, from 1.")
    opened_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    voting_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    figures = models.JSONField(default=dict, blank=True, help_text="The evidence that it was decided by.")
    votes = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="The judgments that it was decided by, in order."
    )
    joined_at = models.DateTimeField(null=True, blank=True, help_text="When its votes joined the training pool.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["campaign", "candidate"],
                condition=Q(status__in=["writing", "voting"]),
                name="people_gate_one_open",
            ),
        )
        indexes = (models.Index(fields=["status"], name="people_gate_status"),)

    @property
    def rule(self) -> PeopleRule:
        return PeopleRule(self.worth, self.error, self.votes_per_prompt, self.most_votes)

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def tone(self) -> str:
        """The state of other things that its status is shown like."""
        if self.is_open:
            return "running"
        tones = {self.Status.BETTER: "finished", self.Status.NOT_WORTH: "failed", self.Status.WORSE: "failed"}
        return tones.get(self.Status(self.status), "conflict")

    @property
    def is_decided(self) -> bool:
        return self.status in self.DECIDED

    def __str__(self) -> str:
        return f"gate by people {self.pk}"


class PeopleGatePair(models.Model):
    """A comparison of a gate by people, and which of its texts is the candidate's. Labeling does not know."""

    gate = models.ForeignKey(PeopleGate, on_delete=models.CASCADE, related_name="pairs")
    comparison = models.OneToOneField(Comparison, on_delete=models.CASCADE, related_name="people_gate_pair")
    prompt = models.ForeignKey(
        Prompt,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="The campaign's own: the test has a copy.",
    )
    candidate_is_a = models.BooleanField()
    joined = models.BooleanField(default=False, db_default=False, help_text="Whether training may learn from it.")
    is_like_length = models.BooleanField(help_text="Whether the lengths of its texts differ by at most a tenth.")

    def __str__(self) -> str:
        return f"pair {self.comparison_id} of {self.gate_id}"
