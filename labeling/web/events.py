"""The event log of a campaign, for its leads: who did what, when, and what it changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.numbers import whole_number
from labeling.access import get_led_campaign
from labeling.models import Event
from labeling.queries.records import filtered_events
from labeling.web.edge import page, person
from labeling.web.forms import EventFilterForm
from labeling.web.rules import LABELS

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Change:
    """One value that an act changed; before, after: None where there was none."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One act as the page shows it."""

    event: Event
    changes: list[Change]


@page
@require_safe
def events(request: HttpRequest, slug: str) -> HttpResponse:
    """The newest events, narrowed by the form; `before` (an event's number) goes on with older ones."""
    campaign = get_led_campaign(person(request), slug)
    form = EventFilterForm(request.GET or None)
    asked = _asked(form.cleaned_data) if form.is_valid() else {}
    found = filtered_events(campaign, **asked)
    before = whole_number(request.GET.get("before", ""))
    if before is not None:
        found = found.filter(pk__lt=before)
    shown = list(found.order_by("-pk")[: SHOWN + 1])
    query = {name: value for name, value in request.GET.items() if name != "before" and value}
    context = {
        "campaign": campaign,
        "form": form,
        "entries": [Entry(event, _changes(event.before, event.after)) for event in shown[:SHOWN]],
        "older": urlencode(query | {"before": shown[SHOWN - 1].pk}) if len(shown) > SHOWN else "",
        "query": urlencode(_api_query(asked)),
        "tab": "events",
    }
    return render(request, "labeling/events.html", context)


def _asked(values: Mapping[str, Any]) -> dict[str, Any]:
    asked: dict[str, Any] = {name: values[name] for name in ("actor", "verb") if values[name]}
    if values["since"]:
        asked["since"] = _midnight(values["since"])
    if values["until"]:
        asked["until"] = _midnight(values["until"] + timedelta(days=1))
    return asked


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _api_query(asked: Mapping[str, Any]) -> dict[str, str]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asked.items()}


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    names = [*before, *(name for name in after if name not in before)]
    return [Change(_label(name), _told(before, name), _told(after, name)) for name in names]


def _label(name: str) -> str:
    return str(LABELS.get(name, name.replace("_", " ")))


def _told(values: Mapping[str, Any], name: str) -> str | None:
    """A value as people read it."""
    if name not in values:
        return None
    value = values[name]
    if isinstance(value, bool) or value is None:
        return {True: _("yes"), False: _("no"), None: _("none")}[value]
    if isinstance(value, Mapping):
        return ", ".join(f"{key.replace('_', ' ')}: {_told(value, key)}" for key in value) or _("nothing")
    if isinstance(value, list):
        return "; ".join(str(_told({"": one}, "")) for one in value) or _("nothing")
    return f"{value:.3g}" if isinstance(value, float) else str(value)
