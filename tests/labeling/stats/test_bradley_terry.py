"""The ranking: against a plain optimum and known truths; ties, length, undefeated models, groups, orientation."""

from collections import Counter
from math import exp, log
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.stats import Bootstrap, Ranking, ranking
from labeling.stats.bradley_terry import ELO, MatchCounts

FEW = Bootstrap(resamples=20)
MODELS = ("base", "v1", "v2")

Key = tuple[str, str, float, int, int, int]
matches = st.dictionaries(
    st.tuples(
        st.sampled_from(MODELS),
        st.sampled_from(MODELS),
        st.sampled_from([-0.7, -0.1, 0.0, 0.4]),
        st.integers(0, 3),
        st.integers(0, 2),
        st.integers(0, 3),
    ),
    st.integers(0, 5),
    max_size=12,
)


def ratings(result: Ranking) -> dict[str, float]:
    return {one.model: one.rating.value or 0.0 for one in result.models}


def plain_log_posterior(given: MatchCounts, strengths: dict[str, float], tie: float, length: float) -> float:
    """The model as its docstring writes it, row by row."""
    total = -sum(one**2 for one in strengths.values()) / (2 * 1.5**2) - tie**2 / (2 * 3.0**2) - length**2 / (2 * 3.0**2)
    for (one, other, ratio, a, ties, b), count in given.items():
        if one != other:
            d = strengths[one] - strengths[other] + length * ratio
            norm = exp(d / 2) + exp(tie) + exp(-d / 2)
            total += count * (a * log(exp(d / 2) / norm) + ties * log(exp(tie) / norm) + b * log(exp(-d / 2) / norm))
    return total


def plain_optimum(given: MatchCounts, names: list[str]) -> dict[str, float]:
    """Found by trying: each parameter up and down, with ever smaller steps."""
    values, step = dict.fromkeys([*names, "tie"], 0.0), 0.5

    def goal(point: dict[str, float]) -> float:
        return plain_log_posterior(given, {name: point[name] for name in names}, point["tie"], 0.0)

    best = goal(values)
    while step > 1e-6:
        moved = False
        for name in values:
            for change in (step, -step):
                point = values | {name: values[name] + change}
                if (reached := goal(point)) > best:
                    values, best, moved = point, reached, True
        step = step if moved else step / 2
    return {name: ELO * values[name] for name in names}


def played(rng: np.random.Generator, strengths: dict[str, float], *, rounds: int, length: float = 0.0) -> Counter[Key]:
    """Judgments by the model itself, tie parameter -0.5."""
    names, outcomes = sorted(strengths), Counter[Key]()
    for _ in range(rounds):
        one, other = (str(name) for name in rng.choice(names, size=2, replace=False))
        ratio = round(float(rng.normal(0, 0.5)), 1)
        d = strengths[one] - strengths[other] + length * ratio
        odds = np.exp([d / 2, -0.5, -d / 2])
        votes = [0, 0, 0]
        votes[rng.choice(3, p=odds / odds.sum())] = 1
        outcomes[(one, other, ratio, votes[0], votes[1], votes[2])] += 1
    return outcomes


def test_it_is_the_optimum_of_the_model_as_it_is_written() -> None:
    given = {
        ("base", "v1", 0.0, 1, 0, 0): 3,
        ("v1", "base", 0.0, 2, 1, 0): 4,
        ("v1", "v2", 0.0, 1, 1, 1): 5,
        ("base", "v2", 0.0, 0, 0, 2): 2,
    }
    wanted = plain_optimum(given, list(MODELS))
    for name, value in ratings(ranking(given, bootstrap=FEW)).items():
        assert value == pytest.approx(wanted[name], abs=0.01)


@settings(max_examples=40, deadline=None)
@given(matches, st.booleans())
def test_calling_a_b_and_b_a_changes_nothing(given: dict[Key, int], controlled: bool) -> None:
    exchanged = Counter[Key]()
    for (one, other, ratio, a, tie, b), count in given.items():
        exchanged[(other, one, -ratio, b, tie, a)] += count
    result, turned = (ranking(rows, length_controlled=controlled, bootstrap=FEW) for rows in (given, exchanged))
    assert ratings(result) == pytest.approx(ratings(turned), abs=1e-6)
    assert result.groups == turned.groups


@settings(max_examples=30, deadline=None)
@given(matches)
def test_the_order_of_the_rows_changes_nothing_not_even_the_intervals(given: dict[Key, int]) -> None:
    assert ranking(given, bootstrap=FEW) == ranking(dict(reversed(given.items())), bootstrap=FEW)


@settings(max_examples=30, deadline=None)
@given(matches)
def test_strengths_are_centred_and_win_rates_add_up(given: dict[Key, int]) -> None:
    result = ranking(given, bootstrap=FEW)
    assert sum(ratings(result).values()) == pytest.approx(0, abs=1e-5)
    rates = np.array(result.win_rates)
    if rates.size:
        np.testing.assert_allclose(rates + rates.T, 1, atol=1e-9)
        assert [one.rating.value for one in result.models] == sorted(ratings(result).values(), reverse=True)


