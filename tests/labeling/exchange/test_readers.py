"""Each dialect's record, as it stands in the wild, becomes the comparison that it means."""

import json

import pytest

from labeling.exchange import (
    CompletionText,
    ImportedComparison,
    Rejected,
    UndetectedDialect,
    UnknownDialect,
    detect_dialect,
)
from tests.labeling.exchange.builders import message, read, trl

SKY = [message("user", "What color is the sky?")]
BLUE, GREEN = "It is blue.", "It is green."

EXAMPLES: dict[str, dict[str, object]] = {
    "own-table": {"pair": "c0ffee", "prompt": json.dumps(SKY), "a": BLUE, "b": GREEN, "winner": "a", "votes": "[]"},
    "own-tasks": {
        "data": {"prompt": "user: What color is the sky?", "answer1": BLUE, "answer2": GREEN},
        "meta": {"chosen": {"pair": "c0ffee", "messages": SKY, "winner": "a", "votes": []}},
    },
    "trl": {"prompt": SKY, "chosen": [message("assistant", BLUE)], "rejected": [message("assistant", GREEN)]},
    "trl-implicit": {
        "chosen": [*SKY, message("assistant", BLUE)],
        "rejected": [*SKY, message("assistant", GREEN)],
        "margin": 0.5,
    },
    "hh": {
        "chosen": f"\n\nHuman: What color is the sky?\n\nAssistant: {BLUE}",
        "rejected": f"\n\nHuman: What color is the sky?\n\nAssistant: {GREEN}",
    },
    "openai": {
        "input": {"messages": SKY, "tools": [], "parallel_tool_calls": True},
        "preferred_output": [message("assistant", BLUE)],
        "non_preferred_output": [message("assistant", GREEN)],
    },
    "alpacaeval": {
        "instruction": "What color is the sky?",
        "output_1": BLUE,
        "generator_1": "",
        "output_2": GREEN,
        "generator_2": "",
        "annotator": "",
        "preference": 1,
    },
}


@pytest.mark.parametrize("dialect", EXAMPLES)
def test_a_record_of_each_dialect_is_recognised_and_read(dialect: str) -> None:
    for named in (dialect, "auto"):
        [comparison] = read([EXAMPLES[dialect]], named)
        assert isinstance(comparison, ImportedComparison)
        assert comparison.dialect == dialect
        assert comparison.prompt == SKY
        assert (comparison.first.text, comparison.second.text, comparison.preference) == (BLUE, GREEN, "first")
        assert (comparison.line, comparison.record) == (1, 1)


@pytest.mark.parametrize("dialect", EXAMPLES)
def test_a_json_array_is_read_like_json_lines(dialect: str) -> None:
    records = [EXAMPLES[dialect]] * 3
    pretty = json.dumps(records, indent=2).encode()
    assert [one.record for one in read(pretty)] == [1, 2, 3]
    assert [one.prompt for one in read(pretty) if isinstance(one, ImportedComparison)] == [SKY] * 3


def test_standard_trl_is_one_user_message_and_its_texts_stay_as_they_are() -> None:
    [comparison] = read([{"prompt": "The sky is", "chosen": " blue.", "rejected": " green."}])
    assert isinstance(comparison, ImportedComparison)
    assert comparison.prompt == [message("user", "The sky is")]
    assert (comparison.first.text, comparison.second.text) == (" blue.", " green.")


def test_fields_without_a_place_of_their_own_are_kept() -> None:
    [comparison] = read([{**trl(), "id": 7, "annotator": "p-03", "chosen_model": "m1", "source": {"page": 3}}])
    assert isinstance(comparison, ImportedComparison)
    assert (comparison.external_id, comparison.annotator, comparison.first.model) == ("7", "p-03", "m1")
    assert comparison.metadata == {"source": {"page": 3}}
    [implicit] = read([EXAMPLES["trl-implicit"]])
    assert isinstance(implicit, ImportedComparison)
    assert implicit.metadata == {"margin": 0.5}


