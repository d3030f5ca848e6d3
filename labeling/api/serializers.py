"""The JSON of the API. Requests are checked here for form only; what is allowed is decided by the actions."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from labeling.actions import as_shown, undo_until
from labeling.actions.answers import CHOICES, MAX_COMMENT, MAX_CRITERION_NAME, MAX_KEY, MAX_SKIP_REASON
from labeling.actions.rules import MAX_DESCRIPTION, RULES
from labeling.models import (
    ApiToken,
    Campaign,
    Comparison,
    Erasure,
    Event,
    Flag,
    GuidelineVersion,
    Invitation,
    Judgment,
    Membership,
    Role,
    Scope,
    User,
    Verdict,
    VerdictRecount,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
    Winner,
)

MESSAGE_ROLES = (("system", "System"), ("user", "User"), ("assistant", "Assistant"))


class MeSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ("username", "role", "pseudonym")


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), min_length=1, help_text="What it may be used for."
    )

    class Meta:
        model = ApiToken
        fields = ("id", "name", "scopes", "expires_at", "created_at", "last_used_at", "revoked_at")
        read_only_fields = ("id", "created_at", "last_used_at", "revoked_at")


class NewTokenSerializer(TokenSerializer):
    key = serializers.CharField(read_only=True, help_text="Shown this once.")

    class Meta:
        model = ApiToken
        fields = (*TokenSerializer.Meta.fields, "key")


class NewUserSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(choices=Role.choices)
    password = serializers.CharField(required=False, write_only=True, help_text="Left out: one is made up.")


class CreatedUserSerializer(serializers.Serializer[Any]):
    username = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    password = serializers.CharField(allow_null=True, help_text="The one made up, shown this once; else null.")


class CriterionSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=MAX_CRITERION_NAME)
    description = serializers.CharField(max_length=MAX_DESCRIPTION, required=False, allow_blank=True)
    required = serializers.BooleanField(required=False)  # type: ignore[assignment]


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    criteria = CriterionSerializer(many=True, required=False, help_text="Asked besides the overall choice, in order.")

    class Meta:
        model = Campaign
        fields = (
            "slug",
            "name",
            "description",
            "status",
            *(rule for rule in RULES if rule not in ("name", "description")),
            "created_at",
        )
        read_only_fields = ("slug", "status", "created_at")


class NewCampaignSerializer(CampaignSerializer):
    slug = serializers.SlugField(max_length=80, required=False, help_text="Left out: made from the name.")
    guidelines = serializers.CharField(required=False, trim_whitespace=False, help_text="Markdown.")

    class Meta:
        model = Campaign
        fields = (*CampaignSerializer.Meta.fields, "guidelines")
        read_only_fields = ("status", "created_at")


class ChangeStatusSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Campaign.Status.choices)


class GuidelineVersionSerializer(serializers.ModelSerializer[GuidelineVersion]):
    class Meta:
        model = GuidelineVersion
        fields = ("number", "text", "created_at")
        read_only_fields = ("number", "created_at")


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    username = serializers.CharField(source="user.username", max_length=150)
    is_simulated = serializers.BooleanField(source="user.is_simulated", read_only=True)

    class Meta:
        model = Membership
        fields = (
            "username",
            "role",
            "is_simulated",
            "judged",
            "gold_right",
            "gold_total",
            "warned_at",
            "paused_at",
            "created_at",
        )
        read_only_fields = ("judged", "gold_right", "gold_total", "warned_at", "paused_at", "created_at")


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    class Meta:
        model = Invitation
        fields = ("id", "role", "note", "max_uses", "uses", "expires_at", "revoked_at", "created_at")
        read_only_fields = ("id", "uses", "revoked_at", "created_at")


class NewInvitationSerializer(InvitationSerializer):
    link = serializers.CharField(read_only=True, help_text="Shown this once.")

    class Meta:
        model = Invitation
        fields = (*InvitationSerializer.Meta.fields, "link")


class RecountSerializer(serializers.ModelSerializer[VerdictRecount]):
    class Meta:
        model = VerdictRecount
        fields = (
            "id",
            "cause",
            "rule",
            "status",
            "total",
            "done",
            "changed",
            "before",
            "after",
            "created_at",
            "finished_at",
        )


class ProgressSerializer(serializers.Serializer[Any]):
    judged = serializers.IntegerField(help_text="By you, skips not counted.")
    judged_today = serializers.IntegerField()
    comparisons = serializers.IntegerField(help_text="In the campaign.")
    settled = serializers.IntegerField(help_text="In steps of 20 where gold or retests are mixed in.")
    notice = serializers.CharField(help_text="A sentence for you (paused, warned, a quota reached), or empty.")


class MessageSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=MESSAGE_ROLES)
    html = serializers.CharField(help_text="Sanitised: safe to show as it is.")
    text = serializers.CharField(help_text="As it was written.")


class ShownCompletionSerializer(serializers.Serializer[Any]):
    html = serializers.CharField(help_text="Sanitised: safe to show as it is.")
    text = serializers.CharField(help_text="As it was written.")
    model = serializers.CharField(allow_null=True, help_text="The model version that wrote it; null: you are blind.")


class AssignmentSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    expires_at = serializers.DateTimeField(help_text="Afterwards somebody else may be given it.")
    prompt = MessageSerializer(many=True)
    left = ShownCompletionSerializer()
    right = ShownCompletionSerializer()
    guideline_version = serializers.IntegerField(allow_null=True)
    allow_tie = serializers.BooleanField()
    allow_both_bad = serializers.BooleanField()
    allow_skip = serializers.BooleanField()
    allow_flag = serializers.BooleanField()
    skip_reasons = serializers.ListField(child=serializers.CharField())
    scale = serializers.ChoiceField(choices=Campaign.Scale.choices)
    criteria = CriterionSerializer(many=True)


class NextAssignmentSerializer(serializers.Serializer[Any]):
    assignment = AssignmentSerializer()
    following = AssignmentSerializer(many=True, help_text="Held for you too, where the campaign allows to prefetch.")
    progress = ProgressSerializer()


class AnswerSerializer(serializers.Serializer[Any]):
    choice = serializers.ChoiceField(choices=[(str(choice), str(choice)) for choice in CHOICES])
    key = serializers.CharField(max_length=MAX_KEY, help_text="Made up by you for this judgment; repeat it in a retry.")
    strength = serializers.IntegerField(
        min_value=1, max_value=3, required=False, allow_null=True, help_text="1 slightly, 2 clearly, 3 much better."
    )
    criteria = serializers.DictField(
        child=serializers.ChoiceField(choices=[("left", "left"), ("right", "right"), ("tie", "tie")]),
        required=False,
        help_text='By name: {"helpful": "left"}.',
    )
    comment = serializers.CharField(max_length=MAX_COMMENT, required=False, allow_blank=True, trim_whitespace=False)
    skip_reason = serializers.CharField(
        max_length=MAX_SKIP_REASON, required=False, allow_blank=True, help_text="One of the campaign's."
    )
    flag = serializers.ChoiceField(
        choices=Flag.choices,
        required=False,
        allow_blank=True,
        help_text="With skip: nobody else is given the comparison until a lead has looked at it.",
    )
    seconds = serializers.FloatField(
        min_value=0, required=False, allow_null=True, help_text="In front of the annotator, with the tab visible."
    )


class JudgmentSerializer(serializers.ModelSerializer[Judgment]):
    assignment = serializers.IntegerField(source="assignment_id")
    choice = serializers.SerializerMethodField(help_text="As it was said: left, right, tie, both_bad or skip.")
    undo_until = serializers.SerializerMethodField(help_text="null: it cannot be taken back.")

    class Meta:
        model = Judgment
        fields = ("id", "assignment", "choice", "undo_until")

    def get_choice(self, judgment: Judgment) -> str:
        return as_shown(judgment.choice, judgment.left)

    def get_undo_until(self, judgment: Judgment) -> datetime | None:
        return undo_until(judgment, judgment.assignment.campaign)


class UndoneSerializer(serializers.Serializer[Any]):
    assignment = AssignmentSerializer()
    progress = ProgressSerializer()


class RenewedSerializer(serializers.Serializer[Any]):
    expires_at = serializers.DateTimeField()


class AnsweredSerializer(serializers.Serializer[Any]):
    judgment = JudgmentSerializer()
    next = AssignmentSerializer(allow_null=True, help_text="null: nothing is left for you.")
    following = AssignmentSerializer(many=True, help_text="Held for you too, where the campaign allows to prefetch.")
    progress = ProgressSerializer()


class RejectedSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="Where the record starts, from 1.")
    record = serializers.IntegerField(help_text="Its number among the records, from 1.")
    code = serializers.CharField()
    reason = serializers.CharField()
    excerpt = serializers.CharField()


class ImportReportSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    duplicates = serializers.IntegerField(help_text="Were there already.")
    settled = serializers.IntegerField(help_text="Came in with a verdict.")
    gold = serializers.IntegerField(help_text="Came in as gold.")
    rejected_count = serializers.IntegerField()
    rejected = RejectedSerializer(many=True, help_text="The first of them.")
    refused = serializers.BooleanField(help_text="Nothing was kept because of what was rejected, as asked.")


class DropReportSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    kept = serializers.IntegerField()
    dropped = serializers.DictField(child=serializers.IntegerField(), help_text="How many were left out, by reason.")


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


class ComparisonSerializer(serializers.ModelSerializer[Comparison]):
    prompt = serializers.JSONField(source="prompt.messages")
    a = serializers.CharField(source="completion_a.text")
    b = serializers.CharField(source="completion_b.text")
    model_a = serializers.CharField(source="completion_a.model_version")
    model_b = serializers.CharField(source="completion_b.model_version")
    votes = serializers.DictField(child=serializers.IntegerField())
    winner = serializers.CharField(source="verdict.winner", default=None, allow_null=True)
    gold = serializers.CharField(source="gold.winner", default=None, allow_null=True, help_text="Its known answer.")
    confidence = serializers.FloatField(source="verdict.confidence", default=None, allow_null=True)

    class Meta:
        model = Comparison
        fields = (
            "id",
            "external_id",
            "status",
            "source",
            "prompt",
            "a",
            "b",
            "model_a",
            "model_b",
            "overlap",
            "judged",
            "votes",
            "winner",
            "confidence",
            "gold",
            "created_at",
        )


class RetireSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=10_000)


class FlagReviewSerializer(serializers.Serializer[Any]):
    keep = serializers.BooleanField(help_text="true: it goes on being judged; false: it is retired.")
    reason = serializers.CharField(max_length=10_000)


class GoldSerializer(serializers.Serializer[Any]):
    winner = serializers.ChoiceField(choices=Winner.choices, help_text="What annotators should say.")
    reason = serializers.CharField(max_length=10_000, required=False, allow_blank=True)


class AdjudicationSerializer(serializers.Serializer[Any]):
    winner = serializers.ChoiceField(choices=Winner.choices)
    reason = serializers.CharField(max_length=10_000)


class VerdictSerializer(serializers.ModelSerializer[Verdict]):
    comparison = serializers.IntegerField(source="comparison_id")

    class Meta:
        model = Verdict
        fields = ("comparison", "winner", "confidence", "votes", "settled_by", "reason", "settled_at")


class RecordedJudgmentSerializer(serializers.ModelSerializer[Judgment]):
    """What one annotator said, as leads read it. choice, criteria: in terms of a and b, whatever the sides were."""

    assignment = serializers.IntegerField(source="assignment_id")
    comparison = serializers.IntegerField(source="comparison_id")
    annotator = serializers.CharField(source="annotator.pseudonym")
    guideline_version = serializers.IntegerField(source="guideline_version.number", default=None, allow_null=True)

    class Meta:
        model = Judgment
        fields = (
            "id",
            "assignment",
            "comparison",
            "annotator",
            "kind",
            "choice",
            "strength",
            "criteria",
            "comment",
            "skip_reason",
            "flag",
            "seconds",
            "left",
            "guideline_version",
            "created_at",
            "superseded_at",
        )


class EventSerializer(serializers.ModelSerializer[Event]):
    actor = serializers.CharField(source="actor.username", default=None, allow_null=True)

    class Meta:
        model = Event
        fields = ("id", "at", "actor", "verb", "subject_type", "subject_id", "before", "after")


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    """An address that is told of events. campaign: null, of all campaigns (for admins)."""

    campaign = serializers.SlugField(source="campaign.slug", allow_null=True, required=False, default=None)

    class Meta:
        model = Webhook
        fields = (
            "id",
            "campaign",
            "url",
            "event_types",
            "is_active",
            "disabled_reason",
            "previous_until",
            "created_at",
        )
        read_only_fields = ("disabled_reason", "previous_until", "created_at")


class NewWebhookSerializer(WebhookSerializer):
    secret = serializers.CharField(read_only=True, help_text="Signs the messages. Shown this once.")

    class Meta:
        model = Webhook
        fields = (*WebhookSerializer.Meta.fields, "secret")
        read_only_fields = (*WebhookSerializer.Meta.read_only_fields, "is_active")


class ChangeWebhookSerializer(serializers.ModelSerializer[Webhook]):
    class Meta:
        model = Webhook
        fields = ("url", "event_types", "is_active")


class WebhookAttemptSerializer(serializers.ModelSerializer[WebhookAttempt]):
    """One attempt; http_status: null where there was no answer, then error says why."""

    class Meta:
        model = WebhookAttempt
        fields = ("at", "http_status", "seconds", "excerpt", "error")


class WebhookDeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    """One message and what came of it.

    http_status, seconds, excerpt and error are of the last attempt; attempts: since it was last sent by hand; log: all
    there ever were, oldest first.
    """

    event = serializers.IntegerField(source="event_id")
    log = WebhookAttemptSerializer(many=True, read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = (
            "id",
            "message_id",
            "type",
            "event",
            "status",
            "attempts",
            "created_at",
            "due_at",
            "tried_at",
            "http_status",
            "seconds",
            "excerpt",
            "error",
            "log",
        )


class WebhookTypeSerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    meaning = serializers.CharField()


class ConsequencesSerializer(serializers.Serializer[Any]):
    """What an erasure does. model_versions: trained on the person's judgments; they stay as they are."""

    judgments = serializers.IntegerField()
    comments = serializers.IntegerField()
    tokens = serializers.IntegerField()
    campaigns = serializers.IntegerField()
    model_versions = serializers.ListField(child=serializers.CharField())


