"""Log-probabilities of pairs through rows: every pair once, in order, and finite."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.training.engine import tiny, workshop
from training.engine.config import RunConfig
from training.engine.data.packing import pack_row, pack_rows
from training.engine.errors import Diverged
from training.engine.loss_settings import LossSettings
from training.engine.measuring.scoring import figures_of, margin_lines, pair_scores, score_rows


@pytest.fixture
def data(tmp_path: Path) -> Path:
    workshop.write_pairs(tmp_path / "test.jsonl", 6, first=100)
    return workshop.write_pairs(tmp_path / "train.jsonl", 11)


def test_a_number_that_is_not_finite_stops_the_run_and_names_the_pair(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in model_folder.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    weights = load_file(broken / "model.safetensors")
    weights["model.embed_tokens.weight"][ord("Q") - 33] = math.nan  # the byte alphabet begins at "!"
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    record = {"id": "the bad one", "prompt": "p", "chosen": "Qa", "rejected": "za"}
    data.write_text(data.read_text() + json.dumps(record) + "\n")
    with pytest.raises(Diverged, match=r"chosen completion of pair 'the bad one' \(line 12\)"):
        workshop.run(broken, data, tmp_path / "out")


def test_a_pair_that_is_in_no_row_is_an_error_and_never_a_hole() -> None:
    policy, pairs = tiny.policy_of(tiny.model(), dtype=torch.float32), tiny.random_pairs(4)
    rows = pack_rows(pairs, [0, 1, 3], tokens_per_row=30, share=True)
    with pytest.raises(ValueError, match="1 pairs were in no row"):
        score_rows(policy, pairs, rows, lambda scored, known=0: None)


def test_values_come_in_the_pairs_order_and_every_row_is_reported() -> None:
    policy, pairs, reported = tiny.policy_of(tiny.model(), dtype=torch.float64), tiny.random_pairs(6), list[int]()
    rows = pack_rows(pairs, range(6), tokens_per_row=40, share=True)
    assert len(rows) > 1
    values = score_rows(policy, pairs, rows, lambda scored, known=0: reported.append(scored))
    for number, pair in enumerate(pairs):
        alone = policy.side_log_probs(pack_row([pair], [0], share=True)).detach().numpy()
        np.testing.assert_allclose(values[number], alone, atol=1e-6)  # norms are fp32 in transformers
    assert reported == sorted(reported)
    assert (len(reported), reported[-1]) == (len(rows), 6)


def test_a_margin_line_has_the_label_beside_the_models_opinion() -> None:
    pairs = [tiny.pair([1], [2], [3], confidence=0.75)]
    scores = pair_scores(pairs, np.array([[-1.0, -5.0]]), np.array([[-2.0, -3.0]]))
    (line,) = margin_lines("test", pairs, scores, LossSettings(beta=0.1))
    assert json.loads(line) == {
        "id": "pair",
        "split": "test",
        "margin": pytest.approx(0.3),
        "chosen_logratio": 1.0,
        "rejected_logratio": -2.0,
        "confidence": 0.75,
    }


def test_margins_are_means_over_tokens_where_the_loss_takes_means() -> None:
    """A long completion whose tokens gained little is not better than a short one whose tokens gained much."""
    pairs = [tiny.pair([1], [2] * 8, [3] * 2)]
    scores = pair_scores(pairs, np.array([[-4.0, -3.0]]), np.array([[-8.0, -6.0]]))
    for loss in ("sigmoid_norm", "ipo", "simpo"):
        settings = LossSettings(loss=loss, beta=5.0)
        margin = 5.0 * (4 / 8 - 3 / 2)
        (line,) = margin_lines("test", pairs, scores, settings)
        assert json.loads(line)["margin"] == pytest.approx(margin)
        figures = figures_of(scores, RunConfig(loss=loss, beta=5.0))
        assert (figures["margin"], figures["reward_accuracy"]) == (pytest.approx(margin), 0.0)
    norm = LossSettings(loss="sigmoid_norm", beta=5.0)
    assert scores.margins(norm) == pytest.approx([-5.0])
    assert figures_of(scores, RunConfig(beta=0.1))["margin"] == pytest.approx(0.1)


def test_a_policy_surer_than_its_labels_has_a_rising_loss_over_a_fixed_floor_and_a_falling_hard_loss() -> None:
    pairs = [replace(tiny.pair([1], [2], [3]), confidence=0.75) for _ in range(4)]
    reference = np.zeros((4, 2))

    def figures(margin: float) -> dict[str, Any]:
        policy = np.column_stack([np.full(4, margin / 0.1), np.zeros(4)])
        return figures_of(pair_scores(pairs, policy, reference), RunConfig(beta=0.1))

    best, sure = figures(math.log(3)), figures(4.0)
    assert best["loss"] == pytest.approx(best["loss_floor"], abs=1e-9)
    assert sure["loss_floor"] == best["loss_floor"] == pytest.approx(0.562335, abs=1e-6)
    assert sure["loss"] > 1 > best["loss"]
    assert sure["hard_loss"] == pytest.approx(math.log1p(math.exp(-4)))
    assert sure["hard_loss"] < best["hard_loss"]


def test_certain_labels_have_a_floor_of_zero_and_no_second_loss() -> None:
    scores = pair_scores([tiny.pair([1], [2], [3])], np.array([[1.0, 0.0]]), np.zeros((1, 2)))
    figures = figures_of(scores, RunConfig())
    assert figures["loss_floor"] == 0.0
    assert "hard_loss" not in figures
    assert "loss_floor" not in figures_of(scores, RunConfig(loss="robust"))
