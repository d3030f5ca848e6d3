"""The API of gates by people: held prompts, gates, and what a lead does with them."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign
from labeling.api.base import ApiView
from labeling.models import Scope
from training.access import visible_people_gates
from training.actions.held_prompts import hold_prompts
from training.actions.people_gate_votes import join_votes
from training.actions.people_gates import PeopleGateSpec, cancel_people_gate, open_people_gate
from training.api.finding import find_version
from training.api.serializers.people_gates import (
    HeldPromptsSerializer,
    OpenPeopleGateSerializer,
    PeopleGateSerializer,
)
from training.models import PeopleGate
from training.queries.held_prompts import held_prompts, held_share
from training.queries.people_gate_supply import Cast, cast_so_far
from training.queries.people_gates import CastVote, as_json, votes_of_open


class HeldPromptsView(ApiView):
    """The prompts held for gates by people."""

    scopes = {"GET": Scope.READ, "PUT": Scope.TRAIN}

    @extend_schema(operation_id="read_held_prompts", responses=HeldPromptsSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Get the share of prompts that is held. For leads."""
        campaign = get_led_campaign(self.person, slug)
        return Response({"share": held_share(campaign), "prompts": len(held_prompts(campaign))})

    @extend_schema(operation_id="hold_prompts", request=HeldPromptsSerializer, responses=HeldPromptsSerializer)
    def put(self, request: Request, slug: str) -> Response:
        """Hold another share: no snapshot takes pairs on held prompts. For leads."""
        campaign = get_led_campaign(self.person, slug)
        share = self.validated(HeldPromptsSerializer, request, only=True)["share"]
        hold_prompts(campaign=campaign, share=share, acting_user=self.person, now=self.now)
        return Response({"share": share, "prompts": len(held_prompts(campaign))})


class PeopleGatesView(ApiView):
    """The gates by people of a campaign."""

    scopes = {"GET": Scope.READ, "POST": Scope.TRAIN}

    @extend_schema(operation_id="list_people_gates", responses=PeopleGateSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the campaign's gates by people, newest first. For leads."""
        campaign = get_led_campaign(self.person, slug)
        related = ("campaign", "candidate", "serving", "blind_test")
        gates = campaign.people_gates.select_related(*related).prefetch_related("pairs").order_by("-pk")
        return self.paged(gates, _ListedSerializer)

    @extend_schema(
        operation_id="open_people_gate", request=OpenPeopleGateSerializer, responses={201: PeopleGateSerializer}
    )
    def post(self, request: Request, slug: str) -> Response:
        """Have people compare a version with the serving one, blind, on held prompts. For leads."""
        campaign = get_led_campaign(self.person, slug)
        values = self.validated(OpenPeopleGateSerializer, request, only=True)
        gate = open_people_gate(
            campaign=campaign,
            candidate=find_version(self.person, values.pop("version")),
            acting_user=self.person,
            now=self.now,
            spec=PeopleGateSpec(**values),
        )
        return Response(_shown(gate), status=201)


class PeopleGateView(ApiView):
    """One gate by people."""

    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="read_people_gate", responses=PeopleGateSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Get a gate with its evidence now. For leads of its campaign."""
        return Response(_shown(_gate(self.person, pk)))


class CancelPeopleGateView(ApiView):
    """Cancels a gate by people."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(operation_id="cancel_people_gate", request=None, responses=PeopleGateSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """End an open gate without a decision. For leads of its campaign."""
        return Response(_shown(cancel_people_gate(gate=_gate(self.person, pk), acting_user=self.person, now=self.now)))


class JoinPeopleGateView(ApiView):
    """The votes of a gate by people in the training pool."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(operation_id="join_people_gate", request=None, responses=PeopleGateSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Add the pairs of a decided gate to its campaign, with the verdicts of their votes. For leads."""
        join_votes(gate=_gate(self.person, pk), acting_user=self.person, now=self.now)
        return Response(_shown(_gate(self.person, pk)))


class _GatesSerializer(serializers.ListSerializer[PeopleGate]):
    """Reads the votes of all gates of a page at once."""

    def to_representation(self, data: Any) -> Any:
        gates = list(data)
        votes, cast = votes_of_open(gates), cast_so_far([gate for gate in gates if gate.is_open])
        return [_shown(gate, votes.get(gate.pk), cast.get(gate.pk)) for gate in gates]


class _ListedSerializer(PeopleGateSerializer):
    """Each gate of a list as `as_json` shows it."""

    class Meta:
        list_serializer_class = _GatesSerializer


def _shown(gate: PeopleGate, votes: Sequence[CastVote] | None = None, cast: Cast | None = None) -> dict[str, Any]:
    return dict(PeopleGateSerializer(as_json(gate, votes, cast)).data)


def _gate(user: Any, pk: int) -> PeopleGate:
    related = ("campaign", "candidate", "serving", "blind_test", "job")
    gate = visible_people_gates(user).select_related(*related).filter(pk=pk).first()
    if gate is None:
        raise Http404
    return gate
