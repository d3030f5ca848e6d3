"""Long lists, a page at a time: the one way in which every list of the API is cut into pages."""

from typing import Any

from rest_framework.pagination import CursorPagination


class Pages(CursorPagination):
    """A page costs the same wherever it is, and rows that come meanwhile move none of the others."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500

    def __init__(self, order: tuple[str, ...] = ("-pk",)) -> None:
        self.order = order

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> tuple[str, ...]:
        return self.order

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """As OpenAPI 3.1 says it: a type "null" instead of the "nullable" of 3.0."""
        address = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**address, "description": "The following page; null: this is the last."},
                "previous": {**address, "description": "The page before; null: this is the first."},
                "results": schema,
            },
        }
