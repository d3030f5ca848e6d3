"""Evaluations of versions, as jobs with a report."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.sentences import Sentence, SentenceField
from labeling.exchange import canonical_json
from training.models.job import ACTIVE_STATUSES
from training.models.version import ModelVersion
from training.models.version_job import VersionJob


class EvaluationJob(VersionJob):
    """The evaluation of a version, for the campaign that it comes from: its figures against others, and a finding.

    A worker keeps every finished part in the row, so that the next one goes on from there.
    """

    QUEUE = "train"

    class Finding(models.TextChoices):
        BETTER = "better", _("Better")
        WORSE = "worse", _("Worse")
        UNKNOWN = "unknown", _("Not known")

    compared = models.ForeignKey(
        ModelVersion,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The version it is compared with: that which served when this was asked for, or one that was named.",
    )
    settings = models.JSONField(default=dict, help_text="prompts, max_tokens and seed of its own samples.")
    parts = models.JSONField(default=dict, blank=True, help_text="The parts measured so far; empty once it is over.")
    finding = models.CharField(max_length=16, choices=Finding.choices, blank=True)
    reason = SentenceField(help_text="The finding in a sentence.")
    report = models.JSONField(null=True, blank=True, help_text="The whole report; null until it is finished.")
    report_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the report.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["version"],
                condition=Q(status__in=[status.value for status in ACTIVE_STATUSES]),
                name="evaluation_one_active_per_version",
            ),
        )
        indexes = (models.Index(fields=["version", "-id"], name="evaluation_version"),)

    @property
    def for_gates(self) -> bool:
        """Whether gates read its figures: it was asked for with the settings, version and campaign that gates demand.

        Evaluations that do not say so are older than this difference: gates read them.
        """
        return bool(self.settings.get("for_gates", True))

    @property
    def concerns(self) -> list[Sentence]:
        """The sentences that speak against the version beside its accuracy."""
        return [Sentence.from_json(one) for one in (self.report or {}).get("concerns", [])]

    @property
    def left_out(self) -> Sentence:
        """Why it was not measured beside its parent; empty: it was."""
        stored = (self.report or {}).get("left_out")
        return Sentence.from_json(stored) if stored else Sentence()

    def section(self, name: str) -> dict[str, Any] | None:
        """A section of the report; None where there is none."""
        return next((one for one in (self.report or {}).get("sections", []) if one["name"] == name), None)

    def __str__(self) -> str:
        return f"evaluation {self.pk}"


def report_hash(report: dict[str, Any]) -> str:
    """The SHA-256 of a report, as hexadecimal digits."""
    return hashlib.sha256(canonical_json(report)).hexdigest()


def report_file(evaluation: EvaluationJob) -> bytes:
    """A finished evaluation's report and its hash, as a JSON file for people to keep."""
    whole = {"report": evaluation.report, "sha256": evaluation.report_hash}
    return (json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
