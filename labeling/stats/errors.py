"""The exceptions of labeling.stats."""


class StatsError(ValueError):
    """The base of everything this room raises."""


class InvalidCounts(StatsError):
    """Counts that votes cannot have: negative, not whole, of unequal length, or of an unknown choice."""
