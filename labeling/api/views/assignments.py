"""What annotators do: take the next assignment, judge it, take a judgment back."""

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_assignment, get_campaign
from labeling.actions import (
    Answer,
    judge_and_continue,
    next_with_progress,
    release_assignment,
    undo_and_show,
)
from labeling.api.base import ApiView
from labeling.api.serializers import AnsweredSerializer, AnswerSerializer, JudgmentSerializer, NextAssignmentSerializer
from labeling.models import Scope
from labeling.presentation import present_assignment


class NextAssignmentView(ApiView):
    scopes = {"POST": Scope.JUDGE}

    @extend_schema(
        operation_id="next_assignment",
        request=None,
        responses={200: NextAssignmentSerializer, 204: OpenApiResponse(description="Nothing is left for you.")},
    )
    def post(self, request: Request, slug: str) -> Response:
        """What to judge next. Asking again without judging gives the same, with a fresh lease."""
        campaign = get_campaign(self.person, slug)
        assignment, progress = next_with_progress(campaign=campaign, acting_user=self.person, now=self.now)
        if assignment is None:
            return Response(status=204)
        return Response({"assignment": present_assignment(assignment), "progress": progress.as_dict()})


class JudgmentView(ApiView):
    scopes = {"POST": Scope.JUDGE, "DELETE": Scope.JUDGE}

    @extend_schema(
        operation_id="judge",
        request=AnswerSerializer,
        responses={
            201: AnsweredSerializer,
            200: OpenApiResponse(AnsweredSerializer, description="This key had arrived before: the same judgment."),
        },
    )
    def post(self, request: Request, assignment_id: int) -> Response:
        """Say which one is better. The answer carries what to judge next. Repeating a key is harmless."""
        answer = Answer(**self.validated(AnswerSerializer, request))
        answered = judge_and_continue(assignment=assignment_id, answer=answer, acting_user=self.person, now=self.now)
        following = answered.next
        body = {
            "judgment": JudgmentSerializer(answered.judgment).data,
            "next": present_assignment(following) if following else None,
            "progress": answered.progress.as_dict(),
        }
        return Response(body, status=201 if answered.is_new else 200)

    @extend_schema(operation_id="undo_judgment", responses={200: NextAssignmentSerializer})
    def delete(self, request: Request, assignment_id: int) -> Response:
        """Take your judgment back while the campaign allows it. It is superseded, never erased; judge again."""
        undone = undo_and_show(assignment=assignment_id, acting_user=self.person, now=self.now)
        return Response({"assignment": present_assignment(undone.assignment), "progress": undone.progress.as_dict()})


class ReleaseView(ApiView):
    scopes = {"POST": Scope.JUDGE}

    @extend_schema(operation_id="release_assignment", request=None, responses={204: None})
    def post(self, request: Request, assignment_id: int) -> Response:
        """Hand an open assignment back unjudged."""
        assignment = get_assignment(self.person, assignment_id)
        release_assignment(assignment=assignment, acting_user=self.person, now=self.now)
        return Response(status=204)
