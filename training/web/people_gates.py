"""Gates by people: a campaign's list with its held prompts, the form that opens one, and the page of one."""

from dataclasses import dataclass
from math import exp, log
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from common.scaled_fields import PercentField
from labeling.access import get_led_campaign, led_campaigns
from labeling.models import Campaign, User
from labeling.stats.bootstrap import FloatArray
from labeling.web.edge import act, attempt, form_of, page, person, submit
from labeling.web.event_labels import event_label
from training.access import require_any_lead, visible_people_gates, visible_versions
from training.actions.held_prompts import hold_prompts
from training.actions.people_gate_votes import join_votes, joinable_pairs
from training.actions.people_gates import (
    MOST_ERROR,
    MOST_PER_PROMPT,
    MOST_VOTES,
    MOST_WORTH,
    PeopleGateSpec,
    cancel_people_gate,
    open_people_gate,
)
from training.models import HeldPrompts, ModelVersion, PeopleGate
from training.queries.held_prompts import held_prompts, held_share, usable_prompts
from training.queries.people_gate_supply import acts_of_people, cast_so_far, supply_of
from training.queries.people_gates import (
    CastVote,
    decisive_votes,
    evidence_figures,
    outlook,
    reason_of,
    votes_of,
    wealth_lines,
)
from training.queries.rehearsals import channel_of, channel_of_version
from training.queries.serving import current_deployment

LISTED = 50
LARGEST_WEALTH = 1e6


class HoldForm(forms.Form):
    """The share of prompts that is held for gates by people."""

    share = PercentField(label=gettext_lazy("Prompts held (%)"), min_value=0, max_value=100 * HeldPrompts.MOST)


