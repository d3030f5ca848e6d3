"""Campaigns, their guidelines and their members."""

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_campaign, get_invitation, get_led_campaign, get_person, visible_campaigns
from labeling.actions.campaigns import change_campaign, change_campaign_status, create_campaign, write_guidelines
from labeling.actions.invitations import create_invitation, revoke_invitation
from labeling.actions.members import add_member, pause_member, remove_member, resume_member
from labeling.api.base import ApiView
from labeling.api.filters import CampaignFilter, MemberFilter
from labeling.api.idempotency import once
from labeling.api.serializers.campaigns import (
    CampaignSerializer,
    ChangeStatusSerializer,
    GuidelineVersionSerializer,
    InvitationSerializer,
    MembershipSerializer,
    NewCampaignSerializer,
    NewInvitationSerializer,
    RecountSerializer,
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


class PauseMemberView(ApiView):
    scopes = {"POST": Scope.PEOPLE}

    @extend_schema(operation_id="pause_member", request=None, responses=MembershipSerializer)
    def post(self, request: Request, slug: str, username: str) -> Response:
        """Give somebody nothing new; what is open before them they may finish. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        user = get_person(username)
        membership = pause_member(campaign=campaign, user=user, acting_user=self.person, now=self.now)
        return Response(MembershipSerializer(membership).data)


class ResumeMemberView(ApiView):
    scopes = {"POST": Scope.PEOPLE}

    @extend_schema(operation_id="resume_member", request=None, responses=MembershipSerializer)
    def post(self, request: Request, slug: str, username: str) -> Response:
        """Let somebody go on who was paused or warned; their gold counts from zero. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        user = get_person(username)
        membership = resume_member(campaign=campaign, user=user, acting_user=self.person, now=self.now)
        return Response(MembershipSerializer(membership).data)


class InvitationsView(ApiView):
    scopes = {"GET": Scope.PEOPLE, "POST": Scope.PEOPLE}

    @extend_schema(operation_id="list_invitations", responses=InvitationSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """The campaign's invitations, newest first; their links are not kept. For its leads."""
        return self.paged(get_led_campaign(self.person, slug).invitations.all(), InvitationSerializer)

    @extend_schema(
        operation_id="create_invitation", request=InvitationSerializer, responses={201: NewInvitationSerializer}
    )
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Make a link that lets people take part. It is shown this once. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        values = self.validated(InvitationSerializer, request)
        invitation, token = create_invitation(
            campaign=campaign, **values, secret=self.fresh_secret(), acting_user=self.person, now=self.now
        )
        link = request.build_absolute_uri(reverse("invitation", args=[token]))
        return Response({**InvitationSerializer(invitation).data, "link": link}, status=201)


class InvitationView(ApiView):
    scopes = {"DELETE": Scope.PEOPLE}

    @extend_schema(operation_id="revoke_invitation", responses={204: None})
    def delete(self, request: Request, slug: str, invitation_id: int) -> Response:
        """Take an invitation back; who came by it stays. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        invitation = get_invitation(campaign, invitation_id)
        revoke_invitation(invitation=invitation, acting_user=self.person, now=self.now)
        return Response(status=204)


class RecountsView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="list_recounts", responses=RecountSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """When all verdicts were made anew, newest first, and how far that is. For the campaign's leads."""
        return self.paged(get_led_campaign(self.person, slug).recounts.all(), RecountSerializer)


class MemberView(ApiView):
    scopes = {"DELETE": Scope.PEOPLE}

    @extend_schema(operation_id="remove_member", responses={204: None})
    def delete(self, request: Request, slug: str, username: str) -> Response:
        """End somebody's part in the campaign; what they judged stays. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        remove_member(campaign=campaign, user=get_person(username), acting_user=self.person, now=self.now)
        return Response(status=204)
