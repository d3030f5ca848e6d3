"""A version for each group: its pairs are settled by its members alone, and all groups hold the same prompts out."""

import json
from pathlib import Path

import pytest

from labeling.actions.groups import declare_grouping, remove_grouping
from labeling.exchange import messages_hash
from labeling.models import AnnotatorGroup, Campaign, Comparison
from tests.browser.furnished import furnish
from tests.people import Stage, pair, stage
from training.actions.group_versions import GroupTooSmall, NoGroupVersions, start_group_measurement, start_group_run
from training.actions.snapshots import take_snapshot
from training.actions.versions import _free_name
from training.models import Run, Snapshot
from training.queries import splits
from training.queries.label_noise import measured_noise
from training.queries.retraining import last_snapshot
from training.queries.splits import next_split

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(var_dir: Path) -> Stage:
    """Alice always prefers a, Bob b: every pair is in conflict, and each group has its verdicts."""
    scene = stage(comparisons=30, overlap=2)
    for user, winner in ((scene.alice, "a"), (scene.bob, "b")):
        while assignment := scene.next(user):
            scene.vote(assignment, winner)
    groups = {"North": [scene.alice], "South": [scene.bob]}
    declare_grouping(campaign=scene.campaign, name="Region", groups=groups, acting_user=scene.maya, now=scene.now)
    return scene


def lines(snapshot: Snapshot, side: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (Path(snapshot.directory) / f"{side}.jsonl").read_text().splitlines()]


def taken(scene: Stage, name: str) -> Snapshot:
    group = AnnotatorGroup.objects.select_related("grouping").get(name=name)
    return take_snapshot(campaign=scene.campaign, acting_user=scene.maya, now=scene.now, group=group)


def test_each_groups_pairs_are_settled_by_its_members_and_split_alike(scene: Stage) -> None:
    assert set(Comparison.objects.values_list("status", flat=True)) == {"conflict"}
    north, south = taken(scene, "North"), taken(scene, "South")
    assert (north.group_name, north.train_pairs + north.test_pairs) == ("Region/North", 30)
    texts = {row.completion_a.text for row in Comparison.objects.select_related("completion_a")}
    assert {line["chosen"] for side in ("train", "test") for line in lines(north, side)} == texts
    assert {line["rejected"] for side in ("train", "test") for line in lines(south, side)} == texts
    held = [{messages_hash(line["prompt"]) for line in lines(one, "test")} for one in (north, south)]  # type: ignore[arg-type]
    assert held[0] == held[1]
    assert north.basis is not None
    assert north.basis["judgments"] == 30


def test_groups_hold_the_same_prompts_out_however_much_the_campaign_has_grown(
    scene: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A larger campaign holds a smaller share out: South would learn from what North is measured on."""
    north = taken(scene, "North")
    monkeypatch.setattr(splits, "usual_share", lambda pairs: 0.05)
    south = taken(scene, "South")
    assert north.manifest["split"] == south.manifest["split"]
    held = {messages_hash(line["prompt"]) for line in lines(north, "test")}  # type: ignore[arg-type]
    learned = {messages_hash(line["prompt"]) for line in lines(south, "train")}  # type: ignore[arg-type]
    assert not held & learned


def test_a_groups_run_starts_from_the_base_and_stands_beside_the_loop(scene: Stage) -> None:
    made = furnish(scene)
    Run.objects.update(status="finished")
    scene.add([pair(number) for number in range(100, 160)])
    for user in (scene.alice, scene.bob):
        while assignment := scene.next(user):
            scene.vote(assignment, "a")
    before = (last_snapshot(scene.campaign), next_split(scene.campaign))
    group = AnnotatorGroup.objects.get(name="South")
    run = start_group_run(group=group, acting_user=scene.maya, now=scene.now)
    assert (run.parent, run.round, run.snapshot.group) == (made.base, None, group)
    assert measured_noise(scene.campaign) is not None  # of a third the groups want the opposite
    assert run.noise is None
    assert (last_snapshot(scene.campaign), next_split(scene.campaign)) == before  # no vote counts as used
    name, _folder = _free_name(run, {"run_directory": ""})
    assert name.startswith("sums-south-v")


def test_the_same_pairs_of_a_group_and_of_all_are_two_snapshots(var_dir: Path) -> None:
    scene = stage(comparisons=30)
    scene.settle("a" * 30)
    groups = {"North": [scene.alice]}
    declare_grouping(campaign=scene.campaign, name="Region", groups=groups, acting_user=scene.maya, now=scene.now)
    of_all = take_snapshot(campaign=scene.campaign, acting_user=scene.maya, now=scene.now)
    of_group = taken(scene, "North")
    assert of_group.content_hash == of_all.content_hash
    assert (of_all.group_name, of_group.group_name) == ("", "Region/North")
    assert taken(scene, "North") == of_group
    assert Snapshot.objects.count() == 2


def test_a_group_that_is_declared_again_finds_its_snapshot(scene: Stage) -> None:
    before = taken(scene, "North")
    remove_grouping(campaign=scene.campaign, name="Region", acting_user=scene.maya, now=scene.now)
    groups = {"North": [scene.alice], "South": [scene.bob]}
    declare_grouping(campaign=scene.campaign, name="Region", groups=groups, acting_user=scene.maya, now=scene.now)
    after = taken(scene, "North")
    assert after == before
    assert after.group == AnnotatorGroup.objects.get(name="North")


def test_a_small_group_of_a_pseudonymous_campaign_gets_no_version(scene: Stage) -> None:
    furnish(scene)
    Run.objects.update(status="finished")
    Campaign.objects.filter(pk=scene.campaign.pk).update(pseudonymous=True)
    group = AnnotatorGroup.objects.get(name="South")
    with pytest.raises(GroupTooSmall):
        start_group_run(group=group, acting_user=scene.maya, now=scene.now)
    with pytest.raises(NoGroupVersions):
        start_group_measurement(grouping=group.grouping, acting_user=scene.maya, now=scene.now)
