"""The language of the pages: the reader's choice, else the browser's. Scripts get a catalogue of translations."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog
from django.views.i18n import set_language as django_set_language

from labeling.web.edge import form_of

YEAR = 365 * 24 * 3600


@form_of("home")
def set_language(request: HttpRequest) -> HttpResponse:
    """Stores the language in a cookie and returns to the page with the form."""
    response: HttpResponse = django_set_language(request)
    return response


@require_safe
def words(request: HttpRequest) -> HttpResponseBase:
    """The scripts' sentences in the reader's language, cached for a year: their address changes with them."""
    response = JavaScriptCatalog.as_view()(request)
    patch_cache_control(response, private=True, max_age=YEAR)
    return response


def words_version(request: HttpRequest) -> dict[str, str]:
    """A context processor: the version in the address of `words`."""
    return {"words_version": _version(get_language() or settings.LANGUAGE_CODE)}


@cache
def _version(language: str) -> str:
    catalogues = [Path(folder) / language / "LC_MESSAGES" / "djangojs.mo" for folder in settings.LOCALE_PATHS]
    contents = b"".join(path.read_bytes() for path in catalogues if path.exists())
    return f"{language}-{sha256(contents).hexdigest()[:12]}"
