"""Accounts: your own, your tokens, personal data, and new users."""

from django.contrib.auth import logout
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.access import get_self_or_anybody, get_token
from labeling.actions.erasure import erase_person, erasure_consequences
from labeling.actions.people import (
    check_erasure_by_token,
    check_role_for_token,
    create_account,
    create_token,
    note_data_read,
    revoke_token,
)
from labeling.api.base import ApiView
from labeling.api.idempotency import once
from labeling.api.serializers.people import (
    ConsequencesSerializer,
    CreatedUserSerializer,
    EraseSerializer,
    ErasureSerializer,
    MeSerializer,
    NewTokenSerializer,
    NewUserSerializer,
    TokenSerializer,
)
from labeling.models import Scope
from labeling.queries.personal_data import personal_data


class MeView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="me", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Get your account."""
        return Response(MeSerializer(self.person).data)


class MyDataView(ApiView):
    scopes = {"GET": Scope.PEOPLE}

    @extend_schema(operation_id="my_data", responses={(200, "application/json"): OpenApiTypes.OBJECT})
    def get(self, request: Request) -> StreamingHttpResponse:
        """Download all data about you as one JSON object, streamed."""
        headers = {"Content-Disposition": 'attachment; filename="my-data.json"'}
        return StreamingHttpResponse(personal_data(self.person), content_type="application/json", headers=headers)


class PersonDataView(ApiView):
    scopes = {"GET": Scope.PEOPLE}

    @extend_schema(operation_id="person_data", responses={(200, "application/json"): OpenApiTypes.OBJECT})
    def get(self, request: Request, username: str) -> StreamingHttpResponse:
        """Download all data about a person as one JSON object, streamed. For that person and for admins."""
        person = get_self_or_anybody(self.person, username)
        note_data_read(person=person, acting_user=self.person, now=self.now)
        headers = {"Content-Disposition": f'attachment; filename="{person.pseudonym}.json"'}
        return StreamingHttpResponse(personal_data(person), content_type="application/json", headers=headers)


class ErasureView(ApiView):
    scopes = {"GET": Scope.PEOPLE, "POST": Scope.PEOPLE}

    @extend_schema(operation_id="erasure_consequences", responses=ConsequencesSerializer)
    def get(self, request: Request, username: str) -> Response:
        """Preview the consequences of erasing a person. For that person and for admins."""
        person = get_self_or_anybody(self.person, username)
        consequences = erasure_consequences(person=person, acting_user=self.person)
        return Response(ConsequencesSerializer(consequences).data)

    @extend_schema(operation_id="erase_person", request=EraseSerializer, responses=ErasureSerializer)
    def post(self, request: Request, username: str) -> Response:
        """Anonymise an account permanently. For its owner and for admins. This cannot be undone.

        Judgments stay under the pseudonym and still count. With `withdraw` they no longer count, and comparisons that
        they settled are open again. A token erases only the account of its owner.
        """
        person = get_self_or_anybody(self.person, username)
        check_erasure_by_token(person, self.token)
        values = self.validated(EraseSerializer, request)
        erasure = erase_person(person=person, **values, acting_user=self.person, now=self.now)
        if person == self.person:
            logout(request._request)  # the session is deleted: nothing may save it afterwards
        return Response(ErasureSerializer(erasure).data)


class UsersView(ApiView):
    scopes = {"POST": Scope.PEOPLE}

    @extend_schema(operation_id="create_user", request=NewUserSerializer, responses={201: CreatedUserSerializer})
    @once
    def post(self, request: Request) -> Response:
        """Create a user. For admins.

        The password is for the first sign-in: its owner then chooses another one. Until then the browser's calls get
        403 `password-change-required`; tokens work. `must_change_password: false` lets them keep it.
        """
        values = self.validated(NewUserSerializer, request)
        check_role_for_token(values["role"], self.token)
        user, password = create_account(**values, secret=self.short_secret(), acting_user=self.person, now=self.now)
        body = {"username": user.username, "role": user.role, "password": password}
        return Response(CreatedUserSerializer(body).data, status=201)


class TokensView(ApiView):
    scopes = {"GET": Scope.PEOPLE, "POST": Scope.PEOPLE}

    @extend_schema(operation_id="list_tokens", responses=TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List your tokens. Their keys are not stored."""
        return self.paged(self.person.api_tokens.all(), TokenSerializer)

    @extend_schema(operation_id="create_token", request=TokenSerializer, responses={201: NewTokenSerializer})
    @once
    def post(self, request: Request) -> Response:
        """Create a token for yourself. Its key is shown only in this response."""
        values = self.validated(TokenSerializer, request)
        token, key = create_token(
            user=self.person,
            **values,
            granted_by=self.token,
            secret=self.fresh_secret(),
            acting_user=self.person,
            now=self.now,
        )
        return Response({**TokenSerializer(token).data, "key": key}, status=201)


class TokenView(ApiView):
    scopes = {"DELETE": Scope.PEOPLE}

    @extend_schema(operation_id="revoke_token", responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke one of your tokens."""
        revoke_token(token=get_token(self.person, token_id), acting_user=self.person, now=self.now)
        return Response(status=204)
