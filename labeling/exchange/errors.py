"""What this room raises when a whole input or output is wrong. One wrong record is a `Rejected`, never an exception."""


class ExchangeError(ValueError):
    """The base of everything this room raises; the message is a sentence for people that says what to do."""


class UnknownDialect(ExchangeError):
    """A dialect was named that nobody reads or writes here."""


class UndetectedDialect(ExchangeError):
    """`auto` found records, but none that looks like a dialect it knows."""


class UnreadableInput(ExchangeError):
    """The bytes as a whole cannot be read: UTF-16, damaged compression."""


class InvalidPair(ExchangeError):
    """A preference pair that nothing could be learned from: blank, identical, a confidence below one half."""


class InvalidSplit(ExchangeError):
    """A test share outside 0..1."""


class EmptySnapshot(ExchangeError):
    """No pair is left to train on."""


class SnapshotExists(ExchangeError):
    """The folder holds another snapshot already; a snapshot is never overwritten."""


class SnapshotDamaged(ExchangeError):
    """The files of a snapshot are not those its manifest describes."""
