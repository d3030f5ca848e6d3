"""Scenarios, and suites of them: their record, their files (JSONL), and the hash of a suite."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from labeling.exchange import ASKING, ROLES, Message, canonical_json, fault, messages_hash
from training.evaluation.suites.checks import Check, outcomes_of, overall, parse_check
from training.evaluation.suites.errors import Problem, WrongScenario, WrongSuite, gettext_noop
from training.evaluation.suites.schemas import strict_json

TAGS = (
    "helpful",
    "harmless",
    "over_refusal",
    "confident_violation",
    "pressure",
    "reviewer_shortcut",
    "format",
)
"""The tags with a meaning of their own (docs/explanation/suites.md). A suite may use others."""
MUST_HOLD = ("harmless", "confident_violation")
"""The tags of which a gate lets no scenario be lost."""

MOST_SCENARIOS = 1000
MOST_CHECKS = 20
MOST_PROBLEMS = 50
CHARACTERS = 50_000
FIELDS = ("id", "tag", "messages", "checks", "note", "good", "bad")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_TAG = re.compile(r"[a-z][a-z0-9_]{0,39}")

NOT_JSON = gettext_noop("This is not JSON: %(error)s")
NOT_AN_OBJECT = gettext_noop("A scenario is a JSON object.")
UNKNOWN_FIELD = gettext_noop("A scenario has no field “%(name)s”. It has: %(fields)s.")
BAD_ID = gettext_noop("“id” must be of letters, digits, points, hyphens and underscores, at most 80.")
BAD_TAG = gettext_noop("“tag” must be a short word such as %(tags)s.")
BAD_MESSAGES = gettext_noop("“messages” must be a list of objects with a role (%(roles)s) and a content (text).")
BAD_LAST = gettext_noop("The last message must be from the user, or the result of a tool, and not empty.")
BAD_TURN = gettext_noop("The messages cannot be used: %(error)s")
BAD_TEXT = gettext_noop("“%(name)s” must be a text of at most %(most)s characters, without NUL.")
NO_CHECKS = gettext_noop("“checks” must be a list of 1 to %(most)s checks.")
TWICE = gettext_noop("The id “%(id)s” is used twice.")
TOO_MANY = gettext_noop("A suite has at most %(most)s scenarios.")
EMPTY = gettext_noop("There is no scenario.")
GOOD_FAILS = gettext_noop("Its checks fail the answer given as good. Check %(number)s: %(reason)s")
BAD_PASSES = gettext_noop("Its checks pass the answer given as bad.")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A prompt with expectations.

    note: why it is there, for people. good, bad: answers that its checks must pass and fail, or empty.
    """

    id: str
    tag: str
    messages: tuple[Message, ...]
    checks: tuple[Check, ...]
    note: str = ""
    good: str = ""
    bad: str = ""

    def as_json(self) -> dict[str, Any]:
        """In the order in which a person reads it; empty fields are left out."""
        rest = {name: getattr(self, name) for name in ("note", "good", "bad") if getattr(self, name)}
        return {
            "id": self.id,
            "tag": self.tag,
            "messages": [dict(message) for message in self.messages],
            "checks": [check.as_json() for check in self.checks],
            **rest,
        }

    @property
    def content_hash(self) -> str:
        """SHA-256 of what a run depends on: the messages and the checks. Runs of equal scenarios can be compared."""
        checks = [check.as_json() for check in self.checks]
        return sha256(canonical_json([messages_hash(self.messages), checks])).hexdigest()


def parse_scenario(given: Any) -> Scenario:
    """The scenario that a JSON object describes. Raises WrongScenario."""
    if not isinstance(given, Mapping):
        raise WrongScenario(NOT_AN_OBJECT)
    try:
        json.dumps(given, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, TypeError, RecursionError) as error:  # NaN, half of a surrogate pair, too deep
        raise WrongScenario(NOT_JSON, error=str(error)[:200]) from error
    if strange := next((name for name in given if name not in FIELDS), None):
        raise WrongScenario(UNKNOWN_FIELD, name=strange, fields=", ".join(FIELDS))
    identity, tag = given.get("id"), given.get("tag")
    if not isinstance(identity, str) or not _ID.fullmatch(identity):
        raise WrongScenario(BAD_ID)
    tag = re.sub(r"[ -]+", "_", tag.strip().lower()) if isinstance(tag, str) else ""
    if not _TAG.fullmatch(tag):
        raise WrongScenario(BAD_TAG, tags=", ".join(TAGS[:3]))
    texts = {name: _optional(given, name) for name in ("note", "good", "bad")}
    checks = given.get("checks")
    if not isinstance(checks, list) or not 1 <= len(checks) <= MOST_CHECKS:
        raise WrongScenario(NO_CHECKS, most=MOST_CHECKS)
    scenario = Scenario(
        identity, tag, _messages(given.get("messages")), tuple(parse_check(check) for check in checks), **texts
    )
    _try_examples(scenario)
    return scenario


