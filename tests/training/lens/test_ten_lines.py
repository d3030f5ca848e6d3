"""The ten lines that the story shows are the engine's loss."""

import inspect
from math import log

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.engine.loss_settings import LossSettings
from training.engine.losses import Pairs, pair_losses
from training.lens.ten_lines import dpo_loss

SHARE = st.floats(1e-6, 1.0)


def engine_loss(policy: tuple[float, float], reference: tuple[float, float], beta: float) -> float:
    def column(shares: tuple[float, float]) -> torch.Tensor:
        return torch.tensor([[log(share) for share in shares]], dtype=torch.float64)

    ones = torch.ones(1, dtype=torch.float64)
    pairs = Pairs(column(policy), column(reference), torch.ones(1, 2, dtype=torch.float64), ones)
    return pair_losses(pairs, LossSettings(beta=beta)).item()


@given(SHARE, SHARE, SHARE, SHARE, st.floats(0.01, 2.0))
def test_the_program_on_the_page_is_the_loss_of_the_engine(
    policy_chosen: float, policy_rejected: float, ref_chosen: float, ref_rejected: float, beta: float
) -> None:
    ours = dpo_loss(policy_chosen, policy_rejected, ref_chosen, ref_rejected, beta)
    theirs = engine_loss((policy_chosen, policy_rejected), (ref_chosen, ref_rejected), beta)
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-12)


def test_it_runs_on_the_numbers_of_the_page_and_has_ten_lines() -> None:
    assert round(dpo_loss(0.30, 0.25, 0.20, 0.30, 0.1), 4) == 0.6642
    lines = [line for line in inspect.getsource(dpo_loss).splitlines() if not line.strip().startswith(("#", '"""'))]
    assert len(lines) == 10
