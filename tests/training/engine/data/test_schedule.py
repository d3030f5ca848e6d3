"""Which pairs a step sees, and the learning rate."""

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.engine.config import RunConfig
from training.engine.data.schedule import Schedule


@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 3), st.integers(0, 2**63 - 1))
def test_every_epoch_sees_every_pair_once(pairs: int, pairs_per_step: int, epochs: int, seed: int) -> None:
    schedule = Schedule(RunConfig(pairs_per_step=pairs_per_step, epochs=epochs, seed=seed), pairs)
    for epoch in range(epochs):
        steps = [step for step in range(1, schedule.steps + 1) if schedule.epoch_of(step) == epoch]
        seen = [index for step in steps for index in schedule.indices(step)]
        assert sorted(seen) == list(range(pairs))
        assert all(len(schedule.indices(step)) == pairs_per_step for step in steps[:-1])


@given(st.integers(1, 60), st.integers(0, 7))
def test_the_evaluations_to_come_are_those_that_are_due(pairs: int, every: int) -> None:
    schedule = Schedule(RunConfig(pairs_per_step=1, epochs=1, evaluate_every=every), pairs)
    for step in range(schedule.steps + 1):
        due = [later for later in range(step + 1, schedule.steps + 1) if schedule.evaluates_after(later)]
        assert schedule.evaluations_after(step) == len(due)


def test_order_depends_on_seed_and_epoch_alone() -> None:
    first, again, other = (Schedule(RunConfig(seed=seed, epochs=2), 50) for seed in (7, 7, 8))
    assert first.order(0) == again.order(0)
    assert first.order(0) != first.order(1)
    assert first.order(0) != other.order(0)


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 2**63 - 1), st.lists(st.integers(1, 60), max_size=20))
def test_a_step_has_its_slice_of_the_epochs_permutation_whatever_was_asked_before(
    pairs: int, pairs_per_step: int, seed: int, steps: list[int]
) -> None:
    schedule = Schedule(RunConfig(pairs_per_step=pairs_per_step, epochs=60, seed=seed), pairs)
    for step in steps:
        epoch, place = divmod(step - 1, math.ceil(pairs / pairs_per_step))
        generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, epoch])))
        order = generator.permutation(pairs).tolist()
        assert schedule.indices(step) == order[place * pairs_per_step : (place + 1) * pairs_per_step]


def test_a_thousand_steps_over_a_hundred_thousand_pairs_take_less_than_a_second() -> None:
    schedule = Schedule(RunConfig(pairs_per_step=8, epochs=2), 100_000)
    border = schedule.steps_per_epoch
    before = time.process_time()
    seen = [schedule.indices(step) for step in range(border - 499, border + 501)]
    assert time.process_time() - before < 1.0
    assert [len(indices) for indices in seen] == [8] * 1000


@pytest.mark.parametrize("kind", ["linear", "cosine", "constant"])
def test_the_learning_rate_rises_to_its_peak_and_then_never_rises_again(kind: str) -> None:
    config = RunConfig(schedule=kind, warmup_ratio=0.25, learning_rate=1e-3, pairs_per_step=1, epochs=1)
    rates = [Schedule(config, 40).learning_rate(step) for step in range(1, 41)]
    assert rates[9] == max(rates) == 1e-3
    assert rates[:10] == pytest.approx([1e-4 * step for step in range(1, 11)])
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert 0 < rates[-1] < (1e-4 if kind != "constant" else 1e-2)
    assert kind != "linear" or rates[-1] == pytest.approx(1e-3 / 31)


def test_without_warm_up_the_first_step_has_the_full_rate_or_just_below() -> None:
    schedule = Schedule(RunConfig(warmup_ratio=0.0, learning_rate=1e-3, schedule="constant"), 10)
    assert schedule.learning_rate(1) == 1e-3
