"""The doubtful pairs of a snapshot, and those that made a comparison worse: a search, its result, and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from common.errors import Invalid
from common.numbers import whole_number
from labeling.access import get_comparison
from labeling.actions.bulk import BulkOrder, Selection, start_bulk_act
from labeling.exchange import Message, PreferencePair
from labeling.models import BulkAct, Campaign, Comparison
from labeling.web.edge import act, attempt, form_of, page, person, submit
from training.access import visible_snapshots, visible_suite_runs
from training.actions.blame import cancel_blame, start_blame
from training.errors import JobOver
from training.lens.pairs import pair_of_texts, subject_of_comparison
from training.models import BlameJob, JobStatus, ScenarioResult, Snapshot
from training.queries.blame import groups_found, lost_comparisons, pairs_found
from training.queries.waiting import Waiting
from training.web.jobs import STOPPED, STOPPING
from training.web.surprises import RelabelPairsForm, relabel_all

LISTED, LOST_LISTED = 20, 10
ORDERS = ("doubtful", "blamed")
GROUPS = {
    "annotator": gettext_lazy("Annotators"),
    "guidelines": gettext_lazy("Versions of the guidelines"),
    "source": gettext_lazy("Sources"),
    "batch": gettext_lazy("Imports"),
    "tag": gettext_lazy("Tags"),
    "model": gettext_lazy("Models that wrote"),
}


class NothingToSetAside(Invalid):
    type = "nothing-to-set-aside"
    sentence = gettext_lazy("The selected pairs are all set aside already.")


class SearchForm(forms.Form):
    """The texts of a comparison that went wrong; all empty: doubtful pairs alone."""

    prompt = forms.CharField(
        label=gettext_lazy("Prompt"), required=False, strip=False, widget=forms.Textarea({"rows": 2})
    )
    better = forms.CharField(
        label=gettext_lazy("Better completion"), required=False, strip=False, widget=forms.Textarea({"rows": 3})
    )
    worse = forms.CharField(
        label=gettext_lazy("Worse completion"), required=False, strip=False, widget=forms.Textarea({"rows": 3})
    )

    def clean(self) -> dict[str, Any]:
        """All three texts, or none."""
        values = super().clean() or {}
        written = [bool((values.get(name) or "").strip()) for name in ("prompt", "better", "worse")]
        if any(written) and not all(written):
            raise forms.ValidationError(_("Fill in the prompt and both completions, or leave all three empty."))
        return values

    def query(self, prompt: Sequence[Message]) -> PreferencePair | None:
        """The pair, if there is one. prompt: the conversation whose last message it names. Raises WrongSettings."""
        values = self.cleaned_data
        if not values["prompt"].strip():
            return None
        last = Message(role="user", content=values["prompt"])
        if prompt:  # as it is there, but for the words
            last = cast(Message, {**prompt[-1], "content": values["prompt"]})
        return pair_of_texts([*prompt[:-1], last], values["better"], values["worse"])


@dataclass(frozen=True, slots=True)
class Origin:
    """The texts that a search explains. prompt: the whole conversation. address: the part of one that names them."""

    prompt: Sequence[Message] = ()
    better: str = ""
    worse: str = ""
    address: str = ""

    @property
    def initial(self) -> dict[str, str]:
        """The first values of the form."""
        return {"prompt": self.prompt[-1]["content"], "better": self.better, "worse": self.worse} if self.prompt else {}


NOWHERE = Origin()


@page
@require_http_methods(["GET", "HEAD", "POST"])
def snapshot_doubt(request: HttpRequest, pk: int) -> HttpResponse:
    """The newest search through a snapshot, and the form that starts another one."""
    snapshot, origin = _visible(request, pk), _origin(request)
    form = SearchForm(request.POST or None, initial=origin.initial)

    def start() -> BlameJob:
        query = form.query(origin.prompt)
        return start_blame(snapshot=snapshot, query=query, acting_user=person(request), now=timezone.now())

    if request.method == "POST" and attempt(form, start) is not None:
        return redirect("snapshot_doubt", pk=pk)
    again = RelabelPairsForm(None, ())
    return _page(request, snapshot, form, again, request.GET.get("order", ""), origin=origin)


@page
@form_of("snapshot_doubt", "pk")
def snapshot_doubt_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancels the search."""
    snapshot = _visible(request, pk)

    def cancel() -> str:
        job = BlameJob.objects.filter(snapshot=snapshot).select_related("campaign").order_by("-pk").first()
        if job is None:
            raise JobOver(_("There is no search to cancel."))
        stopped = cancel_blame(job=job, acting_user=person(request), now=timezone.now())
        return str(STOPPED if stopped.status == JobStatus.CANCELLED else STOPPING)

    return act(request, cancel, back=reverse("snapshot_doubt", args=[pk]))


