"""Prompts come as JSON in several shapes, or as plain lines."""

import io
import json

import pytest

from labeling.exchange import ImportedPrompt, Rejected, UnknownDialect, UnreadableInput, read_prompts
from labeling.exchange.reading import PromptForm
from tests.labeling.exchange.builders import as_lines, message


def read(data: bytes, form: PromptForm = "auto") -> list[ImportedPrompt | Rejected]:
    return list(read_prompts(io.BytesIO(data), form=form))


def test_every_shape_of_prompt_is_read() -> None:
    talk = [
        message("system", "Be brief."),
        message("user", "Hi"),
        message("assistant", "Hello"),
        message("user", "Bye"),
    ]
    records = [
        {"prompt": "Why?", "id": "p1", "tags": ["short", "short", "why"]},
        {"prompt": talk, "tags": "chat", "source": "us"},
        {"messages": talk},
        {"question_id": 81, "category": "writing", "turns": ["First", "Second"]},
        "Just a text",
    ]
    for data in (as_lines(records), json.dumps(records, indent=1).encode()):
        one, two, three, four, five = read(data)
        assert isinstance(one, ImportedPrompt)
        assert (one.messages, one.external_id, one.tags) == ([message("user", "Why?")], "p1", ("short", "why"))
        assert isinstance(two, ImportedPrompt)
        assert (two.messages, two.tags, two.metadata) == (talk, ("chat",), {"source": "us"})
        assert isinstance(three, ImportedPrompt)
        assert three.messages == talk
        assert isinstance(four, ImportedPrompt)
        assert (four.messages, four.external_id, four.tags) == ([message("user", "First")], "81", ("writing",))
        assert four.metadata == {"later_turns": ["Second"]}
        assert isinstance(five, ImportedPrompt)
        assert five.messages == [message("user", "Just a text")]


def test_turns_keep_the_system_message_beside_them_and_among_them() -> None:
    talk = [message("system", "Be brief."), message("user", "First")]
    records = [{"turns": ["First", "Second"], "system_prompt": "Be brief."}, {"turns": talk}]
    assert [one.messages for one in read(as_lines(records)) if isinstance(one, ImportedPrompt)] == [talk, talk]


HEADERS = ["Prompt,Category", "PROMPT;category", "query,category", "Question\tCategory", "instruction,CATEGORY"]


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_in_capitals_or_of_a_query_is_no_prompt(header: str) -> None:
    delimiter = next(one for one in ",;\t" if one in header)
    (one,) = read(f"{header}\nWhy?{delimiter}science\n".encode())
    assert isinstance(one, ImportedPrompt)
    assert ([turn["content"] for turn in one.messages], one.tags, one.form) == (["Why?"], ("science",), "json")


@pytest.mark.parametrize("column", ["Prompt", "prompt"])
def test_a_mapping_may_name_a_column_as_the_file_does_or_in_lower_case(column: str) -> None:
    (one,) = list(read_prompts(io.BytesIO(b"Prompt,Category\nWhy?,science\n"), mapping={"prompt": column}))
    assert isinstance(one, ImportedPrompt)
    assert one.messages[0]["content"] == "Why?"


def test_lines_that_nobody_called_plain_text_are_noted() -> None:
    (one,) = read(b"Why?")
    (asked,) = read(b"Why?", "text")
    assert isinstance(one, ImportedPrompt)
    assert isinstance(asked, ImportedPrompt)
    assert (one.warnings, asked.warnings) == (("lines",), ())


def test_plain_lines_are_prompts() -> None:
    prompts = read("Why is the sky blue?\r\n\n[Shout] Café?\n".encode())
    assert [(one.line, one.messages[0]["content"]) for one in prompts if isinstance(one, ImportedPrompt)] == [
        (1, "Why is the sky blue?"),
        (3, "[Shout] Café?"),
    ]
    assert [type(one) for one in read(b'["a", "b"]', "text")] == [ImportedPrompt]


def test_bad_prompts_are_named_and_the_others_kept() -> None:
    lines = [
        b'{"prompt": "good"}',
        b'{"prompt": ""}',
        b'{"text": "x"}',
        b'{"messages": [{"role": "assistant", "content": "x"}]}',
        b'{"turns": []}',
        b'{"prompt": "x", "tags": [1]}',
        b'{"prompt": "x", "tags": ["' + b"t" * 81 + b'"]}',
        b'{"prompt": "\\u0000"}',
        b"7",
        b'{"prompt": "good"}',
    ]
    prompts = read(b"\n".join(lines))
    assert [one.line for one in prompts if isinstance(one, ImportedPrompt)] == [1, 10]
    assert [(one.line, one.code) for one in prompts if isinstance(one, Rejected)] == [
        (2, "empty_prompt"),
        (3, "missing_field"),
        (4, "role"),
        (5, "wrong_type"),
        (6, "wrong_type"),
        (7, "too_long"),
        (8, "character"),
        (9, "not_an_object"),
    ]


def test_plain_lines_that_cannot_be_stored_are_named() -> None:
    prompts = read(b"good\nb\x00d\n\xff\n" + b"x" * 2_000_000 + b"\ngood")
    assert [(one.line, one.code) for one in prompts if isinstance(one, Rejected)] == [
        (2, "character"),
        (3, "encoding"),
        (4, "too_large"),
    ]
    assert [one.line for one in prompts if isinstance(one, ImportedPrompt)] == [1, 5]


def test_an_empty_file_has_no_prompts_and_an_unknown_form_is_refused() -> None:
    assert read(b"") == []
    with pytest.raises(UnknownDialect, match="csv"):
        read_prompts(io.BytesIO(b""), form="csv")  # type: ignore[arg-type]


def test_lines_that_are_json_texts_lose_their_quotation_marks() -> None:
    texts = ["Why?", 'Say "no".', "a\nb"]
    data = "\n".join(map(json.dumps, texts)).encode()
    assert [one.messages for one in read(data) if isinstance(one, ImportedPrompt)] == [
        [message("user", text)] for text in texts
    ]
    quoted = b'"To be" - who wrote it?\n"Why?"\n'
    assert [one.messages[0]["content"] for one in read(quoted) if isinstance(one, ImportedPrompt)][1] == '"Why?"'


@pytest.mark.parametrize(
    "data",
    [b"text,source\nWhy?,web\nHow?,web\n", b'"id";"text"\n"1";"Why; so?"\n"2";"How?"\n', b"id\ttext\n1\ta\n2\tb\n"],
)
def test_a_table_of_unknown_columns_is_refused_and_no_list_of_lines(data: bytes) -> None:
    with pytest.raises(UnreadableInput, match=r"a table with the columns (text, source|id, text)"):
        read(data)
    assert len(read(data, "text")) == 3
    (one, _) = list(read_prompts(io.BytesIO(data), mapping={"prompt": "text"}))
    assert isinstance(one, ImportedPrompt)
    assert one.form == "json"


def test_texts_with_commas_are_texts() -> None:
    data = b"Apples, pears\nRed, green\nOne, two\n"
    assert [one.messages[0]["content"] for one in read(data) if isinstance(one, ImportedPrompt)][2] == "One, two"


def test_the_instructions_of_a_request_are_its_system_message() -> None:
    body = {"model": "m", "instructions": "Be brief.", "input": "Why?"}
    [one] = read(as_lines([{"custom_id": "r1", "url": "/v1/responses", "body": body}]))
    assert isinstance(one, ImportedPrompt), one
    assert one.messages == [message("system", "Be brief."), message("user", "Why?")]
    assert one.metadata == {"url": "/v1/responses", "body_fields": {"model": "m"}}
