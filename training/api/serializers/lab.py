"""The fields of the lab in the API."""

from typing import Any

from rest_framework import serializers

from training.actions.lab import LEARNING_RATE, MOST_AT_ONCE, MOST_CHARACTERS, MOST_WATCHED, REMEDIES
from training.models import LabSession, ModelVersion


class LabRequestSerializer(serializers.Serializer[Any]):
    """An experiment: that one text is better than another. watched: texts that are only scored."""

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
    """How many more steps."""

    steps = serializers.IntegerField(default=1, min_value=1, max_value=MOST_AT_ONCE)


class AfterSerializer(serializers.Serializer[Any]):
    """For those who have an experiment's beginning."""

    after = serializers.IntegerField(required=False, min_value=-1, help_text="Only points and texts of later steps.")


class LabSessionSerializer(serializers.ModelSerializer[LabSession]):
    """An experiment and how far it is. done, total: steps taken and asked for. points: what the model was after each
    step, from 0 on; the first pair is learned, another one only watched. wrote: what it wrote by itself."""

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

    def _later(self, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
        after: int = self.context.get("after", -1)
        return [one for one in told if one["step"] > after]
