"""Redirects from earlier addresses."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from labeling.web.edge import form_of, page


@page
@form_of("campaign", "slug")
def retraining_moved(request: HttpRequest, slug: str) -> HttpResponse:
    """The earlier address of the retraining form. Status 308 keeps method and body."""
    return redirect("retraining_save", slug=slug, permanent=True, preserve_request=True)
