"""Counts of statistics as JSON values, and back: tuples as keys, arrays and times included."""

from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

import numpy as np

from labeling.queries.counts import SliceCounts, VoteSets
from labeling.stats import AnnotatorErrors, Estimate

CLASSES = {kind.__name__: kind for kind in (SliceCounts, VoteSets, AnnotatorErrors, Estimate)}


def as_json(value: Any) -> Any:
    """The value as JSON. Everything but plain values and lists is an object with one name, which says its kind."""
    if isinstance(value, dict):
        return {"dict": [[as_json(key), as_json(one)] for key, one in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [as_json(one) for one in value]}
    if isinstance(value, list):
        return [as_json(one) for one in value]
    if isinstance(value, np.ndarray):
        return {"array": [str(value.dtype), list(value.shape), value.ravel().tolist()]}
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if is_dataclass(value):
        return {type(value).__name__: {one.name: as_json(getattr(value, one.name)) for one in fields(value)}}
    return value.item() if isinstance(value, np.generic) else value


def from_json(value: Any) -> Any:
    """The value that `as_json` described. Raises LookupError, TypeError for one of another version."""
    if isinstance(value, list):
        return [from_json(one) for one in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "dict":
        return {from_json(key): from_json(one) for key, one in content}
    if kind == "tuple":
        return tuple(from_json(one) for one in content)
    if kind == "array":
        dtype, shape, flat = content
        return np.array(flat, dtype=dtype).reshape(shape)
    if kind == "time":
        return datetime.fromisoformat(content)
    return CLASSES[kind](**{name: from_json(one) for name, one in content.items()})