class EraseSerializer(serializers.Serializer[Any]):
    confirmation = serializers.CharField(help_text="The user name again.")
    withdraw = serializers.BooleanField(
        default=False, help_text="Whether the judgments are withdrawn too: from verdicts and from all statistics."
    )


class ErasureSerializer(serializers.ModelSerializer[Erasure]):
    """An erasure that was done. person: the pseudonym. withdrawn: how many judgments count no more."""

    person = serializers.CharField(source="person.pseudonym")

    class Meta:
        model = Erasure
        fields = ("person", "at", "judgments", "withdrawn", "comments", "tokens", "model_versions")


class StatementSerializer(serializers.Serializer[Any]):
    """What one annotator said about a comparison, by pseudonym. choice: a, b, tie, both_bad or skip."""

    annotator = serializers.CharField(source="pseudonym")
    is_simulated = serializers.BooleanField()
    choice = serializers.CharField()
    strength = serializers.CharField(help_text="slightly, clearly, much, or empty")
    comment = serializers.CharField()
    skip_reason = serializers.CharField()
    seconds = serializers.FloatField(allow_null=True)
    at = serializers.DateTimeField()


class ConflictSerializer(serializers.Serializer[Any]):
    """A comparison that waits for a decision, with what was said about it. prompt: its messages; a, b: the texts."""

    comparison = serializers.IntegerField()
    prompt = serializers.JSONField()
    a = serializers.CharField()
    b = serializers.CharField()
    votes = serializers.DictField(child=serializers.IntegerField())
    statements = StatementSerializer(many=True)
