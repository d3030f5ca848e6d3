"""The pace of a campaign, and when it will be complete."""

from datetime import timedelta

import pytest

from labeling.queries.forecast import completion_forecast, judged_by_day
from labeling.queries.progress import campaign_progress
from tests.labeling.queries.voting import five_judged
from tests.people import NOON, Stage, stage


@pytest.fixture
def scene() -> Stage:
    return five_judged()


def test_votes_are_counted_by_day_back_to_the_first_one(scene: Stage) -> None:
    evening = NOON + timedelta(days=2, hours=6)
    assert judged_by_day(scene.campaign, now=evening) == ([0, 0, 10], 0.25)
    forecast = completion_forecast(scene.campaign, campaign_progress(scene.campaign), now=evening)
    assert forecast.remaining == 0
    long_after = NOON + timedelta(days=30)
    assert judged_by_day(scene.campaign, now=long_after) == ([], 1.0)


def test_what_is_left_takes_as_long_as_the_pace_says() -> None:
    scene = stage(comparisons=8)
    for _ in range(4):
        scene.vote(scene.given(scene.alice), "a")
        scene.wait(86_400)
    forecast = completion_forecast(scene.campaign, campaign_progress(scene.campaign), now=scene.now)
    assert (forecast.remaining, forecast.per_day, forecast.days) == (4, 1.0, 4.0)
