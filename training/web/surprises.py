"""The pairs that a run predicts worst, and sending their comparisons for relabeling."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from common.errors import DomainError
from common.numbers import whole_number
from labeling.actions.relabeling import relabel_comparison
from labeling.models import Comparison
from labeling.web.edge import form_of, page, person, submit
from training.access import visible_runs
from training.lens.surprises import SPLITS, doubted_by, has_margins, worst_predicted
from training.models import Run

PAIRS_LISTED = 40


class RelabelPairsForm(forms.Form):
    """The pairs that annotators judge again, and how often."""

    comparison = forms.TypedMultipleChoiceField(
        coerce=int, error_messages={"required": gettext_lazy("Choose at least one pair.")}
    )
    more = forms.IntegerField(
        label=gettext_lazy("Judgments per pair"),
        min_value=1,
        max_value=50,
        initial=2,
        widget=forms.NumberInput({"class": "narrow-number"}),
    )

    def __init__(self, data: QueryDict | None, comparisons: Iterable[int]) -> None:
        super().__init__(data)
        field = self.fields["comparison"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(number, str(number)) for number in comparisons]

    @property
    def chosen(self) -> list[int]:
        """The ticked pairs, also of a refused form."""
        numbers = map(whole_number, self.data.getlist("comparison")) if isinstance(self.data, QueryDict) else ()
        return [number for number in numbers if number is not None]


@page
@require_safe
def run_surprises(request: HttpRequest, pk: int) -> HttpResponse:
    """The page: the pairs with the smallest margins, worst first."""
    return _page(request, _run(request, pk), RelabelPairsForm(None, ()), request.GET.get("split", ""))


@page
@form_of("run_surprises", "pk")
def run_relabel(request: HttpRequest, pk: int) -> HttpResponse:
    """Sends the chosen comparisons for relabeling."""
    run = _run(request, pk)
    offered = Comparison.objects.filter(campaign=run.campaign).values_list("pk", flat=True)
    form = RelabelPairsForm(request.POST, offered)

    def errand() -> str:
        chosen = Comparison.objects.filter(campaign=run.campaign, pk__in=form.cleaned_data["comparison"])
        reason = f"Run {run.pk} predicts it worst."
        return relabel_all(request, list(chosen.select_related("campaign")), form.cleaned_data["more"], reason)

    def again() -> HttpResponse:
        return _page(request, run, form, split)

    split, address = request.POST.get("split", ""), reverse("run_surprises", args=[pk])
    split = split if split in SPLITS else ""

    return submit(request, form, errand, done=f"{address}?split={split}" if split else address, again=again)


def relabel_all(request: HttpRequest, comparisons: list[Comparison], more: int, reason: str) -> str:
    """Sends each that can be sent; returns the message. Raises the first error if none can."""
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


def _page(request: HttpRequest, run: Run, form: RelabelPairsForm, split: str) -> HttpResponse:
    split = split if split in SPLITS else ""
    surprises = worst_predicted(run, limit=PAIRS_LISTED, split=split)
    context: dict[str, Any] = {
        "run": run,
        "campaign": run.campaign,
        "surprises": surprises,
        "wrong": sum(one.margin < 0 for one in surprises),
        "has_margins": has_margins(run),
        "doubted": doubted_by(run),
        "split": split,
        "form": form,
        "nav": "home",
    }
    return render(request, "training/surprises.html", context)


def _run(request: HttpRequest, pk: int) -> Run:
    runs = visible_runs(person(request)).select_related("campaign", "snapshot", "parent", "version")
    return get_object_or_404(runs, pk=pk)
