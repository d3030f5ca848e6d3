"""The progress of a campaign and of its annotators."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.queries.progress import annotator_progress, campaign_progress
from tests.people import pair, stage


def test_every_number_of_a_campaign() -> None:
    scene = stage(comparisons=5, overlap=2)
    scene.add([pair(99, preference="first")])
    for winner in ("a", "a", "b"):
        scene.vote(scene.given(scene.alice), winner)
    for winner in ("a", "b"):
        scene.vote(scene.given(scene.bob), winner)
    scene.judge(scene.given(scene.bob), "skip")
    progress = campaign_progress(scene.campaign, now=scene.now)
    assert progress.as_dict() == {
        "prompts": 6,
        "comparisons": 6,
        "open": 3,
        "settled": 2,
        "conflicts": 1,
        "judgments": 5,
        "judgments_wanted": 10,
        "votes_saved": 0,
        "flagged": 0,
        "gold": 0,
        "annotators": 2,
        "simulated_annotators": 0,
        "judgments_today": 5,
        "simulated_today": 0,
    }
    tomorrow = scene.now + timedelta(days=1)
    assert campaign_progress(scene.campaign, now=tomorrow).judgments_today == 0


def test_progress_costs_the_same_however_many_comparisons_there_are() -> None:
    scene = stage(comparisons=3)
    statements = []
    for number in (0, 300):
        scene.add(number)
        with CaptureQueriesContext(connection) as queries:
            campaign_progress(scene.campaign)
        statements.append([query["sql"] for query in queries])
    assert len(statements[0]) == len(statements[1]) == 4
    # Of comparisons only those that are flagged or gold are counted, by an index on the status: they are few.
    counted = [sql for sql in statements[1] if '"labeling_comparison"' in sql]
    assert len(counted) == 1
    assert "\"status\" IN ('flagged', 'gold')" in counted[0]


def test_an_annotator_sees_their_own_counts_and_a_stranger_zeros() -> None:
    scene = stage(comparisons=3)
    scene.judge(scene.given(scene.alice))
    scene.now += timedelta(days=1)
    scene.judge(scene.given(scene.alice))
    for user, counts in ((scene.alice, (2, 1)), (scene.bob, (0, 0)), (scene.charlie, (0, 0))):
        progress = annotator_progress(scene.campaign, user, now=scene.now)
        assert (progress.judged, progress.judged_today) == counts
        assert (progress.comparisons, progress.settled) == (3, 2)


def test_simulated_annotators_are_named_apart_in_every_count() -> None:
    scene = stage(comparisons=2)
    (robot,) = scene.crowd(1, is_simulated=True)
    scene.vote(scene.given(scene.alice), "a")
    scene.vote(scene.given(robot), "b")
    progress = campaign_progress(scene.campaign, now=scene.now)
    assert (progress.annotators, progress.simulated_annotators) == (2, 1)
    assert (progress.judgments_today, progress.simulated_today) == (2, 1)
