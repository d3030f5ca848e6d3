"""What annotators are given, and what they say."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from labeling.api.serializers.campaigns import CriterionSerializer
from labeling.judging.drafts import CHOICES, MAX_COMMENT, MAX_EDIT, MAX_KEY, MAX_SKIP_REASON, as_displayed
from labeling.judging.effects import undo_until
from labeling.models import Campaign, Flag, Judgment

MOST_HELD = 100
"""Ids that a client may name as known."""

MESSAGE_ROLES = (("system", "System"), ("user", "User"), ("assistant", "Assistant"))


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
    allow_edit = serializers.BooleanField()
    skip_reasons = serializers.ListField(child=serializers.CharField())
    scale = serializers.ChoiceField(choices=Campaign.Scale.choices)
    criteria = CriterionSerializer(many=True)


class HeldSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    expires_at = serializers.DateTimeField()
    guideline_version = serializers.IntegerField(allow_null=True)


class AheadSerializer(serializers.Serializer[Any]):
    """What a client that works ahead says about itself with each call."""

    ahead = serializers.IntegerField(
        min_value=0,
        required=False,
        default=0,
        help_text="How many you want to hold besides the one to be judged now; you get as many as the campaign allows.",
    )
    have = serializers.ListField(
        child=serializers.IntegerField(),
        max_length=MOST_HELD,
        required=False,
        default=list,
        help_text="Assignments that you hold already: they are named in `held` and not sent again.",
    )


class NextAssignmentSerializer(serializers.Serializer[Any]):
    assignment = AssignmentSerializer(allow_null=True, help_text="To be judged next; null: you have all that you hold.")
    following = AssignmentSerializer(many=True, help_text="Those after it, if you wanted any `ahead`.")
    held = HeldSerializer(many=True, help_text="All that you hold, in the order in which to judge them.")
    progress = ProgressSerializer()


class JudgmentDraftSerializer(AheadSerializer):
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
    edit = serializers.CharField(
        max_length=MAX_EDIT,
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        help_text="With left or right, where the campaign allows it: the better one as you would have written it.",
    )
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
        return as_displayed(judgment.choice, judgment.left)

    def get_undo_until(self, judgment: Judgment) -> datetime | None:
        return undo_until(judgment, judgment.assignment.campaign)


class UndoneSerializer(serializers.Serializer[Any]):
    assignment = AssignmentSerializer()
    held = HeldSerializer(many=True, help_text="All that you hold now, this one among them, in order.")
    progress = ProgressSerializer()


class RenewedSerializer(serializers.Serializer[Any]):
    expires_at = serializers.DateTimeField()


class JudgmentResultSerializer(serializers.Serializer[Any]):
    judgment = JudgmentSerializer()
    next = AssignmentSerializer(
        allow_null=True, help_text="null: nothing is left for you, or nothing that you do not `have`."
    )
    following = AssignmentSerializer(many=True, help_text="Those after it, if you wanted any `ahead`.")
    held = HeldSerializer(many=True, help_text="All that you hold, in the order in which to judge them.")
    progress = ProgressSerializer()
