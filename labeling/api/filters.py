"""Query parameters of the API's lists, validated like a body."""

from typing import Any

from rest_framework import serializers

from labeling.judging.drafts import CHOICES
from labeling.models import Assignment, Campaign, Choice, Comparison, Membership, Question, WebhookDelivery
from labeling.queries.own_judgments import FLAG


class CampaignFilter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Campaign.Status.choices, required=False)


class MemberFilter(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Membership.Role.choices, required=False)


class Period(serializers.Serializer[Any]):
    """A period of time. Both ends are timestamps with a time zone: 2026-03-01T00:00:00Z."""

    since = serializers.DateTimeField(required=False, help_text="At or after this time.")
    until = serializers.DateTimeField(required=False, help_text="Before this time.")


class ComparisonFilter(Period):
    status = serializers.ChoiceField(
        choices=Comparison.Status.choices, required=False, help_text="conflict: comparisons to adjudicate."
    )
    source = serializers.CharField(  # type: ignore[assignment]
        required=False, help_text="How the comparison was added."
    )
    external_id = serializers.CharField(required=False)
    annotator = serializers.CharField(required=False, help_text="Judged by this annotator (pseudonym).")


class ConflictFilter(serializers.Serializer[Any]):
    after = serializers.IntegerField(required=False, min_value=0, help_text="Only comparisons after this one.")


class JudgmentFilter(Period):
    annotator = serializers.CharField(required=False, help_text="Pseudonym.")
    comparison = serializers.IntegerField(required=False)
    choice = serializers.ChoiceField(choices=Choice.choices, required=False)
    kind = serializers.ChoiceField(
        choices=Assignment.Kind.choices, required=False, help_text="Only normal judgments count as votes."
    )
    superseded = serializers.BooleanField(required=False, allow_null=True, default=None, help_text="Default: both.")


class OwnJudgmentFilter(Period):
    choice = serializers.ChoiceField(
        choices=[*CHOICES, FLAG], required=False, help_text="As it was displayed. flag: skipped with a flag."
    )
    commented = serializers.BooleanField(required=False, default=False, help_text="true: only with a comment.")
    text = serializers.CharField(
        required=False, max_length=200, help_text="In the prompt, a completion, the comment or the improved text."
    )


class QuestionFilter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Question.Status.choices, required=False)


class EventFilter(Period):
    actor = serializers.CharField(required=False, help_text="User name or pseudonym.")
    verb = serializers.CharField(required=False, help_text='Type of event, such as "campaign.created".')


class EventExportOptions(EventFilter):
    form = serializers.ChoiceField(choices=[("jsonl", "JSON lines"), ("csv", "CSV")], default="jsonl")


class WebhookFilter(serializers.Serializer[Any]):
    campaign = serializers.CharField(required=False, source="campaign__slug", help_text="Slug of a campaign.")


class DeliveryFilter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=WebhookDelivery.Status.choices, required=False)
    type = serializers.CharField(required=False)
