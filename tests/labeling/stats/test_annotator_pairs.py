"""Agreement of each pair of annotators."""

import numpy as np
import pytest

from labeling.stats import (
    InvalidCounts,
    annotator_pair_agreement,
)


def test_two_annotators_are_counted_together_in_either_order() -> None:
    table = np.array([[5.0, 1, 2], [0, 3, 0], [1, 0, 4]])
    (pair,) = annotator_pair_agreement({("alice", "bob"): table, ("bob", "alice"): table.T})
    assert (pair.first, pair.second) == ("alice", "bob")
    assert pair.same.value == pytest.approx(12 / 16)
    assert pair.same.comparisons == 32
    assert pair.same_without_ties.value == pytest.approx(9 / 12)
    chance = (8 * 6 + 3 * 4 + 5 * 6) / 16**2
    assert pair.kappa == pytest.approx((0.75 - chance) / (1 - chance))


def test_pairs_that_never_met_are_left_out_and_those_always_alike_have_no_kappa() -> None:
    assert annotator_pair_agreement({("alice", "bob"): np.zeros((3, 3))}) == []
    (pair,) = annotator_pair_agreement({("alice", "bob"): np.diag([4.0, 0, 0])})
    assert (pair.same.value, pair.kappa) == (1.0, None)
    with pytest.raises(InvalidCounts):
        annotator_pair_agreement({("alice", "alice"): np.eye(3)})
