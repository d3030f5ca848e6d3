"""A campaign's rules must not contradict each other."""

import hashlib
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from labeling.models import Campaign


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"overlap": 3, "max_overlap": 2}, "max_overlap"),
        ({"overlap": 2, "max_overlap": 3, "overlap_share": 0.5}, "overlap_share"),
        ({"quota": 5, "quota_per_day": 6}, "quota_per_day"),
    ],
)
def test_rules_that_contradict_each_other_are_refused_under_their_field(rules: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Campaign(**rules).clean()
    assert list(refusal.value.message_dict) == [field]


def test_rules_at_their_limits_are_allowed() -> None:
    Campaign(overlap=3, max_overlap=3, quota=5, quota_per_day=5).clean()
    Campaign(overlap=3, quota_per_day=6).clean()


def test_gold_and_retests_must_stay_hidden_where_there_are_any() -> None:
    assert not Campaign().hides_kinds
    assert Campaign(gold_rate=0.1).hides_kinds
    assert Campaign(retest_rate=0.1).hides_kinds


def test_a_share_of_the_pairs_gets_the_overlap_and_the_same_pair_always_the_same() -> None:
    campaign = Campaign(overlap=3, overlap_share=0.25)
    hashes = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(2000)]
    overlaps = [campaign.overlap_of(each) for each in hashes]
    assert set(overlaps) == {1, 3}
    assert 0.2 < overlaps.count(3) / len(overlaps) < 0.3
    assert overlaps == [campaign.overlap_of(each) for each in hashes]
    campaign.overlap_share = 1.0
    assert {campaign.overlap_of(each) for each in hashes} == {3}
