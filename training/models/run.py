"""Snapshots of labels, and the runs on them with their curves."""

from pathlib import Path

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.storage import artifacts
from common.storage.columns import PlaceField
from labeling.exchange import TEST, Manifest, SnapshotDamaged, verify_snapshot
from labeling.models import AnnotatorGroup, Campaign, User
from training.models.job import Job
from training.models.round import Round
from training.models.version import ModelVersion


class Snapshot(models.Model):
    """A frozen, ordered, split (by prompt) and hashed set of preference pairs, in a folder with a manifest."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="snapshots")
    content_hash = models.CharField(max_length=64, help_text="SHA-256; the same labels give the same hash.")
    directory = PlaceField(max_length=500)
    manifest = models.JSONField(help_text="Counts, split, drop report, last judgment seen.")
    train_pairs = models.PositiveIntegerField()
    test_pairs = models.PositiveIntegerField()
    last_verdict_at = models.DateTimeField(null=True, blank=True, help_text="Verdicts after this are fresh.")
    simulated = models.BooleanField(
        default=False, db_default=False, help_text="Whether simulated annotators had judged in the campaign."
    )
    read_until = models.DateTimeField(
        null=True, blank=True, help_text="When its pairs had been read: later judgments are not behind them."
    )
    basis = models.JSONField(
        null=True,
        blank=True,
        help_text="The judgments behind its pairs: how many, by how many annotators, under which guidelines, and who "
        "was left out. Null: its comparisons are not indexed yet.",
    )
    label_biases = models.JSONField(
        null=True,
        blank=True,
        help_text="How well each axis of form alone predicts the chosen text, and the comparisons that drive it. Null: "
        "not measured yet.",
    )
    group = models.ForeignKey(
        AnnotatorGroup,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="snapshots",
        help_text="The group of annotators whose votes alone are behind its verdicts; null: all count, or it is gone.",
    )
    group_name = models.CharField(
        max_length=121,
        blank=True,
        default="",
        db_default="",
        help_text="The group as it was then: grouping/group. Empty: the votes of all count.",
    )
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["campaign", "content_hash", "group_name"], name="snapshot_once"),
        )

    @property
    def learned_before(self) -> int:
        """The pairs that it leaves out of training because the version that it was taken for had learned them."""
        return int(self.manifest.get("meta", {}).get("learned_before", 0))

    @property
    def new_to(self) -> str:
        """The version for which it leaves out what that has learned. Empty: it holds all labels."""
        return str(self.manifest.get("meta", {}).get("new_to", ""))

    @property
    def folder(self) -> Path:
        """Its files on this machine, brought from the storage if need be."""
        return artifacts.fetch(Path(self.directory))

    def independent(self, pairs: int) -> int:
        """The number of independent ones among so many of its held-out pairs, where nobody knows which are right.

        Pairs of one prompt may all be right for one reason, so prompts count.
        """
        prompts = self.manifest.get("files", {}).get(TEST, {}).get("prompts", pairs)
        return min(pairs, int(prompts))

    def verified(self) -> Manifest:
        """Its manifest, after every byte of the files was compared with it. Raises SnapshotDamaged."""
        try:
            return verify_snapshot(self.folder)
        except SnapshotDamaged:
            if not artifacts.fetch_again(Path(self.directory)):
                raise
        return verify_snapshot(self.folder)

    def __str__(self) -> str:
        return self.content_hash[:12]


class Run(Job):
    """One training: one config, one snapshot, one parent version. It makes a new model version."""

    class Trigger(models.TextChoices):
        PERSON = "person", _("Started by a person")
        SCHEDULE = "schedule", _("Started by the schedule")

    QUEUE = "train"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="runs")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="runs")
    parent = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="runs_from")
    serving = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The version that served when it started; null: its parent did.",
    )
    config = models.JSONField(default=dict, help_text="Settings that differ from the engine's defaults (RunConfig).")
    noise = models.JSONField(
        null=True,
        blank=True,
        help_text="The measured share of wrong labels, with its interval and source. Null: too little was known.",
    )
    round = models.ForeignKey(Round, null=True, blank=True, on_delete=models.PROTECT, related_name="runs")
    directory = PlaceField(max_length=500, blank=True, help_text="The folder that the engine writes to.")
    trigger = models.CharField(max_length=16, choices=Trigger.choices, default=Trigger.PERSON)
    engine = models.CharField(
        max_length=200, blank=True, help_text="host:process:start time of the engine; empty: it does not run."
    )
    rendezvous = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="Where its hosts meet; empty: it has one host."
    )
    hosts_joined = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="The hosts that have joined.")
    unused = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="Pairs of the snapshot that the engine left out: {train, test: {reason: how many}}.",
    )
    latest = models.JSONField(default=dict, blank=True, help_text="The newest progress line of the engine.")
    log_tail = models.TextField(blank=True, help_text="The last lines the engine wrote to its log.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["campaign"],
                condition=Q(status__in=["queued", "running", "cancelling"]),
                name="run_one_active_per_campaign",
            ),
        )

    def __str__(self) -> str:
        return f"run {self.pk}"


class RunMetric(models.Model):
    """One line of a run's metrics.jsonl: a point of its curves."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="metrics")
    event = models.CharField(max_length=16, help_text='"progress" (training batch) or "evaluated" (held-out).')
    step = models.PositiveIntegerField()
    values = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["run", "event", "step"], name="run_metric_once"),)

    def __str__(self) -> str:
        return f"step {self.step} of {self.run_id}"
