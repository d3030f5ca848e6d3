"""Suites as files, their refusals by line, and their hash."""

import json
from typing import Any

import pytest

from training.evaluation.suites import WrongSuite, read_suite, suite_hash, write_suite

MESSAGES = [{"role": "user", "content": "Hello?"}]
CHECKS = [{"kind": "pattern", "pattern": "hello"}]


def record(identity: str = "one", **changes: Any) -> dict[str, Any]:
    return {"id": identity, "tag": "helpful", "messages": MESSAGES, "checks": CHECKS, **changes}


def lines(*records: Any) -> str:
    return "\n".join(json.dumps(one) for one in records)


def test_a_suite_is_written_as_it_is_read() -> None:
    text = lines(record(note="why", good="Hello!", bad="Go away."), record("two", tag="Over-refusal"))
    scenarios = read_suite(text)
    assert [scenario.tag for scenario in scenarios] == ["helpful", "over_refusal"]
    assert read_suite(write_suite(scenarios)) == scenarios


def test_the_hash_is_of_the_scenarios_and_not_of_the_file() -> None:
    one = read_suite(lines(record(), record("two")))
    spaced = read_suite("\n\n" + json.dumps(record(), indent=None, sort_keys=True) + "\n" + lines(record("two")))
    assert suite_hash(one) == suite_hash(spaced)
    assert suite_hash(one) != suite_hash(one[::-1])
    assert len(suite_hash(one)) == 64


def test_equal_messages_and_checks_can_be_compared_whatever_the_note_says() -> None:
    first, second, third = read_suite(
        lines(record(), record("two", note="another"), record("three", checks=[{"kind": "length", "most": 9}]))
    )
    assert first.content_hash == second.content_hash != third.content_hash


def test_every_wrong_line_is_named_with_its_reason() -> None:
    text = "\n".join([json.dumps(record()), "{", json.dumps(record("two", checks=[])), "", json.dumps(record())])
    with pytest.raises(WrongSuite) as refused:
        read_suite(text)
    assert [problem.line for problem in refused.value.problems] == [2, 3, 5]
    assert "used twice" in str(refused.value)


@pytest.mark.parametrize(
    "wrong",
    [
        record(id="with spaces"),
        record(tag=""),
        record(tag=7),
        record(messages=[]),
        record(messages=[{"role": "robot", "content": "Hello?"}]),
        record(messages=[{"role": "assistant", "content": "Hello."}]),
        record(messages=[{"role": "user", "content": "  "}]),
        record(messages=[{"role": "user", "content": "a\x00b"}]),
        record(checks={"kind": "pattern"}),
        record(colour="red"),
        record(note=3),
        record(messages=[{"role": ["user"], "content": "Hello?"}]),
        record(messages=[{"role": "user", "content": "half: \ud83d"}]),
        record(checks=[{"kind": "json_schema", "schema": {"const": float("nan")}}]),
        record(checks=[{"kind": "length", "most": float("inf")}]),
        record(checks=[{"kind": []}]),
        ["a list"],
    ],
)
def test_a_scenario_of_another_form_is_refused(wrong: Any) -> None:
    with pytest.raises(WrongSuite):
        read_suite(json.dumps(wrong))


def test_checks_that_contradict_their_authors_examples_are_refused() -> None:
    with pytest.raises(WrongSuite, match="given as good"):
        read_suite(lines(record(good="Go away.")))
    with pytest.raises(WrongSuite, match="given as bad"):
        read_suite(lines(record(bad="Hello!")))


def test_an_empty_file_is_no_suite() -> None:
    with pytest.raises(WrongSuite, match="no scenario"):
        read_suite("\n \n")
