"""A figure as it is shown: with its interval, what it stands on, and why it is missing when it is missing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """One figure.

    value: the figure; None: undefined, and `reason` says why.
    low, high: the 95 % interval (unless another level was asked for); both None when there is none. A figure can be
        defined while its interval is not (one single comparison, say): then `reason` says why the interval is missing.
    comparisons: how many comparisons it stands on.
    votes: how many votes it stands on.
    reason: a sentence for people; None when both the figure and its interval are there.
    """

    value: float | None
    low: float | None
    high: float | None
    comparisons: int
    reason: str | None = None
    votes: int = 0

    @property
    def defined(self) -> bool:
        return self.value is not None

    def as_dict(self) -> dict[str, float | int | str | None]:
        """The same as plain JSON values, for an API or a `--json` line."""
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "comparisons": self.comparisons,
            "votes": self.votes,
            "reason": self.reason,
        }
