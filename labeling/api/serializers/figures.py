"""How far a campaign is, and how far its annotators agree."""

from typing import Any

from rest_framework import serializers


class CampaignProgressSerializer(serializers.Serializer[Any]):
    prompts = serializers.IntegerField()
    comparisons = serializers.IntegerField()
    open = serializers.IntegerField()
    settled = serializers.IntegerField()
    conflicts = serializers.IntegerField()
    judgments = serializers.IntegerField()
    judgments_wanted = serializers.IntegerField()
    votes_saved = serializers.IntegerField(help_text="By adaptive overlap, against always asking for the maximum.")
    flagged = serializers.IntegerField(help_text="Wait for a lead to look at them.")
    gold = serializers.IntegerField(help_text="For leads; 0 for others.")
    annotators = serializers.IntegerField()
    judgments_today = serializers.IntegerField()


class EstimateSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True, help_text="null: undefined, and the reason says why.")
    low = serializers.FloatField(allow_null=True, help_text="Lower end of the 95 % interval.")
    high = serializers.FloatField(allow_null=True)
    comparisons = serializers.IntegerField(help_text="How many it stands on.")
    votes = serializers.IntegerField()
    reason = serializers.CharField(allow_null=True)


class AgreementSerializer(serializers.Serializer[Any]):
    percent_with_ties = EstimateSerializer()
    percent_without_ties = EstimateSerializer()
    alpha_nominal = EstimateSerializer()
    ac1 = EstimateSerializer()
    include_simulated = serializers.BooleanField()


class AnnotatorSummarySerializer(serializers.Serializer[Any]):
    pseudonym = serializers.CharField()
    is_simulated = serializers.BooleanField()
    judged = serializers.IntegerField()
    skipped = serializers.IntegerField()
    undone = serializers.IntegerField()
    ties = serializers.IntegerField()
    left_share = serializers.FloatField(allow_null=True, help_text="Of their preferences, how many for the left one.")
    seconds = serializers.FloatField(allow_null=True, help_text="Mean time for a judgment.")
    last_judged_at = serializers.DateTimeField(allow_null=True)
