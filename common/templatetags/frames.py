"""The frame around tables."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_block_tag
def table_frame(content: str, *, label: str = "", labelled_by: str = "", kind: str = "") -> SafeString:
    """A frame that scrolls sideways where its table is wider than the page.

    label, or labelled_by with the id of a heading: such a frame is a region that the keyboard reaches and can scroll. A
    table whose rows become cards on a phone (class `rows`) needs neither. kind: further classes.
    """
    classes = f"table-frame {kind}".strip()
    if labelled_by:
        opening = '<div class="{}" tabindex="0" role="region" aria-labelledby="{}">{}</div>'
        return format_html(opening, classes, labelled_by, content)
    if label:
        return format_html(
            '<div class="{}" tabindex="0" role="region" aria-label="{}">{}</div>', classes, label, content
        )
    return format_html('<div class="{}">{}</div>', classes, content)
