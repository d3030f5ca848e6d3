"""Changes of agreement over time: by day or week, and along the judgments in the order in which they were made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from labeling.stats.agreement import NO_PAIRS, Pattern, PatternCounts, percent_agreement
from labeling.stats.bootstrap import Bootstrap
from labeling.stats.estimate import Estimate
from labeling.stats.sentences import gettext_noop

NO_CHANGE_KNOWN = gettext_noop("There must be comparisons with two votes in the first and in the last third.")


@dataclass(frozen=True, slots=True)
class DriftPoint:
    """Agreement (counting ties) on the comparisons of one stretch of time. name: a day, or a hundredth's number."""

    name: str
    agreement: Estimate


@dataclass(frozen=True, slots=True)
class Drift:
    """Agreement over time. points: in order. change: the last third of stretches minus the first third."""

    points: Sequence[DriftPoint]
    change: Estimate


def drift(stretches: Mapping[str, PatternCounts[Pattern]], *, bootstrap: Bootstrap | None = None) -> Drift:
    """Agreement along stretches of time.

    stretches: patterns over (a, tie, b) by the stretch in which a comparison got its last vote. Their names sort by
    time.
    """
    bootstrap = bootstrap or Bootstrap(resamples=500)
    names = sorted(stretches)
    points = [DriftPoint(name, percent_agreement(stretches[name], bootstrap=bootstrap)) for name in names]
    third = max(1, len(names) // 3)
    if len(names) < 2:
        return Drift(points, Estimate(None, None, None, 0, NO_CHANGE_KNOWN if names else NO_PAIRS))
    early, late = (
        percent_agreement(_together([stretches[name] for name in part]), bootstrap=bootstrap)
        for part in (names[:third], names[-third:])
    )
    return Drift(points, difference(late, early))


def difference(one: Estimate, other: Estimate) -> Estimate:
    """The difference of two figures from different comparisons, with its interval.

    Source: Newcombe 1998, "Interval estimation for the difference between independent proportions", method 10 (square
    and add): the distances from each figure to the ends of its own interval add up as squares.
    """
    ends = (one.value, one.low, one.high, other.value, other.low, other.high)
    if any(end is None for end in ends):
        return Estimate(None, None, None, 0, NO_CHANGE_KNOWN)
    value, low, high, value2, low2, high2 = (float(end) for end in ends if end is not None)
    below, above = sqrt((value - low) ** 2 + (high2 - value2) ** 2), sqrt((high - value) ** 2 + (value2 - low2) ** 2)
    comparisons, votes = one.comparisons + other.comparisons, one.votes + other.votes
    return Estimate(value - value2, value - value2 - below, value - value2 + above, comparisons, None, votes)


def _together(parts: Sequence[PatternCounts[Pattern]]) -> dict[Pattern, int]:
    added: dict[Pattern, int] = {}
    for part in parts:
        for pattern, count in part.items():
            added[pattern] = added.get(pattern, 0) + count
    return added
