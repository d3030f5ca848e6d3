"""Prompts of files: read as ``train`` reads those of pairs, each with its id, or refused with the line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.engine import tiny
from training.engine.data.records import read_token_pairs
from training.engine.data.text import TextEncoder
from training.engine.errors import RecordError
from training.engine.methods.samples import Ids, read_prompts

HH = "\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: How?"
WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": {}}}
WITH_TOOLS = "{% if tools %}{{ tools | tojson }}{% endif %}{% for one in messages %}{{ one['content'] }}{% endfor %}:"


def read(folder: Path, encoder: TextEncoder, *records: dict[str, Any]) -> dict[Ids, str]:
    path = folder / "prompts.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    prompts, _ = read_prompts(path, encoder, max_tokens=4, max_length=1000)
    return prompts


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": "How?", "chosen": "So.", "rejected": "No."},
        {"prompt": f"{HH}\n\nAssistant:", "chosen": " So.", "rejected": " No."},
        {"chosen": f"{HH}\n\nAssistant: So.", "rejected": f"{HH}\n\nAssistant: No."},
        {
            "chosen": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "So."}],
            "rejected": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "No."}],
        },
        {"prompt_ids": [7, 8], "prompt": "How?", "chosen": "So.", "rejected": "No."},
    ],
    ids=["text", "transcript", "Anthropic's own files", "implicit", "ids"],
)
def test_the_prompt_of_a_pair_is_the_one_that_train_reads(
    tmp_path: Path, encoder: TextEncoder, record: dict[str, Any]
) -> None:
    (ids,) = read(tmp_path, encoder, record)
    (pair,) = read_token_pairs(tmp_path / "prompts.jsonl", encoder, max_length=1000).pairs
    assert ids == pair.prompt_ids


def test_tools_beside_a_prompt_or_in_its_message_are_read_with_it(tmp_path: Path) -> None:
    tokenizer = tiny.tokenizer()
    tokenizer.chat_template = WITH_TOOLS
    knows_tools = TextEncoder(tokenizer, eos_ids=frozenset({tiny.EOS}), vocabulary_size=tiny.VOCABULARY)
    asked = {"role": "user", "content": "Rain?"}
    beside, within, without = (
        list(read(tmp_path, knows_tools, record))
        for record in (
            {"prompt": "Rain?", "tools": [WEATHER]},
            {"prompt": [{**asked, "tools": json.dumps([WEATHER])}]},
            {"prompt": [asked]},
        )
    )
    assert beside == within != without
    assert "get_weather" in tokenizer.decode(list(beside[0]))


def test_a_prompt_keeps_its_first_lines_id_or_number(tmp_path: Path, encoder: TextEncoder) -> None:
    prompts = read(tmp_path, encoder, {"prompt": "a", "id": 7}, {"prompt": "a", "id": 7}, {"prompt": "b"})
    assert list(prompts.values()) == ["7", "line-3"]
    with pytest.raises(RecordError, match=r"prompts.jsonl:2: the id 'x' is that of line 1 too"):
        read(tmp_path, encoder, {"prompt": "a", "id": "x"}, {"prompt": "b", "id": "x"})


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({}, "'prompt' is missing"),
        ({"prompt": []}, "'prompt' is empty"),
        ({"prompt": 3}, "must be text or a list of messages, got int"),
        ({"prompt": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]}, "a known role and a text"),
        ({"prompt": ["a"]}, "a known role and a text"),
        ({"prompt": "a", "tools": "no JSON"}, "'tools' is not JSON"),
        ({"prompt": "a", "tools": [WEATHER]}, "knows no tools"),
        ({"prompt": "a", "id": [1]}, "'id' must be a string or an integer"),
        ({"prompt_ids": "123"}, "'prompt_ids' must be a list of integers"),
        ({"prompt_ids": [1.5]}, "'prompt_ids' must be a list of integers"),
        ({"prompt_ids": [10**6]}, "outside the vocabulary"),
        ({"prompt_ids": [-1]}, "outside the vocabulary"),
        ({"chosen": "a"}, "'rejected' is missing"),
    ],
)
def test_a_line_without_a_usable_prompt_is_refused_by_its_number(
    tmp_path: Path, encoder: TextEncoder, record: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RecordError, match=rf"prompts.jsonl:2: .*{reason}"):
        read(tmp_path, encoder, {"prompt": "fine"}, record)
