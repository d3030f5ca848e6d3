"""The pairs that a run predicts worst."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.browser.furnished import furnish
from tests.people import stage
from training.actions.snapshots import take_snapshot
from training.engine.losses import posterior_right
from training.lens.surprises import Doubted, doubted_by, has_margins, posterior, worst_predicted
from training.models import Run


@pytest.fixture
def run(settings: Any, tmp_path: Path, db: None) -> Run:
    """A finished run on twenty comparisons; the pair number n of its training set has the margin n - 1."""
    settings.VAR_DIR = tmp_path
    on_stage = stage(comparisons=20)
    on_stage.settle(["a", "b"] * 10)
    snapshot = take_snapshot(campaign=on_stage.campaign, acting_user=None, now=on_stage.now)
    run = furnish(on_stage).finished
    run.directory, run.snapshot = str(tmp_path), snapshot
    run.save(update_fields=["directory", "snapshot"])
    figures = {"chosen_logratio": -1.0, "rejected_logratio": 2.0, "confidence": 0.9}
    lines = []
    for split in ("train", "test"):
        pairs = [json.loads(line) for line in (Path(snapshot.directory) / f"{split}.jsonl").read_text().splitlines()]
        lines += [{"id": pair["id"], "split": split, "margin": n - 1.0, **figures} for n, pair in enumerate(pairs)]
    lines.append({"id": "0" * 32, "split": "train", "margin": -99.0, **figures})  # of no snapshot
    (tmp_path / "margins.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return run


def test_the_smallest_margins_come_first_with_their_comparisons(run: Run) -> None:
    worst = worst_predicted(run, limit=4, split="train")
    assert [one.margin for one in worst] == [-1.0, 0.0, 1.0], "the unknown pair took a place and is left out"
    assert worst[0].probability == pytest.approx(0.2689, abs=1e-4)
    assert worst[0].comparison is not None
    assert worst[0].can_be_relabeled
    texts = {worst[0].comparison.completion_a.text, worst[0].comparison.completion_b.text}
    assert texts == {worst[0].pair.chosen, worst[0].pair.rejected}
    assert worst[0].prompt == worst[0].pair.prompt[-1]["content"]
    assert {one.split for one in worst_predicted(run, limit=99, split="test")} == {"test"}


def test_a_run_that_doubts_labels_says_how_many_and_how_much(run: Run) -> None:
    assert doubted_by(run) is None  # it takes every label as it is
    run.config = {"loss": "em"}
    lines = [json.loads(line) for line in (Path(run.directory) / "margins.jsonl").read_text().splitlines()]
    lines[0]["margin"] = -3.0  # at a confidence of 0.9 the others stay above a half
    lines = [line for line in lines if line["margin"] > -99]
    (Path(run.directory) / "margins.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert doubted_by(run) == Doubted(run.snapshot.train_pairs, 1)
    worst = worst_predicted(run, limit=1, split="train")[0]
    expected = posterior_right(torch.tensor([-3.0]), torch.tensor([0.9]))
    assert worst.right == pytest.approx(float(expected))
    assert posterior(0.0, 1.0) == pytest.approx(1.0)


def test_a_run_without_margins_has_no_surprises(run: Run) -> None:
    assert has_margins(run)
    (Path(run.directory) / "margins.jsonl").unlink()
    assert not has_margins(run)
    assert worst_predicted(run, limit=5) == []
