"""Texts of people without markup, reasons to skip in the reader's language, and formulas of ours."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from common.text.formulas import formula_html
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


@register.simple_tag
def formula(latex: str, *, display: bool = False) -> SafeString:
    """A formula of ours as MathML. display: on a line of its own."""
    return mark_safe(formula_html(latex, display=display))  # noqa: S308 - the writer escapes
