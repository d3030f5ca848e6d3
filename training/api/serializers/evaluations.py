"""The fields of evaluations in the API."""

from typing import Any

from rest_framework import serializers

from training.actions.evaluation import MOST_PROMPTS, MOST_TOKENS
from training.api.serializers.waiting import WaitingJobSerializer
from training.models import EvaluationJob, ModelVersion


class VersionEvaluationRequestSerializer(serializers.Serializer[Any]):
    """An evaluation to be made; every field may be left out."""

    campaign = serializers.CharField(
        required=False, help_text="The campaign of the held-out pairs (its slug); by default that of the version's run."
    )
    against = serializers.CharField(
        required=False, help_text="The version that it is compared with; by default the serving one."
    )
    prompts = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_PROMPTS,
        help_text="Held-out prompts that it answers; 0: none, and no drift is measured.",
    )
    max_tokens = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_TOKENS, help_text="The tokens of an answer, at most."
    )


class EvaluationFields(serializers.Serializer[Any]):
    """Which fields to leave out."""

    without = serializers.ChoiceField(choices=["report"], required=False, help_text="report: leave it out.")


class VersionEvaluationSerializer(WaitingJobSerializer, serializers.ModelSerializer[EvaluationJob]):
    """An evaluation. reason: the finding in words. report: null until it is finished; its SHA-256 is report_hash."""

    version: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True)
    compared: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True, allow_null=True)
    campaign: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    error = serializers.CharField(read_only=True)
    reason = serializers.CharField(read_only=True)
    report = serializers.DictField(read_only=True, allow_null=True)

    class Meta:
        model = EvaluationJob
        fields: tuple[str, ...] = (
            "id",
            "status",
            "done",
            "total",
            "error",
            "waits_for",
            "version",
            "compared",
            "campaign",
            "settings",
            "finding",
            "reason",
            "report_hash",
            "report",
            "created_at",
            "finished_at",
        )


class ListedVersionEvaluationSerializer(VersionEvaluationSerializer):
    """An evaluation without its report."""

    class Meta(VersionEvaluationSerializer.Meta):
        fields = tuple(name for name in VersionEvaluationSerializer.Meta.fields if name != "report")
