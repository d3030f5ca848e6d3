"""The fields of automatic retraining in the API."""

from rest_framework import serializers

from training.models import RetrainingRule


class RetrainingRuleSerializer(serializers.ModelSerializer[RetrainingRule]):
    """The rule of automatic retraining. cron: five fields; empty: as soon as there are enough fresh verdicts."""

    cron = serializers.CharField(allow_blank=True, required=False, default="")
    outcome = serializers.CharField(read_only=True)
    pause = serializers.CharField(read_only=True, help_text="Why it is paused.")
    updated_at = serializers.DateTimeField(allow_null=True, read_only=True, help_text="null: never saved.")

    class Meta:
        model = RetrainingRule
        fields = (
            "enabled",
            "min_fresh_verdicts",
            "cron",
            "auto_promote",
            "paused_at",
            "pause",
            "considered_at",
            "outcome",
            "updated_at",
        )
        read_only_fields = ("paused_at", "considered_at", "outcome", "updated_at")
