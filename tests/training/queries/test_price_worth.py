"""The worth of votes, from how often they are wrong."""

import numpy as np
import pytest

from labeling.queries.slices import Slice
from labeling.queries.statistics import counted_now
from labeling.stats import ShortTraining, learning_curve
from tests.people import NOON, Stage, pair, stage
from training.models import PriceJob, RoundPlan, Snapshot
from training.queries.label_noise import wrong_when_settled
from training.queries.price import curve_of
from training.queries.price_effort import effort_of
from training.queries.price_worth import information, overlap_worths, vote_worths


def test_the_majority_of_three_errs_less_than_one_vote() -> None:
    assert wrong_when_settled(0.2, 1) == pytest.approx(0.2)
    assert wrong_when_settled(0.2, 3) == pytest.approx(3 * 0.2**2 * 0.8 + 0.2**3)
    assert wrong_when_settled(0.2, 2) == pytest.approx(0.04 / 0.68)  # one to one settles nothing


def test_a_label_that_is_right_by_chance_teaches_nothing() -> None:
    assert information(0.0) == 1.0
    assert information(0.25) == pytest.approx(0.25)
    assert information(0.5) == information(0.7) == 0.0


@pytest.fixture
def scene(db: None) -> Stage:
    """Alice and Bob agree on five of six pairs."""
    made = stage(comparisons=6, overlap=2)
    for person, winners in ((made.alice, "abaaba"), (made.bob, "abaabb")):
        votes = {}
        for winner in winners:
            assignment = made.given(person)
            votes[assignment.comparison_id] = winner
            made.vote(assignment, winner)
    return made


def test_more_votes_on_each_pair_give_fewer_pairs_with_fewer_wrong_labels(scene: Stage) -> None:
    counted = counted_now(scene.campaign, Slice(), NOON)
    hard = np.random.default_rng(1).random(200)
    rows = [
        ShortTraining(size, draw, (hard < 0.5 + 0.3 * size / (size + 60)).astype(np.float64))
        for draw in range(3)
        for size in (20, 40, 80, 160)
    ]
    curve = learning_curve(rows)
    assert curve is not None
    effort = effort_of(scene.campaign, RoundPlan(campaign=scene.campaign), None, now=NOON)
    found = overlap_worths(curve, effort, counted, curve.labels)
    assert [one.overlap for one in found] == [1, 3, 5]
    assert [one.labels for one in found] == [320, 107, 64]
    assert [one.wrong for one in found] == sorted((one.wrong for one in found), reverse=True)
    assert all(0.5 < one.then.low <= one.then.high < 0.9 for one in found)
    assert overlap_worths(curve, effort, None, curve.labels) == []


def test_pairs_that_wait_for_a_vote_make_no_pair_look_cheaper_but_need_fewer(scene: Stage) -> None:
    scene.add([pair(number) for number in range(100, 104)])
    while assignment := scene.next(scene.alice):
        scene.vote(assignment, "a")
    effort = effort_of(scene.campaign, RoundPlan(campaign=scene.campaign), None, now=NOON)
    assert (effort.votes_so_far, effort.votes_per_pair) == (16, 2.0)
    assert (effort.pairs_waiting, effort.votes_waiting) == (4, 4)
    wanted = [0, 2, 4, 6]
    assert [effort.further_votes(labels) for labels in wanted] == [0, 2, 4, 8]
    assert [effort.further_labels(votes) for votes in (0, 2, 4, 8)] == wanted
    assert effort.votes(6) == 12  # what six labels cost from their first vote on


def test_pairs_that_nobody_is_done_with_are_not_paid_for(scene: Stage) -> None:
    """A snapshot counts them among the pairs that it drops."""
    dropped = {"tie": 1, "conflict": 1, "unsettled": 1000}
    snapshot = Snapshot(campaign=scene.campaign, train_pairs=4, test_pairs=2, manifest={"dropped": dropped})
    effort = effort_of(scene.campaign, RoundPlan(campaign=scene.campaign), snapshot, now=NOON)
    assert effort.votes_per_label == pytest.approx(2 * 8 / 4)


def test_a_measurements_pairs_of_one_prompt_are_not_independent() -> None:
    hard = np.random.default_rng(1).random(50)
    rows = [
        {"labels": size, "draw": draw, "right": "".join("1" * 4 if one < level else "0" * 4 for one in hard)}
        for draw in range(3)
        for size, level in ((20, 0.55), (40, 0.6), (80, 0.65))
    ]
    apart, together = (PriceJob(trainings=rows, prompts=prompts) for prompts in ([], [n // 4 for n in range(200)]))
    widths = []
    for job in (apart, together):
        curve = curve_of(job)
        assert curve is not None
        widths.append(curve.accuracy(80).high - curve.accuracy(80).low)
    assert widths[1] > 1.2 * widths[0]


def test_each_annotators_vote_is_worth_what_it_tells(scene: Stage) -> None:
    found = vote_worths(counted_now(scene.campaign, Slice(), NOON))
    assert {one.votes for one in found} == {6}
    mean = sum(one.votes * one.worth for one in found) / sum(one.votes for one in found)
    assert mean == pytest.approx(1.0)
    assert vote_worths(None) == []
