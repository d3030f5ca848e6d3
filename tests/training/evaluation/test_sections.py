"""The figures of an evaluation's sections, each against its own plain definition."""

import math
from dataclasses import replace
from typing import Any

import pytest

from training.evaluation import sections
from training.evaluation.sections import HeldOutPair, OwnSample

PAIR = HeldOutPair("0", "p0", "Yes.", "No, never.", 1.0, 0.4, -10.0, -12.0, {})


def pairs(count: int, **changes: Any) -> list[HeldOutPair]:
    return [replace(PAIR, id=str(number), prompt=f"p{number}", **changes) for number in range(count)]


def sample(number: int, text: str, *, ended: bool = True) -> OwnSample:
    return OwnSample(f"{number}", f"p{number}", text, len(text.split()), ended)


def test_slices_are_by_confidence_and_by_the_votes_on_each_criterion() -> None:
    some = [
        replace(PAIR, id="a", prompt="a", confidence=0.6, margin=-1.0, criteria={"kind": -2}),
        replace(PAIR, id="b", prompt="b", confidence=0.75, margin=0.0, criteria={"kind": 1, "true": 0}),
        replace(PAIR, id="c", prompt="c", confidence=1.0, margin=3.0, criteria={"kind": 1}),
    ]
    found = {(one["by"], one["name"]): one for one in sections.slices(some)}
    assert {key: (one["pairs"], one["value"], one["margin"]) for key, one in found.items()} == {
        ("confidence", "0-0.75"): (1, 0.0, -1.0),
        ("confidence", "0.75-0.95"): (1, 0.5, 0.0),
        ("confidence", "0.95-1"): (1, 1.0, 3.0),
        # On "kind" people prefer the rejected text of a, as the version does; on "true" nobody prefers either.
        ("criterion", "kind"): (3, pytest.approx(2.5 / 3), pytest.approx(4 / 3)),
    }


def test_displacement_counts_chosen_texts_that_became_less_likely_and_an_unchanged_one_as_half() -> None:
    changes = [-1.0, -3.0, 2.0, 0.0]
    some = [replace(one, chosen_logp=-12.0 + change) for one, change in zip(pairs(4), changes, strict=True)]
    found = sections.displacement(some, {"0": -13.5, "1": -20.0})
    assert (found["base"]["value"], found["base"]["pairs"]) == (2.5 / 4, 4)
    assert found["base"]["mean"]["value"] == pytest.approx(-0.5)
    assert (found["parent"]["value"], found["parent"]["pairs"]) == (0.0, 2)  # -13 and -15 are above -13.5 and -20
    assert "parent" not in sections.displacement(some, None)


def test_drift_is_the_sum_over_all_tokens_by_their_number() -> None:
    lines = [
        {"id": str(number), "tokens": 10 + number, "kl_to_base": 2.0 + number, "entropy": 1.0, "kl_to_reference": 0.5}
        for number in range(6)
    ]
    prompts = {str(number): f"p{number}" for number in range(6)}
    found = sections.drift(lines, prompts)
    assert (found["samples"], found["tokens"]) == (6, 75)
    assert found["to_base"]["value"] == pytest.approx(27 / 75)
    assert found["to_parent"]["value"] == pytest.approx(3 / 75)
    assert found["to_base"]["low"] < 27 / 75 < found["to_base"]["high"]
    for line in lines:
        del line["kl_to_reference"]
    assert "to_parent" not in sections.drift(lines, prompts)


def test_samples_are_compared_on_the_prompts_that_both_answered() -> None:
    own = [sample(number, "It is certainly so. " * 3 + f"Number {number}.") for number in range(30)]
    other = [sample(number, f"Perhaps {number}.", ended=number % 2 == 0) for number in range(25)]
    found = sections.samples(own, other)
    assert found["pairs"] == 25
    assert (found["own"]["ended"], found["other"]["ended"]) == (1.0, pytest.approx(13 / 25))
    assert found["ended"]["value"] == pytest.approx(12 / 25)
    assert found["tokens"]["value"] == pytest.approx(14 - 2)
    alarms = {one["axis"]: one["alarm"] for one in found["axes"]}
    assert (alarms["confidence"], alarms["hedging"], alarms["length"], alarms["lists"]) == (1, -1, 1, 0)
    assert found["rotation"] == {"falling": ["hedging"], "rising": ["length", "confidence", "repetition"]}
    assert found["largest_shift"] == max(abs(one["shift"]) for one in found["axes"] if one["alarm"])


def test_the_shift_is_in_standard_deviations_of_single_texts() -> None:
    own = [sample(number, "a" * 2 ** (4 + number % 2)) for number in range(40)]
    other = [sample(number, "a" * 2 ** (3 + number % 2)) for number in range(40)]
    length = next(one for one in sections.samples(own, other)["axes"] if one["axis"] == "length")
    # Logarithms of 17 and 33 characters against 9 and 17, alternating; a text's spread is half their distance.
    mean = (math.log2(33) - math.log2(9)) / 2
    spreads = [math.log2(33 / 17) / 2, math.log2(17 / 9) / 2]
    spread = math.sqrt(sum(one**2 for one in spreads) / 2 * 40 / 39)
    assert length["shift"] == pytest.approx(mean / spread)


def test_the_same_texts_do_not_differ_and_no_texts_say_nothing() -> None:
    own = [sample(number, f"Text {number}") for number in range(24)]
    found = sections.samples(own, own)
    assert (found["same"], found["largest_shift"], found["largest_shift_axis"], found["rotation"]) == (
        24,
        0.0,
        "",
        None,
    )
    assert {one["value"] for one in found["axes"]} == {0.0}
    assert sections.samples([], [])["pairs"] == 0


def test_the_reward_pays_for_length_where_the_margin_follows_it() -> None:
    some = [
        replace(one, chosen="a" * (20 + number), rejected="b" * (40 - number), margin=0.1 * (number - 10))
        for number, one in enumerate(pairs(40))
    ]
    found = sections.reward(some)
    length = next(one for one in found["axes"] if one["axis"] == "length")
    assert length["alarm"] == 1
    assert length["low"] > 0
    assert found["rotation"] is None


def test_a_stored_rotation_is_found_again() -> None:
    axes = [{"axis": "length", "alarm": -1}, {"axis": "confidence", "alarm": 1}, {"axis": "lists", "alarm": 0}]
    assert sections.stored_rotation(axes) == {"falling": ["length"], "rising": ["confidence"]}
    assert sections.stored_rotation(axes[1:]) is None
