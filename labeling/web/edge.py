"""The edge between a browser and an action: the signed-in user, and domain errors as messages."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from common.errors import DomainError, NotAllowed, NotFound
from labeling.models import User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def page(view: View[P]) -> View[P]:
    """Requires a signed-in user; turns NotFound into a 404 and NotAllowed into a 403."""

    @wraps(view)
    def signed_in_view(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        try:
            return view(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(error.message) from error
        except NotAllowed as error:
            raise PermissionDenied(error.message) from error

    return signed_in_view


def person(request: HttpRequest) -> User:
    """The signed-in user. Only for views with `page`."""
    assert isinstance(request.user, User)
    return request.user


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


def refuse(form: BaseForm, error: DomainError) -> None:
    """Adds a domain error to a form: to the fields it names, or to the form as a whole."""
    for name, text in error.fields.items():
        form.add_error(name if name in form.fields else None, text)
    if not error.fields:
        form.add_error(None, error.message)


def _return_address(request: HttpRequest) -> str:
    """The page that the form names in `back`, if it is one of ours; else empty."""
    address = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_ours else ""
