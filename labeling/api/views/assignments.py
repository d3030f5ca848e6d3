"""Annotators' calls: get the next assignment, judge it, undo a judgment."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_assignment, get_campaign
from labeling.api.base import ApiView
from labeling.api.serializers.judging import (
    AheadSerializer,
    JudgmentDraftSerializer,
    JudgmentResultSerializer,
    JudgmentSerializer,
    NextAssignmentSerializer,
    RenewedSerializer,
    UndoneSerializer,
)
from labeling.judging.acts import JudgmentResult, change_and_continue, judge_and_continue, undo_judgment
from labeling.judging.assignments import next_assignments, release_assignment, renew_assignment
from labeling.judging.drafts import JudgmentDraft
from labeling.judging.presentation import present_assignment, present_held
from labeling.models import Scope

JUDGMENT_RESPONSES = {
    201: JudgmentResultSerializer,
    200: OpenApiResponse(JudgmentResultSerializer, description="The key was already used: the same judgment."),
}
JUDGMENTS = JudgmentSerializer()
"""Shared: creating a serializer takes longer than using it, and representing a judgment stores nothing in it."""


class NextAssignmentView(ApiView):
    scopes = {"POST": Scope.JUDGE}

    @extend_schema(
        operation_id="next_assignment",
        request=AheadSerializer,
        responses={200: NextAssignmentSerializer, 204: OpenApiResponse(description="Nothing is left to judge.")},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Get the assignment to judge next. Repeating the call without judging returns the same one, leased again."""
        campaign = get_campaign(self.person, slug)
        # A call without a JSON body, whatever its content type, is for a single assignment.
        options: dict[str, Any] = {"ahead": 0, "have": []}
        if "json" in str(request.content_type):
            options = self.validated(AheadSerializer, request)
        result = next_assignments(campaign=campaign, acting_user=self.person, now=self.now, ahead=options["ahead"])
        if result.next is None:
            return Response(status=204)
        held = present_held(result.held, options["have"])
        return Response({"assignment": held.pop("next"), **held, "progress": result.progress.as_dict()})


class JudgmentView(ApiView):
    scopes = {"POST": Scope.JUDGE, "PUT": Scope.JUDGE, "DELETE": Scope.JUDGE}

    @extend_schema(operation_id="judge", request=JudgmentDraftSerializer, responses=JUDGMENT_RESPONSES)
    def post(self, request: Request, assignment_id: int) -> Response:
        """Submit a judgment. The response carries the next assignment. Repeating a key is harmless."""
        return self._judge(judge_and_continue, request, assignment_id)

    @extend_schema(operation_id="change_judgment", request=JudgmentDraftSerializer, responses=JUDGMENT_RESPONSES)
    def put(self, request: Request, assignment_id: int) -> Response:
        """Replace your judgment while the campaign allows it. The earlier one is superseded, never deleted."""
        return self._judge(change_and_continue, request, assignment_id)

    @extend_schema(operation_id="undo_judgment", responses={200: UndoneSerializer})
    def delete(self, request: Request, assignment_id: int) -> Response:
        """Undo your judgment while the campaign allows it. It is superseded, never deleted; judge again."""
        undone = undo_judgment(assignment=assignment_id, acting_user=self.person, now=self.now)
        held = present_held(undone.held, {each.pk for each in undone.held})["held"]
        assignment = present_assignment(undone.assignment)
        return Response({"assignment": assignment, "held": held, "progress": undone.progress.as_dict()})

    def _judge(self, act: Callable[..., JudgmentResult], request: Request, assignment_id: int) -> Response:
        values = self.validated(JudgmentDraftSerializer, request)
        ahead, have = values.pop("ahead"), values.pop("have")
        result = act(
            assignment=assignment_id,
            draft=JudgmentDraft(**values),
            acting_user=self.person,
            now=self.now,
            ahead=ahead,
        )
        body = {
            "judgment": JUDGMENTS.to_representation(result.judgment),
            **present_held(result.held, have),
            "progress": result.progress.as_dict(),
        }
        return Response(body, status=201 if result.is_new else 200)


class RenewView(ApiView):
    scopes = {"POST": Scope.JUDGE}

    @extend_schema(operation_id="renew_assignment", request=None, responses=RenewedSerializer)
    def post(self, request: Request, assignment_id: int) -> Response:
        """Extend the leases of all assignments that you hold in the campaign."""
        until = renew_assignment(assignment=assignment_id, acting_user=self.person, now=self.now)
        return Response({"expires_at": until})


class ReleaseView(ApiView):
    scopes = {"POST": Scope.JUDGE}

    @extend_schema(operation_id="release_assignment", request=None, responses={204: None})
    def post(self, request: Request, assignment_id: int) -> Response:
        """Release an open assignment without judging it."""
        assignment = get_assignment(self.person, assignment_id)
        release_assignment(assignment=assignment, acting_user=self.person, now=self.now)
        return Response(status=204)
