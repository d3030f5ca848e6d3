"""What the lists of the API can be asked for: behind the question mark, checked like a body."""

from typing import Any

from rest_framework import serializers

from labeling.models import Assignment, Campaign, Choice, Comparison, Membership, WebhookDelivery


class CampaignFilter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Campaign.Status.choices, required=False)


class MemberFilter(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Membership.Role.choices, required=False)


class Period(serializers.Serializer[Any]):
    """A stretch of time. Dates are moments with a time zone: 2026-03-01T00:00:00Z."""

    since = serializers.DateTimeField(required=False, help_text="Not before this moment.")
    until = serializers.DateTimeField(required=False, help_text="Before this moment.")


class ComparisonFilter(Period):
    status = serializers.ChoiceField(
        choices=Comparison.Status.choices, required=False, help_text="conflict: those to adjudicate."
    )
    source = serializers.CharField(  # type: ignore[assignment]
        required=False, help_text="What brought it in."
    )
    external_id = serializers.CharField(required=False)
    annotator = serializers.CharField(required=False, help_text="Judged by this annotator (a pseudonym).")


class ConflictFilter(serializers.Serializer[Any]):
    after = serializers.IntegerField(required=False, min_value=0, help_text="Goes on behind this comparison.")


class JudgmentFilter(Period):
    annotator = serializers.CharField(required=False, help_text="A pseudonym.")
    comparison = serializers.IntegerField(required=False)
    choice = serializers.ChoiceField(choices=Choice.choices, required=False)
    kind = serializers.ChoiceField(
        choices=Assignment.Kind.choices, required=False, help_text="Only normal ones are votes."
    )
    superseded = serializers.BooleanField(required=False, allow_null=True, default=None, help_text="Left out: both.")


class EventFilter(Period):
    actor = serializers.CharField(required=False, help_text="Who did it: a user name or a pseudonym.")
    verb = serializers.CharField(required=False, help_text='What was done: "campaign.created".')


class EventExportOptions(EventFilter):
    form = serializers.ChoiceField(choices=[("jsonl", "JSON lines"), ("csv", "CSV")], default="jsonl")


class WebhookFilter(serializers.Serializer[Any]):
    campaign = serializers.CharField(required=False, help_text="Only this campaign's (its slug).")


class DeliveryFilter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=WebhookDelivery.Status.choices, required=False)
    type = serializers.CharField(required=False)
