"""Preference losses as pure functions of pairs' log-probabilities: no model, no batch, no device.

A side's log-ratio is ``h = log pi(y|x) - log pi_ref(y|x)``, summed over the completion's tokens (EOS included), in
nats; its reward is ``beta * h``; ``p`` is a pair's confidence that chosen is better than rejected. ``sigma`` is
the logistic function. Every loss is finite for finite log-ratios. ``loss_floors`` gives the lowest value of each, where
it has one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from training.engine.loss_settings import LossSettings


@dataclass(frozen=True)
class Pairs:
    """Some pairs; column 0 is chosen, column 1 rejected.

    policy, reference: summed log-probabilities, (pairs, 2), nats. tokens: scored tokens, (pairs, 2).
    confidence: p(chosen > rejected), (pairs,).
    """

    policy: Tensor
    reference: Tensor
    tokens: Tensor
    confidence: Tensor

    @property
    def log_ratios(self) -> Tensor:
        """h of both sides, (pairs, 2)."""
        return self.policy - self.reference

    @property
    def per_token(self) -> Tensor:
        """Mean log-probability of a completion's tokens under the policy, (pairs, 2)."""
        return self.policy / self.tokens


def rewards(log_ratios: Tensor, beta: float) -> Tensor:
    """Implicit rewards ``r(x, y) = beta * h`` (equation 5 of DPO, arXiv 2305.18290, up to a term of the prompt alone).
    Any shape in, the same shape out."""
    return beta * log_ratios


def soft_logistic(margin: Tensor, confidence: Tensor) -> Tensor:
    """``-p log sigma(m) - (1 - p) log sigma(-m)``, computed as ``softplus(-m) + (1 - p) m``, which is the same
    (log sigma(-m) = log sigma(m) - m) and finite for any m. Its minimum is at ``m = log(p / (1 - p))``."""
    return softplus(-margin) + (1.0 - confidence) * margin


def log_complement(log_probability: Tensor) -> Tensor:
    """``log(1 - P)`` of a log-probability. Any shape in, the same shape out. A P that was rounded to one counts as a
    trifle less, so that the value stays finite; its gradient is zero."""
    return torch.log(-torch.expm1(log_probability.clamp(max=-1e-12)))


def sigmoid_loss(pairs: Pairs, settings: LossSettings) -> Tensor:
    """DPO with a soft label per pair: ``-p log sigma(m) - (1 - p) log sigma(-m)``, ``m = beta (h_c - h_r)``.

    ``p = 1`` is equation 7 of DPO (arXiv 2305.18290); ``p = 1 - epsilon`` is conservative DPO (Mitchell, "A note on DPO
    with noisy preferences"), here with its own epsilon for every pair.
    """
    return soft_logistic(margins(pairs, settings), pairs.confidence)


def sigmoid_norm_loss(pairs: Pairs, settings: LossSettings) -> Tensor:
    """Length-normalised DPO (Tulu 3, arXiv 2411.15124, equation 6): ``sigmoid_loss`` with
    ``m = beta (h_c / |c| - h_r / |r|)``, log-ratios averaged over each completion's tokens, so that length is no
    reward."""
    by_token = pairs.log_ratios / pairs.tokens
    return soft_logistic(settings.beta * (by_token[:, 0] - by_token[:, 1]), pairs.confidence)


def robust_loss(pairs: Pairs, settings: LossSettings) -> Tensor:
    """rDPO (arXiv 2403.00409, equation 12): unbiased when a share ``epsilon`` (``label_noise``) of labels is flipped.

    ``(-(1 - epsilon) log sigma(m) + epsilon log sigma(-m)) / (1 - 2 epsilon)``. The noise is the run's, so the pairs'
    confidence is not used.
    """
    margin, noise = margins(pairs, settings), settings.label_noise
    return ((1.0 - noise) * softplus(-margin) - noise * softplus(margin)) / (1.0 - 2.0 * noise)


def posterior_right(margin: Tensor, confidence: Tensor) -> Tensor:
    """The probability that a label is right, given the policy: ``p sigma(m) / (p sigma(m) + (1 - p) sigma(-m))``.

    The E-step of RE-PO (arXiv 2509.24159); p is the reliability of those who gave the label. In log odds it is a sum:
    ``logit = log(p / (1 - p)) + m``. Shapes: (pairs,).
    """
    return torch.sigmoid(torch.logit(confidence) + margin)


