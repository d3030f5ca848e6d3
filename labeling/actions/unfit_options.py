"""Choices of an export that cannot be, as refusals in the reader's language."""

from django.utils.translation import gettext

from common.errors import Invalid
from labeling.exchange import UnfitOption


def refusal_of(error: UnfitOption) -> Invalid:
    """The refusal that names the choice and says what to do."""
    text = gettext(error.template)
    return Invalid.of(error.option, text % error.values if error.values else text)
