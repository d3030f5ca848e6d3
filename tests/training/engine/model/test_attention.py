"""Attention over packed rows: however the rows are cut into tiles, the same numbers, and what they keep is foreseen."""

import pytest
import torch
from torch import Tensor

from tests.training.engine import tiny
from training.engine.data.packing import PackedRow, pack_row, pack_sequences
from training.engine.learning.memory import attention_bytes, passing_bytes, saved_bytes
from training.engine.model import attention

CPU = torch.device("cpu")


def outputs_and_gradients(row: PackedRow) -> list[Tensor]:
    """Of random queries, keys and values in float64: four heads, two key heads."""
    generator = torch.Generator().manual_seed(0)
    drawn = [torch.randn(1, heads, row.tokens, 8, generator=generator, dtype=torch.float64) for heads in (4, 2, 2)]
    query, key, value = (each.requires_grad_() for each in drawn)
    plan = attention.plan_attention(row, repeats=2, dtype=torch.float64, device=CPU)
    output, _ = attention.packed_attention(torch.nn.Module(), query, key, value, None, scaling=0.3, attention_plan=plan)
    outer = torch.randn(output.shape, generator=generator, dtype=torch.float64)
    return [output.detach(), *torch.autograd.grad(output, (query, key, value), outer)]


def rows() -> dict[str, PackedRow]:
    pairs = tiny.random_pairs(5)
    return {
        "shared": pack_row(pairs, range(5), share=True),
        "not shared": pack_row(pairs, range(5), share=False),
        "rejected begins chosen": pack_row([tiny.pair([1, 2], [3, 4, 5, 6], [3, 4])], [0], share=True),
        "sequences": pack_sequences([((1, 2), (3, 4, 5)), ((6,), (7, 8))]),
    }


@pytest.mark.parametrize("name", list(rows()))
def test_a_pair_as_one_tile_is_its_segments_one_by_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = rows()[name]
    monkeypatch.setattr(attention, "MASKED_IN_VAIN", 10**9)
    together = outputs_and_gradients(row)
    monkeypatch.setattr(attention, "MASKED_IN_VAIN", -1)
    for one, other in zip(together, outputs_and_gradients(row), strict=True):
        torch.testing.assert_close(one, other, atol=1e-12, rtol=0)


def test_a_short_pair_is_one_tile_and_a_long_one_its_segments_with_the_prompt_in_blocks() -> None:
    short, long = tiny.pair([1] * 90, [5] * 50, [7] * 40), tiny.pair([1] * 600, [5] * 200, [7] * 200)
    row = pack_row([short, long], [0, 1], share=True)
    plan = attention.plan_attention(row, repeats=3, dtype=torch.float32, device=CPU)
    prompt = [(178, 378), (378, 578), (578, 778)]
    assert [(tile.start, tile.stop) for tile in plan.tiles] == [(0, 178), *prompt, (778, 977), (977, 1176)]
    assert [tile.mask.shape[1:] for tile in plan.tiles] == [
        (3 * 178, 178),
        (3 * 200, 200),
        (3 * 200, 400),
        (3 * 200, 600),
        (3 * 199, 799),
        (3 * 199, 799),
    ]


@pytest.mark.parametrize("in_vain", [10**9, -1])
def test_the_foreseen_bytes_of_attention_are_those_that_it_keeps(in_vain: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "MASKED_IN_VAIN", in_vain)
    policy = tiny.policy_of(tiny.model(), dtype=torch.float32)
    long, twice = (pack_row([tiny.pair([1] * n, [5] * n, [7] * n)], [0], share=True) for n in (40, 80))
    # The part that grows with the tokens alone doubles, except the head's share and an end; the rest is attention's.
    grown = saved_bytes(policy, twice) - 2 * saved_bytes(policy, long)
    foreseen = attention_bytes(policy, twice) - 2 * attention_bytes(policy, long)
    assert grown == pytest.approx(foreseen, rel=0.05)


def test_weights_that_are_computed_again_are_the_same_to_the_bit_and_are_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = pack_row([tiny.pair([1] * 90, [5] * 70, [7] * 60)], [0], share=True)
    policy = tiny.policy_of(tiny.model(), dtype=torch.float32)
    kept, weights, bits = saved_bytes(policy, row), attention_bytes(policy, row), outputs_and_gradients(row)
    assert weights > 0
    monkeypatch.setattr(attention, "KEPT_KEYS", 100)  # the tile of the prompt sees 90 places, others more
    monkeypatch.setattr(attention, "MASKED_IN_VAIN", -1)
    some = attention_bytes(policy, row)
    assert 0 < some < weights
    with_some = passing_bytes(policy, row)
    monkeypatch.setattr(attention, "KEPT_KEYS", 0)
    assert passing_bytes(policy, row) >= with_some > 0
    again = outputs_and_gradients(row)
    assert attention_bytes(policy, row) == 0
    assert saved_bytes(policy, row) <= kept - weights
    monkeypatch.setattr(attention, "KEPT_KEYS", 1000)
    assert all(torch.equal(one, other) for one, other in zip(outputs_and_gradients(row), again, strict=True))
    for one, other in zip(bits, again, strict=True):
        torch.testing.assert_close(one, other, atol=1e-12, rtol=0)
