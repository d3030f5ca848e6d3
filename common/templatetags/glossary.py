"""Terms of the glossary where a page uses them."""

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common.glossary import term_of

register = template.Library()


@register.simple_tag
def term(key: str, label: str = "", *, at: str = "", mark: bool = False) -> SafeString:
    """A term whose meaning opens on a click, a tap or the Enter key, and closes with Escape. Works without a script.

    key: of the glossary. label: the text, instead of the term's name. mark: show a question mark only, after a text
    that already contains the term. at: distinguishes it from the same term elsewhere on the page. A button may not be
    inside a label or a summary: place it after them.
    """
    entry = term_of(key)
    written = format_html('<span class="visually-hidden">{}</span>', entry.name) if mark else label or entry.name
    return format_html(
        '<span class="term"><button type="button" class="{kind}" popovertarget="{id}">{written}</button>'
        '<span popover class="term-meaning" id="{id}" role="note"><b>{name}</b> {meaning} '
        '<a href="{page}#{key}">{more}</a></span></span>',
        kind="term-mark" if mark else "term-name",
        id=f"term-{key}-{at}" if at else f"term-{key}",
        written=written,
        name=entry.name,
        meaning=entry.meaning,
        page=reverse("glossary"),
        key=key,
        more=_("Open the glossary"),
    )
