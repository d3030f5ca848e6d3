"""The edge between a browser and an action: the signed-in user, and domain errors as messages.

Buttons that only act use `act`. Forms that people fill in use `submit`, or `attempt` where no redirect follows: a
refused form comes back with everything that was typed, and the reason beside the field.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.forms import BaseForm, ChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from common.errors import ChangedMeanwhile, DomainError, NotAllowed, NotFound, Overtaken
from labeling.models import User

P = ParamSpec("P")
T = TypeVar("T")
Row = TypeVar("Row", bound=Model)
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def page(view: View[P]) -> View[P]:
    """Requires a signed-in user; turns NotFound into a 404 and NotAllowed into a 403."""

    @wraps(view)
    def signed_in_view(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(form_page(request) or _address_to_open(request))
        try:
            return view(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(error.message) from error
        except NotAllowed as error:
            raise PermissionDenied(error.message) from error

    return signed_in_view


def takes_files(view: View[P]) -> View[P]:
    """Marks the view of a form with files: a lead may send it large bodies (config.bodies)."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def form_of(where: str | Callable[..., str], *names: str) -> Callable[[View[P]], View[P]]:
    """For an address that only takes a form: opened by itself, as after a reload, it leads to the form's page.

    where: the name of that page's address, with the arguments that it shares (names); or a function that gets the
    request and all arguments of the view, and returns the address.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def posted_view(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            if callable(where):
                return redirect(where(request, *args, **kwargs))
            return redirect(reverse(where, kwargs={name: kwargs[name] for name in names}))

        return require_http_methods(["GET", "HEAD", "POST"])(posted_view)

    return decorate


def person(request: HttpRequest) -> User:
    """The signed-in user. Only for views with `page`."""
    assert isinstance(request.user, User)
    return request.user


def unless_refused(form: BaseForm, rows: QuerySet[Row]) -> QuerySet[Row]:
    """The rows that a filter found; none where its form is refused, for they would not be those that were asked for."""
    return rows.none() if form.errors else rows


def act(request: HttpRequest, errand: Callable[[], str], *, back: str) -> HttpResponse:
    """Runs an action and redirects, with a message of its success or of the domain error that refused it.

    errand: calls the action and returns the message. back: the page to return to, unless the form names one of ours.
    """
    try:
        message = errand()
    except (NotFound, NotAllowed):
        raise
    except DomainError as error:
        messages.error(request, error.message)
    else:
        if message:
            messages.success(request, message)
    return redirect(_return_address(request) or back)


def submit(
    request: HttpRequest,
    form: BaseForm,
    errand: Callable[[], str],
    *,
    done: str,
    again: Callable[[], HttpResponse],
) -> HttpResponse:
    """Runs an action on a filled-in form and redirects, with a message of its success.

    errand: calls the action and returns the message, or an empty text. done: the page that follows, unless the form
    names one of ours. again: shows the page with the form, which then holds the errors of its fields and of the action.
    """
    message = attempt(form, errand)
    if message is None:
        return again()
    if message:
        messages.success(request, message)
    return redirect(_return_address(request) or done)


def number_shown(request: HttpRequest) -> int | None:
    """The number of what a form was filled in from, where the form has it: somebody may have saved another since."""
    shown = request.POST.get("shown", "")
    return int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 10 else None


def stamp_shown(request: HttpRequest) -> str | None:
    """The stamp (`common.stamps`) of the values that a form was filled in from, where the form has it."""
    return request.POST.get("shown") or None


def attempt(form: BaseForm, errand: Callable[[], T]) -> T | None:
    """The result of an action on a filled-in form; None if the form or the action refused: the form has the errors.

    Raises NotFound, NotAllowed.
    """
    if not form.is_valid():
        return None
    try:
        return errand()
    except (NotFound, NotAllowed):
        raise
    except DomainError as error:
        refuse(form, error)
        return None


def refuse(form: BaseForm, error: DomainError) -> None:
    """Adds a domain error to a form: to the fields it names, or to the form as a whole.

    A form that was overtaken says so by `is_overtaken`: from then on it goes out from what is saved now. Beside each
    field that somebody changed stands what is saved there.
    """
    form.is_overtaken = isinstance(error, Overtaken)  # type: ignore[attr-defined]
    stored = error.stored if isinstance(error, ChangedMeanwhile) else {}
    for name, text in error.fields.items():
        value = stored_in_words(form, name, stored[name]) if name in stored else ""
        form.add_error(name if name in form.fields else None, f"{text} {value}".strip())
    if stored or not error.fields:
        form.add_error(None, error.message)


LONGEST_SHOWN = 80


def stored_in_words(form: BaseForm, name: str, value: Any) -> str:
    """A sentence with a stored value as its field shows it; empty for one too long for a line.

    A form may word some of its values itself, by name, in `wordings`.
    """
    field, wordings = form.fields.get(name), getattr(form, "wordings", {})
    if name in wordings and value is not None:
        text = str(wordings[name](value))
    elif value is None or value == "":
        text = gettext("empty")
    elif isinstance(value, bool):
        text = gettext("on") if value else gettext("off")
    elif isinstance(field, ChoiceField):
        labels: dict[Any, Any] = dict(field.choices)  # type: ignore[arg-type]
        text = str(labels.get(value, value))
    elif isinstance(value, str | int | float):
        text = str(field.prepare_value(value) if field else value)
    else:
        text = ""
    if not text or "\n" in text or len(text) > LONGEST_SHOWN:
        return ""
    return gettext("It is now: %(value)s.") % {"value": text}


def too_soon(response: HttpResponse, wait: int) -> HttpResponse:
    """The page; after too many attempts with 429 and the seconds to wait."""
    if wait:
        response.status_code = 429
        response.headers["Retry-After"] = str(wait)
    return response


def form_page(request: HttpRequest) -> str:
    """The page with the form that the request sends, if it is one of ours; else empty. Its path, with the query."""
    if request.method in ("GET", "HEAD"):
        return ""
    return _return_address(request) or page_of_ours(request, request.headers.get("referer", ""))


def _return_address(request: HttpRequest) -> str:
    """The page that the form names in `back`, if it is one of ours; else empty."""
    return page_of_ours(request, request.POST.get("back", ""))


def page_of_ours(request: HttpRequest, address: str) -> str:
    """The path and query of an address of this site; empty for any other."""
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    if not is_ours:
        return ""
    parts = urlsplit(address)
    path = "/" + parts.path.lstrip("/")  # "//other.site" would be another site
    return f"{path}?{parts.query}" if parts.query else path


def _address_to_open(request: HttpRequest) -> str:
    """Where somebody goes after signing in: the page that was asked for. Addresses of forms cannot be opened."""
    return request.get_full_path() if request.method in ("GET", "HEAD") else reverse("home")
