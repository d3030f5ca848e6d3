"""The arithmetic of a step, and its share of what a card can do."""

import copy

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.training.engine import tiny
from training.engine.data.packing import pack_row
from training.engine.measuring.utilisation import Operations, peak_of
from training.engine.model.policy import Policy


@pytest.mark.parametrize("tuning", ["lora", "full"])
def test_the_operations_are_those_that_torch_counts_in_the_layers_products(tuning: str) -> None:
    """Of the layers; torch counts attention's products beside them, and nothing of the head's blocks is alike."""
    built = tiny.model(hidden_size=64, intermediate_size=256, num_hidden_layers=6)
    policy = Policy(copy.deepcopy(built), dtype=torch.float32, shape=tiny.SHAPE if tuning == "lora" else None)
    row = policy.forward.prepare(pack_row(tiny.random_pairs(4), range(4), share=True))
    with FlopCounterMode(display=False) as counter:
        policy.forward.hidden_states(row, row.places).sum().backward()
    products = {name: count for name, count in counter.get_flop_counts()["Global"].items() if "bmm" not in str(name)}
    operations = Operations(policy)
    assert operations.of_step(row.tokens, 0) == pytest.approx(sum(products.values()), rel=0.12)
    head = operations.of_step(0, 10)
    assert head == (4 if tuning == "lora" else 6) * 10 * 64 * tiny.VOCABULARY


def test_a_share_is_stated_only_where_the_cards_peak_is_known() -> None:
    assert peak_of("NVIDIA H100 80GB HBM3") == 989e12
    assert peak_of("NVIDIA H100 PCIe") == 756e12
    assert peak_of("NVIDIA H100 NVL") == 835e12
    assert [peak_of(f"NVIDIA {card}") for card in ("L40S", "L40", "L4")] == [362e12, 181e12, 121e12]
    assert peak_of("NVIDIA GeForce RTX 3060") is None
    operations = Operations(tiny.policy_of(tiny.model(), dtype=torch.float32))
    assert operations.share(10**12, 1.0, 1) == {}  # a CPU
    operations.peak = peak_of("NVIDIA A100-SXM4-80GB")
    assert operations.share(156 * 10**12, 0.5, 2) == {"mfu": 0.5}
