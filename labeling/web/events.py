"""The event log, of a campaign for its leads and of all for admins: time, person and changed values of each event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_safe

from common.days import midnight
from common.numbers import whole_number
from common.sentences import Sentence
from common.wording import grouped
from labeling.access import get_led_campaign, require_admin
from labeling.models import Choice, Event
from labeling.queries.names import JOINING, ON_MEMBERS, names_by_pseudonym, names_in_log, of_open, veil, veil_in_log
from labeling.queries.records import filtered_events
from labeling.web.edge import page, person, unless_refused
from labeling.web.event_links import link_of
from labeling.web.event_sentences import WHAT, WHO, name_of_thing, pieces
from labeling.web.event_values import field_label, value_in_words
from labeling.web.forms import EventFilterForm, LogFilterForm

SHOWN = 50
MOST_CHANGES = 5
SAID_BY_THE_SENTENCE = {
    ("bulkact", "kind"),
    ("guidelineversion", "number"),
    ("importbatch", "file"),
    ("judgment", "comparison"),
    ("membership", "person"),
    ("user", "person"),
}
NOTHING: tuple[object, ...] = (None, "", [], {})
NAMED_CHANGES = 3
COUNTING = {"batch.imported", "campaign.imported", "comparisons.added", "prompts.added"}
"""The verbs whose values are counts: a zero among them says nothing."""


@dataclass(frozen=True, slots=True)
class Change:
    """A value that an event changed. before, after: None if there was none."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class EventEntry:
    """An event as the page shows it."""

    event: Event
    subject: str
    """The thing that it is about."""
    changes: list[Change]

    @property
    def pieces(self) -> list[str]:
        """The sentence that says what happened, in pieces."""
        return pieces(self.event)

    @property
    def nobody(self) -> str:
        """The actor of the sentence, where no name is shown."""
        campaign = self.event.campaign
        is_hidden = campaign is not None and campaign.pseudonymous and self.event.verb in (*JOINING, *ON_MEMBERS)
        return capfirst(gettext("somebody") if is_hidden else gettext("the system"))

    @property
    def link(self) -> str:
        """The page of that thing; empty: it has none."""
        return link_of(self.event)

    @property
    def is_long(self) -> bool:
        """Whether its changes are shown on demand only."""
        return len(self.changes) > MOST_CHANGES

    @property
    def headline(self) -> str:
        """The names of the first values, and the number of the others."""
        names = [change.name for change in self.changes[:NAMED_CHANGES]]
        others = len(self.changes) - len(names)
        more = ngettext("%(number)s more value", "%(number)s more values", others) % {"number": grouped(others)}
        return ", ".join([*names, more])


@page
@require_safe
def events(request: HttpRequest, slug: str) -> HttpResponse:
    """The newest events, filtered by the form. `before`: the last event of the previous page."""
    campaign = get_led_campaign(person(request), slug)
    form = EventFilterForm(request.GET or None)
    filters = _filters(form.cleaned_data) if form.is_valid() else {}
    log = unless_refused(form, filtered_events(campaign, **filters))
    rows = [veil(event, campaign) for event in _newest(request, log.select_related("campaign"))]
    names = names_by_pseudonym(campaign, _people(rows))
    context = {
        **_shown(request, form, rows, filters),
        "campaign": campaign,
        "entries": [EventEntry(event, name_of_thing(event, names), _changes(event, names)) for event in rows[:SHOWN]],
        "earlier": 0 if filters else campaign.earlier_events.count(),
        "export": reverse("api-events-export", args=[slug]),
        "tab": "events",
    }
    return render(request, "labeling/events.html", context)


@page
@require_safe
def all_events(request: HttpRequest) -> HttpResponse:
    """The same of all campaigns, with accounts, sign-ins and tokens. For admins."""
    require_admin(person(request))
    form = LogFilterForm(request.GET or None)
    filters = _filters(form.cleaned_data) if form.is_valid() else {}
    rows = _newest(request, unless_refused(form, filtered_events(None, **filters)))
    names, accounts = names_in_log(rows)
    context = {
        **_shown(request, form, rows, filters),
        "entries": [_entry_of_log(veil_in_log(event), names, accounts) for event in rows[:SHOWN]],
        "export": reverse("api-all-events-export"),
    }
    return render(request, "labeling/all_events.html", context)


def _newest(request: HttpRequest, log: QuerySet[Event]) -> list[Event]:
    """A page of events, and one more where there is another page."""
    before = whole_number(request.GET.get("before", ""))
    if before is not None:
        log = log.filter(pk__lt=before)
    return list(log.order_by("-pk")[: SHOWN + 1])


def _shown(
    request: HttpRequest, form: EventFilterForm, rows: list[Event], filters: Mapping[str, Any]
) -> dict[str, Any]:
    """The filter and the way to the next page, as the templates want them."""
    query = {name: value for name, value in request.GET.items() if name != "before" and value}
    return {
        "form": form,
        "who": WHO,
        "what": WHAT,
        "older": urlencode(query | {"before": rows[SHOWN - 1].pk}) if len(rows) > SHOWN else "",
        "query": urlencode(_api_query(filters)),
    }


def _entry_of_log(event: Event, names: Mapping[str, str], accounts: Mapping[str, str]) -> EventEntry:
    is_of_account = event.campaign is None and event.subject_type == "user"
    account = accounts.get(event.subject_id, "") if is_of_account else ""
    known = of_open(event, names)
    return EventEntry(event, account or name_of_thing(event, known), _changes(event, known))


def _filters(values: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments for `filtered_events` from the form's values."""
    filters: dict[str, Any] = {name: values[name] for name in ("actor", "verb") if values[name]}
    if values.get("campaign"):
        filters["slug"] = values["campaign"].slug
    if values["since"]:
        filters["since"] = midnight(values["since"])
    if values["until"]:
        filters["until"] = midnight(values["until"] + timedelta(days=1))
    return filters


def _api_query(filters: Mapping[str, Any]) -> dict[str, str]:
    names = {"slug": "campaign"}
    return {
        names.get(name, name): value.isoformat() if isinstance(value, datetime) else value
        for name, value in filters.items()
    }


def _people(events: list[Event]) -> set[str]:
    """The pseudonyms of the people whom events are about."""
    values = (values.get("person") for event in events for values in (event.before, event.after))
    return {value for value in values if isinstance(value, str)}


def _changes(event: Event, names: Mapping[str, str]) -> list[Change]:
    """The values that an event changed, without those it left as they were. names: of people, by pseudonym."""
    subject, before = event.subject_type, _with_names(event.before, names)
    after = _with_names(event.after, names) | _sentences(event)
    return [
        Change(
            field_label(subject, name),
            value_in_words(subject, name, before[name]) if name in before else None,
            value_in_words(subject, name, after[name]) if name in after else None,
        )
        for name in [*before, *(name for name in after if name not in before)]
        if before.get(name) != after.get(name)
        and not (subject == "judgment" and name == "choice" and after.get(name) == Choice.SKIP)  # the sentence says so
        and not (name in after and name not in before and after[name] in NOTHING)
        and not (event.verb in COUNTING and after.get(name) == 0)
        and (subject, name) not in SAID_BY_THE_SENTENCE
    ]


def _sentences(event: Event) -> dict[str, Sentence]:
    """The sentences that an event holds, in the reader's language."""
    return {name: Sentence.from_json(stored) for name, stored in (event.sentences or {}).items()}


def _with_names(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The values of an event; a person under the name that leads see."""
    person_name = (
        {"person": names[values["person"]]}
        if isinstance(values.get("person"), str) and values["person"] in names
        else {}
    )
    return dict(values) | person_name
