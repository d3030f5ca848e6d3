"""Comparing two versions: their figures, the preferences of people, and their texts for the same prompts."""

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.numbers import whole_number
from labeling.access import led_campaigns
from labeling.models import Campaign, Prompt
from labeling.queries.written_by import first_written, head_to_head, shared_prompts, written_for
from labeling.web.edge import page, person
from labeling.web.figure_rows import formatted, interval
from training.access import require_any_lead, visible_versions
from training.models import ModelVersion
from training.queries.serving import current_deployment

PROMPTS_LISTED = 20
WORDS_COMPARED = 600
"""Longer texts stand side by side without a diff."""

LEAST_SHARED = 0.45
"""The share of words below which nothing is marked, as on the annotator's page (frontend/js/lib/difference.js)."""

MOST_MEETINGS = 20_000
"""The most pairs of equal words in two texts: the time of a diff grows with them. English of 600 words has about 5,000;
a text that repeats one word could keep a page waiting for minutes."""

FIGURES = (
    ("reward_accuracy", gettext_lazy("Held-out reward accuracy")),
    ("loss", gettext_lazy("Held-out loss")),
    ("margin", gettext_lazy("Mean margin")),
    ("chosen_logratio", gettext_lazy("Log-ratio of the chosen")),
    ("rejected_logratio", gettext_lazy("Log-ratio of the rejected")),
    ("kl", gettext_lazy("KL from its reference, nats per completion")),
    ("entropy", gettext_lazy("Entropy, nats a token")),
    ("sample_length", gettext_lazy("Length of its completions, tokens")),
)


TERMS = {
    "reward_accuracy": "reward_accuracy",
    "loss": "loss",
    "margin": "margin",
    "chosen_logratio": "log_ratio",
    "kl": "kl",
    "entropy": "entropy",
}
"""The glossary's terms behind the figures; the second log-ratio needs no second explanation."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a text. kind: same, gone (only in the first text), new (only in the second), or apart: a whole
    text that shares too little with the other."""

    kind: str
    text: str

    @property
    def html(self) -> str:
        """The words, marked where only one text has them."""
        return format_html({"gone": "<del>{}</del>", "new": "<ins>{}</ins>"}.get(self.kind, "{}"), self.text)


@dataclass(frozen=True, slots=True)
class PromptTexts:
    """A prompt and the texts of both versions."""

    prompt: Prompt
    one: list[Piece]
    other: list[Piece]

    @property
    def is_apart(self) -> bool:
        """Whether the texts share too little to mark anything."""
        return any(piece.kind == "apart" for piece in self.one)


@page
@require_safe
def compare_versions(request: HttpRequest) -> HttpResponse:
    """The page. `one` and `other` name versions; `campaign` (a slug) narrows the prompts; `before` lists older ones."""
    user = person(request)
    require_any_lead(user)
    visible = visible_versions(user)
    if not request.GET.get("one") or not request.GET.get("other"):
        return _newest_step()
    one, other = (_named(request, visible, name) for name in ("one", "other"))
    led = led_campaigns(user)
    campaign = led.filter(slug=request.GET.get("campaign", "")).first()
    campaigns = led.filter(pk=campaign.pk) if campaign else led
    prompts = shared_prompts(campaigns, one.name, other.name)
    written = [(version, written_for(prompts, version.name)) for version in (one, other)]
    before = whole_number(request.GET.get("before", ""))
    page_of = prompts if before is None else prompts.filter(pk__lt=before)
    rows = list(page_of.select_related("campaign")[: PROMPTS_LISTED + 1])
    asked = {name: value for name, value in request.GET.items() if name != "before" and value}
    # Found first: as one statement, a planner that thinks the tables empty would loop over them four deep.
    shared_by = list(prompts.order_by().values_list("campaign", flat=True).distinct())
    matches = head_to_head(Campaign.objects.filter(pk__in=shared_by), one.name, other.name)
    context: dict[str, Any] = {
        "one": one,
        "other": other,
        "versions": visible.order_by("-pk"),
        "campaign": campaign,
        "compared": [one, other],
        "figures": _figures(one, other),
        "same_base": one.base().pk == other.base().pk,
        "written": written,
        "has_written": any(counts.completions for _version, counts in written),
        "matches": matches,
        "win_rate": formatted(matches.win_rate.value),
        "win_interval": interval(matches.win_rate),
        "changes": _changes(rows[:PROMPTS_LISTED], one, other),
        "older": urlencode(asked | {"before": rows[PROMPTS_LISTED - 1].pk}) if len(rows) > PROMPTS_LISTED else "",
        "home": campaign or _home_of(other, led),
        "nav": "versions",
    }
    return render(request, "training/compare.html", context)


