"""Suites from YAML as promptfoo and Inspect have it: what can be checked here is taken over, the rest is refused.

promptfoo: `prompts` with {{variables}}, `tests` with `vars`, `assert` and `metadata`, and `defaultTest`.
Inspect: a list of samples (or `samples`) with `input`, `target`, `id` and `metadata`; `scorer` says how the target is
compared.
A sample or a test may give its `checks` in the form of a suite's own file. The tag is `tag` or `metadata.tag`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import regex
import yaml

from training.evaluation.suites.errors import Problem, WrongScenario, WrongSuite, gettext_noop
from training.evaluation.suites.scenarios import Scenario, collected

MOST_CHARACTERS = 2_000_000
MOST_NODES = 100_000
DEFAULT_TAG = "helpful"

NOT_YAML = gettext_noop("This is not YAML: %(error)s")
TOO_LARGE = gettext_noop("The file is too large: aliases count each time that they are used.")
NO_TESTS = gettext_noop("There are neither “tests” (promptfoo) nor “samples” or a list of them (Inspect).")
NO_PROMPTS = gettext_noop("“prompts” must be a list of texts, or of lists of messages.")
NO_FILES = gettext_noop("“%(value)s” refers to a file or a program. Only what stands in this file is read.")
NOT_AN_OBJECT = gettext_noop("This must be a mapping.")
NO_VARIABLE = gettext_noop("The variable “%(name)s” has no value.")
NO_TEMPLATES = gettext_noop("The text has template code: only {{variables}} are filled in.")
NO_SCALAR = gettext_noop("The variable “%(name)s” must be a text or a number. Write a test for each value of a list.")
NOT_TAKEN = gettext_noop("“%(name)s” is not taken over from such a file. These are: %(names)s.")
NO_SCHEMA = gettext_noop("The assertion “is-json” needs a schema as a mapping, or no value.")
NO_ASSERTION = gettext_noop("The assertion “%(type)s” cannot be carried out here. These can: %(types)s.")
BAD_VALUE = gettext_noop("The assertion “%(type)s” needs a value: a text, or a list of texts where it allows several.")
NO_TARGET = gettext_noop("A sample needs a “target”, or “checks”.")
NO_SCORER = gettext_noop("The scorer “%(scorer)s” cannot be carried out here. These can: %(scorers)s.")
NO_INPUT = gettext_noop("A sample needs an “input”: a text or a list of messages.")

SCORERS = ("includes", "exact", "pattern", "model_graded_qa")
ASSERTIONS = (
    "contains",
    "icontains",
    "contains-any",
    "contains-all",
    "icontains-any",
    "icontains-all",
    "equals",
    "starts-with",
    "regex",
    "is-json",
    "llm-rubric",
)
"""Those of promptfoo that can be carried out; all but the last two also with `not-` before them."""


TEST_KEYS = ("id", "description", "vars", "assert", "metadata", "tag", "checks")
ASSERTION_KEYS = ("type", "value", "metric")
SAMPLE_KEYS = ("id", "input", "target", "metadata", "tag", "checks")
_FILE_NAME = re.compile(r"\S+\.(?:txt|json|jsonl|ya?ml|j2|md|csv|js|ts|mjs|cjs|py)")


class _Mapping(dict[str, Any]):
    line = 0


class _Loader(yaml.SafeLoader):
    """Plain values only, by YAML 1.2 as those tools read it: `Yes` and `10:30` are texts. Mappings know their line."""

    yaml_implicit_resolvers: dict[str, Any] = {}


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> Iterator[_Mapping]:
    values = _Mapping()
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


def read_yaml_suite(text: str) -> list[Scenario]:
    """The scenarios of a YAML file of promptfoo's or Inspect's kind. Raises WrongSuite, which names the lines."""
    document = _loaded(text)
    if isinstance(document, Mapping) and "tests" in document:
        return collected(_from_promptfoo(document))
    samples = document.get("samples", document.get("dataset")) if isinstance(document, Mapping) else document
    if not isinstance(samples, list):
        raise WrongSuite([Problem(0, NO_TESTS)])
    scorer = document.get("scorer", "includes") if isinstance(document, Mapping) else "includes"
    return collected(_records(samples, lambda number, sample: [_of_sample(number, sample, scorer)]))


def _loaded(text: str) -> Any:
    if len(text) > MOST_CHARACTERS:
        raise WrongSuite([Problem(0, TOO_LARGE)])
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = str(getattr(error, "problem", None) or error)[:200]
        raise WrongSuite([Problem(mark.line + 1 if mark else 0, NOT_YAML, {"error": reason})]) from error
    left, nodes = MOST_NODES, [document]
    while nodes:
        node = nodes.pop()
        left -= 1
        if left < 0:
            raise WrongSuite([Problem(0, TOO_LARGE)])
        nodes += node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return document


def _records(items: list[Any], made: Any) -> Iterator[tuple[int, Any]]:
    """The records of each item, with its line; an item that cannot be read is its error."""
    line = 0
    for number, item in enumerate(items, 1):
        line = item.line if isinstance(item, _Mapping) else line
        try:
            if not isinstance(item, Mapping):
                raise WrongScenario(NOT_AN_OBJECT)
            records = made(number, item)
        except WrongScenario as error:
            yield line, error
            continue
        for record in records:
            yield line, record


def _tag_of(item: Mapping[str, Any]) -> Any:
    metadata = item.get("metadata")
    return item.get("tag") or (metadata.get("tag") if isinstance(metadata, Mapping) else None)


def _only(given: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """Raises WrongScenario for a key that would change the meaning and has none here."""
    if strange := next((name for name, value in given.items() if name not in names and value is not None), None):
        error = WrongScenario(NOT_TAKEN, name=strange, names=", ".join(names))
        error.line = getattr(given, "line", 0)
        raise error


def _text(value: Any) -> str:
    """A plain value as those tools write it."""
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


# --- Inspect ---


def _of_sample(number: int, sample: Mapping[str, Any], scorer: Any) -> dict[str, Any]:
    _only(sample, SAMPLE_KEYS)
    given = sample.get("input")
    if isinstance(given, str):
        messages: list[Any] = [{"role": "user", "content": given}]
    elif isinstance(given, list):
        messages = given
    else:
        raise WrongScenario(NO_INPUT)
    checks = sample["checks"] if "checks" in sample else [_of_target(sample.get("target"), scorer)]
    identity = str(sample.get("id") or f"sample-{number}")
    return {"id": identity, "tag": _tag_of(sample) or DEFAULT_TAG, "messages": messages, "checks": checks}


def _of_target(target: Any, scorer: Any) -> dict[str, Any]:
    targets = [_text(one) for one in target] if isinstance(target, list) else [] if target is None else [_text(target)]
    if not targets:
        raise WrongScenario(NO_TARGET)
    if scorer == "pattern":
        return {"kind": "pattern", "pattern": "|".join(f"(?:{one})" for one in targets)}
    if scorer == "model_graded_qa":
        return {"kind": "judge", "rubric": "The answer agrees with this criterion: " + " / ".join(targets)}
    either = "|".join(map(regex.escape, targets))
    if scorer == "includes":
        return {"kind": "pattern", "pattern": either}
    if scorer == "exact":
        return {"kind": "pattern", "pattern": rf"\A\s*(?:{either})\s*\Z"}
    raise WrongScenario(NO_SCORER, scorer=scorer, scorers=", ".join(SCORERS))


# --- promptfoo ---


def _from_promptfoo(document: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    prompts = document.get("prompts")
    prompts = [prompts] if isinstance(prompts, str) else prompts
    if not isinstance(prompts, list) or not prompts:
        raise WrongSuite([Problem(getattr(document, "line", 0), NO_PROMPTS)])
    tests = document["tests"]
    default = document.get("defaultTest") or {}
    if not isinstance(tests, list) or not isinstance(default, Mapping):
        text = NO_FILES if isinstance(tests, str) else NOT_AN_OBJECT
        raise WrongSuite([Problem(getattr(document, "line", 0), text, {"value": tests})])
    return _records(tests, lambda number, test: list(_of_test(number, test, default, prompts)))


def _of_test(
    number: int, test: Mapping[str, Any], default: Mapping[str, Any], prompts: list[Any]
) -> Iterator[dict[str, Any]]:
    _only(default, TEST_KEYS)
    _only(test, TEST_KEYS)
    assertions = [*_listed(default.get("assert")), *_listed(test.get("assert"))]
    given = {**_mapping(default.get("vars")), **_mapping(test.get("vars"))}
    variables = {name: _of_variable(name, value) for name, value in given.items()}
    own = [*_listed(default.get("checks")), *_listed(test.get("checks"))]
    checks = [*own, *(_at_its_line(one, variables) for one in assertions)]
    for place, prompt in enumerate(prompts, 1):
        identity = str(test.get("id") or f"test-{number}")
        yield {
            "id": identity if len(prompts) == 1 else f"{identity}.{place}",
            "tag": _tag_of(test) or _tag_of(default) or DEFAULT_TAG,
            "messages": _filled_messages(prompt, variables),
            "checks": checks,
            "note": str(test.get("description") or ""),
        }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _mapping(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise WrongScenario(NOT_AN_OBJECT)
    return value


def _filled_messages(prompt: Any, variables: Mapping[str, Any]) -> list[Any]:
    if isinstance(prompt, Mapping):
        prompt = prompt.get("raw")
    if isinstance(prompt, str) and prompt.lstrip().startswith("["):
        with suppress(ValueError):  # else a text that begins with a bracket
            prompt = json.loads(prompt)
    if isinstance(prompt, list):
        return [
            {**turn, "content": _filled(turn.get("content"), variables)} if isinstance(turn, Mapping) else turn
            for turn in prompt
        ]
    return [{"role": "user", "content": _filled(prompt, variables)}]


def _of_variable(name: str, value: Any) -> str:
    if isinstance(value, list | Mapping):
        raise WrongScenario(NO_SCALAR, name=name)
    text = _text(value)
    if text.startswith("file://"):
        raise WrongScenario(NO_FILES, value=text[:80])
    if "{{" in text or "{%" in text:
        raise WrongScenario(NO_TEMPLATES)
    return text


def _filled(text: Any, variables: Mapping[str, str]) -> str:
    """A prompt with its variables filled in."""
    if not isinstance(text, str):
        raise WrongScenario(NO_PROMPTS)
    if text.startswith(("file://", "exec:", "http://", "https://")) or _FILE_NAME.fullmatch(text):
        raise WrongScenario(NO_FILES, value=text[:80])
    return _with_variables(text, variables)


def _with_variables(text: str, variables: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in variables:
            raise WrongScenario(NO_VARIABLE, name=match[1])
        return variables[match[1]]

    if "{%" in text or re.search(r"\{\{(?!\s*\w+\s*\}\})", text):
        raise WrongScenario(NO_TEMPLATES)
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", value, text)


def _at_its_line(given: Any, variables: Mapping[str, str]) -> dict[str, Any]:
    """The check for an assertion. What is wrong with it has its own line."""
    try:
        return _of_assertion(given, variables)
    except WrongScenario as error:
        error.line = getattr(given, "line", 0)
        raise


def _of_value(value: Any, variables: Mapping[str, str]) -> str:
    text = _text(value)
    if text.startswith(("file://", "package:")):
        raise WrongScenario(NO_FILES, value=text[:80])
    return _with_variables(text, variables)


def _of_assertion(given: Any, variables: Mapping[str, str]) -> dict[str, Any]:
    """Raises WrongScenario for an assertion that cannot be carried out here."""
    if not isinstance(given, Mapping):
        raise WrongScenario(NOT_AN_OBJECT)
    whole, value = str(given.get("type")), given.get("value")
    name, is_not = whole.removeprefix("not-"), whole.startswith("not-")
    if name not in ASSERTIONS or (is_not and name in ("is-json", "llm-rubric")):
        raise WrongScenario(NO_ASSERTION, type=whole, types=", ".join(ASSERTIONS))
    _only(given, ASSERTION_KEYS)
    if name == "is-json":
        return _of_schema(value)
    several = name.endswith(("-any", "-all"))
    values = value if several and isinstance(value, list) else [value]
    if not values or not all(isinstance(one, str | int | float) for one in values):
        raise WrongScenario(BAD_VALUE, type=whole)
    texts = [_of_value(one, variables) for one in values]
    if name == "llm-rubric":
        return {"kind": "judge", "rubric": texts[0]}
    kind = "forbidden" if is_not else "pattern"
    ignore = {} if name.startswith("icontains") else {"ignore_case": False}
    # "Not all of them" is no conjunction of checks, so it stays one pattern: each looked for from the beginning.
    together = "".join(rf"(?=[\s\S]*{regex.escape(one)})" for one in texts)
    pattern = {
        "regex": texts[0],
        "equals": rf"\A{regex.escape(texts[0])}\Z",
        "starts-with": rf"\A{regex.escape(texts[0])}",
    }.get(name, rf"\A{together}" if name.endswith("-all") else "|".join(map(regex.escape, texts)))
    return {"kind": kind, "pattern": pattern, **ignore}


def _of_schema(value: Any) -> dict[str, Any]:
    if isinstance(value, str) and value.startswith("file://"):
        raise WrongScenario(NO_FILES, value=value[:80])
    if value is not None and not isinstance(value, Mapping):
        raise WrongScenario(NO_SCHEMA)
    return {"kind": "json_schema", "schema": value or {}}
