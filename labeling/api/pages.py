"""Pagination of every list in the API."""

from typing import Any

from django.core.exceptions import ValidationError as WrongValue
from django.db import DataError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.pagination import CursorPagination

from common.numbers import whole_number


class WrongCursor(APIException):
    status_code = 400
    default_code = "wrong_cursor"
    default_detail = gettext_lazy("This cursor is none of this list. Follow the addresses in next and previous.")


class Pages(CursorPagination):
    """Pages by cursor: each one costs the same, and rows added meanwhile shift no others."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500

    def __init__(self, order: tuple[str, ...] = ("-pk",)) -> None:
        self.order = order

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any] | None:
        """As in DRF, which compares a place of a made-up cursor with the column only in the database."""
        try:
            with transaction.atomic():  # a refused statement must not end the caller's transaction
                return super().paginate_queryset(queryset, request, view)
        except (DataError, ValueError, WrongValue) as error:
            if self.cursor_query_param in request.query_params:
                raise WrongCursor from error
            raise

    def decode_cursor(self, request: Any) -> Any:
        """As in DRF, which takes a damaged cursor for an address that is none."""
        try:
            return super().decode_cursor(request)
        except NotFound as error:
            raise WrongCursor from error

    def get_page_size(self, request: Any) -> int:
        """As in DRF, which takes whatever is no number for none. Raises ValidationError."""
        asked = request.query_params.get(self.page_size_query_param)
        size = self.page_size if asked is None else whole_number(asked)
        if not size:
            raise ValidationError({self.page_size_query_param: _("Give a number from 1 to %d.") % self.max_page_size})
        return min(size, self.max_page_size)

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> tuple[str, ...]:
        return self.order

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """In OpenAPI 3.1: type "null" instead of 3.0's "nullable"."""
        address = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**address, "description": "Address of the next page; null on the last one."},
                "previous": {**address, "description": "Address of the previous page; null on the first one."},
                "results": schema,
            },
        }
