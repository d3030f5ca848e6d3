"""Statistics of a campaign or a slice of it, and the ranking of its model versions."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign
from labeling.api.base import ApiView
from labeling.api.statistics import RankingFilter, RankingSerializer, SliceFilter, StatisticsSerializer, slice_of
from labeling.models import Scope
from labeling.queries.statistics import model_ranking, plain, statistics


class StatisticsView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="statistics", parameters=[SliceFilter], responses=StatisticsSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Get agreement, label noise, bias, speed and drift, each with its 95 % interval and the counts behind it.

        Simulated annotators are left out by default. Undefined figures say why. For the campaign's leads.
        """
        campaign = get_led_campaign(self.person, slug)
        part = slice_of(self.asked(SliceFilter))
        return Response(statistics(campaign, part, now=self.now).as_dict())


class RankingView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="ranking", parameters=[RankingFilter], responses=RankingSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Get the model versions, ranked by judgments: Bradley-Terry with ties, regularised, with 95 % intervals.

        For the campaign's leads.
        """
        campaign = get_led_campaign(self.person, slug)
        asked = self.asked(RankingFilter)
        controlled = asked["length_controlled"]
        ranking = model_ranking(campaign, slice_of(asked), length_controlled=controlled, now=self.now)
        return Response(plain(ranking))
