"""Comparisons, their judgments and verdicts, and the event log."""

from typing import Any

from django.utils.translation import gettext
from rest_framework import serializers

from labeling.api.serializers.people import StatementSerializer
from labeling.models import BulkAct, Comparison, Event, Judgment, Prompt, Verdict, Winner
from labeling.queries.names import named_in_log, names_in_log, veil


class ComparisonSerializer(serializers.ModelSerializer[Comparison]):
    prompt = serializers.JSONField(source="prompt.messages")
    a = serializers.CharField(source="completion_a.text")
    b = serializers.CharField(source="completion_b.text")
    turns_a = serializers.JSONField(
        source="completion_a.turns",
        help_text="The messages of a completion of several turns or calls; null: a text.",
    )
    turns_b = serializers.JSONField(source="completion_b.turns", help_text="Likewise.")
    model_a = serializers.CharField(source="completion_a.model_version")
    model_b = serializers.CharField(source="completion_b.model_version")
    votes = serializers.DictField(child=serializers.IntegerField())
    winner = serializers.CharField(source="verdict.winner", default=None, allow_null=True)
    gold = serializers.CharField(
        source="gold.winner", default=None, allow_null=True, help_text="The correct verdict of gold."
    )
    confidence = serializers.FloatField(source="verdict.confidence", default=None, allow_null=True)
    metadata = serializers.DictField(
        allow_null=True, read_only=True, help_text="Other fields of the imported record; null: none."
    )

    class Meta:
        model = Comparison
        fields = (
            "id",
            "external_id",
            "status",
            "source",
            "metadata",
            "prompt",
            "a",
            "b",
            "turns_a",
            "turns_b",
            "model_a",
            "model_b",
            "overlap",
            "judged",
            "votes",
            "winner",
            "confidence",
            "gold",
            "created_at",
        )


class PromptSerializer(serializers.ModelSerializer[Prompt]):
    metadata = serializers.DictField(
        allow_null=True, read_only=True, help_text="Other fields of the imported record; null: none."
    )

    class Meta:
        model = Prompt
        fields = ("id", "external_id", "messages", "tags", "metadata", "batch", "retired_at", "created_at")


class BulkActSerializer(serializers.ModelSerializer[BulkAct]):
    requested_by = serializers.CharField(source="requested_by.username", default=None)

    class Meta:
        model = BulkAct
        fields = (
            "id",
            "target",
            "kind",
            "status",
            "reason",
            "more",
            "total",
            "done",
            "changed",
            "requested_by",
            "created_at",
            "finished_at",
        )


class BulkRequestSerializer(serializers.Serializer[Any]):
    """One act on many rows: those with these ids, or all that match the filter."""

    target = serializers.ChoiceField(choices=BulkAct.Target.choices)
    kind = serializers.ChoiceField(choices=BulkAct.Kind.choices)
    ids = serializers.ListField(child=serializers.IntegerField(), max_length=1000, required=False)
    filter = serializers.DictField(
        required=False, help_text="Query parameters of the list. {} matches every row of the campaign."
    )
    reason = serializers.CharField(
        max_length=10_000, required=False, default="", help_text="Required to retire, and to request judgments."
    )
    more = serializers.IntegerField(required=False, default=0, help_text="How many more judgments of each.")

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in values) == ("filter" in values):
            raise serializers.ValidationError({"ids": gettext("Send either ids or a filter.")})
        return values


class RetireSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=10_000)


class FlagReviewSerializer(serializers.Serializer[Any]):
    keep = serializers.BooleanField(help_text="true: return the comparison to annotators; false: retire it.")
    reason = serializers.CharField(max_length=10_000)


class GoldSerializer(serializers.Serializer[Any]):
    winner = serializers.ChoiceField(choices=Winner.choices, help_text="The correct verdict.")
    reason = serializers.CharField(max_length=10_000, required=False, allow_blank=True)


class AdjudicationSerializer(serializers.Serializer[Any]):
    winner = serializers.ChoiceField(choices=Winner.choices)
    reason = serializers.CharField(max_length=10_000)
    despite_own_judgment = serializers.BooleanField(
        default=False, help_text="Settle it although your own judgment is part of the conflict."
    )


class VerdictSerializer(serializers.ModelSerializer[Verdict]):
    comparison = serializers.IntegerField(source="comparison_id")

    class Meta:
        model = Verdict
        fields = ("comparison", "winner", "confidence", "votes", "settled_by", "reason", "settled_at")


class RecordedJudgmentSerializer(serializers.ModelSerializer[Judgment]):
    """One annotator's judgment, as leads see it. choice, criteria: in terms of a and b, regardless of the sides."""

    assignment = serializers.IntegerField(source="assignment_id")
    comparison = serializers.IntegerField(source="comparison_id")
    annotator = serializers.CharField(source="annotator.pseudonym")
    is_imported = serializers.BooleanField(source="annotator.is_outside", help_text="By an outside annotator.")
    guideline_version = serializers.IntegerField(source="guideline_version.number", default=None, allow_null=True)

    class Meta:
        model = Judgment
        fields = (
            "id",
            "assignment",
            "comparison",
            "annotator",
            "kind",
            "choice",
            "strength",
            "criteria",
            "comment",
            "edit",
            "skip_reason",
            "flag",
            "seconds",
            "left",
            "is_imported",
            "certainty",
            "metadata",
            "guideline_version",
            "created_at",
            "superseded_at",
        )


class EventSerializer(serializers.ModelSerializer[Event]):
    actor = serializers.CharField(
        source="actor_name",
        allow_null=True,
        help_text="The user name; the pseudonym for annotators' acts in a pseudonymous campaign.",
    )

    class Meta:
        model = Event
        fields: tuple[str, ...] = ("id", "at", "actor", "verb", "subject_type", "subject_id", "before", "after")

    def to_representation(self, instance: Event) -> dict[str, Any]:
        return super().to_representation(self.veiled(instance))

    def veiled(self, event: Event) -> Event:
        """The context holds the campaign."""
        return veil(event, self.context["campaign"])


class LoggedEvents(serializers.ListSerializer[Event]):
    """A page of the log of all campaigns, whose names are looked up at once."""

    def to_representation(self, data: Any) -> list[Any]:
        events = list(data)
        self.names, _ = names_in_log(events)
        return super().to_representation(events)


class LoggedEventSerializer(EventSerializer):
    campaign = serializers.CharField(source="campaign.slug", allow_null=True, help_text="Its slug.")

    class Meta(EventSerializer.Meta):
        fields = (*EventSerializer.Meta.fields, "campaign")
        list_serializer_class = LoggedEvents

    def veiled(self, event: Event) -> Event:
        return named_in_log(event, getattr(self.parent, "names", {}))


class ConflictSerializer(serializers.Serializer[Any]):
    """A comparison waiting for a decision, with its judgments. prompt: the messages; a, b: the completions' texts."""

    comparison = serializers.IntegerField()
    prompt = serializers.JSONField()
    a = serializers.CharField()
    b = serializers.CharField()
    votes = serializers.DictField(child=serializers.IntegerField())
    statements = StatementSerializer(many=True)
    is_own = serializers.BooleanField(help_text="Whether one of these judgments is your own.")
