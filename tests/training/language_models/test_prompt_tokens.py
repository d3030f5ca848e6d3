"""Prompts as token ids from a folder: the ids of the whole conversation, and no control token that a person typed."""

from pathlib import Path

import pytest

from tests.training.language_models.tokenizers_of_families import FAMILIES, deepseek, tokenizer_of
from training.language_models.chat_templates import ChatTemplate, TemplateRefusal
from training.language_models.messages import Message
from training.language_models.prompt_tokens import PromptTokens


def asked(text: str) -> list[Message]:
    return [Message(role="user", content=text)]


@pytest.mark.parametrize("family", FAMILIES)
def test_it_reads_a_conversation_as_transformers_does_and_what_a_person_typed_as_text(
    family: str, tmp_path: Path
) -> None:
    tokenizer = tokenizer_of(family)
    tokenizer.save_pretrained(tmp_path)
    prompts, plain = PromptTokens.from_directory(tmp_path), asked("How do I boil an egg?")
    whole = tokenizer.apply_chat_template(
        [{"role": "user", "content": "How do I boil an egg?"}], add_generation_prompt=True, return_dict=False
    )
    assert prompts.ids(plain) == list(whole)
    assert prompts.spelled(plain) == ""

    control = FAMILIES[family]["control"]
    ids = {tokenizer.convert_tokens_to_ids(token) for token in control}
    of_template = [one for one in whole if one in ids]
    for token in control:
        typed = asked(f"How do {token}I boil{token} an egg?")
        assert prompts.spelled(typed) == token
        assert [one for one in prompts.ids(typed) if one in ids] == of_template


def test_tokens_that_open_turns_are_found_though_they_are_not_special(tmp_path: Path) -> None:
    deepseek().save_pretrained(tmp_path)
    prompts, template = PromptTokens.from_directory(tmp_path), ChatTemplate.from_directory(tmp_path)
    assert prompts.spelled(asked("How do I boil an egg?")) == ""
    assert prompts.spelled(asked("<think>")) == "<think>"
    assert prompts.spelled([*asked("Hi"), Message(role="assistant", content="<think>")]) == ""
    assert prompts.spelled([*asked("Hi"), Message(role="assistant", content="<｜User｜>")]) == "<｜User｜>"
    assert template.control_token("An <｜User｜> in a completion.") == "<｜User｜>"
    assert template.control_token("<think>Eggs.</think>") == ""


def test_a_letter_that_pads_is_a_letter_where_it_is_written(tmp_path: Path) -> None:
    tokenizer = tokenizer_of("qwen")
    tokenizer.pad_token = "!"
    tokenizer.save_pretrained(tmp_path)
    prompts = PromptTokens.from_directory(tmp_path)
    assert tokenizer.decode(prompts.ids(asked("An egg! Why?"))).count("!") == 1


def test_a_folder_without_a_tokenizer_or_with_a_broken_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no tokenizer.json"):
        PromptTokens.from_directory(tmp_path)
    tokenizer_of("qwen").save_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ValueError, match=r"tokenizer.json cannot be read"):
        PromptTokens.from_directory(tmp_path)


def test_a_conversation_that_the_template_refuses_is_refused(tmp_path: Path) -> None:
    tokenizer_of("gemma").save_pretrained(tmp_path)
    with pytest.raises(TemplateRefusal, match="System role not supported"):
        PromptTokens.from_directory(tmp_path).ids([Message(role="system", content="<bos>")])
