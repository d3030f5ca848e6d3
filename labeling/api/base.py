"""The base class of the API's views. A view checks the request, calls one action or query, and responds."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, cast

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, ListSerializer, Serializer
from rest_framework.views import APIView

from common.errors import NotAllowed
from labeling.actions.duties import duty_of
from labeling.api.idempotency import fresh_secret, short_secret
from labeling.api.pages import Pages
from labeling.api.throttling import Limit
from labeling.models import ApiToken, Scope, User


@cache
def _checker(serializer: type[Serializer[Any]]) -> Serializer[Any]:
    """A shared instance for whole bodies: creating one takes longer than using it, and validation stores nothing."""
    return serializer()


def _require_known_fields(checker: BaseSerializer[Any], given: Any, before: str = "") -> None:
    """Raises ValidationError for fields that a body, or an object in it, cannot have."""
    if isinstance(checker, ListSerializer):
        for number, one in enumerate(given if isinstance(given, list) else ()):
            _require_known_fields(cast(BaseSerializer[Any], checker.child), one, f"{before}{number}.")
        return
    if not isinstance(checker, Serializer) or not isinstance(given, Mapping):  # the serializer says so
        return
    # A form, unlike JSON, has the fields of an object as "object.field".
    if unknown := [name for name in given if str(name).partition(".")[0] not in checker.fields]:
        reason = gettext("There is no such field. Known are %(names)s.") % {"names": ", ".join(checker.fields)}
        raise ValidationError({f"{before}{name}": reason for name in unknown})
    for name, field in checker.fields.items():
        if isinstance(field, BaseSerializer):
            _require_known_fields(field, given.get(name), f"{before}{name}.")


class ScopeMissing(NotAllowed):
    type = "scope-missing"
    sentence = gettext_lazy("This token lacks the scope %(required)s. It has %(scopes)s.")


class Scoped(APIView):
    """A view that declares the scope a token needs. scopes: by method; sessions need none."""

    scopes: ClassVar[Mapping[str, Scope]] = {}
    throttle_classes = (Limit,)

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        if request.auth is None and isinstance(request.user, User):
            duty = duty_of(request.user, request._request.session)
            if duty is not None:
                raise duty
        if isinstance(request.auth, ApiToken):
            self.require_scope(request, self.scope(request))

    def require_scope(self, request: Request, required: Scope) -> None:
        """Raises ScopeMissing if a token lacks it. Sessions have all."""
        token = request.auth
        if isinstance(token, ApiToken) and required not in token.scopes:
            raise ScopeMissing(required=required, scopes=", ".join(token.scopes))

    def scope(self, request: Request) -> Scope:
        """The scope that a token needs. OPTIONS counts as reading."""
        method = {"HEAD": "GET"}.get(str(request.method), str(request.method))
        if method in self.scopes:
            return self.scopes[method]
        if method != "OPTIONS" and hasattr(self, method.lower()):
            raise ImproperlyConfigured(f"{type(self).__name__} declares no scope for {method}.")
        return Scope.READ


class ApiView(Scoped):
    """A view for authenticated callers."""

    pagination_class: type[Pages] | None = Pages

    @property
    def person(self) -> User:
        """The caller."""
        user = self.request.user
        assert isinstance(user, User)
        return user

    @property
    def token(self) -> ApiToken | None:
        """The caller's token; None for a session."""
        return self.request.auth if isinstance(self.request.auth, ApiToken) else None

    @property
    def now(self) -> datetime:
        """The current time, as passed to actions."""
        return timezone.now()

    def validated(
        self, serializer: type[Serializer[Any]], request: Request, *, partial: bool = False, only: bool = False
    ) -> dict[str, Any]:
        """The validated, typed body. Raises ValidationError.

        only: also for a field of another name: a misspelt one would be left out of a decision without a word.
        """
        if only:
            _require_known_fields(_checker(serializer), request.data)
        if partial:
            checked = serializer(data=request.data, partial=True)
            checked.is_valid(raise_exception=True)
            return dict(checked.validated_data)
        return dict(_checker(serializer).run_validation(request.data))

    def asked(self, serializer: type[Serializer[Any]], *, only: bool = False) -> dict[str, Any]:
        """The validated, typed query parameters. Raises ValidationError.

        only: also for a parameter of another name. A misspelt one would go unnoticed, and a file would hold too much.
        """
        checked = serializer(data=self.request.query_params)
        if only and (unknown := [name for name in self.request.query_params if name not in checked.fields]):
            reason = gettext("There is no such parameter. Known are %(names)s.") % {"names": ", ".join(checked.fields)}
            raise ValidationError(dict.fromkeys(unknown, reason))
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)

    def paged(
        self,
        rows: QuerySet[Any, Any],
        serializer: type[BaseSerializer[Any]],
        *,
        order: tuple[str, ...] = ("-pk",),
        context: Mapping[str, Any] | None = None,
    ) -> Response:
        """One page of a list. order: must end with a unique column."""
        pages = Pages(order)
        page: list[Model] | None = pages.paginate_queryset(rows, self.request, view=self)
        return pages.get_paginated_response(serializer(page, many=True, context=dict(context or {})).data)

    def fresh_secret(self) -> str:
        """256 random bits in hexadecimal. A call with an Idempotency-Key gets the same bits in every retry."""
        return fresh_secret(self.request)

    def short_secret(self) -> str:
        """Its beginning, for people to type."""
        return short_secret(self.request)
