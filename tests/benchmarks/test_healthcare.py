"""The preferences of the healthcare benchmark are its own, and whole."""

from benchmarks.healthcare.situations import SITUATIONS, preferences
from training.evaluation.suites.shipped import shipped_suite


def test_no_preference_is_a_scenario_of_the_suite_and_every_gap_is_filled() -> None:
    scenarios = shipped_suite("healthcare_scheduling")
    of_the_suite = {message["content"] for scenario in scenarios for message in scenario.messages[1:]}
    answers = {text for scenario in scenarios for text in (scenario.good, scenario.bad)}
    found = list(preferences())
    assert len(found) > 2 * len(SITUATIONS)
    for one in found:
        said, better, worse = (one[side][-1]["content"] for side in ("prompt", "chosen", "rejected"))
        assert not {said, better, worse} & (of_the_suite | answers)
        assert better != worse
        assert not any(gap in said + better + worse for gap in ("{day}", "{time}", "{doctor}", "{name}"))
