"""Suites of promptfoo: `prompts` with {{variables}}, and `tests` with `vars` and `assert`; see `yaml_files`."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import regex

from training.evaluation.suites.errors import Problem, WrongScenario, WrongSuite, gettext_noop
from training.evaluation.suites.scenarios import CHARACTERS, MOST_SCENARIOS, TOO_MANY
from training.evaluation.suites.yaml_values import (
    DEFAULT_TAG,
    NOT_AN_OBJECT,
    as_text,
    records_of,
    require_known,
    tag_of,
)

NO_PROMPTS = gettext_noop("“prompts” must be a list of texts, or of lists of messages.")
NO_FILES = gettext_noop("“%(value)s” refers to a file or a program. Only what stands in this file is read.")
NO_VARIABLE = gettext_noop("The variable “%(name)s” has no value.")
NO_TEMPLATES = gettext_noop("The text has template code: only {{variables}} are filled in.")
NO_SCALAR = gettext_noop("The variable “%(name)s” must be a text or a number. Write a test for each value of a list.")
LONG_TEXT = gettext_noop("A text with its variables has at most %(most)s characters.")
NO_SCHEMA = gettext_noop("The assertion “is-json” needs a schema as a mapping, or no value.")
NO_ASSERTION = gettext_noop("The assertion “%(type)s” cannot be carried out here. These can: %(types)s.")
BAD_VALUE = gettext_noop("The assertion “%(type)s” needs a value: a text, or a list of texts where it allows several.")

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
_FILE_NAME = re.compile(r"\S+\.(?:txt|json|jsonl|ya?ml|j2|md|csv|js|ts|mjs|cjs|py)")


def from_promptfoo(document: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    prompts = document.get("prompts")
    prompts = [prompts] if isinstance(prompts, str) else prompts
    if not isinstance(prompts, list) or not prompts:
        raise WrongSuite([Problem(getattr(document, "line", 0), NO_PROMPTS)])
    if len(prompts) > MOST_SCENARIOS:
        raise WrongSuite([Problem(getattr(document, "line", 0), TOO_MANY, {"most": MOST_SCENARIOS})])
    tests = document["tests"]
    default = document.get("defaultTest") or {}
    if not isinstance(tests, list) or not isinstance(default, Mapping):
        text = NO_FILES if isinstance(tests, str) else NOT_AN_OBJECT
        raise WrongSuite([Problem(getattr(document, "line", 0), text, {"value": tests})])
    return records_of(tests, lambda number, test: list(_of_test(number, test, default, prompts)))


def _of_test(
    number: int, test: Mapping[str, Any], default: Mapping[str, Any], prompts: list[Any]
) -> Iterator[dict[str, Any]]:
    require_known(default, TEST_KEYS)
    require_known(test, TEST_KEYS)
    assertions = [*_listed(default.get("assert")), *_listed(test.get("assert"))]
    given = {**_mapping(default.get("vars")), **_mapping(test.get("vars"))}
    variables = {name: _of_variable(name, value) for name, value in given.items()}
    own = [*_listed(default.get("checks")), *_listed(test.get("checks"))]
    checks = [*own, *(_at_its_line(one, variables) for one in assertions)]
    for place, prompt in enumerate(prompts, 1):
        identity = str(test.get("id") or f"test-{number}")
        yield {
            "id": identity if len(prompts) == 1 else f"{identity}.{place}",
            "tag": tag_of(test) or tag_of(default) or DEFAULT_TAG,
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
    text = as_text(value)
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
    names = re.findall(r"\{\{\s*(\w+)\s*\}\}", text)
    if len(text) + sum(len(variables.get(name, "")) for name in names) > CHARACTERS:
        raise WrongScenario(LONG_TEXT, most=CHARACTERS)
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", value, text)


def _at_its_line(given: Any, variables: Mapping[str, str]) -> dict[str, Any]:
    """The check for an assertion. What is wrong with it has its own line."""
    try:
        return _of_assertion(given, variables)
    except WrongScenario as error:
        error.line = getattr(given, "line", 0)
        raise


def _of_value(value: Any, variables: Mapping[str, str]) -> str:
    text = as_text(value)
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
    require_known(given, ASSERTION_KEYS)
    if name == "is-json":
        return _of_schema(value)
    several = name.endswith(("-any", "-all"))
    values = value if several and isinstance(value, list) else [value]
    if not values or not all(isinstance(one, str | int | float) for one in values):
        raise WrongScenario(BAD_VALUE, type=whole)
    texts, left = list[str](), CHARACTERS
    for one in values:
        texts.append(_of_value(one, variables))
        left -= len(texts[-1])
        if left < 0:
            raise WrongScenario(LONG_TEXT, most=CHARACTERS)
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
