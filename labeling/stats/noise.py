"""Label noise from overlap, and the accuracy that no reward model measured on such labels can exceed.

If each of two annotators prefers the truly better completion with probability p, independently, they agree with
probability p^2 + (1 - p)^2. So agreement tells p, without anybody knowing the truth. A model that is always right
agrees with one such label with probability p: its measured accuracy cannot exceed that, and one that does has been
fitted to the noise. On verdicts by the majority of several votes the ceiling is higher.
"""

from math import comb, sqrt

from labeling.stats.estimate import Estimate
from labeling.stats.sentences import gettext_noop

BELOW_CHANCE = gettext_noop("Two annotators agree less often than by chance: no error rate explains that.")


def label_noise(agreement: Estimate) -> Estimate:
    """How often a preference is for the worse completion, from percent agreement without ties. 0: never, 0.5: blindly.

    The ends of the interval are those of the agreement; agreement below one half is as good as one half there.
    """
    if agreement.value is None:
        return agreement
    if agreement.value < 0.5:
        return Estimate(None, None, None, agreement.comparisons, BELOW_CHANCE, agreement.votes)
    low = None if agreement.high is None else _noise(agreement.high)
    high = None if agreement.low is None else _noise(agreement.low)
    return Estimate(_noise(agreement.value), low, high, agreement.comparisons, agreement.reason, agreement.votes)


def accuracy_ceiling(noise: Estimate, votes: int = 1) -> Estimate:
    """What a model that is always right scores on labels that are the majority of so many votes, each wrong with the
    rate `noise`. With an even number, half of the split votes."""
    if noise.value is None:
        return noise
    low = None if noise.high is None else _majority_right(noise.high, votes)
    high = None if noise.low is None else _majority_right(noise.low, votes)
    return Estimate(_majority_right(noise.value, votes), low, high, noise.comparisons, noise.reason, noise.votes)


def _noise(agreement: float) -> float:
    return (1 - sqrt(max(0.0, 2 * agreement - 1))) / 2


def _majority_right(noise: float, votes: int) -> float:
    chances = [comb(votes, wrong) * noise**wrong * (1 - noise) ** (votes - wrong) for wrong in range(votes + 1)]
    split = chances[votes // 2] / 2 if votes % 2 == 0 else 0.0
    return sum(chances[: (votes + 1) // 2]) + split
