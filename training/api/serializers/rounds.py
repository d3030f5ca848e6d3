"""The fields of rounds and their plan in the API."""

from typing import Any

from rest_framework import serializers

from training.actions.round_plans import FIELDS
from training.models import Round, RoundPlan
from training.queries.round_reports import rounds_as_json
from training.queries.rounds import PHASES

STATES = ("waiting", "running", "done", "failed", "skipped")


class ThingSerializer(serializers.Serializer[Any]):
    """A row that a phase consists of."""

    kind = serializers.CharField()
    id = serializers.IntegerField()


class PhaseSerializer(serializers.Serializer[Any]):
    """A phase of a round. reason: why it waits or stopped. retry: the job that can be resumed."""

    phase = serializers.ChoiceField(choices=PHASES)
    state = serializers.ChoiceField(choices=STATES)
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    by = serializers.CharField(allow_null=True, help_text="A pseudonym; null: the schedule or a worker.")
    reason = serializers.CharField()
    things = ThingSerializer(many=True)
    retry = ThingSerializer(allow_null=True)


class CostSerializer(serializers.Serializer[Any]):
    """The cost of a round so far. money: null: no rate is set."""

    human_minutes = serializers.FloatField()
    judgments_without_time = serializers.IntegerField()
    machine_minutes = serializers.FloatField()
    tokens_generated = serializers.IntegerField()
    pairs_learned = serializers.IntegerField()
    tokens_learned = serializers.IntegerField()
    money = serializers.CharField(allow_null=True)
    currency = serializers.CharField()


class TargetSerializer(serializers.Serializer[Any]):
    """The win rate of a round's version over the base. value: null: not measured. through: versions in between."""

    by = serializers.ChoiceField(choices=RoundPlan.TargetBy.values)
    value = serializers.FloatField(allow_null=True)
    base = serializers.CharField(required=False)
    low = serializers.FloatField(required=False)
    high = serializers.FloatField(required=False)
    count = serializers.IntegerField(required=False)
    through = serializers.ListField(child=serializers.CharField(), required=False)
    target = serializers.FloatField()
    reached = serializers.BooleanField()


class RoundSerializer(serializers.Serializer[Any]):
    """A round. outcome: empty while it goes on. phase: where it is."""

    id = serializers.IntegerField()
    campaign = serializers.CharField()
    number = serializers.IntegerField()
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.ChoiceField(choices=["", *Round.Outcome.values])
    phase = serializers.ChoiceField(choices=PHASES)
    phases = PhaseSerializer(many=True)
    version = serializers.CharField(allow_null=True)
    cost = CostSerializer()
    target = TargetSerializer(allow_null=True)


class RoundsOfPage(serializers.ListSerializer[Any]):
    """The rounds of a page, read together."""

    def to_representation(self, data: Any) -> list[dict[str, Any]]:
        return rounds_as_json(list(data), self.context["plan"], now=self.context["now"])


class ListedRoundSerializer(serializers.BaseSerializer[Round]):
    """Rounds of a page as `rounds_as_json` gives them."""

    class Meta:
        list_serializer_class = RoundsOfPage


class RoundPlanSerializer(serializers.ModelSerializer[RoundPlan]):
    """The plan: conditions of the schedule, budget, rates and target. null: no limit."""

    class Meta:
        model = RoundPlan
        fields = (*FIELDS, "budget_reached_at", "target_reached_at", "updated_at")
        read_only_fields = ("budget_reached_at", "target_reached_at", "updated_at")
