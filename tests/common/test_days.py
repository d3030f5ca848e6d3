"""A day begins at midnight in the time zone of the settings."""

from datetime import UTC, date, datetime, timedelta

from django.utils import timezone

from common.days import midnight


def test_a_day_begins_at_midnight_where_the_server_stands() -> None:
    with timezone.override("Europe/Berlin"):
        assert midnight(date(2026, 1, 15)) == datetime(2026, 1, 14, 23, tzinfo=UTC)
        assert midnight(date(2026, 7, 15)) == datetime(2026, 7, 14, 22, tzinfo=UTC)


def test_a_day_on_which_the_clock_changes_has_its_own_length() -> None:
    with timezone.override("Europe/Berlin"):
        assert midnight(date(2026, 3, 30)) - midnight(date(2026, 3, 29)) == timedelta(days=1)
        lasted = midnight(date(2026, 3, 30)).astimezone(UTC) - midnight(date(2026, 3, 29)).astimezone(UTC)
        assert lasted == timedelta(hours=23)
