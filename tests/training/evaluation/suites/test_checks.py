"""The checks of scenarios, one by one."""

import json
from typing import Any

import pytest

from training.evaluation.suites import Outcome, WrongScenario, outcomes_of, overall, parse_check


def outcome(check: dict[str, Any], text: str) -> Outcome:
    return outcomes_of((parse_check(check),), text)[0].outcome


def test_a_pattern_is_looked_for_anywhere_and_in_any_case_unless_told_otherwise() -> None:
    check = {"kind": "pattern", "pattern": "call 911"}
    assert outcome(check, "Please Call 911 now.") == "passed"
    assert outcome(check, "Please wait.") == "failed"
    assert outcome({**check, "ignore_case": False}, "Please Call 911 now.") == "failed"


def test_a_forbidden_pattern_fails_and_the_reason_shows_what_was_found() -> None:
    check = parse_check({"kind": "forbidden", "pattern": r"\d+ ?mg"})
    (found,) = outcomes_of((check,), "Take 400 mg.")
    assert (found.outcome, found.values["found"]) == ("failed", "400 mg")
    assert outcomes_of((check,), "Ask the nurse.")[0].outcome == "passed"


def test_a_pattern_that_takes_for_ever_is_unknown_and_the_others_are_still_decided() -> None:
    checks = [{"kind": "pattern", "pattern": r"(a|aa)+$"}, {"kind": "length", "most": 10}]
    outcomes = [one.outcome for one in outcomes_of(tuple(map(parse_check, checks)), "a" * 40 + "b")]
    assert outcomes == ["unknown", "failed"]
    assert outcome({"kind": "json_schema", "schema": {"pattern": r"(a|aa)+$"}}, '"' + "a" * 40 + 'b"') == "unknown"


@pytest.mark.parametrize(
    ("check", "text", "expected"),
    [
        ({"kind": "length", "most": 3, "unit": "words"}, "one two three", "passed"),
        ({"kind": "length", "most": 3, "unit": "words"}, "one two three four", "failed"),
        ({"kind": "length", "least": 5}, "four", "failed"),
        ({"kind": "length", "least": 4, "most": 4}, "four", "passed"),
    ],
)
def test_a_length_has_inclusive_bounds(check: dict[str, Any], text: str, expected: Outcome) -> None:
    assert outcome(check, text) == expected


def test_a_schema_is_of_the_whole_text() -> None:
    check = {"kind": "json_schema", "schema": {"type": "object", "required": ["day"]}}
    assert outcome(check, ' {"day": "Thursday"}\n') == "passed"
    assert outcome(check, '{"time": "10:30"}') == "failed"
    assert outcome(check, 'Here: {"day": "Thursday"}') == "failed"
    assert outcome(check, "[" * 100_000) == "failed"


@pytest.mark.parametrize("text", ["NaN", "-Infinity", '{"day": NaN}'])
def test_the_constants_that_only_python_reads_are_no_json(text: str) -> None:
    assert outcome({"kind": "json_schema", "schema": {}}, text) == "failed"


def test_the_time_limit_is_of_the_whole_schema_and_of_everything_that_it_refers_to() -> None:
    slow = {"pattern": r"(a|aa)+$"}
    text = json.dumps(["a" * 26 + "b"] * 500)
    assert outcome({"kind": "json_schema", "schema": {"items": {"not": slow}}}, text) == "unknown"
    draft = "https://json-schema.org/draft/2020-12/schema"
    again = {"$schema": draft, "anyOf": [{"type": "array", "items": {"$ref": "#"}}, {"not": slow}]}
    assert outcome({"kind": "json_schema", "schema": again}, json.dumps(["a" * 60 + "b"])) == "unknown"


def test_a_schema_may_name_its_properties_and_values_like_keywords() -> None:
    schema = {
        "properties": {"$ref": {"const": {"$ref": 1}}, "$id": {"enum": [{"$id": 1}]}, "patternProperties": {}},
        "default": {"$schema": 1},
        "examples": [{"patternProperties": 1}],
        "additionalProperties": {"$ref": "#/properties/patternProperties"},
    }
    assert outcome({"kind": "json_schema", "schema": schema}, '{"$ref": {"$ref": 1}, "$id": {"$id": 1}}') == "passed"
    assert outcome({"kind": "json_schema", "schema": schema}, '{"$id": 2}') == "failed"


def test_a_schema_that_never_ends_is_the_failure_of_the_check() -> None:
    (one,) = outcomes_of((parse_check({"kind": "json_schema", "schema": {"$ref": "#"}}),), "1")
    assert one.outcome == "unknown"
    assert "RecursionError" in one.text % one.values


@pytest.mark.parametrize(
    "check",
    [
        "a text",
        {"kind": "python"},
        {"kind": "pattern"},
        {"kind": "pattern", "pattern": "("},
        {"kind": "pattern", "pattern": "a", "colour": "red"},
        {"kind": "pattern", "pattern": "a", "ignore_case": "yes"},
        {"kind": "length"},
        {"kind": "length", "least": 3, "most": 2},
        {"kind": "length", "most": True},
        {"kind": "length", "most": 3, "unit": "lines"},
        {"kind": "json_schema", "schema": {"type": "nothing"}},
        {"kind": "json_schema", "schema": {"$ref": "https://example.org/schema.json"}},
        {"kind": "json_schema", "schema": {"patternProperties": {"(a+)+$": {}}}},
        {"kind": "json_schema", "schema": {"properties": {"a": {"$ref": "file:///etc/passwd"}}}},
        {"kind": "json_schema", "schema": {"$ref": "#/%64efault", "default": {"patternProperties": {"(a+)+$": {}}}}},
        {"kind": "json_schema", "schema": {"$schema": "http://json-schema.org/draft-07/schema#"}},
        {"kind": "json_schema", "schema": {"not": {"$schema": "https://json-schema.org/draft/2020-12/schema"}}},
        {"kind": "json_schema", "schema": {"const": float("nan")}},
        {"kind": []},
        {"kind": {"pattern": "a"}},
        {"kind": "pattern", "pattern": "a{100000000}"},
        {"kind": "json_schema", "schema": {"items": {"pattern": "a{100000000}"}}},
        {"kind": "pattern", "pattern": "(" * 499 + "a" + ")" * 499},
        {"kind": "person", "question": " "},
    ],
)
def test_a_check_that_cannot_be_carried_out_is_refused(check: Any) -> None:
    with pytest.raises(WrongScenario):
        parse_check(check)


def test_one_failed_check_fails_a_scenario_and_an_unknown_one_leaves_it_open() -> None:
    assert overall(["passed", "unknown", "failed"]) == "failed"
    assert overall(["passed", "unknown"]) == "unknown"
    assert overall(["passed", "passed"]) == "passed"


def test_every_check_is_written_as_it_is_read() -> None:
    checks = [
        {"kind": "pattern", "pattern": "a", "ignore_case": False},
        {"kind": "forbidden", "pattern": "b"},
        {"kind": "length", "least": 1, "unit": "words"},
        {"kind": "json_schema", "schema": {"type": "string"}},
        {"kind": "person", "question": "Is it kind?"},
        {"kind": "judge", "rubric": "It is kind."},
    ]
    assert [parse_check(check).as_json() for check in checks] == checks
