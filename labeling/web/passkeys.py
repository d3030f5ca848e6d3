"""Passkeys: the list of one's own, adding and removing them, and signing in with one."""

import json
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from labeling.actions.duties import PASSED_SECOND_FACTOR
from labeling.actions.passkeys import (
    LONGEST_NAME,
    PasskeyRefused,
    add_passkey,
    passkeys_of,
    registration_options,
    remove_passkey,
    sign_in_options,
    take_passkey,
)
from labeling.actions.second_factor import has_second_factor
from labeling.models import User
from labeling.signing_in import failures_of_network
from labeling.web.edge import attempt, form_of, page, page_of_ours, person, submit, too_soon
from labeling.web.second_factor import PasswordAgain, ProofForm, before_a_form, by_owner

LONGEST_CREDENTIAL = 20_000
"""Characters. Browsers send one or two thousand."""


class CredentialField(forms.Field):
    """The answer of a passkey, as JSON. Anybody can send it, so it is bounded before it is read."""

    def to_python(self, value: Any) -> Any:
        text = str(value or "")
        try:
            if len(text) > LONGEST_CREDENTIAL or "\\u" in text:  # the database keeps not every character
                raise ValueError("This is no credential.")
            return json.loads(json.dumps(json.loads(text), allow_nan=False))
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(str(PasskeyRefused.sentence)) from error


class PasskeyForm(PasswordAgain):
    """The name of a passkey, and what the browser made; a script fills that in."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=LONGEST_NAME,
        help_text=gettext_lazy("Where you keep it, such as your phone, your laptop or a security key."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    credential = CredentialField(widget=forms.HiddenInput)

    field_order = ("name", "credential", "password", "known_code")

    def clean(self) -> None:
        """Nobody sees the field, so what is wrong with it is said of the form."""
        if "credential" in self.errors:
            del self.errors["credential"]
            raise forms.ValidationError(str(PasskeyRefused.sentence))


class AnswerForm(forms.Form):
    """The answer of a passkey; a script fills it in."""

    credential = CredentialField(widget=forms.HiddenInput)


ASKED_FOR = 900
"""Seconds for which a session is kept that only asks for a passkey."""


def passkeys_sign_in() -> bool:
    """Whether the sign-in page offers passkeys."""
    return bool(settings.PASSWORD_SIGN_IN and settings.SECOND_FACTOR != "off")


@sensitive_post_parameters()
@page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def passkeys(request: HttpRequest) -> HttpResponse:
    """The user's passkeys; a POST adds one, and shows recovery codes if they are the first."""
    user = person(request)
    if (early := before_a_form(request, _page)) is not None:
        return early
    form = PasskeyForm(user, request.POST)

    def errand() -> list[str]:
        values = form.cleaned_data
        return add_passkey(name=values["name"], credential=values["credential"], **by_owner(request))

    codes = attempt(form, errand)
    if codes is None:
        return _page(request, form=form)
    request.session[PASSED_SECOND_FACTOR] = True
    return _page(request, codes=codes) if codes else redirect("passkeys")


@sensitive_post_parameters()
@page
@never_cache
@form_of("passkeys")
def passkey_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Removes a passkey, after the password or a code."""
    user = person(request)
    if (early := before_a_form(request, _page)) is not None:
        return early
    form = ProofForm(user, request.POST)

    def errand() -> str:
        remove_passkey(passkey_id=pk, **by_owner(request))
        if not has_second_factor(user):
            request.session.pop(PASSED_SECOND_FACTOR, None)
        return _("The passkey is removed. Delete it on your device as well.")

    return submit(request, form, errand, done=reverse("passkeys"), again=lambda: _page(request, proof=form, of=pk))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """Asks the browser for a passkey, and signs its user in. Refused ones count as failed sign-ins of the network."""
    after = page_of_ours(request, request.GET.get("next", "")) or reverse("home")
    if not passkeys_sign_in():
        raise Http404("Nobody signs in with a passkey on this server.")
    if request.user.is_authenticated:
        return redirect("home")
    if request.method != "POST":
        request.session.set_expiry(ASKED_FOR)  # until somebody signs in: anybody can open this page, robots too
        return _asks(request)
    form = AnswerForm(request.POST)
    with failures_of_network(request) as attempt_:
        if attempt_.wait:
            return _asks(request, wait=attempt_.wait)
        user = attempt(form, lambda: _owner(form))
        attempt_.succeeded = user is not None
    if user is None:
        return _asks(request, error=str(PasskeyRefused.sentence))
    record_authentication(request, user, "mfa", type="webauthn", passwordless=True)
    response: HttpResponse = perform_login(request, user, redirect_url=after)
    return response


def _owner(form: AnswerForm) -> User:
    return take_passkey(user=None, credential=form.cleaned_data["credential"], now=timezone.now())


def _asks(request: HttpRequest, *, error: str = "", wait: int = 0) -> HttpResponse:
    context = {"options": sign_in_options(None), "error": error, "wait": wait}
    return too_soon(render(request, "labeling/passkey_sign_in.html", context), wait)


def _page(
    request: HttpRequest,
    *,
    form: PasskeyForm | None = None,
    proof: ProofForm | None = None,
    of: int = 0,
    codes: list[str] | None = None,
    wait: int = 0,
) -> HttpResponse:
    """of: the passkey that `proof` is about. codes: recovery codes to show, once."""
    user = person(request)
    rows: list[dict[str, Any]] = [
        {
            "pk": row.pk,
            "name": row.data["name"],
            "created_at": row.created_at,
            "last_used_at": row.last_used_at,
            "proof": proof if proof and row.pk == of else ProofForm(user, auto_id=f"id_%s_{row.pk}"),
            "is_open": row.pk == of,
        }
        for row in passkeys_of(user)
    ]
    context = {
        "passkeys": rows,
        "form": form or PasskeyForm(user),
        "options": registration_options(user),
        "codes": codes,
        "wait": wait,
        "nav": "you",
    }
    return too_soon(render(request, "labeling/passkeys.html", context), wait)
