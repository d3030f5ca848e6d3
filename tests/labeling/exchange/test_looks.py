"""A text as a person sees it."""

import pytest

from labeling.exchange.looks import control_token, is_rendered, look_alike, looks_empty


@pytest.mark.parametrize("text", ["", " \n", "\u200b", "\u200b\u2060 \ufeff", "\u2800", "\u3164\x07"])
def test_texts_that_look_empty(text: str) -> None:
    assert looks_empty(text)


@pytest.mark.parametrize("text", ["a", ".", "👍", "\u200ba", "é"])
def test_texts_that_show_something(text: str) -> None:
    assert not looks_empty(text)


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("a ", "a", True),
        ("plum", "pl\u200bum", True),
        ("caf\u00e9", "cafe\u0301", True),
        ("a", "A", False),
        ("é", "è", False),
        ("a b", "a  b", False),
        ("x" * 63 + "caf\u00e9", "x" * 63 + "cafe\u0301", True),
        ("x" * 63 + "e\u0301", "x" * 63 + "\u00e9", True),
        ("x" * 80 + "\r\ny", "x" * 80 + "\ny", True),
        ("\u200b" * 80 + "a", "a", True),
        ("x" * 80 + "a", "x" * 80 + "b", False),
    ],
)
def test_texts_that_look_the_same(first: str, second: str, alike: bool) -> None:
    assert look_alike(first, second) is alike


def test_rendered_templates_and_control_tokens() -> None:
    for text in (
        "<|user|>\nHi</s>",
        "<|im_start|>system\n",
        "<s>[INST] Hi",
        "<start_of_turn>user\n",
        "<|begin_of_text|>x",
    ):
        assert is_rendered(text), text
        assert control_token(text), text
    for text in ("Hi", "<b>bold</b>", "a < b | c > d", "What is [INSTALL]?"):
        assert not is_rendered(text)
        assert control_token(text) == ""
    assert control_token("What does <|eot_id|> mean?") == "<|eot_id|>"
    assert not is_rendered("What does <|eot_id|> mean?")
