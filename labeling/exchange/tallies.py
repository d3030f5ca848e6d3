"""How many records of a file were read and refused: a made-up file of millions of wrong ones is left early."""

from common.phrases import Count, gettext_noop
from labeling.exchange.errors import UnreadableInput
from labeling.exchange.raw import ReadLimits


class Tally:
    """The records of one file so far."""

    def __init__(self, limits: ReadLimits) -> None:
        self.limits = limits
        self.records = 0
        self.refused = 0

    def count(self, records: int, *, is_refused: bool) -> None:
        """Takes note of records. Raises UnreadableInput if there are too many, or if too many of them are wrong."""
        self.records += records
        self.refused += records if is_refused else 0
        if is_refused and self.refused >= self.limits.refused_records and self.refused * 2 > self.records:
            text = (
                gettext_noop("None of the first %(number)s records can be read, so reading stopped.")
                if self.refused == self.records
                else gettext_noop("More than half of the first %(number)s records cannot be read, so reading stopped.")
            )
            raise UnreadableInput(text, number=Count(self.records))
        if self.records > self.limits.records:
            raise UnreadableInput(
                gettext_noop("The file has more than %(most)s records. Import it in parts."),
                most=Count(self.limits.records),
            )
