"""The API of rounds: a campaign's rounds, one of them, and the plan of the schedule."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign
from labeling.api.base import ApiView
from labeling.models import Scope
from training.access import visible_rounds
from training.actions.round_plans import save_round_plan
from training.api.serializers.rounds import ListedRoundSerializer, RoundPlanSerializer, RoundSerializer
from training.queries.round_costs import plan_of
from training.queries.round_reports import rounds_as_json
from training.queries.rounds import rounds_of


class RoundsView(ApiView):
    """The rounds of a campaign."""

    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="list_rounds", responses=RoundSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the rounds of a campaign, newest first. For its leads."""
        campaign = get_led_campaign(self.person, slug)
        context: dict[str, Any] = {"plan": plan_of(campaign), "now": self.now}
        return self.paged(rounds_of(campaign), ListedRoundSerializer, context=context)


class RoundView(ApiView):
    """One round."""

    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="read_round", responses=RoundSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Get a round with its phases, its cost, and how far its version is from the target. For leads."""
        one = visible_rounds(self.person).select_related("campaign").filter(pk=pk).first()
        if one is None:
            raise Http404
        return Response(rounds_as_json([one], plan_of(one.campaign), now=self.now)[0])


class RoundPlanView(ApiView):
    """The plan of a campaign's rounds."""

    scopes = {"GET": Scope.READ, "PUT": Scope.TRAIN}

    @extend_schema(operation_id="read_round_plan", responses=RoundPlanSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Get what the schedule waits for, its budget and its target. For leads."""
        campaign = get_led_campaign(self.person, slug)
        return Response(RoundPlanSerializer(plan_of(campaign)).data)

    @extend_schema(operation_id="save_round_plan", request=RoundPlanSerializer, responses=RoundPlanSerializer)
    def put(self, request: Request, slug: str) -> Response:
        """Change the plan; fields that are left out stay. For leads."""
        campaign = get_led_campaign(self.person, slug)
        values = self.validated(RoundPlanSerializer, request, partial=True, only=True)
        plan = save_round_plan(campaign=campaign, values=values, acting_user=self.person, now=self.now)
        return Response(RoundPlanSerializer(plan).data)
