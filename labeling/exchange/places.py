"""Where in a record a refusal found its cause, in words: a conversation, or one of its messages."""

from functools import lru_cache
from typing import NamedTuple

from common.phrases import Marked, Phrase, gettext_noop


class Conversation(NamedTuple):
    """A list of messages, or a text in the place of one.

    name: in a sentence, as "the prompt" or "'chosen'". title, message, inner: sentences' beginnings and parts: itself,
    and its message %(number)s. They are made only for a refusal.
    """

    name: str
    title: Marked
    message: Marked
    inner: Marked

    @property
    def subject(self) -> Phrase:
        """Itself, at the beginning of a sentence."""
        return Phrase(self.title, name=self.name)


class Turn(NamedTuple):
    """One message of a conversation. number: from 1."""

    whole: Conversation
    number: int

    @property
    def name(self) -> str:
        """It, as the metadata of a record names it."""
        return f"Message {self.number} of {self.whole.name}"

    @property
    def subject(self) -> Phrase:
        """It, at the beginning of a sentence."""
        return Phrase(self.whole.message, number=self.number, name=self.whole.name)

    @property
    def inner(self) -> Phrase:
        """It, within a sentence."""
        return Phrase(self.whole.inner, number=self.number, name=self.whole.name)


PROMPT = Conversation(
    "the prompt",
    gettext_noop("The prompt"),
    gettext_noop("Message %(number)s of the prompt"),
    gettext_noop("message %(number)s of the prompt"),
)
FIRST_TURN = Conversation(
    "the first turn",
    gettext_noop("The first turn"),
    gettext_noop("Message %(number)s of the first turn"),
    gettext_noop("message %(number)s of the first turn"),
)
COMPLETION = Conversation(
    "the completion",
    gettext_noop("The completion"),
    gettext_noop("Message %(number)s of the completion"),
    gettext_noop("message %(number)s of the completion"),
)

_TITLE = Marked("%(name)s")
_MESSAGE = gettext_noop("Message %(number)s of %(name)s")
_INNER = gettext_noop("message %(number)s of %(name)s")


@lru_cache
def in_field(name: str) -> Conversation:
    """The conversation in a field of a record."""
    return Conversation(repr(name), _TITLE, _MESSAGE, _INNER)
