"""The values that an event holds, in the reader's words: labels for keys and choices, numbers and dates as written."""

from collections.abc import Mapping
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from common.wording import grouped, significant
from labeling.web.event_labels import Field, field_of

UNKNOWN = Field("")


def field_label(subject_type: str, name: str) -> str:
    """The name of a key of `before` and `after`; an unknown one becomes words."""
    return _label(field_of(subject_type, name), name)


def value_in_words(subject_type: str, name: str, value: Any) -> str:
    """The value that an event about such a subject holds under a key."""
    return _in_words(subject_type, field_of(subject_type, name) or UNKNOWN, value)


def _label(field: Field | None, name: str) -> str:
    return str(field.label) if field else name.replace("_", " ")


def _in_words(subject_type: str, field: Field, value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: _("yes"), False: _("no"), None: _("none")}[value]
    if isinstance(value, Mapping):
        return ", ".join(_part(subject_type, field, *one) for one in value.items()) or _("nothing")
    if isinstance(value, list):
        return "; ".join(_in_words(subject_type, field, one) for one in value) or _("nothing")
    if isinstance(value, str) and value in field.values:
        return capfirst(str(field.values[value]))
    if field.as_text is not None:
        return field.as_text(value)
    if isinstance(value, int):
        return grouped(value)
    return significant(value) if isinstance(value, float) else str(value)


def _part(subject_type: str, outer: Field, name: str, value: Any) -> str:
    """A value of a mapping, with its name."""
    inner = outer.fields.get(name) or field_of(subject_type, name)
    return f"{_label(inner, name)}: {_in_words(subject_type, inner or UNKNOWN, value)}"
