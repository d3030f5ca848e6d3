"""Changing one's password, and resetting a forgotten one by e-mail."""

from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from labeling.actions.accounts import change_password
from labeling.actions.duties import owes_password
from labeling.actions.mails import can_send_mail, mail_goes_to_log, request_password_reset
from labeling.models import ApiToken, User
from labeling.signing_in import seconds_to_wait
from labeling.web.edge import page, person, too_soon
from labeling.web.sessions import note_this_session

AnyForm = TypeVar("AnyForm", bound=forms.Form)


class ResetForm(forms.Form):
    """The address of the account whose password was forgotten."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class ChangeForm(PasswordChangeForm):
    """Django's form, which takes the old password as the new one too."""

    revoke_tokens = forms.BooleanField(
        label=gettext_lazy("Also revoke my API tokens"),
        required=False,
        help_text=gettext_lazy("Programs that use them stop working. Do this if somebody may have seen one."),
    )

    def clean_new_password1(self) -> str:
        password = str(self.cleaned_data.get("new_password1", ""))
        if password and password == self.cleaned_data.get("old_password"):
            raise forms.ValidationError(_("This is your old password. Choose another one."))
        return password


@sensitive_post_parameters()
@page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def password_change(request: HttpRequest) -> HttpResponse:
    """The form; a POST changes the password and ends all other sessions."""
    user = person(request)
    wait = seconds_to_wait(request, "password-change", user.username) if request.method == "POST" else 0
    form = _with_plain_hints(ChangeForm(user, request.POST if request.method == "POST" and not wait else None))
    if form.is_bound and form.is_valid():
        key, done = request.session.session_key or "", "home" if owes_password(user) else "you"
        password = form.cleaned_data["new_password1"]
        change_password(
            user=user,
            password=password,
            kept_session=key,
            revoke_tokens=form.cleaned_data["revoke_tokens"],
            acting_user=user,
            now=timezone.now(),
        )
        update_session_auth_hash(request, user)
        note_this_session(request, user)  # it has a new key
        messages.success(request, _("Your password is changed. You are signed out in all other browsers."))
        return redirect(done)
    context = {"form": form, "owed": owes_password(user), "nav": "you", "wait": wait}
    return too_soon(render(request, "labeling/password_change.html", context), wait)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def password_reset(request: HttpRequest) -> HttpResponse:
    """Asks for an address. The answer is the same whether an account has it or not."""
    form, wait = ResetForm(request.POST or None), 0
    if request.method == "POST" and can_send_mail() and form.is_valid():
        address = form.cleaned_data["email"]
        wait = seconds_to_wait(request, "password-reset", address)
        if not wait:
            request_password_reset(
                address=address, site=site_of(request), language=get_language() or "en", now=timezone.now()
            )
            return redirect("password_reset_sent")
    context = {"form": form, "can_send": can_send_mail(), "mail_goes_to_log": mail_goes_to_log()}
    return too_soon(render(request, "labeling/password_reset.html", {**context, "wait": wait}), wait)


@require_http_methods(["GET", "HEAD"])
def password_reset_sent(request: HttpRequest) -> HttpResponse:
    """Says what to do next."""
    return render(request, "labeling/password_reset_sent.html", {"mail_goes_to_log": mail_goes_to_log()})


class ResetConfirmView(PasswordResetConfirmView):
    """The page behind the link of the e-mail: Django checks the link, our action sets the password."""

    template_name = "labeling/password_reset_confirm.html"
    success_url = reverse_lazy("login")

    def get_form(self, form_class: Any = None) -> "SetPasswordForm[User]":
        return _with_plain_hints(super().get_form(form_class))

    def form_valid(self, form: "SetPasswordForm[User]") -> HttpResponse:
        user, password = form.user, form.cleaned_data["new_password1"]
        had_tokens = ApiToken.objects.filter(user=user, revoked_at=None).exists()
        change_password(user=user, password=password, revoke_tokens=True, acting_user=user, now=timezone.now())
        self.request.session.flush()  # the link's token, and whoever was signed in here
        messages.success(self.request, _("Your password is changed. Sign in with the new one."))
        if had_tokens:
            messages.info(self.request, _("Your API tokens are revoked: programs that used them need new ones."))
        return redirect(self.get_success_url())


password_reset_confirm = require_http_methods(["GET", "HEAD", "POST"])(ResetConfirmView.as_view())


def site_of(request: HttpRequest) -> str:
    """The beginning of addresses on this server, for links in e-mails."""
    return f"{request.scheme}://{request.get_host()}"


def _with_plain_hints(form: AnyForm) -> AnyForm:
    """The form with sentences in place of Django's list, which cannot stand in a paragraph."""
    form.fields["new_password1"].help_text = " ".join(password_validators_help_texts())
    form.fields["new_password2"].help_text = ""
    return form
