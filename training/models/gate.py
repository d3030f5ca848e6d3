"""Promotion gates, and their decisions. Both are append-only: a database trigger refuses to change or delete a row."""

import hashlib
import json
from datetime import UTC
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.sentences import SentenceField
from labeling.exchange import canonical_json
from labeling.models import Campaign, User
from training.models.gate_rules import GateRule, stored_rules
from training.models.people_gate import PeopleGate
from training.models.run import Run
from training.models.version import ModelVersion


class Gate(models.Model):
    """The rules that a version must meet in a campaign. A change makes the next number."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="gates")
    number = models.PositiveIntegerField()
    rules = models.JSONField(help_text="[{figure, floor or ceiling, on_missing}].")
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["campaign", "number"], name="gate_number_once"),)

    @property
    def parsed(self) -> list[GateRule]:
        return stored_rules(self.rules)

    def __str__(self) -> str:
        return f"gate {self.number} of {self.campaign}"


class GateDecision(models.Model):
    """A decision of a gate about a version: its figures, its rules' results, and who decided."""

    class Outcome(models.TextChoices):
        PASSED = "passed", _("Promoted: the gate is met")
        HELD = "held_back", _("Held back")
        WAIVED = "waived", _("Promoted past the gate, with a reason")

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="decisions")
    run = models.ForeignKey(Run, null=True, blank=True, on_delete=models.PROTECT, related_name="decisions")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="decisions")
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    is_automatic = models.BooleanField(help_text="Decided by the schedule, not by a person or a command.")
    people_gate = models.OneToOneField(
        PeopleGate,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="decision",
        help_text="The gate by people that was passed after the schedule had held the version back.",
    )
    figures = models.JSONField(help_text="The measured figures, with what they were measured against.")
    results = models.JSONField(help_text="What each rule said: rule, value, outcome, sentence.")
    others = models.JSONField(
        default=list, help_text="The gates of other campaigns that the version will write for, by id."
    )
    reason = SentenceField(help_text="The decision in words.")
    waiver = models.TextField(blank=True, help_text="Why a lead promoted past the gate, in their words.")
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    certificate_hash = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of its certificate; empty: it is older than certificates."
    )

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["run"],
                condition=Q(is_automatic=True, people_gate=None),
                name="gate_decides_once_by_itself",
            ),
        )
        indexes = (models.Index(fields=["version", "-id"], name="gate_decision_version"),)

    @property
    def campaign(self) -> Campaign:
        return self.gate.campaign

    @property
    def is_promoted(self) -> bool:
        return self.outcome != self.Outcome.HELD

    def certificate(self) -> dict[str, Any]:
        """Everything the decision rests on, as JSON values that never change. People go by pseudonym."""
        return {
            "format": "chosen-gate-certificate-1",
            "campaign": self.gate.campaign.slug,
            "gate": {"number": self.gate.number, "rules": self.gate.rules},
            "run": self.run_id,
            "snapshot": self.run.snapshot.content_hash if self.run else None,
            "version": {"name": self.version.name, "content_hash": self.version.content_hash},
            "outcome": self.outcome,
            "automatic": self.is_automatic,
            "figures": self.figures,
            "results": self.results,
            "other_campaigns": self.others,
            "reason": self.reason.as_json(),
            "waiver": self.waiver,
            "by": self.by.pseudonym if self.by else None,
            "at": self.at.astimezone(UTC).isoformat(),
        }

    def summary(self) -> dict[str, Any]:
        """The decision for programs: what the API gives as the gate of a run."""
        return {
            "decision": self.pk,
            "gate": self.gate.number,
            "promoted": self.is_promoted,
            "outcome": self.outcome,
            "reason": self.reason,
        }

    def __str__(self) -> str:
        return f"decision {self.pk} about {self.version}"


def certificate_file(decision: GateDecision) -> bytes:
    """A certificate and its hash, as a JSON file for people to keep."""
    whole = {"certificate": decision.certificate(), "decision": decision.pk, "sha256": decision.certificate_hash}
    return (json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def certificate_hash(certificate: dict[str, Any]) -> str:
    """The SHA-256 of a certificate, as hexadecimal digits."""
    return hashlib.sha256(canonical_json(certificate)).hexdigest()
