"""Exceptions for a whole input or output. A single bad record is a `Rejected`, never an exception."""

from typing import Any

from common.phrases import Marked, Phrase, gettext_noop, phrased


class ExchangeError(ValueError):
    """The base of the exceptions of labeling.exchange. The message is a sentence for people that says what to do.

    phrase: it, for readers of other languages. The raiser gives a phrase, or its template and its values.
    """

    def __init__(self, sentence: Marked | Phrase, **values: Any) -> None:
        self.phrase = phrased(sentence, values)
        super().__init__(self.phrase)


class UnknownDialect(ExchangeError):
    """There is no reader or writer for this dialect."""


class UndetectedDialect(ExchangeError):
    """`auto` read records, but recognised the dialect of none.

    line, fields: of the first record. is_prompts: it can be read as a prompt, so the file is of the other kind.
    mapping: the text of one that reads it. names: those by which its fields would be known. Empty: there are none.
    """

    def __init__(
        self,
        sentence: Phrase,
        *,
        line: int = 0,
        fields: str = "",
        is_prompts: bool = False,
        mapping: str = "",
        names: str = "",
    ) -> None:
        super().__init__(sentence)
        self.mapping, self.names = mapping, names
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

    option: its name.
    """

    def __init__(self, option: str, sentence: Marked | Phrase, **values: Any) -> None:
        super().__init__(sentence, **values)
        self.option = option


def said_by(error: Exception) -> str:
    """The sentence of an error, as a part of another one's."""
    return error.phrase if isinstance(error, ExchangeError) else str(error)


NONE_OF = gettext_noop("“%(value)s” is none of %(all)s.")
OF_LINE = gettext_noop("Line %(line)s: %(reason)s")
