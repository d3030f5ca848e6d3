"""The conversation of a record: the dialects of files from outside that have no prompt of their own."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.engine.tiny import tokenizer
from training.engine.data.records import TokenPair, read_token_pairs
from training.engine.data.text import TextEncoder
from training.engine.errors import RecordError

SHARED = "\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: How?"


def read(path: Path, encoder: TextEncoder, record: dict[str, Any]) -> TokenPair:
    (path / "pairs.jsonl").write_text(json.dumps(record))
    (pair,) = read_token_pairs(path / "pairs.jsonl", encoder, max_length=1000).pairs
    return pair


def decoded(*ids: tuple[int, ...]) -> list[str]:
    return [str(tokenizer().decode(list(each))) for each in ids]


@pytest.mark.parametrize(
    "record",
    [
        {"chosen": f"{SHARED}\n\nAssistant: Like this.", "rejected": f"{SHARED}\n\nAssistant: No."},
        {"prompt": f"{SHARED}\n\nAssistant:", "chosen": " Like this.", "rejected": " No."},
    ],
    ids=["Anthropic's own files", "a transcript as the prompt"],
)
def test_transcripts_become_turns(tmp_path: Path, encoder: TextEncoder, record: dict[str, Any]) -> None:
    pair = read(tmp_path, encoder, record)
    assert decoded(pair.prompt_ids, pair.chosen_ids, pair.rejected_ids) == [
        "<s>user\nHi</s>\n<s>assistant\nHello.</s>\n<s>user\nHow?</s>\n<s>assistant\n",
        "Like this.</s>",
        "No.</s>",
    ]


def test_the_common_beginning_of_two_texts_is_the_prompt(tmp_path: Path, encoder: TextEncoder) -> None:
    beginning = "Name a fruit that is red:"
    pair = read(tmp_path, encoder, {"chosen": f"{beginning} an apple", "rejected": f"{beginning} a plum"})
    assert decoded(pair.prompt_ids, pair.chosen_ids, pair.rejected_ids) == [
        f"<s>user\n{beginning}</s>\n<s>assistant\n",
        "an apple</s>",
        "a plum</s>",
    ]


@pytest.mark.parametrize(
    ("chosen", "rejected", "reason"),
    [
        ("one thing", "another", "'prompt' is missing, and 'chosen' and 'rejected' share no beginning"),
        (f"{SHARED}\n\nAssistant: a", "\n\nHuman: Who?\n\nAssistant: b", "differ before the last"),
        (f"{SHARED}\n\nAssistant: a\n\nHuman: b", f"{SHARED}\n\nAssistant: c", "continues with another"),
    ],
)
def test_texts_without_a_prompt_are_refused_by_line_and_reason(
    tmp_path: Path, encoder: TextEncoder, chosen: str, rejected: str, reason: str
) -> None:
    with pytest.raises(RecordError, match=rf"pairs\.jsonl:1: .*{reason}"):
        read(tmp_path, encoder, {"chosen": chosen, "rejected": rejected})


@pytest.mark.parametrize(
    ("fields", "prompt"),
    [
        ({"prompt": "Hi", "system": "Be brief."}, "<s>system\nBe brief.</s>\n<s>user\nHi</s>\n"),
        (
            {"prompt": [{"role": "user", "content": "Hi"}], "system_prompt": "Be brief."},
            "<s>system\nBe brief.</s>\n<s>user\nHi</s>\n",
        ),
        ({"instruction": "Shorten it.", "input": "A long text."}, "<s>user\nShorten it.\n\nA long text.</s>\n"),
        ({"question": "Hi", "input": ""}, "<s>user\nHi</s>\n"),
        ({"question": "Hi", "context": ["One.", "Two."]}, "<s>user\nHi\n\nOne.\n\nTwo.</s>\n"),
        (
            {"prompt": "And now?", "history": [["Hi", "Hello."]]},
            "<s>user\nHi</s>\n<s>assistant\nHello.</s>\n<s>user\nAnd now?</s>\n",
        ),
        (
            {"prompt": "And now?", "history": [{"role": "user", "content": "And now?"}], "context": "A text."},
            "<s>user\nAnd now?\n\nA text.</s>\n",
        ),
        (
            {
                "prompt": "Hi",
                "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
            },
            "<s>system\nBe brief.</s>\n<s>user\nHi</s>\n",
        ),
    ],
    ids=["system", "beside messages", "Alpaca", "question", "passages", "history", "turns", "messages beside"],
)
def test_all_fields_of_a_prompt_are_learned_from(
    tmp_path: Path, encoder: TextEncoder, fields: dict[str, Any], prompt: str
) -> None:
    pair = read(tmp_path, encoder, {**fields, "chosen": "Like this.", "rejected": "No."})
    assert decoded(pair.prompt_ids, pair.chosen_ids) == [f"{prompt}<s>assistant\n", "Like this.</s>"]


def test_sides_may_repeat_the_prompt_as_messages_with_and_without_its_system_message(
    tmp_path: Path, encoder: TextEncoder
) -> None:
    system, user = {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}
    chosen, rejected = ({"role": "assistant", "content": text} for text in ("Like this.", "No."))
    record = {"prompt": [user], "system": "Be brief.", "chosen": [system, user, chosen], "rejected": [user, rejected]}
    pair = read(tmp_path, encoder, record)
    assert decoded(pair.prompt_ids, pair.chosen_ids, pair.rejected_ids) == [
        "<s>system\nBe brief.</s>\n<s>user\nHi</s>\n<s>assistant\n",
        "Like this.</s>",
        "No.</s>",
    ]


def test_a_model_may_repeat_the_question_in_what_it_wrote(tmp_path: Path, encoder: TextEncoder) -> None:
    pair = read(
        tmp_path, encoder, {"prompt": [{"role": "user", "content": LONG}], "chosen": f"{LONG} 8", "rejected": LONG}
    )
    assert decoded(pair.chosen_ids) == [f"{LONG} 8</s>"]


USER = {"role": "user", "content": "Hi"}
LONG = "How many legs has a spider?"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"prompt": "Hi", "images": ["a.png"]}, "'images' changes what the model sees"),
        ({"prompt": "Hi", "functions": [{"name": "add"}]}, "'functions' changes what the model sees"),
        (
            {"prompt": "Hi", "chat_template_kwargs": {"enable_thinking": True}},
            "'chat_template_kwargs' changes what the model sees",
        ),
        ({"prompt": [USER], "input": "A text."}, "'input' changes what the model sees"),
        ({"prompt": [USER], "history": [["a", "b"]]}, "'history' changes what the model sees"),
        ({"prompt": "Hi", "history": ["a", "b"]}, "'history' must be a list of messages"),
        ({"prompt": "Hi", "system": ["Be brief."]}, "'system' must be a text"),
        ({"prompt": "Bye", "messages": [USER]}, "'prompt' is no message of the user in 'messages'"),
        (
            {"prompt": [{"role": "system", "content": "Be long."}, USER], "system": "Be brief."},
            "'system' contradicts the system message",
        ),
        (
            {"prompt": "Hi", "chosen": [{"role": "assistant", "content": "a", "reasoning_content": "Hm."}]},
            "'chosen' holds a message with 'reasoning_content'",
        ),
        ({"prompt": LONG, "chosen": f"{LONG} 8", "rejected": f" {LONG} 6"}, "the prompt is repeated"),
        ({"prompt": [USER, {"role": "assistant", "content": "Yes"}]}, "'prompt' must end with a user or a tool"),
        (
            {
                "prompt": f"{SHARED}\n\nAssistant:",
                "chosen": f"{SHARED}\n\nAssistant: a",
                "rejected": f"{SHARED}\n\nAssistant: b",
            },
            "the prompt is repeated",
        ),
    ],
)
def test_what_cannot_be_learned_from_is_refused_by_line_and_field(
    tmp_path: Path, encoder: TextEncoder, fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RecordError, match=rf"pairs\.jsonl:1: .*{reason}"):
        read(tmp_path, encoder, {"chosen": "a", "rejected": "b", **fields})
