"""The pairs that a run predicts worst, and sending their comparisons for relabeling."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from common.errors import DomainError, Invalid
from common.numbers import whole_number
from labeling.actions.relabeling import relabel_comparison
from labeling.models import Comparison
from labeling.web.edge import act, page, person
from training.access import visible_runs
from training.lens.surprises import SPLITS, has_margins, worst_predicted
from training.models import Run

PAIRS_LISTED = 40


@page
@require_safe
def run_surprises(request: HttpRequest, pk: int) -> HttpResponse:
    """The page: the pairs with the smallest margins, worst first."""
    run = _run(request, pk)
    split = request.GET.get("split", "")
    split = split if split in SPLITS else ""
    surprises = worst_predicted(run, limit=PAIRS_LISTED, split=split)
    context: dict[str, Any] = {
        "run": run,
        "campaign": run.campaign,
        "surprises": surprises,
        "wrong": sum(one.margin < 0 for one in surprises),
        "has_margins": has_margins(run),
        "split": split,
        "nav": "home",
    }
    return render(request, "training/surprises.html", context)


@page
@require_POST
def run_relabel(request: HttpRequest, pk: int) -> HttpResponse:
    """Sends the chosen comparisons for relabeling."""
    run = _run(request, pk)
    chosen = [number for text in request.POST.getlist("comparison") if (number := whole_number(text))]
    more, reason = whole_number(request.POST.get("more", "")) or 0, f"Run {run.pk} predicts it worst."

    def errand() -> str:
        comparisons = Comparison.objects.filter(campaign=run.campaign, pk__in=chosen).select_related("campaign")
        if not comparisons:
            raise Invalid(_("Choose at least one pair."))
        refused: list[DomainError] = []
        for comparison in comparisons:
            try:
                relabel_comparison(
                    comparison=comparison,
                    more=more,
                    reason=reason,
                    acting_user=person(request),
                    now=timezone.now(),
                )
            except DomainError as error:
                refused.append(error)
        if len(refused) == len(comparisons):
            raise refused[0]
        sent = len(comparisons) - len(refused)
        result = ngettext(
            "%(count)s comparison has been sent for relabeling. It comes first.",
            "%(count)s comparisons have been sent for relabeling. They come first.",
            sent,
        ) % {"count": sent}
        if not refused:
            return result
        rest = _("%(count)s could not be sent: %(reason)s")
        return f"{result} {rest % {'count': len(refused), 'reason': refused[0].message}}"

    return act(request, errand, back=reverse("run_surprises", args=[pk]))


def _run(request: HttpRequest, pk: int) -> Run:
    runs = visible_runs(person(request)).select_related("campaign", "snapshot", "parent", "version")
    return get_object_or_404(runs, pk=pk)
