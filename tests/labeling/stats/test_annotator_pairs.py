"""Agreement of each pair of annotators."""

import numpy as np
import pytest

from labeling.stats import (
    InvalidCounts,
    annotator_pair_agreement,
)


def test_two_annotators_are_counted_together_in_either_order() -> None:
    table = np.array([[5.0, 1, 2], [0, 3, 0], [1, 0, 4]])
    (found,) = annotator_pair_agreement({("alice", "bob"): table, ("bob", "alice"): table.T})
    assert (found.first, found.second) == ("alice", "bob")
    assert found.same.value == pytest.approx(12 / 16)
    assert found.same.comparisons == 32
    assert found.same_without_ties.value == pytest.approx(9 / 12)
    chance = (8 * 6 + 3 * 4 + 5 * 6) / 16**2
    assert found.kappa == pytest.approx((0.75 - chance) / (1 - chance))


def test_pairs_that_never_met_are_left_out_and_those_always_alike_have_no_kappa() -> None:
    assert annotator_pair_agreement({("alice", "bob"): np.zeros((3, 3))}) == []
    (found,) = annotator_pair_agreement({("alice", "bob"): np.diag([4.0, 0, 0])})
    assert (found.same.value, found.kappa) == (1.0, None)
    with pytest.raises(InvalidCounts):
        annotator_pair_agreement({("alice", "alice"): np.eye(3)})
