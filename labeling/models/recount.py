"""Recounts of all verdicts of a campaign, and the estimates of its annotators' errors."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.models.annotator import User
from labeling.models.campaign import Campaign


class VerdictRecount(models.Model):
    """One recount of all verdicts of a campaign. The row is the job: after a worker dies, the next one continues it."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"  # for a worker
        RUNNING = "running", "Running"  # a worker runs it, or died and the sweep will send it to another
        DONE = "done", "Done"
        REPLACED = "replaced", "Replaced"  # the rule changed again before it was done

    class Cause(models.TextChoices):
        RULE = "rule", _("The rule changed")
        JUDGMENTS = "judgments", _("New judgments changed the annotators' estimates")

    UNFINISHED = (Status.WAITING, Status.RUNNING)

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="recounts")
    cause = models.CharField(max_length=16, choices=Cause.choices)
    rule = models.JSONField(help_text="The rule to apply, its threshold, and those before.")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.WAITING)
    total = models.PositiveIntegerField(default=0, help_text="Comparisons to recount.")
    done = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0, help_text="Comparisons whose winner changed.")
    last_comparison = models.BigIntegerField(default=0, help_text="The id of the last comparison that is done.")
    before = models.JSONField(default=dict, help_text="Comparisons by winner, in conflict and open, at its start.")
    after = models.JSONField(default=dict)
    requested_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    beat_at = models.DateTimeField(help_text="When a worker last wrote to it.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["campaign"], condition=Q(status__in=["waiting", "running"]), name="recount_one_at_a_time"
            ),
        )

    def __str__(self) -> str:
        return f"recount {self.pk} of {self.campaign}"


class AnnotatorEstimates(models.Model):
    """The Dawid-Skene estimates of a campaign, in one row. Settling a comparison reads it."""

    campaign = models.OneToOneField(
        Campaign, on_delete=models.CASCADE, related_name="annotator_estimates", primary_key=True
    )
    priors = models.JSONField(help_text="How often each choice is true, over (a, tie, b) or (a, b).")
    confusions = models.JSONField(help_text='P(chose | true) by the id of the annotator: {"7": [[...], ...]}.')
    judgments = models.PositiveIntegerField(help_text="The number of votes behind them.")
    made_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "annotator estimates"

    def __str__(self) -> str:
        return f"estimates of {self.campaign}"
