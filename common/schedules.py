"""Times of automatic retraining as people say them, and the cron times that they stand for."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from celery.schedules import ParseException, crontab

Kind = Literal["enough", "daily", "weekly", "hourly", "cron"]
HOURS = (1, 2, 3, 4, 6, 8, 12)
"""The steps of an hourly schedule: those that divide a day, so that the last step is as long as the others."""

CRON_FIELDS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
DAYS_SEARCHED = 366 * 41
"""29 February on a given weekday is the rarest date: at most forty years apart."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a campaign looks whether it is time to retrain.

    kind: enough (as soon as there are enough verdicts), daily, weekly, hourly, or cron. at: of daily and weekly.
    weekday: 0 (Sunday) to 6, of weekly. hours: one of HOURS, of hourly; it counts from midnight. cron: of cron.
    """

    kind: Kind
    at: time = time(3)
    weekday: int = 0
    hours: int = 6
    expression: str = ""

    @property
    def cron(self) -> str:
        """Its five fields; empty for `enough`."""
        clock = f"{self.at.minute} {self.at.hour}"
        return {
            "enough": "",
            "daily": f"{clock} * * *",
            "weekly": f"{clock} * * {self.weekday}",
            "hourly": "0 * * * *" if self.hours == 1 else f"0 */{self.hours} * * *",
            "cron": self.expression.strip(),
        }[self.kind]

    @classmethod
    def of(cls, cron: str) -> "Schedule":
        """The plainest schedule with these five fields; `cron` where no plain one has them."""
        fields = cron.lower().split()
        if not fields:
            return cls("enough")
        return _every_day(fields) or _every_few_hours(fields) or cls("cron", expression=cron)


def _every_day(fields: list[str]) -> Schedule | None:
    """A daily or weekly schedule, if the fields are one."""
    if len(fields) != len(CRON_FIELDS) or fields[2:4] != ["*", "*"]:
        return None
    minute, hour, weekday = fields[0], fields[1], fields[4]
    if not (re.fullmatch(r"[0-5]?\d", minute) and re.fullmatch(r"[01]?\d|2[0-3]", hour)):
        return None
    at = time(int(hour), int(minute))
    if weekday == "*":
        return Schedule("daily", at=at)
    number = (
        WEEKDAYS.index(weekday) if weekday in WEEKDAYS else int(weekday) if re.fullmatch("[0-7]", weekday) else None
    )
    return None if number is None else Schedule("weekly", at=at, weekday=number % 7)


def _every_few_hours(fields: list[str]) -> Schedule | None:
    """An hourly schedule, if the fields are one."""
    if len(fields) != len(CRON_FIELDS) or fields[0] not in ("0", "00") or fields[2:] != ["*", "*", "*"]:
        return None
    step = "1" if fields[1] == "*" else fields[1].removeprefix("*/") if fields[1].startswith("*/") else ""
    return Schedule("hourly", hours=int(step)) if step in map(str, HOURS) else None


def wrong_field(cron: str) -> str | None:
    """The first of five fields that cannot be read, by its name in CRON_FIELDS; None: all can."""
    for name, field in zip(CRON_FIELDS, cron.split(), strict=True):
        try:
            crontab(**{name: field})
        except (ValueError, ParseException):
            return name
    return None


def next_time(cron: str, *, after: datetime, zone: ZoneInfo) -> datetime:
    """The first time of a cron expression after `after`, in `zone`.

    As in Celery, day of month and day of week must both match. A time that the clock skips in spring is left out.
    Raises ValueError for an expression that cannot be read, or whose time never comes (30 February).
    """
    times = crontab(**dict(zip(CRON_FIELDS, cron.split(), strict=True)))
    start = after.astimezone(zone)
    for day in (start.date() + timedelta(days=number) for number in range(DAYS_SEARCHED)):
        weekday = day.isoweekday() % 7
        if (
            day.month not in times.month_of_year
            or day.day not in times.day_of_month
            or weekday not in times.day_of_week
        ):
            continue
        for hour, minute in ((hour, minute) for hour in sorted(times.hour) for minute in sorted(times.minute)):
            moment = datetime.combine(day, time(hour, minute), tzinfo=zone)
            if moment > start and _exists(moment):
                return moment
    raise ValueError(f"{cron!r} never comes.")


def _exists(moment: datetime) -> bool:
    """Whether clocks show this time: some skip an hour in spring."""
    there_and_back = moment.astimezone(ZoneInfo("UTC")).astimezone(moment.tzinfo)
    return there_and_back.replace(tzinfo=None) == moment.replace(tzinfo=None)
