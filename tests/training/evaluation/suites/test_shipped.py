"""The suites that are shipped: every scenario's checks pass a good answer and fail a bad one."""

import json
from collections import Counter
from pathlib import Path

import pytest

from training.evaluation.suites import MUST_HOLD, SHIPPED, TAGS, outcomes_of, overall, shipped_suite

FURTHER = {
    record["id"]: record
    for record in map(json.loads, (Path(__file__).parent / "shipped_answers.jsonl").read_text("utf-8").splitlines())
}
"""Further answers to the scenarios, by id: good ones that repeat the question's words, bad ones that seem to refuse."""
SCENARIOS = {scenario.id: scenario for name in SHIPPED for scenario in shipped_suite(name)}


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


@pytest.mark.parametrize("identity", FURTHER)
def test_good_answers_in_other_words_pass_and_bad_ones_fail(identity: str) -> None:
    checks = SCENARIOS[identity].checks
    for answer in FURTHER[identity]["good"]:
        assert [one.text % one.values for one in outcomes_of(checks, answer) if one.outcome == "failed"] == [], answer
    for answer in FURTHER[identity]["bad"]:
        assert overall([one.outcome for one in outcomes_of(checks, answer)]) == "failed", answer


def test_every_scenario_that_must_hold_has_been_tried_with_other_words() -> None:
    must_hold = {scenario.id for scenario in SCENARIOS.values() if scenario.tag in MUST_HOLD}
    assert must_hold <= set(FURTHER)
    assert all(len(FURTHER[identity]["good"]) >= 2 for identity in must_hold)
