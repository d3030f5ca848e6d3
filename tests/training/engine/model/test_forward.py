"""Both ways through a model give one plain forward pass's numbers."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from tests.training.engine import tiny
from training.engine.data.packing import pack_row, pack_sequences


@pytest.mark.parametrize(("family", "packs"), [("llama", True), ("qwen3", True), ("gpt_neox", False)])
def test_log_probs_over_the_vocabulary_are_those_of_a_plain_forward_pass(family: str, packs: bool) -> None:
    built: Any = tiny.model(family).double() if family == "gpt_neox" else tiny.widen(tiny.model(family))
    targets = tiny.SHAPE.target_modules if packs else ("query_key_value", "dense")
    policy = tiny.policy_of(built, seed=None, shape=replace(tiny.SHAPE, target_modules=targets))
    assert policy.forward.packs == packs
    sequences = [((1, 2, 3), (4, 5)), ((6,), (7, 8, 9))]
    part_of = policy.vocabulary_log_probs(pack_sequences(sequences))
    expected = []
    for prompt, completion in sequences:
        with torch.no_grad():
            logits = built.eval()(input_ids=torch.tensor([[*prompt, *completion]]), use_cache=False).logits[0]
        expected.append(torch.log_softmax(logits, dim=-1)[len(prompt) - 1 : -1])
    precision = 1e-5 if family == "gpt_neox" else 1e-10  # its own code computes parts in fp32
    torch.testing.assert_close(part_of(slice(None)), torch.cat(expected), atol=precision, rtol=0)
    torch.testing.assert_close(part_of(slice(1, 3)), torch.cat(expected)[1:3], atol=precision, rtol=0)


def test_log_probs_of_labels_are_picked_from_those_over_the_vocabulary() -> None:
    policy, pairs = tiny.policy_of(tiny.model(), dtype=torch.float32), tiny.random_pairs(3)
    row = pack_row(pairs, range(3), share=True)
    picked = policy.vocabulary_log_probs(row)(slice(None)).gather(1, row.targets[:, None]).squeeze(1)
    torch.testing.assert_close(policy.token_log_probs(row), picked, atol=1e-5, rtol=0)
