"""What a completion answers is read whole: no part of a record's prompt is passed over, and none is guessed."""

from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected
from tests.labeling.exchange.builders import message, read

TOOL = [{"type": "function", "function": {"name": "look"}}]
PARTS: list[tuple[str, Any, Any]] = [
    ("input", "Cats sleep.", "Ships sail."),
    ("context", ["Cats sleep."], ["Ships sail."]),
    ("history", [["Hi.", "Hello."]], [["Hi.", "Good day."]]),
    ("system_message", "Be brief.", "Be exact."),
    ("tools", TOOL, []),
]


def comparisons(*records: dict[str, Any]) -> list[ImportedComparison]:
    return [one for one in read(records) if isinstance(one, ImportedComparison)]


def labeled(text: str, label: bool, **parts: Any) -> dict[str, Any]:
    return {"prompt": "Say it shorter.", "completion": text, "label": label, **parts}


def rated(text: str, good: bool, **parts: Any) -> dict[str, Any]:
    return {"prompt": "Say it shorter.", "response": text, "helpfulness": 4 if good else 1, **parts}


@pytest.mark.parametrize(("name", "one", "other"), PARTS)
@pytest.mark.parametrize("line", [labeled, rated])
def test_completions_of_different_prompts_are_no_pair(line: Any, name: str, one: Any, other: Any) -> None:
    found = read([line("Cats.", True, **{name: one}), line("Ships.", False, **{name: other})])
    assert [type(entry) for entry in found] == [Rejected, Rejected]
    assert isinstance(read([line("Cats.", True, **{name: one}), line("Ships.", False)])[0], Rejected)


@pytest.mark.parametrize(("name", "one", "_other"), PARTS)
@pytest.mark.parametrize("line", [labeled, rated])
def test_completions_of_one_prompt_are_a_pair_about_all_of_it(line: Any, name: str, one: Any, _other: Any) -> None:
    (pair,) = comparisons(line("Cats.", True, **{name: one}), line("Ships.", False, **{name: one}))
    (alone,) = comparisons({"prompt": "Say it shorter.", name: one, "chosen": "Cats.", "rejected": "Ships."})
    assert (pair.prompt, pair.preference) == (alone.prompt, "first")
    assert pair.prompt != [message("user", "Say it shorter.")]
    assert name not in pair.metadata | (pair.first.metadata or {}) | (pair.second.metadata or {})
