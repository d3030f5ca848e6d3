"""Between a browser and an action: who is asking, and what a domain error looks like on a page."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from common.errors import DomainError, NotAllowed, NotFound
from labeling.models import User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def page(view: View[P]) -> View[P]:
    """For those who signed in; what one must not know of is not found, what one may not do is forbidden."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        try:
            return view(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(error.message) from error
        except NotAllowed as error:
            raise PermissionDenied(error.message) from error

    return answer


def person(request: HttpRequest) -> User:
    """Who is asking. Only on pages behind a login."""
    assert isinstance(request.user, User)
    return request.user


def act(request: HttpRequest, errand: Callable[[], str], *, back: str) -> HttpResponse:
    """Runs an action and returns to a page with its sentence, or with the sentence of what refused it.

    errand: calls the action and returns what to say. back: where to go, unless the form names a page of ours.
    """
    try:
        said = errand()
    except (NotFound, NotAllowed):
        raise
    except DomainError as error:
        messages.error(request, error.message)
    else:
        if said:
            messages.success(request, said)
    return redirect(_wanted(request) or back)


def refuse(form: BaseForm, error: DomainError) -> None:
    """Puts a domain error into a form: beside the fields it names, else above them."""
    for name, text in error.fields.items():
        form.add_error(name if name in form.fields else None, text)
    if not error.fields:
        form.add_error(None, error.message)


def _wanted(request: HttpRequest) -> str:
    """The page the form wants to return to, if it is one of ours."""
    wanted = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else ""
