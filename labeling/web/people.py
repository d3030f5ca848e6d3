"""The members of a campaign."""

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from common.errors import Invalid
from common.wording import in_sentence
from labeling.access import get_led_campaign
from labeling.actions.invitations import usable_invitations
from labeling.actions.members import add_member, pause_member, remove_member, resume_member
from labeling.actions.standing import pass_member, restart_member, undo_restart, withdraw_pass
from labeling.models import Campaign, Membership, User
from labeling.queries.annotators import annotator_summaries
from labeling.queries.names import names_by_pseudonym
from labeling.queries.standing import standings
from labeling.web.edge import act, form_of, page, person, submit
from labeling.web.forms import MemberForm
from labeling.web.member_order import in_order

MOST_OUTSIDE = 200
"""Outside annotators on the page, the busiest first. An arena has thousands of judges."""


@page
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """Lists the members; a POST adds one or changes a role."""
    campaign = get_led_campaign(person(request), slug)
    form = MemberForm(request.POST or None)

    def again() -> HttpResponse:
        summaries = {summary.pseudonym: summary for summary in annotator_summaries(campaign)}
        standing = standings(campaign, _members(campaign))
        members = [(one.member, summaries.get(one.member.user.pseudonym), one) for one in standing]
        # Where the table hides who judged what, its order does too.
        order = "" if campaign.pseudonymous else request.GET.get("order", "")
        members = in_order(members, order)
        if not campaign.pseudonymous:  # the table of members has the figures; the other one has those who left
            for member, _summary, _standing in members:
                summaries.pop(member.user.pseudonym, None)
        outside = [one for one in summaries.values() if one.is_outside]
        for one in outside:
            summaries.pop(one.pseudonym)
        shown = outside[:MOST_OUTSIDE]
        names = names_by_pseudonym(campaign, [*summaries, *(one.pseudonym for one in shown)])
        context = {
            "campaign": campaign,
            "members": members,
            "order": order,
            "has_onboarding": campaign.practice_pairs or campaign.qualification_pairs or campaign.read_from,
            "summaries": [(names.get(pseudonym, pseudonym), one) for pseudonym, one in summaries.items()],
            "outside": [(names.get(one.pseudonym, one.pseudonym), one) for one in shown],
            "hidden": len(outside) - len(shown),
            "form": form,
            "has_invitations": usable_invitations(campaign, now=timezone.now()).exists(),
            "tab": "people",
        }
        return render(request, "labeling/people.html", context)

    if request.method != "POST":
        return again()
    return submit(
        request, form, lambda: _add(request, campaign, form), done=reverse("people", args=[slug]), again=again
    )


@page
@form_of("people", "slug")
def people_remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Removes a member."""
    campaign = get_led_campaign(person(request), slug)
    member = get_object_or_404(_members(campaign), user__username=request.POST.get("username", ""))

    def errand() -> str:
        remove_member(campaign=campaign, user=member.user, acting_user=person(request), now=timezone.now())
        return _("%(username)s is removed. Their judgments are kept.") % {"username": member.user.username}

    return act(request, errand, back=reverse("people", args=[slug]))


@page
@form_of("people", "slug")
def people_pause(request: HttpRequest, slug: str) -> HttpResponse:
    """Pauses a member, or resumes a paused or warned one."""
    campaign = get_led_campaign(person(request), slug)
    member = get_object_or_404(_members(campaign), user__username=request.POST.get("username", ""))

    def errand() -> str:
        if member.paused_at is None and member.warned_at is None:
            pause_member(campaign=campaign, user=member.user, acting_user=person(request), now=timezone.now())
            return _("%(username)s is paused and gets no new assignments.") % {"username": member.user.username}
        resume_member(campaign=campaign, user=member.user, acting_user=person(request), now=timezone.now())
        return _("%(username)s is active again. Their gold is counted from zero.") % {"username": member.user.username}

    return act(request, errand, back=reverse("people", args=[slug]))


STANDING_ACTS = {
    "pass": (pass_member, gettext_lazy("%(username)s may judge without practice and qualification.")),
    "withdraw": (withdraw_pass, gettext_lazy("The pass of %(username)s is withdrawn.")),
    "restart": (restart_member, gettext_lazy("%(username)s starts again, with all attempts.")),
    "undo": (undo_restart, gettext_lazy("What %(username)s did before counts again.")),
}


@page
@form_of("people", "slug")
def people_standing(request: HttpRequest, slug: str) -> HttpResponse:
    """Lets a member pass or start again, or undoes either, depending on the button."""
    campaign = get_led_campaign(person(request), slug)
    member = get_object_or_404(_members(campaign), user__username=request.POST.get("username", ""))
    change, text = STANDING_ACTS.get(request.POST.get("do", ""), (None, ""))
    if change is None:
        raise Http404("The form names no act.")

    def errand() -> str:
        change(campaign=campaign, user=member.user, acting_user=person(request), now=timezone.now())
        return str(text) % {"username": member.user.username}

    return act(request, errand, back=reverse("people", args=[slug]))


def _add(request: HttpRequest, campaign: Campaign, form: MemberForm) -> str:
    """Adds the member, and returns the message. Raises Invalid for an unknown name."""
    username, role = form.cleaned_data["username"], form.cleaned_data["role"]
    user = User.objects.filter(username=username, is_simulated=False, is_active=True).first()
    if user is None:
        raise Invalid.of("username", _("There is no user with this name. An admin can create the account."))
    add_member(campaign=campaign, user=user, role=role, acting_user=person(request), now=timezone.now())
    return _("%(username)s is now a member with the role %(role)s.") % {
        "username": user.username,
        "role": in_sentence(Membership.Role(role).label),
    }


def _members(campaign: Campaign) -> QuerySet[Membership]:
    return campaign.memberships.select_related("user").order_by("-role", "user__username")