def em_loss(pairs: Pairs, settings: LossSettings) -> Tensor:
    """RE-PO (arXiv 2509.24159): DPO when labels may be wrong, ``-log(p sigma(m) + (1 - p) sigma(-m))``.

    It is the likelihood of the label with its truth summed out. Its gradient is that of the M-step,
    ``-q log sigma(m) - (1 - q) log sigma(-m)`` with the posterior q of the E-step held fixed (``posterior_right``), so
    each step does both. A label that the policy contradicts strongly loses its weight; ``sigmoid`` would follow it.
    """
    margin, p = margins(pairs, settings), pairs.confidence
    # A certain label has log(1 - p) = -inf, whose gradient is no number: a trifle of doubt stands for none.
    doubt = torch.log1p(-p.clamp(max=1.0 - 1e-7))
    return -torch.logaddexp(torch.log(p) - softplus(-margin), doubt - softplus(margin))


def ipo_loss(pairs: Pairs, settings: LossSettings) -> Tensor:
    """IPO (arXiv 2310.12036, equation 17): ``p (d - 1 / (2 beta))^2 + (1 - p) (d + 1 / (2 beta))^2``.

    ``d`` is the difference of the log-ratios **averaged** over each completion's tokens, as the paper's authors and TRL
    have it; the printed equation sums.
    """
    by_token = pairs.log_ratios / pairs.tokens
    difference, target = by_token[:, 0] - by_token[:, 1], 1.0 / (2.0 * settings.beta)
    toward, away = (difference - target) ** 2, (difference + target) ** 2
    return pairs.confidence * toward + (1.0 - pairs.confidence) * away


def hinge_loss(pairs: Pairs, settings: LossSettings) -> Tensor:
    """SLiC's hinge on the DPO margin (arXiv 2305.10425; RSO, arXiv 2309.06657): ``p max(0, 1 - m) + (1 - p) max(0, 1 +
    m)``."""
    margin = margins(pairs, settings)
    return pairs.confidence * relu(1.0 - margin) + (1.0 - pairs.confidence) * relu(1.0 + margin)


def orpo_loss(pairs: Pairs, settings: LossSettings) -> Tensor:
    """ORPO (arXiv 2403.07691, equations 6 and 7): no reference.

    ``-log P(chosen) + beta * (-p log sigma(o) - (1 - p) log sigma(-o))`` with ``o`` the difference of the log odds
    ``log P - log(1 - P)`` and ``P`` a completion's mean probability per token (of the mean log-probability).
    """
    log_odds = pairs.per_token - log_complement(pairs.per_token)
    preference = soft_logistic(log_odds[:, 0] - log_odds[:, 1], pairs.confidence)
    return settings.beta * preference - pairs.per_token[:, 0]


def simpo_loss(pairs: Pairs, settings: LossSettings) -> Tensor:
    """SimPO (arXiv 2405.14734, equation 6): no reference. ``m = beta (mean log P(chosen) - mean log P(rejected)) -
    gamma``, means over tokens, gamma ``simpo_margin``; with the soft label as in ``sigmoid_loss``."""
    margin = settings.beta * (pairs.per_token[:, 0] - pairs.per_token[:, 1]) - settings.simpo_margin
    return soft_logistic(margin, pairs.confidence)


def sft_loss(pairs: Pairs, settings: LossSettings) -> Tensor:
    """Preferred fine-tuning: ``-mean log P(chosen)`` over the chosen completion's tokens ("Preferred-FT" in arXiv
    2305.18290, section 6). No reference; the rejected side and the confidence are not used."""
    return -pairs.per_token[:, 0]


def unlikelihood_loss(pairs: Pairs, settings: LossSettings) -> Tensor:
    """Unlikelihood (arXiv 1908.04319, equation 4, as the baseline of arXiv 2305.18290, section 6): no reference.

    ``-log P(chosen) - alpha log(1 - P(rejected))`` with ``P`` a completion's mean probability per token (of the mean
    log-probability) and alpha ``unlikelihood_weight``. A soft label p mixes it with the pair the other way round.
    """
    likely = -pairs.per_token  # -log P, (pairs, 2)
    unlikely = -log_complement(pairs.per_token)  # -log(1 - P), (pairs, 2)
    right = likely[:, 0] + settings.unlikelihood_weight * unlikely[:, 1]
    wrong = likely[:, 1] + settings.unlikelihood_weight * unlikely[:, 0]
    return pairs.confidence * right + (1.0 - pairs.confidence) * wrong


