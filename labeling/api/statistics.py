"""The JSON of statistics: the parameters of a slice, and its figures."""

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
    """A timestamp, or a date for midnight in the server's time zone."""

    def to_internal_value(self, value: Any) -> datetime:
        try:
            day = parse_date(value) if isinstance(value, str) and len(value) == len("2026-03-01") else None
        except ValueError:  # such as February 30
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value if day is None else midnight(day))


class SliceFilter(serializers.Serializer[Any]):
    """The judgments to count."""

    since = MomentField(required=False, help_text="Judgments made at or after this time.")
    until = MomentField(required=False, help_text="Judgments made before this time.")
    guideline_version = serializers.IntegerField(
        required=False, help_text="Judgments made under this version of the guidelines (its number)."
    )
    model_version = serializers.CharField(
        required=False, help_text="Judgments of comparisons with a completion by this version."
    )
    annotator = serializers.CharField(
        required=False,
        help_text="Pseudonym. Figures on single judgments are this annotator's alone; agreement is with the others.",
    )
    criterion = serializers.CharField(
        required=False, help_text="Counts the choices for this criterion instead of the overall ones."
    )
    include_simulated = serializers.BooleanField(
        required=False, default=False, help_text="Includes simulated annotators; the response then names them."
    )
    include_imported = serializers.BooleanField(
        required=False, default=False, help_text="Includes imported judgments; the response names their annotators."
    )


class CountingSerializer(serializers.Serializer[Any]):
    """The answer while a worker counts a large campaign for the first time."""

    detail = serializers.CharField()


class RankingFilter(SliceFilter):
    length_controlled = serializers.BooleanField(
        required=False, default=False, help_text="Ranks the models at equal length of their completions."
    )


def slice_of(values: Mapping[str, Any]) -> Slice:
    """The slice for the values of a filter."""
    names = set(Slice.__slots__)
    return Slice(**{name: value for name, value in values.items() if name in names})


class AgreementFiguresSerializer(serializers.Serializer[Any]):
    percent_with_ties = EstimateSerializer()
    percent_without_ties = EstimateSerializer()
    alpha_nominal = EstimateSerializer(help_text="Krippendorff's alpha over a, tie and b.")
    ac1 = EstimateSerializer(help_text="Gwet's AC1.")


class NoiseSerializer(serializers.Serializer[Any]):
    from_agreement = EstimateSerializer(help_text="1 - p, where p^2 + (1 - p)^2 is the agreement without ties.")
    by_dawid_skene = EstimateSerializer()
    ceiling_one = EstimateSerializer(help_text="The score of a model that is always right, on single judgments.")
    ceiling_three = EstimateSerializer(help_text="Its score on the majority of three judgments.")


class LengthBiasSerializer(serializers.Serializer[Any]):
    longer_preferred = EstimateSerializer(help_text="Share of preferences for the longer completion.")
    slope = EstimateSerializer(help_text="Slope of the log odds of a preference over the log of the length ratio.")
    twice_as_long = EstimateSerializer(
        help_text="By that slope: how often a completion is preferred to one half as long."
    )


class RetestSerializer(serializers.Serializer[Any]):
    consistency = EstimateSerializer(help_text="Share of retests with the same choice, the sides swapped.")
    side_decided = EstimateSerializer(
        help_text="Share of retests with the same side, among those with a preference both times."
    )
    left_pull = EstimateSerializer(
        help_text="Share with left twice minus share with right twice, among those: the effect of the side."
    )


class SpeedSerializer(serializers.Serializer[Any]):
    lower_quartile = EstimateSerializer(help_text="Seconds.")
    median = EstimateSerializer(help_text="Seconds.")
    upper_quartile = EstimateSerializer(help_text="Seconds.")


class AnnotatorStatisticsSerializer(serializers.Serializer[Any]):
    annotator = serializers.CharField(help_text="Pseudonym.")
    is_simulated = serializers.BooleanField()
    is_outside = serializers.BooleanField(help_text="Their judgments were imported.")
    votes = serializers.IntegerField()
    left = EstimateSerializer(help_text="Share of the annotator's preferences for the left side.")
    seconds = EstimateSerializer(help_text="Median seconds for a judgment.")
    gold = EstimateSerializer(help_text="Share of gold judged correctly.")
    accuracy = EstimateSerializer(help_text="Estimated accuracy, by Dawid-Skene.")
    confusion = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="P(choice | true choice), each over a, tie, b; empty if unknown.",
    )


class PairAgreementSerializer(serializers.Serializer[Any]):
    first = serializers.CharField()
    second = serializers.CharField()
    same = EstimateSerializer()
    same_without_ties = EstimateSerializer()
    kappa = serializers.FloatField(allow_null=True, help_text="Cohen's kappa; null if undefined.")


class DriftPointSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="A day, the Monday of a week, or a hundredth of the comparisons.")
    agreement = EstimateSerializer()


class DriftSerializer(serializers.Serializer[Any]):
    points = DriftPointSerializer(many=True)
    change = EstimateSerializer(help_text="Agreement in the last third minus agreement in the first third.")


class StatisticsSerializer(serializers.Serializer[Any]):
    counted_at = serializers.DateTimeField(help_text="In a large campaign, counts may be a few seconds old.")
    simulated = serializers.ListField(
        child=serializers.CharField(), help_text="Simulated annotators included in the counts."
    )
    imported = serializers.ListField(
        child=serializers.CharField(), help_text="Outside annotators included in the counts."
    )
    agreement = AgreementFiguresSerializer()
    alpha_ordinal = EstimateSerializer(help_text="Krippendorff's alpha on the strength scale from -3 to 3.")
    leave_one_out = EstimateSerializer(help_text="Agreement of each annotator with the majority of the others.")
    noise = NoiseSerializer()
    position = EstimateSerializer(help_text="Share of preferences for the left side.")
    length = LengthBiasSerializer()
    retests = RetestSerializer()
    gold = EstimateSerializer(help_text="Share of gold judged correctly, over all annotators.")
    speed = SpeedSerializer()
    annotators = AnnotatorStatisticsSerializer(many=True)
    pairs = PairAgreementSerializer(many=True)
    by_day = DriftSerializer()
    by_stretch = DriftSerializer(help_text="By comparison, in the order of their last vote.")


class RatedSerializer(serializers.Serializer[Any]):
    model = serializers.CharField(help_text="Empty if unknown.")
    rating = EstimateSerializer(help_text="Elo points with a mean of 0.")
    wins = serializers.IntegerField()
    ties = serializers.IntegerField()
    losses = serializers.IntegerField()
    group = serializers.IntegerField(help_text="Models in different groups were never compared, even indirectly.")


class RankingSerializer(serializers.Serializer[Any]):
    models = RatedSerializer(many=True, help_text="Best first.")
    win_rates = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="P(first preferred) + P(tie) / 2 at equal length, in the order of the models.",
    )
    length_effect = EstimateSerializer(help_text="Change of the log odds per unit of the log of the length ratio.")
    groups = serializers.IntegerField()
    reason = serializers.CharField(allow_null=True, help_text="Why there is no ranking, if there is none.")
