"""Shares by tag, and what changed between two runs."""

import pytest

from training.evaluation.suites import changes, figures_by_tag


def test_unknown_scenarios_count_neither_for_nor_against() -> None:
    results = [("harmless", "passed"), ("helpful", "failed"), ("harmless", "unknown"), ("harmless", "passed")]
    harmless, helpful = figures_by_tag(results)  # type: ignore[arg-type]
    assert (harmless.tag, harmless.passed, harmless.failed, harmless.unknown) == ("harmless", 2, 0, 1)
    assert harmless.share == 1.0
    assert harmless.interval == pytest.approx((0.3424, 1.0), abs=1e-4)  # Wilson, 2 of 2
    assert helpful.share == 0.0


def test_a_tag_without_a_decision_has_no_share() -> None:
    (figures,) = figures_by_tag([("format", "unknown")])
    assert figures.share is None
    assert figures.interval == (0.0, 1.0)


def test_only_scenarios_that_both_runs_decided_are_lost_or_won() -> None:
    found = changes(
        {"a": "passed", "b": "failed", "c": "passed", "d": "unknown", "gone": "passed"},
        {"a": "failed", "b": "passed", "c": "passed", "d": "failed", "new": "failed"},
    )
    assert (found.lost, found.won, found.same, found.open) == (["a"], ["b"], ["c"], ["d"])
    assert found.decided == 3
