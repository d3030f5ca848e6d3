"""The inbox: what waits for the user's decision in all of their campaigns. Every page has its count in the menu."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from labeling.actions.attention import bring_back, set_aside
from labeling.models import User
from labeling.queries.attention import Attention, attention
from labeling.web.edge import act, form_of, page, person


@page
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """Everything that waits, with links to the pages that settle it."""
    return render(request, "labeling/inbox.html", {"nav": "inbox"})


@page
@form_of("inbox")
def inbox_change(request: HttpRequest) -> HttpResponse:
    """Sets an item aside, or brings it back."""
    key, user = request.POST.get("key", ""), person(request)

    def errand() -> str:
        if request.POST.get("act") == "back":
            bring_back(key=key, acting_user=user)
            return _("The item is back in your inbox.")
        set_aside(key=key, acting_user=user, now=timezone.now())
        return _("The item is set aside. It comes back if it grows.")

    return act(request, errand, back=reverse("inbox"))


def user_attention(request: HttpRequest) -> dict[str, Any]:
    """A context processor: the user's inbox, read only by pages that show it."""
    user = getattr(request, "user", None)
    return {"attention": SimpleLazyObject(lambda: attention(user) if isinstance(user, User) else Attention())}
