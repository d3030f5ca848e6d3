"""Agreement between annotators, from vote-pattern counts.

A **pattern** is how many votes each category got in one comparison: over (a, tie, b), two for a and one tie is
(2, 1, 0). Everything here takes a mapping from pattern to the number of comparisons that have it: a handful of patterns
even for a million judgments, so the database counts and nothing here ever sees a judgment. Who voted is not needed: all
these measures treat annotators as exchangeable.

**Orientation.** Chance-corrected agreement depends on which completion is called "a". Here "a" must be the canonical
a/b order of a comparison (by content hash: `labeling.exchange.canonical_order`), never the display side and never the
model: with "new model against old model" as a/b the same votes give another alpha and another AC1.

**Both bad** counts as a tie for agreement. It is kept apart for training.
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
UNANIMOUS = gettext_noop(
    "Every vote is for the same category: agreement beyond chance is undefined where nothing could have disagreed."
)
ONE_CATEGORY = gettext_noop("There is only one category to vote for.")
NO_INTERVAL = gettext_noop("The comparisons are too few or too alike for an interval.")


def vote_pattern(choices: Mapping[str, int]) -> Pattern:
    """The pattern over (a, tie, b) of the votes of one comparison; both bad counts as a tie, a skip is no vote.

    choices: how many judgments said "a", "b", "tie", "both_bad", "skip"; absent means none.
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
    """Patterns as a table (patterns, categories) and their counts (patterns,), in a fixed order.

    The order matters: the seeded draws must not depend on how the database happened to return the rows.
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
    """Share of pairs of annotators of the same comparison who said the same.

    ties=True: a tie is an answer like any other. ties=False: only pairs in which neither said tie count (the two
    figures differ much for the same people, so always say which one it is).
    Every pair counts once, so a comparison with more votes weighs more.
    Where resampling gives nothing (all comparisons alike), the interval is Wilson's over the comparisons.
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

    metric: how far two categories are apart. "nominal": same or not. "ordinal": by the votes that lie between them.
    "interval": by the square of the difference of their positions in the pattern. Comparisons with one vote do not
    count. Undefined when all pairable votes are for one category.
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

    The number of categories is the length of the patterns, used or not. Comparisons with one vote tell how often
    categories are used, though not how often annotators agree. Undefined when all votes are for one category.
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
        # With one category used the formula says 1.0: no information, so undefined (as for the data themselves).
        return np.where(expected > 0, (observed - expected) / (1 - expected), np.nan)

    chance_difference = 1 - float(chance(counts[None, :])[0])
    return _chance_corrected(counts, ac1, chance_difference, comparisons, pairable, bootstrap)


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """The agreement figures that are shown together, all over the same comparisons."""

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
    kept = table.sum(axis=1) >= 2
    return table[kept], counts[kept]


def _coincidences(table: FloatArray) -> FloatArray:
    """What one comparison of each pattern adds to the coincidence matrix, shape (patterns, categories, categories)."""
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
        # The votes from c to k, each end counted half, are the distance between the mid-ranks of c and k.
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
    """The figure with its interval.

    Where nobody ever disagreed, resampling can show no disagreement either. Then the lower end takes the largest share
    of disagreement that Wilson's interval still allows over that many comparisons, set against the chance that two
    unrelated votes differ (`chance_difference`).
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
