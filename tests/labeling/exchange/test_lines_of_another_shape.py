"""A line that lacks what its file's reader needs is refused by that, and never for a shape that nobody expected."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected, detect_dialect
from labeling.exchange.readers import READERS
from tests.labeling.exchange.builders import message, read

ASKED, SAID = message("user", "Why?"), message("assistant", "So.")
OTHER = message("assistant", "No.")
TWO = {"prompt": "Why?", "response1": "So.", "response2": "No."}
PARTS = [{"parts": [{"text": text}]} for text in ("Why?", "So.", "No.")]

RECORDS: dict[str, dict[str, Any]] = {
    "own-table": {
        "pair": "c0ffee",
        "prompt": json.dumps([ASKED]),
        "a": "So.",
        "b": "No.",
        "votes": json.dumps([{"annotator": "ann", "choice": "a"}]),
        "tags": "[]",
        "metadata": '{"comparison": {"x": 1}}',
        "turns_a": "",
    },
    "own-tasks": {
        "data": {"prompt": "Why?", "answer1": "So.", "answer2": "No."},
        "meta": {"chosen": {"pair": "c0ffee", "messages": [ASKED], "votes": [{"annotator": "ann", "choice": "a"}]}},
    },
    "good-and-bad": {"prompt": "Why?", "chosen": ["So."], "rejected": ["No.", "Never."]},
    "trl": {"prompt": [ASKED], "chosen": [SAID], "rejected": [OTHER], "chosen_model": "v1", "score_chosen": 1},
    "trl-implicit": {"chosen": [ASKED, SAID], "rejected": [ASKED, OTHER]},
    "hh": {"chosen": "\n\nHuman: Why?\n\nAssistant: So.", "rejected": "\n\nHuman: Why?\n\nAssistant: No."},
    "implicit-text": {"chosen": "The sky above us is blue", "rejected": "The sky above us is green"},
    "alpacaeval": {"instruction": "Why?", "output_1": "So.", "output_2": "No.", "annotator": "x", "preference": 1},
    "openai": {"input": {"messages": [ASKED]}, "preferred_output": [SAID], "non_preferred_output": [OTHER]},
    "conversation-pairs": {"messages": [ASKED, SAID], "rejected_messages": [ASKED, OTHER]},
    "labelstudio": {
        "data": {"prompt": "Why?", "answer1": "So.", "answer2": "No."},
        "annotations": [{"completed_by": 1, "result": [{"from_name": "preference", "value": {"selected": "left"}}]}],
    },
    "labelstudio-min": {"prompt": "Why?", "answer1": "So.", "answer2": "No.", "annotation_id": 1, "preference": "left"},
    "argilla": {"fields": TWO, "responses": {"preference": [{"value": "response1", "user_id": "u"}]}},
    "argilla-flattened": {**TWO, "preference.responses": ["response1"], "preference.responses.users": ["u"]},
    "argilla-columns": {**TWO, "preference": [{"value": "response1", "user_id": "u", "status": "submitted"}]},
    "potato": {"prompt": "Why?", "responses": ["So.", "No."], "label_annotations": {"p": {"selection": "A"}}},
    "scored-lists": {"prompt": "Why?", "responses": ["So.", "No."], "scores": [2, 1], "models": ["m", "n"]},
    "prodigy": {
        "text": "Why?",
        "options": [{"id": 1, "text": "So."}, {"id": 2, "text": "No."}],
        "accept": [1],
        "answer": "accept",
        "_annotator_id": "ann",
    },
    "swift": {"messages": [ASKED, SAID], "rejected_response": "No."},
    "gemini": {
        "contents": [{"role": "user", **PARTS[0]}],
        "completions": [
            {"score": number, "completion": {"role": "model", **part}} for number, part in enumerate(PARTS[1:])
        ],
    },
    "nemo": {
        "context": [ASKED],
        "completions": [{"rank": at, "completion": [one]} for at, one in enumerate((SAID, OTHER))],
    },
    "nectar": {"prompt": "Why?", "answers": [{"answer": text, "rank": at} for at, text in enumerate(("So.", "No."))]},
    "ultrafeedback": {
        "instruction": "Why?",
        "completions": [{"response": text, "overall_score": at} for at, text in enumerate(("So.", "No."))],
    },
    "oasst": {
        "prompt": {
            "text": "Why?",
            "role": "prompter",
            "replies": [{"text": text, "role": "assistant", "rank": at} for at, text in enumerate(("So.", "No."))],
        }
    },
    "arena": {"conversation_a": [ASKED, SAID], "conversation_b": [ASKED, OTHER], "winner": "model_a", "turn": 1},
    "arena-table": {
        "prompt": '["Why?"]',
        "response_a": '["So."]',
        "response_b": '["No."]',
        "winner_model_a": 1,
        "winner_model_b": 0,
        "winner_tie": 0,
    },
    "shp": {"history": "Why?", "human_ref_A": "So.", "human_ref_B": "No.", "labels": 1, "score_A": 3, "score_B": 2},
    "helpsteer3": {
        "context": [ASKED],
        "response1": "So.",
        "response2": "No.",
        "overall_preference": -1,
        "individual_preference": [{"score": -1, "reasoning": "x"}],
    },
    "helpsteer2-preference": {"prompt": "Why?", "response_1": "So.", "response_2": "No.", "preference_strength": -1},
    "better-response": {"prompt": "Why?", "response_0": "So.", "response_1": "No.", "better_response_id": 0},
    "stack-exchange": {
        "question": "Why?",
        "answers": [{"text": text, "pm_score": at} for at, text in enumerate(("So.", "No."))],
    },
    "summaries": {
        "info": {"post": "Why?", "title": "T"},
        "summaries": [{"text": "So.", "policy": "m"}, {"text": "No.", "policy": "n"}],
        "choice": 1,
        "worker": "ann",
    },
    "comparia": {
        "conversation_a": [ASKED, SAID],
        "conversation_b": [ASKED, OTHER],
        "model_a_name": "m",
        "model_b_name": "n",
        "chosen_model_name": "m",
        "both_equal": False,
    },
    "nova": {
        "system": [{"text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [{"text": "Why?"}]},
            {
                "role": "assistant",
                "candidates": [
                    {"content": [{"text": text}], "preferenceLabel": label}
                    for text, label in (("So.", "preferred"), ("No.", "non-preferred"))
                ],
            },
        ],
    },
    "listed": {"prompt": "Why?", "responses": ["So.", {"text": "No.", "model": "n"}, "Hm."], "preference": "A"},
    "sides": {"prompt": "Why?", "response_a": "So.", "response_b": "No.", "response_c": "Hm.", "preference": "a"},
}
OF_THEIR_OWN = {"labelstudio-ranker", "prism", "prism-utterances"}
"""Readers of larger records, which have tests of their own."""
VALUES: tuple[Any, ...] = (None, True, 0, -1.5, "", "x", "nan", [], {}, ["x"], [1], [None], [[]], [{}], {"x": 1})
VALUES += ([{"role": "user"}], [{"role": ["x"], "content": {}}], [{"role": "user", "content": 1}])
VALUES += ("[{'role': 1}]", 10**40)
GROUPS: dict[str, list[dict[str, Any]]] = {
    "kto": [
        {"prompt": "Why?", "completion": text, "label": is_good} for text, is_good in (("So.", True), ("No.", False))
    ],
    "kto-messages": [{"messages": [ASKED, one], "label": is_good} for one, is_good in ((SAID, True), (OTHER, False))],
    "helpsteer2": [{"prompt": "Why?", "response": text, "helpfulness": at} for at, text in enumerate(("So.", "No."))],
    "oasst-messages": [
        {"message_id": "1", "parent_id": None, "text": "Why?", "role": "prompter"},
        {"message_id": "2", "parent_id": "1", "text": "So.", "role": "assistant", "rank": 0},
        {"message_id": "3", "parent_id": "1", "text": "No.", "role": "assistant", "rank": 1},
    ],
}


def places(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values within a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*before, key)
        yield from places(one, (*before, key))


def changed(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The record without each of its values, and with others in their place."""
    for path in places(record):
        for value in (..., *VALUES):
            copy = json.loads(json.dumps(record))
            inner: Any = copy
            for key in path[:-1]:
                inner = inner[key]
            if value is ...:
                del inner[path[-1]]
            else:
                inner[path[-1]] = value
            yield copy


