"""Before anything is assigned: reading the guidelines, practice and qualification, and the pairs for it."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import CampaignNotFound, get_campaign, get_comparison, get_led_campaign, get_person
from labeling.actions.onboarding import answer_practice, next_pair, read_guidelines, start_round
from labeling.actions.practice import make_practice, unmake_practice
from labeling.actions.practice_imports import import_practice
from labeling.actions.standing import pass_member, restart_member, undo_restart, withdraw_pass
from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.api.serializers.campaigns import MembershipSerializer
from labeling.api.serializers.exchange import ImportReportSerializer
from labeling.api.serializers.onboarding import (
    FeedbackSerializer,
    NextPracticeSerializer,
    PracticeChoiceSerializer,
    PracticeMarkSerializer,
    PracticePairSerializer,
    PracticeTaskSerializer,
    ReadSerializer,
    StandingSerializer,
)
from labeling.api.views.exchange import FILE, FileView
from labeling.exchange import AUTO, READERS
from labeling.judging.drafts import as_displayed, criteria_as_displayed
from labeling.judging.presentation import present_pair
from labeling.models import Campaign, PracticePair, Scope, User
from labeling.queries.practice import practice_pairs
from labeling.queries.standing import Step, standing_of


class PracticeImportOptions(serializers.Serializer[Any]):
    """Query parameters of an import of practice pairs."""

    use = serializers.ChoiceField(choices=PracticePair.Use.choices, default=PracticePair.Use.PRACTICE)
    dialect = serializers.ChoiceField(choices=[(name, name) for name in (AUTO, *READERS)], default=AUTO)


class ReadGuidelinesView(ApiView):
    scopes = {"POST": Scope.JUDGE}

    @extend_schema(operation_id="read_guidelines", request=ReadSerializer, responses=StandingSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Say that you have read the newest version of the guidelines. Twice changes nothing."""
        campaign = get_campaign(self.person, slug)
        values = self.validated(ReadSerializer, request)
        read_guidelines(campaign=campaign, **values, acting_user=self.person, now=self.now)
        return Response(_standing(campaign, self.person))


class NextPracticeView(ApiView):
    scopes = {"POST": Scope.JUDGE}

    @extend_schema(
        operation_id="next_practice_pair",
        request=NextPracticeSerializer,
        responses={
            200: PracticeTaskSerializer,
            204: OpenApiResponse(description="You need neither practise nor qualify."),
        },
    )
    def post(self, request: Request, slug: str) -> Response:
        """Get the next pair of your practice round or qualification; starts one where you must do one.

        After a failed qualification this starts the next attempt.
        """
        campaign = get_campaign(self.person, slug)
        use = self.validated(NextPracticeSerializer, request).get("use") or self._use(campaign)
        if use is None:
            return Response(status=204)
        round_ = start_round(campaign=campaign, use=use, acting_user=self.person, now=self.now)
        pair = next_pair(round_=round_, acting_user=self.person, now=self.now)
        if pair is None:
            return Response(status=204)
        task = {"id": pair.pk, "use": round_.use, "position": pair.position, "total": round_.total}
        return Response(task | present_pair(pair.comparison, campaign, left=pair.left))

    def _use(self, campaign: Campaign) -> str | None:
        """The caller's next step. Raises CampaignNotFound for an admin who is not a member."""
        standing = standing_of(campaign, self.person)
        if standing is None:
            raise CampaignNotFound
        uses = {Step.PRACTISE: PracticePair.Use.PRACTICE, Step.QUALIFY: PracticePair.Use.QUALIFICATION}
        return uses.get(standing.step) if standing.step else None


class PracticeAnswerView(ApiView):
    scopes = {"POST": Scope.JUDGE}

    @extend_schema(operation_id="answer_practice", request=PracticeChoiceSerializer, responses=FeedbackSerializer)
    def post(self, request: Request, answer_id: int) -> Response:
        """Answer a pair. In practice the response says what is right and why. The same answer again is harmless."""
        values = self.validated(PracticeChoiceSerializer, request)
        answer = answer_practice(answer=answer_id, **values, acting_user=self.person, now=self.now)
        round_ = answer.round
        pair = answer.comparison.practice if round_.use == PracticePair.Use.PRACTICE else None
        feedback = {
            "is_right": answer.is_right if pair else None,
            "answer": as_displayed(pair.winner, answer.left) if pair else None,
            "strength": pair.strength if pair else None,
            "criteria": criteria_as_displayed(pair.criteria, answer.left) if pair else None,
            "explanation": pair.explanation if pair else None,
            "is_finished": round_.finished_at is not None,
            "standing": _standing(round_.campaign, self.person),
        }
        return Response(feedback)


