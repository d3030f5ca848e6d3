"""Imports of a campaign: their reports, and taking them back."""

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_batch, get_led_campaign
from labeling.actions.batches import take_back
from labeling.api.base import ApiView
from labeling.api.serializers.exchange import BatchSerializer, TakenBackSerializer
from labeling.models import Scope
from labeling.queries.batches import imports_of


class BatchesView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="list_batches", responses=BatchSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the campaign's imports, newest first. For its leads."""
        return self.paged(imports_of(get_led_campaign(self.person, slug)), BatchSerializer)


class BatchView(ApiView):
    scopes = {"GET": Scope.READ, "DELETE": Scope.IMPORT}

    @extend_schema(operation_id="get_batch", responses=BatchSerializer)
    def get(self, request: Request, batch_id: int) -> Response:
        """Get one import: its counts and its first rejected records. For the campaign's leads."""
        return Response(BatchSerializer(get_batch(self.person, batch_id)).data)

    @extend_schema(operation_id="take_back_batch", responses={200: TakenBackSerializer})
    def delete(self, request: Request, batch_id: int) -> Response:
        """Take an import back as a whole, while nobody has judged anything of it. For the campaign's leads."""
        batch = get_batch(self.person, batch_id)
        return Response(asdict(take_back(batch=batch, acting_user=self.person, now=self.now)))
