"""The plain values of a YAML file, with the lines of its mappings, and the parts that both kinds of suites share."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from training.evaluation.suites.errors import Problem, WrongScenario, WrongSuite, gettext_noop

MOST_CHARACTERS = 2_000_000
PART = 20
MOST_SIZE = MOST_CHARACTERS + 100_000 * PART
"""The size of a part beside its characters, and the limit of all together, repeated by aliases and merges or not."""
DEFAULT_TAG = "helpful"

NOT_YAML = gettext_noop("This is not YAML: %(error)s")
TOO_LARGE = gettext_noop("The file is too large: aliases count each time that they are used.")
NOT_AN_OBJECT = gettext_noop("This must be a mapping.")
NOT_TAKEN = gettext_noop("“%(name)s” is not taken over from such a file. These are: %(names)s.")


class Located(dict[str, Any]):
    line = 0


class _Loader(yaml.SafeLoader):
    """Plain values only, by YAML 1.2 as those tools read it: `Yes` and `10:30` are texts. Mappings know their line."""

    yaml_implicit_resolvers: dict[str, Any] = {}


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> Iterator[Located]:
    values = Located()
    values.line = node.start_mark.line + 1
    yield values
    values.update({str(key): value for key, value in loader.construct_mapping(node).items()})


_Loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)
for _kind, _form, _firsts in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:0|[1-9][0-9]*)?\.[0-9]+$", "-+.0123456789"),
    ("merge", r"^<<$", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(_form), list(_firsts))


def loaded(text: str) -> Any:
    if len(text) > MOST_CHARACTERS:
        raise WrongSuite([Problem(0, TOO_LARGE)])
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        is_too_large = _size(node, {}) > MOST_SIZE
        document = None if node is None or is_too_large else loader.construct_document(node)
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = str(getattr(error, "problem", None) or error)[:200]
        raise WrongSuite([Problem(mark.line + 1 if mark else 0, NOT_YAML, {"error": reason})]) from error
    if is_too_large:
        raise WrongSuite([Problem(0, TOO_LARGE)])
    return document


def _size(node: yaml.Node | None, known: dict[int, int]) -> int:
    """The characters of a part and all in it, as often as aliases and merges repeat it. known: of the parts seen."""
    if node is None or isinstance(node, yaml.ScalarNode):
        return PART + (len(node.value) if node else 0)
    if id(node) not in known:
        known[id(node)] = MOST_SIZE  # unless it holds itself, which nobody needs
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        known[id(node)] = PART + sum(_size(part, known) for part in parts)
    return known[id(node)]


def records_of(items: list[Any], made: Any) -> Iterator[tuple[int, Any]]:
    """The records of each item, with its line; an item that cannot be read is its error."""
    line = 0
    for number, item in enumerate(items, 1):
        line = item.line if isinstance(item, Located) else line
        try:
            if not isinstance(item, Mapping):
                raise WrongScenario(NOT_AN_OBJECT)
            records = made(number, item)
        except WrongScenario as error:
            yield line, error
            continue
        for record in records:
            yield line, record


def tag_of(item: Mapping[str, Any]) -> Any:
    metadata = item.get("metadata")
    return item.get("tag") or (metadata.get("tag") if isinstance(metadata, Mapping) else None)


def require_known(given: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """Raises WrongScenario for a key that would change the meaning and has none here."""
    if strange := next((name for name, value in given.items() if name not in names and value is not None), None):
        error = WrongScenario(NOT_TAKEN, name=strange, names=", ".join(names))
        error.line = getattr(given, "line", 0)
        raise error


def as_text(value: Any) -> str:
    """A plain value as those tools write it."""
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
