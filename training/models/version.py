"""Model versions, their deployments and their evaluations."""

from itertools import pairwise

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.sentences import SentenceField
from common.storage.columns import PlaceField
from labeling.models import User
from training.models.held_out import HeldOutFinding, held_out_finding

LINE = """
WITH RECURSIVE line AS (
    SELECT id, 1 AS above FROM training_modelversion WHERE id = %s
    UNION ALL
    SELECT child.parent_id, line.above + 1 FROM training_modelversion child JOIN line USING (id)
    WHERE child.parent_id IS NOT NULL
)
SELECT version.* FROM training_modelversion version JOIN line USING (id) ORDER BY line.above
"""


class ModelVersion(models.Model):
    """A named, immutable, servable model with its lineage: a base model, mostly with an adapter."""

    name = models.SlugField(max_length=120, unique=True)
    base_dir = PlaceField(max_length=500, help_text="Directory of the base model, in the layout of Hugging Face.")
    adapter_dir = PlaceField(
        max_length=500, blank=True, help_text="Directory of the adapter, in PEFT's format; empty: the base itself."
    )
    content_hash = models.CharField(max_length=64, help_text="SHA-256 of its files; checked before it is loaded.")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    run = models.OneToOneField("Run", null=True, blank=True, on_delete=models.PROTECT, related_name="version")
    metrics = models.JSONField(default=dict, blank=True, help_text="Held-out metrics at the end of its run.")
    lineage = models.JSONField(default=dict, blank=True, help_text="Snapshot hash, config, code version, parent.")
    simulated = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether it or a version before it was trained on judgments of simulated annotators.",
    )
    files_removed_at = models.DateTimeField(
        null=True, blank=True, help_text="When its adapter's files were removed; the row and its figures stay."
    )
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @property
    def held_out(self) -> HeldOutFinding | None:
        """Its held-out figures in words; None where nothing was measured."""
        return held_out_finding(self.metrics)

    @property
    def kept_parent(self) -> "ModelVersion | None":
        """The version that it was trained from; None: there is none, or its files were removed."""
        return self.parent if self.parent is not None and self.parent.files_removed_at is None else None

    def line(self) -> "list[ModelVersion]":
        """The version and its ancestors, down to the base. One SQL statement, however long the line is."""
        if self.parent_id is None:
            return [self]
        above = list(ModelVersion.objects.raw(LINE, [self.parent_id]))
        for version, parent in pairwise([self, *above]):
            version.parent = parent
        return [self, *above]

    def base(self) -> "ModelVersion":
        """The base model at the beginning of its line."""
        return self.line()[-1]


class Deployment(models.Model):
    """A change of the version that serves. Append-only: the newest row of a channel is the one in force."""

    class Kind(models.TextChoices):
        PROMOTION = "promotion", _("Promotion")
        ROLLBACK = "rollback", _("Rollback")

    DEFAULT_CHANNEL = "default"

    channel = models.CharField(
        max_length=80, default=DEFAULT_CHANNEL, help_text="Rehearsals serve in channels of their own."
    )
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="deployments")
    previous = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    is_current = models.BooleanField(default=True)
    reason = SentenceField(help_text="Why, if a rule decided and no person.")
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["channel"], condition=Q(is_current=True), name="deployment_one_current"),
        )
        indexes = (models.Index(fields=["channel", "at"], name="deployment_channel_time"),)

    # Not a column. `promote` sets it to False if the version served already.
    changed: bool = True

    def __str__(self) -> str:
        return f"{self.version} serves {self.channel}"


class Evaluation(models.Model):
    """Figures of a version: metrics on held-out pairs, or a win rate against another version."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="evaluations")
    against = models.ForeignKey(ModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    snapshot = models.ForeignKey(
        "Snapshot", null=True, blank=True, on_delete=models.PROTECT, related_name="evaluations"
    )
    kind = models.CharField(max_length=40, help_text='"held_out", "win_rate", or "gate" (for the promotion gate).')
    results = models.JSONField()
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    @property
    def held_out(self) -> HeldOutFinding | None:
        """Its figures on held-out pairs in words; None for a win rate."""
        return held_out_finding(self.results)

    def __str__(self) -> str:
        return f"{self.kind} of {self.version}"
