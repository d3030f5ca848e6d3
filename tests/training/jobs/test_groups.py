"""A search for groups in the votes of a campaign: two that want the opposite, and nothing to be found."""

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.groups import declare_grouping
from labeling.exchange import PreferencePair
from labeling.judging.acts import judge
from labeling.judging.assignments import next_assignments
from labeling.judging.drafts import JudgmentDraft
from labeling.models import Assignment, Campaign, Comparison, GroupMember, Judgment, User
from tests.people import Stage, asks, stage
from tests.training.conftest import add_written_pairs
from tests.training.selection import serving_base
from training.actions.group_versions import start_group_measurement, start_group_run
from training.actions.groups import (
    NoGroupsFound,
    TooFewVotes,
    cancel_group_job,
    declare_found,
    start_group_search,
)
from training.actions.snapshots import take_snapshot
from training.jobs import groups as jobs
from training.jobs.groups import run_group_job
from training.jobs.run import run_training_job
from training.models import Deployment, GroupJob, ModelVersion, Run, Snapshot
from training.queries.group_versions import table_of
from training.queries.snapshots import read_side
from training.versions import files

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


def test_a_search_reads_no_votes_that_were_asked_for_because_the_first_ones_differed(scene: Stage) -> None:
    people = scene.crowd(6)
    voted(scene, people, lambda place: place % 2 == 0)
    Campaign.objects.update(overlap=4, max_overlap=6)
    scene.reload()
    job = search(scene)
    assert job.result is not None
    assert (job.result["people"], job.result["votes"], job.result["left_out"]) == (4, 120, 0)


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


def version_of(scene: Stage, name: str, base: ModelVersion, snapshot: Snapshot) -> ModelVersion:
    """A version that learned from a snapshot. Rows only."""
    shared = {"campaign": scene.campaign, "snapshot": snapshot, "parent": base, "status": "finished"}
    run = Run.objects.create(**shared, created_at=NOW)
    return ModelVersion.objects.create(
        name=name,
        base_dir=base.base_dir,
        adapter_dir="/nowhere",
        content_hash=name,
        parent=base,
        run=run,
        lineage={},
        created_at=NOW,
    )


@pytest.mark.parametrize("gone", [False, True])
def test_no_version_is_measured_on_a_prompt_that_one_of_them_learned_from(
    var_dir: Path, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    """The serving version was trained on all but a few prompts: most held-out pairs of the groups are among them."""
    scene = stage(comparisons=30, overlap=2)
    for person in (scene.alice, scene.bob):
        while assignment := scene.next(person):
            scene.vote(assignment, "a")
    groups = {"North": [scene.alice], "South": [scene.bob]}
    grouping = declare_grouping(campaign=scene.campaign, name="Taste", groups=groups, acting_user=None, now=NOW)
    taken = [
        take_snapshot(campaign=scene.campaign, acting_user=None, now=NOW, group=group)
        for group in grouping.groups.order_by("name")
    ]
    common = take_snapshot(campaign=scene.campaign, acting_user=None, now=NOW, test_share=0.05)
    base = serving_base()
    for name, snapshot in zip(("north", "south"), taken, strict=True):
        version_of(scene, name, base, snapshot)
    Deployment.objects.update(version=version_of(scene, "common", base, common))
    scored: list[str] = []

    def score(version: ModelVersion, pairs: Sequence[PreferencePair], **_others: object) -> list[dict[str, object]]:
        scored.extend(pair.prompt[-1]["content"] for pair in pairs)
        return [{"id": pair.id, "margin": 1.0} for pair in pairs]

    monkeypatch.setattr(jobs, "score_pairs", score)
    monkeypatch.setattr(files, "check_version", lambda version: None)
    learned = {pair.prompt[-1]["content"] for pair in read_side(common, "train")}
    held = [len(list(read_side(one, "test"))) for one in taken]
    if gone:
        shutil.rmtree(common.directory)
    job = start_group_measurement(grouping=grouping, acting_user=None, now=NOW, hand_to_worker=False)
    done = run_group_job(job.pk, clock=lambda: NOW)
    assert done is not None
    assert done.status == "finished", done.error
    assert done.result is not None
    assert scored
    assert not set(scored) & learned
    table = table_of(done.result)
    assert {cell.comparisons for row in table.rows for cell in row.cells} == {len(scored) // 6}
    assert table.left_out == sum(held) - len(scored) // 3
    assert table.left_out > 0


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
