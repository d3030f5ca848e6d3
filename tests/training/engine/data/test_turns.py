"""Tools and completions of several turns in chat templates: what is read, what is learned, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
import trl
from transformers import AutoTokenizer

from training.engine.data.packing import pack_row
from training.engine.data.records import read_token_pairs
from training.engine.data.text import TextEncoder
from training.engine.data.turns import ConversationRefused, rendered_conversation
from training.engine.errors import RecordError
from training.engine.learning.reference_cache import completion_key
from training.language_models.messages import Message

TEMPLATES = Path(trl.__file__).parent / "chat_templates"
WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "The sky.", "parameters": {}}}
TOOLS = json.dumps([WEATHER])
ARGUMENTS = '{"town": "Oslo", "at": "noon"}'
PROMPT: list[Message] = [{"role": "user", "content": "Weather in Oslo?", "tools": TOOLS}]
TURNS: list[Message] = [
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"type": "function", "function": {"name": "get_weather", "arguments": ARGUMENTS}}],
    },
    {"role": "tool", "content": "rain"},
    {"role": "assistant", "content": "It rains."},
    {"role": "user", "content": "Sure?"},
    {"role": "assistant", "content": "Yes."},
]
WRITTEN = (
    f'<tool_call>\n{{"name": "get_weather", "arguments": {ARGUMENTS}}}\n</tool_call><|im_end|>'
    "It rains.<|im_end|>Yes.<|im_end|>"
)
"""By hand: what the assistant writes in these turns, and the ends of its turns."""


def encoder_of(model: Path, template: str) -> TextEncoder:
    tokenizer = AutoTokenizer.from_pretrained(model)
    if template:
        tokenizer.chat_template = (TEMPLATES / f"{template}.jinja").read_text()
    eos: Any = tokenizer.convert_tokens_to_ids("<|im_end|>")
    return TextEncoder(tokenizer, eos_ids=frozenset({eos}), vocabulary_size=len(tokenizer))


@pytest.mark.parametrize("template", ["qwen2_5", "qwen2_5_training"])
def test_only_the_assistants_tokens_are_learned(smollm2: Path, template: str) -> None:
    encoder = encoder_of(smollm2, template)
    ids, is_scored = encoder.encode_turns(PROMPT, TURNS, ended=True)
    learned = [token for token, counts in zip(ids, is_scored, strict=True) if counts]
    assert encoder.tokenizer.decode(learned) == WRITTEN
    unended, _ = encoder.encode_turns(PROMPT, TURNS, ended=False)
    assert unended == ids[:-1]


@pytest.mark.parametrize("turns", [TURNS, TURNS[:1]])
def test_the_tokens_are_those_of_trl(smollm2: Path, turns: list[Message]) -> None:
    """As DPOTrainer tokenises: the conversation as a whole. It also trains the template's line break at the end."""
    encoder = encoder_of(smollm2, "qwen2_5")

    def of_trl(messages: list[Message], **options: Any) -> list[int]:
        plain: list[dict[str, Any]] = [{**one} for one in messages]
        for one in plain:
            one.pop("tools", None)
            for call in one.get("tool_calls", []):
                call["function"] = {"name": call["function"]["name"], "arguments": json.loads(ARGUMENTS)}
        ids: list[int] = encoder.tokenizer.apply_chat_template(
            json.loads(json.dumps(plain)), tools=[WEATHER], return_dict=False, **options
        )
        return ids

    copied: list[Message] = json.loads(json.dumps(turns))
    prompt = encoder.encode_prompt(PROMPT)
    ids, _ = encoder.encode_turns(PROMPT, turns, ended=True)
    assert list(prompt) == of_trl(PROMPT, add_generation_prompt=True)
    assert [*prompt, *ids, *encoder.tokenizer("\n")["input_ids"]] == of_trl([*PROMPT, *copied])


def test_a_template_that_knows_no_tools_refuses_them_by_name(smollm2: Path) -> None:
    encoder = encoder_of(smollm2, "")
    with pytest.raises(ConversationRefused, match="knows no tools"):
        encoder.encode_prompt(PROMPT)
    plain: list[Message] = [{"role": "user", "content": "Weather?"}]
    with pytest.raises(ConversationRefused, match="leaves out the call of a tool"):
        encoder.encode_turns(plain, TURNS, ended=True)
    ids, is_scored = encoder.encode_turns(plain, TURNS[2:], ended=True)
    learned = [token for token, counts in zip(ids, is_scored, strict=True) if counts]
    assert encoder.tokenizer.decode(learned) == "It rains.<|im_end|>Yes.<|im_end|>"


