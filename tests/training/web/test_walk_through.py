"""The six steps from probabilities to the loss, checked by hand."""

from math import exp, log

import pytest

from training.web.walk_through import walk_through


def test_the_numbers_are_those_of_the_formula() -> None:
    steps = {step.key: dict(step.values) for step in walk_through()}
    assert list(steps) == ["ratios", "logs", "rewards", "margin", "probability", "loss"]
    chosen, rejected = 0.30 / 0.20, 0.25 / 0.30
    margin = 0.1 * (log(chosen) - log(rejected))
    probability = 1 / (1 + exp(-margin))
    assert steps["ratios"] == pytest.approx({"chosen": chosen, "rejected": rejected})
    assert steps["margin"]["margin"] == pytest.approx(margin)
    assert steps["probability"]["probability"] == pytest.approx(probability)
    assert steps["loss"] == pytest.approx({"loss": -log(probability), "weight": 0.1 * (1 - probability)})
