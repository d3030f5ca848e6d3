"""One budget for all texts that a request shows: no page of made-up texts holds a thread of the web server."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from common.text.budget import budget

SECONDS = 3.0
"""CPU time, the request's other work included. Texts after that are shown as they are."""


class RenderingBudgetMiddleware:
    """Sets the budget for the views and their templates."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answers within the budget."""
        with budget(SECONDS):
            return self.get_response(request)
