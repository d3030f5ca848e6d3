"""What leads do with single comparisons."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_comparison
from labeling.actions.curation import make_gold, restore_comparison, retire_comparison, review_flag, unmake_gold
from labeling.api.base import ApiView
from labeling.api.serializers.records import (
    ComparisonSerializer,
    FlagReviewSerializer,
    GoldSerializer,
    RetireSerializer,
)
from labeling.models import Comparison, Scope


class RetireView(ApiView):
    scopes = {"POST": Scope.CAMPAIGNS}

    @extend_schema(operation_id="retire_comparison", request=RetireSerializer, responses=ComparisonSerializer)
    def post(self, request: Request, comparison_id: int) -> Response:
        """Take a comparison out: kept, given to nobody, counted and trained on nowhere. For the campaign's leads."""
        comparison = get_comparison(self.person, comparison_id)
        values = self.validated(RetireSerializer, request)
        retired = retire_comparison(comparison=comparison, **values, acting_user=self.person, now=self.now)
        return _told(retired)


class RestoreView(ApiView):
    scopes = {"POST": Scope.CAMPAIGNS}

    @extend_schema(operation_id="restore_comparison", request=None, responses=ComparisonSerializer)
    def post(self, request: Request, comparison_id: int) -> Response:
        """Bring a retired comparison back. For the campaign's leads."""
        comparison = get_comparison(self.person, comparison_id)
        return _told(restore_comparison(comparison=comparison, acting_user=self.person, now=self.now))


class FlagReviewView(ApiView):
    scopes = {"POST": Scope.CAMPAIGNS}

    @extend_schema(operation_id="review_flag", request=FlagReviewSerializer, responses=ComparisonSerializer)
    def post(self, request: Request, comparison_id: int) -> Response:
        """Decide about a flagged comparison: it goes on, or is retired. For the campaign's leads."""
        comparison = get_comparison(self.person, comparison_id)
        values = self.validated(FlagReviewSerializer, request)
        return _told(review_flag(comparison=comparison, **values, acting_user=self.person, now=self.now))


class GoldView(ApiView):
    scopes = {"PUT": Scope.CAMPAIGNS, "DELETE": Scope.CAMPAIGNS}

    @extend_schema(operation_id="make_gold", request=GoldSerializer, responses=ComparisonSerializer)
    def put(self, request: Request, comparison_id: int) -> Response:
        """Make a comparison gold, with what annotators should say. For the campaign's leads."""
        comparison = get_comparison(self.person, comparison_id)
        values = self.validated(GoldSerializer, request)
        return _told(make_gold(comparison=comparison, **values, acting_user=self.person, now=self.now))

    @extend_schema(operation_id="unmake_gold", responses={200: ComparisonSerializer})
    def delete(self, request: Request, comparison_id: int) -> Response:
        """Make gold a comparison like any other. For the campaign's leads."""
        comparison = get_comparison(self.person, comparison_id)
        return _told(unmake_gold(comparison=comparison, acting_user=self.person, now=self.now))


def _told(comparison: Comparison) -> Response:
    rows = Comparison.objects.select_related("prompt", "completion_a", "completion_b", "verdict", "gold")
    return Response(ComparisonSerializer(rows.get(pk=comparison.pk)).data)
