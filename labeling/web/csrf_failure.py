"""The page for a form that Django refused as forged: the true cause, what to do, and the typed text to copy."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.middleware import csrf
from django.shortcuts import render
from django.utils.translation import gettext as _

from labeling.web.edge import form_page

SECRET = ("csrfmiddlewaretoken", "password")
"""Beginnings and ends of the names of fields that are never shown."""

LONGEST_SHOWN = 20_000


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page, with status 403. reason: Django's own English sentence."""
    context = {
        "advice": _advice(request, reason),
        "form_page": form_page(request),
        "texts": list(_typed_texts(request)),
    }
    return render(request, "403_csrf.html", context, status=403)


def _advice(request: HttpRequest, reason: str) -> str:
    """The cause, and the way out."""
    origin = request.headers.get("origin", "")
    if reason == csrf.REASON_NO_CSRF_COOKIE:
        return _(
            "Your browser did not send this site's cookie. Allow cookies for this site, then open the form again and "
            "submit it."
        )
    if reason in (csrf.REASON_NO_REFERER, csrf.REASON_MALFORMED_REFERER) or origin == "null":
        return _(
            "Your browser did not say which page the form was on. A privacy setting or an extension may hide it: allow "
            "it for this site, or use another browser. Then open the form again and submit it."
        )
    if reason.startswith(("Origin checking failed", "Referer checking failed")):
        page = origin or _origin_of(request.headers.get("referer", ""))
        return _(
            "The form came from %(page)s, but this server knows itself as %(server)s. If you opened that page "
            "yourself, the administrator must add its address to CSRF_TRUSTED_ORIGINS. Otherwise another site tried "
            "to act in your name."
        ) % {"page": page, "server": f"{request.scheme}://{request.get_host()}"}
    return _(
        "You have signed in or out since the form was opened, perhaps in another tab. Open it again and submit it."
    )


def _origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _typed_texts(request: HttpRequest) -> Iterator[str]:
    """The texts of the form, without passwords and without single words: those are quickly typed again."""
    for name, text in request.POST.items():
        is_secret = name.startswith(SECRET) or name.endswith(SECRET)
        if not is_secret and len(str(text).split()) > 1:
            yield str(text)[:LONGEST_SHOWN]
