"""The price of a better model: a campaign's learning curve, what more votes cost and bring, and its measurement."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from common.wording import DASH, decimals, grouped, percent
from labeling.access import get_led_campaign
from labeling.actions.counting import counted_or_coming
from labeling.models import Campaign
from labeling.queries.slices import Slice
from labeling.stats import Range
from labeling.web.edge import act, form_of, page, person, submit
from training.actions.price import PriceSpec, cancel_price, start_price
from training.models import JobStatus
from training.queries.price import Price, Wish, price_of
from training.queries.waiting import Waiting
from training.web.jobs import STOPPED, STOPPING
from training.web.price_form import AXES, AskForm, MeasureForm

GRID = 40
"""Points of the curve on the chart."""
LONGEST_DAYS = 3650
"""A later day is no date that anybody plans with."""

FINDINGS: dict[str, tuple[str | Promise, str]] = {
    "exhausted": (_("Nothing more to gain"), "conflict"),
    "pays": (_("More labels pay"), "finished"),
    "unclear": (_("Not clear yet"), "queued"),
    "unknown": (_("Not measured"), ""),
}
"""The label of a finding, and the state of other things that it is shown like."""


@dataclass(frozen=True, slots=True)
class CurveRow:
    """A row of the table beside the chart, as text."""

    kind: str
    labels: str
    votes: str
    hours: str
    money: str
    accuracy: str
    win_rate: str


@page
@require_safe
def price(request: HttpRequest, slug: str) -> HttpResponse:
    """The page. votes, target: a lead's questions. along: labels, minutes or money."""
    return _page(request, get_led_campaign(person(request), slug))


@page
@form_of("price", "slug")
def price_measure(request: HttpRequest, slug: str) -> HttpResponse:
    """Has a worker measure the learning curve."""
    campaign = get_led_campaign(person(request), slug)
    form = MeasureForm(request.POST)

    def errand() -> str:
        spec = PriceSpec(form.cleaned_data["draws"], form.cleaned_data["minutes"])
        start_price(campaign=campaign, acting_user=person(request), now=timezone.now(), spec=spec)
        return gettext("The learning curve is being measured.")

    done = reverse("price", args=[slug])
    return submit(request, form, errand, done=done, again=lambda: _page(request, campaign, form))


@page
@form_of("price", "slug")
def price_cancel(request: HttpRequest, slug: str) -> HttpResponse:
    """Cancels the measurement of the learning curve."""
    campaign = get_led_campaign(person(request), slug)

    def errand() -> str:
        job = cancel_price(campaign=campaign, acting_user=person(request), now=timezone.now())
        return str(STOPPED if job.status == JobStatus.CANCELLED else STOPPING)

    return act(request, errand, back=reverse("price", args=[slug]))


def _page(request: HttpRequest, campaign: Campaign, form: MeasureForm | None = None) -> HttpResponse:
    now, ask = timezone.now(), AskForm(request.GET)
    counted, is_coming = counted_or_coming(campaign=campaign, part=Slice(), now=now)
    wish = Wish(**{name: ask.cleaned_data.get(name) for name in ("votes", "target")}) if ask.is_valid() else Wish()
    found = price_of(campaign, wish, counted, now=now)
    label, tone = FINDINGS[found.finding]
    context: dict[str, Any] = {
        "campaign": campaign,
        "tab": "price",
        "price": found,
        "finding": label,
        "tone": tone,
        "gain": found.curve.gain_between(found.labels, found.labels) if found.curve else None,
        "now_accuracy": found.curve.accuracy(found.labels) if found.curve else None,
        "dates": _dates(found, now),
        "chart": _chart(found, ask.along_or_labels),
        "along": AXES[ask.along_or_labels],
        "rows": _rows(found),
        "wait": Waiting(person(request), now=now).of(found.job),
        "ask": ask,
        "form": form or MeasureForm(),
        "counting": is_coming and counted is None,
    }
    return render(request, "training/price.html", context)


def _dates(found: Price, now: datetime) -> dict[str, str]:
    """The day on which the target is reached, with its interval; empty: none, or later than anybody plans."""
    days = found.target.days if found.target else None
    if days is None:
        return {}
    return {name: _day(getattr(days, name), now) for name in ("value", "low", "high")}


def _day(days: float, now: datetime) -> str:
    if not isfinite(days) or days > LONGEST_DAYS:
        return ""
    return date_format(timezone.localtime(now + timedelta(days=days)), gettext("j M Y"))


def _chart(found: Price, along: str) -> dict[str, Any] | None:
    """The columns of the chart: where, the curve with its interval, short runs, and versions. None: no curve."""
    curve = found.curve
    if curve is None:
        return None
    scale = {"labels": 1.0, "minutes": (found.effort.hours(found.effort.votes(1)) or 0.0) * 60}
    scale["money"] = found.effort.money(found.effort.votes(1)) or 0.0
    factor = scale[along] or 1.0
    points = {one.labels: one.accuracy.value for one in curve.points}
    versions = {one.labels: one.accuracy.value for one in found.real}
    grid = {round(2 * found.labels * number / GRID) for number in range(GRID + 1)}
    labels = sorted({*grid, *points, *versions})
    ranges: list[Range] = [curve.accuracy(one) for one in labels]
    return {
        "at": [round(one * factor, 2) if factor != 1.0 else one for one in labels],
        "curve": [round(one.value, 4) for one in ranges],
        "low": [round(one.low, 4) for one in ranges],
        "high": [round(one.high, 4) for one in ranges],
        "points": [points.get(one) for one in labels],
        "versions": [versions.get(one) for one in labels],
        "along": str(AXES[along if scale[along] else "labels"]),
    }


def _rows(found: Price) -> list[CurveRow]:
    """The measured points, by their labels: short runs, then versions."""
    short = found.curve.points if found.curve else ()
    return [
        *(_row(found, gettext("Short runs"), one.labels, one.accuracy, None) for one in short),
        *(_row(found, one.version, one.labels, one.accuracy, one.win_rate) for one in found.real),
    ]


def _row(found: Price, kind: str, labels: int, accuracy: Range, win_rate: Range | None) -> CurveRow:
    votes = found.effort.votes(labels)
    hours, money = found.effort.hours(votes), found.effort.money(votes)
    return CurveRow(
        kind=kind,
        labels=grouped(labels),
        votes=grouped(round(votes)),
        hours=DASH if hours is None else decimals(hours, 1),
        money=DASH if money is None else f"{grouped(round(money))} {found.effort.currency}",
        accuracy=in_words(accuracy),
        win_rate=in_words(win_rate) if win_rate else DASH,
    )


def in_words(one: Range) -> str:
    """A share with its interval."""
    values = {"value": percent(one.value), "low": percent(one.low), "high": percent(one.high)}
    return gettext("%(value)s (%(low)s to %(high)s)") % values
