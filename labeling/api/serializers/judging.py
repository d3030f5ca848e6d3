"""Assignments and judgments."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from labeling.api.serializers.campaigns import CriterionSerializer
from labeling.judging.drafts import CHOICES, MAX_COMMENT, MAX_EDIT, MAX_KEY, MAX_SKIP_REASON, as_displayed
from labeling.judging.effects import undo_until
from labeling.judging.own_judgments import own_judgment
from labeling.models import Campaign, Completion, Flag, Judgment
from labeling.queries.standing import Step

MOST_HELD = 100
"""Assignments that a client may name as held."""

MESSAGE_ROLES = (("system", "System"), ("user", "User"), ("assistant", "Assistant"))
SHOWN_ROLES = (*MESSAGE_ROLES, ("tool", "Tool"), ("tools", "Tools"))


class ProgressSerializer(serializers.Serializer[Any]):
    judged = serializers.IntegerField(help_text="Your judgments, without skips.")
    judged_today = serializers.IntegerField()
    comparisons = serializers.IntegerField(help_text="Comparisons in the campaign.")
    settled = serializers.IntegerField(help_text="In steps of 20 if the campaign mixes in gold or retests.")
    notice = serializers.CharField(help_text="A notice for you (paused, warned, quota reached), or empty.")
    step = serializers.ChoiceField(
        choices=Step.choices,
        allow_null=True,
        help_text="The step that you must take before anything is assigned to you, or null.",
    )


class MessageSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=SHOWN_ROLES, help_text="tools: those that the prompt offers; first.")
    html = serializers.CharField(help_text="Sanitised HTML, safe to display.")
    text = serializers.CharField(help_text="The raw text.")


class ShownCompletionSerializer(serializers.Serializer[Any]):
    html = serializers.CharField(help_text="Sanitised HTML, safe to display.")
    text = serializers.CharField(help_text="The raw text.")
    model = serializers.CharField(allow_null=True, help_text="Model version that wrote it; null if hidden from you.")
    is_cut = serializers.BooleanField(help_text="Whether the text was cut off at the token limit.")


class AssignmentSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    expires_at = serializers.DateTimeField(help_text="End of the lease; others may be assigned it then.")
    prompt = MessageSerializer(many=True)
    left = ShownCompletionSerializer()
    right = ShownCompletionSerializer()
    guideline_version = serializers.IntegerField(allow_null=True)
    allow_tie = serializers.BooleanField()
    allow_both_bad = serializers.BooleanField()
    allow_skip = serializers.BooleanField()
    allow_flag = serializers.BooleanField()
    allow_edit = serializers.BooleanField()
    skip_reasons = serializers.ListField(child=serializers.CharField())
    scale = serializers.ChoiceField(choices=Campaign.Scale.choices)
    criteria = CriterionSerializer(many=True)


class HeldSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    expires_at = serializers.DateTimeField()
    guideline_version = serializers.IntegerField(allow_null=True)


class AheadSerializer(serializers.Serializer[Any]):
    """The part of a request by which a client works ahead."""

    ahead = serializers.IntegerField(
        min_value=0,
        required=False,
        default=0,
        help_text="Assignments to hold besides the current one; the campaign limits their number.",
    )
    have = serializers.ListField(
        child=serializers.IntegerField(),
        max_length=MOST_HELD,
        required=False,
        default=list,
        help_text="Assignments that you already hold: they are listed in `held`, without their texts.",
    )


class NextAssignmentSerializer(serializers.Serializer[Any]):
    assignment = AssignmentSerializer(
        allow_null=True, help_text="The assignment to judge next; null if you `have` every assignment that you hold."
    )
    following = AssignmentSerializer(many=True, help_text="The assignments after it, if you asked for any `ahead`.")
    held = HeldSerializer(many=True, help_text="Every assignment that you hold, in the order in which to judge them.")
    progress = ProgressSerializer()


class JudgmentDraftSerializer(AheadSerializer):
    choice = serializers.ChoiceField(choices=[(str(choice), str(choice)) for choice in CHOICES])
    key = serializers.CharField(
        max_length=MAX_KEY, help_text="Any value unique to this judgment; repeat it in retries."
    )
    strength = serializers.IntegerField(
        min_value=1, max_value=3, required=False, allow_null=True, help_text="1: slightly, 2: clearly, 3: much better."
    )
    criteria = serializers.DictField(
        child=serializers.ChoiceField(choices=[("left", "left"), ("right", "right"), ("tie", "tie")]),
        required=False,
        help_text='Choices by the name of the criterion: {"helpful": "left"}.',
    )
    comment = serializers.CharField(max_length=MAX_COMMENT, required=False, allow_blank=True, trim_whitespace=False)
    edit = serializers.CharField(
        max_length=MAX_EDIT,
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        help_text="An improved version of the preferred completion, if the campaign allows edits.",
    )
    skip_reason = serializers.CharField(
        max_length=MAX_SKIP_REASON, required=False, allow_blank=True, help_text="One of the campaign's reasons."
    )
    flag = serializers.ChoiceField(
        choices=Flag.choices,
        required=False,
        allow_blank=True,
        help_text="With skip: nobody is assigned the comparison until a lead has reviewed it.",
    )
    seconds = serializers.FloatField(
        min_value=0, required=False, allow_null=True, help_text="Seconds for which the comparison was visible."
    )


class JudgmentSerializer(serializers.ModelSerializer[Judgment]):
    assignment = serializers.IntegerField(source="assignment_id")
    choice = serializers.SerializerMethodField(help_text="left, right, tie, both_bad or skip, as it was sent.")
    undo_until = serializers.SerializerMethodField(help_text="null if the judgment cannot be undone.")

    class Meta:
        model = Judgment
        fields = ("id", "assignment", "choice", "undo_until")

    def get_choice(self, judgment: Judgment) -> str:
        return as_displayed(judgment.choice, judgment.left)

    def get_undo_until(self, judgment: Judgment) -> datetime | None:
        return undo_until(judgment, judgment.assignment.campaign)


class OwnTextSerializer(serializers.ModelSerializer[Completion]):
    model = serializers.SerializerMethodField(help_text="Model version that wrote it; null if hidden from you.")

    class Meta:
        model = Completion
        fields = ("text", "model")

    def get_model(self, completion: Completion) -> str | None:
        return None if self.context["campaign"].blind else completion.model_version


class OwnJudgmentSerializer(serializers.Serializer[Any]):
    """A judgment of yours as it was displayed. Change it with PUT, undo it with DELETE, at its assignment."""

    id = serializers.IntegerField(source="judgment.pk")
    assignment = serializers.IntegerField(source="judgment.assignment_id")
    choice = serializers.ChoiceField(choices=CHOICES)
    strength = serializers.IntegerField(source="judgment.strength", allow_null=True)
    criteria = serializers.DictField(
        source="criteria_by_name", child=serializers.CharField(), help_text="left, right or tie for each criterion."
    )
    comment = serializers.CharField(source="judgment.comment")
    edit = serializers.CharField(source="judgment.edit")
    skip_reason = serializers.CharField(source="judgment.skip_reason")
    flag = serializers.CharField(source="judgment.flag")
    seconds = serializers.FloatField(source="judgment.seconds", allow_null=True)
    guideline_version = serializers.IntegerField(
        source="judgment.guideline_version.number", default=None, allow_null=True
    )
    created_at = serializers.DateTimeField(source="judgment.created_at")
    undo_until = serializers.DateTimeField(
        source="until", allow_null=True, help_text="null if the judgment can no longer be changed or undone."
    )
    why_final = serializers.CharField(help_text="Why it can no longer be changed; empty if it can.")
    prompt = serializers.JSONField(source="judgment.comparison.prompt.messages")
    left = OwnTextSerializer()
    right = OwnTextSerializer()

    def to_representation(self, instance: Judgment) -> dict[str, Any]:
        """instance: a row of `queries.own_judgments`. The context holds its campaign and the time."""
        return super().to_representation(own_judgment(instance, self.context["campaign"], self.context["now"]))


class UndoneSerializer(serializers.Serializer[Any]):
    assignment = AssignmentSerializer()
    held = HeldSerializer(many=True, help_text="Every assignment that you hold, including this one, in order.")
    progress = ProgressSerializer()


class RenewedSerializer(serializers.Serializer[Any]):
    expires_at = serializers.DateTimeField()


class JudgmentResultSerializer(serializers.Serializer[Any]):
    judgment = JudgmentSerializer()
    next = AssignmentSerializer(
        allow_null=True, help_text="The next assignment; null if nothing is left, or nothing that you do not `have`."
    )
    following = AssignmentSerializer(many=True, help_text="The assignments after it, if you asked for any `ahead`.")
    held = HeldSerializer(many=True, help_text="Every assignment that you hold, in the order in which to judge them.")
    progress = ProgressSerializer()
