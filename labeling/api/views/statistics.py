"""What can be read of a campaign: progress, agreement, annotators, comparisons, events."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_campaign, get_comparison, get_led_campaign
from labeling.actions import adjudicate
from labeling.api.base import ApiView, NewestFirst
from labeling.api.serializers import (
    AdjudicationSerializer,
    AgreementSerializer,
    AnnotatorSummarySerializer,
    CampaignProgressSerializer,
    ComparisonSerializer,
    EventSerializer,
    VerdictSerializer,
)
from labeling.errors import Invalid
from labeling.models import Comparison, Event
from labeling.queries import agreement, annotator_summaries, campaign_progress

SIMULATED = OpenApiParameter("include_simulated", bool, default=False)


class ProgressView(ApiView):
    @extend_schema(operation_id="progress", responses=CampaignProgressSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """How far the campaign is."""
        return Response(campaign_progress(get_campaign(self.person, slug), now=self.now).as_dict())


class AgreementView(ApiView):
    @extend_schema(operation_id="agreement", parameters=[SIMULATED], responses=AgreementSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Agreement between the annotators, each figure with its 95 % interval. For the campaign's leads.

        Simulated annotators are left out unless asked for.
        """
        campaign = get_led_campaign(self.person, slug)
        asked = request.query_params.get("include_simulated", "").lower() in ("1", "true", "yes")
        report = agreement(campaign, include_simulated=asked)
        return Response({**report.as_dict(), "include_simulated": asked})


class AnnotatorsView(ApiView):
    @extend_schema(operation_id="annotators", responses=AnnotatorSummarySerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """What each annotator did, by pseudonym. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        return Response([summary.as_dict() for summary in annotator_summaries(campaign)])


class ComparisonsView(ApiView, ListAPIView[Comparison]):
    serializer_class = ComparisonSerializer
    pagination_class = NewestFirst
    queryset = Comparison.objects.none()

    @extend_schema(
        operation_id="list_comparisons",
        parameters=[OpenApiParameter("status", str, enum=Comparison.Status.values)],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The campaign's comparisons, newest first; status=conflict are those to adjudicate. For its leads."""
        found = get_led_campaign(self.person, slug).comparisons.select_related(
            "prompt", "completion_a", "completion_b", "verdict"
        )
        status = request.query_params.get("status")
        if status is not None and status not in Comparison.Status.values:
            raise Invalid(f"There is no status {status!r}.", fields={"status": "Unknown."})
        self.queryset = found.filter(status=status) if status else found
        return self.list(request)


class AdjudicationView(ApiView):
    @extend_schema(operation_id="adjudicate", request=AdjudicationSerializer, responses={201: VerdictSerializer})
    def post(self, request: Request, comparison_id: int) -> Response:
        """Settle a conflict, with a reason. For the campaign's leads."""
        comparison = get_comparison(self.person, comparison_id)
        values = self.validated(AdjudicationSerializer, request)
        verdict = adjudicate(comparison=comparison, **values, acting_user=self.person, now=self.now)
        return Response(VerdictSerializer(verdict).data, status=201)


class EventsView(ApiView, ListAPIView[Event]):
    serializer_class = EventSerializer
    pagination_class = NewestFirst
    queryset = Event.objects.none()

    @extend_schema(operation_id="list_events")
    def get(self, request: Request, slug: str) -> Response:
        """All that was done in the campaign, newest first. For its leads."""
        self.queryset = get_led_campaign(self.person, slug).events.select_related("actor")
        return self.list(request)
