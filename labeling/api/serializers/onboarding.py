"""The steps of annotators before anything is assigned to them, and the pairs that they practise on."""

from typing import Any

from rest_framework import serializers

from labeling.actions.practice import MAX_EXPLANATION
from labeling.api.serializers.campaigns import CampaignSerializer
from labeling.api.serializers.judging import MessageSerializer, ShownCompletionSerializer
from labeling.judging.drafts import SIDES
from labeling.models import Campaign, PracticePair, Winner
from labeling.queries.standing import Step

CRITERION_ANSWERS = [(side, side) for side in (*SIDES, "tie")]
ANSWERS = [(choice, choice) for choice in (*SIDES, "tie", "both_bad")]


class StandingSerializer(serializers.Serializer[Any]):
    step = serializers.ChoiceField(
        choices=Step.choices,
        allow_null=True,
        help_text="The step that you must take before anything is assigned to you, or null.",
    )
    guidelines = serializers.IntegerField(allow_null=True, help_text="The newest version of the guidelines.")
    guidelines_read = serializers.IntegerField(allow_null=True, help_text="The newest version that you have read.")
    practice_pairs = serializers.IntegerField()
    practised_at = serializers.DateTimeField(allow_null=True)
    qualification_pairs = serializers.IntegerField(help_text="0: nobody has to qualify.")
    qualification_right = serializers.IntegerField(help_text="Right answers needed to qualify.")
    attempts = serializers.IntegerField(help_text="Finished attempts to qualify that count.")
    attempts_left = serializers.IntegerField(allow_null=True, help_text="null: any number.")
    last_right = serializers.IntegerField(allow_null=True, help_text="Right answers of the latest attempt.")
    last_total = serializers.IntegerField(allow_null=True)
    qualified_at = serializers.DateTimeField(allow_null=True)
    passed_at = serializers.DateTimeField(allow_null=True, help_text="When a lead let you judge without qualifying.")


class CampaignAnswerSerializer(CampaignSerializer):
    standing = serializers.SerializerMethodField(help_text="Yours; null if you are not a member.")

    class Meta:
        model = Campaign
        fields = (*CampaignSerializer.Meta.fields, "standing")
        read_only_fields = fields

    def get_standing(self, campaign: Campaign) -> dict[str, Any] | None:
        standing = self.context["standing"]
        return StandingSerializer(standing.as_dict()).data if standing else None


class ReadSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField(min_value=1, help_text="The version of the guidelines that you have read.")


class NextPracticeSerializer(serializers.Serializer[Any]):
    use = serializers.ChoiceField(
        choices=PracticePair.Use.choices,
        required=False,
        help_text="Default: what you must do next. `practice` starts a round whenever you like.",
    )


class PracticeTaskSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    use = serializers.ChoiceField(choices=PracticePair.Use.choices)
    position = serializers.IntegerField(help_text="Its place in the round, from 1.")
    total = serializers.IntegerField(help_text="Pairs of the round.")
    prompt = MessageSerializer(many=True)
    left = ShownCompletionSerializer()
    right = ShownCompletionSerializer()


class PracticeChoiceSerializer(serializers.Serializer[Any]):
    choice = serializers.ChoiceField(choices=ANSWERS)
    strength = serializers.IntegerField(
        min_value=1,
        max_value=3,
        required=False,
        allow_null=True,
        help_text="As in a judgment: 1 slightly to 3 much better.",
    )
    criteria = serializers.DictField(
        child=serializers.ChoiceField(choices=CRITERION_ANSWERS),
        required=False,
        help_text="An answer for each of the campaign's criteria, as in a judgment.",
    )


class FeedbackSerializer(serializers.Serializer[Any]):
    is_right = serializers.BooleanField(allow_null=True, help_text="null in a qualification: only its result is shown.")
    answer = serializers.ChoiceField(choices=ANSWERS, allow_null=True, help_text="The known answer; null likewise.")
    strength = serializers.IntegerField(
        allow_null=True, help_text="The known strength; null: none is known, or likewise."
    )
    criteria = serializers.DictField(
        child=serializers.ChoiceField(choices=CRITERION_ANSWERS),
        allow_null=True,
        help_text="The known answers to criteria; null likewise.",
    )
    explanation = serializers.CharField(allow_null=True, help_text="Markdown by the lead; null likewise.")
    is_finished = serializers.BooleanField(help_text="Whether this was the last pair of the round.")
    standing = StandingSerializer()


class PracticeMarkSerializer(serializers.Serializer[Any]):
    winner = serializers.ChoiceField(choices=Winner.choices, help_text="The known answer.")
    explanation = serializers.CharField(
        max_length=MAX_EXPLANATION, required=False, allow_blank=True, help_text="Markdown. Why it is right."
    )
    use = serializers.ChoiceField(choices=PracticePair.Use.choices, required=False)
    strength = serializers.IntegerField(
        min_value=1, max_value=3, required=False, allow_null=True, help_text="The known strength, if there is one."
    )
    criteria = serializers.DictField(
        child=serializers.ChoiceField(choices=[(side, side) for side in ("a", "b", "tie")]),
        required=False,
        help_text="Known answers to criteria, by name. Only the winner is scored.",
    )


class PracticePairSerializer(serializers.ModelSerializer[PracticePair]):
    comparison = serializers.IntegerField(source="comparison_id")
    answers = serializers.IntegerField(default=0, help_text="Answers given so far, over all rounds.")
    right = serializers.IntegerField(default=0, help_text="How many of them are right.")

    class Meta:
        model = PracticePair
        fields = ("comparison", "use", "winner", "strength", "criteria", "explanation", "set_at", "answers", "right")
