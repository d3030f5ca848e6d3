"""An account's page: its personal data and its erasure; for its owner also how to sign in. For owner and admins."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from labeling.access import get_self_or_anybody
from labeling.actions.erasure import erase_person, erasure_consequences
from labeling.actions.mails import mail_goes_to_log
from labeling.actions.notices import choose_notices
from labeling.actions.second_factor import has_second_factor
from labeling.models import User
from labeling.web.edge import attempt, form_of, page, person, submit
from labeling.web.forms import EraseForm
from labeling.web.notice_form import NoticeForm
from labeling.web.sessions import session_rows


@page
@require_safe
def you(request: HttpRequest) -> HttpResponse:
    """The user's own account and the consequences of erasing it."""
    return _account_page(request, person(request))


@page
@form_of("you")
def you_notices(request: HttpRequest) -> HttpResponse:
    """Saves when the user gets e-mail about their inbox."""
    user, form = person(request), NoticeForm(request.POST)

    def errand() -> str:
        values = form.cleaned_data | {"language": get_language() or settings.LANGUAGE_CODE}
        choose_notices(**values, acting_user=user, now=timezone.now())
        return _("Your choice is saved.")

    def again() -> HttpResponse:
        return _account_page(request, user, notice_form=form)

    return submit(request, form, errand, done=reverse("you"), again=again)


@page
@require_safe
def account(request: HttpRequest, username: str) -> HttpResponse:
    """Another person's account, for admins; the user's own account is here too."""
    return _account_page(request, get_self_or_anybody(person(request), username))


@page
@form_of("account", "username")
def account_erase(request: HttpRequest, username: str) -> HttpResponse:
    """Erases an account after its name was typed. Users who erase themselves are signed out."""
    user, owner = person(request), get_self_or_anybody(person(request), username)
    form = EraseForm(request.POST, is_own=owner == user, is_outside=owner.is_outside)

    def errand() -> User:
        values, now = form.cleaned_data, timezone.now()
        erase_person(person=owner, **values, acting_user=user, now=now)
        return owner

    if attempt(form, errand) is None:
        return _account_page(request, owner, refused=form)
    if owner == user:
        logout(request)
        return redirect("login")
    messages.success(
        request,
        _("The account %(username)s is erased. Its judgments belong to %(pseudonym)s.")
        % {"username": username, "pseudonym": owner.pseudonym},
    )
    return redirect("home")


def _account_page(
    request: HttpRequest, owner: User, *, refused: EraseForm | None = None, notice_form: NoticeForm | None = None
) -> HttpResponse:
    context = {
        "person": owner,
        "consequences": erasure_consequences(person=owner, acting_user=person(request)),
        "form": refused or EraseForm(is_own=owner == person(request), is_outside=owner.is_outside),
        "notice_form": notice_form or NoticeForm.of(owner),
        "mail_goes_to_log": mail_goes_to_log(),
        "server_zone": settings.TIME_ZONE,
        "offers_second_factor": settings.SECOND_FACTOR != "off",
        "second_factor": not owner.is_outside and has_second_factor(owner),
        "sessions": session_rows(request) if owner == request.user else [],
        "nav": "you",
    }
    return render(request, "labeling/you.html", context)
