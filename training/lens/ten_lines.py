"""DPO's loss in ten lines, as the page of the story shows and runs it. A test holds it and the engine's loss
together."""

from math import exp, log


def dpo_loss(
    policy_chosen: float, policy_rejected: float, ref_chosen: float, ref_rejected: float, beta: float
) -> float:
    """The loss of one pair. The first four: probabilities of the two answers."""
    # fmt: off
    chosen_ratio = log(policy_chosen) - log(ref_chosen)         # more likely than before?
    rejected_ratio = log(policy_rejected) - log(ref_rejected)   # and the other one?
    chosen_reward = beta * chosen_ratio                         # the hidden reward
    rejected_reward = beta * rejected_ratio
    margin = chosen_reward - rejected_reward                    # above zero: right
    probability = 1 / (1 + exp(-margin))                        # P(chosen wins)
    return -log(probability)
    # fmt: on
