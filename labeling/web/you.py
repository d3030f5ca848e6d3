"""One's own account: what is held about oneself, and being forgotten."""

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from labeling.actions.erasure import erase_person, erasure_consequences
from labeling.errors import DomainError, NotAllowed
from labeling.web.edge import page, person


@page
@require_safe
def you(request: HttpRequest) -> HttpResponse:
    """The account, and what an erasure would do."""
    user = person(request)
    context = {"consequences": erasure_consequences(person=user, acting_user=user), "nav": "you"}
    return render(request, "labeling/you.html", context)


@page
@require_POST
def you_erase(request: HttpRequest) -> HttpResponse:
    """Forgets whoever asks, after they have typed their name, and signs them out."""
    user = person(request)
    try:
        erase_person(
            person=user, confirmation=request.POST.get("confirmation", ""), acting_user=user, now=timezone.now()
        )
    except NotAllowed:
        raise
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("you")
    logout(request)
    return redirect("login")
