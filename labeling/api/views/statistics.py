"""A campaign's progress, agreement and annotators, and the adjudication of its conflicts."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_adjudicated_campaign, get_campaign, get_conflict, get_led_campaign, leads
from labeling.actions.verdicts import adjudicate
from labeling.api.base import ApiView
from labeling.api.filters import ConflictFilter
from labeling.api.idempotency import once
from labeling.api.serializers.figures import (
    AgreementSerializer,
    AnnotatorSummarySerializer,
    CampaignProgressSerializer,
    IncludedSerializer,
)
from labeling.api.serializers.records import AdjudicationSerializer, ConflictSerializer, VerdictSerializer
from labeling.models import Comparison, Scope
from labeling.queries.agreement import agreement
from labeling.queries.annotators import annotator_summaries
from labeling.queries.coming import coming_pairs
from labeling.queries.conflicts import has_judged, next_waiting, statements_on
from labeling.queries.progress import campaign_progress

PARAMETERS = [OpenApiParameter(name, bool, default=False) for name in ("include_simulated", "include_imported")]


class ProgressView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="progress", responses=CampaignProgressSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Get the campaign's progress. Annotators see totals in steps of 20 if gold or retests are mixed in."""
        campaign = get_campaign(self.person, slug)
        progress = campaign_progress(campaign, now=self.now)
        if not leads(self.person, campaign):
            progress = progress.for_annotators(campaign)
        return Response({**progress.as_dict(), "coming_pairs": coming_pairs(campaign, self.now)})


class AgreementView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="agreement", parameters=PARAMETERS, responses=AgreementSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Get the agreement between the annotators, each figure with its 95 % interval. For the campaign's leads.

        Simulated annotators and imported judgments are left out by default.
        """
        campaign = get_led_campaign(self.person, slug)
        included = self.asked(IncludedSerializer)
        return Response({**agreement(campaign, **included).as_dict(), **included})


class AnnotatorsView(ApiView):
    scopes = {"GET": Scope.READ}
    pagination_class = None  # one row for each person who ever judged

    @extend_schema(operation_id="annotators", responses=AnnotatorSummarySerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """Get figures for each annotator, by pseudonym. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        return Response([summary.as_dict() for summary in annotator_summaries(campaign)])


class ConflictView(ApiView):
    scopes = {"GET": Scope.JUDGE}
    pagination_class = None  # one at a time

    @extend_schema(
        operation_id="next_conflict", parameters=[ConflictFilter], responses={200: ConflictSerializer, 204: None}
    )
    def get(self, request: Request, slug: str) -> Response:
        """Get the next conflict to adjudicate, with all judgments and comments; 204 if there is none.

        For the campaign's experts and leads.
        """
        campaign = get_adjudicated_campaign(self.person, slug)
        asked = self.asked(ConflictFilter)
        comparison = next_waiting(campaign, Comparison.Status.CONFLICT, person=self.person, after=asked.get("after", 0))
        if comparison is None:
            return Response(status=204)
        conflict = {
            "comparison": comparison.pk,
            "prompt": comparison.prompt.messages,
            "a": comparison.completion_a.text,
            "b": comparison.completion_b.text,
            "votes": comparison.votes,
            "statements": statements_on(comparison),
            "is_own": has_judged(self.person, comparison),
        }
        return Response(ConflictSerializer(conflict).data)


class AdjudicationView(ApiView):
    scopes = {"POST": Scope.JUDGE}

    @extend_schema(operation_id="adjudicate", request=AdjudicationSerializer, responses={201: VerdictSerializer})
    @once
    def post(self, request: Request, comparison_id: int) -> Response:
        """Adjudicate a conflict, with a reason. For the campaign's experts and leads."""
        comparison = get_conflict(self.person, comparison_id)
        values = self.validated(AdjudicationSerializer, request)
        verdict = adjudicate(comparison=comparison, **values, acting_user=self.person, now=self.now)
        return Response(VerdictSerializer(verdict).data, status=201)
