"""Every bad record is named by line and reason, and the good ones around it are kept."""

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.exchange import ImportedComparison, Rejected, UndetectedDialect, UnreadableInput
from tests.labeling.exchange.builders import as_lines, message, read, trl

GOOD = json.dumps(trl()).encode()
USER = message("user", "Tell me why.")


def refusal(bad: bytes | dict[str, object], dialect: str = "trl") -> Rejected:
    """The refusal of a record that stands on line 3 between good ones, all of which are kept."""
    line = bad if isinstance(bad, bytes) else json.dumps(bad).encode()
    good = GOOD if dialect == "trl" else json.dumps(TRANSCRIPT).encode()
    records = read(b"\n".join([good, b"", line, good]), dialect)
    assert [type(one) for one in records] == [ImportedComparison, Rejected, ImportedComparison]
    assert isinstance(records[1], Rejected)
    assert (records[1].line, records[1].record, records[2].line) == (3, 2, 4)
    return records[1]


TRANSCRIPT = {"chosen": "\n\nHuman: Q\n\nAssistant: A", "rejected": "\n\nHuman: Q\n\nAssistant: B"}


@pytest.mark.parametrize(
    ("bad", "code", "reason"),
    [
        (b'{"prompt": "a", ', "not_json", "Not valid JSON: Expecting property name"),
        (b"{", "not_json", "One record per line is expected."),
        (b"[1, 2]", "not_an_object", "a JSON array where an object is expected"),
        (b'"text"', "not_an_object", "a JSON string"),
        (b'{"prompt": "caf\xe9"}', "encoding", "Not UTF-8: byte 0xe9 at byte 16."),
        (b'{"prompt": "\xed\xa0\x80"}', "encoding", "Not UTF-8: byte 0xed"),
        (b'{"prompt": "a\x00b"}', "not_json", "Invalid control character"),
        (b'{"prompt": "a\\u0000b", "chosen": "x", "rejected": "y"}', "character", "the NUL character"),
        (b'{"prompt": "a", "chosen": "\\ud83d", "rejected": "y"}', "character", "half of a surrogate pair (U+D83D)"),
        (b'{"prompt": "a", "chosen": "x", "rejected": "y", "\\udc00": 1}', "character", "surrogate"),
        (b'{"prompt": "a", "prompt": "b", "chosen": "x", "rejected": "y"}', "duplicate_field", "'prompt' occurs twice"),
        (b'{"prompt": "a", "chosen": "x", "rejected": "y", "m": NaN}', "not_json", "the number NaN"),
        (b'{"prompt": "a", "chosen": "x", "rejected": "y", "m": 1e999}', "not_json", "'1e999' is too large"),
        (b'{"m": ' + b"9" * 5000 + b"}", "not_json", "a number has too many digits"),
        (b"[" * 100_000, "not_json", "nested more than 64 levels"),
        (b'{"m": ' + b"[" * 64 + b"]" * 64 + b"}", "not_json", "nested more than 64 levels"),
    ],
)
def test_bytes_that_are_no_storable_json_object(bad: bytes, code: str, reason: str) -> None:
    rejected = refusal(bad)
    assert rejected.code == code
    assert reason in rejected.reason


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        ({"prompt": None}, "wrong_type", "The prompt is a JSON null where text or a list of messages is expected."),
        ({"prompt": "  \n"}, "empty_prompt", "Message 1 of the prompt is empty."),
        ({"prompt": []}, "empty_prompt", "The prompt is empty."),
        ({"prompt": [USER, message("user", " ")]}, "empty_prompt", "Message 2 of the prompt is empty."),
        ({"prompt": [USER, message("assistant", "Hm")]}, "role", "The prompt ends with a message of 'assistant'"),
        (
            {"prompt": [USER, message("system", "Be kind."), USER]},
            "role",
            "Message 2 of the prompt is a system message",
        ),
        (
            {"prompt": [message("narrator", "Hm")]},
            "role",
            "Message 1 of the prompt has the role 'narrator'; known are system, user",
        ),
        ({"prompt": ["Hm", "Ho"]}, "wrong_type", "Message 1 of the prompt is a JSON string"),
        ({"prompt": [{"role": "user", "content": None}]}, "wrong_type", "Message 1 of the prompt has no text content."),
        ({"chosen": ""}, "empty_completion", "The completion 'chosen' is empty."),
        ({"rejected": " \n\t"}, "empty_completion", "The completion 'rejected' is empty."),
        ({"chosen": "same ", "rejected": "same"}, "identical_completions", "'chosen' and 'rejected' are identical."),
        ({"chosen": 5}, "wrong_type", "'chosen' is a JSON number where text or a list of messages is expected."),
        ({"chosen": [USER]}, "prompt_repeated", "Only one of 'chosen' and 'rejected' repeats the prompt."),
        (
            {"chosen": [message("assistant", "a"), USER]},
            "role",
            "'chosen' must begin and end with a message of 'assist",
        ),
        ({"chosen": []}, "role", "'chosen' must begin and end with a message"),
        (
            {"chosen": [{"role": ["assistant"], "content": "yes"}]},
            "role",
            "has the role ['assistant']; known are system",
        ),
        ({"chosen": [{"role": {"a": 1}, "content": "yes"}]}, "role", "has the role {'a': 1}"),
        ({"chosen": "\u200b", "rejected": "x"}, "empty_completion", "The completion 'chosen' is empty."),
        ({"prompt": "\u2060 \u200b"}, "empty_prompt", "Message 1 of the prompt is empty."),
        ({"chosen": "plum", "rejected": "pl\u200bum"}, "identical_completions", "look the same to a person"),
        ({"chosen": "a\r\nb", "rejected": "a\nb"}, "identical_completions", "look the same to a person"),
        ({"chosen": "a\u00a0b", "rejected": "a b"}, "identical_completions", "look the same to a person"),
        ({"chosen": "yes", "rejected": "yes\u0007"}, "identical_completions", "look the same to a person"),
        ({"chosen": "caf\u00e9", "rejected": "cafe\u0301"}, "identical_completions", "look the same to a person"),
        ({"tools": [{"type": "function"}]}, "tools", "The field 'tools' must be a list of tools, each with its name."),
        ({"tool_choice": "auto"}, "tools", "The record has the field 'tool_choice'"),
        ({"chat_template_kwargs": {"a": 1}}, "unkept_field", "The record has the field 'chat_template_kwargs'"),
        ({"chosen": [{**message("assistant", "a"), "reasoning_content": "x"}]}, "unkept_field", "'reasoning_content'"),
        ({"prompt": [{**USER, "images": ["aGk="]}]}, "unkept_field", "'images'"),
        ({"prompt": [{**USER, "image_url": "cat.png"}]}, "unkept_field", "'image_url'"),
        ({"chosen": [{**message("assistant", "a"), "reasoning_details": [{}]}]}, "unkept_field", "'reasoning_details'"),
        ({"documents": [{"text": "x"}]}, "unkept_field", "The record has the field 'documents'"),
        ({"prompt": [{**USER, "tool_calls": [{"id": 1}]}]}, "tools", "Message 1 of the prompt calls tools"),
        ({"prompt": "<|user|>\nHi</s>\n<|assistant|>\n"}, "rendered", "was rendered by a chat template"),
        ({"prompt": "[INST] Hi [/INST]"}, "rendered", "was rendered by a chat template"),
        ({"prompt": [{"role": "user", "content": [{"type": "image"}]}]}, "content_part", "a part of the type 'image'"),
        ({"system": "Be brief.", "prompt": [message("system", "Be long."), USER]}, "system", "contradicts the system"),
    ],
)
def test_objects_that_are_no_comparison(change: dict[str, object], code: str, reason: str) -> None:
    rejected = refusal({**trl(), **change})
    assert rejected.code == code
    assert reason in rejected.reason