def test_strengths_that_made_the_judgments_are_found_within_their_intervals() -> None:
    strengths = {"base": -0.8, "v1": 0.1, "v2": 0.7}
    result = ranking(played(np.random.default_rng(1), strengths, rounds=5000))
    assert [one.model for one in result.models] == ["v2", "v1", "base"]
    for one in result.models:
        assert one.rating.low is not None
        assert one.rating.high is not None
        assert one.rating.low < ELO * strengths[one.model] < one.rating.high
        assert one.rating.high - one.rating.low < 60


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    strengths, rng = {"base": -0.4, "v1": 0.0, "v2": 0.4}, np.random.default_rng(4)
    covered = total = 0
    for _ in range(80):
        for one in ranking(played(rng, strengths, rounds=300), bootstrap=Bootstrap(resamples=60)).models:
            assert one.rating.low is not None
            assert one.rating.high is not None
            covered += one.rating.low <= ELO * strengths[one.model] <= one.rating.high
            total += 1
    assert 0.92 <= covered / total <= 0.995


def test_what_length_did_is_taken_out_when_asked() -> None:
    # v1 is as good as base but twice as long, and length is liked.
    rng, given = np.random.default_rng(2), Counter[Key]()
    for _ in range(4000):
        votes = [0, 0, 0]
        votes[0 if rng.random() < 1 / (1 + exp(-log(2))) else 2] = 1
        given[("v1", "base", round(log(2), 3), votes[0], votes[1], votes[2])] += 1
        ratio = round(float(rng.normal(0, 0.7)), 1)
        again = [0, 0, 0]
        again[0 if rng.random() < 1 / (1 + exp(-ratio)) else 2] = 1
        given[("v1", "base", ratio, again[0], again[1], again[2])] += 1
    plain, controlled = ranking(given, bootstrap=FEW), ranking(given, length_controlled=True, bootstrap=FEW)
    assert ratings(plain)["v1"] > 20
    assert abs(ratings(controlled)["v1"]) < 15
    assert controlled.length_effect.value == pytest.approx(1.0, abs=0.15)
    assert plain.length_effect.value is None
    assert plain.length_effect.reason


def test_an_undefeated_model_is_finite_with_a_wide_interval_that_more_data_narrow() -> None:
    few, many = (ranking({("v1", "base", 0.0, 1, 0, 0): wins}) for wins in (20, 2000))
    for result in (few, many):
        best = result.models[0]
        assert best.model == "v1"
        assert best.rating.low is not None
        assert best.rating.high is not None
        assert best.rating.high < 2000
    assert few.models[0].rating.high - few.models[0].rating.low > 200  # type: ignore[operator]
    assert few.win_rates[0][1] < many.win_rates[0][1] < 1


def test_few_comparisons_have_wider_intervals_than_many() -> None:
    mixed: Any = {("v1", "base", 0.0, 1, 0, 0): 3, ("v1", "base", 0.0, 0, 0, 1): 2}
    few = ranking(mixed).models[0].rating
    many = ranking({key: 100 * count for key, count in mixed.items()}).models[0].rating
    assert few.high - few.low > 4 * (many.high - many.low)  # type: ignore[operator]


def test_votes_on_the_same_comparison_are_not_counted_as_if_they_were_independent() -> None:
    alone = ranking({("v1", "base", 0.0, 1, 0, 0): 60, ("v1", "base", 0.0, 0, 0, 1): 40}).models[0].rating
    together = ranking({("v1", "base", 0.0, 5, 0, 0): 12, ("v1", "base", 0.0, 0, 0, 5): 8}).models[0].rating
    assert together.value == pytest.approx(alone.value)
    assert together.high - together.low > 1.5 * (alone.high - alone.low)  # type: ignore[operator]


def test_models_never_compared_with_each_other_are_in_groups_of_their_own() -> None:
    result = ranking({("v1", "base", 0.0, 1, 0, 0): 5, ("x", "y", 0.0, 0, 1, 0): 5})
    group = {one.model: one.group for one in result.models}
    assert result.groups == 2
    assert group["v1"] == group["base"] != group["x"] == group["y"]


def test_ties_are_counted_as_what_they_are() -> None:
    result = ranking({("v1", "base", 0.0, 0, 2, 0): 10, ("v1", "base", 0.0, 1, 0, 0): 1})
    best = result.models[0]
    assert (best.wins, best.ties, best.losses, best.rating.comparisons, best.rating.votes) == (1, 20, 0, 11, 21)
    assert abs(best.rating.value or 0) < 100


def test_one_model_alone_has_no_ranking_and_says_why() -> None:
    for nothing in ({}, {("base", "base", 0.1, 2, 0, 1): 9}):
        result = ranking(nothing)
        assert result.models == []
        assert result.reason == "Two models must have been compared."
