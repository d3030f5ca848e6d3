"""The fields of model versions in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labeling.api.serializers.records import BulkActSerializer
from training.actions.gate import LONGEST_REASON
from training.models import Deployment, ModelVersion


class VersionFilter(serializers.Serializer[Any]):
    """Filters of the list of versions."""

    campaign = serializers.CharField(required=False, help_text="Only versions trained in this campaign (its slug).")


class HeldOutSerializer(serializers.Serializer[Any]):
    """The meaning of a version's accuracy on held-out pairs."""

    finding = serializers.ChoiceField(
        choices=["better", "unclear", "worse"],
        help_text="Compared with a coin flip: 95 % interval and exact sign test.",
    )
    sentence = serializers.CharField(help_text="The finding in words.")


class ModelVersionSerializer(serializers.ModelSerializer[ModelVersion]):
    """A model version with its lineage and its figures on held-out pairs."""

    parent: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True, allow_null=True)
    campaign = serializers.SerializerMethodField()
    serving = serializers.SerializerMethodField()
    held_out = HeldOutSerializer(read_only=True, allow_null=True)

    class Meta:
        model = ModelVersion
        fields = (
            "name",
            "parent",
            "campaign",
            "run",
            "content_hash",
            "metrics",
            "held_out",
            "simulated",
            "lineage",
            "serving",
            "created_at",
        )

    def get_campaign(self, version: ModelVersion) -> str | None:
        return version.run.campaign.slug if version.run else None

    def get_serving(self, version: ModelVersion) -> bool:
        return bool(version.pk == self.context.get("serving_id"))


class PromotionSerializer(serializers.Serializer[Any]):
    """A promotion. reason: needed only where the gate is not met; it is kept with the decision."""

    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_REASON)


class DeploymentSerializer(serializers.ModelSerializer[Deployment]):
    """A change of the serving version. changed: false if the version served already."""

    version: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True)
    previous = serializers.SerializerMethodField()
    reason = serializers.CharField(read_only=True)
    changed = serializers.BooleanField(read_only=True)

    class Meta:
        model = Deployment
        fields = ("channel", "version", "previous", "kind", "reason", "at", "changed")

    def get_previous(self, deployment: Deployment) -> str | None:
        return deployment.previous.version.name if deployment.previous else None


class LabelsToSetAsideSerializer(serializers.Serializer[Any]):
    """Labels of the campaign in which the version was trained: all that are named here, and at least one of them."""

    settled_since = serializers.DateTimeField(required=False, help_text="Settled at or after this time.")
    settled_until = serializers.DateTimeField(required=False, help_text="Settled before this time.")
    annotator = serializers.CharField(
        required=False, help_text="Judged by this annotator (pseudonym), or by one of several, with commas."
    )
    batch = serializers.IntegerField(required=False, help_text="The import that brought them.")


class RollBackSerializer(serializers.Serializer[Any]):
    """A rollback. set_aside: the labels to set aside with it; null: none."""

    set_aside = LabelsToSetAsideSerializer(required=False, allow_null=True, default=None)


class RolledBackSerializer(DeploymentSerializer):
    """A rollback. set_aside: the act that sets labels aside; null: none was chosen, or none matched.

    not_set_aside: why the labels could not be set aside although the version was rolled back.
    """

    set_aside = serializers.SerializerMethodField()
    not_set_aside = serializers.SerializerMethodField()

    class Meta(DeploymentSerializer.Meta):
        fields = (*DeploymentSerializer.Meta.fields, "set_aside", "not_set_aside")  # type: ignore[assignment]

    @extend_schema_field(BulkActSerializer(allow_null=True))
    def get_set_aside(self, deployment: Deployment) -> dict[str, Any] | None:
        aside = self.context["done"].aside
        return BulkActSerializer(aside).data if aside else None

    def get_not_set_aside(self, deployment: Deployment) -> str:
        refused = self.context["done"].refused
        return refused.message if refused else ""
