"""How fast a run goes and how long it takes, on a clock that the test sets."""

import threading
import time
from typing import Any

import pytest

from training.engine.learning.checkpoint import RunProgress
from training.engine.learning.pace import Clock, ScoringReport, WorkTime, working_seconds


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that every clock shows, in a list of one."""
    seconds = [100.0]
    monkeypatch.setattr("training.engine.learning.pace.working_seconds", lambda: seconds[0])
    return seconds


def test_seconds_go_on_from_those_of_earlier_processes_and_what_is_left_follows_this_ones_mean(
    now: list[float],
) -> None:
    clock = Clock(RunProgress(step=7, seconds=40.0))
    now[0] += 2
    assert clock.rate(pairs=8, steps_left=10) == (4.0, 20.0, 2.0)
    now[0] += 4
    assert clock.rate(pairs=8, steps_left=9) == (2.0, 27.0, 4.0)  # of the last step; three seconds a step on average
    assert clock.seconds() == 46.0


def test_a_step_of_hours_has_a_rate_that_rounds_to_zero_and_still_its_seconds(now: list[float]) -> None:
    clock = Clock(RunProgress(step=0, seconds=0.0))
    now[0] += 8000
    assert clock.rate(pairs=2, steps_left=1) == (0.0, 8000.0, 8000.0)


def test_a_scoring_pass_reports_its_rate_and_the_rest(now: list[float]) -> None:
    events: list[dict[str, Any]] = []
    report = ScoringReport(events.append, "reference", 30)
    now[0] += 5
    report.update(10)
    assert events == [
        {
            "event": "scoring",
            "what": "reference",
            "pairs": 10,
            "of": 30,
            "pairs_per_second": 2.0,
            "remaining_seconds": 10.0,
        }
    ]


def test_pairs_that_were_read_from_disk_make_no_pass_look_fast(now: list[float]) -> None:
    events: list[dict[str, Any]] = []
    report = ScoringReport(events.append, "reference", 1000)
    report.update(600, known=600)
    assert "pairs_per_second" not in events[0]
    assert "remaining_seconds" not in events[0]
    now[0] += 5
    report.update(610)
    report.update(910, known=300)
    for event, left in zip(events[1:], (195, 45), strict=True):
        assert (event["pairs_per_second"], event["remaining_seconds"]) == (2.0, left)


def test_evaluations_are_timed_apart_from_steps(now: list[float]) -> None:
    clock = Clock(RunProgress(step=0, seconds=0.0))
    assert clock.steps_take(5) is None
    with clock.evaluation():
        now[0] += 300
    now[0] += 2
    assert clock.rate(pairs=8, steps_left=10) == (4.0, 20.0, 2.0)  # the five minutes before are no part of the step
    with clock.evaluation():
        now[0] += 100
    now[0] += 2
    assert clock.rate(pairs=8, steps_left=9) == (4.0, 18.0, 2.0)
    assert clock.steps_take(9) == pytest.approx(18)
    assert clock.evaluations_take(3) == pytest.approx(600)


def test_a_pass_says_what_follows_it_also_before_its_first_pair(now: list[float]) -> None:
    events: list[dict[str, Any]] = []
    report = ScoringReport(events.append, "probes", 8, lambda: 40.0)
    report.update(0)
    assert events == [{"event": "scoring", "what": "probes", "pairs": 0, "of": 8, "after_seconds": 40.0}]


def test_time_in_which_the_process_was_stopped_is_no_work() -> None:
    seconds = [5.0]
    work = WorkTime(lambda: seconds[0])
    for gap in (1.0, 2.5, 600.0, 1.0):
        seconds[0] += gap
        work.seconds()
    assert work.seconds() == 4.5


def test_a_long_product_is_work_though_nobody_asks_meanwhile() -> None:
    before = working_seconds()
    [thread] = [each for each in threading.enumerate() if each.name == "work-time"]
    assert thread.daemon
    time.sleep(0.05)
    assert working_seconds() - before >= 0.05
