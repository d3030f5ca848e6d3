"""The invitations to a campaign."""

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_invitation, get_led_campaign
from labeling.actions.invitations import create_invitation, revoke_invitation
from labeling.actions.members import check_membership_for_token
from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.api.serializers.campaigns import InvitationSerializer, NewInvitationSerializer
from labeling.models import Scope


class InvitationsView(ApiView):
    scopes = {"GET": Scope.PEOPLE, "POST": Scope.PEOPLE}

    @extend_schema(operation_id="list_invitations", responses=InvitationSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """List the campaign's invitations, newest first. Their links are not stored. For its leads."""
        return self.paged(get_led_campaign(self.person, slug).invitations.all(), InvitationSerializer)

    @extend_schema(
        operation_id="create_invitation", request=InvitationSerializer, responses={201: NewInvitationSerializer}
    )
    @once
    def post(self, request: Request, slug: str) -> Response:
        """Create an invitation link. It is shown only in this response. For the campaign's leads.

        A token invites to lead only with all scopes, and experts only with `read` and `judge`.
        """
        campaign = get_led_campaign(self.person, slug)
        values = self.validated(InvitationSerializer, request)
        check_membership_for_token(values.get("role", "annotator"), self.token)
        invitation, token = create_invitation(
            campaign=campaign, **values, secret=self.fresh_secret(), acting_user=self.person, now=self.now
        )
        link = request.build_absolute_uri(reverse("invitation", args=[token]))
        return Response({**InvitationSerializer(invitation).data, "link": link}, status=201)


class InvitationView(ApiView):
    scopes = {"DELETE": Scope.PEOPLE}

    @extend_schema(operation_id="revoke_invitation", responses={204: None})
    def delete(self, request: Request, slug: str, invitation_id: int) -> Response:
        """Revoke an invitation. Members who used it stay. For the campaign's leads."""
        campaign = get_led_campaign(self.person, slug)
        invitation = get_invitation(campaign, invitation_id)
        revoke_invitation(invitation=invitation, acting_user=self.person, now=self.now)
        return Response(status=204)
