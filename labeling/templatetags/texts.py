"""Filters for texts of people: their words without markup, and the reasons to skip in the reader's language."""

from django import template

from common.text.rendering import plain_words
from labeling.models import skip_reason_label

register = template.Library()


@register.filter
def skip_reason(reason: str) -> str:
    """A reason to skip as people read it."""
    return skip_reason_label(reason)


@register.filter
def words(text: object) -> str:
    """The words of a Markdown text on one line, for a table."""
    return plain_words(str(text))
