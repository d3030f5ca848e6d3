"""Oneself, one's tokens, and new people."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_token
from labeling.actions import create_token, create_user, revoke_token
from labeling.api.base import ApiView
from labeling.api.serializers import (
    CreatedUserSerializer,
    MeSerializer,
    NewTokenSerializer,
    NewUserSerializer,
    TokenSerializer,
)


class MeView(ApiView):
    @extend_schema(operation_id="me", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Who you are."""
        return Response(MeSerializer(self.person).data)


class UsersView(ApiView):
    @extend_schema(operation_id="create_user", request=NewUserSerializer, responses={201: CreatedUserSerializer})
    def post(self, request: Request) -> Response:
        """Make an account. For admins."""
        values = self.validated(NewUserSerializer, request)
        user, password = create_user(**values, acting_user=self.person, now=self.now)
        body = {"username": user.username, "role": user.role, "password": password}
        return Response(CreatedUserSerializer(body).data, status=201)


class TokensView(ApiView):
    @extend_schema(operation_id="list_tokens", responses=TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Your tokens; their keys are not kept."""
        return Response(TokenSerializer(self.person.api_tokens.order_by("-pk"), many=True).data)

    @extend_schema(operation_id="create_token", request=TokenSerializer, responses={201: NewTokenSerializer})
    def post(self, request: Request) -> Response:
        """Make a token for yourself. Its key is shown this once."""
        values = self.validated(TokenSerializer, request)
        token, key = create_token(user=self.person, **values, acting_user=self.person, now=self.now)
        return Response({**TokenSerializer(token).data, "key": key}, status=201)


class TokenView(ApiView):
    @extend_schema(operation_id="revoke_token", responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke one of your tokens."""
        revoke_token(token=get_token(self.person, token_id), acting_user=self.person, now=self.now)
        return Response(status=204)
