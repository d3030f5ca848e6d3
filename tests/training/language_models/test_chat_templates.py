"""A template rendered without its tokenizer gives what the tokenizer gives, and says what it refuses or leaves out."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from tests.training.tiny import CHAT_TEMPLATE
from training.language_models.chat_templates import ChatTemplate, TemplateRefusal
from training.language_models.messages import Message, template_messages, template_tools

ALTERNATING = """{{ bos_token }}{% for m in messages %}
{%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}{% endif %}
{%- if m['role'] == 'user' %}[INST] {{ m['content'] | trim }} [/INST]{% else %} {{ m['content'] }}{{ eos_token }}
{%- endif %}{% endfor %}"""
FORGETFUL = """{% for m in messages if m.role != 'system' %}<|im_start|> {{ m.role }} {{ m.content }} <|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|> assistant {% endif %}"""
MODERN = """{%- set ns = namespace(first=true) -%}{{ messages[0] | tojson }} {{ strftime_now('%Y') }}
{% for m in messages %}{% if m.role == 'skip' %}{% continue %}{% endif %}
{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{% else %}{{ m.content }}{% endif %}
{% endfor %}"""


def talk(*turns: str) -> list[Message]:
    """Turns as in "user: hello"."""
    pairs = [turn.split(": ", 1) for turn in turns]
    return [Message(role=role, content=content) for role, content in pairs]


def folder_with(tiny_model: Path, target: Path, template: str | None) -> Path:
    """The tiny model's tokenizer with another chat template."""
    target.mkdir(exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tiny_model / name, target)
    if template is not None:
        (target / "chat_template.jinja").write_text(template)
    return target


def rendered_by_tokenizer(folder: Path, messages: list[Message]) -> str:
    turns: list[Any] = [dict(one) for one in messages]
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    return str(tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False))


TALK = talk("user: the red <cat> & 'dog' ?", "assistant:  yes , it runs .", "user: Größe? 日本 \u202e ")


@pytest.mark.parametrize(
    "template", [CHAT_TEMPLATE, ALTERNATING, FORGETFUL, MODERN], ids=["tiny", "alternating", "forgetful", "modern"]
)
def test_it_renders_what_the_tokenizer_renders(tiny_model: Path, tmp_path: Path, template: str) -> None:
    folder = folder_with(tiny_model, tmp_path / "model", template)
    assert ChatTemplate.from_directory(folder).render(TALK) == rendered_by_tokenizer(folder, TALK)


def test_the_default_model_is_rendered_as_its_tokenizer_renders_it(smollm2: Path) -> None:
    conversation = talk("system: Be brief.", *(f"{one['role']}: {one['content']}" for one in TALK))
    template = ChatTemplate.from_directory(smollm2)
    for messages in (conversation, TALK):
        assert template.render(messages) == rendered_by_tokenizer(smollm2, messages)
    assert template.control_token("a <file_sep> b") == "<file_sep>"
    assert template.control_token("a <b> c <|im_start|") == ""


def test_a_refusal_gives_the_templates_reason(tiny_model: Path, tmp_path: Path) -> None:
    template = ChatTemplate.from_directory(folder_with(tiny_model, tmp_path / "model", ALTERNATING))
    with pytest.raises(TemplateRefusal, match="Roles must alternate"):
        template.render(talk("system: be brief", "user: the cat"))
    assert template.swallowed(TALK) == []


def test_a_message_that_is_left_out_is_named(tiny_model: Path, tmp_path: Path) -> None:
    template = ChatTemplate.from_directory(folder_with(tiny_model, tmp_path / "model", FORGETFUL))
    assert template.swallowed(talk("system: be brief", "user: the cat")) == [0]
    assert template.swallowed(talk("user: the cat")) == []
    assert template.swallowed(talk("system: be brief", "user: why be brief")) == [0]  # the user's text has it


@given(content=st.text(st.characters(codec="utf-8"), max_size=30))
def test_no_text_of_a_person_is_taken_for_left_out(tiny_model: Path, content: str) -> None:
    template = ChatTemplate.from_directory(tiny_model)
    assert template.swallowed([Message(role="user", content=content)]) == []


def test_the_template_may_be_in_the_config(tiny_model: Path, tmp_path: Path) -> None:
    folder = folder_with(tiny_model, tmp_path / "model", None)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    named = [{"name": "tool_use", "template": "no"}, {"name": "default", "template": FORGETFUL}]
    for value in (FORGETFUL, named):
        (folder / "tokenizer_config.json").write_text(json.dumps(config | {"chat_template": value}))
        assert ChatTemplate.from_directory(folder).swallowed(talk("system: be brief", "user: a")) == [0]


def test_without_a_template_messages_are_joined(tiny_model: Path, tmp_path: Path) -> None:
    folder = folder_with(tiny_model, tmp_path / "model", None)
    (folder / "tokenizer_config.json").write_text("{}")
    assert ChatTemplate.from_directory(folder).render(talk("system: one", "user: two")) == "one\n\ntwo"


def test_a_template_that_is_none_is_named(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="model is no template"):
        ChatTemplate.from_directory(folder_with(tiny_model, tmp_path / "model", "{% for %}"))


def test_a_template_reaches_nothing_outside_itself(tiny_model: Path, tmp_path: Path) -> None:
    folder = folder_with(tiny_model, tmp_path / "model", "{{ messages.__class__.__mro__[1].__subclasses__() }}")
    with pytest.raises(TemplateRefusal, match="unsafe"):
        ChatTemplate.from_directory(folder).render(TALK)


CALLING: list[Message] = [
    {"role": "user", "content": "the cat ?", "tools": '[{"type": "function", "function": {"name": "look"}}]'},
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"type": "function", "function": {"name": "look", "arguments": '{"b": 1, "a": 2}'}}],
    },
    {"role": "tool", "content": "a dog"},
]
TOOLS = """{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}{{ m.role }} {{ m.content }}
{% for call in m.tool_calls %}{{ call.function.name }} {{ call.function.arguments | tojson }}{% endfor %}{% endfor %}"""


def test_tools_and_calls_are_rendered_as_the_tokenizer_renders_them(tiny_model: Path, tmp_path: Path) -> None:
    folder = folder_with(tiny_model, tmp_path / "model", TOOLS)
    template, tokenizer = ChatTemplate.from_directory(folder), AutoTokenizer.from_pretrained(folder)
    expected = tokenizer.apply_chat_template(
        template_messages(CALLING), tools=template_tools(CALLING), add_generation_prompt=True, tokenize=False
    )
    assert template.render(CALLING) == expected
    assert '{"b": 1, "a": 2}' in expected
    assert (template.swallowed(CALLING), template.ignores_tools(CALLING)) == ([], False)


def test_a_template_that_leaves_out_tools_and_calls_is_named(tiny_model: Path, tmp_path: Path) -> None:
    template = ChatTemplate.from_directory(folder_with(tiny_model, tmp_path / "model", CHAT_TEMPLATE))
    assert template.ignores_tools(CALLING)
    assert template.swallowed(CALLING) == [1]
    assert not template.ignores_tools(TALK)
