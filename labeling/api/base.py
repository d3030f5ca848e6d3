"""What all views of the API share: they take a request apart, call one action or query, and answer."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from labeling.models import User


class ApiView(APIView):
    """A view for those who signed in or sent a token."""

    @property
    def person(self) -> User:
        """Who is calling."""
        user = self.request.user
        assert isinstance(user, User)
        return user

    @property
    def now(self) -> datetime:
        """The moment an action is told."""
        return timezone.now()

    def validated(
        self, serializer: type[Serializer[Any]], request: Request, *, partial: bool = False
    ) -> dict[str, Any]:
        """The body, checked and typed. Raises ValidationError."""
        checked = serializer(data=request.data, partial=partial)
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)


class NewestFirst(CursorPagination):
    """Long lists, a page at a time, newest first; a page costs the same wherever it is."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500
    ordering = "-id"
