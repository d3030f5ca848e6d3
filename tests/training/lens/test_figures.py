"""The arithmetic of the lens: against the engine's loss, at extremes, and how texts are painted."""

from math import isfinite, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.lens.figures import FAINTEST, HEAT_STEPS, figures, views
from training.web.walk_through import walk_through

RATIOS = st.floats(-1e4, 1e4)


def test_the_walk_with_the_numbers_of_the_textbook() -> None:
    values = {(step.key, name): value for step in walk_through() for name, value in step.values}
    assert len(walk_through()) == 6
    assert values["ratios", "chosen"] == pytest.approx(1.5)
    assert values["ratios", "rejected"] == pytest.approx(5 / 6)
    assert values["logs", "chosen"] == pytest.approx(0.4055, abs=1e-4)
    assert values["logs", "rejected"] == pytest.approx(-0.1823, abs=1e-4)
    assert values["rewards", "chosen"] == pytest.approx(0.0405, abs=5e-5)
    assert values["rewards", "rejected"] == pytest.approx(-0.0182, abs=5e-5)
    assert values["margin", "margin"] == pytest.approx(0.1 * log(1.8))
    assert round(values["margin", "margin"], 4) == 0.0588
    assert values["probability", "probability"] == pytest.approx(0.5147, abs=1e-4)
    assert values["loss", "loss"] == pytest.approx(0.6642, abs=1e-4)
    assert values["loss", "weight"] == pytest.approx(0.04853, abs=1e-5)


@given(RATIOS, RATIOS, st.floats(1e-3, 10))
def test_figures_are_finite_and_swapping_the_sides_turns_them_round(
    chosen: float, rejected: float, beta: float
) -> None:
    result, turned = figures(chosen, rejected, beta), figures(rejected, chosen, beta)
    assert all(isfinite(value) for value in (result.loss, result.weight, result.margin, result.probability))
    assert result.margin == -turned.margin
    assert result.probability + turned.probability == pytest.approx(1)
    assert result.weight == pytest.approx(beta * turned.probability, rel=1e-9, abs=1e-300)
    assert turned.loss - result.loss == pytest.approx(result.margin, rel=1e-9, abs=1e-9)


def test_a_text_is_painted_on_one_scale_before_and_after() -> None:
    result = {
        "after": {"version": "v2", "chosen": [["a", -1.0, -3.0], ["\n", -1.0, -1.0]], "rejected": [["b", -2.0, -1.0]]},
        "before": {"version": "v1", "chosen": [["a", -2.0, -3.0], ["\n", -1.0, -1.0]], "rejected": [["b", -1.0, -1.0]]},
    }
    after, before = views(result)
    assert before is not None
    assert [token.heat for token in after.chosen.tokens] == [HEAT_STEPS, 0]
    assert [token.heat for token in after.rejected.tokens] == [round(-HEAT_STEPS / 2)]
    assert [token.heat for token in before.chosen.tokens] == [round(HEAT_STEPS / 2), 0]
    assert after.scale == before.scale == 2.0
    assert after.chosen.tokens[1].visible_text == "↵\n"
    assert after.figures(0.5).margin == pytest.approx(0.5 * (2.0 - -1.0))


def test_rounding_is_not_painted() -> None:
    alike = {"version": "v1", "chosen": [["a", -1.0001, -1.0]], "rejected": [[" ", -1.0, -1.0]]}
    view, _ = views({"after": alike, "before": None})
    assert (view.scale, view.chosen.tokens[0].heat) == (FAINTEST, 0)
    assert view.rejected.tokens[0].visible_text == "·"