MARKED = (
    "{% for one in messages %}{{ '<|im_start|>' + one.role }}{% if one.role == 'assistant' %}"
    "{% generation %}{{ '\\n' + one.content + '<|im_end|>' }}{% endgeneration %}{{ ' (end)' if loop.last }}"
    "{% else %}{{ '\\n' + one.content + '<|im_end|>' }}{% endif %}{{ '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""Marks what the assistant says, from the line break on, and writes something after the last turn alone."""


def test_marks_of_the_assistants_text_are_used_where_turns_change_with_later_ones(smollm2: Path) -> None:
    encoder = encoder_of(smollm2, "")
    encoder.tokenizer.chat_template = MARKED
    ids, is_scored = encoder.encode_turns([{"role": "user", "content": "Weather?"}], TURNS[2:], ended=True)
    learned = [token for token, counts in zip(ids, is_scored, strict=True) if counts]
    assert encoder.tokenizer.decode(learned) == "It rains.<|im_end|>Yes.<|im_end|>"
    assert encoder.tokenizer.decode(ids) == (
        "It rains.<|im_end|>\n<|im_start|>user\nSure?<|im_end|>\n<|im_start|>assistant\nYes.<|im_end|>"
    )


def test_a_template_that_renders_earlier_turns_otherwise_is_refused(smollm2: Path) -> None:
    with pytest.raises(ConversationRefused, match="turn 1 of the completion otherwise"):
        encoder_of(smollm2, "qwen3").encode_turns(PROMPT[:1], TURNS[2:], ended=True)


def test_a_model_without_a_template_has_neither_tools_nor_turns(
    encoder: TextEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder.tokenizer, "chat_template", None)
    with pytest.raises(ConversationRefused, match="no chat template"):
        encoder.encode_prompt(PROMPT)
    with pytest.raises(ConversationRefused, match="no chat template"):
        encoder.encode_turns([{"role": "user", "content": "a"}], TURNS[2:], ended=True)


def test_a_turn_that_spells_a_control_token_ends_nothing(smollm2: Path) -> None:
    encoder = encoder_of(smollm2, "qwen2_5")
    turns: list[Message] = [
        TURNS[2],
        {"role": "user", "content": "a<|im_end|>b"},
        {**TURNS[4], "content": "<|im_end|>"},
    ]
    ids, is_scored = encoder.encode_turns(PROMPT, turns, ended=True)
    end = encoder.turn_end
    assert ids.count(end) == 3
    learned = [token for token, counts in zip(ids, is_scored, strict=True) if counts]
    assert learned.count(end) == 2
    assert encoder.tokenizer.decode(learned) == "It rains.<|im_end|><|im_end|><|im_end|>"


def line(path: Path, **changes: Any) -> Path:
    record: dict[str, Any] = {
        "prompt": [{"role": "user", "content": "Weather in Oslo?"}],
        "tools": [WEATHER],
        "chosen": json.loads(json.dumps(TURNS)),
        "rejected": "No idea.",
        **changes,
    }
    data = path / "pairs.jsonl"
    data.write_text(json.dumps(record) + "\n")
    return data


def test_pairs_with_tools_and_turns_are_read_and_packed_with_labels_of_the_assistant(
    smollm2: Path, tmp_path: Path
) -> None:
    encoder = encoder_of(smollm2, "qwen2_5")
    [pair] = read_token_pairs(line(tmp_path), encoder, max_length=2048).pairs
    assert pair.prompt_ids == encoder.encode_prompt(PROMPT)
    assert encoder.tokenizer.decode(pair.scored_ids[0]) == WRITTEN
    assert pair.scored_ids[1] == pair.rejected_ids
    row = pack_row([pair], [0], share=True)
    chosen = row.sides == 0
    assert row.targets[chosen].tolist() == list(pair.scored_ids[0])
    # The place before each label holds the token before it in the conversation.
    before = [
        ids
        for ids, counts in zip((pair.prompt_ids[-1], *pair.chosen_ids), pair.is_scored[0] or (), strict=False)
        if counts
    ]
    assert row.input_ids[row.places[chosen]].tolist() == before


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tools": "no JSON"}, "'tools' is not JSON"),
        ({"tools": [1]}, "'tools' must be a list of tools"),
        ({"chosen": [{"role": "assistant", "content": None, "tool_calls": [{}]}]}, "calls of tools by the assistant"),
        ({"chosen": [TURNS[2], TURNS[3]]}, "must begin and end with an assistant message"),
        ({"chosen_ids": [1, 2]}, "cannot be those of a completion with turns"),
    ],
)
def test_lines_that_are_no_conversation_are_refused_by_line(
    smollm2: Path, tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RecordError, match=reason):
        read_token_pairs(line(tmp_path, **changes), encoder_of(smollm2, "qwen2_5"), max_length=2048)
    with pytest.raises(RecordError, match=r"pairs.jsonl:1: .*knows no tools"):
        read_token_pairs(line(tmp_path), encoder_of(smollm2, ""), max_length=2048)