@page
@form_of("snapshot_doubt", "pk")
def snapshot_relabel(request: HttpRequest, pk: int) -> HttpResponse:
    """Sends the chosen comparisons to annotators again, or sets them aside, depending on the button."""
    snapshot, order = _visible(request, pk), request.POST.get("order", "")
    offered = Comparison.objects.filter(campaign=snapshot.campaign)
    form = RelabelPairsForm(request.POST, offered.values_list("pk", flat=True))

    def errand() -> str:
        chosen, reason = form.cleaned_data["comparison"], f"Snapshot {snapshot}: the other labels contradict it."
        if request.POST.get("do") == "aside":
            return _set_aside(request, snapshot.campaign, chosen, reason)
        rows = offered.filter(pk__in=chosen).select_related("campaign")
        return relabel_all(request, list(rows), form.cleaned_data["more"], reason)

    def again() -> HttpResponse:
        return _page(request, snapshot, SearchForm(), form, order)

    address = reverse("snapshot_doubt", args=[pk])
    return submit(request, form, errand, done=f"{address}?order={order}" if order in ORDERS else address, again=again)


def _set_aside(request: HttpRequest, campaign: Campaign, comparisons: Sequence[int], reason: str) -> str:
    """Retires them as an act that can be undone. Raises NothingToSetAside."""
    rows = Comparison.objects.filter(campaign=campaign, pk__in=comparisons).exclude(status__in=Comparison.OUT)
    left = tuple(rows.order_by("pk").values_list("pk", flat=True))
    if not left:
        raise NothingToSetAside
    done = start_bulk_act(
        campaign=campaign,
        selection=Selection(BulkAct.Target.COMPARISONS, ids=left),
        order=BulkOrder(BulkAct.Kind.RETIRE, reason=reason),
        acting_user=person(request),
        now=timezone.now(),
    )
    return ngettext(
        "%(count)s comparison is set aside. Train again to see the difference.",
        "%(count)s comparisons are set aside. Train again to see the difference.",
        done.changed,
    ) % {"count": done.changed}


def _origin(request: HttpRequest) -> Origin:
    """The texts of a scenario's result (`result`) or of a comparison (`comparison`) that the person may see."""
    number = whole_number(request.GET.get("comparison", ""))
    if number is not None:
        pair = subject_of_comparison(get_comparison(person(request), number)).pair
        return Origin(pair.prompt, pair.chosen, pair.rejected, f"?comparison={number}")
    number = whole_number(request.GET.get("result", ""))
    if number is None:
        return Origin()
    runs = visible_suite_runs(person(request)).values("pk")
    results = ScenarioResult.objects.select_related("run__suite_version").filter(run__in=runs)
    result = get_object_or_404(results, pk=number)
    return Origin(result.given["messages"], result.given.get("good", ""), result.text, f"?result={number}")


def _page(
    request: HttpRequest,
    snapshot: Snapshot,
    form: SearchForm,
    again: RelabelPairsForm,
    order: str,
    *,
    origin: Origin = NOWHERE,
) -> HttpResponse:
    jobs = BlameJob.objects.filter(snapshot=snapshot).select_related("version", "snapshot").order_by("-pk")
    newest = jobs.first()
    job = newest if newest is None or newest.result else jobs.filter(result__isnull=False).first()
    has_query = bool(job and job.query)
    order = order if order in ORDERS and has_query else ("blamed" if has_query else "doubtful")
    context: dict[str, Any] = {
        "snapshot": snapshot,
        "campaign": snapshot.campaign,
        "newest": newest,
        "job": job,
        "wait": Waiting(person(request), now=timezone.now()).of(newest),
        "form": form,
        "earlier": origin.prompt[:-1],
        "source": origin.address,
        "lost": lost_comparisons(snapshot, limit=LOST_LISTED),
        "again": again,
        "order": order,
        "found": pairs_found(job, order, limit=LISTED) if job else [],
        "groups": [(GROUPS[kind], kind, rows) for kind, rows in groups_found(job, snapshot.campaign).items()]
        if job
        else [],
        "tab": "snapshots",
    }
    return render(request, "training/doubt.html", context)


def _visible(request: HttpRequest, pk: int) -> Snapshot:
    return get_object_or_404(visible_snapshots(person(request)).select_related("campaign"), pk=pk)
