"""Choices of an export that cannot be, as refusals in the reader's language."""

from common.errors import Invalid
from common.sentences import Sentence
from labeling.exchange import UnfitOption


def refusal_of(error: UnfitOption) -> Invalid:
    """The refusal that names the choice and says what to do."""
    return Invalid.of(error.option, Sentence.of(error.phrase))
