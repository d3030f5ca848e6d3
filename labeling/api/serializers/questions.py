"""Questions of annotators, their answers, and the published ones."""

from typing import Any

from rest_framework import serializers

from labeling.actions.faq import MAX_TEXT
from labeling.models import FaqEntry, Question
from labeling.queries.names import name_for_leads


class AskSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=MAX_TEXT)


class AnswerSerializer(serializers.Serializer[Any]):
    answer = serializers.CharField(max_length=MAX_TEXT)
    publish_as = serializers.CharField(
        max_length=MAX_TEXT,
        required=False,
        allow_blank=True,
        help_text="The question as all members read it beside the guidelines, with this answer. Empty: not published.",
    )


class OwnQuestionSerializer(serializers.ModelSerializer[Question]):
    """A question of yours. is_unread: answered or closed since you marked answers as read last."""

    assignment = serializers.IntegerField(source="assignment_id")
    is_unread = serializers.BooleanField()

    class Meta:
        model = Question
        fields = ("id", "assignment", "text", "asked_at", "status", "answer", "decided_at", "is_unread")


class QuestionSerializer(serializers.ModelSerializer[Question]):
    """A question, as leads see it. asker: the user name, or the pseudonym in a pseudonymous campaign."""

    comparison = serializers.IntegerField(source="assignment.comparison_id")
    left = serializers.CharField(source="assignment.left", help_text="The completion that was on the left, a or b.")
    asker = serializers.SerializerMethodField()
    published = serializers.IntegerField(
        source="faq_entry.pk", default=None, allow_null=True, help_text="The id of its published answer; null: none."
    )

    class Meta:
        model = Question
        fields = (
            "id",
            "comparison",
            "left",
            "asker",
            "text",
            "asked_at",
            "status",
            "answer",
            "decided_at",
            "published",
        )

    def get_asker(self, question: Question) -> str:
        return name_for_leads(question.asker, question.campaign)


class FaqEntrySerializer(serializers.ModelSerializer[FaqEntry]):
    class Meta:
        model = FaqEntry
        fields = ("id", "text", "answer", "published_at")


class ReadSerializer(serializers.Serializer[Any]):
    read = serializers.IntegerField(help_text="How many answers were unread.")
