"""The sentence on top of an evaluation: every rule on both sides of its border."""

from typing import Any

import pytest

from common.sentences import Sentence
from training.evaluation.finding import LARGE_SHIFT, LEAST_PAIRS, concerns, finding

FIGURES: dict[str, Any] = {
    "pairs": 60,
    "accuracy": 0.8,
    "accuracy_low": 0.68,
    "accuracy_high": 0.88,
    "difference_to_serving": 0.12,
    "difference_to_serving_low": 0.01,
    "difference_to_serving_high": 0.22,
    "base": "tiny-base",
    "parent": "tiny-v1",
    "serving": "tiny-v1",
}


def said(against: list[Sentence] | None = None, **changes: Any) -> tuple[str, str]:
    name, sentence = finding({**FIGURES, **changes}, "serving", against or [])
    return name, str(sentence)


def test_a_version_that_surely_gains_is_better_and_the_sentence_says_on_what() -> None:
    assert said() == (
        "better",
        "Better than tiny-v1: +12.0 points (+1.0 points to +22.0 points) on the same 60 held-out pairs. No other "
        "figure speaks against it.",
    )


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"accuracy_high": 0.499, "accuracy_low": 0.3}, "worse", "it prefers what people rejected"),
        ({"accuracy_high": 0.5, "accuracy_low": 0.3}, "unknown", "not surely right on more than half"),
        ({"difference_to_serving_high": -0.001, "difference_to_serving_low": -0.2}, "worse", "Worse than tiny-v1"),
        ({"difference_to_serving_high": 0.0, "difference_to_serving_low": -0.2}, "unknown", "may be chance"),
        ({"difference_to_serving_low": 0.0}, "unknown", "may be chance"),
        ({"difference_to_serving_low": 0.001}, "better", "Better than"),
        ({"pairs": LEAST_PAIRS - 1}, "unknown", "only 49 held-out pairs. 50 are needed"),
        ({"pairs": LEAST_PAIRS}, "better", "Better than"),
        ({"accuracy_low": 0.5}, "unknown", "not surely right on more than half"),
        ({"accuracy_low": 0.501}, "better", "Better than"),
        ({"pairs": 0}, "unknown", "not measured on held-out pairs"),
        # Few pairs can prove a version wrong, even if they cannot prove it right.
        ({"pairs": 8, "accuracy_high": 0.4, "accuracy_low": 0.0}, "worse", "of 8 held-out pairs"),
    ],
)
def test_each_rule_holds_on_its_own_side_of_the_border(changes: dict[str, Any], name: str, words: str) -> None:
    found, sentence = said(**changes)
    assert found == name
    assert words in sentence


def test_against_a_base_the_difference_is_the_accuracy_less_one_half() -> None:
    name, sentence = finding({**FIGURES, "accuracy_low": 0.501}, "base", [])
    assert name == "better"
    assert str(sentence).startswith("Better than tiny-base: +30.0 points (+0.1 points to ")


def test_a_concern_keeps_a_gain_from_being_called_better_and_a_fall_is_worse_all_the_same() -> None:
    concern = Sentence("one bias was exchanged for another.")
    assert said([concern]) == (
        "unknown",
        "Not known: it orders more held-out pairs as people did than tiny-v1 (+12.0 points, +1.0 points to +22.0 "
        "points), but one bias was exchanged for another.",
    )
    assert said([concern], difference_to_serving_high=-0.01)[0] == "worse"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kl_per_token": 0.2, "kl_low": 0.1}, []),  # the budget may be kept: 0.1 is within the interval
        ({"kl_per_token": 0.2, "kl_low": 0.101}, ["KL to tiny-v1 is surely over the budget: 0.200"]),
        ({"kl_to_base_per_token": 9.0, "kl_to_base_low": 8.0}, []),  # no budget was set
        ({"rotations": 0}, []),
        ({"rotations": 1}, ["one bias was exchanged"]),
        ({"largest_shift": LARGE_SHIFT, "largest_shift_axis": "Length"}, []),
        (
            {"largest_shift": 0.81, "largest_shift_axis": "Length"},
            ["changed by 0.810 standard deviations"],
        ),
        ({}, []),
    ],
)
def test_other_figures_are_a_concern_beyond_their_limit(changes: dict[str, Any], words: list[str]) -> None:
    found = [str(one) for one in concerns({**FIGURES, **changes}, {"kl_per_token": 0.1})]
    assert len(found) == len(words)
    assert all(word in sentence for word, sentence in zip(words, found, strict=True))
