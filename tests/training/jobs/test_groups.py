"""A search for groups in the votes of a campaign: two that want the opposite, and nothing to be found."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.groups import declare_grouping
from labeling.judging.acts import judge
from labeling.judging.assignments import next_assignments
from labeling.judging.drafts import JudgmentDraft
from labeling.models import Assignment, Campaign, Comparison, GroupMember, Judgment, User
from tests.people import Stage, asks, stage
from tests.training.conftest import add_written_pairs
from training.actions.group_versions import start_group_measurement, start_group_run
from training.actions.groups import (
    NoGroupsFound,
    TooFewVotes,
    cancel_group_job,
    declare_found,
    start_group_search,
)
from training.jobs.groups import run_group_job
from training.jobs.run import run_training_job
from training.models import GroupJob, ModelVersion
from training.queries.group_versions import table_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
QUICK = {"epochs": 4, "learning_rate": 0.003, "pairs_per_step": 8, "dtype": "float32", "lora_rank": 2, "threads": 1}


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


def test_a_cancelled_search_stops_at_its_next_start(scene: Stage) -> None:
    voted(scene, scene.crowd(4), lambda place: True)
    job = start_group_search(campaign=scene.campaign, acting_user=scene.maya, now=NOW, hand_to_worker=False)
    looks: list[datetime] = []

    def clock() -> datetime:
        looks.append(NOW)
        if len(looks) == 2:  # the claim was the first
            cancel_group_job(campaign=scene.campaign, acting_user=scene.maya, now=NOW)
        return NOW

    done = run_group_job(job.pk, clock=clock)
    assert done is not None
    assert (done.status, done.result) == ("cancelled", None)


@pytest.mark.long
def test_a_version_for_each_group_is_trained_and_measured_on_every_groups_pairs(
    campaign: Campaign, alice: User, maya: User, base: ModelVersion
) -> None:
    """Alice wants the short text of each pair and Maya the long one, so every pair is a conflict."""
    Campaign.objects.filter(pk=campaign.pk).update(overlap=2)
    campaign.refresh_from_db()
    add_written_pairs(campaign, per_prompt=3)
    for person, longest in ((alice, False), (maya, True)):
        while assignment := next_assignments(campaign=campaign, acting_user=person, now=NOW).next:
            row = assignment.comparison
            lengths = {"a": len(row.completion_a.text), "b": len(row.completion_b.text)}
            left = lengths[assignment.left] > lengths[assignment.right]
            draft = JudgmentDraft("left" if left == longest else "right", f"{person.pk} {assignment.pk}")
            judge(assignment=assignment, draft=draft, acting_user=person, now=NOW)
    groups = {"Brief": [alice], "Long": [maya]}
    grouping = declare_grouping(campaign=campaign, name="Taste", groups=groups, acting_user=None, now=NOW)
    for group in grouping.groups.order_by("name"):
        run = start_group_run(group=group, acting_user=None, now=NOW, config=QUICK, hand_to_worker=False)
        done = run_training_job(run.pk)
        assert done is not None
        assert done.status == "finished", done.error
    job = start_group_measurement(grouping=grouping, acting_user=None, now=NOW, hand_to_worker=False)
    measured = run_group_job(job.pk)
    assert measured is not None
    assert measured.status == "finished", measured.error
    assert measured.result is not None
    table = table_of(measured.result)
    assert (table.groups, [row.own for row in table.rows]) == (["Brief", "Long"], ["Brief", "Long"])
    assert [row.version for row in table.rows] == ["tiny-brief-v1", "tiny-long-v2"]
    brief, long = (row.cells for row in table.rows)
    assert brief[0].value is not None
    assert brief[0].comparisons > 0
    assert brief[0].value > (brief[1].value or 0.0)  # each serves its own group, and fails the other
    assert (long[1].value or 0.0) > (long[0].value or 0.0)
