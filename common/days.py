"""Days in the time zone of the settings."""

from datetime import date, datetime, time

from django.utils import timezone


def midnight(day: date) -> datetime:
    """The first moment of a day, with its time zone."""
    return timezone.make_aware(datetime.combine(day, time()))
