"""Headers of every response: what a page may load (only our own files), and who may keep the response.

Also the answer to addresses that do not exist.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.defaults import page_not_found

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


class ContentSecurityPolicyMiddleware:
    """Sets the policy on every response. Completions are hostile input: this is the second barrier after sanitising."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        if settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers:
            # People's texts: no shared cache may keep them, and no browser shows them after signing out.
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page, or under /api/ the problem."""
    if not request.path.startswith("/api/"):
        return page_not_found(request, exception)
    detail = "There is nothing at this address. The API description lists all addresses."
    body = {"type": "/problems/not-found", "title": "Not Found", "status": 404, "detail": detail}
    return JsonResponse(body, status=404, content_type="application/problem+json")
