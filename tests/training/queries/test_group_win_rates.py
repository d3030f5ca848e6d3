"""The win rate in each declared group, from the votes of a gate by people, and the rule about the worst one."""

import numpy as np

from labeling.stats import betting_interval
from training.models import GateRule, PeopleGate
from training.queries.group_win_rates import FIGURE, _figure, group_win_rates
from training.queries.people_gates import CastVote

NORTH, SOUTH = {1, 2, 3}, {4, 5, 6}


def votes(scores: dict[int, float], *, prompts: int = 30) -> list[CastVote]:
    """On each prompt one vote of the next annotator. scores: what each annotator always says."""
    people = list(scores)
    return [
        CastVote(
            number, number, "", scores[people[number % len(people)]], True, people[number % len(people)], False, ""
        )
        for number in range(prompts)
    ]


def gate(votes_per_prompt: int = 1) -> PeopleGate:
    return PeopleGate(votes_per_prompt=votes_per_prompt, error=0.05)


def test_each_group_has_its_own_win_rate_with_the_interval_of_the_gate() -> None:
    cast = votes({1: 1.0, 2: 1.0, 3: 1.0, 4: 0.0, 5: 0.0, 6: 0.0})
    north, south = group_win_rates(gate(), cast, {"Region/North": NORTH, "Region/South": SOUTH})
    assert north.win_rate is not None
    assert south.win_rate is not None
    assert (north.prompts, north.people, north.win_rate.value, south.win_rate.value) == (15, 3, 1.0, 0.0)
    assert (north.win_rate.low, north.win_rate.high) == betting_interval(np.ones(15), error=0.05)


def test_the_rule_holds_back_what_a_group_does_not_want_and_names_the_group() -> None:
    cast = votes({1: 1.0, 2: 1.0, 3: 1.0, 4: 0.0, 5: 0.0, 6: 0.0})
    figures = _figure(group_win_rates(gate(), cast, {"Region/North": NORTH, "Region/South": SOUTH}))
    result = GateRule(FIGURE, 0.4).result(figures)
    assert (result.outcome, result.value) == ("failed", figures[FIGURE])
    assert "In Region/South, the lowest of 2 groups, it won 0.0 %" in str(result.sentence)
    good = _figure(group_win_rates(gate(), cast, {"Region/North": NORTH}))
    assert GateRule(FIGURE, 0.4).result(good).outcome == "met"


def test_too_few_voters_or_prompts_are_not_known_and_hold_back_unless_ignored() -> None:
    cast = votes({1: 1.0, 2: 1.0, 3: 1.0, 4: 1.0, 5: 1.0}, prompts=50)
    rates = group_win_rates(gate(), cast, {"Region/North": NORTH, "Region/South": SOUTH})
    assert rates[1].win_rate is None  # two people: it would tell how they voted
    figures = _figure(rates)
    held = GateRule(FIGURE, 0.4).result(figures)
    assert (held.outcome, held.value) == ("missing", None)
    assert "Not known for Region/South: it needs 3 voters and 10 prompts, and has 2 and 20" in str(held.sentence)
    assert GateRule(FIGURE, 0.4, "ignore").result(figures).outcome == "ignored"
    few = _figure(group_win_rates(gate(), cast[:12], {"Region/North": NORTH}))
    assert GateRule(FIGURE, 0.4).result(few).outcome == "missing"


def test_without_declared_groups_the_figure_is_missing() -> None:
    result = GateRule(FIGURE, 0.4).result(_figure([]))
    assert (result.outcome, "declare groups" in str(result.sentence)) == ("missing", True)


def test_a_prompt_counts_once_the_gate_has_its_planned_votes_there() -> None:
    twice = [
        CastVote(number, number // 2, "", float(number % 2), True, 1 + number % 3, False, "") for number in range(25)
    ]
    (north,) = group_win_rates(gate(2), twice, {"Region/North": NORTH})
    assert north.prompts == 12  # the thirteenth has one vote of two
    assert north.win_rate is not None
    assert north.win_rate.value == 0.5
