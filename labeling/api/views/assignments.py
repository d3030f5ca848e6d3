"""What annotators do: take the next assignment, judge it, take a judgment back."""

from collections.abc import Collection
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
from labeling.judging.acts import JudgmentResult, change_judgment, judge_and_continue, undo_judgment
from labeling.judging.assignments import next_assignments, release_assignment, renew_assignment
from labeling.judging.drafts import JudgmentDraft
from labeling.judging.presentation import present_assignment, present_held
from labeling.models import Scope


class NextAssignmentView(ApiView):
    scopes = {"POST": Scope.JUDGE}

    @extend_schema(
        operation_id="next_assignment",
        request=AheadSerializer,
        responses={200: NextAssignmentSerializer, 204: OpenApiResponse(description="Nothing is left for you.")},
    )
    def post(self, request: Request, slug: str) -> Response:
        """What to judge next. Asking again without judging gives the same, with a fresh lease."""
        campaign = get_campaign(self.person, slug)
        # A call without a body, however it is dressed, wants one.
        has_wishes = "json" in str(request.content_type)
        wish: dict[str, Any] = {"ahead": 0, "have": []}
        if has_wishes:
            wish = self.validated(AheadSerializer, request)
        result = next_assignments(campaign=campaign, acting_user=self.person, now=self.now, ahead=wish["ahead"])
        if result.next is None:
            return Response(status=204)
        held = present_held(result.held, wish["have"])
        return Response({"assignment": held.pop("next"), **held, "progress": result.progress.as_dict()})


class JudgmentView(ApiView):
    scopes = {"POST": Scope.JUDGE, "PUT": Scope.JUDGE, "DELETE": Scope.JUDGE}

    @extend_schema(
        operation_id="judge",
        request=JudgmentDraftSerializer,
        responses={
            201: JudgmentResultSerializer,
            200: OpenApiResponse(
                JudgmentResultSerializer, description="This key had arrived before: the same judgment."
            ),
        },
    )
    def post(self, request: Request, assignment_id: int) -> Response:
        """Say which one is better. The answer carries what to judge next. Repeating a key is harmless."""
        draft, wish = _taken_apart(self.validated(JudgmentDraftSerializer, request))
        answered = judge_and_continue(
            assignment=assignment_id, draft=draft, acting_user=self.person, now=self.now, ahead=wish["ahead"]
        )
        return _result(answered, wish["have"])

    @extend_schema(
        operation_id="change_judgment",
        request=JudgmentDraftSerializer,
        responses={
            201: JudgmentResultSerializer,
            200: OpenApiResponse(
                JudgmentResultSerializer, description="This key had arrived before: the same judgment."
            ),
        },
    )
    def put(self, request: Request, assignment_id: int) -> Response:
        """Say something else, while the campaign allows it: the earlier judgment is superseded, never erased."""
        draft, wish = _taken_apart(self.validated(JudgmentDraftSerializer, request))
        answered = change_judgment(
            assignment=assignment_id, draft=draft, acting_user=self.person, now=self.now, ahead=wish["ahead"]
        )
        return _result(answered, wish["have"])

    @extend_schema(operation_id="undo_judgment", responses={200: UndoneSerializer})
    def delete(self, request: Request, assignment_id: int) -> Response:
        """Take your judgment back while the campaign allows it. It is superseded, never erased; judge again."""
        undone = undo_judgment(assignment=assignment_id, acting_user=self.person, now=self.now)
        held = present_held(undone.held, {each.pk for each in undone.held})["held"]
        shown = present_assignment(undone.assignment)
        return Response({"assignment": shown, "held": held, "progress": undone.progress.as_dict()})


class RenewView(ApiView):
    scopes = {"POST": Scope.JUDGE}

    @extend_schema(operation_id="renew_assignment", request=None, responses=RenewedSerializer)
    def post(self, request: Request, assignment_id: int) -> Response:
        """Say that you are still at it: all you hold in the campaign is held longer."""
        until = renew_assignment(assignment=assignment_id, acting_user=self.person, now=self.now)
        return Response({"expires_at": until})


class ReleaseView(ApiView):
    scopes = {"POST": Scope.JUDGE}

    @extend_schema(operation_id="release_assignment", request=None, responses={204: None})
    def post(self, request: Request, assignment_id: int) -> Response:
        """Hand an open assignment back unjudged."""
        assignment = get_assignment(self.person, assignment_id)
        release_assignment(assignment=assignment, acting_user=self.person, now=self.now)
        return Response(status=204)


# To make a serializer takes longer than to use it, and showing a judgment leaves nothing behind in it.
SHOW_JUDGMENT = JudgmentSerializer()


def _taken_apart(said: dict[str, Any]) -> tuple[JudgmentDraft, dict[str, Any]]:
    """The answer itself, and what the client says about working ahead."""
    wish = {name: said.pop(name) for name in ("ahead", "have")}
    return JudgmentDraft(**said), wish


def _result(answered: JudgmentResult, have: Collection[int]) -> Response:
    body = {
        "judgment": SHOW_JUDGMENT.to_representation(answered.judgment),
        **present_held(answered.held, have),
        "progress": answered.progress.as_dict(),
    }
    return Response(body, status=201 if answered.is_new else 200)
