"""Text to token ids and back: the chat template, the end of a turn, and each token's own part of a text."""

import pytest

from tests.training.engine.tiny import EOS, START, VOCABULARY, tokenizer
from tests.training.language_models.tokenizers_of_families import tokenizer_of
from training.engine.data.text import TextEncoder
from training.engine.errors import InputError


def test_a_template_that_writes_a_bos_brings_exactly_one() -> None:
    adding = tokenizer()
    adding.chat_template = "{{ bos_token }}{% for message in messages %}{{ message['content'] }}{% endfor %}"
    prompt = TextEncoder(adding, eos_ids=frozenset({EOS}), vocabulary_size=VOCABULARY).encode_prompt(
        [{"role": "user", "content": "hi"}]
    )
    assert (prompt[0], prompt.count(START)) == (START, 1)
    assert adding.decode(list(prompt)) == "<s>hi"


def test_the_end_of_a_turn_is_what_the_template_writes_behind_the_assistants_text() -> None:
    plain = tokenizer()
    plain.add_special_tokens({"additional_special_tokens": ["<eot>"]})
    plain.chat_template = "{% for message in messages %}{{ message['content'] }}<eot>{% endfor %}"
    eot = len(plain) - 1
    several = TextEncoder(plain, eos_ids=frozenset({EOS, eot}), vocabulary_size=len(plain))
    assert several.encode_completion("x", ended=True)[-1] == eot
    only = TextEncoder(plain, eos_ids=frozenset({EOS}), vocabulary_size=len(plain))
    assert only.encode_completion("x", ended=True)[-1] == EOS


@pytest.mark.parametrize(
    "text", ["plain words", "naïve café", "日本語のテスト", "a😀b", " two  spaces\n\tand a tab", ""]
)
def test_a_character_of_several_tokens_belongs_to_its_last_one(encoder: TextEncoder, text: str) -> None:
    ids = encoder.encode_completion(text, ended=True)
    parts = encoder.pieces(ids)
    assert len(parts) == len(ids) == len(text.encode()) + 1
    assert "".join(parts) == text + "</s>"
    assert not any("\ufffd" in part for part in parts)


def test_half_a_character_at_the_end_is_shown_as_it_decodes(encoder: TextEncoder) -> None:
    ids = encoder.encode_completion("aé", ended=False)[:-1]
    assert encoder.pieces(ids) == ["a", "\ufffd"]


def test_a_turns_end_that_the_model_does_not_know_is_refused_before_anything_is_trained() -> None:
    tokenizer = tokenizer_of("qwen")
    size = len(tokenizer)
    tokenizer.add_special_tokens({"eos_token": "<|new_end|>"})
    tokenizer.chat_template = None
    with pytest.raises(InputError, match=f"ends a turn with token {size}, .* ends at {size - 1}"):
        TextEncoder(tokenizer, eos_ids=frozenset(), vocabulary_size=size)
