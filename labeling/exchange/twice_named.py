"""Tables with two columns of one name are refused: a row would keep the last one alone."""

from collections.abc import Sequence
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange.errors import UnreadableInput


def refuse_twice_named(names: Sequence[str]) -> None:
    """Raises UnreadableInput for a name that comes twice: which column counts?"""
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UnreadableInput(gettext_noop("The table has the column %(name)s twice. Rename one."), name=repr(twice))


def refuse_twice_named_fields(columns: Any) -> None:
    """The same for a schema of Arrow and the objects within its columns."""
    fields = list(columns)
    refuse_twice_named([one.name for one in fields])
    for one in fields:
        kind = one.type
        while hasattr(kind, "value_type"):  # a list's
            kind = kind.value_type
        if kind.num_fields and hasattr(kind, "get_field_index"):
            refuse_twice_named_fields(kind)
