"""Agreement straight from its definitions, with loops over pairs of votes: what the fast code is compared with."""

from collections import Counter
from collections.abc import Sequence
from itertools import permutations

Votes = Sequence[Sequence[int]]
"""One list per comparison: the category that each annotator chose."""


def patterns_of(votes: Votes, categories: int) -> Counter[tuple[int, ...]]:
    return Counter(tuple(list(one).count(category) for category in range(categories)) for one in votes)


def percent(votes: Votes, without: int | None = None) -> float | None:
    pairs = [
        first == second for one in votes for first, second in permutations([vote for vote in one if vote != without], 2)
    ]
    return sum(pairs) / len(pairs) if pairs else None


def alpha(votes: Votes, metric: str) -> float | None:
    paired = [one for one in votes if len(one) >= 2]
    values = [vote for one in paired for vote in one]
    counts = Counter(values)

    def distance(first: int, second: int) -> float:
        if metric == "nominal":
            return float(first != second)
        if metric == "interval":
            return float((first - second) ** 2)
        low, high = sorted((first, second))
        between = sum(counts[value] for value in range(low, high + 1))
        return float((between - (counts[low] + counts[high]) / 2) ** 2)

    expected = sum(distance(first, second) for first, second in permutations(values, 2))
    if not expected:
        return None
    expected /= len(values) * (len(values) - 1)
    observed = sum(
        distance(first, second) / (len(one) - 1) for one in paired for first, second in permutations(one, 2)
    ) / len(values)
    return 1 - observed / expected


def ac1(votes: Votes, categories: int) -> float | None:
    paired = [one for one in votes if len(one) >= 2]
    judged = [one for one in votes if one]
    if not paired or len({vote for one in judged for vote in one}) < 2:
        return None
    observed = 0.0
    for one in paired:
        pairs = [first == second for first, second in permutations(one, 2)]
        observed += sum(pairs) / len(pairs) / len(paired)
    usage = [sum(list(one).count(k) / len(one) for one in judged) / len(judged) for k in range(categories)]
    expected = sum(share * (1 - share) for share in usage) / (categories - 1)
    return (observed - expected) / (1 - expected)