@pytest.mark.parametrize("field", ["prompt", "chosen", "rejected"])
def test_a_missing_field_is_named(field: str) -> None:
    record = trl()
    del record[field]
    assert refusal(record).reason == f"The field '{field}' is missing."


def test_a_prompt_repeated_in_the_completions_would_train_a_silently_wrong_model() -> None:
    asked = "Write a poem about the sea."
    texts: dict[str, object] = {"prompt": asked, "chosen": f"{asked} The sea", "rejected": f"{asked} Blue"}
    assert refusal(texts).code == "prompt_repeated"
    [kept] = read([trl("Hi", "Hi there", "Hi you")])  # chance, not the prompt again
    assert isinstance(kept, ImportedComparison)


@pytest.mark.parametrize(
    ("chosen", "rejected", "code"),
    [
        ("\n\nHuman: Q\n\nAssistant: A", "\n\nHuman: Other\n\nAssistant: B", "different_prompts"),
        ("\n\nHuman: Q\n\nAssistant: A\n\nAssistant: A2", "\n\nHuman: Q\n\nAssistant: B", "different_prompts"),
        ("\n\nHuman: Q", "\n\nHuman: Q", "transcript"),
        ("Q", "B", "transcript"),
        ("\n\nAssistant: A", "\n\nAssistant: B", "transcript"),
        ("Well\n\nHuman: Q\n\nAssistant: A", "Well\n\nHuman: Q\n\nAssistant: B", "transcript"),
        ("\n\nHuman: Q\n\nAssistant: A\n\nHuman: Q2", "\n\nHuman: Q\n\nAssistant: B", "transcript"),
        ("\n\nHuman: Q\n\nAssistant:  ", "\n\nHuman: Q\n\nAssistant: B", "empty_completion"),
        ("\n\nHuman: \n\nAssistant: A", "\n\nHuman: \n\nAssistant: B", "empty_prompt"),
    ],
)
def test_hh_transcripts_that_break_the_rule_of_the_shared_beginning(chosen: str, rejected: str, code: str) -> None:
    assert refusal({"chosen": chosen, "rejected": rejected}, "hh").code == code


