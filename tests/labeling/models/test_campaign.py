"""A campaign's rules must not contradict each other."""

import pytest
from django.core.exceptions import ValidationError

from labeling.models import Campaign


@pytest.mark.parametrize(
    ("rules", "field"),
    [({"overlap": 3, "max_overlap": 2}, "max_overlap"), ({"quota": 5, "quota_per_day": 6}, "quota_per_day")],
)
def test_rules_that_contradict_each_other_are_refused_under_their_field(rules: dict[str, int], field: str) -> None:
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