class OpenGateForm(forms.Form):
    """How a gate by people decides."""

    campaign = forms.ModelChoiceField(
        queryset=Campaign.objects.none(), to_field_name="slug", label=gettext_lazy("Campaign"), empty_label=None
    )
    worth = PercentField(
        label=gettext_lazy("Smallest win rate worth a promotion (%)"),
        min_value=50.5,
        max_value=100 * MOST_WORTH,
        initial=0.60,
        help_text=gettext_lazy("The gate stops once so high a win rate is refuted."),
    )
    error = PercentField(
        label=gettext_lazy("Risk of a wrong decision (%)"),
        min_value=0.1,
        max_value=100 * MOST_ERROR,
        initial=0.05,
        help_text=gettext_lazy("At any moment, however often you look. A smaller risk takes more votes."),
    )
    votes_per_prompt = forms.IntegerField(
        label=gettext_lazy("Votes on each prompt"),
        min_value=1,
        max_value=MOST_PER_PROMPT,
        initial=1,
        help_text=gettext_lazy("Of different people. With fewer voters the gate waits for more."),
    )
    most_votes = forms.IntegerField(label=gettext_lazy("Votes at most"), min_value=1, max_value=MOST_VOTES, initial=600)
    hides_from_leads = forms.BooleanField(
        label=gettext_lazy("Hide from leads, too, which version wrote a text"), required=False, initial=True
    )

    def __init__(self, sent: Any = None, *, user: User, version: ModelVersion) -> None:
        own = version.run.campaign.slug if version.run else None
        super().__init__(sent, auto_id="people_gate_%s", initial={"campaign": own})
        field = self.fields["campaign"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = led_campaigns(user).filter(kind=Campaign.Kind.LABELS)

    def spec(self) -> PeopleGateSpec:
        """Call is_valid first."""
        names = ("worth", "error", "votes_per_prompt", "most_votes", "hides_from_leads")
        return PeopleGateSpec(**{name: self.cleaned_data[name] for name in names})


@page
@require_safe
def people_gates(request: HttpRequest, slug: str) -> HttpResponse:
    """The gates of a campaign, newest first, and the prompts held for them."""
    return _list(request, get_led_campaign(person(request), slug))


@page
@form_of("people_gates", "slug")
def prompts_hold(request: HttpRequest, slug: str) -> HttpResponse:
    """Holds a share of the prompts."""
    campaign = get_led_campaign(person(request), slug)
    form = HoldForm(request.POST)

    def errand() -> str:
        share = form.cleaned_data["share"]
        hold_prompts(campaign=campaign, share=share, acting_user=person(request), now=timezone.now())
        return _("%(count)s prompts are held for gates by people.") % {"count": len(held_prompts(campaign))}

    done = reverse("people_gates", args=[slug])
    return submit(request, form, errand, done=done, again=lambda: _list(request, campaign, form))


def _list(request: HttpRequest, campaign: Campaign, form: HoldForm | None = None) -> HttpResponse:
    deployment = current_deployment(channel_of(campaign))
    gates = list(campaign.people_gates.select_related("candidate", "serving").order_by("-pk")[:LISTED])
    cast = cast_so_far([gate for gate in gates if gate.is_open])
    context = {
        "campaign": campaign,
        "tab": "campaign",
        "gates": [(gate, reason_of(gate, cast.get(gate.pk))) for gate in gates],
        "form": form or HoldForm(initial={"share": held_share(campaign)}),
        "held": len(held_prompts(campaign)),
        "usable": len(usable_prompts(campaign, [deployment.version] if deployment else [])),
        "prompts": campaign.prompts.filter(retired_at=None).count(),
    }
    return render(request, "training/people_gates.html", context)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def people_gate_open(request: HttpRequest, name: str) -> HttpResponse:
    """Opens a gate for a version: the form, with what will happen."""
    user = person(request)
    require_any_lead(user)
    version = get_object_or_404(visible_versions(user).select_related("run__campaign"), name=name)
    form = OpenGateForm(request.POST if request.method == "POST" else None, user=user, version=version)
    deployment = current_deployment(channel_of_version(version))

    def again() -> HttpResponse:
        own = version.run.campaign if version.run else None
        versions = [version, deployment.version] if deployment else [version]
        context = {
            "version": version,
            "serving": deployment.version if deployment else None,
            "form": form,
            "own": own,
            "usable": len(usable_prompts(own, versions)) if own else None,
            "nav": "versions",
        }
        return render(request, "training/people_gate_open.html", context)

    if request.method != "POST":
        return again()

    def errand() -> PeopleGate:
        return open_people_gate(
            campaign=form.cleaned_data["campaign"],
            candidate=version,
            acting_user=user,
            now=timezone.now(),
            spec=form.spec(),
        )

    gate = attempt(form, errand)
    if gate is None:
        return again()
    messages.success(request, _("Both versions are writing. Annotators can vote once their texts are there."))
    return redirect("people_gate", pk=gate.pk)


@dataclass(frozen=True, slots=True)
class WealthChart:
    """Both wealths after each prompt, as points in a box of 100 x 60, on a logarithmic axis. bound: its height."""

    better: str
    not_worth: str
    bound: float
    one: float


@page
@require_safe
def people_gate(request: HttpRequest, pk: int) -> HttpResponse:
    """How a gate stands: its interval, its votes, both bets, and what a lead can do."""
    related = ("campaign", "candidate", "serving", "blind_test", "job", "opened_by")
    gate = get_object_or_404(visible_people_gates(person(request)).select_related(*related), pk=pk)
    votes = decisive_votes(gate) if gate.votes else votes_of(gate)
    pairs = gate.pairs.count()
    figures = gate.figures or evidence_figures(votes, gate.rule)
    acts = acts_of_people(gate) if gate.is_open else figures.get("acts", {})
    deployment = current_deployment(channel_of(gate.campaign))
    context = {
        "gate": gate,
        "campaign": gate.campaign,
        "tab": "campaign",
        "reason": reason_of(gate),
        "figures": figures,
        "level": 1 - 2 * gate.error,
        "bets": _bets(figures),
        "bound": 1 / gate.error,
        "outlook": outlook(gate, votes) if gate.status == PeopleGate.Status.VOTING else None,
        "chart": _chart(gate, votes),
        "pairs": pairs,
        "most": min(gate.most_votes, pairs * gate.votes_per_prompt) if pairs else gate.most_votes,
        "alike": gate.job.dropped,
        "unusable": supply_of(gate).unusable if gate.is_open else figures.get("unusable", 0),
        "acts": [(event_label(verb), times) for verb, times in acts.items()],
        "joinable": len(joinable_pairs(gate)) if gate.is_decided else 0,
        "is_current": deployment is not None and deployment.version_id == gate.serving_id,
        "serves": deployment is not None and deployment.version_id == gate.candidate_id,
    }
    return render(request, "training/people_gate.html", context)


def _bets(figures: dict[str, Any]) -> list[tuple[str, float, bool, float]]:
    """Each bet by name, its wealth, whether it reached the bound, and its wealth at like length."""
    names = {
        "better": _("Evidence that it is better"),
        "not_worth": _("Evidence that it is not worth more votes"),
        "worse": _("Evidence that it is worse"),
    }
    largest = log(LARGEST_WEALTH)
    like = figures["like_length"]
    return [
        (text, exp(min(largest, figures[name])), figures[name] >= figures["bound"], exp(min(largest, like[name])))
        for name, text in names.items()
    ]


def _chart(gate: PeopleGate, votes: list[CastVote]) -> WealthChart | None:
    """None: fewer than two prompts are complete."""
    better, not_worth = wealth_lines(votes, gate.rule)
    if better.size < 2:
        return None
    bound = log(1 / gate.error)
    top, bottom = 1.3 * bound, -0.8 * bound

    def height(value: float) -> float:
        return 60 * (top - min(top, max(bottom, value))) / (top - bottom)

    def line(values: FloatArray) -> str:
        step = 100 / (values.size - 1)
        return " ".join(f"{step * place:.2f},{height(float(value)):.2f}" for place, value in enumerate(values))

    return WealthChart(line(better), line(not_worth), height(bound), height(0.0))


@page
@form_of("people_gate", "pk")
def people_gate_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancels a gate."""
    gate = _led(request, pk)

    def errand() -> str:
        ended = cancel_people_gate(gate=gate, acting_user=person(request), now=timezone.now())
        is_unasked = ended.status == PeopleGate.Status.CANCELLED and not ended.votes
        return _("The gate was cancelled: it decides nothing.") if is_unasked else str(reason_of(ended))

    return act(request, errand, back=reverse("people_gate", args=[pk]))


@page
@form_of("people_gate", "pk")
def people_gate_join(request: HttpRequest, pk: int) -> HttpResponse:
    """Adds the votes of a gate to the training pool."""
    gate = _led(request, pk)

    def errand() -> str:
        count = join_votes(gate=gate, acting_user=person(request), now=timezone.now())
        return _("%(count)s pairs joined the training pool.") % {"count": count}

    return act(request, errand, back=reverse("people_gate", args=[pk]))


def _led(request: HttpRequest, pk: int) -> PeopleGate:
    gates = visible_people_gates(person(request)).select_related("campaign")
    return get_object_or_404(gates, pk=pk)
