"""An account: what is held about somebody, and being forgotten. One's own or, for admins, anybody's."""

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common.errors import DomainError, NotAllowed
from labeling.access import get_self_or_anybody
from labeling.actions.erasure import erase_person, erasure_consequences
from labeling.models import User
from labeling.web.edge import page, person


@page
@require_safe
def you(request: HttpRequest) -> HttpResponse:
    """One's own account, and what an erasure would do."""
    return _shown(request, person(request))


@page
@require_safe
def account(request: HttpRequest, username: str) -> HttpResponse:
    """The same of somebody else, for admins; one's own is at its own address too."""
    return _shown(request, get_self_or_anybody(person(request), username))


@page
@require_POST
def account_erase(request: HttpRequest, username: str) -> HttpResponse:
    """Forgets somebody, after their name was typed; who forgets themselves is signed out."""
    user, them = person(request), get_self_or_anybody(person(request), username)
    try:
        erase_person(
            person=them,
            confirmation=request.POST.get("confirmation", ""),
            withdraw=request.POST.get("withdraw") == "yes",
            acting_user=user,
            now=timezone.now(),
        )
    except NotAllowed:
        raise
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("account", username=username)
    if them == user:
        logout(request)
        return redirect("login")
    messages.success(
        request,
        _("The account %(username)s is erased; what it judged is %(pseudonym)s's.")
        % {"username": username, "pseudonym": them.pseudonym},
    )
    return redirect("home")


def _shown(request: HttpRequest, them: User) -> HttpResponse:
    consequences = erasure_consequences(person=them, acting_user=person(request))
    return render(request, "labeling/you.html", {"person": them, "consequences": consequences, "nav": "you"})
