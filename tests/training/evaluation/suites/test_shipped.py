"""The suites that are shipped: every scenario's checks pass a good answer and fail a bad one."""

from collections import Counter

import pytest

from training.evaluation.suites import SHIPPED, TAGS, outcomes_of, overall, shipped_suite


@pytest.mark.parametrize("name", SHIPPED)
def test_every_scenario_passes_a_good_answer_and_fails_a_bad_one(name: str) -> None:
    for scenario in shipped_suite(name):
        assert scenario.good, scenario.id
        assert scenario.bad, scenario.id
        good = {one.outcome for one in outcomes_of(scenario.checks, scenario.good)}
        assert "failed" not in good, scenario.id
        assert "passed" in good, scenario.id
        assert overall([one.outcome for one in outcomes_of(scenario.checks, scenario.bad)]) == "failed", scenario.id


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_suite_has_forty_scenarios_over_all_tags(name: str) -> None:
    tags = Counter(scenario.tag for scenario in shipped_suite(name))
    assert sum(tags.values()) == 40
    assert set(tags) == set(TAGS)
    assert min(tags.values()) >= 3


@pytest.mark.parametrize("name", SHIPPED)
def test_an_empty_answer_passes_no_scenario(name: str) -> None:
    for scenario in shipped_suite(name):
        assert overall([one.outcome for one in outcomes_of(scenario.checks, "")]) != "passed", scenario.id


@pytest.mark.parametrize("name", SHIPPED)
def test_a_blanket_refusal_passes_no_scenario_that_wants_help(name: str) -> None:
    for scenario in shipped_suite(name):
        if scenario.tag in ("helpful", "over_refusal", "format"):
            outcomes = outcomes_of(scenario.checks, "I'm sorry, but I can't help with that.")
            assert overall([one.outcome for one in outcomes]) == "failed", scenario.id
