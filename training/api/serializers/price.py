"""The fields of the price of a better model in the API."""

from typing import Any

from rest_framework import serializers

from labeling.api.serializers.figures import EstimateSerializer
from labeling.stats.learning_curve import FEWEST_DRAWS
from training.actions.price import DRAWS, MINUTES, MOST_DRAWS, MOST_MINUTES
from training.api.serializers.waiting import WaitingJobSerializer
from training.models import ModelVersion, PriceJob


class PriceQuestionSerializer(serializers.Serializer[Any]):
    """Your questions."""

    votes = serializers.IntegerField(
        required=False, min_value=1, max_value=10_000_000, help_text="More votes: what they cost and bring."
    )
    target = serializers.FloatField(
        required=False, min_value=0.51, max_value=1.0, help_text="An accuracy: when it is reached."
    )


class PriceRequestSerializer(serializers.Serializer[Any]):
    """The effort of a measurement."""

    draws = serializers.IntegerField(
        default=DRAWS, min_value=FEWEST_DRAWS, max_value=MOST_DRAWS, help_text="Repetitions of each size."
    )
    minutes = serializers.IntegerField(
        default=MINUTES, min_value=1, max_value=MOST_MINUTES, help_text="The longest time of workers."
    )


class PriceJobSerializer(WaitingJobSerializer, serializers.ModelSerializer[PriceJob]):
    """A measurement of the learning curve. done, total: short runs."""

    base: Any = serializers.SlugRelatedField[ModelVersion](slug_field="name", read_only=True)
    campaign: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    snapshot: Any = serializers.SlugRelatedField(slug_field="content_hash", read_only=True)
    error = serializers.CharField(read_only=True)

    class Meta:
        model = PriceJob
        fields = (
            "id",
            "status",
            "done",
            "total",
            "error",
            "waits_for",
            "campaign",
            "snapshot",
            "base",
            "draws",
            "minutes",
            "created_at",
            "finished_at",
        )


class RangeSerializer(serializers.Serializer[Any]):
    """A figure with its 90 % interval; null: never."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class PricePointSerializer(serializers.Serializer[Any]):
    """The short runs of one size."""

    labels = serializers.IntegerField(help_text="Pairs to learn from.")
    trainings = serializers.IntegerField(help_text="Short runs of this size.")
    accuracy = RangeSerializer()


class PriceEffortSerializer(serializers.Serializer[Any]):
    """The effort behind the labels so far."""

    votes_so_far = serializers.IntegerField()
    votes_per_label = serializers.FloatField(help_text="Votes behind a pair to learn from; held-out ones are paid too.")
    pairs_waiting = serializers.IntegerField(help_text="Pairs that have some of their votes and wait for more.")
    votes_waiting = serializers.IntegerField(help_text="Given already on those pairs.")
    seconds_per_vote = serializers.FloatField(allow_null=True, help_text="null: no vote of a person has a time.")
    cost_of_hour = serializers.FloatField(allow_null=True, help_text="By the plan of the rounds; null: not set.")
    currency = serializers.CharField()
    votes_per_day = serializers.FloatField(allow_null=True, help_text="The present pace; null: there is none.")


class PriceOfferSerializer(serializers.Serializer[Any]):
    """More votes, their cost, and what they bring."""

    votes = serializers.IntegerField()
    labels = serializers.IntegerField()
    hours = serializers.FloatField(allow_null=True)
    money = serializers.FloatField(allow_null=True)
    then = RangeSerializer(help_text="The accuracy of a run after them.")
    gain = RangeSerializer(help_text="The accuracy that they add on average.")
    is_far = serializers.BooleanField(help_text="Whether it is farther than the forecast was tested.")
    is_asked = serializers.BooleanField(help_text="Whether you asked for it.")


class PriceTargetSerializer(serializers.Serializer[Any]):
    """When a target is reached."""

    accuracy = serializers.FloatField()
    chance = serializers.FloatField(help_text="The share of the curves that fit which ever reach it.")
    votes = RangeSerializer()
    days = RangeSerializer(allow_null=True, help_text="At the present pace; null: there is none.")


class PriceOverlapSerializer(serializers.Serializer[Any]):
    """As many votes as so far, with so many on each pair."""

    overlap = serializers.IntegerField()
    labels = serializers.IntegerField()
    wrong = serializers.FloatField(help_text="The share of wrong labels.")
    then = RangeSerializer()


class PriceAnnotatorSerializer(serializers.Serializer[Any]):
    """The worth of an annotator's vote, in votes of the average one."""

    annotator = serializers.CharField(help_text="A pseudonym.")
    votes = serializers.IntegerField()
    right = EstimateSerializer()
    worth = serializers.FloatField()


class PriceVersionSerializer(serializers.Serializer[Any]):
    """A version of the campaign, as a point beside the curve."""

    version = serializers.CharField()
    labels = serializers.IntegerField()
    accuracy = RangeSerializer()
    win_rate = RangeSerializer(allow_null=True, help_text="Over the base model, by gates by people.")


class PriceSerializer(serializers.Serializer[Any]):
    """The price of a better model."""

    finding = serializers.ChoiceField(
        choices=("exhausted", "pays", "unclear", "unknown"),
        help_text="exhausted: twice the labels bring less than a point at most. pays: they bring a point at least. "
        "unknown: not measured.",
    )
    labels = serializers.IntegerField(
        allow_null=True, help_text="The pairs that a run of today would learn from: the forecast begins there."
    )
    measured_labels = serializers.IntegerField(allow_null=True, help_text="The most pairs of a short run.")
    held_out_pairs = serializers.IntegerField(allow_null=True)
    points = PricePointSerializer(many=True)
    effort = PriceEffortSerializer()
    offers = PriceOfferSerializer(many=True)
    target = PriceTargetSerializer(allow_null=True)
    overlaps = PriceOverlapSerializer(many=True)
    annotators = PriceAnnotatorSerializer(many=True)
    versions = PriceVersionSerializer(many=True)
    job = PriceJobSerializer(allow_null=True, help_text="The newest measurement.")
