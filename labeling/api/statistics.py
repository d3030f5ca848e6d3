"""The JSON of statistics: what a slice can be, and the figures of one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.days import midnight
from labeling.api.serializers.figures import EstimateSerializer
from labeling.queries.slices import Slice


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentField(serializers.DateTimeField):
    """A moment, or a day for its first moment in the server's time zone."""

    def to_internal_value(self, value: Any) -> datetime:
        day = parse_date(value) if isinstance(value, str) and len(value) == len("2026-03-01") else None
        return super().to_internal_value(value if day is None else midnight(day))


class SliceFilter(serializers.Serializer[Any]):
    """Which judgments are counted."""

    since = MomentField(required=False, help_text="Judgments made at this moment or later.")
    until = MomentField(required=False, help_text="Judgments made before this moment.")
    guideline_version = serializers.IntegerField(required=False, help_text="Made under this version (its number).")
    model_version = serializers.CharField(required=False, help_text="Of comparisons with a completion of this version.")
    annotator = serializers.CharField(
        required=False,
        help_text="A pseudonym. Figures about single judgments are theirs alone; agreement is theirs with the others.",
    )
    criterion = serializers.CharField(required=False, help_text="What was said of it, instead of the overall choice.")
    include_simulated = serializers.BooleanField(
        required=False, default=False, help_text="Count simulated annotators too; they are then named."
    )


class RankingFilter(SliceFilter):
    length_controlled = serializers.BooleanField(
        required=False, default=False, help_text="Strengths at equal length, instead of as the texts are."
    )


def slice_of(values: Mapping[str, Any]) -> Slice:
    """The slice that a filter asked for."""
    names = set(Slice.__slots__)
    return Slice(**{name: value for name, value in values.items() if name in names})


class AgreementFiguresSerializer(serializers.Serializer[Any]):
    percent_with_ties = EstimateSerializer()
    percent_without_ties = EstimateSerializer()
    alpha_nominal = EstimateSerializer(help_text="Krippendorff's, over a, tie and b.")
    ac1 = EstimateSerializer(help_text="Gwet's.")


class NoiseSerializer(serializers.Serializer[Any]):
    from_agreement = EstimateSerializer(help_text="p with p^2 + (1 - p)^2 = agreement without ties; this is 1 - p.")
    by_dawid_skene = EstimateSerializer()
    ceiling_one = EstimateSerializer(help_text="What a model that is always right scores on single judgments.")
    ceiling_three = EstimateSerializer(help_text="The same on the majority of three.")


class LengthBiasSerializer(serializers.Serializer[Any]):
    longer_preferred = EstimateSerializer(help_text="Of all preferences, the share for the longer completion.")
    slope = EstimateSerializer(help_text="Of the log odds of a preference along the logarithm of the length ratio.")
    twice_as_long = EstimateSerializer(help_text="By that slope: how often one is preferred to one half as long.")


class RetestSerializer(serializers.Serializer[Any]):
    consistency = EstimateSerializer(help_text="Same answer again, with the sides exchanged.")
    side_decided = EstimateSerializer(help_text="Same side again, of those with a preference both times.")
    left_pull = EstimateSerializer(help_text="Left twice minus right twice, of those: what the side causes.")


class SpeedSerializer(serializers.Serializer[Any]):
    lower_quartile = EstimateSerializer(help_text="Seconds.")
    median = EstimateSerializer(help_text="Seconds.")
    upper_quartile = EstimateSerializer(help_text="Seconds.")


class AnnotatorStatisticsSerializer(serializers.Serializer[Any]):
    annotator = serializers.CharField(help_text="A pseudonym.")
    is_simulated = serializers.BooleanField()
    votes = serializers.IntegerField()
    left = EstimateSerializer(help_text="Share of their preferences for the left side.")
    seconds = EstimateSerializer(help_text="Their median.")
    gold = EstimateSerializer(help_text="How often they were right where the verdict was known.")
    accuracy = EstimateSerializer(help_text="By Dawid-Skene.")
    confusion = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="P(said | true), each over a, tie, b; empty: unknown.",
    )


class PairAgreementSerializer(serializers.Serializer[Any]):
    first = serializers.CharField()
    second = serializers.CharField()
    same = EstimateSerializer()
    same_without_ties = EstimateSerializer()
    kappa = serializers.FloatField(allow_null=True, help_text="Cohen's; null: undefined.")


class DriftPointSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="A day, the Monday of a week, or the hundredth of the comparisons.")
    agreement = EstimateSerializer()


class DriftSerializer(serializers.Serializer[Any]):
    points = DriftPointSerializer(many=True)
    change = EstimateSerializer(help_text="Agreement in the last third minus that in the first.")


class StatisticsSerializer(serializers.Serializer[Any]):
    counted_at = serializers.DateTimeField(help_text="In a large campaign, counts may be some seconds old.")
    simulated = serializers.ListField(
        child=serializers.CharField(), help_text="Simulated annotators among those counted."
    )
    agreement = AgreementFiguresSerializer()
    alpha_ordinal = EstimateSerializer(help_text="Krippendorff's, on the strength scale from -3 to 3.")
    leave_one_out = EstimateSerializer(help_text="Each annotator against the majority of the others.")
    noise = NoiseSerializer()
    position = EstimateSerializer(help_text="Share of preferences for the left side.")
    length = LengthBiasSerializer()
    retests = RetestSerializer()
    gold = EstimateSerializer(help_text="Of all judgments of gold, how many were right.")
    speed = SpeedSerializer()
    annotators = AnnotatorStatisticsSerializer(many=True)
    pairs = PairAgreementSerializer(many=True)
    by_day = DriftSerializer()
    by_stretch = DriftSerializer(help_text="Along the comparisons, in the order of their last vote.")


class RatedSerializer(serializers.Serializer[Any]):
    model = serializers.CharField(help_text="Empty: not known.")
    rating = EstimateSerializer(help_text="Elo points around a mean of 0.")
    wins = serializers.IntegerField()
    ties = serializers.IntegerField()
    losses = serializers.IntegerField()
    group = serializers.IntegerField(help_text="Models of different groups were never compared, directly or not.")


class RankingSerializer(serializers.Serializer[Any]):
    models = RatedSerializer(many=True, help_text="Best first.")
    win_rates = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="P(first preferred) + P(tie) / 2 at equal length, in the order of the models.",
    )
    length_effect = EstimateSerializer(help_text="On the log odds, for one unit of the logarithm of the length ratio.")
    groups = serializers.IntegerField()
    reason = serializers.CharField(allow_null=True, help_text="Why there is no ranking.")
