"""Packed rows against the oracle in fp64: same log-probabilities, same gradients, and nothing leaks."""

import copy
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from tests.training.engine import tiny
from training.engine.data.packing import pack_row, pack_rows
from training.engine.data.records import TokenPair
from training.engine.model.lora import AdapterShape
from training.engine.model.policy import Policy


def packed(policy: Policy, pairs: list[TokenPair], *, budget: int = 10_000, share: bool = True) -> Tensor:
    """Log-probabilities (pairs, 2) through packed rows."""
    result = torch.empty(len(pairs), 2, dtype=torch.float64)
    parts = {
        index: sides
        for row in pack_rows(pairs, range(len(pairs)), tokens_per_row=budget, share=share and policy.forward.packs)
        for index, sides in zip(row.pairs, policy.side_log_probs(row).view(-1, 2), strict=True)
    }
    return torch.stack([parts[index] for index in range(len(result))])


@pytest.fixture(scope="module")
def llama() -> Any:
    return tiny.widen(tiny.model())


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_packed_log_probs_and_gradients_are_the_oracles(family: str) -> None:
    built = tiny.widen(tiny.model(family))
    policy, pairs = tiny.policy_of(built), tiny.random_pairs(7)
    assert policy.forward.packs
    oracle = tiny.Oracle(built, policy)
    ours, expected = packed(policy, pairs), oracle.log_probs(pairs)
    torch.testing.assert_close(ours, expected, atol=1e-10, rtol=0)
    direction = torch.linspace(-1, 1, ours.numel(), dtype=torch.float64).view_as(ours)
    torch.autograd.backward([(ours * direction).sum(), (expected * direction).sum()])
    for name, parameter in policy.adapter.parameters().items():
        assert parameter.grad is not None
        assert parameter.grad.abs().max() > 0
        torch.testing.assert_close(parameter.grad, oracle.leaves[name].grad, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize(
    ("family", "overrides", "targets"),
    [
        ("gpt_neox", {}, ("query_key_value", "dense")),
        ("mistral", {"sliding_window": 4}, tiny.SHAPE.target_modules),
        (
            "llama",
            {"rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}},
            tiny.SHAPE.target_modules,
        ),
        ("gemma2", {"sliding_window": 4}, tiny.SHAPE.target_modules),
    ],
)
def test_an_architecture_that_is_not_known_to_share_runs_alone_and_is_right(
    family: str, overrides: dict[str, Any], targets: tuple[str, ...]
) -> None:
    built = tiny.model(family, **overrides).double()
    policy = tiny.policy_of(built, shape=AdapterShape(4, 8.0, targets))
    assert not policy.forward.packs
    oracle, pairs = tiny.Oracle(built, policy), tiny.random_pairs(3)
    # These models normalise in fp32, so a different order of operations shows at that precision.
    torch.testing.assert_close(packed(policy, pairs), oracle.log_probs(pairs), atol=1e-4, rtol=0)


def test_changing_a_rejected_token_changes_nothing_else_by_even_one_bit(llama: Any) -> None:
    policy, pairs = tiny.policy_of(llama), tiny.random_pairs(4)
    before = policy.side_log_probs(pack_row(pairs, range(4), share=True)).view(4, 2)
    rejected = pairs[1].rejected_ids
    other = tiny.pair([*pairs[1].prompt_ids], [*pairs[1].chosen_ids], [*rejected[:-1], (rejected[-1] + 1) % 200])
    pairs[1] = other
    after = policy.side_log_probs(pack_row(pairs, range(4), share=True)).view(4, 2)
    changed = before != after
    assert changed.tolist() == [[False, False], [False, True], [False, False], [False, False]]


@pytest.mark.parametrize("budget", [1, 40, 75, 10_000])
def test_the_size_of_the_rows_changes_nothing(llama: Any, budget: int) -> None:
    policy, pairs = tiny.policy_of(llama), tiny.random_pairs(9)
    torch.testing.assert_close(packed(policy, pairs, budget=budget), packed(policy, pairs), atol=1e-10, rtol=0)


def test_the_order_of_the_pairs_changes_nothing(llama: Any) -> None:
    policy, pairs = tiny.policy_of(llama), tiny.random_pairs(9)
    order = [4, 8, 0, 2, 7, 1, 3, 6, 5]
    permuted = packed(policy, [pairs[index] for index in order])
    torch.testing.assert_close(permuted, packed(policy, pairs)[order], atol=1e-10, rtol=0)


def test_sharing_the_prefix_changes_nothing(llama: Any) -> None:
    policy, pairs = tiny.policy_of(llama), tiny.random_pairs(9)
    torch.testing.assert_close(packed(policy, pairs, share=False), packed(policy, pairs), atol=1e-10, rtol=0)


def test_dropout_in_the_models_config_is_never_applied() -> None:
    built = tiny.widen(tiny.model(attention_dropout=0.9))
    policy, pairs = tiny.policy_of(built), tiny.random_pairs(2)
    assert torch.equal(packed(policy, pairs), packed(policy, pairs))


def test_no_tensor_of_scored_tokens_times_vocabulary_is_ever_allocated(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch.utils._python_dispatch import TorchDispatchMode

    from training.engine.model import head

    class Sizes(TorchDispatchMode):
        sizes: ClassVar[set[int]] = set()

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = func(*args, **(kwargs or {}))
            for each in result if isinstance(result, (tuple, list)) else [result]:
                if isinstance(each, Tensor):
                    self.sizes.add(each.numel())
            return result

    monkeypatch.setattr(head, "ON_CPU", head.Tiling(chunk=8, block=1000, wide=False))
    policy = tiny.policy_of(tiny.model(vocabulary=5000), dtype=torch.float32)
    row = pack_row(tiny.random_pairs(16), range(16), share=True)
    with Sizes() as seen:  # type: ignore[no-untyped-call]
        torch.autograd.backward(policy.side_log_probs(row).sum())
    assert max(seen.sizes) < len(row.targets) * 5000 / 10
    assert 8 * 1000 in seen.sizes


class NarrowPolicy(Policy):
    """A policy that does on a CPU what others do on CUDA."""

    narrow_on: ClassVar[frozenset[str]] = frozenset({"cpu"})


@pytest.mark.parametrize("tied", [True, False])
def test_frozen_embeddings_and_head_that_are_stored_in_bf16_are_kept_once_and_change_no_bit(tied: bool) -> None:
    built = tiny.model(tie_word_embeddings=tied).bfloat16()
    pairs = tiny.random_pairs(3)
    seen: list[tuple[Any, ...]] = []
    held: list[int] = []
    row = pack_row(pairs, range(3), share=True)
    for kind in (Policy, NarrowPolicy):
        policy = kind(copy.deepcopy(built), dtype=torch.bfloat16, shape=tiny.SHAPE)
        policy.adapter.initialise(0)
        values = policy.side_values(row)
        values.sum().backward()
        seen.append((values.detach(), *(each.grad for each in policy.adapter.parameters().values())))
        ends = [policy.model.get_input_embeddings().weight, policy.head.output.weight, policy.head._frozen]
        sizes = {each.untyped_storage().data_ptr(): each.nbytes for each in ends if each is not None}
        held.append(sum(sizes.values()))
    assert all(map(torch.equal, *seen))
    one = 2 * tiny.VOCABULARY * 32
    assert held == ([3 * one, one] if tied else [5 * one, 2 * one])
