"""Dawid-Skene: a plain version of the same EM, what it must recover, and what must and must not change it."""

import math
from dataclasses import fields
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.stats import DawidSkene, EmSettings, InvalidCounts, VoteTable, common_confusion, dawid_skene, posterior

Vote = tuple[int, int, int]
"""Item, annotator, choice."""

K, ITEMS, PEOPLE = 3, 8, 4
MIRROR = (2, 1, 0)

# Everybody votes at most once on an item, and not on all of them.
some_votes = st.dictionaries(
    st.tuples(st.integers(0, ITEMS - 1), st.integers(0, PEOPLE - 1)), st.integers(0, K - 1), min_size=1, max_size=25
).map(lambda choices: [(item, annotator, choice) for (item, annotator), choice in choices.items()])


def run(votes: list[Vote], *, start: DawidSkene | None = None, **options: Any) -> DawidSkene:
    numbers = np.array(votes, dtype=np.int64).reshape(-1, 3)
    em = EmSettings(**{one.name: options.pop(one.name) for one in fields(EmSettings) if one.name in options})
    options = {"n_choices": K, "n_items": ITEMS, "n_annotators": PEOPLE} | options
    return dawid_skene(VoteTable(*numbers.T, **options), em, start=start)


def plain_em(votes: list[Vote], iterations: int) -> tuple[list[list[float]], list[list[list[float]]]]:
    """The textbook's two steps with loops and products: posteriors and confusion matrices."""
    before = [[0.75 if vote == true else 0.125 for vote in range(K)] for true in range(K)]
    confusions, priors = [[list(row) for row in before] for _ in range(PEOPLE)], [1 / K] * K
    posteriors: list[list[float]] = []
    for iteration in range(iterations + 1):
        if iteration:
            for person in range(PEOPLE):
                for true in range(K):
                    counted = [4 * share for share in before[true]]
                    for item, annotator, choice in votes:
                        if annotator == person:
                            counted[choice] += posteriors[item][true]
                    confusions[person][true] = [count / sum(counted) for count in counted]
            priors = [(sum(one[true] for one in posteriors) + 1) / (ITEMS + K) for true in range(K)]
        posteriors = []
        for item in range(ITEMS):
            likely = list(priors)
            for voted_on, annotator, choice in votes:
                if voted_on == item:
                    likely = [likely[true] * confusions[annotator][true][choice] for true in range(K)]
            posteriors.append([one / sum(likely) for one in likely])
    return posteriors, confusions


def crowd(
    rng: np.random.Generator, *, items: int, errors: list[float], overlap: int
) -> tuple[np.ndarray[Any, Any], list[Vote]]:
    """Truths, and votes of people who err that often, each item judged by `overlap` of them."""
    truths = rng.integers(0, 2, size=items)
    votes = []
    for item, true in enumerate(truths):
        for person in rng.choice(len(errors), size=overlap, replace=False):
            wrong = rng.random() < errors[person]
            votes.append((item, int(person), int(1 - true if wrong else true)))
    return truths, votes


