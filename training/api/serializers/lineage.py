"""The fields of lineage in the API."""

from typing import Any

from rest_framework import serializers

from training.api.serializers.snapshots import SnapshotChangesSerializer


class UseSerializer(serializers.Serializer[Any]):
    """A snapshot that holds pairs of a comparison, prompt or judgment."""

    snapshot = serializers.CharField(help_text="Its hash.")
    at = serializers.DateTimeField(help_text="When it was taken.")
    comparisons = serializers.IntegerField(help_text="How many of the prompt's comparisons it holds.")
    is_held_out = serializers.BooleanField(help_text="true: its pairs measure versions; none learns from them.")
    versions = serializers.SerializerMethodField(help_text="The versions that were trained on it.")
    later = serializers.SerializerMethodField(help_text="The versions that were trained from those.")

    def get_versions(self, use: Any) -> list[str]:
        return [name for name, _address in use.versions]

    def get_later(self, use: Any) -> list[str]:
        return [name for name, _address in use.later]


class LeftOutOptions(serializers.Serializer[Any]):
    """Query parameters of `get_left_out`."""

    compare = serializers.BooleanField(default=False, help_text="Count what changes. It costs as much as a snapshot.")


class LearnedSerializer(serializers.Serializer[Any]):
    """A snapshot with comparisons that the annotator had judged."""

    snapshot = serializers.CharField()
    comparisons = serializers.IntegerField()
    versions = serializers.ListField(child=serializers.CharField())


class LeftOutPersonSerializer(serializers.Serializer[Any]):
    """An annotator in training. parent: the version that a retraining starts from."""

    annotator = serializers.CharField()
    is_left_out = serializers.BooleanField()
    learned = LearnedSerializer(many=True)
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    changes = SnapshotChangesSerializer(
        allow_null=True, help_text="From the newest of these snapshots; null: not asked."
    )
