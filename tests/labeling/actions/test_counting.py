"""Statistics of large campaigns: pages show the last counts with their time, and a worker makes newer ones."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from labeling.actions import counting
from labeling.actions.counting import LOST_AFTER, count_statistics, counted_or_coming
from labeling.models import KeptCounts
from labeling.queries import statistics as queries
from labeling.queries.counts_json import as_json, from_json
from labeling.queries.slices import Slice
from labeling.queries.statistics import count_now, figures_of, slice_of, statistics
from tests.clients import Visiting
from tests.labeling.queries.voting import vote
from tests.people import Stage, pair, stage

PATH = "/campaigns/sums/statistics/"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Two judgments are many here. Returns the rows whose counting was sent to a worker."""
    sent: list[int] = []
    monkeypatch.setattr(counting, "LARGE", 2)
    monkeypatch.setattr(counting, "send", lambda task, *ids: sent.extend(ids))
    monkeypatch.setattr(queries, "WORTH_KEEPING_SECONDS", 1e9)  # what is older than the last judgment is not current
    return sent


def judged() -> Stage:
    scene = stage(comparisons=8, overlap=2)
    vote(scene, ["aabtxsba", "abbxtaba"], [scene.alice, scene.bob])
    return scene


@pytest.fixture
def looked(django_capture_on_commit_callbacks: Any) -> Callable[[Stage], Any]:
    """A look at a campaign's statistics, which is over when its messages are sent."""

    def look(scene: Stage) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return counted_or_coming(campaign=scene.campaign, part=Slice(), now=scene.now)

    return look


def counted(scene: Stage, row: int) -> bool:
    return count_statistics(row, clock=lambda: scene.now)


def test_the_first_look_asks_a_worker_once_and_a_later_one_shows_what_it_counted(
    sent: list[int], looked: Callable[[Stage], Any]
) -> None:
    scene = judged()
    assert looked(scene) == (None, True)
    assert looked(scene) == (None, True)
    (row,) = sent
    scene.wait(5)
    assert counted(scene, row)
    assert not counted(scene, row)  # a message that comes twice counts once
    kept, is_coming = looked(scene)
    assert not is_coming
    assert figures_of(kept) == statistics(scene.campaign, now=scene.now)


def test_after_another_judgment_the_last_figures_stay_with_their_time_until_newer_ones_are_there(
    sent: list[int], looked: Callable[[Stage], Any]
) -> None:
    scene = judged()
    looked(scene)
    counted(scene, sent[0])
    first = scene.now
    scene.add([pair(99)])
    scene.wait(60)
    scene.vote(scene.given(scene.alice), "a")
    kept, is_coming = looked(scene)
    assert (kept.counts.at, is_coming) == (first, True)
    assert counted(scene, sent[-1])
    kept, is_coming = looked(scene)
    assert (kept.counts.at, is_coming) == (scene.now, False)


def test_a_message_that_was_lost_and_a_worker_that_died_are_replaced(
    sent: list[int], looked: Callable[[Stage], Any]
) -> None:
    scene = judged()
    looked(scene)
    scene.wait(31)
    looked(scene)
    assert sent == [sent[0]] * 2
    KeptCounts.objects.update(started_at=scene.now)
    scene.wait(60)
    looked(scene)
    assert not counted(scene, sent[0])  # another worker is at it
    assert len(sent) == 2
    scene.wait(LOST_AFTER.total_seconds())
    looked(scene)
    assert len(sent) == 3
    assert counted(scene, sent[0])


def test_a_worker_whose_clock_is_behind_still_answers_who_asked(
    sent: list[int], looked: Callable[[Stage], Any]
) -> None:
    scene = judged()
    looked(scene)
    assert count_statistics(sent[0], clock=lambda: scene.now - timedelta(minutes=2))
    kept, is_coming = looked(scene)
    assert kept is not None
    assert not is_coming


def test_while_people_judge_the_counts_of_the_last_minute_are_new_enough(
    sent: list[int], looked: Callable[[Stage], Any]
) -> None:
    scene = judged()
    looked(scene)
    counted(scene, sent[0])
    scene.add([pair(99)])
    scene.wait(30)
    scene.vote(scene.given(scene.alice), "a")
    assert looked(scene)[1] is False
    scene.wait(31)
    assert looked(scene)[1] is True


def test_a_slice_and_its_counts_survive_the_row_that_keeps_them() -> None:
    scene = judged()
    made = count_now(scene.campaign, Slice(), scene.now)
    back = from_json(as_json(made.counts)), from_json(as_json(made.errors))
    assert repr(back) == repr((made.counts, made.errors))
    part = Slice(since=scene.now, until=scene.now + timedelta(days=1), annotator=scene.alice.pseudonym)
    assert slice_of(counting._limits(part)) == part


def test_the_page_says_that_figures_are_being_computed_and_then_shows_them(
    sent: list[int], visiting: Visiting, django_capture_on_commit_callbacks: Any
) -> None:
    scene = judged()
    maya = visiting(scene.maya)
    with django_capture_on_commit_callbacks(execute=True):
        text = maya.get(PATH).content.decode()
    assert "The figures are being computed" in text
    assert "data-active" in text
    count_statistics(sent[0])
    page = maya.get(PATH)
    assert page.context["found"].annotators
    assert "data-active" not in page.content.decode()
    file: Any = maya.get(f"{PATH}annotators.csv")
    assert b"alice" in b"".join(file.streaming_content)  # of the counts that are shown
    again = maya.get(PATH, {"recount": "", "annotator": ""})
    assert (again.status_code, again.headers["Location"]) == (302, f"{PATH}?annotator=")
    page = maya.get(PATH)
    assert page.context["found"].annotators
    assert "Newer figures are being computed" in page.content.decode()


def test_an_annotators_page_waits_for_nobody_and_then_says_when_its_figures_were_computed(
    sent: list[int], visiting: Visiting, django_capture_on_commit_callbacks: Any
) -> None:
    scene = judged()
    maya = visiting(scene.maya)
    with django_capture_on_commit_callbacks(execute=True):
        page = maya.get("/campaigns/sums/people/alice/")
    assert (page.context["figures"].rows, page.context["is_counting"]) == ([], True)
    count_statistics(sent[0])
    page = maya.get("/campaigns/sums/people/alice/")
    assert page.context["figures"].rows
    assert page.context["counted_at"] is not None
