"""Groups of annotators found in their votes: planted ones, none, and careless people who are no group."""

from importlib import import_module

import numpy as np
import pytest

from labeling.stats import InvalidCounts, Votes, preference_groups, same_membership


def votes(weights: list[list[float]], *, people: int = 8, careless: bool = False, seed: int = 3) -> Votes:
    """40 votes of each annotator, three on a comparison; person i is of group i modulo the number of groups."""
    generator = np.random.default_rng(seed)
    pairs = people * 40 // 3
    features = generator.standard_normal((pairs, len(weights[0])))
    annotator = np.concatenate([generator.choice(people, 3, replace=False) for _pair in range(pairs)])
    comparison = np.repeat(np.arange(pairs), 3)
    utility = (features[comparison] * np.array(weights)[annotator % len(weights)]).sum(axis=1)
    careful = np.where(annotator % 2, 1.5, 0.1) if careless else 1.0
    for_a = generator.random(annotator.size) < 1 / (1 + np.exp(-careful * utility))
    return Votes(annotator, comparison, for_a.astype(np.float64), features)


def test_two_groups_that_want_the_opposite_are_found_with_their_leanings() -> None:
    found = preference_groups(votes([[2.0, 0.5], [-2.0, 0.5]]))
    assert found.groups == 2
    assert same_membership(found.member_of, [0, 1] * 4) == 1.0
    assert sorted(np.sign(found.profiles[:, 0])) == [-1, 1]
    assert min(found.certainty) > 0.9
    mean, error = found.gain[2]
    assert mean > 2 * error


def test_groups_are_found_by_direct_agreement_where_no_feature_tells_them_apart() -> None:
    plain = votes([[3.0], [-3.0]])
    hidden = Votes(plain.annotator, plain.comparison, plain.for_a, np.zeros((len(plain.features), 0)))
    found = preference_groups(hidden)
    assert found.groups == 2
    assert same_membership(found.member_of, [0, 1] * 4) == 1.0


def test_people_who_want_the_same_are_one_group_even_if_half_of_them_are_careless() -> None:
    for careless in (False, True):
        found = preference_groups(votes([[1.5, -0.5]], careless=careless))
        assert found.groups == 1
        assert set(found.member_of) == {0}


def test_a_third_group_must_win_against_the_second_by_the_error_of_that_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two groups help some people far more than others, and a third helps everybody a little more."""
    three = votes([[3.0, 0.0], [-3.0, 3.0], [0.0, -3.0]], people=9)
    uneven = np.where(np.arange(9) % 2, 0.3, 0.0)
    more = np.where(np.arange(9) % 2, 0.02, 0.04)
    predicted = {1: np.zeros(9), 2: uneven, 3: uneven + more, 4: uneven + more}
    module = import_module("labeling.stats.preference_groups")  # its function of this name hides it
    monkeypatch.setattr(module, "_held_out", lambda _votes, groups, _seed, _each: predicted[groups])
    found = preference_groups(three)
    assert found.groups == 3
    mean, error = found.gain[3]
    assert mean - found.gain[2][0] < error  # against one group it would not have been sure


def test_annotators_with_few_votes_belong_nowhere_and_too_few_people_are_refused() -> None:
    plain = votes([[2.0], [-2.0]])
    few = plain.part((plain.annotator != 0) | (np.arange(plain.annotator.size) < 40))
    found = preference_groups(few)
    assert (found.member_of[0], found.certainty[0]) == (-1, 0.0)
    with pytest.raises(InvalidCounts, match="Groups need 4 annotators with 20 votes each"):
        preference_groups(plain.part(plain.annotator < 3))


def test_the_same_votes_give_the_same_groups() -> None:
    plain = votes([[2.0, 0.0], [-2.0, 0.0]])
    assert preference_groups(plain).gain == preference_groups(plain).gain