def _optional(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str) or len(value) > CHARACTERS or "\x00" in value:
        raise WrongScenario(BAD_TEXT, name=name, most=CHARACTERS)
    return value


def _messages(given: Any) -> tuple[Message, ...]:
    if not isinstance(given, list) or not given:
        raise WrongScenario(BAD_MESSAGES, roles=", ".join(ROLES))
    for turn in given:
        if (
            not isinstance(turn, Mapping)
            or turn.get("role") not in ROLES
            or not isinstance(turn.get("content"), str)
            or "\x00" in turn["content"]
        ):
            raise WrongScenario(BAD_MESSAGES, roles=", ".join(ROLES))
    if sum(len(turn["content"]) for turn in given) > CHARACTERS:
        raise WrongScenario(BAD_TEXT, name="messages", most=CHARACTERS)
    if reason := fault(given):
        raise WrongScenario(BAD_TURN, error=reason)
    if given[-1]["role"] not in ASKING or not given[-1]["content"].strip():
        raise WrongScenario(BAD_LAST)
    return tuple(given)


def _try_examples(scenario: Scenario) -> None:
    """Raises WrongScenario where the checks say something else about the examples than their author."""
    if scenario.good:
        for number, one in enumerate(outcomes_of(scenario.checks, scenario.good), 1):
            if one.outcome == "failed":
                raise WrongScenario(GOOD_FAILS, number=number, reason=one.text % one.values)
    if scenario.bad:
        outcomes = [one.outcome for one in outcomes_of(scenario.checks, scenario.bad)]
        if overall(outcomes) == "passed":
            raise WrongScenario(BAD_PASSES)


def read_suite(text: str) -> list[Scenario]:
    """The scenarios of a JSONL file, in order. Raises WrongSuite, which names every line that is wrong."""
    return collected(_json_lines(text))


def _json_lines(text: str) -> Iterator[tuple[int, Any]]:
    # Not splitlines: a JSON text may hold other separators of lines, such as U+2028.
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield number, strict_json(line)
        except (ValueError, RecursionError) as error:
            yield number, WrongScenario(NOT_JSON, error=_trouble(error))


def _trouble(error: Exception) -> str:
    """An error in one line of a file: without the line's number, which would always be 1."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.removesuffix(' at')} (column {error.colno})"
    return str(error)[:200]


def collected(records: Iterator[tuple[int, Any]]) -> list[Scenario]:
    """The scenarios of records with their lines; a record may be the error that stands in its place.

    Raises WrongSuite.
    """
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    seen: set[str] = set()
    for line, record in records:
        try:
            if isinstance(record, WrongScenario):
                raise record
            scenario = parse_scenario(record)
            if scenario.id in seen:
                raise WrongScenario(TWICE, id=scenario.id)
        except WrongScenario as error:
            problems.append(error.at(line))
            if len(problems) >= MOST_PROBLEMS:
                break
            continue
        seen.add(scenario.id)
        scenarios.append(scenario)
        if len(scenarios) > MOST_SCENARIOS:
            problems.append(Problem(line, TOO_MANY, {"most": MOST_SCENARIOS}))
            break
    if not scenarios and not problems:
        problems.append(Problem(0, EMPTY))
    if problems:
        raise WrongSuite(problems)
    return scenarios


def write_suite(scenarios: Sequence[Scenario]) -> str:
    """A suite as JSONL, one scenario a line; `read_suite` gives the same scenarios again."""
    return "".join(json.dumps(scenario.as_json(), ensure_ascii=False) + "\n" for scenario in scenarios)


def suite_hash(scenarios: Sequence[Scenario]) -> str:
    """SHA-256 of the scenarios in their order, hexadecimal: the same suite has the same hash on every machine."""
    return sha256(canonical_json([scenario.as_json() for scenario in scenarios])).hexdigest()
