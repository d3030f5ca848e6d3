"""Redirects from earlier addresses."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from labeling.web.edge import page


@page
@require_POST
def retraining_moved(request: HttpRequest, slug: str) -> HttpResponse:
    """The earlier address of the retraining form. Status 308 keeps method and body."""
    return redirect("retraining_save", slug=slug, permanent=True, preserve_request=True)
