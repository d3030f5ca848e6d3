"""Pairs whose prompt is part of a text: transcripts, and texts with a common beginning."""

import pytest

from common.transcripts import Unsplit, is_hh_pair, is_transcript, prompt_turns, split_common_beginning, split_hh_pair

SHARED = "\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: How?"


def test_transcripts_are_split_before_their_last_reply() -> None:
    turns, replies = split_hh_pair(f"{SHARED}\n\nAssistant: Like this.", f"{SHARED}\n\nAssistant: No.")
    assert turns == [("user", "Hi"), ("assistant", "Hello."), ("user", "How?")]
    assert replies == ("Like this.", "No.")
    assert is_hh_pair("Assistant: a", "Assistant: b")
    assert not is_hh_pair("Assistant: a", "b")


@pytest.mark.parametrize(
    ("chosen", "rejected", "kind"),
    [
        ("Assistant: a", "Assistant: b", "no transcript"),
        (f"{SHARED}\n\nAssistant: a", "\n\nHuman: Who?\n\nAssistant: b", "different prompts"),
        (f"{SHARED}\n\nAssistant: a\n\nHuman: more", f"{SHARED}\n\nAssistant: b", "another turn"),
        ("x\n\nHuman: q\n\nAssistant: a", "x\n\nHuman: q\n\nAssistant: b", "no start"),
    ],
)
def test_other_texts_are_no_transcripts(chosen: str, rejected: str, kind: str) -> None:
    with pytest.raises(Unsplit) as raised:
        split_hh_pair(chosen, rejected)
    assert raised.value.kind == kind


def test_a_common_beginning_is_the_prompt_up_to_a_space() -> None:
    question, sides = split_common_beginning("Name a fruit that is red: an apple", "Name a fruit that is red: a plum")
    assert (question, sides) == ("Name a fruit that is red:", ("an apple", "a plum"))


@pytest.mark.parametrize(
    ("chosen", "rejected"), [("one", "two"), ("The sky is blue.", "The sky is green."), ("a", "a")]
)
def test_a_short_common_beginning_may_be_a_coincidence(chosen: str, rejected: str) -> None:
    with pytest.raises(Unsplit):
        split_common_beginning(chosen, rejected)


def test_a_prompt_may_be_a_transcript_that_waits_for_its_reply() -> None:
    assert is_transcript(SHARED + "\n\nAssistant:")
    assert not is_transcript("Write a story about Assistant: the movie")
    assert prompt_turns("System: Be brief.\nUser: Hi\nAssistant:") == [("system", "Be brief."), ("user", "Hi")]
