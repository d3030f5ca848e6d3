"""Questions about pairs: annotators ask and read answers, leads answer, publish and close."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_assignment, get_campaign, get_faq_entry, get_led_campaign, get_question
from labeling.actions.faq import withdraw_entry
from labeling.actions.questions import answer_question, ask_question, close_question, mark_answers_read
from labeling.api.base import ApiView
from labeling.api.filters import QuestionFilter
from labeling.api.idempotency import once
from labeling.api.serializers.questions import (
    AnswerSerializer,
    AskSerializer,
    FaqEntrySerializer,
    OwnQuestionSerializer,
    QuestionSerializer,
    ReadSerializer,
)
from labeling.models import Question, Scope
from labeling.queries.questions import faq_entries, filtered_questions, own_questions


class AskView(ApiView):
    scopes = {"POST": Scope.JUDGE}

    @extend_schema(operation_id="ask_question", request=AskSerializer, responses={201: OwnQuestionSerializer})
    @once
    def post(self, request: Request, assignment_id: int) -> Response:
        """Ask a lead about a pair that you hold, or that you judged or skipped. The pair stays as it is.

        If you skip it, it is assigned to you again once the question is answered.
        """
        assignment = get_assignment(self.person, assignment_id)
        values = self.validated(AskSerializer, request)
        question = ask_question(assignment=assignment, **values, acting_user=self.person, now=self.now)
        return Response(OwnQuestionSerializer(question).data, status=201)


class OwnQuestionsView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="list_my_questions", responses=OwnQuestionSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List your own questions in the campaign with their answers, newest first."""
        campaign = get_campaign(self.person, slug)
        return self.paged(own_questions(campaign, self.person), OwnQuestionSerializer)


class ReadAnswersView(ApiView):
    scopes = {"POST": Scope.JUDGE}

    @extend_schema(operation_id="mark_answers_read", request=None, responses=ReadSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Mark the answers to your questions in the campaign as read."""
        campaign = get_campaign(self.person, slug)
        return Response({"read": mark_answers_read(campaign=campaign, acting_user=self.person, now=self.now)})


class QuestionsView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="list_questions", parameters=[QuestionFilter], responses=QuestionSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the questions of the campaign's annotators, newest first. For its leads."""
        campaign = get_led_campaign(self.person, slug)
        rows = filtered_questions(campaign, **self.asked(QuestionFilter)).select_related("campaign")
        return self.paged(rows, QuestionSerializer)


class AnswerView(ApiView):
    scopes = {"POST": Scope.CAMPAIGNS}

    @extend_schema(operation_id="answer_question", request=AnswerSerializer, responses=QuestionSerializer)
    def post(self, request: Request, question_id: int) -> Response:
        """Answer a question, or correct its answer. For the campaign's leads."""
        question = get_question(self.person, question_id)
        values = self.validated(AnswerSerializer, request)
        return _response(answer_question(question=question, **values, acting_user=self.person, now=self.now))


class CloseView(ApiView):
    scopes = {"POST": Scope.CAMPAIGNS}

    @extend_schema(operation_id="close_question", request=None, responses=QuestionSerializer)
    def post(self, request: Request, question_id: int) -> Response:
        """Close an open question without an answer. For the campaign's leads."""
        question = get_question(self.person, question_id)
        return _response(close_question(question=question, acting_user=self.person, now=self.now))


class FaqView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="list_published_answers", responses=FaqEntrySerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the questions and answers that everybody in the campaign reads, newest first."""
        campaign = get_campaign(self.person, slug)
        return self.paged(faq_entries(campaign), FaqEntrySerializer)


class FaqEntryView(ApiView):
    scopes = {"DELETE": Scope.CAMPAIGNS}

    @extend_schema(operation_id="withdraw_published_answer", responses={204: None})
    def delete(self, request: Request, entry_id: int) -> Response:
        """Withdraw a published answer; its question keeps it. For the campaign's leads."""
        withdraw_entry(entry=get_faq_entry(self.person, entry_id), acting_user=self.person, now=self.now)
        return Response(status=204)


def _response(question: Question) -> Response:
    rows = Question.objects.select_related("asker", "campaign", "assignment", "faq_entry")
    return Response(QuestionSerializer(rows.get(pk=question.pk)).data)