@pytest.mark.parametrize("name", RECORDS)
def test_a_later_line_is_refused_by_what_it_lacks(name: str) -> None:
    record = RECORDS[name]
    first = read([record])
    assert not any(isinstance(one, Rejected) for one in first), first
    assert detect_dialect(record) == name
    found = read([record, *changed(record), *(one for other, one in RECORDS.items() if other != name)])
    shapeless = [one for one in found if isinstance(one, Rejected) and one.code == "unexpected"]
    assert not shapeless, [one.excerpt for one in shapeless]


@pytest.mark.parametrize("name", GROUPS)
def test_a_line_of_a_group_is_refused_by_what_it_lacks(name: str) -> None:
    group = GROUPS[name]
    assert [type(one) for one in read(group)] == [ImportedComparison]
    assert detect_dialect(group[0]) == name
    lines = [
        line
        for at, one in enumerate(group)
        for other in changed(one)
        for line in (*group[:at], other, *group[at + 1 :])
    ]
    shapeless = [one for one in read([*group, *lines]) if isinstance(one, Rejected) and one.code == "unexpected"]
    assert not shapeless, [one.excerpt for one in shapeless]


def test_every_reader_is_tried() -> None:
    assert READERS.keys() - RECORDS.keys() - GROUPS.keys() == OF_THEIR_OWN
