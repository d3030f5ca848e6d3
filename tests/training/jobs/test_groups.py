"""A search for groups in the votes of a campaign: two that want the opposite, and nothing to be found."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.models import Assignment, Comparison, GroupMember, Judgment, User
from tests.people import Stage, asks, stage
from training.actions.groups import NoGroupsFound, TooFewVotes, declare_found, start_group_search
from training.jobs.groups import run_group_job
from training.models import GroupJob

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def two_texts(number: int) -> ComparisonDraft:
    """A brief text and a long one."""
    brief, long = f"It is {number}.", f"It is {number}, as far as one can say, and there is much to add. " * 3
    return ComparisonDraft(asks(f"Number {number}?"), CompletionDraft(brief), CompletionDraft(long))


def voted(scene: Stage, people: list[User], likes_long: Callable[[int], bool]) -> None:
    """Everybody's vote on every comparison, but each tenth is a slip. Rows only: the search reads nothing else."""
    rows = list(Comparison.objects.select_related("completion_a", "completion_b").order_by("pk"))
    for place, person in enumerate(people):
        for number, row in enumerate(rows):
            long = "a" if len(row.completion_a.text) > len(row.completion_b.text) else "b"
            brief = "b" if long == "a" else "a"
            choice = long if likes_long(place) != ((number + place) % 10 == 0) else brief
            shared = {"comparison": row, "campaign": scene.campaign, "annotator": person, "kind": "normal"}
            assignment = Assignment.objects.create(
                **shared, status="judged", slot=place + 1, leased_at=NOW, expires_at=NOW, left="a"
            )
            Judgment.objects.create(**shared, assignment=assignment, choice=choice, key=f"{number}", created_at=NOW)


@pytest.fixture
def scene() -> Stage:
    made = stage()
    made.add([two_texts(number) for number in range(30)])
    return made


def search(scene: Stage) -> GroupJob:
    job = start_group_search(campaign=scene.campaign, acting_user=scene.maya, now=NOW, hand_to_worker=False)
    done = run_group_job(job.pk, clock=lambda: NOW)
    assert done is not None
    assert done.status == "finished", done.error
    return done


def test_groups_by_length_are_found_and_become_declared_by_a_lead(scene: Stage) -> None:
    people = scene.crowd(6)
    voted(scene, people, lambda place: place % 2 == 0)
    job = search(scene)
    assert job.result is not None
    assert (job.result["groups"], job.result["people"], job.result["votes"]) == (2, 6, 180)
    apart = {frozenset(one["members"]) for one in job.result["found"]}
    assert apart == {frozenset(one.pseudonym for one in people[start::2]) for start in (0, 1)}
    leaning = dict(job.result["found"][0]["profile"])["Length"]
    assert leaning * dict(job.result["found"][1]["profile"])["Length"] < 0
    assert not GroupMember.objects.exists()  # a search declares nothing
    grouping = declare_found(campaign=scene.campaign, name="Found", acting_user=scene.maya, now=NOW)
    assert grouping.was_found
    assert grouping.members.count() == 6


def test_one_group_is_enough_where_all_want_the_same(scene: Stage) -> None:
    voted(scene, scene.crowd(5), lambda place: True)
    job = search(scene)
    assert job.result is not None
    assert (job.result["groups"], job.result["found"]) == (1, [])
    with pytest.raises(NoGroupsFound):
        declare_found(campaign=scene.campaign, name="Found", acting_user=scene.maya, now=NOW)


def test_a_search_needs_enough_people_with_enough_votes(scene: Stage) -> None:
    voted(scene, scene.crowd(3), lambda place: True)
    with pytest.raises(TooFewVotes, match="at least 4 annotators with 20 votes that prefer a side; there are 3"):
        start_group_search(campaign=scene.campaign, acting_user=scene.maya, now=NOW)
    assert not GroupJob.objects.exists()
