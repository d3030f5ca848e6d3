"""Signing in: the page for name and password, the page for the second step, and the end of both."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import perform_password_login, record_authentication
from allauth.account.models import Login
from allauth.account.stages import LoginStage, LoginStageController
from allauth.mfa.webauthn.internal.flows import did_use_passwordless_login
from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from labeling.actions.duties import PASSED_SECOND_FACTOR
from labeling.actions.passkeys import PasskeyRefused, passkeys_of, sign_in_options, take_passkey
from labeling.actions.second_factor import check_code, has_second_factor
from labeling.actions.sign_ins import note_sign_in
from labeling.models import User
from labeling.signing_in import WAIT, address_of, network_of
from labeling.web.edge import attempt, page_of_ours, too_soon
from labeling.web.passkeys import AnswerForm, passkeys_sign_in
from labeling.web.providers import sign_in_providers
from labeling.web.sessions import note_this_session


class CodeForm(forms.Form):
    """A code of the app, or one of the recovery codes."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        help_text=gettext_lazy("The six digits that your app shows now, or one of your recovery codes."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
    )


class SignInView(LoginView):
    """Django's view; after too many failures it says how long to wait (429)."""

    template_name = "login.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            providers=sign_in_providers(),
            by_password=settings.PASSWORD_SIGN_IN,
            by_passkey=passkeys_sign_in(),
            **kwargs,
        )

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """The password is right. allauth goes on: to the second step where there is one, and to the end."""
        user, after = form.get_user(), self.get_success_url()
        if self.request.user.is_authenticated and self.request.user != user:
            logout(self.request)  # the session says how its user came in: that must not mix
        login = Login(user=user, redirect_url=after)
        return _response(perform_password_login(self.request, {}, login))

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        seconds = getattr(self.request, WAIT, 0)
        response = self.render_to_response(self.get_context_data(form=form, wait=seconds))
        return too_soon(response, seconds)


class SecondStep(LoginStage):  # type: ignore[misc]
    """Asks for the second factor of those who have one, whichever way they come."""

    key = "second_factor"
    urlname = "second_step"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        user = self.login.user
        if not has_second_factor(user) or did_use_passwordless_login(self.request, user):
            return None, True
        self.state["password"] = user.get_session_auth_hash()
        self.login.signal_kwargs = None  # a provider's tokens and all of the account: the session must not hold them
        return redirect(self.urlname), True

    def is_over(self) -> bool:
        """Whether the account was switched off, or got another password, since the first step."""
        user = self.login.user
        known = constant_time_compare(self.state.get("password", ""), user.get_session_auth_hash())
        return not (user.is_active and known)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """The steps and the end of every sign-in: the event, and no message of allauth's."""

    def get_login_stages(self) -> list[str]:
        return ["labeling.web.login.SecondStep"]

    def login(self, request: HttpRequest, user: User) -> None:
        means = {}
        for record in get_authentication_records(request, user):
            if record["method"] == "socialaccount":
                means["provider"] = record["provider"]
            elif record["method"] == "mfa":
                means["second_factor"] = record["type"]
        super().login(request, user)
        if "second_factor" in means:
            request.session[PASSED_SECOND_FACTOR] = True
        request.session.set_expiry(None)  # the page for passkeys shortens it
        note_this_session(request, user)
        note_sign_in(user=user, network=network_of(address_of(request)), means=means, now=timezone.now())

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        pass


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Asks for a code after the password. Without the first step, or too late, it leads to the beginning."""
    stage = LoginStageController.enter(request, SecondStep.key)
    if stage is None:
        return redirect("home" if request.user.is_authenticated else "login")
    if stage.is_over():
        return _response(stage.abort())
    user, form, wait, error = stage.login.user, CodeForm(request.POST or None), 0, ""
    if request.POST.get("credential"):
        answer, form = AnswerForm(request.POST), CodeForm()
        if attempt(answer, lambda: _taken(user, answer)):
            record_authentication(request, user, "mfa", type="webauthn")
            return _response(stage.exit())
        error = str(PasskeyRefused.sentence)
    elif request.method == "POST" and form.is_valid():
        check = check_code(user=user, code=form.cleaned_data["code"], now=timezone.now())
        if check.used:
            record_authentication(request, user, "mfa", type=check.used)
            return _response(stage.exit())
        wait = check.wait
        if not wait:
            form.add_error("code", _("This code is wrong, or it was used. Wait for the next one of the app."))
    context = {"form": form, "wait": wait, "error": error}
    if passkeys_of(user).exists():
        context["options"] = sign_in_options(user)
    return too_soon(render(request, "labeling/second_step.html", context), wait)


def _taken(user: User, answer: AnswerForm) -> User:
    return take_passkey(user=user, credential=answer.cleaned_data["credential"], now=timezone.now())


@require_http_methods(["GET", "HEAD", "POST"])
def admin_login(request: HttpRequest) -> HttpResponse:
    """Signing in to Django's admin: on the page of everybody, which knows of second factors."""
    after = page_of_ours(request, request.GET.get("next", ""))
    if isinstance(request.user, User):
        return redirect("admin:index" if request.user.is_staff else "home")
    return redirect_to_login(after or reverse("admin:index"))


def _response(response: Any) -> HttpResponse:
    """A response of allauth's, which has no types."""
    assert isinstance(response, HttpResponse)
    return response
