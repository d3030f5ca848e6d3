"""The fields of generation, runs, versions and the playground in the API."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labeling.api.serializers.judging import MESSAGE_ROLES
from labeling.models import Campaign
from training.models import (
    CandidateStrategy,
    Deployment,
    GenerationJob,
    JobStatus,
    ModelVersion,
    RetrainingRule,
    Run,
    RunMetric,
)
from training.queries.jobs import diversity, left_out, remaining_seconds


class RunFilter(serializers.Serializer[Any]):
    """Which runs are listed."""

    campaign = serializers.CharField(required=False, help_text="Only this campaign's (its slug).")
    status = serializers.ChoiceField(choices=JobStatus.choices, required=False)


class VersionFilter(serializers.Serializer[Any]):
    """Which versions are listed."""

    campaign = serializers.CharField(required=False, help_text="Only those this campaign has trained (its slug).")


class GenerationRequestSerializer(serializers.Serializer[Any]):
    """What is to be written. Everything has a default: the serving version, two seeds, all prompts."""

    versions = serializers.ListField(
        child=serializers.CharField(), required=False, max_length=2, help_text="Names of model versions."
    )
    strategy = serializers.ChoiceField(choices=CandidateStrategy.choices, default=CandidateStrategy.TWO_SEEDS)
    settings = serializers.DictField(required=False, help_text="temperature, top_p, top_k, max_tokens, system_prompt.")
    second_settings = serializers.DictField(
        required=False,
        help_text='What differs for the second text: {"temperature": ...} with two_temperatures, or '
        '{"system_prompt": ...} with two_prompts.',
    )
    candidates = serializers.IntegerField(
        required=False, min_value=3, max_value=32, help_text="best_worst: how many are drawn for a pair."
    )
    reward_version = serializers.CharField(
        required=False, help_text="best_worst: whose implicit reward judges; left out: that of the one that writes."
    )
    reward_model = serializers.CharField(
        required=False, help_text="best_worst: a folder in var/reward_models that judges instead."
    )
    pairs_per_prompt = serializers.IntegerField(default=1, min_value=1, max_value=100)
    seed = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)


class LeftOutSerializer(serializers.Serializer[Any]):
    """Pairs that share a fate. status: failed, dropped, or waiting (it is tried again)."""

    status = serializers.CharField()
    reason = serializers.CharField()
    pairs = serializers.IntegerField()


class GenerationJobSerializer(serializers.ModelSerializer[GenerationJob]):
    """A generation job and how far it is."""

    campaign = serializers.SlugRelatedField[Campaign](slug_field="slug", read_only=True)
    versions = serializers.SlugRelatedField[ModelVersion](slug_field="name", many=True, read_only=True)
    reward_version: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True, allow_null=True)
    error = serializers.CharField(read_only=True)
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
            "rate",
            "remaining_seconds",
            "created_at",
            "started_at",
            "finished_at",
        )

    def get_remaining_seconds(self, job: GenerationJob) -> float | None:
        return remaining_seconds(job)

    @extend_schema_field(LeftOutSerializer(many=True))
    def get_left_out(self, job: GenerationJob) -> list[dict[str, Any]]:
        return [asdict(one) for one in left_out(job)]

    def get_diversity(self, job: GenerationJob) -> dict[str, float] | None:
        return diversity(job)


class MessageSerializer(serializers.Serializer[Any]):
    """A turn of a conversation."""

    role = serializers.ChoiceField(choices=MESSAGE_ROLES)
    content = serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=200_000)


class ConversationSerializer(serializers.Serializer[Any]):
    """A conversation that a version is to go on with."""

    messages = serializers.ListField(child=MessageSerializer(), min_length=1, max_length=200)
    settings = serializers.DictField(required=False, help_text="temperature, top_p, top_k, max_tokens, system_prompt.")
    seed = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)


class CompletionSerializer(serializers.Serializer[Any]):
    """What a version said. receipt: proves it for a day, to whoever keeps it in a campaign."""

    version = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    html = serializers.CharField(allow_blank=True, help_text="The text as it may be shown.")
    finish_reason = serializers.ChoiceField(choices=("stop", "length"))
    tokens = serializers.IntegerField()
    logprob_sum = serializers.FloatField(allow_null=True, help_text="Nats, under the version itself.")
    seed = serializers.IntegerField()
    server = serializers.CharField()
    seconds = serializers.FloatField()
    receipt = serializers.CharField()


class KeepRequestSerializer(serializers.Serializer[Any]):
    """What is to be kept of a conversation: itself as a prompt or, with two receipts, a comparison of two answers."""

    messages = serializers.ListField(child=MessageSerializer(), min_length=1, max_length=200)
    receipts = serializers.ListField(child=serializers.CharField(), required=False, min_length=2, max_length=2)


class KeptSerializer(serializers.Serializer[Any]):
    """What came of it. created: false where the campaign had it already."""

    prompt = serializers.IntegerField()
    comparison = serializers.IntegerField(allow_null=True)
    created = serializers.BooleanField()


class RunRequestSerializer(serializers.Serializer[Any]):
    """A run wanted. parent: a version's name; left out: what serves. config: settings of the engine's RunConfig."""

    campaign = serializers.SlugField(help_text="The campaign's slug.")
    parent: Any = serializers.CharField(required=False, allow_null=True)
    config = serializers.DictField(required=False)


class RunSerializer(serializers.ModelSerializer[Run]):
    """A run and how far it is. latest: the engine's newest progress line."""

    campaign = serializers.SlugRelatedField[Campaign](slug_field="slug", read_only=True)
    parent: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True)
    version = serializers.SerializerMethodField()
    snapshot = serializers.CharField(source="snapshot.content_hash", read_only=True)
    error = serializers.CharField(read_only=True)
    gate = serializers.SerializerMethodField(help_text="null: the gate was not asked (yet).")

    class Meta:
        model = Run
        fields = (
            "id",
            "campaign",
            "status",
            "done",
            "total",
            "attempts",
            "trigger",
            "parent",
            "version",
            "snapshot",
            "config",
            "error",
            "latest",
            "gate",
            "created_at",
            "started_at",
            "finished_at",
        )

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_gate(self, run: Run) -> dict[str, Any] | None:
        return {**run.gate, "reason": run.gate_reason} if run.gate else None

    def get_version(self, run: Run) -> str | None:
        version = getattr(run, "version", None)
        return version.name if version else None


