"""Times as people say them, and as cron says them."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from celery.schedules import crontab
from hypothesis import given
from hypothesis import strategies as st

from common.schedules import HOURS, Schedule, next_time

BERLIN = ZoneInfo("Europe/Berlin")

PLAIN = st.one_of(
    st.just(Schedule("enough")),
    st.builds(Schedule, st.just("daily"), at=st.times().map(lambda at: at.replace(second=0, microsecond=0))),
    st.builds(
        Schedule,
        st.just("weekly"),
        at=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
        weekday=st.integers(0, 6),
    ),
    st.builds(Schedule, st.just("hourly"), hours=st.sampled_from(HOURS)),
)


@given(PLAIN)
def test_every_plain_time_is_recognised_in_its_cron(schedule: Schedule) -> None:
    assert Schedule.of(schedule.cron) == schedule


@pytest.mark.parametrize(
    ("cron", "kind"),
    [
        ("0 3 * * *", "daily"),
        ("5 03 * * mon", "weekly"),
        ("0 4 * * 7", "weekly"),
        ("0 */6 * * *", "hourly"),
        ("0 * * * *", "hourly"),
        ("0 */5 * * *", "cron"),
        ("15 3 * * 1-5", "cron"),
        ("0 3 1 * *", "cron"),
        ("*/5 * * * *", "cron"),
        ("61 3 * * *", "cron"),
        ("at three", "cron"),
    ],
)
def test_cron_that_fits_a_plain_time_is_shown_as_one(cron: str, kind: str) -> None:
    schedule = Schedule.of(cron)
    assert schedule.kind == kind
    assert Schedule.of(schedule.cron) == schedule


def test_sunday_is_seven_or_zero() -> None:
    assert Schedule.of("0 4 * * 7") == Schedule.of("0 4 * * sun") == Schedule("weekly", at=time(4), weekday=0)


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        ("0 3 * * *", datetime(2026, 11, 29, 1, 59, tzinfo=UTC), datetime(2026, 11, 29, 3, tzinfo=BERLIN)),
        ("0 3 * * *", datetime(2026, 11, 29, 2, 0, tzinfo=UTC), datetime(2026, 11, 30, 3, tzinfo=BERLIN)),
        ("30 2 * * *", datetime(2027, 3, 27, 12, 0, tzinfo=UTC), datetime(2027, 3, 29, 2, 30, tzinfo=BERLIN)),
        ("0 0 29 2 *", datetime(2026, 11, 29, tzinfo=UTC), datetime(2028, 2, 29, tzinfo=BERLIN)),
        ("0 0 29 2 mon", datetime(2026, 11, 29, tzinfo=UTC), datetime(2044, 2, 29, tzinfo=BERLIN)),
    ],
)
def test_the_next_time_is_in_the_time_zone_of_the_schedule(cron: str, after: datetime, expected: datetime) -> None:
    assert next_time(cron, after=after, zone=BERLIN) == expected


@pytest.mark.parametrize("cron", ["0 0 30 2 *", "61 3 * * *", "at three"])
def test_a_time_that_never_comes_is_refused(cron: str) -> None:
    with pytest.raises(ValueError, match=r"never|Invalid|zip|range|argument"):
        next_time(cron, after=datetime(2026, 11, 29, tzinfo=UTC), zone=BERLIN)


@given(
    cron=st.sampled_from(["0 3 * * *", "15 3 * * 1-5", "0 */6 * * *", "5 4 1 * *", "0 0 13 * fri", "*/20 8-9 * 1,7 *"]),
    after=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
)
def test_the_next_time_is_that_of_celery(cron: str, after: datetime) -> None:
    names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    schedule = crontab(**dict(zip(names, cron.split(), strict=True)), nowfun=lambda: after)
    start, delta, _ = schedule.remaining_delta(after, tz=UTC)
    found = next_time(cron, after=after, zone=ZoneInfo("UTC"))
    assert found == start + delta > after
