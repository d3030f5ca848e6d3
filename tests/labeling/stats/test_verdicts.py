"""Verdict rules: what the votes come to, how sure, and that the side never matters."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.stats import RULES, InvalidCounts, VerdictResult, majority, preference_probability, unanimity

some_votes = st.fixed_dictionaries({}, optional={choice: st.integers(0, 9) for choice in ("a", "b", "tie", "both_bad")})


@pytest.mark.parametrize(
    ("votes", "winner", "confidence"),
    [
        ({"a": 1}, "a", 0.75),
        ({"a": 3}, "a", 0.875),
        ({"a": 2, "b": 1}, "a", 0.625),
        ({"b": 2, "tie": 1}, "b", 0.75),
        ({"tie": 2, "a": 1}, "tie", 0.625),
        ({"both_bad": 3}, "both_bad", 0.875),
        ({"tie": 1, "both_bad": 1, "a": 1}, "tie", 0.625),
        ({"tie": 1, "both_bad": 2}, "both_bad", 0.875),
    ],
)
def test_more_than_half_of_the_votes_settle_by_majority(votes: dict[str, int], winner: str, confidence: float) -> None:
    result = majority(votes)
    assert (result.winner, result.settled, result.how) == (winner, True, "majority")
    assert result.confidence == pytest.approx(confidence)
    assert result.votes == sum(votes.values())


@pytest.mark.parametrize("votes", [{"a": 1, "b": 1}, {"a": 2, "b": 1, "tie": 1}, {"a": 1, "b": 1, "both_bad": 1}])
def test_without_a_majority_there_is_a_conflict(votes: dict[str, int]) -> None:
    result = majority(votes)
    assert (result.winner, result.settled, result.how) == (None, False, "conflict")


def test_without_votes_nothing_is_settled_and_nothing_known() -> None:
    for rule in RULES.values():
        assert rule({}) == VerdictResult(None, 0.5, False, "no_votes", 0.5, 0)


def test_one_dissent_prevents_unanimity() -> None:
    assert unanimity({"a": 3}).winner == "a"
    assert unanimity({"a": 3}).how == "unanimity"
    assert unanimity({"tie": 2, "both_bad": 1}).winner == "tie"
    dissent = unanimity({"a": 5, "tie": 1})
    assert (dissent.winner, dissent.settled, dissent.how) == (None, False, "conflict")
    assert dissent.confidence == pytest.approx(6 / 7)


@given(some_votes)
def test_exchanging_a_and_b_exchanges_the_verdict(votes: dict[str, int]) -> None:
    names = {"a": "b", "b": "a"}
    exchanged = {names.get(choice, choice): count for choice, count in votes.items()}
    for rule in RULES.values():
        here, there = rule(votes), rule(exchanged)
        assert names.get(str(here.winner), here.winner) == there.winner
        assert (here.settled, here.how, here.votes) == (there.settled, there.how, there.votes)
        assert here.confidence == pytest.approx(there.confidence)
        assert here.preference == pytest.approx(1 - there.preference)


@given(some_votes)
def test_confidence_is_never_below_one_half_and_never_certain(votes: dict[str, int]) -> None:
    for rule in RULES.values():
        result = rule(votes)
        assert 0.5 <= result.confidence < 1
        if result.winner == "a":
            assert result.confidence == result.preference > 0.5
        if result.winner == "b":
            assert result.preference < 0.5


@given(some_votes)
def test_one_more_vote_for_a_makes_a_more_probable(votes: dict[str, int]) -> None:
    more = {**votes, "a": votes.get("a", 0) + 1}
    assert preference_probability(more) > preference_probability(votes)


def test_unanimity_settles_only_what_majority_settles_and_the_same_way() -> None:
    for a, b, tie, both_bad in product(range(4), repeat=4):
        votes = {"a": a, "b": b, "tie": tie, "both_bad": both_bad}
        if unanimity(votes).settled:
            assert unanimity(votes).winner == majority(votes).winner


def test_an_unknown_choice_or_an_impossible_count_is_refused() -> None:
    with pytest.raises(InvalidCounts, match="left"):
        majority({"left": 1})
    with pytest.raises(InvalidCounts, match="impossible"):
        majority({"a": -1})
