"""Invitations: created and revoked by leads, accepted by the people they invite."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from common.errors import DomainError
from common.numbers import whole_number
from labeling.access import get_invitation, get_led_campaign
from labeling.actions.invitations import (
    accept_invitation,
    create_invitation,
    open_invitation,
    revoke_invitation,
    sign_up_by_invitation,
)
from labeling.actions.sign_ins import note_sign_in
from labeling.models import Campaign, User
from labeling.signing_in import address_of, failures_of_network, network_of
from labeling.web.addresses import send_confirmation
from labeling.web.edge import act, attempt, form_of, page, person, refuse, too_soon
from labeling.web.forms import InvitationForm, SignUpForm
from labeling.web.sessions import note_this_session


@page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitations(request: HttpRequest, slug: str) -> HttpResponse:
    """The campaign's invitations; a POST creates one and shows its link, once."""
    campaign = get_led_campaign(person(request), slug)
    form, link = InvitationForm(request.POST or None), ""
    if request.method == "POST" and (token := attempt(form, lambda: _create(request, campaign, form))):
        link, form = request.build_absolute_uri(reverse("invitation", args=[token])), InvitationForm()
    context = {
        "campaign": campaign,
        "invitations": campaign.invitations.select_related("created_by").order_by("-pk"),
        "now": timezone.now(),
        "form": form,
        "link": link,
        "tab": "invitations",
    }
    return render(request, "labeling/invitations.html", context)


def _create(request: HttpRequest, campaign: Campaign, form: InvitationForm) -> str:
    """Creates the invitation; returns its token."""
    values, now = dict(form.cleaned_data), timezone.now()
    expires_at = now + timedelta(days=values.pop("days"))
    _, token = create_invitation(
        campaign=campaign, **values, expires_at=expires_at, acting_user=person(request), now=now
    )
    return token


@page
@form_of("invitations", "slug")
def invitation_revoke(request: HttpRequest, slug: str) -> HttpResponse:
    """Revokes an invitation."""
    campaign = get_led_campaign(person(request), slug)
    invitation = get_invitation(campaign, whole_number(request.POST.get("invitation", "")) or 0)

    def errand() -> str:
        revoke_invitation(invitation=invitation, acting_user=person(request), now=timezone.now())
        return gettext("The invitation is revoked.")

    return act(request, errand, back=reverse("invitations", args=[slug]))


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind an invitation's link. Signed-in users join with one press; others sign up first."""
    form, wait = SignUpForm(request.POST or None), 0
    try:
        valid_invitation = open_invitation(token, now=timezone.now())
        if request.method == "POST" and not isinstance(request.user, User):
            # A refusal tells which names there are: it counts as a failed sign-in of the network.
            with failures_of_network(request) as attempt_:
                wait = attempt_.wait
                attempt_.succeeded = not wait and _join(request, token, form) is not None
            joined = attempt_.succeeded
            if wait:  # a form that is looked at would tell after all
                form = SignUpForm(initial={"username": request.POST.get("username", "")[:150]})
        else:
            joined = request.method == "POST" and _join(request, token, form) is not None
        if joined:
            campaign = valid_invitation.campaign
            messages.success(request, gettext("Welcome to %(name)s.") % {"name": campaign.name})
            return redirect("annotate", slug=campaign.slug)
    except DomainError as error:  # a damaged link too: its page says to ask for another one
        return render(request, "labeling/invitation.html", {"problem": error.message}, status=error.status)
    # The address is a secret. The policy of all pages (same-origin) hides it from other sites; "no-referrer" would also
    # make browsers send "Origin: null" with the form, which the CSRF check refuses.
    is_member = valid_invitation.campaign.memberships.filter(user=request.user.pk).exists()
    context = {
        "invitation": valid_invitation,
        "form": form,
        "is_member": is_member,
        "by_password": settings.PASSWORD_SIGN_IN,
        "wait": wait,
    }
    return too_soon(render(request, "labeling/invitation.html", context), wait)


def _join(request: HttpRequest, token: str, form: SignUpForm) -> User | None:
    """The new member; None if the form was refused. Raises InvitationNotFound, InvitationOver."""
    if isinstance(request.user, User):
        accept_invitation(token=token, acting_user=request.user, now=timezone.now())
        return request.user
    if not settings.PASSWORD_SIGN_IN or not form.is_valid():
        return None
    values = form.cleaned_data
    try:
        user = sign_up_by_invitation(
            token=token, username=values["username"], password=values["password"], now=timezone.now()
        )
    except DomainError as error:
        if not error.fields and error.type != "username-taken":
            raise
        if error.fields:
            refuse(form, error)
        else:
            form.add_error("username", error.message)
        return None
    login(request, user)
    request.session.set_expiry(None)
    note_this_session(request, user)
    note_sign_in(user=user, network=network_of(address_of(request)), now=timezone.now())
    if address := values.get("email"):
        send_confirmation(request, user, address)
    return user
