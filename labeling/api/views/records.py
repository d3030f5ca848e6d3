"""Lists of comparisons, judgments and events, newest first."""

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_campaign, get_led_campaign, require_admin
from labeling.actions.event_exports import EventExport, export_all_events, export_events
from labeling.api.base import ApiView
from labeling.api.filters import (
    ComparisonFilter,
    EventExportOptions,
    EventFilter,
    JudgmentFilter,
    LogExportOptions,
    LogFilter,
    OwnJudgmentFilter,
    PromptFilter,
)
from labeling.api.serializers.judging import OwnJudgmentSerializer
from labeling.api.serializers.records import (
    ComparisonSerializer,
    EventSerializer,
    LoggedEventSerializer,
    PromptSerializer,
    RecordedJudgmentSerializer,
)
from labeling.models import Scope
from labeling.queries import lists
from labeling.queries.judged_by import require_group
from labeling.queries.lists import filtered_comparisons, filtered_prompts
from labeling.queries.own_judgments import own_judgments
from labeling.queries.records import filtered_events, filtered_judgments


class ComparisonsView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_comparisons", parameters=[ComparisonFilter], responses=ComparisonSerializer(many=True)
    )
    def get(self, request: Request, slug: str) -> Response:
        """List the campaign's comparisons, newest first. Filter by status=conflict to adjudicate. For its leads."""
        campaign = get_led_campaign(self.person, slug)
        where = lists.ComparisonFilter(**self.asked(ComparisonFilter))
        require_group(campaign, where)
        rows = filtered_comparisons(campaign, where)
        texts = ("prompt", "completion_a", "completion_b", "verdict", "gold")
        return self.paged(rows.select_related(*texts), ComparisonSerializer)


class PromptsView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="list_prompts", parameters=[PromptFilter], responses=PromptSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the campaign's prompts, newest first. For its leads."""
        campaign = get_led_campaign(self.person, slug)
        where = lists.PromptFilter(**self.asked(PromptFilter))
        require_group(campaign, where)
        return self.paged(filtered_prompts(campaign, where), PromptSerializer)


class JudgmentsView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_judgments", parameters=[JudgmentFilter], responses=RecordedJudgmentSerializer(many=True)
    )
    def get(self, request: Request, slug: str) -> Response:
        """List every judgment ever made in the campaign, by pseudonym, newest first. For its leads."""
        campaign = get_led_campaign(self.person, slug)
        return self.paged(filtered_judgments(campaign, **self.asked(JudgmentFilter)), RecordedJudgmentSerializer)


class OwnJudgmentsView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_my_judgments",
        parameters=[OwnJudgmentFilter],
        responses=OwnJudgmentSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        """List your own current judgments in the campaign as they were displayed, newest first.

        A pair that you judged twice appears once. A pair that you hold now is left out.
        """
        campaign = get_campaign(self.person, slug)
        rows = own_judgments(campaign, self.person, **self.asked(OwnJudgmentFilter))
        context = {"campaign": campaign, "now": self.now}
        return self.paged(rows, OwnJudgmentSerializer, order=("-created_at", "-pk"), context=context)


class EventsView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="list_events", parameters=[EventFilter], responses=EventSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the campaign's events, newest first. For its leads."""
        campaign = get_led_campaign(self.person, slug)
        rows = filtered_events(campaign, **self.asked(EventFilter))
        return self.paged(rows, EventSerializer, context={"campaign": campaign})


LOG_FILES = {(200, form): OpenApiTypes.BINARY for form in ("application/jsonl", "text/csv")}
"""Responses by media type: the caller chooses by `form`."""


class EventsExportView(ApiView):
    scopes = {"GET": Scope.EXPORT}

    @extend_schema(
        operation_id="export_events",
        parameters=[EventExportOptions],
        responses=LOG_FILES,
    )
    def get(self, request: Request, slug: str) -> StreamingHttpResponse:
        """Download the event log, oldest first, with pseudonyms for names. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        asked = self.asked(EventExportOptions, only=True)
        return _download(export_events(campaign=campaign, **asked, acting_user=self.person, now=self.now))


class AllEventsView(ApiView):
    scopes = {"GET": Scope.PEOPLE}

    @extend_schema(operation_id="list_all_events", parameters=[LogFilter], responses=LoggedEventSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the events of all campaigns, accounts, sign-ins and tokens, newest first. For admins."""
        require_admin(self.person)
        return self.paged(filtered_events(None, **self.asked(LogFilter)), LoggedEventSerializer)


class AllEventsExportView(ApiView):
    scopes = {"GET": Scope.PEOPLE}

    @extend_schema(
        operation_id="export_all_events",
        parameters=[LogExportOptions],
        responses=LOG_FILES,
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Download the event log of the installation, oldest first, with the names of the list. For admins."""
        asked = self.asked(LogExportOptions, only=True)
        return _download(export_all_events(**asked, acting_user=self.person, now=self.now))


def _download(export: EventExport) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{export.filename}"'}
    return StreamingHttpResponse(export.pieces, content_type=export.media_type, headers=headers)
