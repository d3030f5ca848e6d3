"""Practice pairs for leads: the list, the mark of a single comparison, and their import from a file."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from common.errors import DomainError, NotAllowed
from common.sentences import Sentence
from labeling.access import get_led_campaign
from labeling.actions.import_reports import ImportReport
from labeling.actions.practice import make_practice, unmake_practice
from labeling.actions.practice_imports import import_practice
from labeling.judging.conversations import completion_html, shown_messages
from labeling.models import Campaign, Comparison, PracticePair
from labeling.queries.practice import practice_pairs
from labeling.web.edge import act, form_of, page, person, refuse, takes_files
from labeling.web.file_form import attempt_with_file
from labeling.web.import_notes import notes_of
from labeling.web.practice_forms import PracticeImportForm, PracticePairForm, initial_of

GOLD_SHOWN = 50
REFUSED_SHOWN = 20


@takes_files
@page
@require_http_methods(["GET", "HEAD", "POST"])
def practice(request: HttpRequest, slug: str) -> HttpResponse:
    """Lists the pairs for practice and for the qualification; a POST adds those of a file."""
    campaign = get_led_campaign(person(request), slug)
    form = PracticeImportForm(request.POST or None, request.FILES or None, acting_user=person(request))
    report = _import(request, campaign, form) if request.method == "POST" else None
    if report is not None and not report.rejected_count and not report.notes.counts:
        return redirect("practice", slug=slug)
    pairs = list(practice_pairs(campaign))
    campaign.refresh_from_db()
    context = {
        "campaign": campaign,
        "form": form,
        "report": report,
        "refused": [(one.line, Sentence.of(one.reason)) for one in report.rejected[:REFUSED_SHOWN]] if report else [],
        "notes": notes_of(report.notes.as_dict()) if report else [],
        "practising": [pair for pair in pairs if pair.use == PracticePair.Use.PRACTICE],
        "qualifying": [pair for pair in pairs if pair.use == PracticePair.Use.QUALIFICATION],
        "gold": campaign.comparisons.filter(status=Comparison.Status.GOLD)
        .select_related("prompt")
        .order_by("pk")[:GOLD_SHOWN],
        "is_member": campaign.memberships.filter(user=person(request)).exists(),
        "tab": "practice",
    }
    return render(request, "labeling/practice.html", context)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def practice_pair(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Marks a comparison for practice, or changes its mark, with both completions in view."""
    campaign, row = _comparison(request, slug, pk)
    form = PracticePairForm(request.POST or None, campaign=campaign, initial=initial_of(row))
    if request.method == "POST" and form.is_valid():
        try:
            make_practice(comparison=row, **form.known(), acting_user=person(request), now=timezone.now())
        except NotAllowed:
            raise
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("practice", slug=slug)
    completions = {"A": row.completion_a, "B": row.completion_b}
    context = {
        "campaign": campaign,
        "comparison": row,
        "form": form,
        "prompt": shown_messages(row.prompt.messages),
        "completions": [
            {"name": name, "model": text.model_version, "html": completion_html(text)}
            for name, text in completions.items()
        ],
        "tab": "practice",
    }
    return render(request, "labeling/practice_mark.html", context)


@page
@form_of("practice", "slug")
def practice_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Takes a comparison out of practice."""
    _campaign, row = _comparison(request, slug, pk)

    def errand() -> str:
        unmake_practice(comparison=row, acting_user=person(request), now=timezone.now())
        return _("The comparison is out of practice. It is judged like any other again.")

    return act(request, errand, back=reverse("practice", args=[slug]))


def _comparison(request: HttpRequest, slug: str, pk: int) -> tuple[Campaign, Comparison]:
    campaign = get_led_campaign(person(request), slug)
    rows = campaign.comparisons.select_related("campaign", "prompt", "completion_a", "completion_b")
    return campaign, get_object_or_404(rows, pk=pk)


def _import(request: HttpRequest, campaign: Campaign, form: PracticeImportForm) -> ImportReport | None:
    """The report of an import; None if the form was refused."""
    report = attempt_with_file(
        form,
        lambda stream: import_practice(
            campaign=campaign,
            stream=stream,
            use=form.cleaned_data["use"],
            dialect=form.cleaned_data["dialect"] or "auto",
            acting_user=person(request),
            now=timezone.now(),
        ),
    )
    if report is None:
        return None
    text = ngettext("%(count)s pair marked.", "%(count)s pairs marked.", report.created)
    if report.created:
        messages.success(request, text % {"count": report.created})
    return report
