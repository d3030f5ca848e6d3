"""Rounds: one row for each turn of a campaign's loop. Its jobs name it; everything else is read from them."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.models import Campaign, User


class Round(models.Model):
    """One turn of the loop: generate, label, train, evaluate, gate, promote.

    It collects pairs and labels until its run starts. It is closed once: when its version is promoted, or when the run
    of a later round starts.
    """

    class Outcome(models.TextChoices):
        PROMOTED = "promoted", _("Promoted")
        HELD = "held_back", _("Held back")
        NOT_PROMOTED = "not_promoted", _("Not promoted")  # nobody decided before a later round trained
        NO_VERSION = "no_version", _("No version")  # its runs failed or were cancelled

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    collects = models.BooleanField(default=True, help_text="Whether no run has started: generations join it.")
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["campaign", "number"], name="round_number_once"),
            models.UniqueConstraint(fields=["campaign"], condition=Q(collects=True), name="round_one_collects"),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="") | (Q(closed_at__isnull=False, collects=False) & ~Q(outcome="")),
                name="round_closed_with_outcome",
            ),
        )

    def __str__(self) -> str:
        return f"round {self.number} of {self.campaign}"


class RoundPlan(models.Model):
    """How the schedule runs a campaign's rounds: when it waits, how much it may spend, where it stops; and rates."""

    class StartFrom(models.TextChoices):
        SERVING = "serving", _("The version that serves")
        BASE = "base", _("The base model")
        NEWEST = "newest", _("The newest version of the campaign")

    class Period(models.TextChoices):
        MONTH = "month", _("Each month")
        TOTAL = "total", _("In total")

    class TargetBy(models.TextChoices):
        PEOPLE = "people", _("Gates by people")
        EVALUATION = "evaluation", _("Held-out pairs of the evaluation")

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="round_plan")
    generates = models.BooleanField(
        default=False, help_text="Whether the schedule generates the pairs of the next round, too."
    )
    start_from = models.CharField(max_length=8, choices=StartFrom.choices, default=StartFrom.SERVING)
    only_new_labels = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether a run learns only the labels that the version it starts from has not learned.",
    )
    min_agreement = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="The share of pairs of votes that must agree before a run starts; null: any.",
    )
    time_zone = models.CharField(max_length=64, blank=True, help_text="Of its hours and months; empty: the server's.")
    quiet_from = models.TimeField(null=True, blank=True, help_text="The schedule starts nothing from this time on.")
    quiet_until = models.TimeField(
        null=True, blank=True, help_text="Until this time, on the next day if it is earlier."
    )
    human_hour = models.DecimalField(
        max_digits=10, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    machine_hour = models.DecimalField(
        max_digits=10, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(max_length=12, blank=True)
    budget_money = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    budget_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of machines. The schedule starts nothing once a budget is used up."
    )
    budget_period = models.CharField(max_length=8, choices=Period.choices, default=Period.MONTH)
    budget_reached_at = models.DateTimeField(null=True, blank=True, help_text="Null: there is something left.")
    target = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.5), MaxValueValidator(0.99)],
        help_text="The win rate over the base at whose proof the schedule stops; null: it goes on.",
    )
    target_by = models.CharField(max_length=12, choices=TargetBy.choices, default=TargetBy.PEOPLE)
    target_reached_at = models.DateTimeField(null=True, blank=True, help_text="Null: not yet.")
    canary = models.FloatField(
        default=0.0,
        db_default=0.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(0.5)],
        help_text="The share of generated pairs that a new version writes before it is promoted.",
    )
    watch_pairs = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(20), MaxValueValidator(100_000)],
        help_text="After so many judged pairs of a promoted version its figures are compared with those of the version "
        "before, and again after twice as many; null: never.",
    )
    updated_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"rounds of {self.campaign}"
