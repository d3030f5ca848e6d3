"""The rules of a campaign: their stored form, and refusals."""

from typing import Any

import pytest

from common.errors import Invalid
from labeling.actions.campaigns import change_campaign
from tests.people import stage

ASKED = [{"name": "helpful", "description": "Which helps more?", "required": True}, {"name": "honest"}]


def test_criteria_are_kept_in_order_with_what_was_left_out_filled_in() -> None:
    assert stage(criteria=ASKED).campaign.criteria == [
        {"name": "helpful", "description": "Which helps more?", "required": True},
        {"name": "honest", "description": "", "required": False},
    ]


@pytest.mark.parametrize(
    "criteria",
    [
        "helpful",
        [{"name": ""}],
        [{"name": "x" * 81}],
        [{"name": "a"}, {"name": "a "}],
        [{"name": "a", "required": "yes"}],
        [{"name": "a", "weight": 2}],
        [{"name": str(number)} for number in range(21)],
    ],
)
def test_criteria_that_make_no_sense_are_refused(criteria: Any) -> None:
    scene = stage()
    with pytest.raises(Invalid) as refusal:
        change_campaign(campaign=scene.campaign, criteria=criteria, acting_user=scene.maya, now=scene.now)
    assert list(refusal.value.fields) == ["criteria"]


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"max_overlap": 1, "overlap": 3}, "max_overlap"),
        ({"quota": 5, "quota_per_day": 6}, "quota_per_day"),
        ({"quota": 0}, "quota"),
        ({"prefetch": 31}, "prefetch"),
        ({"order": "sideways"}, "order"),
        ({"gold_rate": 0.9}, "gold_rate"),
        ({"retest_after": 0}, "retest_after"),
        ({"verdict_threshold": 0.4}, "verdict_threshold"),
        ({"skip_reasons": ["a", "a"]}, "skip_reasons"),
        ({"skip_reasons": [str(number) for number in range(10)]}, "skip_reasons"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_by_name(rules: dict[str, Any], field: str) -> None:
    scene = stage()
    with pytest.raises(Invalid) as refusal:
        change_campaign(campaign=scene.campaign, **rules, acting_user=scene.maya, now=scene.now)
    assert field in refusal.value.fields
