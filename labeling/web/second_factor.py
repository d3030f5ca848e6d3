"""Two-step sign-in on the account page: an app's codes are turned on, renewed and turned off; an admin resets them."""

import re
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import quote, urlencode

import qrcode
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from qrcode.image.svg import SvgPathFillImage

from labeling.access import get_person, require_admin
from labeling.actions.duties import PASSED_SECOND_FACTOR
from labeling.actions.second_factor import (
    check_code,
    has_codes_of_app,
    has_second_factor,
    must_have_second_factor,
    recovery_codes_left,
    renew_recovery_codes,
    reset_second_factor,
    turn_off_second_factor,
    turn_on_codes,
)
from labeling.models import User
from labeling.signing_in import seconds_to_wait
from labeling.web.edge import act, attempt, form_of, page, person, submit, too_soon

IN_SESSION = "totp_secret"
"""The key's name in the session, until the app has made a right code."""


LOOKS_LIKE_A_CODE = re.compile(r"\d{6}|\d{8}", re.ASCII)
"""A code of the app, or a recovery code."""


class PasswordAgain(forms.Form):
    """The password, or without one a code where there is a second factor: an open browser alone must not be enough."""

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
    )
    known_code = forms.CharField(
        label=gettext_lazy("Code to confirm that it is you"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        help_text=gettext_lazy("A code of the app, or a recovery code."),
    )

    def __init__(self, user: User, *args: Any, **wishes: Any) -> None:
        super().__init__(*args, **wishes)
        self.user = user
        if not user.has_usable_password():
            del self.fields["password"]
        if user.has_usable_password() or not has_second_factor(user):
            del self.fields["known_code"]

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if not self.user.check_password(password):
            raise forms.ValidationError(_("This is not your password."))
        return password

    def clean_known_code(self) -> str:
        code = str(self.cleaned_data["known_code"])
        if self.errors:  # a code is taken once: not for a form that is refused anyway
            return code
        if not _is_code_of(self.user, code):
            raise forms.ValidationError(_("This code is wrong, or it was used. Wait for the next one of the app."))
        return code


class TurnOnForm(PasswordAgain):
    """A code of the app, and the password again."""

    code = forms.CharField(
        label=gettext_lazy("Code in the app"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    field_order = ("code", "password", "known_code")

    def __init__(self, user: User, *args: Any, **wishes: Any) -> None:
        super().__init__(user, *args, **wishes)
        if "known_code" in self.fields:  # there is no app yet
            self.fields["known_code"].label = _("Recovery code")
            self.fields["known_code"].help_text = _("One of those that you kept: it confirms that it is you.")


class ProofForm(forms.Form):
    """The password again, or a code in its place: an open browser alone must not be enough."""

    proof = forms.CharField(
        label=gettext_lazy("Your password, or a code"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
        help_text=gettext_lazy("A code of the app, or a recovery code."),
    )

    def __init__(self, user: User, *args: Any, **wishes: Any) -> None:
        super().__init__(*args, **wishes)
        self.user = user

    def clean_proof(self) -> str:
        proof = str(self.cleaned_data["proof"])
        if self.user.has_usable_password() and self.user.check_password(proof):
            return proof
        if not _is_code_of(self.user, proof):
            raise forms.ValidationError(_("This is neither your password nor a code that can be used now."))
        return proof


def _is_code_of(user: User, text: str) -> bool:
    """Takes a code. A mistyped password does not look like one, and is not counted as a wrong one."""
    if not LOOKS_LIKE_A_CODE.fullmatch("".join(text.split()).replace("-", "")):
        return False
    return bool(check_code(user=user, code=text, now=timezone.now()).used)


@sensitive_post_parameters()
@page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """How to turn it on, or how it stands. A POST turns it on, and shows the recovery codes once."""
    user = person(request)
    if (early := before_a_form(request, _page)) is not None:
        return early
    form = TurnOnForm(user, request.POST)

    def errand() -> list[str]:
        return turn_on_codes(secret=_secret(request), code=form.cleaned_data["code"], **by_owner(request))

    codes = attempt(form, errand)
    if codes is None:
        return _page(request, form=form)
    request.session.pop(IN_SESSION, None)
    request.session[PASSED_SECOND_FACTOR] = True
    return _page(request, codes=codes)


@sensitive_post_parameters()
@page
@never_cache
@form_of("second_factor")
def second_factor_change(request: HttpRequest) -> HttpResponse:
    """Turns it off, or makes new recovery codes and shows them once."""
    user = person(request)
    if (early := before_a_form(request, _page)) is not None:
        return early
    form = ProofForm(user, request.POST)
    if request.POST.get("act") == "renew":
        codes = attempt(form, lambda: renew_recovery_codes(user=user, acting_user=user, now=timezone.now()))
        return _page(request, codes=codes) if codes else _page(request, proof=form)

    def errand() -> str:
        turn_off_second_factor(**by_owner(request))
        request.session.pop(PASSED_SECOND_FACTOR, None)
        return _("Two-step sign-in is off.")

    return submit(request, form, errand, done=reverse("you"), again=lambda: _page(request, proof=form))


@page
@form_of("account", "username")
def second_factor_reset(request: HttpRequest, username: str) -> HttpResponse:
    """For admins: takes it off the account of somebody who has lost phone and recovery codes."""
    require_admin(person(request))
    user = get_person(username)

    def errand() -> str:
        reset_second_factor(user=user, acting_user=person(request), now=timezone.now())
        return _("Two-step sign-in of %(name)s is off, and all their sessions have ended.") % {"name": username}

    return act(request, errand, back=reverse("account", args=[username]))


def before_a_form(request: HttpRequest, show: Callable[..., HttpResponse]) -> HttpResponse | None:
    """The answer where there is no form to look at: to a GET, and after too many forms. None: there is one."""
    if settings.SECOND_FACTOR == "off":
        raise Http404("Second factors are off on this server.")
    if request.method != "POST":
        return show(request)
    wait = seconds_to_wait(request, "second-factor", person(request).username)
    return show(request, wait=wait) if wait else None


def by_owner(request: HttpRequest) -> dict[str, Any]:
    """The arguments of an act on one's own account. The session of the request outlives it."""
    user, key = person(request), request.session.session_key or ""
    return {"user": user, "kept_session": key, "acting_user": user, "now": timezone.now()}


def _page(
    request: HttpRequest,
    *,
    form: TurnOnForm | None = None,
    proof: ProofForm | None = None,
    codes: list[str] | None = None,
    wait: int = 0,
) -> HttpResponse:
    """codes: recovery codes to show, once."""
    user = person(request)
    has_app, has_one = has_codes_of_app(user), has_second_factor(user)
    context: dict[str, Any] = {
        "has_app": has_app,
        "is_on": has_one,
        "is_demanded": must_have_second_factor(user),
        "codes": codes,
        "wait": wait,
        "nav": "you",
    }
    if has_one:
        context |= {"proof": proof or ProofForm(user), "left": recovery_codes_left(user)}
    if not has_app:
        secret = _secret(request)
        context |= {"form": form or TurnOnForm(user), "secret": _in_fours(secret), "picture": _picture(request, secret)}
    return too_soon(render(request, "labeling/second_factor.html", context), wait)


def _secret(request: HttpRequest) -> str:
    """The secret that the app is to know: the same one until it is turned on."""
    if IN_SESSION not in request.session:
        request.session[IN_SESSION] = generate_totp_secret()
    return str(request.session[IN_SESSION])


def _in_fours(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def _picture(request: HttpRequest, secret: str) -> str:
    """The QR code for the app, as the address of an image."""
    issuer = f"Chosen {request.get_host().partition(':')[0]}"
    label = quote(f"{issuer}:{person(request).username}")
    address = f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"
    image, file = qrcode.make(address, image_factory=SvgPathFillImage), BytesIO()
    image.save(file)
    return f"data:image/svg+xml;base64,{b64encode(file.getvalue()).decode()}"
