"""The fields of the lens in the API."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from training.api.serializers.playground import TurnSerializer
from training.api.serializers.waiting import WaitingJobSerializer
from training.lens.figures import views
from training.models import LensJob, ModelVersion


class LensJobRequestSerializer(serializers.Serializer[Any]):
    """A version, and the pair to look at: that of a comparison, or one of your own."""

    version = serializers.CharField(help_text="A model version's name.")
    reference = serializers.CharField(
        required=False,
        allow_null=True,
        help_text="The version that rewards are measured against; by default the base under it.",
    )
    comparison = serializers.IntegerField(
        required=False, min_value=1, help_text="A comparison's number; or send prompt, chosen and rejected."
    )
    prompt = TurnSerializer(many=True, required=False)
    chosen = serializers.CharField(required=False, trim_whitespace=False)
    rejected = serializers.CharField(required=False, trim_whitespace=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        written = [name for name in ("prompt", "chosen", "rejected") if attrs.get(name)]
        if ("comparison" in attrs) == bool(written) or len(written) in (1, 2):
            raise serializers.ValidationError("Send either a comparison, or a prompt, a chosen and a rejected text.")
        return attrs


class FiguresSerializer(serializers.Serializer[Any]):
    """The quantities of DPO for a pair at the job's beta."""

    chosen_reward = serializers.FloatField(help_text="beta times the log-ratio of the chosen side.")
    rejected_reward = serializers.FloatField()
    margin = serializers.FloatField(help_text="The chosen side's reward minus the rejected side's.")
    probability = serializers.FloatField(help_text="P(chosen wins) under the version.")
    loss = serializers.FloatField(help_text="Minus the logarithm of the probability, in nats.")
    weight = serializers.FloatField(help_text="Of the gradient: beta times the probability that the label is wrong.")


class LensJobSerializer(WaitingJobSerializer, serializers.ModelSerializer[LensJob]):
    """A lens job. result: null until it is finished; then before (null: the reference itself, whose rewards are zero)
    and after, each side a list of [text, log-probability under the version, under the reference], in nats.
    is_preference: false where people prefer neither side; "chosen" and "rejected" are then the comparison's a and b."""

    version: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True)
    before: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True, allow_null=True)
    reference: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True, allow_null=True)
    error = serializers.CharField(read_only=True)
    pair = serializers.DictField(read_only=True)
    result = serializers.DictField(read_only=True, allow_null=True)
    figures = serializers.SerializerMethodField(help_text="Of the version at beta; null until the job is finished.")

    class Meta:
        model = LensJob
        fields = (
            "id",
            "status",
            "error",
            "waits_for",
            "version",
            "before",
            "reference",
            "comparison",
            "beta",
            "pair",
            "is_preference",
            "result",
            "figures",
            "created_at",
            "finished_at",
        )

    @extend_schema_field(FiguresSerializer(allow_null=True))
    def get_figures(self, lens_job: LensJob) -> dict[str, float] | None:
        """The figures of the version, of the tokens of the result."""
        return asdict(views(lens_job.result)[0].figures(lens_job.beta)) if lens_job.result else None
