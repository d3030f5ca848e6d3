"""Acts on many prompts or comparisons at once."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign
from labeling.actions.bulk import BulkOrder, Selection, start_bulk_act
from labeling.api.base import ApiView
from labeling.api.filters import ComparisonFilter, PromptFilter
from labeling.api.serializers.records import BulkActSerializer, BulkRequestSerializer
from labeling.models import BulkAct, Scope
from labeling.queries import lists


class BulkActsView(ApiView):
    scopes = {"GET": Scope.READ, "POST": Scope.CAMPAIGNS}

    @extend_schema(operation_id="list_bulk_acts", responses=BulkActSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the campaign's bulk acts with their progress, newest first. For its leads."""
        campaign = get_led_campaign(self.person, slug)
        return self.paged(campaign.bulk_acts.select_related("requested_by"), BulkActSerializer)

    @extend_schema(operation_id="start_bulk_act", request=BulkRequestSerializer, responses={201: BulkActSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Retire, restore, prioritise or request judgments of many rows. More than 500 rows run in the background."""
        campaign = get_led_campaign(self.person, slug)
        values = self.validated(BulkRequestSerializer, request)
        act = start_bulk_act(
            campaign=campaign,
            selection=_selection(values),
            order=BulkOrder(values["kind"], values["reason"], values["more"]),
            acting_user=self.person,
            now=self.now,
        )
        return Response(BulkActSerializer(act).data, status=201)


def _selection(values: dict[str, Any]) -> Selection:
    target = values["target"]
    if "ids" in values:
        return Selection(target, ids=tuple(values["ids"]))
    is_prompts = target == BulkAct.Target.PROMPTS
    checked = (PromptFilter if is_prompts else ComparisonFilter)(data=values["filter"])
    checked.is_valid(raise_exception=True)
    kind = lists.PromptFilter if is_prompts else lists.ComparisonFilter
    return Selection(target, where=kind(**checked.validated_data))