def test_implicit_conversations_must_share_all_but_the_last_message() -> None:
    one, other = message("assistant", "A"), message("assistant", "B")
    records: list[object] = [
        {"chosen": [USER, one], "rejected": [message("user", "Else"), other]},
        {"chosen": [USER, one], "rejected": [USER]},
        {"chosen": [one], "rejected": [other]},
        {"chosen": [], "rejected": []},
    ]
    entries = read(records, "trl-implicit")
    assert [one.code for one in entries if isinstance(one, Rejected)] == [
        "different_prompts",
        "role",
        "empty_prompt",
        "role",
    ]


@pytest.mark.parametrize("value", [0, 2.5, -1, "first", True, [1]])
def test_an_unknown_preference_is_an_error_and_not_a_tie(value: object) -> None:
    record = {"instruction": "Q", "output_1": "A", "output_2": "B", "preference": value}
    [rejected] = read([record])
    assert isinstance(rejected, Rejected)
    assert rejected.code == "preference"


def test_openai_records_with_nameless_tools_are_refused() -> None:
    record = {
        "input": {"messages": [USER], "tools": [{"type": "function"}]},
        "preferred_output": [message("assistant", "A")],
        "non_preferred_output": [message("assistant", "B")],
    }
    records = read([record, {**record, "input": "Q"}])
    assert [one.code for one in records if isinstance(one, Rejected)] == ["tools", "wrong_type"]


def test_an_excerpt_is_short_and_can_be_stored() -> None:
    rejected = refusal(b'{"prompt": \x00\xff' + b"x" * 5000)
    assert len(rejected.excerpt) == 120
    assert "\x00" not in rejected.excerpt
    assert rejected.as_dict()["excerpt"] == rejected.excerpt


