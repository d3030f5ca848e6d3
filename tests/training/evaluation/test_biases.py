"""The bias watch: planted biases are found, nothing is found where there is none, and each figure is what it says."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.biases import WORLDS, alarms, as_expected, look
from labeling.stats import Estimate
from training.evaluation.axes import AXIS_LABELS, POSITION, TEXT_AXES
from training.evaluation.biases import (
    ALARM_ERROR,
    AxisFigure,
    LabelledPair,
    RewardedPair,
    Rotation,
    SampledPair,
    label_biases,
    reward_biases,
    rotation,
    sample_biases,
)

TEXTS = ["", "Yes.", "Perhaps.", "- a\n- b", "I can't.", "Great question! Yes, always.", "on and on " * 6]


def of(figures: list[AxisFigure], axis: str) -> AxisFigure:
    return next(one for one in figures if one.axis == axis)


def test_where_nothing_is_planted_nothing_is_found() -> None:
    """`python -m benchmarks.biases` counts the quiet ones of 200 runs; here a loud watch would fail at once."""
    loud = [seed for seed in range(12) if not as_expected(WORLDS["balanced"], look("balanced", seed, prompts=80))]
    assert len(loud) <= 1


@pytest.mark.parametrize("world", ["length", "lists", "substitution"])
def test_a_planted_bias_is_found_by_every_measurement_that_should(world: str) -> None:
    found = [as_expected(WORLDS[world], look(world, seed)) for seed in range(3)]
    assert sum(found) >= 2


def test_an_exchange_of_length_for_confidence_is_a_rotation_though_the_labels_are_even() -> None:
    seen = look("substitution", 1)
    assert alarms(seen["labels"]) == {}
    exchanged = rotation(seen["samples"])
    assert exchanged is not None
    assert "length" in exchanged.falling
    assert "confidence" in exchanged.rising
    assert rotation(look("length", 1)["samples"]) is None  # it only rises


def test_the_share_of_longer_winners_is_counted_pair_by_pair() -> None:
    pairs = [LabelledPair(str(one), str(one), "a longer text", "short") for one in range(30)]
    pairs += [LabelledPair(str(one), str(one), "short", "a longer text") for one in range(30, 40)]
    pairs += [LabelledPair("same", "same", "equal", "equal")]
    length = of(label_biases(pairs), "length")
    assert (length.figure.value, length.figure.comparisons, length.alarm) == (0.75, 40, 0)  # 0.002 times 7
    assert of(label_biases(pairs + [replace(pair, prompt=pair.id + "'") for pair in pairs]), "length").alarm == 1
    assert not of(label_biases(pairs), "hedging").figure.defined


def test_the_pairs_that_drive_it_most_come_first_and_agree_with_it() -> None:
    words = ["one " * count for count in range(1, 41)]
    pairs = [LabelledPair(f"p{count}", f"p{count}", "one " * 50, text) for count, text in enumerate(words)]
    pairs.append(LabelledPair("against", "against", "x", "x" * 5000))
    length = of(label_biases(pairs), "length")
    assert length.alarm == 1
    assert length.drivers[:3] == ("p0", "p1", "p2")
    assert "against" not in length.drivers


def test_a_liking_for_the_left_side_is_an_axis_of_labels_where_sides_are_known() -> None:
    pairs = [LabelledPair(str(one), str(one), "a", "b", chosen_on_left=one % 10 > 0) for one in range(100)]
    left = of(label_biases(pairs), POSITION)
    assert (left.figure.value, left.alarm) == (0.9, 1)
    assert POSITION not in {one.axis for one in label_biases([replace(one, chosen_on_left=None) for one in pairs])}


def test_many_pairs_of_few_prompts_raise_no_alarm() -> None:
    pairs = [LabelledPair(str(one), str(one % 10), "a longer text", "short") for one in range(400)]
    length = of(label_biases(pairs), "length")
    assert (length.figure.value, length.alarm) == (1.0, 0)


def test_the_slope_is_in_reward_for_a_doubling_and_equal_content_is_measured_apart() -> None:
    generator = np.random.default_rng(7)
    pairs = []
    for number in range(120):
        shorter, longer = "x" * 99, "x" * (2 ** int(generator.integers(1, 4)) * 100 - 1)
        doublings = np.log2((len(longer) + 1) / 100)
        noise = float(generator.normal(0, 0.1))
        pairs.append(RewardedPair(str(number), str(number), longer, shorter, 0.5 * doublings + noise))
        pairs.append(RewardedPair(f"{number}'", str(number), shorter, longer, noise, same_content=True))
    biases = reward_biases(pairs)
    same = of(biases.same_content, "length")
    assert same.figure.value == pytest.approx(0.0, abs=0.05)
    assert same.alarm == 0
    alone = of(reward_biases(pairs[::2]).observed, "length")
    assert alone.figure.value == pytest.approx(0.5, abs=0.03)
    assert (alone.alarm, reward_biases(pairs[::2]).same_content) == (1, [])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from(TEXTS), st.floats(-5, 5, width=16)), max_size=20))
def test_exchanging_first_and_second_changes_no_slope(rows: list[tuple[str, str, float]]) -> None:
    pairs = [RewardedPair(str(n), str(n), one, other, margin) for n, (one, other, margin) in enumerate(rows)]
    exchanged = [replace(one, first=one.second, second=one.first, margin=-one.margin) for one in pairs]
    for one, other in zip(reward_biases(pairs).observed, reward_biases(exchanged).observed, strict=True):
        assert (one.figure, one.p_value, one.alarm) == (other.figure, other.p_value, other.alarm)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from(TEXTS)), max_size=20))
def test_exchanging_candidate_and_serving_turns_every_sign_around(rows: list[tuple[str, str]]) -> None:
    pairs = [SampledPair(str(n), str(n), one, other) for n, (one, other) in enumerate(rows)]
    exchanged = [replace(one, candidate=one.serving, serving=one.candidate) for one in pairs]
    for one, other in zip(sample_biases(pairs), sample_biases(exchanged), strict=True):
        assert one.alarm == -other.alarm
        assert one.p_value == pytest.approx(other.p_value)
        if one.figure.value is not None:
            assert one.figure.value == pytest.approx(-(other.figure.value or 0.0))


def test_a_candidate_that_refuses_more_is_found_with_the_share_it_refuses_more() -> None:
    pairs = [
        SampledPair(str(one), str(one), "I can't do that." if one % 2 else "Here it is.", "Here it is, really.")
        for one in range(80)
    ]
    refusal = of(sample_biases(pairs), "refusal")
    assert (refusal.figure.value, refusal.alarm) == (0.5, 1)
    assert set(refusal.drivers) <= {str(one) for one in range(1, 80, 2)}


def test_a_rotation_takes_an_axis_that_falls_and_one_that_rises() -> None:
    def figure(axis: str, alarm: int) -> AxisFigure:
        return AxisFigure(axis, Estimate(0.0, None, None, 0), 0.0, alarm, ())  # type: ignore[arg-type]

    assert rotation([figure("length", -1), figure("hedging", 0)]) is None
    assert rotation([figure("length", 1), figure("lists", 1)]) is None
    both = rotation([figure("length", -1), figure("hedging", -1), figure("confidence", 1)])
    assert both == Rotation(falling=("length", "hedging"), rising=("confidence",))


def test_without_pairs_every_figure_is_undefined_and_no_alarm_is_raised() -> None:
    for figures in (label_biases([]), reward_biases([]).observed, sample_biases([])):
        assert [one.axis for one in figures] == [axis.name for axis in TEXT_AXES]
        assert all(one.figure.reason and not one.alarm and one.p_value >= ALARM_ERROR for one in figures)


def test_every_axis_has_a_name_for_people() -> None:
    assert set(AXIS_LABELS) == {axis.name for axis in TEXT_AXES} | {POSITION}