def _figures(one: ModelVersion, other: ModelVersion) -> list[tuple[Any, float | None, float | None, str, str]]:
    """Label, figure of the one, figure of the other, key, and term, of all figures that either version has."""
    rows = [(what, one.metrics.get(name), other.metrics.get(name), name, TERMS.get(name, "")) for name, what in FIGURES]
    return [row for row in rows if row[1] is not None or row[2] is not None]


def _newest_step() -> HttpResponse:
    """Redirects to the comparison of the serving version with its parent."""
    deployment = current_deployment()
    parent = deployment.version.parent if deployment else None
    if deployment is None or parent is None:
        return redirect("versions")
    return redirect(
        f"{reverse('compare_versions')}?{urlencode({'one': parent.name, 'other': deployment.version.name})}"
    )


def _named(request: HttpRequest, visible: Any, name: str) -> ModelVersion:
    version: ModelVersion | None = (
        visible.select_related("run__campaign").filter(name=request.GET.get(name, "")).first()
    )
    if version is None:
        raise Http404(
            _("There is no version %(name)s among those you may see.") % {"name": repr(request.GET.get(name, ""))}
        )
    return version


def _home_of(version: ModelVersion, led: QuerySet[Campaign]) -> Campaign | None:
    """The campaign in which a version was trained, if it is one of these."""
    return led.filter(pk=version.run.campaign_id).first() if version.run else None


def _changes(prompts: list[Prompt], one: ModelVersion, other: ModelVersion) -> list[PromptTexts]:
    firsts, seconds = first_written(prompts, one.name), first_written(prompts, other.name)
    return [PromptTexts(prompt, *word_diff(firsts[prompt.pk].text, seconds[prompt.pk].text)) for prompt in prompts]


def word_diff(one: str, other: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces, each in both of them or in one only. The pieces joined are the texts.

    Texts that share little are one piece each: nearly every word would be marked, which says nothing.
    """
    first, second = _words(one), _words(other)
    counts = Counter(second)
    meetings = sum(times * counts[word] for word, times in Counter(first).items() if not word.isspace())
    longest = max(len(first), len(second))
    if longest > 2 * WORDS_COMPARED or meetings > MOST_MEETINGS:  # a word and the space after it count as two
        return [Piece("same", one)], [Piece("same", other)]
    left, right = [], []
    shared = 0
    for kind, a, b, c, d in SequenceMatcher(str.isspace, first, second, autojunk=False).get_opcodes():
        gone, new = "".join(first[a:b]), "".join(second[c:d])
        shared += sum(not word.isspace() for word in first[a:b]) if kind == "equal" else 0
        if gone:
            left.append(Piece("same" if kind == "equal" else "gone", gone))
        if new:
            right.append(Piece("same" if kind == "equal" else "new", new))
    words = sum(not word.isspace() for word in (*first, *second))
    if words and 2 * shared / words < LEAST_SHARED:
        return [Piece("apart", one)], [Piece("apart", other)]
    return left, right


def _words(text: str) -> list[str]:
    return re.findall(r"\s+|[^\s]+", text)
