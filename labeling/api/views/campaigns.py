"""Campaigns, their rules and guidelines, and the recounts of their verdicts."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_campaign, get_led_campaign, visible_campaigns
from labeling.actions.campaigns import change_campaign, change_campaign_status, create_campaign, write_guidelines
from labeling.api.base import ApiView
from labeling.api.filters import CampaignFilter
from labeling.api.idempotency import once
from labeling.api.serializers.campaigns import (
    CampaignSerializer,
    ChangeStatusSerializer,
    GuidelineVersionSerializer,
    NewCampaignSerializer,
    RecountSerializer,
)
from labeling.api.serializers.onboarding import CampaignAnswerSerializer
from labeling.models import Scope
from labeling.queries.standing import standing_of


class CampaignsView(ApiView):
    scopes = {"GET": Scope.READ, "POST": Scope.CAMPAIGNS}

    @extend_schema(operation_id="list_campaigns", parameters=[CampaignFilter], responses=CampaignSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the campaigns you take part in, newest first."""
        campaigns = visible_campaigns(self.person).filter(**self.asked(CampaignFilter))
        return self.paged(campaigns, CampaignSerializer, order=("-created_at", "-pk"))

    @extend_schema(operation_id="create_campaign", request=NewCampaignSerializer, responses={201: CampaignSerializer})
    @once
    def post(self, request: Request) -> Response:
        """Create a campaign: a draft that you lead. For leads and admins."""
        values = self.validated(NewCampaignSerializer, request)
        campaign = create_campaign(**values, acting_user=self.person, now=self.now)
        return Response(CampaignSerializer(campaign).data, status=201)


class CampaignView(ApiView):
    scopes = {"GET": Scope.READ, "PATCH": Scope.CAMPAIGNS}

    @extend_schema(operation_id="read_campaign", responses=CampaignAnswerSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Get a campaign, its rules, and what you must do there before anything is assigned to you."""
        campaign = get_campaign(self.person, slug)
        context = {"standing": standing_of(campaign, self.person)}
        return Response(CampaignAnswerSerializer(campaign, context=context).data)

    @extend_schema(operation_id="change_campaign", request=CampaignSerializer, responses=CampaignSerializer)
    def patch(self, request: Request, slug: str) -> Response:
        """Change the rules of a campaign. For its leads."""
        campaign = get_led_campaign(self.person, slug)
        values = self.validated(CampaignSerializer, request, partial=True)
        changed = change_campaign(campaign=campaign, **values, acting_user=self.person, now=self.now)
        return Response(CampaignSerializer(changed).data)


class CampaignStatusView(ApiView):
    scopes = {"POST": Scope.CAMPAIGNS}

    @extend_schema(operation_id="change_campaign_status", request=ChangeStatusSerializer, responses=CampaignSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Start, pause, close, reopen or archive a campaign. For its leads."""
        campaign = get_led_campaign(self.person, slug)
        values = self.validated(ChangeStatusSerializer, request)
        changed = change_campaign_status(campaign=campaign, **values, acting_user=self.person, now=self.now)
        return Response(CampaignSerializer(changed).data)


class GuidelinesView(ApiView):
    scopes = {"GET": Scope.READ, "POST": Scope.CAMPAIGNS}

    @extend_schema(operation_id="list_guidelines", responses=GuidelineVersionSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List all versions of the guidelines, the current one first."""
        versions = get_campaign(self.person, slug).guideline_versions.all()
        return self.paged(versions, GuidelineVersionSerializer, order=("-number",))

    @extend_schema(
        operation_id="write_guidelines",
        request=GuidelineVersionSerializer,
        responses={201: GuidelineVersionSerializer},
    )
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Write a new version of the guidelines. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        values = self.validated(GuidelineVersionSerializer, request)
        version = write_guidelines(campaign=campaign, **values, acting_user=self.person, now=self.now)
        return Response(GuidelineVersionSerializer(version).data, status=201)


class RecountsView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="list_recounts", responses=RecountSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the recounts of all verdicts and their progress, newest first. For the campaign's leads."""
        return self.paged(get_led_campaign(self.person, slug).recounts.all(), RecountSerializer)
