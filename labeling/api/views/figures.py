"""Statistics of a campaign or a slice of it, and the ranking of its model versions."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign
from labeling.actions.counting import counted_or_coming
from labeling.api.base import ApiView
from labeling.api.statistics import (
    CountingSerializer,
    RankingFilter,
    RankingSerializer,
    SliceFilter,
    StatisticsSerializer,
    slice_of,
)
from labeling.models import Scope
from labeling.queries.statistics import Counted, figures_of, plain, ranking_of

COUNTING_SECONDS = 5
"""When to ask again while a worker counts: 400,000 judgments take it about ten seconds."""


class _CountsView(ApiView):
    """An address whose figures a worker counts in a large campaign."""

    def counted(self, slug: str, asked: dict[str, Any], figures: Callable[[Counted], dict[str, Any]]) -> Response:
        """The figures of the slice; 202 while the first ones of a large campaign are being counted."""
        campaign = get_led_campaign(self.person, slug)
        counted, _ = counted_or_coming(campaign=campaign, part=slice_of(asked), now=self.now)
        if counted is not None:
            return Response(figures(counted))
        detail = f"A worker is counting this campaign. Ask again in {COUNTING_SECONDS} seconds."
        return Response({"detail": detail}, status=202, headers={"Retry-After": str(COUNTING_SECONDS)})


class StatisticsView(_CountsView):
    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="statistics",
        parameters=[SliceFilter],
        responses={200: StatisticsSerializer, 202: CountingSerializer},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Get agreement, label noise, bias, speed and drift, each with its 95 % interval and the counts behind it.

        Simulated annotators are left out by default. Undefined figures say why. From 50,000 judgments on, a worker
        counts: the first call for a slice gets 202, later ones the figures with the time they were counted at. For
        the campaign's leads.
        """
        return self.counted(slug, self.asked(SliceFilter), lambda counted: figures_of(counted).as_dict())


class RankingView(_CountsView):
    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="ranking", parameters=[RankingFilter], responses={200: RankingSerializer, 202: CountingSerializer}
    )
    def get(self, request: Request, slug: str) -> Response:
        """Get the model versions, ranked by judgments: Bradley-Terry with ties, regularised, with 95 % intervals.

        In a large campaign the first call for a slice gets 202, as for its statistics. For the campaign's leads.
        """
        asked = self.asked(RankingFilter)
        controlled = asked["length_controlled"]
        return self.counted(slug, asked, lambda counted: dict(plain(ranking_of(counted, length_controlled=controlled))))
