"""The report of a rehearsal in words."""

import copy
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from training.rehearsal.words import in_words, means, means_in_words, table


def figure(value: float, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high}


REPORT: dict[str, Any] = {
    "round": 1,
    "seed": 0,
    "parent": "base",
    "version": "rehearsal-v1",
    "rule_sentence": "Prefers the shorter.",
    "labels": {
        "judgments": 30,
        "poisoned": 0,
        "comparisons": 10,
        "settled": 9,
        "train_pairs": 7,
        "test_pairs": 2,
    },
    "verdict_accuracy": figure(0.9),
    "evaluation": {
        "held_out": {"accuracy": 0.75, "accuracy_low": 0.5, "accuracy_high": 0.9},
        "kl": {"base": figure(0.031, 0.02, 0.04), "parent": figure(0.031, 0.02, 0.04)},
    },
    "win_rate": {"base": figure(0.6, 0.4, 0.8), "parent": figure(0.55, 0.35, 0.75)},
    "reward": {
        "unit": "hundreds of characters, negative",
        "gold": figure(-1.5, -2.0, -1.0),
        "gold_of": {"base": figure(-3.0), "parent": figure(-3.0)},
        "proxy": figure(0.42),
    },
    "gate": {
        "outcome": "passed",
        "promoted": True,
        "reason": "All 6 rules of gate 2 are met.",
        "people": {"cast": 36, "prompts": 12, "win_rate": 0.8, "low": 0.55, "high": 0.95},
    },
    "events": [{"verb": "version.promoted", "version": "rehearsal-v1", "by": None, "reason": "All rules are met."}],
    "seconds": {"train": 4.0, "total": 9.5},
}


def with_changes(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(REPORT) | changes


def test_a_report_names_versions_figures_and_events() -> None:
    text = in_words(REPORT)
    assert "Round 1: base -> rehearsal-v1" in text
    assert "30 judgments; 10 comparisons so far, 9 settled; 7 pairs to train on, 2 held out" in text
    assert "accuracy 0.75 [0.50, 0.90] against the base" in text
    assert "0.60 [0.40, 0.80] over the base, 0.55 [0.35, 0.75] over base" in text
    assert "gold -1.50 [-2.00, -1.00] (base -3.00; hundreds of characters, negative), proxy 0.42" in text
    assert (
        "All 6 rules of gate 2 are met. 36 votes cast by simulated annotators on 12 prompts: 0.80 [0.55, 0.95]." in text
    )
    assert "version.promoted  rehearsal-v1  All rules are met." in text


def test_a_version_that_people_were_not_asked_about_has_no_votes_in_the_table() -> None:
    held = with_changes(
        round=2, gate={"outcome": "held_back", "promoted": False, "reason": "Held back.", "people": None}
    )
    heading, first, second = table([REPORT, held]).splitlines()
    assert heading.split()[:3] == ["round", "version", "pairs"]
    assert first.split()[-3:] == ["36", "passed", "10"]
    assert second.split()[-3:] == ["-", "held_back", "10"]


def test_the_means_of_several_seeds_are_taken_round_by_round() -> None:
    other = with_changes(seed=1, win_rate={"base": figure(0.8), "parent": figure(0.45)})
    other["gate"] = {"outcome": "held_back", "promoted": False, "reason": "Held back.", "people": None}
    later = with_changes(round=2)

    first, second = means([REPORT, later, other])

    assert (first["rehearsals"], first["promoted"], second["rehearsals"]) == (2, 1, 1)
    assert first["win_rate"] == {"base": pytest.approx(0.7), "parent": pytest.approx(0.5)}
    assert first["votes"] == 36
    assert "Round 1, mean of 2: 1 promoted; win rate 0.70 over the base" in means_in_words([first, second])


@pytest.mark.parametrize("wrong", [("--rounds", "0"), ("--error-rate", "1.5"), ("--held", "two")])
def test_an_option_that_makes_no_sense_is_refused(wrong: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match=wrong[0]):
        call_command("rehearse", *wrong)
