"""Template filters for numbers and labels in the reader's language. A missing value is a dash."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext

from common import wording
from common.wording import DASH

register = template.Library()


@register.filter
def grouped(value: float | None) -> str:
    """A count with thousands separators: 12,345. A count that JSON sums made a float is one too."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return wording.grouped(value) if isinstance(value, int) else DASH


@register.filter
def percent(share: float | None) -> str:
    """A share from 0 to 1 as a percentage: 72.6 %."""
    return wording.percent(share) if isinstance(share, int | float) else DASH


@register.filter
def points(difference: float | None) -> str:
    """A difference of two shares in percentage points: +4.2 points."""
    return wording.points(difference) if isinstance(difference, int | float) else DASH


@register.filter
def figure(value: float | None, digits: int = 3) -> str:
    """A number with this many digits after the point."""
    return wording.decimals(value, digits) if isinstance(value, int | float) else DASH


@register.filter
def in_sentence(label: str) -> str:
    """A label in the middle of a sentence."""
    return wording.in_sentence(label)


@register.filter
def translated(sentence: str | None) -> str:
    """The translation of a sentence that was marked where there is no Django; empty: no sentence."""
    return gettext(sentence) if sentence else ""


@register.filter
def coordinate(value: float | None) -> str:
    """A number in the form that SVG needs, in every language."""
    return "0" if value is None else f"{value:.2f}"


@register.filter
def duration(seconds: float | None) -> str:
    """A duration, rounded to a sensible unit: 40 s, 12 min, 3 h 5 min."""
    if seconds is None:
        return DASH
    if seconds < 90:
        return f"{max(0, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


@register.filter
def ago(moment: datetime) -> str:
    """How long ago: "2 hours, 5 minutes ago"; "just now" in the first minute."""
    if timezone.now() - moment < timedelta(minutes=1):
        return gettext("just now")
    return gettext("%(time)s ago") % {"time": timesince(moment)}


@register.filter
def days(value: float | None) -> str:
    """A number of days, rounded to a sensible unit: 5 h, 3 days, 2 weeks."""
    if value is None:
        return DASH
    if value < 1:
        return f"{max(1, round(24 * value))} h"
    if value < 21:
        return ngettext("%(count)s day", "%(count)s days", round(value)) % {"count": round(value)}
    return gettext("%(count)s weeks") % {"count": round(value / 7)}


@register.filter
def took(started: datetime | None, finished: datetime | None) -> str:
    """The time between two moments; finished: None: until now."""
    if started is None:
        return DASH
    return duration(((finished or timezone.now()) - started).total_seconds())
