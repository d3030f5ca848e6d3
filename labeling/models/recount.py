"""Verdicts made anew for a whole campaign, and what is known of its annotators' errors."""

from django.db import models
from django.db.models import Q

from labeling.models.annotator import User
from labeling.models.campaign import Campaign


class VerdictRecount(models.Model):
    """One walk over all verdicts of a campaign. The row is the job: a worker that dies leaves it to the next one."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"  # for a worker
        RUNNING = "running", "Running"  # a worker is at it, or died of it and the sweep will send another
        DONE = "done", "Done"
        REPLACED = "replaced", "Replaced"  # the rule changed again before it was done

    class Cause(models.TextChoices):
        RULE = "rule", "The rule changed"
        JUDGMENTS = "judgments", "New judgments tell more about the annotators"

    UNFINISHED = (Status.WAITING, Status.RUNNING)

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="recounts")
    cause = models.CharField(max_length=16, choices=Cause.choices)
    rule = models.JSONField(help_text="What it applies: the rule, its threshold, and what held before.")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.WAITING)
    total = models.PositiveIntegerField(default=0, help_text="Comparisons to look at.")
    done = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0, help_text="Comparisons whose winner is another one now.")
    last_comparison = models.BigIntegerField(default=0, help_text="All up to this one are done.")
    before = models.JSONField(default=dict, help_text="How many comparisons had which winner, or a conflict.")
    after = models.JSONField(default=dict)
    requested_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    beat_at = models.DateTimeField(help_text="When a worker was last seen at it.")
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
    """Dawid-Skene's estimates for a campaign, in one row: read with the votes on a comparison that is to be settled."""

    campaign = models.OneToOneField(
        Campaign, on_delete=models.CASCADE, related_name="annotator_estimates", primary_key=True
    )
    priors = models.JSONField(help_text="How often each choice is true, over (a, tie, b) or (a, b).")
    confusions = models.JSONField(help_text='P(said | true) by the id of the annotator: {"7": [[...], ...]}.')
    judgments = models.PositiveIntegerField(help_text="Votes they stand on.")
    made_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "annotator estimates"

    def __str__(self) -> str:
        return f"estimates of {self.campaign}"
