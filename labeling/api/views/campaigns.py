"""Campaigns, their guidelines and their members."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_campaign, get_led_campaign, get_person, visible_campaigns
from labeling.actions import (
    add_member,
    change_campaign,
    change_campaign_status,
    create_campaign,
    remove_member,
    write_guidelines,
)
from labeling.api.base import ApiView
from labeling.api.filters import CampaignFilter, MemberFilter
from labeling.api.idempotency import once
from labeling.api.serializers import (
    CampaignSerializer,
    ChangeStatusSerializer,
    GuidelineVersionSerializer,
    MembershipSerializer,
    NewCampaignSerializer,
)
from labeling.models import Scope


class CampaignsView(ApiView):
    scopes = {"GET": Scope.READ, "POST": Scope.CAMPAIGNS}

    @extend_schema(operation_id="list_campaigns", parameters=[CampaignFilter], responses=CampaignSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The campaigns you take part in, newest first."""
        asked = self.asked(CampaignFilter)
        found = visible_campaigns(self.person)
        if "status" in asked:
            found = found.filter(status=asked["status"])
        return self.paged(found, CampaignSerializer, order=("-created_at", "-pk"))

    @extend_schema(operation_id="create_campaign", request=NewCampaignSerializer, responses={201: CampaignSerializer})
    @once
    def post(self, request: Request) -> Response:
        """Make a campaign, a draft that you lead. For leads and admins."""
        values = self.validated(NewCampaignSerializer, request)
        campaign = create_campaign(**values, acting_user=self.person, now=self.now)
        return Response(CampaignSerializer(campaign).data, status=201)


class CampaignView(ApiView):
    scopes = {"GET": Scope.READ, "PATCH": Scope.CAMPAIGNS}

    @extend_schema(operation_id="read_campaign", responses=CampaignSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """A campaign and its rules."""
        return Response(CampaignSerializer(get_campaign(self.person, slug)).data)

    @extend_schema(operation_id="change_campaign", request=CampaignSerializer, responses=CampaignSerializer)
    def patch(self, request: Request, slug: str) -> Response:
        """Change rules of a campaign. For its leads."""
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
        """All versions of the guidelines, the current one first."""
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


class MembersView(ApiView):
    scopes = {"GET": Scope.PEOPLE, "POST": Scope.PEOPLE}

    @extend_schema(operation_id="list_members", parameters=[MemberFilter], responses=MembershipSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """Who takes part, in the order in which they came. For the campaign's leads."""
        asked = self.asked(MemberFilter)
        members = get_led_campaign(self.person, slug).memberships.select_related("user")
        if "role" in asked:
            members = members.filter(role=asked["role"])
        return self.paged(members, MembershipSerializer, order=("pk",))

    @extend_schema(operation_id="add_member", request=MembershipSerializer, responses={201: MembershipSerializer})
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Let somebody judge in the campaign or run it; a member gets the new role. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        values = self.validated(MembershipSerializer, request)
        user = get_person(values["user"]["username"])
        role = values.get("role", "annotator")
        membership = add_member(campaign=campaign, user=user, role=role, acting_user=self.person, now=self.now)
        return Response(MembershipSerializer(membership).data, status=201)


class MemberView(ApiView):
    scopes = {"DELETE": Scope.PEOPLE}

    @extend_schema(operation_id="remove_member", responses={204: None})
    def delete(self, request: Request, slug: str, username: str) -> Response:
        """End somebody's part in the campaign; what they judged stays. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        remove_member(campaign=campaign, user=get_person(username), acting_user=self.person, now=self.now)
        return Response(status=204)
