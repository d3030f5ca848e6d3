"""The fields of gates and their decisions in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.sentences import Sentence
from training.models import FIGURES, Gate, GateDecision, ModelVersion, RuleResult
from training.queries.gates import Standing


class RuleSerializer(serializers.Serializer[Any]):
    """One rule: a figure with its floor or its ceiling. on_missing: what happens where it was not measured."""

    figure = serializers.ChoiceField(choices=list(FIGURES))
    floor = serializers.FloatField(required=False)
    ceiling = serializers.FloatField(required=False)
    on_missing = serializers.ChoiceField(choices=["hold", "ignore"], default="hold")


class GateSerializer(serializers.ModelSerializer[Gate]):
    """The rules that a version must meet. sentences: each rule in words. at: null: the default, never changed."""

    rules = RuleSerializer(many=True)
    sentences = serializers.SerializerMethodField()
    by = serializers.SlugRelatedField[Any](slug_field="pseudonym", read_only=True, allow_null=True)
    at = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta:
        model = Gate
        fields = ("number", "rules", "sentences", "by", "at")
        read_only_fields = ("number",)

    def get_sentences(self, gate: Gate) -> list[str]:
        return [str(rule.sentence) for rule in gate.parsed]


class ResultSerializer(RuleSerializer):
    """A rule's result. outcome: met, failed, missing (which holds back), or ignored."""

    value = serializers.FloatField(allow_null=True)
    outcome = serializers.ChoiceField(choices=["met", "failed", "missing", "ignored"])
    sentence = serializers.CharField()


class GateStandingSerializer(serializers.Serializer[Any]):
    """How a version stands before the gate of its campaign now, by what was measured."""

    version = serializers.CharField()
    gate = serializers.IntegerField()
    met = serializers.BooleanField()
    reason = serializers.CharField()
    measured_at = serializers.DateTimeField(allow_null=True)
    figures = serializers.DictField()
    results = ResultSerializer(many=True)


class GateDecisionSerializer(serializers.ModelSerializer[GateDecision]):
    """A decision about a version. figures: what was measured, against what. waiver: why it was promoted anyway."""

    campaign = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    gate = serializers.IntegerField(source="gate.number", read_only=True)
    version: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True)
    promoted = serializers.BooleanField(source="is_promoted", read_only=True)
    automatic = serializers.BooleanField(source="is_automatic", read_only=True)
    reason = serializers.CharField(read_only=True)
    results = serializers.SerializerMethodField()
    by = serializers.SlugRelatedField[Any](slug_field="pseudonym", read_only=True, allow_null=True)
    certificate = serializers.CharField(source="certificate_hash", read_only=True, help_text="SHA-256; may be empty.")

    class Meta:
        model = GateDecision
        fields = (
            "id",
            "campaign",
            "gate",
            "run",
            "version",
            "outcome",
            "promoted",
            "automatic",
            "reason",
            "figures",
            "results",
            "waiver",
            "by",
            "at",
            "certificate",
        )

    @extend_schema_field(ResultSerializer(many=True))
    def get_results(self, decision: GateDecision) -> list[dict[str, Any]]:
        return [{**result, "sentence": Sentence.from_json(result["sentence"])} for result in decision.results]


class CertificateSerializer(serializers.Serializer[Any]):
    """A decision's certificate. sha256: of its JSON with sorted keys, without spaces, in UTF-8."""

    certificate = serializers.DictField()
    decision = serializers.IntegerField()
    sha256 = serializers.CharField()


class DecisionFilter(serializers.Serializer[Any]):
    """Filters of the list of decisions."""

    campaign = serializers.CharField(required=False, help_text="Only decisions of this campaign (its slug).")
    version = serializers.CharField(required=False, help_text="Only decisions about this version.")


def standing_values(stands: Standing) -> dict[str, Any]:
    """A standing for `GateStandingSerializer`."""

    def shown(result: RuleResult) -> dict[str, Any]:
        return {**result.as_json(), "sentence": result.sentence}

    return {
        "version": stands.version.name,
        "gate": stands.own.gate.number,
        "met": stands.is_met,
        "reason": stands.reason,
        "measured_at": stands.own.measured_at,
        "figures": stands.own.figures,
        "results": [shown(result) for result in stands.own.results],
    }
