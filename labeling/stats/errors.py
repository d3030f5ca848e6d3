"""What this room raises."""


class StatsError(ValueError):
    """The base of everything this room raises."""


class InvalidCounts(StatsError):
    """Counts that cannot have come from votes: negative, not whole, of unequal length, an unknown choice."""
