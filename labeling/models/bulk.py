"""Bulk acts: one act on many prompts or comparisons, chosen by hand or by a filter."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.models.annotator import User
from labeling.models.campaign import Campaign
from labeling.models.comparison import Comparison
from labeling.models.prompt import Prompt


class BulkAct(models.Model):
    """One act on many rows. The row is the job: after a worker dies, the next one continues after `last_id`."""

    class Target(models.TextChoices):
        PROMPTS = "prompts", _("Prompts")
        COMPARISONS = "comparisons", _("Comparisons")

    class Kind(models.TextChoices):
        RETIRE = "retire", _("Retire")
        RESTORE = "restore", _("Restore")
        ASK_AGAIN = "ask_again", _("Request more judgments")
        PRIORITISE = "prioritise", _("Put first in the queue")
        NORMAL = "normal", _("Back to the normal queue")
        OVERLAP = "overlap", _("Apply the new overlap")  # requested by a change of the campaign's rules only

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")  # for a worker
        RUNNING = "running", _("Running")  # a worker runs it, or died and the sweep will send it to another
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")  # the campaign was archived, or whoever requested it leads it no longer

    UNFINISHED = (Status.WAITING, Status.RUNNING)

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="bulk_acts")
    target = models.CharField(max_length=16, choices=Target.choices)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    selection = models.JSONField(help_text='{"ids": [...]}, or {"filter": {...}}.')
    reason = models.TextField(blank=True)
    more = models.PositiveSmallIntegerField(default=0, help_text="How many more judgments are requested of each.")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.WAITING)
    up_to = models.BigIntegerField(help_text="The highest id when it was requested: later rows are left alone.")
    last_id = models.BigIntegerField(default=0, help_text="The id of the last row that is done.")
    total = models.PositiveIntegerField(help_text="Rows that matched when it was requested.")
    done = models.PositiveIntegerField(default=0, help_text="Rows visited.")
    changed = models.PositiveIntegerField(default=0, help_text="Rows changed; others were in that state already.")
    requested_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    beat_at = models.DateTimeField(help_text="When a worker last wrote to it.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(
                fields=["beat_at"], name="bulk_act_unfinished", condition=Q(status__in=["waiting", "running"])
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.target} {self.pk}"


class BulkActItem(models.Model):
    """One row that a bulk act changed, and its state before. Exactly one of prompt and comparison is set."""

    act = models.ForeignKey(BulkAct, on_delete=models.CASCADE, related_name="items")
    prompt = models.ForeignKey(Prompt, null=True, on_delete=models.CASCADE, related_name="bulk_items")
    comparison = models.ForeignKey(Comparison, null=True, on_delete=models.CASCADE, related_name="bulk_items")
    before = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"item {self.pk} of {self.act_id}"
