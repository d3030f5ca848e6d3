"""Numbers and labels as pages show them, in the reader's language, and a dash where there is none."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from common import wording
from common.wording import DASH

register = template.Library()


@register.filter
def grouped(value: int | None) -> str:
    """A count with its thousands apart: 12,345."""
    return wording.grouped(value) if isinstance(value, int) else DASH


@register.filter
def percent(share: float | None) -> str:
    """A share of 0 to 1: 72.6 %."""
    return wording.percent(share) if isinstance(share, int | float) else DASH


@register.filter
def figure(value: float | None, digits: int = 3) -> str:
    """A measured number with that many digits after the point."""
    return wording.decimals(value, digits) if isinstance(value, int | float) else DASH


@register.filter
def in_sentence(label: str) -> str:
    """A choice's label in the middle of a sentence."""
    return wording.in_sentence(label)


@register.filter
def translated(sentence: str | None) -> str:
    """A sentence out of a room that knows no Django, where it is marked for translation; empty where there is none."""
    return gettext(sentence) if sentence else ""


@register.filter
def coordinate(value: float | None) -> str:
    """A number as SVG reads it."""
    return "0" if value is None else f"{value:.2f}"


@register.filter
def duration(seconds: float | None) -> str:
    """Rounded to what matters: 40 s, 12 min, 3 h 5 min."""
    if seconds is None:
        return DASH
    if seconds < 90:
        return f"{max(0, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


@register.filter
def days(value: float | None) -> str:
    """A time in days, rounded to what matters: 5 h, 3 days, 2 weeks."""
    if value is None:
        return DASH
    if value < 1:
        return f"{max(1, round(24 * value))} h"
    if value < 21:
        return ngettext("%(count)s day", "%(count)s days", round(value)) % {"count": round(value)}
    return gettext("%(count)s weeks") % {"count": round(value / 7)}


@register.filter
def took(started: datetime | None, finished: datetime | None) -> str:
    """The time between two moments; until now where the second is missing."""
    if started is None:
        return DASH
    return duration(((finished or timezone.now()) - started).total_seconds())
