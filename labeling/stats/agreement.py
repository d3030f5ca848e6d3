"""Agreement between annotators, from counts of vote patterns.

A **pattern** is the number of votes for each category in one comparison: over (a, tie, b), two votes for a and one tie
are (2, 1, 0). All functions take a mapping from patterns to the number of comparisons that have them. Even a million
judgments have a handful of patterns, so the database counts, and this code never reads a judgment. It need not know who
voted: these measures treat annotators as exchangeable.

**Orientation.** Chance-corrected agreement depends on which completion is called "a". Here "a" must come from the
canonical order of a comparison (by content hash: `labeling.exchange.canonical_order`), never from the display side or
the model. With "new model against old model" as a/b, the same votes give another alpha and another AC1.

**Both bad** counts as a tie for agreement. Training distinguishes them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from labeling.stats.bootstrap import Bootstrap, FloatArray, Statistic
from labeling.stats.errors import InvalidCounts
from labeling.stats.estimate import Estimate
from labeling.stats.intervals import wilson_interval
from labeling.stats.sentences import gettext_noop

Pattern = tuple[int, ...]
# The keys of a mapping are invariant: without this, patterns of a fixed length would not type-check.
AnyPattern = TypeVar("AnyPattern", bound=Pattern)
PatternCounts = Mapping[AnyPattern, int]
Metric = Literal["nominal", "ordinal", "interval"]

TIE = 1
"""Index of the tie in a pattern over (a, tie, b)."""

NO_PAIRS = gettext_noop("No comparison has two votes yet.")
NO_PAIRS_WITHOUT_TIES = gettext_noop("No comparison has two votes that are not ties yet.")
UNANIMOUS = gettext_noop("Every vote is for the same category, so agreement beyond chance is undefined.")
ONE_CATEGORY = gettext_noop("There is only one category to vote for.")
NO_INTERVAL = gettext_noop("The comparisons are too few or too alike for an interval.")


def vote_pattern(choices: Mapping[str, int]) -> Pattern:
    """The pattern over (a, tie, b) of the votes on one comparison. Both bad counts as a tie; skips do not count.

    choices: the number of judgments for each of "a", "b", "tie", "both_bad", "skip"; absent: none. Raises InvalidCounts
    for other choices.
    """
    unknown = set(choices) - {"a", "b", "tie", "both_bad", "skip"}
    if unknown:
        raise InvalidCounts(f"Unknown choice {min(unknown)!r}.")
    return (
        choices.get("a", 0),
        choices.get("tie", 0) + choices.get("both_bad", 0),
        choices.get("b", 0),
    )


def pattern_table(patterns: PatternCounts[AnyPattern]) -> tuple[FloatArray, FloatArray]:
    """Patterns as a table, shape (patterns, categories), and their counts, shape (patterns,), in a fixed order.

    The order must be fixed because the seeded resampling must not depend on the order of the database's rows. Raises
    InvalidCounts for counts that are negative or not whole, and for patterns of different lengths.
    """
    _check(patterns.items())
    rows = sorted((pattern, count) for pattern, count in patterns.items() if count)
    if not rows:
        return np.zeros((0, 0)), np.zeros(0)
    return np.array([pattern for pattern, _ in rows], dtype=np.float64), np.array([count for _, count in rows], float)


def percent_agreement(
    patterns: PatternCounts[AnyPattern],
    *,
    ties: bool = True,
    tie_index: int = TIE,
    bootstrap: Bootstrap | None = None,
) -> Estimate:
    """The share of pairs of votes on the same comparison that agree.

    ties=True: a tie is a category like any other. ties=False: only pairs without a tie count. The two figures differ
    much for the same annotators, so always say which one it is. Every pair counts once, so a comparison with more votes
    weighs more. If resampling gives no interval (all comparisons are alike), it is Wilson's over the comparisons.
    """
    table, counts = pattern_table(patterns)
    if not ties and table.size:
        table = np.delete(table, tie_index, axis=1)
    table, counts = _with_pairs(table, counts)
    if not counts.size:
        return Estimate(None, None, None, 0, NO_PAIRS if ties else NO_PAIRS_WITHOUT_TIES)
    votes = table.sum(axis=1)
    agreeing, pairs = (table * (table - 1)).sum(axis=1) / 2, votes * (votes - 1) / 2

    def share(drawn: FloatArray) -> FloatArray:
        return np.asarray((drawn @ agreeing) / (drawn @ pairs), dtype=np.float64)

    value = float(share(counts[None, :])[0])
    interval = (bootstrap or Bootstrap()).interval(counts, share)
    comparisons = int(counts.sum())
    if interval is None or value in (0.0, 1.0):
        interval = wilson_interval(min(value * comparisons, comparisons), comparisons)
    return Estimate(value, *interval, comparisons, None, int(counts @ votes))


def krippendorff_alpha(
    patterns: PatternCounts[AnyPattern],
    *,
    metric: Metric = "nominal",
    bootstrap: Bootstrap | None = None,
) -> Estimate:
    """Krippendorff's alpha: 1 - observed / expected disagreement, with any number of votes per comparison.

    metric: the distance between two categories. "nominal": same or not. "ordinal": by the votes between them.
    "interval": the squared difference of their positions in the pattern. Comparisons with one vote do not count. It is
    undefined if all pairable votes are for one category.
    Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability".
    """
    table, counts = _with_pairs(*pattern_table(patterns))
    if not counts.size:
        return Estimate(None, None, None, 0, NO_PAIRS)
    votes = table.sum(axis=1)
    comparisons, pairable = int(counts.sum()), int(counts @ votes)
    marginal = counts @ table
    if np.count_nonzero(marginal) < 2:
        return Estimate(None, None, None, comparisons, UNANIMOUS, pairable)
    coincidences = _coincidences(table)

    def alpha(drawn: FloatArray) -> FloatArray:
        return _alpha_of(np.tensordot(drawn, coincidences, axes=1), metric)

    chance_difference = 1 - float((marginal * (marginal - 1)).sum() / (pairable * (pairable - 1)))
    return _chance_corrected(counts, alpha, chance_difference, comparisons, pairable, bootstrap)


def gwet_ac1(patterns: PatternCounts[AnyPattern], *, bootstrap: Bootstrap | None = None) -> Estimate:
    """Gwet's AC1: agreement beyond chance that does not collapse when one category is rare.

    The number of categories is the length of the patterns, used or not. Comparisons with one vote count for how often
    categories are used, but not for how often annotators agree. It is undefined if all votes are for one category.
    Source: Gwet 2008, "Computing inter-rater reliability and its variance in the presence of high agreement".
    """
    table, counts = pattern_table(patterns)
    used = table.sum(axis=1) > 0 if table.size else np.zeros(0, dtype=bool)
    table, counts = table[used], counts[used]
    votes = table.sum(axis=1)
    paired = (votes >= 2).astype(np.float64)
    comparisons, pairable = int(counts @ paired), int(counts @ (votes * paired))
    if comparisons == 0:
        return Estimate(None, None, None, 0, NO_PAIRS)
    categories = table.shape[1]
    if categories < 2:
        return Estimate(None, None, None, comparisons, ONE_CATEGORY, pairable)
    if np.count_nonzero(counts @ table) < 2:
        return Estimate(None, None, None, comparisons, UNANIMOUS, pairable)
    shares = table / votes[:, None]
    agreeing = (table * (table - 1)).sum(axis=1) / np.maximum(votes * (votes - 1), 1)

    def chance(drawn: FloatArray) -> FloatArray:
        usage = (drawn @ shares) / drawn.sum(axis=1, keepdims=True)
        return np.asarray((usage * (1 - usage)).sum(axis=1) / (categories - 1), dtype=np.float64)

    def ac1(drawn: FloatArray) -> FloatArray:
        expected = chance(drawn)
        with np.errstate(divide="ignore", invalid="ignore"):
            observed = (drawn @ agreeing) / (drawn @ paired)
        # With one category in use the formula gives 1.0, but there is no information: undefined, as for the data.
        return np.where(expected > 0, (observed - expected) / (1 - expected), np.nan)

    chance_difference = 1 - float(chance(counts[None, :])[0])
    return _chance_corrected(counts, ac1, chance_difference, comparisons, pairable, bootstrap)


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """The agreement figures that belong together, all over the same comparisons."""

    percent_with_ties: Estimate
    percent_without_ties: Estimate
    alpha_nominal: Estimate
    ac1: Estimate

    def as_dict(self) -> dict[str, dict[str, float | int | str | None]]:
        return {
            "percent_with_ties": self.percent_with_ties.as_dict(),
            "percent_without_ties": self.percent_without_ties.as_dict(),
            "alpha_nominal": self.alpha_nominal.as_dict(),
            "ac1": self.ac1.as_dict(),
        }


def agreement_report(patterns: PatternCounts[AnyPattern], *, bootstrap: Bootstrap | None = None) -> AgreementReport:
    """All agreement figures of patterns over (a, tie, b)."""
    return AgreementReport(
        percent_with_ties=percent_agreement(patterns, bootstrap=bootstrap),
        percent_without_ties=percent_agreement(patterns, ties=False, bootstrap=bootstrap),
        alpha_nominal=krippendorff_alpha(patterns, bootstrap=bootstrap),
        ac1=gwet_ac1(patterns, bootstrap=bootstrap),
    )


def _check(rows: Iterable[tuple[AnyPattern, int]]) -> None:
    categories: int | None = None
    for pattern, count in rows:
        if any(number < 0 or number != int(number) for number in (*pattern, count)):
            raise InvalidCounts(f"Pattern {pattern} with count {count} is not a count of votes.")
        if categories is not None and len(pattern) != categories:
            raise InvalidCounts(f"Pattern {pattern} has {len(pattern)} categories where others have {categories}.")
        categories = len(pattern)


def _with_pairs(table: FloatArray, counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    if not table.size:
        return table, np.zeros(0)
    has_pair = table.sum(axis=1) >= 2
    return table[has_pair], counts[has_pair]


def _coincidences(table: FloatArray) -> FloatArray:
    """The contribution of one comparison of each pattern to the coincidence matrix.

    Shape (patterns, categories, categories).
    """
    votes = table.sum(axis=1)
    pairs = table[:, :, None] * table[:, None, :]
    diagonal = np.arange(table.shape[1])
    pairs[:, diagonal, diagonal] -= table
    return np.asarray(pairs / (votes - 1)[:, None, None], dtype=np.float64)


def _alpha_of(coincidences: FloatArray, metric: Metric) -> FloatArray:
    """Alpha of each coincidence matrix, shape (resamples, categories, categories) -> (resamples,)."""
    used = coincidences.sum(axis=2)
    total = used.sum(axis=1)
    distance = _distances(used, metric)
    observed = (coincidences * distance).sum(axis=(1, 2))
    expected = (used[:, :, None] * used[:, None, :] * distance).sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - (total - 1) * observed / expected, np.nan)


def _distances(used: FloatArray, metric: Metric) -> FloatArray:
    """Squared distances between categories, shape (resamples or 1, categories, categories)."""
    categories = used.shape[1]
    if metric == "nominal":
        return 1 - np.eye(categories)[None]
    if metric == "interval":
        position = np.arange(categories, dtype=np.float64)[None]
    elif metric == "ordinal":
        # The distance between the mid-ranks of c and k: the votes from c to k, with each end counted half.
        position = np.cumsum(used, axis=1) - used / 2
    else:
        raise InvalidCounts(f"Unknown metric {metric!r}: nominal, ordinal or interval.")
    return np.asarray((position[:, :, None] - position[:, None, :]) ** 2, dtype=np.float64)


def _chance_corrected(
    counts: FloatArray,
    statistic: Statistic,
    chance_difference: float,
    comparisons: int,
    votes: int,
    bootstrap: Bootstrap | None,
) -> Estimate:
    """A chance-corrected figure with its interval.

    Without any disagreement, resampling shows none either. Then the lower end uses the largest share of disagreement
    that Wilson's interval allows over this number of comparisons, divided by the probability that two unrelated votes
    differ (`chance_difference`).
    """
    bootstrap = bootstrap or Bootstrap()
    value = float(statistic(counts[None, :])[0])
    if value >= 1.0:
        unseen = 1 - wilson_interval(comparisons, comparisons, level=bootstrap.level)[0]
        return Estimate(
            1.0,
            max(-1.0, 1 - unseen / chance_difference),
            1.0,
            comparisons,
            None,
            votes,
        )
    interval = bootstrap.interval(counts, statistic)
    if interval is None:
        return Estimate(value, None, None, comparisons, NO_INTERVAL, votes)
    return Estimate(value, *interval, comparisons, None, votes)
