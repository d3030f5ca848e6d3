"""The sentence beside a held-out accuracy."""

from typing import Any

import pytest

from training.models import held_out_finding


def figures(right: float, pairs: int, ties: int = 0) -> dict[str, Any]:
    return {"reward_accuracy": right / pairs, "pairs": pairs, "ties": ties}


@pytest.mark.parametrize(
    ("metrics", "finding", "words"),
    [
        (figures(3, 6), "unclear", "Not shown to be better than chance: 6 held-out pairs are too few to tell."),
        (figures(24, 40), "unclear", "the interval of its held-out accuracy, 44.6 % to 73.7 %, includes 50 %."),
        (figures(2, 6), "unclear", "Wrong on most held-out pairs: right on 33.3 % of 6."),
        (figures(4, 30), "worse", "Worse than chance: it prefers the rejected completion on most of the 30"),
        (figures(30, 40), "better", "Better than chance: right on 75.0 % of 40 held-out pairs."),
        (figures(10, 20, ties=20), "unclear", "Not shown to be better than chance"),
    ],
)
def test_a_figure_is_followed_by_what_it_shows(metrics: dict[str, Any], finding: str, words: str) -> None:
    result = held_out_finding(metrics)
    assert result is not None
    assert result.finding == finding
    assert words in result.sentence
    assert (result.is_better, result.is_worse) == (finding == "better", finding == "worse")


def test_without_a_measurement_there_is_nothing_to_say() -> None:
    assert held_out_finding({}) is None
    assert held_out_finding({"win_rate": 0.66}) is None


def test_a_rounded_accuracy_is_no_impossible_count() -> None:
    for pairs in range(1, 60):
        for right in range(pairs + 1):
            assert held_out_finding({"reward_accuracy": round(right / pairs, 3), "pairs": pairs, "ties": 0}) is not None
