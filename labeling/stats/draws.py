"""Draws without replacement."""

import math


def chance_of_as_many(total: int, marked: int, drawn: int, found: int) -> float:
    """The chance that `drawn` of `total`, of which `marked` are marked, hold at least `found` marked ones.

    The upper tail of the hypergeometric distribution, as in Fisher's exact test (R. A. Fisher 1935).
    """
    most = min(marked, drawn)
    least = max(found, drawn - (total - marked), 0)
    logs = [
        _log_choose(marked, one) + _log_choose(total - marked, drawn - one) - _log_choose(total, drawn)
        for one in range(least, most + 1)
    ]
    return min(1.0, math.fsum(math.exp(one) for one in logs))


def _log_choose(count: int, taken: int) -> float:
    return math.lgamma(count + 1) - math.lgamma(taken + 1) - math.lgamma(count - taken + 1)