def margins(pairs: Pairs, settings: LossSettings) -> Tensor:
    """``beta (h_c - h_r - lambda max(0, -h_c))``, (pairs,): DPO's margin, and with ``lambda`` (``dpop_weight``) above 0
    DPO-Positive's (arXiv 2402.13228, equation 3), which punishes a chosen completion that becomes less likely than
    under the reference."""
    chosen, rejected = pairs.log_ratios.unbind(1)
    return settings.beta * (chosen - rejected - settings.dpop_weight * relu(-chosen))


LOSSES: dict[str, Callable[[Pairs, LossSettings], Tensor]] = {
    "sigmoid": sigmoid_loss,
    "sigmoid_norm": sigmoid_norm_loss,
    "robust": robust_loss,
    "ipo": ipo_loss,
    "hinge": hinge_loss,
    "orpo": orpo_loss,
    "simpo": simpo_loss,
    "sft": sft_loss,
    "unlikelihood": unlikelihood_loss,
    "em": em_loss,
}


def pair_losses(pairs: Pairs, settings: LossSettings) -> Tensor:
    """The loss of every pair, (pairs,), in nats where the loss is a likelihood.

    ``sft_weight`` above 0 adds that times the mean negative log-probability of the chosen completion's tokens (RPO,
    arXiv 2404.19733, equation 1): the other remedy for likelihood displacement. ``center_rewards_coefficient`` eta adds
    ``eta (r_c + r_r)^2`` of a reward model's rewards (arXiv 2312.09244, equation 2): the preference leaves them
    free up to a constant.
    """
    losses = LOSSES[settings.loss](pairs, settings)
    if settings.center_rewards_coefficient:
        losses = losses + settings.center_rewards_coefficient * pairs.policy.sum(1) ** 2
    return losses - settings.sft_weight * pairs.per_token[:, 0] if settings.sft_weight else losses


def loss_floors(confidence: Tensor, settings: LossSettings) -> Tensor | None:
    """The lowest loss that any policy can reach on labels of this confidence, (pairs,) in and out; None: unknown.

    A soft label has a price: at ``p = 0.75`` even a perfect policy keeps a loss of 0.562 nats. The floors follow from
    the equations above, each minimised over the margin (IPO: over ``d``):

    - sigmoid, sigmoid_norm, simpo: the label's entropy ``-p log p - (1 - p) log(1 - p)``, at ``m = log(p / (1 - p))``.
    - ipo: ``p (1 - p) / beta^2``, at ``d = (2 p - 1) / (2 beta)``.
    - em: ``-log p`` of a ``p`` above one half, while the margin grows without bound.
    - hinge: ``2 min(p, 1 - p)``, at ``m = 1`` for ``p`` above one half, else at ``m = -1``.

    None for robust, which falls without bound while the margin grows, and wherever the likelihood of the chosen
    completion is a part of the loss (orpo, sft, unlikelihood, ``sft_weight``): its lowest value depends on the texts.
    """
    if settings.sft_weight:
        return None
    if settings.loss in ("sigmoid", "sigmoid_norm", "simpo"):
        entropy: Tensor = torch.special.entr(confidence) + torch.special.entr(1.0 - confidence)
        return entropy
    if settings.loss == "ipo":
        return confidence * (1.0 - confidence) / settings.beta**2
    if settings.loss == "em":
        return -torch.log(torch.maximum(confidence, 1.0 - confidence))
    if settings.loss == "hinge":
        return 2.0 * torch.minimum(confidence, 1.0 - confidence)
    return None


def weighted_sum(losses: Tensor, weights: Tensor, total_weight: float) -> Tensor:
    """``sum_i w_i loss_i / W`` with W the weight of the *whole* optimizer step, of which these pairs may be a part, so
    that any split of a step into rows has the same gradient. Shapes: (pairs,), (pairs,); returns a scalar."""
    return torch.dot(losses, weights) / total_weight