def test_an_hh_transcript_keeps_all_its_turns() -> None:
    shared = "\n\nHuman: Hello\n\nAssistant: Hi.\nHow are you?\n\nHuman: Well. You?"
    [comparison] = read([{"chosen": shared + "\n\nAssistant: Fine.", "rejected": shared + "\n\nAssistant:  Bad"}])
    assert isinstance(comparison, ImportedComparison)
    assert comparison.prompt == [
        message("user", "Hello"),
        message("assistant", "Hi.\nHow are you?"),
        message("user", "Well. You?"),
    ]
    assert (comparison.first, comparison.second) == (CompletionText("Fine."), CompletionText(" Bad"))


@pytest.mark.parametrize(
    ("value", "preference"),
    [(1, "first"), (1.0001, "first"), (1.4999, "first"), (1.5, "tie"), (1.51, "second"), (2, "second"), (None, None)],
)
def test_alpacaeval_preferences(value: float | None, preference: str | None) -> None:
    [comparison] = read([{**EXAMPLES["alpacaeval"], "preference": value, "generator_1": "gpt", "annotator": "ann"}])
    assert isinstance(comparison, ImportedComparison)
    assert comparison.preference == preference
    assert (comparison.first.model, comparison.second.model) == ("gpt", "")
    assert comparison.annotator == ("ann" if preference else "")
    assert comparison.certainty == (max(2 - value, value - 1) if value and preference != "tie" else None)
    assert comparison.metadata["preference"] == value


def test_auto_looks_past_broken_records_to_find_the_dialect() -> None:
    records = read(b"{broken\n" + json.dumps(["no"]).encode() + b"\n" + json.dumps(EXAMPLES["hh"]).encode())
    assert [type(one) for one in records] == [Rejected, Rejected, ImportedComparison]


def test_auto_says_what_it_saw_and_what_it_knows() -> None:
    with pytest.raises(UndetectedDialect, match=r"line 2 has the fields prompt, completion, tag.*trl-implicit"):
        read(b"\n" + json.dumps({"prompt": "a", "completion": "b", "tag": True}).encode())


@pytest.mark.parametrize(
    ("record", "is_prompts"),
    [
        ({"prompt": "Why?", "tags": ["a"]}, True),
        ({"question": "Why?", "id": "7", "category": "odd"}, True),
        ({"question": "Why?", "good": "So.", "bad": "No."}, False),
        ({"good": "So.", "bad": "No."}, False),
    ],
)
def test_a_file_of_prompts_is_told_from_answers_in_unknown_columns(record: dict[str, object], is_prompts: bool) -> None:
    with pytest.raises(UndetectedDialect) as caught:
        read(json.dumps(record).encode())
    assert caught.value.is_prompts is is_prompts


def test_a_file_of_nothing_but_broken_lines_names_each_of_them() -> None:
    records = read(b"oops\n{\n")
    assert [(one.line, one.code) for one in records if isinstance(one, Rejected)] == [(1, "not_json"), (2, "not_json")]


def test_a_file_is_read_as_one_dialect() -> None:
    first, second = read([trl(), EXAMPLES["hh"]])
    assert isinstance(first, ImportedComparison)
    assert isinstance(second, Rejected)
    assert (second.code, second.reason) == ("missing_field", "The field 'prompt' is missing.")


def test_an_empty_file_has_no_records() -> None:
    assert read(b"") == read(b" \n\n") == read(b"[]") == []


def test_an_unknown_dialect_is_refused_at_once_with_the_known_ones() -> None:
    with pytest.raises(UnknownDialect, match=r"'yaml'.*trl.*hh"):
        read(b"", "yaml")


def test_detection_goes_by_shape() -> None:
    for dialect, record in EXAMPLES.items():
        assert detect_dialect(record) == dialect
    assert detect_dialect({"chosen": 1, "rejected": 2}) is None
