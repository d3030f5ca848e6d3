"""The user's API tokens."""

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from common.numbers import whole_number
from labeling.access import get_token
from labeling.actions.people import create_token, revoke_token
from labeling.web.edge import act, attempt, form_of, page, person
from labeling.web.forms import TokenForm


@page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """Lists the tokens; a POST creates one and shows its key, once."""
    form = TokenForm(request.POST or None)
    key = attempt(form, lambda: _create(request, form)) if request.method == "POST" else None
    context = {
        "form": TokenForm() if key else form,
        "key": key,
        "tokens": person(request).api_tokens.order_by("-pk"),
        "now": timezone.now(),
        "nav": "you",
    }
    return render(request, "labeling/tokens.html", context)


@page
@form_of("tokens")
def token_revoke(request: HttpRequest) -> HttpResponse:
    """Revokes a token."""
    identifier = whole_number(request.POST.get("token", ""))
    if identifier is None:
        raise Http404("The form names no token.")
    token = get_token(person(request), identifier)

    def errand() -> str:
        revoke_token(token=token, acting_user=person(request), now=timezone.now())
        return _("The token %(name)s is revoked.") % {"name": token.name}

    return act(request, errand, back=reverse("tokens"))


def _create(request: HttpRequest, form: TokenForm) -> str:
    """Creates the token; returns its key."""
    user, now, days = person(request), timezone.now(), form.cleaned_data["days"]
    _token, key = create_token(
        user=user,
        name=form.cleaned_data["name"],
        scopes=form.cleaned_data["scopes"],
        expires_at=now + timedelta(days=int(days)) if days else None,
        acting_user=user,
        now=now,
    )
    return key
