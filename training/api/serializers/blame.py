"""The fields of a search for doubtful pairs in the API."""

from typing import Any

from rest_framework import serializers

from labeling.models import Campaign
from training.api.serializers.playground import TurnSerializer
from training.api.serializers.waiting import WaitingJobSerializer
from training.models import BlameJob, ModelVersion, Snapshot


class BlameRequestSerializer(serializers.Serializer[Any]):
    """On request a comparison to explain."""

    prompt = TurnSerializer(many=True, required=False)
    better = serializers.CharField(
        required=False, trim_whitespace=False, help_text="The completion that should stand better than it does."
    )
    worse = serializers.CharField(
        required=False, trim_whitespace=False, help_text="The completion that won, or that failed."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        written = [name for name in ("prompt", "better", "worse") if attrs.get(name)]
        if len(written) in (1, 2):
            raise serializers.ValidationError("Send a prompt, a better and a worse completion, or none of them.")
        return {name: value for name, value in attrs.items() if value}


class BlameJobSerializer(WaitingJobSerializer, serializers.ModelSerializer[BlameJob]):
    """A search. result: null until it is finished; then pairs (how many were compared), doubtful and blamed (the first
    pairs of each order as id, doubt and blame; blamed is empty without a query), and groups: for annotator, guidelines,
    source, batch (the import; empty: none), tag (empty: none) and model a list of [name, pairs, how many of them are
    among the worst tenth]."""

    campaign: Any = serializers.SlugRelatedField[Campaign](slug_field="slug", read_only=True)
    version: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True)
    snapshot: Any = serializers.SlugRelatedField[Snapshot](slug_field="content_hash", read_only=True)
    error = serializers.CharField(read_only=True)
    query = serializers.DictField(read_only=True, allow_null=True)
    result = serializers.DictField(read_only=True, allow_null=True)

    class Meta:
        model = BlameJob
        fields = (
            "id",
            "status",
            "error",
            "waits_for",
            "done",
            "total",
            "campaign",
            "snapshot",
            "version",
            "query",
            "result",
            "created_at",
            "finished_at",
        )
