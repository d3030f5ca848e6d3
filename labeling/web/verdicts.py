"""What comparisons came to: the table of verdicts, the disagreements behind them, and one comparison as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST, require_safe

from common.numbers import whole_number
from common.text.rendering import render_markdown
from labeling.access import get_led_campaign
from labeling.actions.curation import restore_comparison, retire_comparison
from labeling.actions.relabeling import relabel_comparison
from labeling.models import Campaign, Comparison, Event, Verdict
from labeling.queries.conflicts import Statement, statements_on
from labeling.queries.records import disagreements as disagreeing
from labeling.queries.records import filtered_verdicts
from labeling.queries.slices import slice_choices
from labeling.web.edge import act, page, person
from labeling.web.verdict_forms import DisagreementForm, RelabelForm, VerdictFilterForm

VERDICTS_SHOWN = 50
DISAGREEMENTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A comparison with what was said about it, as the page shows it."""

    comparison: Comparison
    prompt: str
    statements: list[Statement]

    @property
    def votes(self) -> list[tuple[str, int]]:
        names = {"a": "A", "b": "B", "tie": gettext("tie"), "both_bad": gettext("both bad")}
        return [(names[choice], count) for choice, count in self.comparison.votes.items()]


@page
@require_safe
def verdicts(request: HttpRequest, slug: str) -> HttpResponse:
    """The verdicts, newest first, narrowed by the form; `before` (a verdict's number) goes on with older ones."""
    campaign = get_led_campaign(person(request), slug)
    form = VerdictFilterForm(request.GET or None, models=slice_choices(campaign).model_versions)
    found = filtered_verdicts(campaign, **(form.asked() if form.is_valid() else {}))
    shown, older = _one_page(request, found, VERDICTS_SHOWN)
    context = {"campaign": campaign, "form": form, "verdicts": shown, "older": older, "tab": "verdicts"}
    return render(request, "labeling/verdicts.html", context)


@page
@require_safe
def disagreements(request: HttpRequest, slug: str) -> HttpResponse:
    """Comparisons on which people differ, newest first, each with its votes and the words of those who said why."""
    campaign = get_led_campaign(person(request), slug)
    form = DisagreementForm(request.GET or None)
    found = disagreeing(campaign, **(form.asked() if form.is_valid() else {}))
    shown, older = _one_page(request, found, DISAGREEMENTS_SHOWN)
    context = {
        "campaign": campaign,
        "form": form,
        "found": [Disagreement(one, str(one.prompt), statements_on(one)) for one in shown],
        "older": older,
        "tab": "verdicts",
    }
    return render(request, "labeling/disagreements.html", context)


@page
@require_safe
def comparison(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One comparison: both completions, what everybody said, what it came to, and what happened to it."""
    campaign, found = _comparison(request, slug, pk)
    completions = {"A": found.completion_a, "B": found.completion_b}
    context = {
        "campaign": campaign,
        "comparison": found,
        "verdict": Verdict.objects.filter(comparison=found).select_related("settled_by_user").first(),
        "prompt": [{**turn, "html": render_markdown(turn["content"])} for turn in found.prompt.messages],
        "completions": [
            {"name": name, "model": text.model_version, "html": render_markdown(text.text)}
            for name, text in completions.items()
        ],
        "statements": statements_on(found),
        "events": Event.objects.filter(campaign=campaign, subject_type="comparison", subject_id=str(found.pk))
        .select_related("actor")
        .order_by("-pk"),
        "form": RelabelForm(),
        "can_be_asked_again": found.status in (Comparison.Status.SETTLED, Comparison.Status.CONFLICT),
        "tab": "verdicts",
    }
    return render(request, "labeling/comparison.html", context)


@page
@require_POST
def comparison_change(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Asks people again about a comparison, retires it, or brings it back, as the form's button says."""
    _, found = _comparison(request, slug, pk)
    form = RelabelForm(request.POST)
    do, user, now = request.POST.get("do", ""), person(request), timezone.now()

    def errand() -> str:
        reason = str(request.POST.get("reason", ""))
        if do == "retire":
            retire_comparison(comparison=found, reason=reason, acting_user=user, now=now)
            return gettext("It is taken out: given to nobody, trained on never.")
        if do == "restore":
            restore_comparison(comparison=found, acting_user=user, now=now)
            return gettext("It is back.")
        more = form.cleaned_data["more"] if form.is_valid() else 0
        relabel_comparison(comparison=found, more=more, reason=reason, acting_user=user, now=now)
        text = ngettext(
            "%(more)s more person is asked about it, before anything else.",
            "%(more)s more people are asked about it, before anything else.",
            more,
        )
        return text % {"more": more}

    return act(request, errand, back=reverse("comparison", args=[slug, pk]))


def _comparison(request: HttpRequest, slug: str, pk: int) -> tuple[Campaign, Comparison]:
    campaign = get_led_campaign(person(request), slug)
    rows = campaign.comparisons.select_related("campaign", "prompt", "completion_a", "completion_b")
    return campaign, get_object_or_404(rows, pk=pk)


def _one_page(request: HttpRequest, found: QuerySet[Any], size: int) -> tuple[list[Any], str]:
    """Rows in front of `before`, newest first, and the query of the next page (empty: this is the last)."""
    before = whole_number(request.GET.get("before", ""))
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found.order_by("-pk")[: size + 1])
    if len(rows) <= size:
        return rows, ""
    return rows[:size], urlencode(_kept(request.GET) | {"before": rows[size - 1].pk})


def _kept(query: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name != "before" and value}
