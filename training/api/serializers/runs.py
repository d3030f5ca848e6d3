"""The fields of runs in the API."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labeling.models import Campaign
from training.api.serializers.waiting import WaitingJobSerializer
from training.models import JobStatus, ModelVersion, Run, RunMetric
from training.queries.remaining import run_remaining_seconds


class RunFilter(serializers.Serializer[Any]):
    """Filters of the list of runs."""

    campaign = serializers.CharField(required=False, help_text="Only runs of this campaign (its slug).")
    status = serializers.ChoiceField(choices=JobStatus.choices, required=False)


class AfterStepSerializer(serializers.Serializer[Any]):
    """Narrows a curve to later points."""

    after = serializers.IntegerField(default=-1, min_value=-1, max_value=2**31 - 1)


class RunRequestSerializer(serializers.Serializer[Any]):
    """A run to start. parent: a version's name, by default the serving one. config: fields of RunConfig."""

    campaign = serializers.SlugField(help_text="The campaign's slug.")
    parent: Any = serializers.CharField(required=False, allow_null=True)
    config = serializers.DictField(required=False)


class RunSerializer(WaitingJobSerializer, serializers.ModelSerializer[Run]):
    """A run with its progress. latest: the engine's newest progress line; remaining_seconds in it: of the whole run."""

    campaign = serializers.SlugRelatedField[Campaign](slug_field="slug", read_only=True)
    parent: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True)
    version = serializers.SerializerMethodField()
    snapshot = serializers.CharField(source="snapshot.content_hash", read_only=True)
    noise = serializers.DictField(
        read_only=True, allow_null=True, help_text="The measured share of wrong labels; null: too little was known."
    )
    error = serializers.CharField(read_only=True)
    latest = serializers.SerializerMethodField()
    gate = serializers.SerializerMethodField(help_text="The newest decision of the gate; null: none yet.")

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
            "noise",
            "error",
            "waits_for",
            "latest",
            "gate",
            "created_at",
            "started_at",
            "finished_at",
        )

    @extend_schema_field(serializers.DictField())
    def get_latest(self, run: Run) -> dict[str, Any]:
        seconds = run_remaining_seconds(run, now=timezone.now())
        return run.latest if seconds is None else {**run.latest, "remaining_seconds": seconds}

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_gate(self, run: Run) -> dict[str, Any] | None:
        decision = next(iter(run.decisions.all()), None)
        return decision.summary() if decision else None

    def get_version(self, run: Run) -> str | None:
        version = getattr(run, "version", None)
        return version.name if version else None


class RunDetailSerializer(RunSerializer):
    """A run with the end of the engine's log, and its curve so far."""

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
