"""The e-mail address of one's account: changed once the new address is confirmed by a link sent to it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from common.errors import DomainError
from labeling.actions.accounts import confirm_address, remove_address
from labeling.actions.mails import can_send_mail, mail_goes_to_log, read_address_token, request_confirmation
from labeling.models import User
from labeling.signing_in import seconds_to_wait
from labeling.web.edge import page, person
from labeling.web.forms import address_hint
from labeling.web.passwords import site_of


class AddressForm(forms.Form):
    """A new address; empty: none."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, *args: Any, reads_log: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = address_hint(reads_log=reads_log)


@page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def address_change(request: HttpRequest) -> HttpResponse:
    """The form; a POST has a link sent to the new address, or removes the old one."""
    user = person(request)
    sent = request.POST if request.method == "POST" else None
    form, wait = AddressForm(sent, initial={"email": user.email}, reads_log=user.is_admin), 0
    if request.method == "POST" and can_send_mail() and form.is_valid():
        address = form.cleaned_data["email"]
        if not address:
            remove_address(user=user, now=timezone.now())
            messages.success(request, _("Your account has no e-mail address now."))
            return redirect("you")
        wait = seconds_to_wait(request, "address-change", user.username)
        if not wait:
            send_confirmation(request, user, address)
            return redirect("you")
    context = {
        "form": form,
        "can_send": can_send_mail(),
        "mail_goes_to_log": mail_goes_to_log(),
        "wait": wait,
        "nav": "you",
    }
    return render(request, "labeling/address_change.html", context, status=429 if wait else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def address_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link of the e-mail. Its button confirms: programs that open links in mails do not."""
    if request.method == "POST":
        try:
            user = confirm_address(token=token, now=timezone.now())
        except DomainError as error:
            return render(request, "labeling/address_confirm.html", {"problem": error.message}, status=error.status)
        messages.success(request, _("%(address)s is confirmed.") % {"address": user.email})
        return redirect("you" if request.user == user else reverse("login"))
    contents = read_address_token(token)
    return render(request, "labeling/address_confirm.html", {"address": contents["address"] if contents else ""})


def send_confirmation(request: HttpRequest, user: User, address: str) -> None:
    """Has the link sent, and says so."""
    request_confirmation(
        user=user, address=address, site=site_of(request), language=get_language() or "en", now=timezone.now()
    )
    text = _("We sent a link to %(address)s. Open it to confirm the address.")
    if mail_goes_to_log() and user.is_admin:
        text = _(
            "No e-mail was sent. The link to confirm %(address)s is in the worker's log (make run: var/log/worker.log)."
        )
    elif mail_goes_to_log():
        text = _("This server delivers no e-mail. Ask an administrator for the link to confirm %(address)s.")
    messages.info(request, text % {"address": address})
