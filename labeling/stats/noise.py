"""Label noise from overlap, and the ceiling that it puts on the measured accuracy of a reward model.

If two annotators independently prefer the truly better completion with probability p, they agree with probability
p^2 + (1 - p)^2. So agreement determines p, although nobody knows the truth. A perfect model agrees with one such label
with probability p. A higher measured accuracy means that the model was fitted to the noise. On majorities of several
votes the ceiling is higher.
"""

from math import comb, sqrt

from labeling.stats.estimate import Estimate
from labeling.stats.sentences import gettext_noop

BELOW_CHANCE = gettext_noop("Two annotators agree less often than by chance: no error rate explains that.")


def label_noise(agreement: Estimate) -> Estimate:
    """How often a preference is for the worse completion, from percent agreement without ties. 0: never; 0.5: half.

    The ends of its interval follow from those of the agreement, with those below one half taken as one half.
    """
    if agreement.value is None:
        return agreement
    if agreement.value < 0.5:
        return Estimate(None, None, None, agreement.comparisons, BELOW_CHANCE, agreement.votes)
    low = None if agreement.high is None else _noise(agreement.high)
    high = None if agreement.low is None else _noise(agreement.low)
    return Estimate(_noise(agreement.value), low, high, agreement.comparisons, agreement.reason, agreement.votes)


def accuracy_ceiling(noise: Estimate, votes: int = 1) -> Estimate:
    """The accuracy of a perfect model on labels that are the majority of `votes` votes.

    noise: the rate at which each vote is wrong. With an even number of votes, half of the ties count.
    """
    if noise.value is None:
        return noise
    low = None if noise.high is None else _majority_correct(noise.high, votes)
    high = None if noise.low is None else _majority_correct(noise.low, votes)
    return Estimate(_majority_correct(noise.value, votes), low, high, noise.comparisons, noise.reason, noise.votes)


def _noise(agreement: float) -> float:
    return (1 - sqrt(max(0.0, 2 * agreement - 1))) / 2


def _majority_correct(noise: float, votes: int) -> float:
    chances = [comb(votes, wrong) * noise**wrong * (1 - noise) ** (votes - wrong) for wrong in range(votes + 1)]
    split = chances[votes // 2] / 2 if votes % 2 == 0 else 0.0
    return sum(chances[: (votes + 1) // 2]) + split
