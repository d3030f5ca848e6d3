"""The rows that a form of a list names: those that are ticked, those of the page, or all that match the filter."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from common.numbers import whole_number
from common.wording import grouped
from labeling.actions.bulk import NothingSelected, Selection
from labeling.models import BulkAct, Campaign, ImportBatch
from labeling.queries.batches import imports_of
from labeling.queries.groups import group_choices
from labeling.queries.lists import ComparisonFilter, Fingerprint, PromptFilter
from labeling.queries.names import by_name, names_by_pseudonym
from labeling.queries.slices import slice_choices
from labeling.web.list_forms import ComparisonListForm, PromptListForm

BATCHES_OFFERED = 100
PAGE, ALL = "page", "all"
SHOWN = "shown"
"""The field with the fingerprint of the rows that a question is about."""

Target = BulkAct.Target


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows as a form names them. hidden: its fields, for the next form to name the same rows."""

    selection: Selection
    hidden: list[tuple[str, str]]


def list_form(campaign: Campaign, target: str, sent: QueryDict) -> PromptListForm | ComparisonListForm:
    """The filter of a list, with the values that the campaign has."""
    choices = slice_choices(campaign)
    imports = imports_of(campaign).order_by("-pk")
    if target == Target.COMPARISONS:
        imports = imports.filter(kind=ImportBatch.Kind.COMPARISONS)
    batches = [(one.pk, _name(one)) for one in imports[:BATCHES_OFFERED]]
    offered: dict[str, Any] = {
        "models": choices.model_versions,
        "batches": batches,
        "annotators": by_name(names_by_pseudonym(campaign, choices.annotators)),
        "groups": group_choices(campaign),
    }
    if target == Target.PROMPTS:
        return PromptListForm(sent or None, **offered)
    return ComparisonListForm(sent or None, **offered, criteria=choices.criteria, guidelines=choices.guideline_versions)


def chosen(request: HttpRequest, campaign: Campaign, target: str) -> Chosen:
    """The rows that a POST names. Raises NothingSelected."""
    sent = request.POST
    scope, query = sent.get("scope", ""), sent.get("filter", "")
    if scope == ALL:
        form = list_form(campaign, target, QueryDict(query))
        if form.is_bound and not form.is_valid():
            raise NothingSelected
        where: Any = form.asked() if form.is_bound else _everything(target)
        return Chosen(Selection(target, where=where), [("scope", ALL), ("filter", query)])
    ids = [value for value in sent.getlist("on_page" if scope == PAGE else "pk") if value.isdigit() and len(value) < 19]
    if not ids:
        raise NothingSelected
    return Chosen(Selection(target, ids=tuple(map(int, ids))), [("filter", query), *(("pk", one) for one in ids)])


def sent_view(request: HttpRequest) -> str:
    """The query string of the list as it was looked at: its filter, its order and its page."""
    return request.POST.get("view", "") or request.POST.get("filter", "")


def list_address(campaign: Campaign, target: str, query: str) -> str:
    """The address of the list of prompts or comparisons with this query string."""
    address = reverse(target, args=[campaign.slug])
    return f"{address}?{query}" if query else address


def has_confirmed(request: HttpRequest) -> bool:
    """Whether a POST answers a question that has shown its rows."""
    return "confirmed" in request.POST and SHOWN in request.POST


def change_since_shown(request: HttpRequest, rows: Fingerprint) -> str:
    """A sentence on rows that came or left since the question was shown; empty: they are the same ones."""
    shown = request.POST[SHOWN]
    if shown == str(rows):
        return ""
    count = whole_number(shown.partition("-")[0])
    if count is None or count == rows.count:
        return gettext("They are no longer the same rows: look at the list, then confirm again.")
    if rows.count > count:
        sentence = ngettext(
            "%(number)s row was added or changed since: check the new number and confirm again.",
            "%(number)s rows were added or changed since: check the new number and confirm again.",
            rows.count - count,
        )
    else:
        sentence = ngettext(
            "%(number)s row no longer matches: check the new number and confirm again.",
            "%(number)s rows no longer match: check the new number and confirm again.",
            count - rows.count,
        )
    return sentence % {"number": grouped(abs(rows.count - count))}


def _everything(target: str) -> Any:
    return PromptFilter() if target == Target.PROMPTS else ComparisonFilter()


def _name(batch: ImportBatch) -> str:
    name = batch.file_name or gettext("Import %(number)s") % {"number": batch.pk}
    return f"{name} ({date_format(batch.created_at, 'j M Y')})"
