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
