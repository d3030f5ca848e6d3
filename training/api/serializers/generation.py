"""The fields of generation in the API."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labeling.models import Campaign
from training.api.serializers.waiting import WaitingJobSerializer
from training.models import (
    CandidateStrategy,
    GenerationJob,
    ModelVersion,
)
from training.queries.jobs import diversity, left_out
from training.queries.remaining import remaining_seconds


class GenerationRequestSerializer(serializers.Serializer[Any]):
    """The candidate pairs to generate. Everything has a default: the serving version, two seeds, all prompts."""

    versions = serializers.ListField(
        child=serializers.CharField(), required=False, max_length=2, help_text="Names of model versions."
    )
    strategy = serializers.ChoiceField(choices=CandidateStrategy.choices, default=CandidateStrategy.TWO_SEEDS)
    settings = serializers.DictField(required=False, help_text="temperature, top_p, top_k, max_tokens, system_prompt.")
    second_settings = serializers.DictField(
        required=False,
        help_text='Settings that differ for the second text: {"temperature": ...} with two_temperatures, or '
        '{"system_prompt": ...} with two_prompts.',
    )
    candidates = serializers.IntegerField(
        required=False, min_value=3, max_value=32, help_text="best_worst: texts drawn for each pair."
    )
    reward_version = serializers.CharField(
        required=False,
        help_text="best_worst: the version whose implicit reward ranks them; by default the one that writes.",
    )
    reward_model = serializers.CharField(
        required=False, help_text="best_worst: a folder in var/reward_models that ranks them instead."
    )
    pairs_per_prompt = serializers.IntegerField(default=1, min_value=1, max_value=100)
    seed = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)


class LeftOutSerializer(serializers.Serializer[Any]):
    """Pairs with the same status and reason. status: failed, dropped, or waiting for a retry."""

    status = serializers.CharField()
    reason = serializers.CharField()
    pairs = serializers.IntegerField()


class GenerationJobSerializer(WaitingJobSerializer, serializers.ModelSerializer[GenerationJob]):
    """A generation job with its progress."""

    campaign = serializers.SlugRelatedField[Campaign](slug_field="slug", read_only=True)
    versions = serializers.SlugRelatedField[ModelVersion](slug_field="name", many=True, read_only=True)
    reward_version: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True, allow_null=True)
    error = serializers.CharField(read_only=True)
    seed = serializers.SerializerMethodField(
        help_text="null while a blind test goes on: with it, both versions would write the same texts again."
    )
    remaining_seconds = serializers.SerializerMethodField()
    diversity = serializers.SerializerMethodField()
    left_out = serializers.SerializerMethodField(help_text="Why pairs are missing, the most frequent reasons first.")

    class Meta:
        model = GenerationJob
        fields = (
            "id",
            "campaign",
            "status",
            "done",
            "total",
            "failed",
            "dropped",
            "redrawn",
            "left_out",
            "tokens_read",
            "tokens_written",
            "diversity",
            "strategy",
            "versions",
            "settings",
            "second_settings",
            "candidates",
            "reward_version",
            "pairs_per_prompt",
            "seed",
            "attempts",
            "error",
            "waits_for",
            "rate",
            "remaining_seconds",
            "created_at",
            "started_at",
            "finished_at",
        )

    def get_seed(self, job: GenerationJob) -> int | None:
        return None if "seed" in job.secret_now else job.seed

    def get_remaining_seconds(self, job: GenerationJob) -> float | None:
        return remaining_seconds(job)

    @extend_schema_field(LeftOutSerializer(many=True))
    def get_left_out(self, job: GenerationJob) -> list[dict[str, Any]]:
        return [asdict(one) for one in left_out(job)]

    def get_diversity(self, job: GenerationJob) -> dict[str, float] | None:
        return diversity(job)
