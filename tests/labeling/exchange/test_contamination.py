"""Texts that contain prompts of an evaluation."""

import io

import pytest

from labeling.exchange import read_prompts
from labeling.exchange.contamination import EvaluationPrompts

LONG = (
    "Compose an engaging travel blog post about a recent trip to Hawaii, highlighting cultural experiences "
    "and must-see attractions."
)


def of(*lines: str) -> EvaluationPrompts:
    return EvaluationPrompts(read_prompts(io.BytesIO("\n".join(lines).encode())))


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        (f"Please: {LONG.lower()}", True),
        ("travel blog post about a recent trip to Hawaii, highlighting cultural experiences and more", True),
        ("a recent trip to Hawaii, highlighting cultural experiences", False),
        ("Tell me, why is the SKY blue today", True),
        ("why is the sea blue", False),
        ("How old am I?", True),
        ("How old am I to say that?", False),
        ("请问中国的首都是哪里？", True),
    ],
)
def test_thirteen_words_in_a_row_or_the_whole_prompt_are_contained(text: str, is_found: bool) -> None:
    evaluation = of(LONG, "Why is the sky blue?", "How old am I", "中国的首都是哪里")
    assert (evaluation.match(["nothing", text]) is not None) is is_found


def test_records_without_a_prompt_are_counted() -> None:
    evaluation = of('{"prompt": "Why is the sky blue?"}', '{"answer": 1}')
    assert (evaluation.count, evaluation.rejected) == (1, 1)
