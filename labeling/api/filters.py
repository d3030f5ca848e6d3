"""Query parameters of the API's lists, validated like a body."""

from typing import Any

from rest_framework import serializers

from labeling.judging.drafts import CHOICES
from labeling.models import Assignment, Campaign, Choice, Comparison, Membership, Question, WebhookDelivery
from labeling.queries.judged_by import GROUPS, is_group
from labeling.queries.metadata_search import METADATA_CHARACTERS
from labeling.queries.own_judgments import FLAG


def known_group(name: str) -> None:
    """Raises ValidationError for a name that no group can have."""
    if not is_group(name):
        known = ", ".join(GROUPS)
        raise serializers.ValidationError(f'"{name}" is not a valid choice: {known}, or grouping/group.')


class CampaignFilter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Campaign.Status.choices, required=False)


class MemberFilter(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Membership.Role.choices, required=False)


class Period(serializers.Serializer[Any]):
    """A period of time. Both ends are timestamps with a time zone: 2026-03-01T00:00:00Z."""

    since = serializers.DateTimeField(required=False, help_text="At or after this time.")
    until = serializers.DateTimeField(required=False, help_text="Before this time.")


class ListFilter(Period):
    """The parameters that both lists have."""

    text = serializers.CharField(required=False, help_text="A part of a text, in any case.")
    tag = serializers.CharField(required=False, help_text="A tag of the prompt.")
    model_version = serializers.CharField(required=False, help_text="The version that wrote a completion.")
    batch = serializers.IntegerField(required=False, help_text="The import that brought it.")
    act = serializers.IntegerField(required=False, help_text="The bulk act that changed it.")
    metadata = serializers.CharField(
        required=False,
        max_length=METADATA_CHARACTERS,
        help_text="A field of the imported record: key=value, or a key alone. Dots lead into fields within a field.",
    )


class JudgedFilter(ListFilter):
    """The parameters about a comparison. A prompt matches if one of its comparisons does, in all of them."""

    source = serializers.CharField(  # type: ignore[assignment]
        required=False, help_text="How the comparison was added."
    )
    annotator = serializers.CharField(
        required=False, help_text="Judged by this annotator (pseudonym), or by one of several, with commas."
    )
    group = serializers.CharField(
        required=False,
        validators=[known_group],
        help_text="Judged by somebody of this group: people or simulated annotators, the members with a role "
        "(annotator, expert, lead), or a declared group, as grouping/group.",
    )
    flagged = serializers.BooleanField(required=False, help_text="true: an annotator flagged it.")
    confidence_at_least = serializers.FloatField(required=False, min_value=0, max_value=1)
    confidence_at_most = serializers.FloatField(required=False, min_value=0, max_value=1)


class PromptFilter(JudgedFilter):
    state = serializers.ChoiceField(choices=["active", "retired"], required=False)
    compared = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Whether it has comparisons. Default: both."
    )


class ComparisonFilter(JudgedFilter):
    text = serializers.CharField(
        required=False, help_text="A part of the prompt or of one of the completions, in any case."
    )
    status = serializers.ChoiceField(
        choices=Comparison.Status.choices, required=False, help_text="conflict: comparisons to adjudicate."
    )
    external_id = serializers.CharField(required=False)
    criterion = serializers.CharField(required=False, help_text="A judgment answers this criterion.")
    guideline_version = serializers.IntegerField(required=False, help_text="Judged under this version.")
    agreement_at_least = serializers.FloatField(
        required=False, min_value=0, max_value=1, help_text="The share of its judgments that agree with the verdict."
    )
    agreement_at_most = serializers.FloatField(required=False, min_value=0, max_value=1)
    settled_since = serializers.DateTimeField(required=False, help_text="Settled at or after this time.")
    settled_until = serializers.DateTimeField(required=False, help_text="Settled before this time.")
    judged = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Whether it has judgments. Default: both."
    )
    prompt = serializers.IntegerField(required=False, help_text="The id of its prompt.")


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


class LogFilter(EventFilter):
    actor = serializers.CharField(
        required=False, help_text="The name that is shown. A user name also finds the events about its account."
    )
    campaign = serializers.CharField(required=False, source="slug", help_text="Slug of a campaign.")


class LogExportOptions(LogFilter, EventExportOptions):
    pass


class WebhookFilter(serializers.Serializer[Any]):
    campaign = serializers.CharField(required=False, source="campaign__slug", help_text="Slug of a campaign.")


class DeliveryFilter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=WebhookDelivery.Status.choices, required=False)
    type = serializers.CharField(required=False)
