"""The lists of prompts and of comparisons, and the page of a prompt."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from common.numbers import whole_number
from labeling.access import get_led_campaign
from labeling.actions.blind_test_acts import ADD, is_refused
from labeling.actions.bulk import KINDS
from labeling.judging.conversations import completion_html, shown_messages
from labeling.models import BulkAct, Campaign, Comparison, Prompt
from labeling.queries.list_pages import NEWEST, page_of_comparisons, page_of_prompts
from labeling.queries.lists import (
    MOST_COUNTED,
    ComparisonFilter,
    PromptFilter,
    filtered_comparisons,
    filtered_prompts,
    limited_count,
)
from labeling.queries.records import TOKENS
from labeling.queries.uses import uses_of
from labeling.tally import read_tally
from labeling.web.edge import page, person, unless_refused
from labeling.web.history import history_of
from labeling.web.imports import EXPORTS
from labeling.web.list_forms import ComparisonListForm, PromptListForm
from labeling.web.selections import list_form

ROWS_SHOWN = 50
OF_A_PROMPT = 50

Target, Kind = BulkAct.Target, BulkAct.Kind


@dataclass(frozen=True, slots=True)
class PromptRow:
    """A prompt as the list shows it. comparisons: how many it has."""

    prompt: Prompt
    comparisons: int

    @property
    def turns(self) -> int:
        return len(self.prompt.messages)


@page
@require_safe
def prompts(request: HttpRequest, slug: str) -> HttpResponse:
    """The prompts of a campaign, filtered and sorted, with acts on many of them."""
    campaign = get_led_campaign(person(request), slug)
    form = list_form(campaign, Target.PROMPTS, request.GET)
    where = form.asked() if form.is_valid() else PromptFilter()
    assert isinstance(where, PromptFilter)
    rows = unless_refused(form, filtered_prompts(campaign, where))
    shown = page_of_prompts(rows, order=_order_of(form), after=_after(request), size=ROWS_SHOWN + 1)
    counts = dict(Comparison.objects.filter(prompt__in=shown).order_by().values_list("prompt").annotate(Count("pk")))
    context = _context(request, campaign, form, rows, shown) | {
        "rows": [PromptRow(one, counts.get(one.pk, 0)) for one in shown[:ROWS_SHOWN]],
        "acts": _acts(campaign, (Kind.RETIRE, Kind.RESTORE)),
        "generates": not is_refused(campaign, ADD),
        "target": Target.PROMPTS,
        "tab": "prompts",
    }
    return render(request, "labeling/prompts.html", context)


@page
@require_safe
def comparisons(request: HttpRequest, slug: str) -> HttpResponse:
    """The comparisons of a campaign, filtered and sorted, with acts on many of them."""
    campaign = get_led_campaign(person(request), slug)
    form = list_form(campaign, Target.COMPARISONS, request.GET)
    where = form.asked() if form.is_valid() else ComparisonFilter()
    assert isinstance(where, ComparisonFilter)
    rows = unless_refused(form, filtered_comparisons(campaign, where))
    shown = page_of_comparisons(rows, order=_order_of(form), after=_after(request), size=ROWS_SHOWN + 1)
    context = _context(request, campaign, form, rows, shown) | {
        "rows": shown[:ROWS_SHOWN],
        "has_verdicts": has_verdicts(shown),
        "counted": read_tally(campaign.pk).comparisons,
        "acts": [*_acts(campaign, KINDS[Target.COMPARISONS]), ("export", gettext("Export"))],
        "target": Target.COMPARISONS,
        "tab": "comparisons",
    }
    return render(request, "labeling/comparisons.html", context)


@page
@require_safe
def prompt(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One prompt: its conversation, completions, comparisons and events."""
    campaign = get_led_campaign(person(request), slug)
    row = get_object_or_404(campaign.prompts.select_related("batch"), pk=pk)
    completions = row.completions.order_by("pk").defer(*TOKENS)[: OF_A_PROMPT + 1]
    of_prompt = filtered_comparisons(campaign, ComparisonFilter(prompt=row.pk))
    pairs = page_of_comparisons(of_prompt, order=NEWEST, after=None, size=OF_A_PROMPT + 1)
    context = {
        "campaign": campaign,
        "prompt_row": row,
        "prompt": shown_messages(row.messages),
        "completions": [(text, completion_html(text)) for text in list(completions)[:OF_A_PROMPT]],
        "rows": pairs[:OF_A_PROMPT],
        "has_verdicts": has_verdicts(pairs),
        "has_more": len(pairs) > OF_A_PROMPT or len(completions) > OF_A_PROMPT,
        "uses": uses_of(row),
        "events": history_of(row),
        "tab": "prompts",
    }
    return render(request, "labeling/prompt.html", context)


def has_verdicts(rows: list[Comparison]) -> bool:
    """Whether a row has a verdict: without one, the columns of verdicts are left out."""
    return any(getattr(row, "verdict", None) for row in rows)


def _acts(campaign: Campaign, kinds: Iterable[BulkAct.Kind]) -> list[tuple[str, str]]:
    """The acts that the page of a list offers, with their labels."""
    return [(kind.value, str(kind.label)) for kind in kinds if not is_refused(campaign, kind)]


def _context(request: HttpRequest, campaign: Campaign, form: Any, rows: Any, shown: list[Any]) -> dict[str, Any]:
    count = limited_count(rows)
    filters = {name: value for name, value in request.GET.items() if name not in ("after", "order") and value}
    return {
        "campaign": campaign,
        "form": form,
        "total": min(count, MOST_COUNTED),
        "is_more": count > MOST_COUNTED,
        "is_filtered": bool(filters),
        "order": _order_of(form),
        "query": urlencode(filters),
        "view": urlencode({name: value for name, value in request.GET.items() if value}),
        "older": urlencode(filters | _order(request) | {"after": shown[ROWS_SHOWN - 1].pk})
        if len(shown) > ROWS_SHOWN
        else "",
        "exports": EXPORTS,
    }


def _order(request: HttpRequest) -> dict[str, str]:
    order = request.GET.get("order", "")
    return {"order": order} if order else {}


def _order_of(form: PromptListForm | ComparisonListForm) -> str:
    return (form.cleaned_data["order"] if form.is_valid() else "") or NEWEST


def _after(request: HttpRequest) -> int | None:
    return whole_number(request.GET.get("after", ""))
