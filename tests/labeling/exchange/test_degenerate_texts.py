"""Texts on which a careless pattern takes minutes, or years: reading each takes a moment."""

import time
from collections.abc import Callable

import pytest

from common import transcripts
from labeling.exchange import UnreadableInput, conversations, project_files
from labeling.exchange.containers import require_text
from labeling.exchange.places import PROMPT

SECONDS = 1.0
NEWLINES = "\n" * 20_000


def of_hermes(text: str) -> None:
    conversations.messages([{"from": "gpt", "value": text}], PROMPT)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        pytest.param(lambda text: require_text(text.encode()), "<!---->" * 24 + "x", id="comments of HTML"),
        pytest.param(of_hermes, "<tool_call>" + " " * 4_000, id="room in a call"),
        pytest.param(of_hermes, "<tool_call>" * 9_000 + "</tool_call>", id="calls in calls"),
        pytest.param(transcripts.is_transcript, "Human: Hi" + NEWLINES, id="newlines in a prompt"),
        pytest.param(transcripts.prompt_turns, "Human: Hi" + NEWLINES + "x", id="newlines in a turn"),
        pytest.param(
            transcripts.split_transcript, "Human: Hi" + NEWLINES + "\nAssistant: Yes", id="newlines and a reply"
        ),
        pytest.param(
            lambda text: project_files._guidelines_of("a.yaml", text),
            "annotation_guidelines: |\n" + " " * 30_000,
            id="YAML",
        ),
    ],
)
def test_no_text_takes_long_to_read(read: Callable[[str], object], text: str) -> None:
    begun = time.thread_time()
    read(text)
    assert time.thread_time() - begun < SECONDS


def test_a_page_behind_comments_is_named_and_other_text_behind_them_is_not() -> None:
    with pytest.raises(UnreadableInput, match="HTML page"):
        require_text(b"<!-- a --> <!-- <b> -->\n<html>")
    require_text(b"<!-- a --> <!-- <html> --> prompt")


def test_newlines_between_turns_belong_to_none() -> None:
    split = transcripts.split_transcript("Human: Hi" + NEWLINES + "Assistant: Yes")
    assert split == ([("user", "Hi")], "Yes")
