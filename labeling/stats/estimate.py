"""A figure with its interval, the number of comparisons and votes behind it, and the reason if it is missing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """One figure.

    value: the figure. None: undefined; `reason` says why.
    low, high: the 95 % interval, unless another level was requested. Both None: there is no interval. A figure can be
        defined without an interval (from one comparison, say); then `reason` says why.
    comparisons: the number of comparisons behind it.
    votes: the number of votes behind it.
    reason: a sentence for people. None: neither the figure nor its interval is missing.
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
        """The estimate as JSON values."""
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "comparisons": self.comparisons,
            "votes": self.votes,
            "reason": self.reason,
        }
