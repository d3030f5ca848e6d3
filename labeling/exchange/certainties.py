"""The certainty of a preference, p(it is right), from the size that a file states: probabilities, strengths and scores.

A preference of size p counts p votes for its choice and 1 - p for the other side (`labeling/stats/verdicts.py`), so its
size is in the confidence of the verdict. A size below 1/2 speaks against the preference, and counts as 1/2.
"""

import math
from collections.abc import Mapping
from typing import Any

SCORES = (
    ("score_chosen", "score_rejected"),
    ("chosen_score", "rejected_score"),
    ("chosen_rating", "rejected_rating"),
    ("chosen-rating", "rejected-rating"),
    ("rating_chosen", "rating_rejected"),
    ("reward_chosen", "reward_rejected"),
    ("chosen_reward", "rejected_reward"),
    ("chosen_avg_rating", "rejected_avg_rating"),
)
"""The names under which public files keep the scores of chosen and rejected."""


def of_difference(difference: float) -> float:
    """p = 1 / (1 + exp(-difference)): Bradley and Terry's model, for scores in units of its logit, as rewards are.

    Ratings are taken in their own units: one point is 0.73, two are 0.88, three 0.95.
    """
    return max(1 / (1 + math.exp(-min(difference, 700.0))), 0.5) if difference > 0 else 0.5


def of_strength(strength: float, most: float) -> float:
    """p = 1/2 + strength / (2 most): from 1/2, no preference, to 1, the strongest."""
    return 0.5 + min(abs(strength), most) / (2 * most)


def of_counts(winner: float, loser: float) -> float | None:
    """p = winner / (winner + loser), of numbers of upvotes. None: they are none."""
    if not (winner > 0 and loser >= 0 and math.isfinite(winner + loser)):
        return None
    return max(winner / (winner + loser), 0.5)


def of_chosen(record: Mapping[str, Any]) -> float | None:
    """The certainty of a record with chosen and rejected, from its margin or its scores. None: it has none."""
    margin = finite(record.get("margin"))
    if margin is None:
        for one, other in SCORES:
            if one in record and other in record:
                chosen, rejected = finite(record[one]), finite(record[other])
                margin = None if chosen is None or rejected is None else chosen - rejected
                break
        else:
            margin = _spread(record.get("rating"))
    return None if margin is None else of_difference(margin)


def _spread(ratings: Any) -> float | None:
    """The difference of two ratings that a record lists; chosen has the higher one."""
    if not isinstance(ratings, list) or len(ratings) != 2:
        return None
    one, other = finite(ratings[0]), finite(ratings[1])
    return None if one is None or other is None else abs(one - other)


def of_confidence(confidence: float) -> float:
    """p of a preference that alone gave a verdict this confidence, (p + 1/2) / 2."""
    return min(max(round(2 * confidence - 0.5, 12), 0.5), 1.0)


def finite(value: Any) -> float | None:
    """A finite number, also as text, as a table has it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):  # a whole number may have any size
        return None
    return number if math.isfinite(number) else None
