"""A preview of the annotators' page, with a comparison that is assigned to nobody and buttons that do nothing."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from common.text.rendering import render_markdown
from labeling.access import get_led_campaign
from labeling.judging.conversations import completion_html, shown_messages
from labeling.models import Campaign, Comparison, Flag
from labeling.web.display import display_of
from labeling.web.edge import page, person

PROMPT = "How do I keep basil alive in winter?"
COMPLETIONS = (
    "Keep it warm and bright:\n\n1. **Light**: a south window, or a lamp for six hours a day.\n"
    "2. **Water**: when the top of the soil is dry, from below.\n3. **Harvest** whole tips, never single leaves.",
    "Basil is a herb that comes from warm countries. In winter it is colder than in summer. Many people like basil.",
)
"""An example in which one completion is clearly better."""


@page
@require_safe
def campaign_preview(request: HttpRequest, slug: str) -> HttpResponse:
    """The page with the campaign's first comparison, or with an example if it has none."""
    campaign = get_led_campaign(person(request), slug)
    comparison = (
        campaign.comparisons.exclude(status__in=Comparison.OUT)
        .select_related("prompt", "completion_a", "completion_b")
        .order_by("pk")
        .first()
    )
    guidelines = campaign.guideline_versions.order_by("-number").first()
    text = guidelines.text if guidelines else ""
    if comparison is None:
        return preview_of(request, campaign, guidelines=text)
    texts = (completion_html(comparison.completion_a), completion_html(comparison.completion_b))
    return preview_of(request, campaign, guidelines=text, messages=comparison.prompt.messages, completions=texts)


def preview_of(
    request: HttpRequest,
    campaign: Campaign,
    *,
    guidelines: str,
    prompt: str = "",
    messages: list[dict[str, str]] | None = None,
    completions: tuple[str, str] | None = None,
) -> HttpResponse:
    """The annotators' page of a campaign, saved or not. prompt: a single turn. messages: a whole conversation.

    completions: as HTML; None: examples.
    """
    left, right = completions or map(render_markdown, COMPLETIONS)
    turns = messages or [{"role": "user", "content": prompt or PROMPT}]
    context: dict[str, Any] = {
        "campaign": campaign,
        "assignment": {
            "id": "",
            "prompt": shown_messages(turns),
            "left": _completion(left, campaign),
            "right": _completion(right, campaign),
        },
        "key": "",
        "progress": {"judged": 0, "judged_today": 0, "comparisons": 1, "settled": 0, "notice": ""},
        "guidelines": {"number": 1} if guidelines else None,
        "guidelines_html": render_markdown(guidelines, breaks=False) if guidelines else "",
        "last_judged": None,
        "flags": Flag.choices,
        "display": display_of(request),
    }
    return render(request, "labeling/preview.html", context)


def _completion(html: str, campaign: Campaign) -> dict[str, str]:
    return {"html": html, "model": "" if campaign.blind else "model-v1"}
