"""Counts for the statistics of a slice, made in the database: patterns and histograms, never single judgments."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from django.db.backends.utils import CursorWrapper
from numpy.typing import NDArray

from labeling.models import Campaign, User
from labeling.queries.slices import Slice, votes_of
from labeling.stats import FloatArray, LengthCounts, MatchCounts, Pattern, RetestCounts

ESTIMATED_FROM = 5_000
"""The number of comparisons that Dawid-Skene uses of a larger slice, chosen by a hash: enough for the estimates."""

RATIO_STEP = 0.1
"""Logarithms of length ratios are counted in steps of this. Lengths within 5 % of each other count as equal."""

STRETCHES = 100
"""Agreement along the judgments is shown in a hundred parts, or in fewer if there are few comparisons."""
PER_STRETCH = 20
"""The number of comparisons with two votes that make a part's agreement meaningful."""

PATTERNS = "SELECT a, tie, b, count(*) FROM slice_unit GROUP BY a, tie, b"
STRENGTHS = """
SELECT much_b, clearly_b, slightly_b, tie, slightly_a, clearly_a, much_a, count(*) FROM (
    SELECT count(*) FILTER (WHERE strength = -3) AS much_b, count(*) FILTER (WHERE strength = -2) AS clearly_b,
        count(*) FILTER (WHERE strength = -1) AS slightly_b, count(*) FILTER (WHERE strength = 0) AS tie,
        count(*) FILTER (WHERE strength = 1) AS slightly_a, count(*) FILTER (WHERE strength = 2) AS clearly_a,
        count(*) FILTER (WHERE strength = 3) AS much_a
    FROM slice_vote WHERE early AND strength IS NOT NULL GROUP BY comparison_id
) patterns GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
ANNOTATORS = """
SELECT annotator_id, count(*), count(*) FILTER (WHERE choice <> 1 AND chose_left),
    count(*) FILTER (WHERE choice <> 1 AND NOT chose_left) FROM slice_vote WHERE is_selected GROUP BY annotator_id
"""
PAIRS = """
SELECT one.annotator_id, other.annotator_id, one.choice, other.choice, count(*)
FROM slice_vote one JOIN slice_vote other USING (comparison_id)
WHERE one.early AND other.early AND one.annotator_id < other.annotator_id AND (one.is_selected OR other.is_selected)
GROUP BY 1, 2, 3, 4
"""
SECONDS = """
SELECT annotator_id, round(seconds::numeric, 1), count(*) FROM slice_vote WHERE is_selected AND seconds IS NOT NULL
GROUP BY 1, 2
"""
LENGTHS = """
SELECT one.model_version, other.model_version,
    round(ln((length(one.text) + 1.0) / (length(other.text) + 1.0)) / %(step)s) * %(step)s AS ratio,
    votes.a, votes.tie, votes.b, count(*)
FROM (
    SELECT comparison_id, count(*) FILTER (WHERE choice = 0) AS a, count(*) FILTER (WHERE choice = 1) AS tie,
        count(*) FILTER (WHERE choice = 2) AS b FROM slice_vote WHERE is_selected GROUP BY comparison_id
) votes
JOIN labeling_comparison comparison ON comparison.id = votes.comparison_id
JOIN labeling_completion one ON one.id = comparison.completion_a_id
JOIN labeling_completion other ON other.id = comparison.completion_b_id
GROUP BY 1, 2, 3, 4, 5, 6
"""
DAYS = """
SELECT to_char(last AT TIME ZONE %(zone)s, 'YYYY-MM-DD'), a, tie, b, count(*) FROM slice_unit WHERE a + tie + b >= 2
GROUP BY 1, 2, 3, 4
"""
PARTS = """
SELECT stretch, a, tie, b, count(*) FROM (
    SELECT ntile(%(parts)s) OVER (ORDER BY last, comparison_id) AS stretch, a, tie, b FROM slice_unit
    WHERE a + tie + b >= 2
) placed GROUP BY 1, 2, 3, 4
"""
GOLD = """
SELECT annotator_id, count(*) FILTER (WHERE choice = winner), count(*) FROM slice_check
WHERE winner IS NOT NULL GROUP BY 1
"""
RETESTS = """
SELECT CASE WHEN first_choice NOT IN ('a', 'b') THEN 'tie' WHEN first_choice = first_left THEN 'left' ELSE 'right' END,
    CASE WHEN choice NOT IN ('a', 'b') THEN 'tie' WHEN choice = "left" THEN 'left' ELSE 'right' END, count(*)
