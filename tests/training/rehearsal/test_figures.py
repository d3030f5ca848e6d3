"""The figures of a round."""

from training.rehearsal.figures import mean_of, win_rate
from training.rehearsal.rules import PREFERENCE_RULES

SHORTER = PREFERENCE_RULES["shorter"]


def test_ties_count_half_in_the_win_rate_and_the_interval_holds_it() -> None:
    figures = win_rate(SHORTER, [(1, "a", "bb"), (2, "a", "bb"), (3, "a", "b"), (4, "aaa", "b")])

    assert (figures["wins"], figures["ties"], figures["losses"]) == (2, 1, 1)
    assert figures["value"] == 2.5 / 4
    assert figures["low"] < 2.5 / 4 < figures["high"]


def test_several_comparisons_of_one_prompt_say_less_than_those_of_several_prompts() -> None:
    apart = win_rate(SHORTER, [(prompt, "a", "bb" if prompt % 4 else "") for prompt in range(40)])
    together = win_rate(SHORTER, [(prompt // 4, "a", "bb" if prompt < 30 else "") for prompt in range(40)])

    assert apart["value"] == together["value"] == 0.75
    assert together["low"] < apart["low"] < apart["high"] < together["high"]


def test_without_comparisons_there_is_no_win_rate_and_no_mean() -> None:
    assert win_rate(SHORTER, [])["value"] is None
    assert mean_of([])["value"] is None


def test_a_mean_is_over_prompts_however_many_samples_each_has() -> None:
    figures = mean_of(
        [*((0, value) for value in (0.0, 1.0, 2.0)), *((prompt, float(prompt)) for prompt in range(2, 21))]
    )

    assert figures["value"] == (1 + sum(range(2, 21))) / 20
    assert figures["low"] < figures["value"] < figures["high"]
