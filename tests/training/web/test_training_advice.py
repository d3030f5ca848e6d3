"""What the page says before a run starts."""

from training.actions.snapshots import MIN_TEST_PAIRS, MIN_TRAIN_PAIRS
from training.web.training_advice import training_advice


def test_a_run_that_would_be_refused_cannot_be_started() -> None:
    least = MIN_TRAIN_PAIRS + MIN_TEST_PAIRS
    for pairs in range(least):
        advice = training_advice(pairs)
        assert not advice.can_start
        assert f"{least - pairs} more" in advice.sentence
    assert training_advice(least).can_start


def test_so_few_pairs_that_nothing_can_be_shown_are_named_before_the_run() -> None:
    advice = training_advice(34)
    assert advice.can_start
    assert "about 7 would be held out" in advice.sentence
    assert "About 35 are needed" in advice.sentence
    assert "some 175 pairs in all" in advice.sentence
    assert "2 epochs, learning rate 0.0005" in advice.settings


def test_with_enough_held_out_pairs_nothing_needs_to_be_said() -> None:
    advice = training_advice(175)
    assert (advice.can_start, advice.sentence, advice.settings) == (True, "", "")