class PracticePairsView(FileView):
    scopes = {"GET": Scope.CAMPAIGNS, "POST": Scope.IMPORT}

    @extend_schema(operation_id="list_practice_pairs", responses=PracticePairSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the practice pairs with their known answers. For the campaign's leads."""
        pairs = practice_pairs(get_led_campaign(self.person, slug))
        return self.paged(pairs, PracticePairSerializer, order=("use", "set_at", "pk"))

    @extend_schema(
        operation_id="import_practice_pairs",
        parameters=[PracticeImportOptions],
        request=FILE,
        responses=ImportReportSerializer,
    )
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Add practice pairs from a file in any dialect: a record's preference is the known answer.

        A field `explanation` is shown after the answer; `strength` (1 to 3) and `criteria` are known answers too.
        Records without a known answer are reported.
        """
        campaign = get_led_campaign(self.person, slug)
        options = self.asked(PracticeImportOptions, only=True)
        report = import_practice(
            campaign=campaign, stream=self.file(request), **options, acting_user=self.person, now=self.now
        )
        return Response(report.as_dict() | {"dry_run": False})  # practice pairs are in no batch


class PracticeMarkView(ApiView):
    scopes = {"PUT": Scope.CAMPAIGNS, "DELETE": Scope.CAMPAIGNS}

    @extend_schema(operation_id="make_practice", request=PracticeMarkSerializer, responses=PracticePairSerializer)
    def put(self, request: Request, comparison_id: int) -> Response:
        """Mark a comparison for practice or for the qualification. For the campaign's leads."""
        comparison = get_comparison(self.person, comparison_id)
        values = self.validated(PracticeMarkSerializer, request)
        pair = make_practice(comparison=comparison, **values, acting_user=self.person, now=self.now)
        return Response(PracticePairSerializer(practice_pairs(comparison.campaign).get(pk=pair.pk)).data)

    @extend_schema(operation_id="unmake_practice", responses={204: None})
    def delete(self, request: Request, comparison_id: int) -> Response:
        """Take a comparison out of practice: it is judged again. For the campaign's leads."""
        comparison = get_comparison(self.person, comparison_id)
        unmake_practice(comparison=comparison, acting_user=self.person, now=self.now)
        return Response(status=204)


class PassMemberView(ApiView):
    scopes = {"POST": Scope.PEOPLE, "DELETE": Scope.PEOPLE}

    @extend_schema(operation_id="pass_member", request=None, responses=MembershipSerializer)
    def post(self, request: Request, slug: str, username: str) -> Response:
        """Let a member judge without practice and qualification. For the campaign's leads."""
        return self._act(pass_member, slug, username)

    @extend_schema(operation_id="withdraw_pass", request=None, responses={200: MembershipSerializer})
    def delete(self, request: Request, slug: str, username: str) -> Response:
        """Undo that: only what the member did themselves counts. For the campaign's leads."""
        return self._act(withdraw_pass, slug, username)

    def _act(self, act: Any, slug: str, username: str) -> Response:
        campaign = get_led_campaign(self.person, slug)
        member = act(campaign=campaign, user=get_person(username), acting_user=self.person, now=self.now)
        return Response(MembershipSerializer(member).data)


class RestartMemberView(PassMemberView):
    @extend_schema(operation_id="restart_member", request=None, responses=MembershipSerializer)
    def post(self, request: Request, slug: str, username: str) -> Response:
        """Make a member practise and qualify again, with all attempts. For the campaign's leads."""
        return self._act(restart_member, slug, username)

    @extend_schema(operation_id="undo_restart", request=None, responses={200: MembershipSerializer})
    def delete(self, request: Request, slug: str, username: str) -> Response:
        """Undo that: what counted before it counts again. For the campaign's leads."""
        return self._act(undo_restart, slug, username)


def _standing(campaign: Campaign, user: User) -> dict[str, Any]:
    campaign.refresh_from_db()
    standing = standing_of(campaign, user)
    assert standing is not None  # an action has just found the member
    return dict(StandingSerializer(standing.as_dict()).data)
