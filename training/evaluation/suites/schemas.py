"""JSON schemas (draft 2020-12) of strangers on texts of models: nothing is read from outside, in limited time."""

import json
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from time import monotonic
from typing import Any
from urllib.parse import unquote

import regex
from jsonschema import Draft202012Validator, ValidationError, validators

from common.text.patterns import compiled
from training.evaluation.suites.errors import WrongScenario, gettext_noop

FOREIGN_SCHEMA = gettext_noop("A schema may refer only to itself ($ref with #), and has no patternProperties.")
BAD_PATTERN = gettext_noop("A “pattern” of the schema cannot be used: %(error)s")
OTHER_DRAFT = gettext_noop("A schema is of JSON Schema draft 2020-12, and only its top may say so with $schema.")

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_OF_ONE = (
    "not",
    "if",
    "then",
    "else",
    "items",
    "contains",
    "additionalProperties",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
)
_OF_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_OF_NAMES = ("properties", "$defs", "definitions", "dependentSchemas")
"""The keywords whose values are schemas, lists of them, or mappings from names to them. All others hold data."""


def strict_json(text: str) -> Any:
    """The value of a JSON text. Raises ValueError, also for NaN and Infinity, which Python would read."""
    return json.loads(text, parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no value of JSON")


def check_schema(schema: Mapping[str, Any]) -> None:
    """Raises WrongScenario for a schema that reaches out, SchemaError for one that is none."""
    if schema.get("$schema", DRAFT) not in (DRAFT, DRAFT + "#"):
        raise WrongScenario(OTHER_DRAFT)
    top = _top(schema)
    parts = list(_parts(top))
    known = {id(part) for part in parts}
    for part in parts:
        if "$schema" in part:
            raise WrongScenario(OTHER_DRAFT)
        references = [part[name] for name in ("$ref", "$dynamicRef") if name in part]
        if "patternProperties" in part or "$id" in part or not all(_leads_to(one, top, known) for one in references):
            raise WrongScenario(FOREIGN_SCHEMA)
        _require_bounded(part.get("pattern"))
    _Validator.check_schema(top)


def _require_bounded(pattern: Any) -> None:
    if isinstance(pattern, str):
        try:
            compiled(pattern)
        except Exception as error:  # regex raises others beside its own, such as RecursionError
            raise WrongScenario(BAD_PATTERN, error=str(error)[:200]) from error


def first_fault(schema: Mapping[str, Any], value: Any, seconds: float) -> ValidationError | None:
    """The first fault of a value, or None. Raises TimeoutError once the whole check takes longer than the seconds."""
    before = _deadline.set(monotonic() + seconds)
    try:
        return next(iter(_Validator(_top(schema)).iter_errors(value)), None)
    finally:
        _deadline.reset(before)


def _top(schema: Mapping[str, Any]) -> dict[str, Any]:
    # jsonschema goes on with its own class, which has no time limit, wherever it meets $schema.
    return {name: value for name, value in schema.items() if name != "$schema"}


def _parts(schema: Any) -> Iterator[Mapping[str, Any]]:
    """A schema and all schemas within it."""
    left = [schema]
    while left:
        part = left.pop()
        if not isinstance(part, Mapping):
            continue
        yield part
        left += [part[name] for name in _OF_ONE if name in part]
        for name in _OF_LISTS:
            left += part[name] if isinstance(part.get(name), list) else ()
        for name in _OF_NAMES:
            left += part[name].values() if isinstance(part.get(name), Mapping) else ()


def _leads_to(reference: Any, top: Mapping[str, Any], known: set[int]) -> bool:
    """Whether a reference is to the schema itself, and not to data in it."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return False
    target: Any = top
    pointer = unquote(reference[1:])
    if pointer and not pointer.startswith("/"):
        return True  # an anchor, which only a schema has
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(target, Mapping) and name in target:
            target = target[name]
        elif isinstance(target, list) and name.isdecimal() and int(name) < len(target):
            target = target[int(name)]
        else:
            return False
    return isinstance(target, bool) or id(target) in known


_deadline: ContextVar[float] = ContextVar("_deadline")


def _left() -> float:
    left = _deadline.get() - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Any:
    """The schema's own "pattern", by a library that can stop."""
    if isinstance(instance, str) and regex.search(pattern, instance, timeout=_left()) is None:
        yield ValidationError(f"{instance[:80]!r} does not match {pattern[:80]!r}")


def _timed(keyword: Any) -> Any:
    def timed(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        _left()
        return keyword(validator, value, instance, schema)

    return timed


_KEYWORDS = {**Draft202012Validator.VALIDATORS, "pattern": _pattern}
_Validator = validators.extend(Draft202012Validator, {name: _timed(one) for name, one in _KEYWORDS.items()})
