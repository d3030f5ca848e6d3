"""The gate by people: its decision after every vote, its errors, computed exactly, and its outlook."""

from functools import cache
from math import log
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.gate import Row, Scene, exact, simulated
from labeling.stats import GateOutcome, GateRule, InvalidCounts, gate_evidence, gate_outlook, prompt_means

RULE = GateRule()
scores = st.lists(st.sampled_from([0.0, 0.5, 1.0]), max_size=60)


@cache
def ends(true_win_rate: float) -> Row:
    """The gate's chances by plain products over all paths: one vote a prompt, no ties."""
    return exact(true_win_rate, RULE)


@pytest.mark.parametrize(
    ("true_win_rate", "promoted", "stopped", "mean", "median"),
    [
        (0.4, 0.003, 0.998, 47, 39),
        (0.5, 0.032, 0.944, 195, 159),
        (0.6, 0.950, 0.029, 191, 159),
        (0.7, 0.999, 0.001, 45, 35),
    ],
)
def test_its_chances_and_its_length_are_those_that_it_was_chosen_for(
    true_win_rate: float, promoted: float, stopped: float, mean: float, median: float
) -> None:
    """Within the error of the 2,000 simulated experiments that it was chosen by."""
    row = ends(true_win_rate)
    assert row.promoted == pytest.approx(promoted, abs=0.007)
    assert row.stopped == pytest.approx(stopped, abs=0.012)
    assert row.mean_votes == pytest.approx(mean, rel=0.04)
    assert row.median_votes == pytest.approx(median, abs=6)


def test_a_false_promotion_is_rare_and_a_worthy_candidate_is_rarely_stopped() -> None:
    assert ends(0.5).promoted <= 0.05
    assert ends(0.6).promoted >= 0.94
    assert ends(0.6).stopped <= 0.05
    assert ends(0.6).mean_votes <= 200
    assert ends(0.7).mean_votes <= 50
    assert ends(0.5).median_votes <= 160


def test_simulating_with_the_platforms_bets_gives_what_plain_products_give() -> None:
    for win_rate in (0.5, 0.7):
        row, expected = simulated(Scene(win_rate), 400, RULE), ends(win_rate)
        assert row.promoted == pytest.approx(expected.promoted, abs=0.035)
        assert row.stopped == pytest.approx(expected.stopped, abs=0.045)
        assert row.mean_votes == pytest.approx(expected.mean_votes, rel=0.2)


def test_many_wins_promote_many_losses_stop_and_few_votes_leave_it_open() -> None:
    assert gate_evidence(np.ones(3), RULE).outcome is GateOutcome.UNDECIDED
    promoted = gate_evidence(np.ones(12), RULE)
    assert (promoted.outcome, promoted.better > promoted.bound) == (GateOutcome.BETTER, True)
    assert promoted.decided_after == 7  # (2^8 - 1) / 8 = 31.9 is over 20, (2^7 - 1) / 7 = 18.1 is not
    # Losses refute "at least 0.60" before they refute "at least 0.50".
    stopped = gate_evidence(np.zeros(5), RULE)
    assert (stopped.outcome, stopped.decided_after) == (GateOutcome.NOT_WORTH, 5)
    worse = gate_evidence(np.zeros(12), RULE)
    assert (worse.outcome, worse.decided_after) == (GateOutcome.WORSE, 5)


def test_a_decision_stands_whatever_the_votes_after_it_say() -> None:
    promoted = gate_evidence(np.concatenate([np.ones(12), np.zeros(30)]), RULE)
    assert (promoted.outcome, promoted.decided_after) == (GateOutcome.BETTER, 7)
    assert promoted.better < promoted.bound  # what is shown now is what all votes say
    stopped = gate_evidence(np.concatenate([np.zeros(5), np.ones(60)]), RULE)
    assert (stopped.outcome, stopped.decided_after) == (GateOutcome.NOT_WORTH, 5)


@settings(max_examples=30, deadline=None)
@given(scores)
def test_looking_after_every_vote_gives_what_looking_once_gives(x: list[float]) -> None:
    last = gate_evidence(np.array(x), RULE)
    looks = [gate_evidence(np.array(x[:seen]), RULE) for seen in range(len(x) + 1)]
    decided = [seen for seen, look in enumerate(looks) if look.outcome is not GateOutcome.UNDECIDED]
    assert last.decided_after == (decided[0] if decided else None)
    stops = {GateOutcome.NOT_WORTH, GateOutcome.WORSE}
    assert all(look.outcome == last.outcome or {look.outcome, last.outcome} <= stops for look in looks[len(x) :])
    if decided:
        assert (looks[decided[0]].outcome is GateOutcome.BETTER) == (last.outcome is GateOutcome.BETTER)


@settings(max_examples=60, deadline=None)
@given(scores.filter(len))
def test_the_interval_says_what_the_bets_say(x: list[float]) -> None:
    evidence = gate_evidence(np.array(x), RULE)
    low, high = evidence.win_rate.low, evidence.win_rate.high
    assert low is not None
    assert high is not None
    assert evidence.win_rate.value == pytest.approx(np.mean(x))
    assert (evidence.better >= evidence.bound) == (low >= 0.5)
    assert (evidence.not_worth >= evidence.bound) == (high <= RULE.worth)
    assert (evidence.worse >= evidence.bound) == (high <= 0.5)


