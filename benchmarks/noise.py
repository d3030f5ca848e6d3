"""Noise-aware training against plain DPO, with 10, 20 and 30 % of the labels flipped.

A small policy: the score of a text is a network of two layers over its features, its implicit reward the score less
that of the untrained network, as in DPO. The truth is another such network. Labels are flipped at a known rate that the
training is not told: it is measured from second votes on a quarter of the pairs (labeling.stats.label_noise), as the
platform measures it. It is no language model, so that many seeds take a minute; the losses and the calibration are the
engine's own (training.engine.losses, training.engine.data.calibration).

Compared: plain DPO (every label certain), our default for single votes (75 % certain), confidences from the measured
noise (conservative DPO), and EM with them (RE-PO, arXiv 2509.24159). Each at its last step, and at the step with the
lowest held-out loss, which the engine keeps.

    python -m benchmarks.noise [--seeds 6] [--pairs 500] [--epochs 40] [--json]                 (a minute or two)

Prints the accuracy on clean pairs, and the gain over plain DPO with its 95 % interval, whichever way it falls.
"""

import argparse
import json
from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from labeling.stats import label_noise, percent_agreement
from training.engine.data.calibration import at_factor, factor_for
from training.engine.loss_settings import LossSettings
from training.engine.losses import Pairs, pair_losses

FEATURES, WIDTH, BATCH = 12, 64, 32
BETA = 1.0
HELD_OUT, CLEAN = 120, 4000
STATED = 0.75
"""The confidence of a single vote, as the platform writes it."""
METHODS = ("plain", "stated", "calibrated", "em")


@dataclass(frozen=True)
class Labels:
    """Pairs of feature vectors, chosen first, shape (pairs, 2, features), and the measured share of wrong labels."""

    train: Tensor
    held_out: Tensor
    clean: Tensor
    measured: float


def network(generator: torch.Generator) -> nn.Sequential:
    """A score of a text from its features."""
    layers = nn.Sequential(nn.Linear(FEATURES, WIDTH), nn.Tanh(), nn.Linear(WIDTH, 1))
    with torch.no_grad():
        for parameter in layers.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / FEATURES**0.5)
    return layers


def labels(flips: float, pairs: int, seed: int) -> Labels:
    """Pairs that the truth orders; the judges exchange a share of them, and judge a quarter twice."""
    generator = torch.Generator().manual_seed(seed)
    truth = network(generator)

    def drawn(count: int) -> Tensor:
        texts = torch.randn(count, 2, FEATURES, generator=generator)
        with torch.no_grad():
            is_right = (truth(texts)[:, 0] > truth(texts)[:, 1]).squeeze(-1)
        return torch.where(is_right[:, None, None], texts, texts.flip(1))

    def judged(true: Tensor, wrong: Tensor) -> Tensor:
        return torch.where(wrong[:, None, None], true.flip(1), true)

    wrong = torch.rand(2, pairs, generator=generator) < flips
    twice = pairs // 4
    # Over (a, tie, b): the first vote is for a, the second for a where both are right or both wrong.
    patterns = Counter((2, 0, 0) if same else (1, 0, 1) for same in (wrong[0] == wrong[1])[:twice].tolist())
    noise = label_noise(percent_agreement(patterns, ties=False)).value
    held_out = judged(drawn(HELD_OUT), torch.rand(HELD_OUT, generator=generator) < flips)
    return Labels(judged(drawn(pairs), wrong[0]), held_out, drawn(CLEAN), 0.45 if noise is None else min(noise, 0.45))


def trained(data: Labels, method: str, seed: int, epochs: int) -> tuple[float, float]:
    """The accuracy on clean pairs after the last epoch, and after the one with the lowest held-out loss."""
    generator = torch.Generator().manual_seed(1000 + seed)
    policy = network(generator)
    with torch.no_grad():
        references = [policy(each).squeeze(-1) for each in (data.train, data.held_out, data.clean)]
    settings = LossSettings("em" if method == "em" else "sigmoid", beta=BETA)
    confidence = _confidence(method, data)
    optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-2, weight_decay=0.0)
    best, at_best, accuracy = float("inf"), 0.5, 0.5
    for _epoch in range(epochs):
        for some in torch.randperm(len(data.train), generator=generator).split(BATCH):
            loss = _losses(policy, data.train[some], references[0][some], confidence, settings).mean()
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        with torch.no_grad():
            held_out = float(_losses(policy, data.held_out, references[1], confidence, settings).mean())
            ratios = policy(data.clean).squeeze(-1) - references[2]
            accuracy = float((ratios[:, 0] > ratios[:, 1]).double().mean())
        if held_out < best:
            best, at_best = held_out, accuracy
    return accuracy, at_best


def _confidence(method: str, data: Labels) -> float:
    if method == "plain":
        return 1.0
    if method == "stated":
        return STATED
    stated = np.full(len(data.train), STATED)
    return float(at_factor(stated, factor_for(stated, max(data.measured, 1e-3)))[0])


def _losses(policy: nn.Module, texts: Tensor, reference: Tensor, confidence: float, settings: LossSettings) -> Tensor:
    scores = policy(texts).squeeze(-1)
    doubt = torch.full((len(texts),), confidence)
    return pair_losses(Pairs(scores, reference, torch.ones_like(scores), doubt), settings)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=6, help="truths, labels and trainings")
    parser.add_argument("--pairs", type=int, default=500, help="pairs to train on")
    parser.add_argument("--flips", type=float, nargs="+", default=[0.0, 0.1, 0.2, 0.3], help="shares of flipped labels")
    parser.add_argument("--epochs", type=int, default=40, help="how often every pair is seen")
    parser.add_argument("--json", action="store_true", help="print one JSON object a row")
    given = parser.parse_args()
    torch.set_num_threads(1)
    for flips in given.flips:
        sets = [labels(flips, given.pairs, seed) for seed in range(given.seeds)]
        found = {
            name: np.array([trained(data, name, seed, given.epochs) for seed, data in enumerate(sets)])
            for name in METHODS
        }
        measured = float(np.mean([data.measured for data in sets]))
        for name, values in found.items():
            gains = values - found["plain"]
            half = 1.96 * gains.std(axis=0, ddof=1) / len(gains) ** 0.5
            row = {"flips": flips, "measured": round(measured, 3), "method": name}
            for place, when in enumerate(("last", "kept")):
                row[when] = round(100 * float(values[:, place].mean()), 1)
                row[f"gain_{when}"] = round(100 * float(gains[:, place].mean()), 1)
                row[f"half_{when}"] = round(100 * float(half[place]), 1)
            text = (
                "{flips:.0%} flips (measured {measured:.0%})  {method:11} last {last:5}  {gain_last:+5} ± {half_last}"
            )
            print(
                json.dumps(row)
                if given.json
                else (text + "   kept {kept:5}  {gain_kept:+5} ± {half_kept}").format(**row)
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