def test_another_count_of_the_same_tokens_is_another_reference() -> None:
    same = completion_key((1,), (2, 3))
    assert same == completion_key((1,), (2, 3), None) != completion_key((1,), (2, 3), (True, False))


WITHOUT_SYSTEM = (
    "{% for one in messages %}{% if one.role != 'system' %}{{ '<|im_start|>' + one.role + '\\n' + one.content }}"
    "{{ '<|im_end|>\\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
WITHOUT_CALLS = "{% if tools %}{{ tools | tojson }}{% endif %}" + WITHOUT_SYSTEM


@pytest.mark.parametrize("asked", ["Why did you say 'Be kind.'?", "Be kind."])
def test_a_text_that_is_left_out_is_missed_though_another_message_holds_it(smollm2: Path, asked: str) -> None:
    encoder = encoder_of(smollm2, "")
    messages: list[Message] = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": asked}]
    assert encoder.encode_prompt(messages)
    encoder.tokenizer.chat_template = WITHOUT_SYSTEM
    with pytest.raises(ConversationRefused, match=r"leaves out message 1 \(system\)"):
        encoder.encode_prompt(messages)


def test_a_call_that_is_left_out_is_missed_though_the_list_of_tools_has_its_name(smollm2: Path) -> None:
    encoder = encoder_of(smollm2, "")
    encoder.tokenizer.chat_template = WITHOUT_CALLS
    with pytest.raises(ConversationRefused, match="leaves out the call of a tool"):
        encoder.encode_turns(PROMPT[-1:], TURNS, ended=True)


def test_a_template_that_shows_only_the_first_of_several_calls_is_refused(smollm2: Path) -> None:
    encoder = encoder_of(smollm2, "")
    shown = "{% for m in messages %}{{ m.content }}{{ m.tool_calls[0].function.name if m.tool_calls }}{% endfor %}"
    encoder.tokenizer.chat_template = "{{ tools | tojson if tools }}" + shown + "<|im_end|>"
    [call] = TURNS[0]["tool_calls"]
    two: list[Message] = [{**TURNS[0], "tool_calls": [call, {**call}]}]
    assert "get_weather" in rendered_conversation(encoder.tokenizer, [*PROMPT, *TURNS[:1]], to_reply=False)
    with pytest.raises(ConversationRefused, match="leaves out the call of a tool"):
        rendered_conversation(encoder.tokenizer, [*PROMPT, *two], to_reply=False)


def test_a_turn_that_begins_as_the_templates_opening_ends_keeps_its_beginning(smollm2: Path) -> None:
    encoder = encoder_of(smollm2, "")
    encoder.tokenizer.chat_template = MARKED.replace(
        "{% generation %}{{ '\\n' + one.content", "{{ '\\n' }}{% generation %}{{ one.content"
    )
    turns: list[Message] = [{**TURNS[2], "content": "\n\nIt rains."}, *TURNS[3:]]
    ids, is_scored = encoder.encode_turns([{"role": "user", "content": "Weather?"}], turns, ended=True)
    learned = [token for token, counts in zip(ids, is_scored, strict=True) if counts]
    assert encoder.tokenizer.decode(learned) == "\n\nIt rains.<|im_end|>Yes.<|im_end|>"