FROM slice_check WHERE kind = 'retest' AND first_choice IS NOT NULL GROUP BY 1, 2
"""
# The votes on each comparison as annotator * 4 + choice. Equal sets of votes are counted together.
VOTE_SETS = """
SELECT vote_set, count(*) FROM (
    SELECT array_agg(annotator_id * 4 + choice ORDER BY annotator_id) AS vote_set FROM slice_vote
    WHERE (hashint8(comparison_id) & 2147483647) %% %(every)s = 0
    GROUP BY comparison_id HAVING count(*) >= 2
) sets GROUP BY vote_set
"""

Stretches = dict[str, dict[Pattern, int]]


@dataclass(slots=True)
class VoteSets:
    """Votes for Dawid-Skene: vote v says that `people[annotators[v]]` chose `choices[v]` for set `sets[v]`.

    sets, annotators, choices: shape (votes,). weights: how many comparisons have each set of votes, shape (sets,).
    every: one in this many comparisons was used.
    """

    sets: NDArray[np.int64]
    annotators: NDArray[np.int64]
    choices: NDArray[np.int64]
    weights: FloatArray
    people: list[str]
    every: int


@dataclass(slots=True)
class SliceCounts:
    """The counts of a slice. People go by pseudonym. at: when they were counted."""

    at: datetime
    patterns: dict[Pattern, int]
    strengths: dict[Pattern, int]
    votes: dict[str, int]
    sides: dict[str, tuple[int, int]]
    pairs: dict[tuple[str, str], FloatArray]
    seconds: dict[str, dict[float, int]]
    lengths: LengthCounts
    matches: MatchCounts
    days: Stretches
    parts: Stretches
    gold: dict[str, tuple[int, int]]
    retests: RetestCounts
    vote_sets: VoteSets
    simulated: list[str] = field(default_factory=list)
    imported: list[str] = field(default_factory=list)


def count_slice(campaign: Campaign, part: Slice, now: datetime, zone: str) -> SliceCounts:
    """Counts a slice. zone: the time zone of its days. Raises Invalid."""
    with votes_of(campaign, part) as cursor:
        cursor.execute(ANNOTATORS)
        rows = cursor.fetchall()
        cursor.execute("SELECT annotator_id FROM slice_vote UNION SELECT annotator_id FROM slice_check")
        people = User.objects.in_bulk([pk for (pk,) in cursor.fetchall()])
        names = {pk: person.pseudonym for pk, person in people.items()}
        lengths, matches = _lengths(cursor)
        patterns = _patterns(cursor)
        return SliceCounts(
            at=now,
            patterns=patterns,
            strengths=_strengths(cursor),
            votes={names[pk]: votes for pk, votes, _, _ in rows},
            sides={names[pk]: (left, right) for pk, _, left, right in rows},
            pairs=_pairs(cursor, names),
            seconds=_seconds(cursor, names),
            lengths=lengths,
            matches=matches,
            days=_stretches(cursor, DAYS, {"zone": zone}),
            parts=_parts(cursor, patterns),
            gold=_gold(cursor, names),
            retests=_retests(cursor),
            vote_sets=_vote_sets(cursor, names),
            simulated=sorted(person.pseudonym for person in people.values() if person.is_simulated),
            imported=sorted(person.pseudonym for person in people.values() if person.is_outside),
        )


def _patterns(cursor: CursorWrapper) -> dict[Pattern, int]:
    cursor.execute(PATTERNS)
    return {(a, tie, b): number for a, tie, b, number in cursor.fetchall()}


def _gold(cursor: CursorWrapper, names: dict[int, str]) -> dict[str, tuple[int, int]]:
    """For each annotator the correct judgments of gold, and all of them."""
    cursor.execute(GOLD)
    return {names[annotator]: (correct, number) for annotator, correct, number in cursor.fetchall()}


def _retests(cursor: CursorWrapper) -> RetestCounts:
    cursor.execute(RETESTS)
    return {(first, again): number for first, again, number in cursor.fetchall()}


def _strengths(cursor: CursorWrapper) -> dict[Pattern, int]:
    cursor.execute(STRENGTHS)
    return {tuple(pattern): number for *pattern, number in cursor.fetchall()}


def _pairs(cursor: CursorWrapper, names: dict[int, str]) -> dict[tuple[str, str], FloatArray]:
    cursor.execute(PAIRS)
    tables: dict[tuple[str, str], FloatArray] = defaultdict(lambda: np.zeros((3, 3)))
    for first, second, choice, other_choice, number in cursor.fetchall():
        tables[names[first], names[second]][choice, other_choice] = number
    return dict(tables)


def _seconds(cursor: CursorWrapper, names: dict[int, str]) -> dict[str, dict[float, int]]:
    cursor.execute(SECONDS)
    histograms: dict[str, dict[float, int]] = defaultdict(dict)
    for annotator, seconds, number in cursor.fetchall():
        histograms[names[annotator]][float(seconds)] = number
    return dict(histograms)


def _lengths(cursor: CursorWrapper) -> tuple[LengthCounts, MatchCounts]:
    """Votes by length ratio for all models together, and by models and length ratio."""
    cursor.execute(LENGTHS, {"step": RATIO_STEP})
    lengths: Counter[tuple[float, int, int]] = Counter()
    matches: Counter[tuple[str, str, float, int, int, int]] = Counter()
    for one, other, rounded, a, tie, b, number in cursor.fetchall():
        ratio = round(float(rounded), 6)
        matches[one, other, ratio, a, tie, b] += number
        if a + b:
            lengths[ratio, a, b] += number
    return dict(lengths), dict(matches)


def _stretches(cursor: CursorWrapper, sql: str, values: dict[str, str | int]) -> Stretches:
    cursor.execute(sql, values)
    stretches: Stretches = defaultdict(dict)
    for stretch, a, tie, b, number in cursor.fetchall():
        stretches[str(stretch)][a, tie, b] = number
    return dict(stretches)


def _parts(cursor: CursorWrapper, patterns: dict[Pattern, int]) -> Stretches:
    """Parts in the order of the last vote, named 001 to 100 by the hundredth of the comparisons they begin with."""
    comparisons = sum(number for pattern, number in patterns.items() if sum(pattern) >= 2)
    parts = max(1, min(STRETCHES, comparisons // PER_STRETCH))
    stretches = _stretches(cursor, PARTS, {"parts": parts})
    return {f"{(int(part) - 1) * STRETCHES // parts + 1:03}": stretch for part, stretch in stretches.items()}


def _vote_sets(cursor: CursorWrapper, names: dict[int, str]) -> VoteSets:
    cursor.execute("SELECT count(DISTINCT comparison_id) FROM slice_vote")
    ((comparisons,),) = cursor.fetchall()
    every = -(-comparisons // ESTIMATED_FROM) or 1
    cursor.execute(VOTE_SETS, {"every": every})
    rows = sorted(cursor.fetchall())
    people = sorted(names, key=lambda pk: names[pk])
    numbers = {pk: number for number, pk in enumerate(people)}
    votes = np.array(
        [(which, numbers[vote // 4], vote % 4) for which, (vote_set, _) in enumerate(rows) for vote in vote_set],
        dtype=np.int64,
    ).reshape(-1, 3)
    weights = np.array([number for _, number in rows], dtype=np.float64)
    return VoteSets(votes[:, 0], votes[:, 1], votes[:, 2], weights, [names[pk] for pk in people], every)
