"""The biases of a snapshot's labels: measured once, in the background."""

from pathlib import Path

import pytest

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.comparisons import add_comparisons
from labeling.judging.acts import judge
from labeling.judging.assignments import next_assignments
from labeling.judging.drafts import JudgmentDraft
from labeling.models import Campaign, User
from tests.training.conftest import NOW, judge_all
from training.actions.label_biases import measure_next_snapshot
from training.actions.snapshots import take_snapshot
from training.models import Snapshot
from training.tasks import sweep

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("var_dir")]


def shorter_wins(campaign: Campaign, annotator: User, lead: User, *, pairs: int = 40) -> Snapshot:
    """A snapshot in whose pairs the shorter text always wins."""
    drafts = [
        ComparisonDraft(
            prompt=[{"role": "user", "content": f"Question {number}"}],
            first=CompletionDraft(f"Answer {number}."),
            second=CompletionDraft(f"A much longer answer to number {number}, with every detail that there is."),
        )
        for number in range(pairs)
    ]
    add_comparisons(campaign=campaign, drafts=drafts, source="test", acting_user=None, now=NOW)
    judge_all(campaign, annotator)
    return take_snapshot(campaign=campaign, acting_user=lead, now=NOW)


def test_a_snapshot_is_measured_once_and_names_the_comparisons_that_drive_it(
    campaign: Campaign, alice: User, maya: User
) -> None:
    snapshot = shorter_wins(campaign, alice, maya)
    assert not snapshot.label_biases
    assert measure_next_snapshot() == snapshot
    assert measure_next_snapshot() is None
    biases = Snapshot.objects.get(pk=snapshot.pk).label_biases
    assert biases is not None
    assert biases["pairs"] == snapshot.train_pairs
    length = next(one for one in biases["axes"] if one["axis"] == "length")
    assert (length["value"], length["alarm"], length["pairs"]) == (0.0, -1, snapshot.train_pairs)
    numbers = set(campaign.comparisons.values_list("pk", flat=True))
    assert length["drivers"]
    assert set(length["drivers"]) <= numbers
    hedging = next(one for one in biases["axes"] if one["axis"] == "hedging")
    assert (hedging["value"], hedging["alarm"], hedging["drivers"]) == (None, 0, [])


def test_a_snapshot_without_its_files_is_not_tried_again_and_again(campaign: Campaign, alice: User, maya: User) -> None:
    snapshot = shorter_wins(campaign, alice, maya, pairs=10)
    for file in Path(snapshot.directory).iterdir():
        file.unlink()
    assert measure_next_snapshot() == snapshot
    assert measure_next_snapshot() is None
    snapshot.refresh_from_db()
    assert snapshot.label_biases is not None
    assert snapshot.label_biases["pairs"] == 0


def test_the_sweep_measures_what_has_been_taken(campaign: Campaign, alice: User, maya: User) -> None:
    snapshot = shorter_wins(campaign, alice, maya, pairs=10)
    sweep()
    snapshot.refresh_from_db()
    assert snapshot.label_biases is not None
    assert snapshot.label_biases["pairs"] == snapshot.train_pairs


def test_a_left_side_that_always_wins_is_an_alarm(campaign: Campaign, maya: User, alice: User) -> None:
    drafts = [
        ComparisonDraft(
            prompt=[{"role": "user", "content": f"Question {number}"}],
            first=CompletionDraft(f"Answer {number}."),
            second=CompletionDraft(f"Reply {number}."),
        )
        for number in range(40)
    ]
    add_comparisons(campaign=campaign, drafts=drafts, source="test", acting_user=None, now=NOW)
    for assignment in iter(lambda: next_assignments(campaign=campaign, acting_user=alice, now=NOW).next, None):
        judge(assignment=assignment, draft=JudgmentDraft("left", f"{assignment.pk}"), acting_user=alice, now=NOW)
    take_snapshot(campaign=campaign, acting_user=maya, now=NOW)
    measured = measure_next_snapshot()
    assert measured is not None
    assert measured.label_biases is not None
    side = measured.label_biases["axes"][-1]
    assert (side["axis"], side["value"], side["alarm"], side["pairs"]) == ("position", 1.0, 1, measured.train_pairs)
