"""The rules form: lists as lines, and a missing number keeps its value."""

from typing import Any

import pytest

from labeling.models import Campaign
from labeling.web.campaign_forms import NewCampaignForm, RulesForm, lines_of_criteria

CRITERIA = [
    {"name": "helpful", "description": "Which one helps: more?", "required": True},
    {"name": "honest", "description": "", "required": False},
]


def form(**values: Any) -> RulesForm:
    return RulesForm({"name": "Sums", "overlap": 2, **values}, instance=Campaign(name="Sums", lease_seconds=77))


def test_criteria_go_to_lines_and_back() -> None:
    lines = lines_of_criteria(CRITERIA)
    assert lines == "helpful*: Which one helps: more?\nhonest"
    filled = form(criteria=f"\n {lines} \n\n")
    assert filled.is_valid(), filled.errors
    assert filled.cleaned_data["criteria"] == CRITERIA


def test_reasons_are_the_lines_that_are_not_empty() -> None:
    filled = form(skip_reasons="Too hard\n\n Broken \n")
    assert filled.is_valid()
    assert filled.cleaned_data["skip_reasons"] == ["Too hard", "Broken"]


def test_a_missing_or_empty_number_keeps_its_value() -> None:
    for values in ({}, {"lease_seconds": ""}):
        filled = form(**values)
        assert filled.is_valid()
        assert filled.cleaned_data["lease_seconds"] == 77


@pytest.mark.parametrize("seconds", [30, 77, 90, 1800, 86_399])
def test_times_are_shown_in_minutes_and_come_back_as_the_same_seconds(seconds: int) -> None:
    field = RulesForm(instance=Campaign(name="Sums", lease_seconds=seconds))["lease_seconds"]
    assert float(field.value()) == pytest.approx(seconds / 60, abs=0.005)
    filled = form(lease_seconds=str(field.value()))
    assert filled.is_valid()
    assert filled.cleaned_data["lease_seconds"] == seconds


def test_rules_that_contradict_each_other_are_refused_beside_their_field() -> None:
    refused = form(max_overlap=1)
    assert not refused.is_valid()
    assert list(refused.errors) == ["max_overlap"]


def test_a_new_campaign_has_no_qualification_because_it_has_no_pairs_for_it() -> None:
    new = NewCampaignForm({"name": "Sums", "overlap": 2, "qualification_pairs": 2})
    assert new.is_valid()
    assert new.instance.qualification_pairs == 0
