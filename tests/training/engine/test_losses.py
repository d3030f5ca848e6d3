"""The preference loss against its algebra."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from training.engine.loss_settings import NAMES, LossSettings, loss_without_preference
from training.engine.losses import (
    LOSSES,
    Pairs,
    loss_floors,
    pair_losses,
    posterior_right,
    rewards,
    weighted_sum,
)

RATIO = st.floats(-50, 50)
CONFIDENCE = st.floats(0.5, 1.0)


def column(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def one_pair(chosen: float | Tensor, rejected: float | Tensor, confidence: float | Tensor = 1.0) -> Pairs:
    """A pair with these log-ratios, against a reference of log-probability -40 and -60 over 10 and 30 tokens."""
    ratios = torch.stack([torch.as_tensor(side, dtype=torch.float64).reshape(-1) for side in (chosen, rejected)], dim=1)
    reference = column(-40.0, -60.0).expand_as(ratios)
    tokens = column(10.0, 30.0).expand_as(ratios)
    labels = torch.as_tensor(confidence, dtype=torch.float64).expand(len(ratios))
    return Pairs(policy=reference + ratios, reference=reference, tokens=tokens, confidence=labels)


def sigmoid(chosen: float | Tensor, rejected: float | Tensor, confidence: float | Tensor, beta: float = 0.1) -> Tensor:
    return pair_losses(one_pair(chosen, rejected, confidence), LossSettings(beta=beta))


def log_sigma(value: float) -> float:
    return -math.log1p(math.exp(-value))


def test_every_loss_that_can_be_chosen_is_there() -> None:
    assert tuple(LOSSES) == NAMES


def test_the_walk_through_that_every_explainer_uses() -> None:
    log_ratios = column(math.log(0.30 / 0.20), math.log(0.25 / 0.30))
    chosen, rejected = rewards(log_ratios, 0.1).tolist()
    assert round(chosen, 4) == 0.0405
    assert round(rejected, 4) == -0.0182
    assert round(chosen - rejected, 4) == 0.0588
    assert round(1 / (1 + math.exp(rejected - chosen)), 4) == 0.5147
    loss = sigmoid(log_ratios[:1], log_ratios[1:], 1.0)
    assert round(loss.item(), 4) == 0.6642


@given(CONFIDENCE, RATIO)
def test_without_a_margin_the_loss_is_ln_2_whatever_the_confidence(confidence: float, ratio: float) -> None:
    assert sigmoid(ratio, ratio, confidence).item() == pytest.approx(math.log(2), abs=1e-13)


@given(RATIO, RATIO, CONFIDENCE)
def test_a_soft_label_is_conservative_dpo(chosen: float, rejected: float, confidence: float) -> None:
    margin = 0.1 * (chosen - rejected)
    by_hand = -confidence * math.log(1 / (1 + math.exp(-margin))) - (1 - confidence) * math.log(
        1 / (1 + math.exp(margin))
    )
    ours = sigmoid(chosen, rejected, confidence).item()
    assert ours == pytest.approx(by_hand, rel=1e-9)


@given(RATIO, RATIO, st.floats(0, 1))
def test_swapping_the_sides_and_the_label_is_the_same_statement(chosen: float, rejected: float, label: float) -> None:
    ours = sigmoid(chosen, rejected, label).item()
    swapped = sigmoid(rejected, chosen, 1 - label).item()
    assert ours == pytest.approx(swapped, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("ratio", [1e5, -1e5])  # margins of +-1e4
@pytest.mark.parametrize("confidence", [1.0, 0.7, 0.5])
def test_extreme_margins_stay_finite_in_loss_and_gradient(dtype: torch.dtype, ratio: float, confidence: float) -> None:
    chosen = torch.tensor([ratio], dtype=dtype, requires_grad=True)
    policy, zeros = torch.stack([chosen, torch.zeros(1, dtype=dtype)], dim=1), torch.zeros(1, 2, dtype=dtype)
    pairs = Pairs(policy, zeros, zeros + 10, torch.tensor([confidence], dtype=dtype))
    loss = pair_losses(pairs, LossSettings())
    torch.autograd.backward(loss.sum())
    assert torch.isfinite(loss).all()
    assert chosen.grad is not None
    expected = 0.1 * ((1.0 if ratio > 0 else 0.0) - confidence)  # beta (sigma(m) - p)
    assert chosen.grad.item() == pytest.approx(expected, abs=1e-7)


@given(st.floats(0.5, 0.99))
def test_the_loss_is_least_where_the_model_believes_as_much_as_the_label(confidence: float) -> None:
    best = math.log(confidence / (1 - confidence)) / 0.1
    ratio = column(best).requires_grad_()
    torch.autograd.backward(sigmoid(ratio, 0.0, confidence).sum())
    assert ratio.grad is not None
    assert abs(ratio.grad.item()) < 1e-12


def test_a_weight_of_three_is_three_copies_and_a_weight_of_zero_is_absence() -> None:
    losses = column(0.3, 0.9, 7.0)
    weighted = weighted_sum(losses, column(3.0, 1.0, 0.0), 4.0)
    copied = weighted_sum(column(0.3, 0.3, 0.3, 0.9), column(1.0, 1.0, 1.0, 1.0), 4.0)
    assert weighted.item() == pytest.approx(copied.item(), rel=1e-15)


def test_a_tabular_policy_trained_to_convergence_recovers_the_true_reward_differences() -> None:
    """One prompt, six completions with known rewards, every pair labeled with its Bradley-Terry probability: at the
    optimum beta * log(pi / pi_ref) equals the rewards up to a constant, whatever the reference is."""
    generator = torch.Generator().manual_seed(5)
    true = torch.randn(6, generator=generator, dtype=torch.float64)
    reference = torch.log_softmax(torch.randn(6, generator=generator, dtype=torch.float64), dim=0)
    better, worse = torch.triu_indices(6, 6, offset=1)
    confidence = torch.sigmoid(true[better] - true[worse])
    logits = torch.zeros(6, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [logits], max_iter=500, tolerance_grad=1e-14, tolerance_change=0, line_search_fn="strong_wolfe"
    )
    beta = 0.3

    def closure() -> Tensor:
        optimizer.zero_grad()
        ratio = torch.log_softmax(logits, dim=0) - reference
        loss = sigmoid(ratio[better], ratio[worse], confidence, beta).mean()
        torch.autograd.backward(loss)
        return loss

    optimizer.step(closure)
    learned = beta * (torch.log_softmax(logits.detach(), dim=0) - reference)
    torch.testing.assert_close(learned - learned.mean(), true - true.mean(), atol=1e-6, rtol=0)


@given(RATIO, RATIO, CONFIDENCE)
def test_every_loss_is_its_papers_formula(chosen: float, rejected: float, p: float) -> None:
    pairs = one_pair(chosen, rejected, p)
    beta, noise, gamma, alpha = 0.2, 0.15, 0.7, 0.4
    m = beta * (chosen - rejected)
    means = ((-40.0 + chosen) / 10, (-60.0 + rejected) / 30)
    difference = chosen / 10 - rejected / 30
    expected = {
        "sigmoid": -p * log_sigma(m) - (1 - p) * log_sigma(-m),
        "sigmoid_norm": -p * log_sigma(beta * difference) - (1 - p) * log_sigma(-beta * difference),
        "robust": (-(1 - noise) * log_sigma(m) + noise * log_sigma(-m)) / (1 - 2 * noise),
        "em": -math.log(p / (1 + math.exp(-m)) + (1 - p) / (1 + math.exp(m))),
        "ipo": p * (difference - 1 / (2 * beta)) ** 2 + (1 - p) * (difference + 1 / (2 * beta)) ** 2,
        "hinge": p * max(0.0, 1 - m) + (1 - p) * max(0.0, 1 + m),
        "simpo": -p * log_sigma(beta * (means[0] - means[1]) - gamma)
        - (1 - p) * log_sigma(gamma - beta * (means[0] - means[1])),
    }
    expected["sft"] = -means[0]
    if max(means) < 0:  # a mean probability is below one
        unlikely = [-math.log(1 - math.exp(mean)) for mean in means]
        expected["unlikelihood"] = p * (-means[0] + alpha * unlikely[1]) + (1 - p) * (-means[1] + alpha * unlikely[0])
        odds = [mean - math.log(1 - math.exp(mean)) for mean in means]
        o = odds[0] - odds[1]
        expected["orpo"] = -means[0] + beta * (-p * log_sigma(o) - (1 - p) * log_sigma(-o))
    for name, value in expected.items():
        settings = LossSettings(name, beta, noise, simpo_margin=gamma, unlikelihood_weight=alpha)
        assert pair_losses(pairs, settings).item() == pytest.approx(value, rel=1e-9, abs=1e-9), name


@given(RATIO, RATIO)
def test_the_remedies_for_displacement_are_their_formulas(chosen: float, rejected: float) -> None:
    pairs = one_pair(chosen, rejected)
    dpop = pair_losses(pairs, LossSettings(dpop_weight=5.0)).item()
    assert dpop == pytest.approx(-log_sigma(0.1 * (chosen - rejected - 5.0 * max(0.0, -chosen))), rel=1e-9)
    plain = pair_losses(pairs, LossSettings()).item()
    with_sft = pair_losses(pairs, LossSettings(sft_weight=0.3)).item()
    assert with_sft == pytest.approx(plain + 0.3 * (40.0 - chosen) / 10, rel=1e-9)


def test_without_noise_robust_is_dpo_and_with_it_the_mean_over_flips_is_the_clean_loss() -> None:
    clean = pair_losses(one_pair(3.0, -4.0), LossSettings()).item()
    flipped = LossSettings(loss="robust", label_noise=0.0)
    assert pair_losses(one_pair(3.0, -4.0, 0.6), flipped).item() == pytest.approx(clean, rel=1e-12)
    noisy = LossSettings(loss="robust", label_noise=0.2)
    right, wrong = (pair_losses(pair, noisy).item() for pair in (one_pair(3.0, -4.0), one_pair(-4.0, 3.0)))
    assert 0.8 * right + 0.2 * wrong == pytest.approx(clean, rel=1e-12)


@given(st.floats(-20, 20), st.floats(0.5, 0.999))
def test_the_em_loss_has_the_gradient_of_the_m_step_with_the_posterior_of_the_e_step(m: float, p: float) -> None:
    chosen = torch.tensor([10.0 * m], dtype=torch.float64, requires_grad=True)  # beta is 0.1
    loss = pair_losses(one_pair(chosen, 0.0, p), LossSettings("em"))
    (gradient,) = torch.autograd.grad(loss.sum(), chosen)
    right = p / (1 + math.exp(-m))
    posterior = right / (right + (1 - p) / (1 + math.exp(m)))
    assert posterior_right(column(m), column(p)).item() == pytest.approx(posterior, rel=1e-9)
    again = torch.tensor([10.0 * m], dtype=torch.float64, requires_grad=True)
    m_step = pair_losses(one_pair(again, 0.0, posterior), LossSettings("sigmoid"))
    (expected,) = torch.autograd.grad(m_step.sum(), again)
    assert gradient.item() == pytest.approx(expected.item(), rel=1e-6, abs=1e-12)


def test_the_em_loss_gives_up_a_label_that_the_policy_contradicts_and_is_dpo_where_labels_are_certain() -> None:
    def pull(name: str, m: float, p: float) -> float:
        chosen = torch.tensor([10.0 * m], dtype=torch.float64, requires_grad=True)
        torch.autograd.backward(pair_losses(one_pair(chosen, 0.0, p), LossSettings(name)).sum())
        assert chosen.grad is not None
        return -chosen.grad.item()

    assert pull("em", -8.0, 0.8) < 0.01 * pull("sigmoid", -8.0, 0.8)
    assert pull("em", -8.0, 1.0) == pytest.approx(pull("sigmoid", -8.0, 1.0), rel=1e-3)


@pytest.mark.parametrize("name", ["orpo", "simpo", "sft", "unlikelihood"])
def test_a_loss_without_reference_does_not_look_at_it(name: str) -> None:
    pairs = one_pair(3.0, -4.0, 0.8)
    moved = Pairs(pairs.policy, pairs.reference - 7.0, pairs.tokens, pairs.confidence)
    settings = LossSettings(loss=name)
    assert pair_losses(pairs, settings).item() == pair_losses(moved, settings).item()


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_prefers_the_chosen_side_to_become_likelier(name: str) -> None:
    policy = torch.tensor([[-40.0, -60.0], [-38.0, -62.0]], dtype=torch.float64, requires_grad=True)
    pairs = Pairs(policy, column(-40.0, -60.0).expand(2, 2), column(10.0, 30.0).expand(2, 2), column(1.0, 0.9))
    torch.autograd.backward(pair_losses(pairs, LossSettings(loss=name)).sum())
    assert policy.grad is not None
    assert (policy.grad[:, 0] < 0).all()
    if name == "sft":
        assert (policy.grad[:, 1] == 0).all()  # it does not look at the rejected side
    else:
        assert (policy.grad[:, 1] > 0).all()


@pytest.mark.parametrize("name", ["orpo", "unlikelihood"])
def test_a_completion_of_certain_probability_keeps_the_loss_finite(name: str) -> None:
    policy = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    losses = pair_losses(Pairs(policy, column(0, 0)[None], column(1, 1)[None], column(0.9)), LossSettings(loss=name))
    torch.autograd.backward(losses.sum())
    assert torch.isfinite(losses).all()
    assert policy.grad is not None
    assert torch.isfinite(policy.grad).all()


def test_the_gradient_of_unlikelihood_is_welleck_et_als() -> None:
    """d/ds of -s_c / |c| - alpha log(1 - exp(s_r / |r|)) is (-1 / |c|, alpha P / (1 - P) / |r|)."""
    policy = torch.tensor([[-20.0, -12.0]], dtype=torch.float64, requires_grad=True)
    pairs = Pairs(policy, torch.zeros(1, 2, dtype=torch.float64), column(10.0, 30.0)[None], column(1.0))
    torch.autograd.backward(pair_losses(pairs, LossSettings("unlikelihood", unlikelihood_weight=0.4)).sum())
    assert policy.grad is not None
    odds = math.exp(-0.4) / (1 - math.exp(-0.4))
    assert policy.grad[0].tolist() == pytest.approx([-1 / 10, 0.4 * odds / 30], rel=1e-12)


@pytest.mark.parametrize("name", ["sigmoid", "sigmoid_norm", "ipo", "hinge", "simpo", "em"])
@given(confidence=CONFIDENCE)
@settings(max_examples=30, deadline=None)
def test_no_margin_goes_below_the_floor_and_the_best_one_reaches_it(name: str, confidence: float) -> None:
    constants = LossSettings(loss=name, beta=0.2)
    ratios = torch.linspace(-300, 300, 60_001, dtype=torch.float64)
    losses = pair_losses(one_pair(ratios, torch.zeros_like(ratios), confidence), constants)
    floors = loss_floors(column(confidence), constants)
    assert floors is not None
    assert losses.min().item() >= floors.item() - 1e-12
    assert losses.min().item() == pytest.approx(floors.item(), abs=1e-2)


def test_the_floor_of_one_vote_is_the_entropy_of_three_to_one() -> None:
    floors = loss_floors(column(0.75, 1.0, 0.5), LossSettings())
    assert floors is not None
    assert floors.tolist() == pytest.approx([0.562335, 0.0, math.log(2)], abs=1e-6)


def test_dpo_positive_has_the_floor_of_dpo() -> None:
    constants = LossSettings(dpop_weight=5.0)
    ratios = torch.linspace(-50, 50, 2_001, dtype=torch.float64)
    losses = pair_losses(one_pair(ratios, -ratios, 0.75), constants)
    floors = loss_floors(column(0.75), constants)
    assert floors is not None
    assert losses.min().item() == pytest.approx(floors.item(), abs=1e-3)


@pytest.mark.parametrize(
    "constants", [LossSettings("robust"), LossSettings("orpo"), LossSettings("sft"), LossSettings(sft_weight=0.1)]
)
def test_a_loss_without_a_known_floor_has_none(constants: LossSettings) -> None:
    assert loss_floors(column(0.75), constants) is None


def test_the_robust_loss_falls_without_bound() -> None:
    losses = pair_losses(one_pair(column(100.0, 10_000.0, 1_000_000.0), column(0, 0, 0)), LossSettings("robust"))
    assert losses[0] > losses[1] > losses[2]
    assert losses[2] < -1_000


@pytest.mark.parametrize("name", ["sigmoid", "sigmoid_norm", "robust", "ipo", "hinge", "em"])
@given(confidence=CONFIDENCE)
@settings(max_examples=10, deadline=None)
def test_a_policy_that_is_its_reference_has_the_loss_without_a_preference(name: str, confidence: float) -> None:
    constants = LossSettings(loss=name, beta=0.2)
    start = loss_without_preference(constants)
    assert start == pytest.approx(pair_losses(one_pair(0.0, 0.0, confidence), constants).item())


@pytest.mark.parametrize("constants", [LossSettings("orpo"), LossSettings("simpo"), LossSettings(sft_weight=0.1)])
def test_where_the_start_depends_on_the_texts_none_is_given(constants: LossSettings) -> None:
    assert loss_without_preference(constants) is None
