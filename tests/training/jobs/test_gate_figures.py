"""The figures of a gate, from margins."""

import pytest

from training.jobs.gate_figures import base_margins, gate_figures


def alone(margins: dict[str, float]) -> dict[str, str]:
    """Each pair has a prompt of its own."""
    return {pair: pair for pair in margins}


def test_ties_count_half_and_only_common_pairs_count() -> None:
    new = {"a": 1.0, "b": -1.0, "c": 0.0, "d": 2.0, "too long for the parent": 5.0}
    figures = gate_figures(new, {"parent": {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0}}, alone(new))
    assert (figures["pairs"], figures["ties"], figures["accuracy"], figures["margin"]) == (4, 1, 0.625, 0.5)
    assert figures["parent_accuracy"] == 1.0
    assert figures["difference_to_parent"] == pytest.approx(-0.375)
    assert figures["difference_to_parent_low"] < -0.375 < figures["difference_to_parent_high"]


def test_against_a_base_the_difference_is_the_accuracy_less_one_half() -> None:
    new = {str(number): 1.0 if number < 45 else -1.0 for number in range(60)}
    figures = gate_figures(new, {"parent": base_margins(list(new))}, alone(new))
    assert figures["difference_to_parent_low"] == pytest.approx(figures["accuracy_low"] - 0.5)
    assert figures["difference_to_parent_high"] == pytest.approx(figures["accuracy_high"] - 0.5)


def test_without_a_common_pair_there_is_nothing_to_say() -> None:
    assert gate_figures({"a": 1.0}, {"parent": {"b": 1.0}}, alone({"a": 1.0, "b": 1.0})) == {"pairs": 0}


def test_ten_pairs_of_each_prompt_say_no_more_than_their_prompts() -> None:
    new = {str(number): 1.0 if number % 60 < 45 else -1.0 for number in range(600)}
    once = gate_figures(dict(list(new.items())[:60]), {}, alone(new))
    figures = gate_figures(new, {"parent": base_margins(list(new))}, {pair: int(pair) % 60 for pair in new})
    assert (figures["pairs"], figures["prompts"], once["prompts"]) == (600, 60, 60)
    assert figures["accuracy_low"] == pytest.approx(once["accuracy_low"], abs=0.005)
    assert figures["difference_to_parent_low"] == pytest.approx(figures["accuracy_low"] - 0.5, abs=0.005)
