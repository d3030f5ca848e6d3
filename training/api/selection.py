"""The API of the trial of what to label next."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign
from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.models import Campaign, Scope
from training.actions.selection import cancel_selection, set_selection, start_selection
from training.api.serializers.selection import (
    SelectionJobSerializer,
    SelectionRequestSerializer,
    SelectionSerializer,
)
from training.queries.selection import selection_of


class SelectionView(ApiView):
    """The trial of a campaign."""

    scopes = {"GET": Scope.READ, "PUT": Scope.TRAIN, "POST": Scope.TRAIN}

    @extend_schema(operation_id="read_selection", responses=SelectionSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Get the arms of the trial, their shares, and what their labels are worth. For leads."""
        return self._found(get_led_campaign(self.person, slug))

    @extend_schema(operation_id="set_selection", request=SelectionRequestSerializer, responses=SelectionSerializer)
    def put(self, request: Request, slug: str) -> Response:
        """Set the arms and their shares; without any share the trial is off. For leads."""
        campaign = get_led_campaign(self.person, slug)
        values = self.validated(SelectionRequestSerializer, request)
        set_selection(campaign=campaign, acting_user=self.person, now=self.now, **values)
        return self._found(campaign)

    @extend_schema(operation_id="choose_selection", request=None, responses={201: SelectionJobSerializer})
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Have a worker choose the next comparisons now; it measures the arm that is due first. For leads."""
        campaign = get_led_campaign(self.person, slug)
        job = start_selection(campaign=campaign, acting_user=self.person, now=self.now)
        shown = SelectionJobSerializer(job, context={"reader": self.person})
        return Response(shown.data, status=status.HTTP_201_CREATED)

    def _found(self, campaign: Campaign) -> Response:
        found = selection_of(campaign)
        job = SelectionJobSerializer(found.job, context={"reader": self.person}).data if found.job else None
        return Response(SelectionSerializer({**found.as_json(), "job": None}).data | {"job": job})


class CancelSelectionView(ApiView):
    """Cancelling a choice."""

    scopes = {"POST": Scope.TRAIN}

    @extend_schema(operation_id="cancel_selection", request=None, responses=SelectionJobSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Cancel the choice that is under way, after its current step. For leads."""
        campaign = get_led_campaign(self.person, slug)
        job = cancel_selection(campaign=campaign, acting_user=self.person, now=self.now)
        return Response(SelectionJobSerializer(job, context={"reader": self.person}).data)
