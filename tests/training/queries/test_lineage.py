"""From a comparison, prompt or judgment to every snapshot and version that used it, and back to the judgments."""

from pathlib import Path

import pytest

from labeling.actions.relabeling import relabel_comparison
from labeling.models import Comparison, Judgment
from labeling.queries.uses import uses_of
from tests.browser.furnished import furnish
from tests.labeling.actions.opinions import bring_in
from tests.people import Stage, stage
from training.actions.leaving_out import leave_out
from training.actions.snapshot_index import index_snapshot
from training.actions.snapshots import take_snapshot
from training.models import Run, Snapshot
from training.queries.lineage import comparisons_judged_by, judgments_behind, versions_of
from training.queries.trained_on import trained_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(var_dir: Path) -> Stage:
    scene = stage(comparisons=40)
    scene.settle("ab" * 12)
    return scene


def taken(scene: Stage) -> Snapshot:
    return take_snapshot(campaign=scene.campaign, acting_user=scene.maya, now=scene.now)


def test_a_comparison_its_prompt_and_its_judgment_lead_to_the_snapshot_and_its_versions(scene: Stage) -> None:
    snapshot, made = taken(scene), furnish(scene)
    Run.objects.filter(version=made.one).update(snapshot=snapshot)
    judgment = Judgment.objects.earliest("pk")
    comparison = judgment.comparison
    for row in (comparison, comparison.prompt, judgment):
        (use,) = uses_of(row)
        assert (use.snapshot, use.comparisons) == (snapshot.content_hash, 1)
        assert [name for name, _address in use.versions] == [made.one.name]
        assert [name for name, _address in use.later] == [made.two.name]
    sides = {uses_of(one)[0].is_held_out for one in Comparison.objects.filter(status="settled")}
    assert sides == {True, False}
    unsettled = Comparison.objects.filter(status="open").earliest("pk")
    assert uses_of(unsettled) == []


def test_an_undecided_or_later_judgment_was_not_used(scene: Stage) -> None:
    before = taken(scene)
    first = Judgment.objects.earliest("pk")
    relabel_comparison(comparison=first.comparison, more=1, reason="Again.", acting_user=scene.maya, now=scene.now)
    Snapshot.objects.update(read_until=scene.now)
    scene.wait(60)
    later = scene.vote(scene.given(scene.bob), "b" if first.choice == "a" else "a")
    assert later.comparison == first.comparison
    assert uses_of(later) == []
    assert [use.snapshot for use in uses_of(first)] == [before.content_hash]


def test_the_judgments_behind_a_snapshot_are_those_of_its_pairs(scene: Stage) -> None:
    snapshot = taken(scene)
    judgments = judgments_behind(snapshot)
    assert set(judgments) == set(Judgment.objects.filter(comparison__status="settled"))
    assert snapshot.basis == {
        "comparisons": 24,
        "judgments": 24,
        "annotators": 1,
        "simulated_annotators": 0,
        "guidelines": {"0": 24},
        "left_out": [],
    }
    assert comparisons_judged_by(scene.alice) == {snapshot.pk: 24}
    assert comparisons_judged_by(scene.bob) == {}
    assert versions_of([snapshot])[snapshot.pk].direct == []


def test_judgments_that_were_left_out_were_not_used(scene: Stage) -> None:
    for _ in range(6):
        scene.vote(scene.given(scene.bob), "a")
    scene.settle("ab" * 4)
    leave_out(campaign=scene.campaign, person=scene.bob, acting_user=scene.maya, now=scene.now)
    snapshot = taken(scene)
    assert snapshot.basis is not None
    assert snapshot.basis["left_out"] == [scene.bob.pseudonym]
    assert comparisons_judged_by(scene.bob) == {}
    assert not judgments_behind(snapshot).filter(annotator=scene.bob).exists()
    assert uses_of(Judgment.objects.filter(annotator=scene.bob).earliest("pk")) == []


def test_opinions_that_came_later_were_not_used_however_early_they_were_made(scene: Stage) -> None:
    before = taken(scene)
    Snapshot.objects.update(read_until=scene.now)
    before.refresh_from_db()
    scene.wait(60)
    comparison = Comparison.objects.filter(verdict__winner="a").select_related("prompt").earliest("pk")
    texts = {"chosen": comparison.completion_a.text, "rejected": comparison.completion_b.text}
    record = {"prompt": comparison.prompt.messages, **texts, "annotator": "ann", "created_at": "2024-05-01T10:00:00Z"}
    bring_in(scene, record)
    judgment = Judgment.objects.get(annotator__outside_name="ann")
    assert judgment.comparison == comparison
    assert judgment.created_at < before.created_at
    assert comparisons_judged_by(judgment.annotator) == {}
    assert trained_on(judgment.annotator) == []
    assert uses_of(judgment) == []
    assert not judgments_behind(before).filter(pk=judgment.pk).exists()
    assert before.read_until is not None
    index_snapshot(before, [comparison.pk], read_until=before.read_until)
    assert before.basis is not None
    assert before.basis["judgments"] == 1
    scene.wait(60)
    after = taken(scene)
    assert comparisons_judged_by(judgment.annotator) == {after.pk: 1}
    assert [use.snapshot for use in uses_of(judgment)] == [after.content_hash]
