"""Addresses of before: they lead to the pages that took their place."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from labeling.web.edge import page


@page
@require_POST
def retraining_moved(request: HttpRequest, slug: str) -> HttpResponse:
    """The form that was sent to policy/: method and body go along (308)."""
    return redirect("retraining_save", slug=slug, permanent=True, preserve_request=True)
