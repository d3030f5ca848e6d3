"""The table of verdicts, the disagreements behind them, and the page of a single comparison."""

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
from labeling.models import Campaign, Comparison, Verdict
from labeling.queries.conflicts import Statement, statements_on
from labeling.queries.records import disagreements as disagreeing
from labeling.queries.records import filtered_verdicts
from labeling.queries.slices import slice_choices
from labeling.web.edge import act, page, person
from labeling.web.history import history_of
from labeling.web.verdict_forms import DisagreementForm, RelabelForm, VerdictFilterForm

VERDICTS_SHOWN = 50
DISAGREEMENTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A comparison with its judgments, as the page shows it."""

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
    """The verdicts, newest first, filtered by the form. `before`: the last verdict of the previous page."""
    campaign = get_led_campaign(person(request), slug)
    form = VerdictFilterForm(request.GET or None, models=slice_choices(campaign).model_versions)
    filtered = filtered_verdicts(campaign, **(form.asked() if form.is_valid() else {}))
    page_rows, older = _one_page(request, filtered, VERDICTS_SHOWN)
    context = {"campaign": campaign, "form": form, "verdicts": page_rows, "older": older, "tab": "verdicts"}
    return render(request, "labeling/verdicts.html", context)


@page
@require_safe
def disagreements(request: HttpRequest, slug: str) -> HttpResponse:
    """Comparisons on which annotators disagree, newest first, each with its votes and comments."""
    campaign = get_led_campaign(person(request), slug)
    form = DisagreementForm(request.GET or None)
    filtered = disagreeing(campaign, **(form.asked() if form.is_valid() else {}))
    page_rows, older = _one_page(request, filtered, DISAGREEMENTS_SHOWN)
    context = {
        "campaign": campaign,
        "form": form,
        "found": [Disagreement(one, str(one.prompt), statements_on(one)) for one in page_rows],
        "older": older,
        "tab": "verdicts",
    }
    return render(request, "labeling/disagreements.html", context)


@page
@require_safe
def comparison(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One comparison: its completions, judgments, verdict and events."""
    campaign, row = _comparison(request, slug, pk)
    completions = {"A": row.completion_a, "B": row.completion_b}
    context = {
        "campaign": campaign,
        "comparison": row,
        "verdict": Verdict.objects.filter(comparison=row).select_related("settled_by_user").first(),
        "prompt": [{**turn, "html": render_markdown(turn["content"])} for turn in row.prompt.messages],
        "completions": [
            {"name": name, "model": text.model_version, "html": render_markdown(text.text)}
            for name, text in completions.items()
        ],
        "statements": statements_on(row),
        "events": history_of(row),
        "form": RelabelForm(),
        "can_be_asked_again": row.status in (Comparison.Status.SETTLED, Comparison.Status.CONFLICT),
        "can_be_first": row.status == Comparison.Status.OPEN,
        "tab": "comparisons",
    }
    return render(request, "labeling/comparison.html", context)


@page
@require_POST
def comparison_change(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Asks for more judgments of a comparison, retires it, or restores it, depending on the button."""
    _, row = _comparison(request, slug, pk)
    form = RelabelForm(request.POST)
    do, user, now = request.POST.get("do", ""), person(request), timezone.now()

    def errand() -> str:
        reason = str(request.POST.get("reason", ""))
        if do == "retire":
            retire_comparison(comparison=row, reason=reason, acting_user=user, now=now)
            return gettext("The comparison is retired: it is no longer assigned or trained on.")
        if do == "restore":
            restore_comparison(comparison=row, acting_user=user, now=now)
            return gettext("The comparison is restored.")
        more = form.cleaned_data["more"] if form.is_valid() else 0
        relabel_comparison(comparison=row, more=more, reason=reason, acting_user=user, now=now)
        text = ngettext(
            "%(more)s more judgment is requested, with priority.",
            "%(more)s more judgments are requested, with priority.",
            more,
        )
        return text % {"more": more}

    return act(request, errand, back=reverse("comparison", args=[slug, pk]))


def _comparison(request: HttpRequest, slug: str, pk: int) -> tuple[Campaign, Comparison]:
    campaign = get_led_campaign(person(request), slug)
    rows = campaign.comparisons.select_related(
        "campaign", "prompt", "completion_a", "completion_b", "batch", "added_by"
    )
    return campaign, get_object_or_404(rows, pk=pk)


def _one_page(request: HttpRequest, query: QuerySet[Any], size: int) -> tuple[list[Any], str]:
    """The rows older than `before`, newest first, and the query string of the next page (empty on the last one)."""
    before = whole_number(request.GET.get("before", ""))
    if before is not None:
        query = query.filter(pk__lt=before)
    rows = list(query.order_by("-pk")[: size + 1])
    if len(rows) <= size:
        return rows, ""
    return rows[:size], urlencode(_filters(request.GET) | {"before": rows[size - 1].pk})


def _filters(parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if name != "before" and value}
