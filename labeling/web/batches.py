"""The page of one import: its preview and the decision about it; afterwards its report, and taking it back."""

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from common.sentences import reason_of
from common.text.rendering import render_markdown
from common.wording import grouped
from labeling.access import get_batch
from labeling.actions.batches import MOST_COUNTED, take_back, touched_comparisons
from labeling.actions.blind_test_acts import TAKE_BACK, is_refused
from labeling.actions.imported_guidelines import use_guidelines
from labeling.actions.previews import cancel_preview, import_preview, prepare_again
from labeling.models import ImportBatch
from labeling.web.documents import TEXT, reads_like_a_document
from labeling.web.edge import act, form_of, page, person, submit
from labeling.web.import_forms import ReadingForm, reading_of
from labeling.web.import_notes import field_uses_of, notes_of
from labeling.web.imports import DIALECT_NAMES

MOST_LINES_SHOWN = 100
CONTRADICTIONS_SHOWN = 10


@page
@require_safe
def batch(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """A preview with its records and counts, or the report of an import."""
    row = _batch(request, slug, pk)
    return _render(request, row, _reading_form(row))


def _reading_form(row: ImportBatch, data: QueryDict | None = None) -> ReadingForm:
    """The form by which a preview is read in another way. Columns are chosen where the file shows them."""
    return ReadingForm(data, initial=reading_of(row), columns=row.notes.get("columns", []))


def _render(request: HttpRequest, row: ImportBatch, form: ReadingForm) -> HttpResponse:
    is_preview = row.status == ImportBatch.Status.PREVIEW
    is_open = is_preview and not (row.error or _is_refused(row))
    rejected = [{**one, "reason": reason_of(one)} for one in row.rejected[:MOST_LINES_SHOWN]]
    error, _separator, error_details = row.error.partition("\n")
    context = {
        "campaign": row.campaign,
        "batch": row,
        "error": error,
        "error_details": error_details,
        "is_preview": is_preview,
        "records": [_rendered(one) for one in row.sample],
        "format": DIALECT_NAMES.get(row.dialect, row.dialect),
        "is_text": row.dialect == TEXT,
        "is_document": row.dialect == TEXT and reads_like_a_document(row.file_name, _last_turns(row)),
        "rejected": rejected,
        "hidden": row.rejected_count - len(rejected),
        "field_uses": field_uses_of(row.field_uses),
        "notes": notes_of(row.notes),
        "contradictions": row.notes.get("contradictions", [])[:CONTRADICTIONS_SHOWN],
        "guidelines": row.notes.get("guidelines", ""),
        "has_guidelines": row.campaign.guideline_versions.exists(),
        "is_empty": not (row.error or row.created or row.duplicates or row.rejected_count),
        "importable": row.created if is_open else 0,
        "opinions": row.judgments if is_open and not row.created else 0,
        "is_refused": _is_refused(row),
        "is_useless": bool(row.rejected_count) and not (row.created or row.duplicates or _is_refused(row)),
        "touched": touched_comparisons(row) if row.status in ImportBatch.BROUGHT else None,
        "most_counted": MOST_COUNTED,
        "can_be_taken_back": row.status in ImportBatch.BROUGHT and not is_refused(row.campaign, TAKE_BACK),
        "form": form,
        "is_unknown_format": bool(row.notes.get("columns")) and not row.settings.get("mapping"),
        "tab": "data",
    }
    return render(request, "labeling/batch.html", context)


@page
@form_of("batch", "slug", "pk")
def batch_change(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Imports or cancels a preview, reads its file in another way, uses its guidelines, or takes the import back."""
    row, do = _batch(request, slug, pk), request.POST.get("do", "")
    here, user, now = reverse("batch", args=[slug, pk]), person(request), timezone.now()

    def errand() -> str:
        if do == "import":
            report = import_preview(batch=row, acting_user=user, now=now)
            if report.refused:
                return ""
            text = ngettext("%(count)s record was imported.", "%(count)s records were imported.", report.created)
            return text % {"count": grouped(report.created)}
        if do == "use_guidelines":
            use_guidelines(batch=row, acting_user=user, now=now)
            return _("These are the campaign's guidelines now.")
        taken = take_back(batch=row, acting_user=user, now=now)
        if taken.kept_prompts:
            text = ngettext(
                "The import was taken back. %(count)s prompt stays: other data uses it.",
                "The import was taken back. %(count)s prompts stay: other data uses them.",
                taken.kept_prompts,
            )
            return text % {"count": grouped(taken.kept_prompts)}
        return _("The import was taken back.")

    if do == "cancel":
        return _cancelled(request, row)
    if do == "read":
        return _read_again(request, row)
    return act(request, errand, back=here)


def _cancelled(request: HttpRequest, row: ImportBatch) -> HttpResponse:
    def errand() -> str:
        cancel_preview(batch=row, acting_user=person(request))
        return _("Nothing was imported.")

    return act(request, errand, back=reverse("data", args=[row.campaign.slug]))


def _read_again(request: HttpRequest, row: ImportBatch) -> HttpResponse:
    form = _reading_form(row, request.POST)

    def errand() -> str:
        prepare_again(batch=row, kind=form.cleaned_data["kind"], settings=form.settings(), acting_user=person(request))
        return ""

    here = reverse("batch", args=[row.campaign.slug, row.pk])
    return submit(request, form, errand, done=here, again=lambda: _render(request, row, form))


def _batch(request: HttpRequest, slug: str, pk: int) -> ImportBatch:
    """The import, if it is one of this campaign; a preview only for the person who uploaded the file."""
    row = get_batch(person(request), pk)
    is_open = row.status not in (ImportBatch.Status.PREVIEW, ImportBatch.Status.CANCELLED)
    if row.campaign.slug != slug or not (is_open or row.created_by == person(request)):
        raise Http404
    return row


def _is_refused(row: ImportBatch) -> bool:
    """Whether nothing can be kept, because a record is invalid and the person wanted all or none."""
    return bool(row.settings.get("refuse_all") and row.rejected_count)


def _rendered(record: dict[str, object]) -> dict[str, object]:
    """A record of a preview with its texts as HTML."""
    prompt, texts = record["prompt"], record.get("texts", [])
    assert isinstance(prompt, list)
    assert isinstance(texts, list)
    return record | {
        "prompt": [{**turn, "html": render_markdown(turn["content"])} for turn in prompt],
        "texts": [render_markdown(text) for text in texts],
    }


def _last_turns(row: ImportBatch) -> list[str]:
    return [one["prompt"][-1]["content"] for one in row.sample]
