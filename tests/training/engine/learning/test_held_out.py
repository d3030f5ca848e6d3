"""Held-out pairs and the prompts of the probes."""

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.engine import tiny
from training.engine.config import RunConfig
from training.engine.data.text import TextEncoder
from training.engine.learning.held_out import HeldOut, make_probes


def test_figures_of_a_policy_that_is_its_reference_are_those_of_no_preference() -> None:
    policy, pairs, scored = tiny.policy_of(tiny.model(), dtype=torch.float32), tiny.random_pairs(5), list[int]()
    held_out = HeldOut(policy, pairs, RunConfig(), probes=None)
    rows = [policy.side_log_probs(row).detach().numpy().reshape(-1, 2) for row in held_out.rows]
    reference = np.zeros((5, 2))
    for row, values in zip(held_out.rows, rows, strict=True):
        reference[list(row.pairs)] = values
    figures = held_out.figures(reference, lambda done, known=0: scored.append(done), lambda prompts: scored.append)
    assert (figures["pairs"], figures["ties"], figures["margin"]) == (5, 5, 0.0)
    assert figures["reward_accuracy"] == 0.5
    assert figures["loss"] == pytest.approx(np.log(2))
    assert scored[-1] == 5


def test_settings_that_need_held_out_pairs_are_named_where_there_are_none() -> None:
    policy = tiny.policy_of(tiny.model(), dtype=torch.float32)
    config = RunConfig(evaluate_every=5, patience=2)
    [note] = HeldOut(policy, [], config, probes=None).notes()
    assert "evaluate_every, patience cannot" in note
    assert HeldOut(policy, tiny.random_pairs(1), config, probes=None).notes() == []
    assert HeldOut(policy, [], RunConfig(), probes=None).notes() == []


def test_probes_have_the_first_distinct_prompts(encoder: TextEncoder) -> None:
    policy, config = tiny.policy_of(tiny.model(), dtype=torch.float32), RunConfig(probe_prompts=2)
    pairs = [tiny.pair([start], [2], [3]) for start in (7, 7, 8, 9)]
    probes = make_probes(policy, pairs, config, encoder, nullcontext)
    assert probes is not None
    assert list(probes.prompts) == [(7,), (8,)]


def test_there_are_no_probes_without_an_encoder_without_prompts_and_by_default(encoder: TextEncoder) -> None:
    policy, config = tiny.policy_of(tiny.model(), dtype=torch.float32), RunConfig(probe_prompts=2)
    pairs = [tiny.pair([7], [2], [3])]
    assert make_probes(policy, pairs, config, None, nullcontext) is None
    assert make_probes(policy, pairs, replace(config, probe_prompts=0), encoder, nullcontext) is None
    assert make_probes(policy, [], config, encoder, nullcontext) is None
