"""The fields of snapshots in the API."""

from typing import Any

from rest_framework import serializers

from labeling.models import Campaign
from training.models import Snapshot


class SnapshotFilter(serializers.Serializer[Any]):
    """The filter of `list_snapshots`."""

    campaign = serializers.SlugField(required=False)


class BasisSerializer(serializers.Serializer[Any]):
    """The judgments behind a snapshot's pairs."""

    comparisons = serializers.IntegerField()
    judgments = serializers.IntegerField()
    annotators = serializers.IntegerField()
    simulated_annotators = serializers.IntegerField(
        default=0, help_text="Those of them who are simulated; 0 in summaries that are older than this figure."
    )
    guidelines = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many judgments under each version of the guidelines; 0: none."
    )
    left_out = serializers.ListField(child=serializers.CharField(), help_text="Pseudonyms of people left out.")


class SnapshotSerializer(serializers.ModelSerializer[Snapshot]):
    """A snapshot. manifest: counts, split, what was left out, and the hashes of its files."""

    campaign = serializers.SlugRelatedField[Campaign](slug_field="slug", read_only=True)
    basis = BasisSerializer(allow_null=True, read_only=True)
    versions = serializers.SerializerMethodField(help_text="The model versions that were trained on it.")

    class Meta:
        model = Snapshot
        fields = (
            "content_hash",
            "campaign",
            "train_pairs",
            "test_pairs",
            "simulated",
            "created_at",
            "versions",
            "basis",
            "manifest",
        )

    def get_versions(self, row: Snapshot) -> list[str]:
        return sorted(run.version.name for run in row.runs.all() if hasattr(run, "version"))


class OfCampaignSerializer(serializers.Serializer[Any]):
    """The campaign of a snapshot that is named by its hash."""

    campaign = serializers.SlugField(
        required=False,
        help_text="Its campaign: two with the same labels have the same hash. Default: that of the newest one.",
    )


class SinceSerializer(serializers.Serializer[Any]):
    """The other snapshot."""

    since = serializers.CharField(
        required=False, help_text="The hash of the earlier snapshot, or its beginning; default: the one before."
    )


class SnapshotChangesSerializer(serializers.Serializer[Any]):
    """How many pairs changed. turned: the other completion is chosen. moved: to the other side of the split."""

    same = serializers.IntegerField()
    added = serializers.IntegerField()
    removed = serializers.IntegerField()
    turned = serializers.IntegerField()
    moved = serializers.IntegerField()
    confidence = serializers.IntegerField()
