"""The progress of a campaign, the agreement of its annotators, and figures for each annotator."""

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
    votes_saved = serializers.IntegerField(help_text="By adaptive overlap, compared with the maximum everywhere.")
    flagged = serializers.IntegerField(help_text="Comparisons waiting for a lead's review.")
    gold = serializers.IntegerField(help_text="For leads; 0 for others.")
    annotators = serializers.IntegerField(help_text="Members who have judged, simulated annotators included.")
    simulated_annotators = serializers.IntegerField(help_text="Those of them who are simulated.")
    judgments_today = serializers.IntegerField(help_text="Simulated annotators included.")
    simulated_today = serializers.IntegerField(help_text="Those of them by simulated annotators.")
    coming_pairs = serializers.CharField(
        allow_blank=True, help_text="When the model will have written new pairs, in a sentence; empty: it writes none."
    )


class IncludedSerializer(serializers.Serializer[Any]):
    """The judgments that agreement counts besides those of people here."""

    include_simulated = serializers.BooleanField(default=False)
    include_imported = serializers.BooleanField(default=False)


class EstimateSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True, help_text="null if undefined; the reason says why.")
    low = serializers.FloatField(allow_null=True, help_text="Lower end of the 95 % interval.")
    high = serializers.FloatField(allow_null=True)
    comparisons = serializers.IntegerField(help_text="Number of comparisons behind the figure.")
    votes = serializers.IntegerField()
    reason = serializers.CharField(allow_null=True)


class AgreementSerializer(serializers.Serializer[Any]):
    percent_with_ties = EstimateSerializer()
    percent_without_ties = EstimateSerializer()
    alpha_nominal = EstimateSerializer()
    ac1 = EstimateSerializer()
    include_simulated = serializers.BooleanField()
    include_imported = serializers.BooleanField()


class AnnotatorSummarySerializer(serializers.Serializer[Any]):
    pseudonym = serializers.CharField()
    is_simulated = serializers.BooleanField()
    is_outside = serializers.BooleanField(help_text="Their judgments were imported.")
    judged = serializers.IntegerField()
    skipped = serializers.IntegerField(help_text="Skips without a flag.")
    flagged = serializers.IntegerField(help_text="Flags.")
    undone = serializers.IntegerField()
    ties = serializers.IntegerField()
    left_share = serializers.FloatField(allow_null=True, help_text="Share of preferences for the left side.")
    seconds = serializers.FloatField(allow_null=True, help_text="Mean seconds for a judgment.")
    last_judged_at = serializers.DateTimeField(allow_null=True)