@settings(max_examples=60, deadline=None)
@given(some_votes, st.integers(0, 7))
def test_every_iteration_equals_the_textbooks(votes: list[Vote], iterations: int) -> None:
    posteriors, confusions = plain_em(votes, iterations)
    result = run(votes, max_iterations=iterations, tolerance=0)
    assert result.iterations == iterations
    np.testing.assert_allclose(result.posteriors, posteriors, atol=1e-9)
    np.testing.assert_allclose(result.confusions, confusions, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(some_votes, st.booleans())
def test_what_it_maximises_never_falls(votes: list[Vote], mirrored: bool) -> None:
    mirror = MIRROR if mirrored else None
    reached = [run(votes, max_iterations=number, tolerance=0, mirror=mirror).log_posterior for number in range(1, 15)]
    assert all(after >= before - 1e-9 for before, after in pairwise(reached))


@settings(max_examples=60, deadline=None)
@given(some_votes, st.permutations(range(K)))
def test_relabelling_the_choices_relabels_the_result(votes: list[Vote], order: list[int]) -> None:
    result = run(votes)
    renamed = run([(item, annotator, order[choice]) for item, annotator, choice in votes])
    np.testing.assert_allclose(renamed.posteriors[:, order], result.posteriors, atol=1e-7)
    np.testing.assert_allclose(renamed.confusions[:, order][:, :, order], result.confusions, atol=1e-7)


@settings(max_examples=60, deadline=None)
@given(some_votes, st.randoms(use_true_random=False))
def test_the_order_of_the_votes_and_the_numbers_of_the_annotators_change_nothing(votes: list[Vote], rng: Any) -> None:
    numbers = list(range(PEOPLE))
    rng.shuffle(numbers)
    shuffled = [(item, numbers[annotator], choice) for item, annotator, choice in votes]
    rng.shuffle(shuffled)
    np.testing.assert_allclose(run(shuffled).posteriors, run(votes).posteriors, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(some_votes)
def test_mirrored_votes_give_mirrored_verdicts_and_one_symmetric_matrix(votes: list[Vote]) -> None:
    result = run(votes, mirror=MIRROR)
    np.testing.assert_allclose(result.confusions, result.confusions[:, ::-1, ::-1], atol=1e-12)
    assert result.priors[0] == pytest.approx(result.priors[2], abs=1e-12)
    exchanged = run([(item, annotator, MIRROR[choice]) for item, annotator, choice in votes], mirror=MIRROR)
    np.testing.assert_allclose(exchanged.posteriors[:, ::-1], result.posteriors, atol=1e-7)


@settings(max_examples=40, deadline=None)
@given(some_votes, st.lists(st.integers(0, 4), min_size=ITEMS, max_size=ITEMS))
def test_a_weight_is_as_good_as_repeating_the_item(votes: list[Vote], times: list[int]) -> None:
    repeated: list[Vote] = []
    owners: list[int] = []
    for item, copies in enumerate(times):
        for _ in range(copies):
            votes_on_item = [(len(owners), annotator, choice) for of, annotator, choice in votes if of == item]
            repeated.extend(votes_on_item)
            owners.append(item)
    weighted = run(votes, item_weights=np.array(times, dtype=np.float64), max_iterations=20, tolerance=0)
    plain = run(repeated, n_items=len(owners), max_iterations=20, tolerance=0)
    np.testing.assert_allclose(plain.confusions, weighted.confusions, atol=1e-9)
    np.testing.assert_allclose(plain.posteriors, weighted.posteriors[owners], atol=1e-9)


def test_it_finds_the_truth_more_often_than_the_majority_and_the_error_rates_too() -> None:
    rng = np.random.default_rng(5)
    errors = [0.05, 0.1, 0.45, 0.45, 0.45]
    truths, votes = crowd(rng, items=2000, errors=errors, overlap=5)
    result = run(votes, n_choices=2, n_items=2000, n_annotators=5)
    assert result.converged
    np.testing.assert_allclose(result.accuracies, 1 - np.array(errors), atol=0.03)
    votes_for_1 = np.bincount([item for item, _, _ in votes], [choice for _, _, choice in votes])
    majority = float(((votes_for_1 > 2.5) == truths).mean())
    estimated = float((result.posteriors.argmax(axis=1) == truths).mean())
    assert estimated > majority + 0.05
    assert result.posteriors.max(axis=1).mean() == pytest.approx(estimated, abs=0.015)  # as sure as it is right


def test_somebody_who_always_says_the_opposite_is_understood() -> None:
    truths, votes = crowd(np.random.default_rng(6), items=800, errors=[0.1, 0.1, 0.1, 0.95], overlap=4)
    result = run(votes, n_choices=2, n_items=800)
    assert result.accuracies[3] < 0.1
    assert (result.posteriors.argmax(axis=1) == truths).mean() > 0.97


def test_one_vote_per_item_tells_nothing_about_errors_and_leaves_the_priors_accuracy() -> None:
    votes = [(item, item // 2 % 4, item % 2) for item in range(200)]
    result = run(votes, n_choices=2, n_items=200)
    np.testing.assert_allclose(result.accuracies, 0.75, atol=0.02)
    np.testing.assert_allclose(result.posteriors.max(axis=1), 0.75, atol=0.02)


def test_unanimous_votes_are_believed_but_never_wholly() -> None:
    result = run([(item, person, 0) for item in range(ITEMS) for person in range(PEOPLE)])
    assert result.converged
    assert (result.posteriors[:, 0] > 0.95).all()
    assert (result.posteriors < 1).all()
    assert np.isfinite(result.confusions).all()


def test_without_votes_there_are_the_priors() -> None:
    result = run([])
    assert result.converged
    np.testing.assert_allclose(result.posteriors, 1 / 3)
    assert run([], n_items=0, n_annotators=0).posteriors.shape == (0, 3)


def test_an_item_without_votes_has_the_class_priors() -> None:
    result = run([(0, 0, 0), (0, 1, 0), (1, 0, 2)])
    np.testing.assert_allclose(result.posteriors[5], result.priors)


def test_a_thousand_votes_on_one_item_underflow_nothing() -> None:
    result = run([(0, person, 0) for person in range(1000)], n_items=1, n_annotators=1000)
    assert result.posteriors[0, 0] == pytest.approx(1.0)
    assert math.isfinite(result.log_posterior)


def test_going_on_from_an_earlier_estimate_reaches_the_same_in_fewer_iterations() -> None:
    _, votes = crowd(np.random.default_rng(8), items=400, errors=[0.1, 0.2, 0.3, 0.4], overlap=3)
    early = run(votes[:900], n_choices=2, n_items=400)
    fresh = run(votes, n_choices=2, n_items=400)
    going_on = run(votes, n_choices=2, n_items=400, start=early)
    assert going_on.iterations < fresh.iterations
    np.testing.assert_allclose(going_on.posteriors, fresh.posteriors, atol=1e-3)


def test_the_posterior_of_one_item_is_bayes_rule() -> None:
    sure, unsure = common_confusion(3, 0.1), common_confusion(3, 0.4)
    probabilities = posterior([0, 2], np.array([sure, unsure]), np.array([0.5, 0.2, 0.3]))
    wanted = np.array([0.5 * 0.9 * 0.2, 0.2 * 0.05 * 0.2, 0.3 * 0.05 * 0.6])
    np.testing.assert_allclose(probabilities, wanted / wanted.sum())
    np.testing.assert_allclose(posterior([], sure, np.array([0.5, 0.2, 0.3])), [0.5, 0.2, 0.3])


@settings(max_examples=40, deadline=None)
@given(some_votes)
def test_the_posterior_of_one_item_is_the_one_that_em_ended_with(votes: list[Vote]) -> None:
    result = run(votes)
    for item in range(ITEMS):
        votes_on_item = [(annotator, choice) for of, annotator, choice in votes if of == item]
        matrices = result.confusions[[annotator for annotator, _ in votes_on_item]]
        one = posterior([choice for _, choice in votes_on_item], matrices, result.priors)
        np.testing.assert_allclose(one, result.posteriors[item], atol=1e-9)


def test_votes_that_cannot_be_are_refused() -> None:
    with pytest.raises(InvalidCounts, match="choices"):
        run([(0, 0, 3)])
    with pytest.raises(InvalidCounts, match="items"):
        run([(ITEMS, 0, 0)])
    with pytest.raises(InvalidCounts, match="same length"):
        dawid_skene(VoteTable(np.array([0]), np.array([0, 1]), np.array([0]), n_choices=2))
    with pytest.raises(InvalidCounts, match="weight"):
        run([(0, 0, 0)], item_weights=np.array([-1.0] * ITEMS))
    with pytest.raises(InvalidCounts, match="two choices"):
        run([(0, 0, 0)], n_choices=1)
    with pytest.raises(InvalidCounts, match="another number of choices"):
        run([(0, 0, 0)], start=run([(0, 0, 0)], n_choices=2))
