"""Snapshots as things: their pairs lead to comparisons, damage is found, and changes between two are told apart."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from labeling.actions.relabeling import relabel_comparison
from labeling.exchange import PreferencePair, Split, write_snapshot
from labeling.models import Campaign, Comparison
from tests.people import Stage, asks, stage
from training.actions.snapshots import take_snapshot
from training.models import Snapshot
from training.queries.snapshots import SnapshotGone, changes_between, pairs_of, snapshot_before, verified

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(var_dir: Path) -> Stage:
    scene = stage(comparisons=40)
    scene.settle("ab" * 12)
    return scene


def taken(scene: Stage) -> Snapshot:
    return take_snapshot(campaign=scene.campaign, acting_user=scene.maya, now=scene.now)


def test_every_pair_leads_to_its_comparison(scene: Stage) -> None:
    snapshot = taken(scene)
    rows = [row for side in ("train", "test") for row in pairs_of(snapshot, side, start=0, size=100)]
    assert len(rows) == snapshot.train_pairs + snapshot.test_pairs == 24
    for row in rows:
        assert row.comparison is not None
        comparison = Comparison.objects.get(pk=row.comparison)
        verdict = comparison.verdict
        winner = comparison.completion_a if verdict.winner == "a" else comparison.completion_b
        assert (winner.text, comparison.prompt.messages) == (row.pair.chosen, list(row.pair.prompt))
    assert pairs_of(snapshot, "train", start=3, size=2) == pairs_of(snapshot, "train", start=0, size=10)[3:5]


def test_damage_is_found(scene: Stage) -> None:
    snapshot = taken(scene)
    assert verified(snapshot).sha256 == snapshot.content_hash
    file = Path(snapshot.directory) / "train.jsonl"
    content = file.read_bytes()
    file.write_bytes(content.replace(b"Nobody", b"nobody", 1))
    with pytest.raises(SnapshotGone, match=r"train\.jsonl"):
        verified(snapshot)
    with translation.override("de"), pytest.raises(SnapshotGone, match=r"train\.jsonl ist nicht die Datei"):
        verified(snapshot)
    file.unlink()
    with pytest.raises(SnapshotGone):
        pairs_of(snapshot, "train", start=0, size=1)


def test_what_people_changed_is_what_changed(scene: Stage) -> None:
    before = taken(scene)
    assert snapshot_before(before) == before
    first = Comparison.objects.filter(status="settled").earliest("pk")
    relabel_comparison(comparison=first, more=1, reason="Again.", acting_user=scene.maya, now=scene.now)
    scene.settle("aaa")
    after = taken(scene)
    changes = changes_between(before, after)
    assert snapshot_before(after) == before
    assert changes.counts["added"] + changes.counts["turned"] + changes.same + changes.counts["confidence"] == (
        after.train_pairs + after.test_pairs
    )
    assert changes.counts["added"] >= 2
    back = changes_between(after, before)
    assert (back.counts["removed"], back.counts["added"]) == (changes.counts["added"], changes.counts["removed"])
    assert (changes_between(after, after).same, sum(changes_between(after, after).counts.values())) == (
        after.train_pairs + after.test_pairs,
        0,
    )


def pair(number: int, *, turned: bool = False, confidence: float = 0.75) -> PreferencePair:
    texts = (f"It is {number + 1}.", f"Nobody knows {number}.")
    chosen, rejected = reversed(texts) if turned else texts
    return PreferencePair(str(number), asks(f"What is {number} plus one?"), chosen, rejected, confidence=confidence)


def written(campaign: Campaign, folder: Path, pairs: list[PreferencePair], **split: Any) -> Snapshot:
    manifest = write_snapshot(folder, pairs, split=Split(**split))
    return Snapshot.objects.create(
        campaign=campaign,
        content_hash=manifest.sha256,
        directory=str(folder),
        manifest=json.loads(json.dumps(manifest.as_dict())),
        train_pairs=manifest.train.pairs,
        test_pairs=manifest.test.pairs,
        created_at=campaign.created_at,
    )


def test_each_kind_of_change_is_told_apart(scene: Stage, tmp_path: Path) -> None:
    old = [pair(number) for number in range(60)]
    new = [
        pair(0, turned=True),
        pair(1, confidence=0.9),
        *(pair(number) for number in range(2, 59)),
        pair(70),
        pair(71),
    ]
    before = written(scene.campaign, tmp_path / "one", old, seed=0, test_share=0.3)
    after = written(scene.campaign, tmp_path / "two", new, seed=0, test_share=0.3)
    changes = changes_between(before, after)
    assert changes.counts == {"added": 2, "removed": 1, "turned": 1, "moved": 0, "confidence": 1}
    [shaken] = changes.rows["confidence"]
    assert (shaken.confidence_before, shaken.pair.confidence) == (0.75, 0.9)
    assert changes.same == 57
    assert {row.pair.id for row in changes.rows["added"]} == {"70", "71"}
    other = written(scene.campaign, tmp_path / "three", new, seed=5, test_share=0.3)
    moved = changes_between(after, other)
    assert moved.counts["moved"] > 5
    assert moved.counts["moved"] + moved.same == 61
    assert len(moved.rows["moved"]) <= 20