def test_a_bad_element_of_an_array_costs_only_itself() -> None:
    data = b"[" + GOOD + b",\n {oops},\n" + GOOD + b', {"prompt": "a,]}\\"[{"},' + GOOD + b"]"
    records = read(data)
    assert [type(one) for one in records] == [
        ImportedComparison,
        Rejected,
        ImportedComparison,
        Rejected,
        ImportedComparison,
    ]
    assert [(one.line, one.record) for one in records] == [(1, 1), (2, 2), (3, 3), (3, 4), (3, 5)]


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (b"", "ends too early"),
        (b",", "ends too early"),
        (b', {"prompt": "a', "ends too early"),
        (b"] x", "after the end of the JSON array"),
        (b"][" + GOOD + b"]", "after the end of the JSON array"),
    ],
)
def test_a_broken_end_of_an_array_is_named_and_what_came_before_is_kept(end: bytes, reason: str) -> None:
    records = read(b"[" + GOOD + b",\n" + GOOD + end)
    *kept, last = records
    assert isinstance(last, Rejected)
    assert reason in last.reason
    assert last.line == 2
    assert kept
    assert all(isinstance(one, ImportedComparison) for one in kept)


def test_windows_line_ends_and_byte_order_marks_do_no_harm() -> None:
    mark = b"\xef\xbb\xbf"
    data = mark + GOOD + b"\r\n" + mark + GOOD + b"\r\n\r\n" + GOOD
    assert [(type(one), one.line) for one in read(data)] == [
        (ImportedComparison, 1),
        (ImportedComparison, 2),
        (ImportedComparison, 4),
    ]
    assert [type(one) for one in read(mark + b"[" + GOOD + b"]")] == [ImportedComparison]


def test_nothing_is_refused_twice_or_lost() -> None:
    lines = [GOOD, b"oops", as_lines([{**trl(), "chosen": ""}]).strip(), GOOD, b"\xff", GOOD] * 20
    records = read(b"\n".join(lines))
    assert [one.line for one in records] == list(range(1, 121))
    assert sum(isinstance(one, Rejected) for one in records) == 60


def test_nesting_up_to_the_limit_is_kept() -> None:
    deep = b'{"prompt": "Why?", "chosen": "a", "rejected": "b", "m": ' + b"[" * 63 + b"]" * 63 + b"}"
    wide = json.dumps({**trl(), "m": [[]] * 500}).encode()
    assert [type(one) for one in read(deep + b"\n" + wide)] == [ImportedComparison] * 2


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_whatever_is_thrown_at_it_each_record_is_taken_or_refused(data: st.DataObject) -> None:
    """Valid files with bytes cut out, doubled or overwritten; and pure noise."""
    lines = [json.dumps(one).encode() for one in (trl(), {**trl(), "id": "é"}, TRANSCRIPT)]
    original = data.draw(
        st.sampled_from([b"\n".join(lines), b"[" + b",".join(lines) + b"]", gzip.compress(b"\n".join(lines))])
        | st.binary(max_size=60)
    )
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(original))] * 2)))
    noise = data.draw(st.binary(max_size=6) | st.sampled_from([b"\\", b'"', b"]", b"{", b"\\u0000", b"\xff", b"\n"]))
    for dialect in ("auto", "trl", "hh", "alpacaeval", "openai", "trl-implicit"):
        try:
            records = read(original[:start] + noise + original[end:], dialect)
        except (UndetectedDialect, UnreadableInput):
            continue  # said once, for the whole file
        for one in records:
            one_text = one.reason if isinstance(one, Rejected) else one.first.text + one.second.text
            assert one_text.encode()
            assert not isinstance(one, Rejected) or one.code != "unexpected"
            assert "\x00" not in one_text
        assert [one.record for one in records] == list(range(1, len(records) + 1))
