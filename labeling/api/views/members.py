"""The members of a campaign."""

from django.db.models import F
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_led_campaign, get_person
from labeling.actions.members import (
    add_member,
    check_membership_for_token,
    pause_member,
    remove_member,
    resume_member,
)
from labeling.api.base import ApiView
from labeling.api.filters import MemberFilter
from labeling.api.idempotency import once
from labeling.api.serializers.campaigns import MembershipSerializer
from labeling.models import Scope


class MembersView(ApiView):
    scopes = {"GET": Scope.PEOPLE, "POST": Scope.PEOPLE}

    @extend_schema(operation_id="list_members", parameters=[MemberFilter], responses=MembershipSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the members, ordered by user name. For the campaign's leads."""
        members = get_led_campaign(self.person, slug).memberships.filter(**self.asked(MemberFilter))
        named = members.select_related("user").annotate(username=F("user__username"))
        return self.paged(named, MembershipSerializer, order=("username",))

    @extend_schema(operation_id="add_member", request=MembershipSerializer, responses={201: MembershipSerializer})
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Add a member, or change a member's role. For the campaign's leads.

        A token makes nobody a lead unless it has all scopes, or an expert without `read` and `judge`.
        """
        campaign = get_led_campaign(self.person, slug)
        values = self.validated(MembershipSerializer, request)
        user = get_person(values["user"]["username"])
        role = values.get("role", "annotator")
        check_membership_for_token(role, self.token)
        membership = add_member(campaign=campaign, user=user, role=role, acting_user=self.person, now=self.now)
        return Response(MembershipSerializer(membership).data, status=201)


class MemberView(ApiView):
    scopes = {"DELETE": Scope.PEOPLE}

    @extend_schema(operation_id="remove_member", responses={204: None})
    def delete(self, request: Request, slug: str, username: str) -> Response:
        """Remove a member; their judgments are kept. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        remove_member(campaign=campaign, user=get_person(username), acting_user=self.person, now=self.now)
        return Response(status=204)


class PauseMemberView(ApiView):
    scopes = {"POST": Scope.PEOPLE}

    @extend_schema(operation_id="pause_member", request=None, responses=MembershipSerializer)
    def post(self, request: Request, slug: str, username: str) -> Response:
        """Assign nothing new to a member; open assignments may be finished. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        user = get_person(username)
        membership = pause_member(campaign=campaign, user=user, acting_user=self.person, now=self.now)
        return Response(MembershipSerializer(membership).data)


class ResumeMemberView(ApiView):
    scopes = {"POST": Scope.PEOPLE}

    @extend_schema(operation_id="resume_member", request=None, responses=MembershipSerializer)
    def post(self, request: Request, slug: str, username: str) -> Response:
        """Resume a paused or warned member; their gold is counted from zero. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        user = get_person(username)
        membership = resume_member(campaign=campaign, user=user, acting_user=self.person, now=self.now)
        return Response(MembershipSerializer(membership).data)