def test_a_prompt_counts_once_with_the_mean_of_the_votes_that_were_planned() -> None:
    votes = [("p", 1.0), ("q", 0.0), ("q", 0.5), ("p", 1.0), ("q", 1.0), ("r", 1.0)]
    assert prompt_means(votes, 2).tolist() == [0.25, 1.0]  # q was complete first; its third vote changes nothing
    assert prompt_means(votes, 1).tolist() == [1.0, 0.0, 1.0]
    assert prompt_means([], 3).tolist() == []


def test_votes_that_agree_on_every_prompt_promise_no_more_than_one_vote_a_prompt_does() -> None:
    """Five votes on each of six prompts are six observations, not thirty."""
    votes = [(prompt, 1.0) for prompt in range(6) for _ in range(5)]
    assert gate_evidence(prompt_means(votes, 5), GateRule(votes_per_prompt=5)).outcome is GateOutcome.UNDECIDED
    assert gate_evidence(prompt_means(votes, 5), GateRule(votes_per_prompt=5)).win_rate.votes == 30


@pytest.mark.parametrize("ties", [0.0, 0.4])
def test_clustered_votes_do_not_promote_more_often_where_nothing_is_better(ties: float) -> None:
    generator, rule, promoted = np.random.default_rng(8), GateRule(votes_per_prompt=3, most_votes=300), 0
    for _ in range(250):
        rates = generator.beta(0.3, 0.3, size=(100, 1))  # the votes on a prompt mostly agree
        wins = (generator.random((100, 3)) < rates).astype(float)
        votes = np.where(generator.random((100, 3)) < ties, 0.5, wins)
        named = [(prompt, float(vote)) for prompt, row in enumerate(votes) for vote in row]
        promoted += gate_evidence(prompt_means(named, 3), rule).outcome is GateOutcome.BETTER
    assert promoted / 250 < 0.08


def test_without_a_complete_prompt_there_is_no_figure_but_an_outlook() -> None:
    evidence = gate_evidence(np.array([]), RULE)
    assert (evidence.outcome, evidence.win_rate.value, bool(evidence.win_rate.reason)) == ("undecided", None, True)
    outlook = gate_outlook(np.array([]), RULE)
    assert 5 < outlook.votes < 300
    assert outlook.low < outlook.votes < outlook.high


def test_the_outlook_after_the_decision_is_nothing_more() -> None:
    outlook = gate_outlook(np.ones(12), RULE)
    assert (outlook.votes, outlook.promoted, outlook.stopped) == (0.0, 1.0, 0.0)
    assert gate_outlook(np.zeros(6), RULE).stopped == 1.0
    ended = gate_outlook(np.tile([0.0, 1.0, 0.5, 1.0], 3), GateRule(most_votes=12))
    assert (ended.votes, ended.undecided) == (0.0, 1.0)


def test_the_outlook_leans_with_the_votes_and_its_ends_sum_to_one() -> None:
    good, poor = np.tile([1.0, 1.0, 0.0], 8), np.tile([0.0, 0.0, 1.0], 4)
    for x in (good, poor):
        outlook = gate_outlook(x, RULE)
        assert outlook.promoted + outlook.stopped + outlook.undecided == pytest.approx(1.0)
        assert outlook == gate_outlook(x, RULE)  # the same votes give the same figures
    assert gate_outlook(good, RULE).promoted > 0.7
    assert gate_outlook(poor, RULE).stopped > 0.7


def test_the_outlook_foresees_about_as_many_votes_as_are_then_needed() -> None:
    generator, foreseen, needed = np.random.default_rng(9), [], []
    for _ in range(24):
        x = (generator.random(600) < 0.62).astype(float)
        outcome = gate_evidence(x, RULE)
        if (outcome.decided_after or 600) > 40:
            foreseen.append(gate_outlook(x[:40], RULE, paths=30).votes)
            needed.append((outcome.decided_after or 600) - 40)
    assert len(needed) > 10
    assert 0.6 < np.mean(foreseen) / np.mean(needed) < 1.6


def test_several_votes_a_prompt_are_counted_as_votes_in_the_outlook() -> None:
    x = np.tile([0.0, 1.0, 0.5], 4)
    one, three = gate_outlook(x, GateRule(most_votes=200)), gate_outlook(x, GateRule(votes_per_prompt=3))
    assert three.votes == pytest.approx(3 * one.votes, rel=0.05)


@pytest.mark.parametrize(
    "rule",
    [{"worth": 0.5}, {"worth": 1.0}, {"error": 0.0}, {"error": 0.5}, {"votes_per_prompt": 0}, {"most_votes": 0}],
)
def test_rules_that_make_no_sense_are_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(InvalidCounts):
        GateRule(**rule)


def test_a_stricter_error_never_decides_earlier() -> None:
    x = (np.random.default_rng(2).random(300) < 0.7).astype(float)
    loose, strict = (gate_evidence(x, GateRule(error=error)) for error in (0.05, 0.001))
    assert loose.decided_after is not None
    assert strict.decided_after is not None
    assert loose.decided_after < strict.decided_after
    assert strict.bound == pytest.approx(log(1000))