class RunDetailSerializer(RunSerializer):
    """The same with the end of the engine's log and the curve so far."""

    metrics = serializers.SerializerMethodField()

    class Meta(RunSerializer.Meta):
        fields: Any = (*RunSerializer.Meta.fields, "log_tail", "metrics")

    def get_metrics(self, run: Run) -> list[dict[str, Any]]:
        metrics: list[dict[str, Any]] = self.context.get("metrics", [])
        return metrics


class RunMetricSerializer(serializers.ModelSerializer[RunMetric]):
    """One point of a run's curve: event, step, and the engine's figures."""

    class Meta:
        model = RunMetric
        fields = ("event", "step", "values")


class ModelVersionSerializer(serializers.ModelSerializer[ModelVersion]):
    """A model version: what it is, where it comes from, how good it was on held-out pairs."""

    parent: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True, allow_null=True)
    campaign = serializers.SerializerMethodField()
    serving = serializers.SerializerMethodField()

    class Meta:
        model = ModelVersion
        fields = (
            "name",
            "parent",
            "campaign",
            "run",
            "content_hash",
            "metrics",
            "lineage",
            "serving",
            "created_at",
        )

    def get_campaign(self, version: ModelVersion) -> str | None:
        return version.run.campaign.slug if version.run else None

    def get_serving(self, version: ModelVersion) -> bool:
        return bool(version.pk == self.context.get("serving_id"))


class DeploymentSerializer(serializers.ModelSerializer[Deployment]):
    """A change of what serves. changed: false where the version served already."""

    version: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True)
    previous = serializers.SerializerMethodField()
    reason = serializers.CharField(read_only=True)
    changed = serializers.BooleanField(read_only=True)

    class Meta:
        model = Deployment
        fields = ("channel", "version", "previous", "kind", "reason", "at", "changed")

    def get_previous(self, deployment: Deployment) -> str | None:
        return deployment.previous.version.name if deployment.previous else None


class RetrainingRuleSerializer(serializers.ModelSerializer[RetrainingRule]):
    """When a campaign retrains by itself. cron: five fields, or empty: as soon as there are enough fresh verdicts."""

    cron = serializers.CharField(allow_blank=True, required=False, default="")
    outcome = serializers.CharField(read_only=True)
    updated_at = serializers.DateTimeField(allow_null=True, read_only=True, help_text="null: never saved.")

    class Meta:
        model = RetrainingRule
        fields = (
            "enabled",
            "min_fresh_verdicts",
            "cron",
            "auto_promote",
            "max_accuracy_drop",
            "considered_at",
            "outcome",
            "updated_at",
        )
        read_only_fields = ("considered_at", "outcome", "updated_at")
