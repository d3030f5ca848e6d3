"""Parts of forms: controls that take the focus where something is wrong, and folded parts that open there."""

from django import template
from django.forms import BaseForm, BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

WRONG = 'aria-invalid="true"'
"""The attribute that Django writes into a control with an error."""


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The field's control. The first with an error of its form has the focus when the page opens."""
    return field.as_widget(attrs={"autofocus": True} if takes_focus(field) else {})


@register.simple_tag
def shown(form: BaseForm, current: int | str) -> SafeString:
    """The hidden field that says what a form was filled in from: its number, or the stamp of its values.

    A form that comes back for another reason than that it was overtaken keeps what it was filled in from.
    """
    kept = form.is_bound and not getattr(form, "is_overtaken", False)
    value = form.data.get("shown", current) if kept else current
    return format_html('<input type="hidden" name="shown" value="{}">', value)


@register.simple_block_tag
def folded(content: str, *, title: str, is_open: bool = False) -> SafeString:
    """A part of a form that is folded away, and open if a field in it has an error."""
    opening = " open" if is_open or WRONG in content or 'class="errorlist' in content else ""
    return format_html('<details class="more"{}><summary>{}</summary>{}</details>', opening, title, content)


@register.filter
def takes_focus(field: BoundField) -> bool:
    """Whether this is the first field of its form with an error."""
    return field.name == first_wrong(field.form)


@register.filter
def is_optional(field: BoundField) -> bool:
    """Whether the page says that the field may stay empty.

    Numbers, lists and files say it in their hints, if at all. A form names the fields in `needed` that another field
    makes required: they are not optional where the page shows them.
    """
    if field.field.required or field.name in getattr(field.form, "needed", ()):
        return False
    return getattr(field.field.widget, "input_type", "") not in ("select", "number", "search", "file")


def first_wrong(form: BaseForm) -> str | None:
    """The name of the first field with an error."""
    return next((name for name in form.fields if name in form.errors), None)
