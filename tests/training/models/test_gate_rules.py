"""The rules of a gate: what they accept, and what they say about figures."""

from typing import Any

import pytest
from django.utils import translation

from common.sentences import Sentence
from training.models import DEFAULT_RULES, FIGURES, GateRule, WrongRules, gate_results, parse_rules

GOOD: dict[str, Any] = {
    "pairs": 60,
    "accuracy": 0.7,
    "accuracy_low": 0.57,
    "accuracy_high": 0.8,
    "base": "base",
    "parent": "v1",
    "difference_to_parent": 0.1,
    "difference_to_parent_low": -0.02,
    "difference_to_parent_high": 0.2,
}
PAIRS = {"figure": "pairs", "floor": 50}


def outcomes(figures: dict[str, Any]) -> list[str]:
    return [result.outcome for result in gate_results(DEFAULT_RULES, figures)]


def test_the_default_gate_is_met_by_a_good_version_without_probes() -> None:
    assert outcomes(GOOD) == ["met", "met", "met", "ignored", "ignored", "ignored"]
    assert not any(result.holds for result in gate_results(DEFAULT_RULES, GOOD))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"pairs": 49}, ["failed", "met", "met", "ignored", "ignored", "ignored"]),
        ({"accuracy_low": 0.5}, ["met", "failed", "met", "ignored", "ignored", "ignored"]),
        ({"difference_to_parent_high": -0.01}, ["met", "met", "failed", "ignored", "ignored", "ignored"]),
        ({"difference_to_parent_high": 0.0}, ["met", "met", "met", "ignored", "ignored", "ignored"]),
        ({"kl_per_token": 0.1}, ["met", "met", "met", "met", "ignored", "ignored"]),
        ({"kl_per_token": 0.2}, ["met", "met", "met", "failed", "ignored", "ignored"]),
        ({"scenarios_lost": 0, "scenarios_compared": 8}, ["met", "met", "met", "ignored", "ignored", "met"]),
        ({"scenarios_lost": 1, "scenarios_compared": 8}, ["met", "met", "met", "ignored", "ignored", "failed"]),
    ],
)
def test_each_rule_holds_back_on_its_own_side_of_its_limit(changed: dict[str, Any], expected: list[str]) -> None:
    assert outcomes({**GOOD, **changed}) == expected


def test_without_figures_only_the_rules_that_may_be_ignored_do_not_hold() -> None:
    assert outcomes({}) == ["missing", "missing", "missing", "ignored", "ignored", "ignored"]


def test_a_result_names_its_figure_and_its_reference_in_the_readers_language() -> None:
    stored = GateRule("accuracy_low", 0.5).result({**GOOD, "accuracy_low": 0.4}).as_json()["sentence"]
    assert Sentence.from_json(stored) == (
        "Held-out accuracy against base is 70.0 % (40.0 % to 80.0 %): not surely above 50.0 %."
    )
    with translation.override("de"):
        assert "70,0 %" in Sentence.from_json(stored)


def test_every_figure_has_sentences_that_can_be_filled() -> None:
    for name, about in FIGURES.items():
        rule = GateRule(name, about.most if about.bound == "floor" else about.least)
        for value in (about.least, about.most):
            assert "%(" not in rule.result({**GOOD, name: value}).sentence
        assert "%(" not in rule.sentence


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({}, "list"),
        ([], "pairs"),
        ([PAIRS, PAIRS], "two rules"),
        ([{"figure": "pairs", "floor": 1}], "from 10 to"),
        ([{"figure": "pairs", "floor": 50.5}], "number"),
        ([{"figure": "pairs", "floor": True}], "number"),
        ([{"figure": "pairs", "ceiling": 50}], "ceiling"),
        ([{"figure": "pairs"}], "number"),
        ([PAIRS, {"figure": "charm", "floor": 1}], "one of these figures"),
        ([PAIRS, "accuracy"], "one of these figures"),
        ([PAIRS, {"figure": "accuracy", "floor": 0.5, "on_missing": "pray"}], "hold or ignore"),
        ([PAIRS, {"figure": "accuracy", "floor": float("nan")}], "number"),
    ],
)
def test_rules_that_no_gate_can_have_are_refused_with_the_reason(rules: Any, says: str) -> None:
    with pytest.raises(WrongRules, match=says):
        parse_rules(rules)


def test_rules_come_back_as_they_were_given() -> None:
    given = [PAIRS, {"figure": "kl_per_token", "ceiling": 0.2, "on_missing": "ignore"}]
    assert [rule.as_json() for rule in parse_rules(given)] == [{**PAIRS, "on_missing": "hold"}, given[1]]
