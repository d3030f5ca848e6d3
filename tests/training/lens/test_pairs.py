"""Pairs that the lens looks at, from wherever they come."""

from pathlib import Path
from typing import Any

import pytest

from labeling.exchange import PreferencePair
from labeling.models import Comparison
from tests.browser.furnished import furnish
from tests.people import Stage, asks, stage
from training.actions.snapshots import take_snapshot
from training.errors import WrongSettings
from training.lens.pairs import (
    LensSubject,
    pair_of_snapshot,
    pair_of_texts,
    readable_pair,
    subject_of_comparison,
)
from training.models import ModelVersion, Snapshot

PAIR = PreferencePair("x", asks("Why?"), "Because.", "Why not?", prompt_ids=(1,), chosen_ids=(2,), rejected_ids=(3,))


def test_the_winner_of_a_comparison_is_chosen(db: None) -> None:
    on_stage = stage(comparisons=1)
    comparison = on_stage.settle(["b"])[0]
    subject = subject_of_comparison(comparison)
    assert (subject.pair.chosen, subject.pair.rejected) == (comparison.completion_b.text, comparison.completion_a.text)
    assert (subject.is_preference, subject.pair.confidence) == (True, comparison.verdict.confidence)
    assert (subject.comparison, subject.campaign) == (comparison, on_stage.campaign)


def test_without_a_preference_the_order_means_nothing(db: None) -> None:
    on_stage = stage(comparisons=2)
    tied = on_stage.settle(["tie"])[0]
    unjudged = Comparison.objects.exclude(pk=tied.pk).get()
    for comparison in (tied, unjudged):
        subject = subject_of_comparison(comparison)
        assert subject.pair.chosen == comparison.completion_a.text
        assert (subject.is_preference, subject.pair.confidence) == (False, 0.5)


def test_the_lens_and_a_snapshot_make_the_same_pair_of_a_comparison(settings: Any, tmp_path: Path, db: None) -> None:
    settings.VAR_DIR = tmp_path
    snapshot, settled = _snapshot(stage(comparisons=20))
    for comparison in settled:
        pair = subject_of_comparison(comparison).pair
        assert pair_of_snapshot(snapshot, pair.id) == pair
    assert pair_of_snapshot(snapshot, "0" * 32) is None


def _snapshot(on_stage: Stage) -> tuple[Snapshot, list[Comparison]]:
    settled = on_stage.settle(["a", "b"] * 10)
    return take_snapshot(campaign=on_stage.campaign, acting_user=None, now=on_stage.now), settled


@pytest.mark.parametrize(
    ("prompt", "chosen", "rejected", "words"),
    [
        ([], "x", "y", "must be from the user"),
        ([{"role": "assistant", "content": "Hello"}], "x", "y", "must be from the user"),
        (asks("Why?"), "x", " x ", "the same"),
        (asks("Why?"), "x", " ", "not be empty"),
        (asks("Why?"), "x", "\ud800", "cannot be stored"),
    ],
)
def test_texts_that_cannot_be_compared_are_refused(prompt: Any, chosen: str, rejected: str, words: str) -> None:
    with pytest.raises(WrongSettings, match=words):
        pair_of_texts(prompt, chosen, rejected)


def test_token_ids_are_read_by_models_of_their_writers_base_only(db: None) -> None:
    furnished = furnish(stage(comparisons=1))
    elsewhere = ModelVersion(name="other", base_dir="/elsewhere")
    written = LensSubject(PAIR, writers=frozenset({"base", "sums-v1"}))
    assert readable_pair(written, furnished.two) == PAIR
    assert readable_pair(written, elsewhere).chosen_ids is None
    imported = LensSubject(PAIR, writers=frozenset({"", "base"}))
    assert readable_pair(imported, furnished.two).prompt_ids is None
    of_a_snapshot = LensSubject(PAIR)
    assert readable_pair(of_a_snapshot, elsewhere) == PAIR
