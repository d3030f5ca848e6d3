"""What the API takes and gives, field by field."""

from typing import Any

from rest_framework import serializers

from labeling.models import Campaign
from training.models import Deployment, GenerationJob, JobStatus, ModelVersion, RetrainingPolicy, Run, RunMetric
from training.queries import remaining_seconds


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
    strategy = serializers.ChoiceField(
        choices=Campaign.CandidateStrategy.choices, default=Campaign.CandidateStrategy.TWO_SEEDS
    )
    settings = serializers.DictField(required=False, help_text="temperature, top_p, top_k, max_tokens, system_prompt.")
    pairs_per_prompt = serializers.IntegerField(default=1, min_value=1, max_value=100)
    seed = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)


class GenerationJobSerializer(serializers.ModelSerializer[GenerationJob]):
    """A generation job and how far it is."""

    campaign = serializers.SlugRelatedField[Campaign](slug_field="slug", read_only=True)
    versions = serializers.SlugRelatedField[ModelVersion](slug_field="name", many=True, read_only=True)
    remaining_seconds = serializers.SerializerMethodField()

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
            "strategy",
            "versions",
            "settings",
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
    gate = serializers.DictField(allow_null=True, read_only=True, help_text="null: the gate was not asked (yet).")

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
    changed = serializers.BooleanField(read_only=True)

    class Meta:
        model = Deployment
        fields = ("channel", "version", "previous", "kind", "reason", "at", "changed")

    def get_previous(self, deployment: Deployment) -> str | None:
        return deployment.previous.version.name if deployment.previous else None


class RetrainingPolicySerializer(serializers.ModelSerializer[RetrainingPolicy]):
    """When a campaign retrains by itself. cron: five fields, or empty: as soon as there are enough fresh verdicts."""

    cron = serializers.CharField(allow_blank=True, required=False, default="")
    updated_at = serializers.DateTimeField(allow_null=True, read_only=True, help_text="null: never saved.")

    class Meta:
        model = RetrainingPolicy
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
