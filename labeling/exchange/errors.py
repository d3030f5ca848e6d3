"""Exceptions for a whole input or output. A single bad record is a `Rejected`, never an exception."""

from typing import Any


class ExchangeError(ValueError):
    """The base of the exceptions of labeling.exchange. The message is a sentence for people that says what to do."""


class UnknownDialect(ExchangeError):
    """There is no reader or writer for this dialect."""


class UndetectedDialect(ExchangeError):
    """`auto` read records, but recognised the dialect of none.

    line, fields: of the first record. is_prompts: it can be read as a prompt, so the file is of the other kind.
    """

    def __init__(self, message: str, *, line: int = 0, fields: str = "", is_prompts: bool = False) -> None:
        super().__init__(message)
        self.line, self.fields, self.is_prompts = line, fields, is_prompts


class UnreadableInput(ExchangeError):
    """The input as a whole cannot be read: UTF-16, damaged compression."""


class NoCampaignFile(UnreadableInput):
    """The first line is not the one that every file of the dialect `full` starts with."""


class InvalidPair(ExchangeError):
    """A pair that teaches nothing: a blank completion, two identical ones, a confidence below one half."""


class InvalidSplit(ExchangeError):
    """A test share outside 0..1."""


class EmptySnapshot(ExchangeError):
    """No preference pair is left to train on."""


class SnapshotExists(ExchangeError):
    """The folder contains another snapshot. Snapshots are never overwritten."""


class SnapshotDamaged(ExchangeError):
    """The files of a snapshot do not match its manifest."""


class UnfitOption(ExchangeError):
    """A choice of an export that its dialect does not have.

    option: its name. template: the English sentence, marked with `gettext_noop`, in which %(name)s stands for a value.
    """

    def __init__(self, option: str, template: str, **values: Any) -> None:
        super().__init__(template % values if values else template)
        self.option, self.template, self.values = option, template, values


def gettext_noop(sentence: str) -> str:
    """Returns the sentence. Its name marks it for translation: pages look it up in the reader's language."""
    return sentence


NONE_OF = gettext_noop("“%(value)s” is none of %(all)s.")
