"""The fields of the settings: each with its sentence and its limits, and the check of a value against them."""

from __future__ import annotations

import dataclasses
from typing import Any

from training.engine.errors import InputError


def setting(default: Any, sentence: str, **limits: Any) -> Any:
    """A field with its default, the sentence that explains it, and its limits: ``low`` and ``high``; ``above`` and
    ``below``, which are exclusive; ``one_of``."""
    return dataclasses.field(default=default, metadata={"sentence": sentence, **limits})


def coerce(each: dataclasses.Field[Any], value: Any) -> Any:
    """The value in the field's own type where JSON has another: a list for a tuple, an integer for a float."""
    if isinstance(each.default, tuple):
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, (list, tuple)) or not items or not all(isinstance(item, str) for item in items):
            raise InputError(f"{each.name} must be a list of names, got {value!r}")
        return tuple(items)
    if isinstance(each.default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def check(each: dataclasses.Field[Any], value: Any) -> None:
    """Raises InputError for a value of another type, or beyond the field's limits."""
    name, limits = each.name, each.metadata
    if type(value) is not type(each.default):
        raise InputError(f"{name} must be of type {type(each.default).__name__}, got {value!r}")
    if isinstance(value, float) and not abs(value) < float("inf"):
        raise InputError(f"{name} must be a finite number, got {value!r}")
    if "one_of" in limits and value not in limits["one_of"]:
        raise InputError(f"{name} must be one of {', '.join(limits['one_of'])}, got {value!r}")
    if "low" in limits and value < limits["low"]:
        raise InputError(f"{name} must be at least {limits['low']}, got {value!r}")
    if "above" in limits and value <= limits["above"]:
        raise InputError(f"{name} must be above {limits['above']}, got {value!r}")
    if "below" in limits and value >= limits["below"]:
        raise InputError(f"{name} must be below {limits['below']}, got {value!r}")
    if "high" in limits and value > limits["high"]:
        raise InputError(f"{name} must be at most {limits['high']}, got {value!r}")


def range_of(each: dataclasses.Field[Any]) -> str:
    """The values that a field may have, in words."""
    limits = each.metadata
    if "one_of" in limits:
        return ", ".join(limits["one_of"])
    words = {"low": "from", "above": "above", "high": "to", "below": "below"}
    bounds = [f"{word} {limits[name]:g}" for name, word in words.items() if name in limits]
    return " ".join(bounds) or {bool: "true, false", tuple: "names"}.get(type(each.default), "any")
