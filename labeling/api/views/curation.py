"""Leads' calls for single comparisons: retire, restore, review a flag, make gold."""

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
        """Retire a comparison: it is kept, but no longer assigned, counted or trained on. For the campaign's leads."""
        comparison = get_comparison(self.person, comparison_id)
        values = self.validated(RetireSerializer, request)
        retired = retire_comparison(comparison=comparison, **values, acting_user=self.person, now=self.now)
        return _response(retired)


class RestoreView(ApiView):
    scopes = {"POST": Scope.CAMPAIGNS}

    @extend_schema(operation_id="restore_comparison", request=None, responses=ComparisonSerializer)
    def post(self, request: Request, comparison_id: int) -> Response:
        """Restore a retired comparison. For the campaign's leads."""
        comparison = get_comparison(self.person, comparison_id)
        return _response(restore_comparison(comparison=comparison, acting_user=self.person, now=self.now))


class FlagReviewView(ApiView):
    scopes = {"POST": Scope.CAMPAIGNS}

    @extend_schema(operation_id="review_flag", request=FlagReviewSerializer, responses=ComparisonSerializer)
    def post(self, request: Request, comparison_id: int) -> Response:
        """Return a flagged comparison to annotators or retire it. For the campaign's leads."""
        comparison = get_comparison(self.person, comparison_id)
        values = self.validated(FlagReviewSerializer, request)
        return _response(review_flag(comparison=comparison, **values, acting_user=self.person, now=self.now))


class GoldView(ApiView):
    scopes = {"PUT": Scope.CAMPAIGNS, "DELETE": Scope.CAMPAIGNS}

    @extend_schema(operation_id="make_gold", request=GoldSerializer, responses=ComparisonSerializer)
    def put(self, request: Request, comparison_id: int) -> Response:
        """Make a comparison gold, with its correct verdict. For the campaign's leads."""
        comparison = get_comparison(self.person, comparison_id)
        values = self.validated(GoldSerializer, request)
        return _response(make_gold(comparison=comparison, **values, acting_user=self.person, now=self.now))

    @extend_schema(operation_id="unmake_gold", responses={200: ComparisonSerializer})
    def delete(self, request: Request, comparison_id: int) -> Response:
        """Make gold an ordinary comparison again. For the campaign's leads."""
        comparison = get_comparison(self.person, comparison_id)
        return _response(unmake_gold(comparison=comparison, acting_user=self.person, now=self.now))


def _response(comparison: Comparison) -> Response:
    rows = Comparison.objects.select_related("prompt", "completion_a", "completion_b", "verdict", "gold")
    return Response(ComparisonSerializer(rows.get(pk=comparison.pk)).data)
