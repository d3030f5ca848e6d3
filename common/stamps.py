"""Stamps of stored values: a form carries that of the values it was filled in from, and whoever saves compares."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any


def stamp_of(values: Mapping[str, Any]) -> str:
    """The values, each as a short hash. They are JSON values."""
    return json.dumps({name: _short_hash(value) for name, value in values.items()}, separators=(",", ":"))


def changed_since(stamp: str, values: Mapping[str, Any]) -> list[str]:
    """The names of the values that differ from those of a stamp. One that cannot be read tells of no difference."""
    try:
        before = json.loads(stamp)
    except ValueError:
        return []
    if not isinstance(before, dict):
        return []
    return [name for name, value in values.items() if name in before and before[name] != _short_hash(value)]


def _short_hash(value: Any) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
