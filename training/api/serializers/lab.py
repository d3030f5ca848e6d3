"""The fields of the lab in the API."""

from typing import Any

from rest_framework import serializers

from training.actions.lab import LEARNING_RATE, MOST_AT_ONCE, MOST_CHARACTERS, MOST_WATCHED, REMEDIES
from training.api.serializers.waiting import WaitingJobSerializer
from training.models import LabSession, ModelVersion


class LabRequestSerializer(serializers.Serializer[Any]):
    """An experiment: a prompt with a better and a worse completion. watched: texts that are only scored."""

    prompt = serializers.CharField(max_length=MOST_CHARACTERS)
    chosen = serializers.CharField(max_length=MOST_CHARACTERS)
    rejected = serializers.CharField(max_length=MOST_CHARACTERS)
    watched = serializers.ListField(
        child=serializers.CharField(max_length=MOST_CHARACTERS), required=False, max_length=MOST_WATCHED
    )
    beta = serializers.FloatField(default=0.1, min_value=1e-4, max_value=100)
    learning_rate = serializers.FloatField(default=LEARNING_RATE, min_value=1e-7, max_value=1e-2)
    remedy = serializers.ChoiceField(choices=[(name, name) for name in REMEDIES], default="none")
    steps = serializers.IntegerField(default=1, min_value=1, max_value=MOST_AT_ONCE)


class StepsSerializer(serializers.Serializer[Any]):
    """The number of further steps."""

    steps = serializers.IntegerField(default=1, min_value=1, max_value=MOST_AT_ONCE)


class AfterSerializer(serializers.Serializer[Any]):
    """Narrows an experiment to later steps."""

    after = serializers.IntegerField(required=False, min_value=-1, help_text="Only points and texts of later steps.")


class LabSessionSerializer(WaitingJobSerializer, serializers.ModelSerializer[LabSession]):
    """An experiment with its progress. done, total: steps taken and asked for. points: the model's figures after each
    step, from 0 on; the first pair is learned, a second one only watched. wrote: the model's own samples."""

    version: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True)
    lesson = serializers.DictField(read_only=True)
    config = serializers.DictField(read_only=True)
    error = serializers.CharField(read_only=True)
    points = serializers.SerializerMethodField()
    wrote = serializers.SerializerMethodField()

    class Meta:
        model = LabSession
        fields = (
            "id",
            "status",
            "error",
            "waits_for",
            "version",
            "done",
            "total",
            "lesson",
            "config",
            "points",
            "wrote",
            "created_at",
        )

    def get_points(self, session: LabSession) -> list[dict[str, Any]]:
        return self._later(session.points)

    def get_wrote(self, session: LabSession) -> list[dict[str, Any]]:
        return self._later(session.wrote)

    def _later(self, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        after: int = self.context.get("after", -1)
        return [one for one in entries if one["step"] > after]
