"""The table of verdicts, the disagreements behind them, and the page of a single comparison."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_safe

from common.numbers import whole_number
from common.wording import percent
from labeling.access import get_led_campaign
from labeling.actions.blind_test_acts import Kind, is_refused
from labeling.actions.curation import restore_comparison, retire_comparison
from labeling.actions.relabeling import relabel_comparison
from labeling.judging.conversations import completion_html, shown_messages
from labeling.models import Campaign, Comparison, Verdict
from labeling.queries.conflicts import Statement, statements_on, statements_on_each
from labeling.queries.names import names_of_deciders
from labeling.queries.records import disagreements as disagreeing
from labeling.queries.records import filtered_verdicts
from labeling.queries.slices import slice_choices
from labeling.queries.uses import uses_of
from labeling.web.csv_tables import csv_file
from labeling.web.edge import act, form_of, page, person, submit, unless_refused
from labeling.web.history import history_of
from labeling.web.verdict_forms import DisagreementForm, RelabelForm, RetireForm, VerdictFilterForm
from labeling.web.verdicts_csv import table_of_verdicts

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
    form, filtered = _filtered(request, campaign)
    page_rows, older = _one_page(request, filtered, VERDICTS_SHOWN)
    deciders = names_of_deciders(campaign, [row.settled_by_user for row in page_rows])
    context = {
        "campaign": campaign,
        "form": form,
        "verdicts": [(row, deciders.get(row.settled_by_user_id)) for row in page_rows],
        "alike": _alike(page_rows),
        "older": older,
        "query": f"?{urlencode(_filters(request.GET))}" if _filters(request.GET) else "",
        "tab": "verdicts",
    }
    return render(request, "labeling/verdicts.html", context)


@page
@require_safe
def verdicts_table(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """The verdicts that the same form finds as CSV, newest first, on one page."""
    campaign = get_led_campaign(person(request), slug)
    _form, filtered = _filtered(request, campaign)
    return csv_file(f"{campaign.slug}-verdicts", table_of_verdicts(campaign, filtered))


def _filtered(request: HttpRequest, campaign: Campaign) -> tuple[VerdictFilterForm, QuerySet[Verdict]]:
    form = VerdictFilterForm(request.GET or None, models=slice_choices(campaign).model_versions)
    return form, unless_refused(form, filtered_verdicts(campaign, **(form.asked() if form.is_valid() else {})))


@page
@require_safe
def disagreements(request: HttpRequest, slug: str) -> HttpResponse:
    """Comparisons on which annotators disagree, newest first, each with its votes and comments."""
    campaign = get_led_campaign(person(request), slug)
    form = DisagreementForm(request.GET or None)
    filtered = unless_refused(form, disagreeing(campaign, **(form.asked() if form.is_valid() else {})))
    page_rows, older = _one_page(request, filtered, DISAGREEMENTS_SHOWN)
    said = statements_on_each(page_rows)
    context = {
        "campaign": campaign,
        "form": form,
        "found": [Disagreement(one, str(one.prompt), said[one.pk]) for one in page_rows],
        "older": older,
        "tab": "disagreements",
    }
    return render(request, "labeling/disagreements.html", context)


@page
@require_safe
def comparison(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One comparison: its completions, judgments, verdict and events."""
    return _comparison_page(request, *_comparison(request, slug, pk))


def _comparison_page(request: HttpRequest, campaign: Campaign, row: Comparison, **refused: Form) -> HttpResponse:
    """The page; refused: forms as they were sent."""
    verdict = Verdict.objects.filter(comparison=row).select_related("settled_by_user").first()
    deciders = names_of_deciders(campaign, [verdict.settled_by_user] if verdict else [])
    completions = {"A": row.completion_a, "B": row.completion_b}
    context = {
        "campaign": campaign,
        "comparison": row,
        "verdict": verdict,
        "decider": next(iter(deciders.values()), None),
        "prompt": shown_messages(row.prompt.messages),
        "completions": [
            {
                "name": name,
                "model": text.model_version,
                "html": completion_html(text),
                "is_cut": text.is_cut,
            }
            for name, text in completions.items()
        ],
        "statements": statements_on(row),
        "is_lead": True,
        "uses": uses_of(row),
        "events": history_of(row),
        "form": RelabelForm(),
        "retire_form": RetireForm(),
        "can_be_asked_again": row.status in (Comparison.Status.SETTLED, Comparison.Status.CONFLICT)
        and not is_refused(campaign, Kind.ASK_AGAIN),
        "can_be_first": row.status == Comparison.Status.OPEN and not is_refused(campaign, Kind.PRIORITISE),
        "tab": "comparisons",
    }
    return render(request, "labeling/comparison.html", context | refused)


@page
@form_of("comparison", "slug", "pk")
def comparison_change(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Asks for more judgments of a comparison, retires it, or restores it, depending on the button."""
    campaign, row = _comparison(request, slug, pk)
    address, do, user, now = (
        reverse("comparison", args=[slug, pk]),
        request.POST.get("do"),
        person(request),
        timezone.now(),
    )

    def retire() -> str:
        retire_comparison(comparison=row, reason=retiring.cleaned_data["reason"], acting_user=user, now=now)
        return gettext("The comparison is retired: it is no longer assigned or trained on.")

    def restore() -> str:
        restore_comparison(comparison=row, acting_user=user, now=now)
        return gettext("The comparison is restored.")

    def relabel() -> str:
        more = relabeling.cleaned_data["more"]
        relabel_comparison(comparison=row, **relabeling.cleaned_data, acting_user=user, now=now)
        text = ngettext(
            "%(more)s more judgment is requested, with priority.",
            "%(more)s more judgments are requested, with priority.",
            more,
        )
        return text % {"more": more}

    if do == "restore":
        return act(request, restore, back=address)
    retiring, relabeling = RetireForm(request.POST), RelabelForm(request.POST)
    name, form, errand = ("retire_form", retiring, retire) if do == "retire" else ("form", relabeling, relabel)
    return submit(
        request, form, errand, done=address, again=lambda: _comparison_page(request, campaign, row, **{name: form})
    )


def _alike(rows: list[Verdict]) -> dict[str, str]:
    """The columns that are the same in all of several rows, with their value: a sentence says it once."""
    columns: dict[str, Callable[[Verdict], str]] = {
        "confidence": lambda row: percent(row.confidence),
        "settled_by": lambda row: "" if row.settled_by_user_id else str(row.settled_by_label),
        "models": _models,
    }
    values = {name: {value(row) for row in rows} for name, value in columns.items()}
    return {name: found.pop() for name, found in values.items() if len(rows) > 1 and len(found) == 1 and all(found)}


def _models(row: Verdict) -> str:
    a, b = row.comparison.completion_a.model_version, row.comparison.completion_b.model_version
    return a if a == b else f"{a or gettext('unknown')}, {b or gettext('unknown')}"


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
