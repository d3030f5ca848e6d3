"""A file says the same in other spellings and notations: of its field names, its lists, and what it leaves empty."""

import json
from io import BytesIO
from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected, read_comparisons

TEXTS = {"response_1": "one", "response_2": "two"}


def read(records: list[dict[str, Any]], **options: Any) -> list[ImportedComparison | Rejected]:
    lines = "\n".join(map(json.dumps, records)).encode()
    return list(read_comparisons(BytesIO(lines), **options))


@pytest.mark.parametrize("name", ["preference", "Preference", "Winner", "winner"])
def test_a_zero_at_the_end_is_seen_under_any_spelling(name: str) -> None:
    found = read([{"prompt": f"Q{at}", **TEXTS, name: int(at < 60)} for at in range(70)])
    assert [one for one in found if isinstance(one, ImportedComparison)] == []


@pytest.mark.parametrize(
    ("prompt", "first", "second"),
    [
        ("['Q1', 'Q2']", """["I don't know", 'ok']""", """['no', "it's 3"]"""),
        ('["Q1", "Q2"]', """["I don't know" 'ok']""", """['no' "it's 3"]"""),
        ("['Q1' 'Q2']", '["I don\'t know", "ok"]', "['no'\n \"it's 3\"]"),
    ],
)
def test_lists_of_texts_are_read_in_every_notation(prompt: str, first: str, second: str) -> None:
    [one] = read([{"prompt": prompt, "response_a": first, "response_b": second, "preference": "a"}])
    assert isinstance(one, ImportedComparison)
    assert [turn["content"] for turn in one.first.turns] == ["I don't know", "Q2", "ok"]
    assert [turn["content"] for turn in one.second.turns] == ["no", "Q2", "it's 3"]


@pytest.mark.parametrize("more", [{}, {"response_c": '["C1"]'}])
def test_an_outcome_may_repeat_a_cell_that_lists_turns(more: dict[str, str]) -> None:
    record = {"prompt": '["Q1"]', "response_a": '["A1"]', "response_b": '["B1"]', **more, "chosen": '["B1"]'}
    found = read([record])
    assert all(isinstance(one, ImportedComparison) for one in found)
    assert {one.first.text if one.preference == "first" else one.second.text for one in found} == {"B1"}  # type: ignore[union-attr]


@pytest.mark.parametrize("nothing", [None, "", [], "[]"])
@pytest.mark.parametrize("name", ["input", "context", "history"])
def test_an_empty_part_of_a_prompt_is_none(name: str, nothing: Any) -> None:
    lines = [{"prompt": "Q", name: "", "completion": "x", "label": True}]
    lines.append({"prompt": "Q", name: nothing, "completion": "y", "label": False})
    [one] = read(lines)
    assert isinstance(one, ImportedComparison)
    assert (one.first.text, one.preference) == ("x", "first")


def test_passages_that_stand_in_the_messages_are_not_said_to_be_missing() -> None:
    prompt = [{"role": "user", "content": "passage one is long. passage two. Q?"}]
    sides = {"response_a": "x", "response_b": "y", "preference": "a"}
    [one] = read([{"prompt": prompt, "context": ["passage one is long.", "passage two."], **sides}])
    assert isinstance(one, ImportedComparison)
    [refused] = read([{"prompt": prompt, "context": ["passage one is long.", "another"], **sides}])
    assert isinstance(refused, Rejected)


def test_a_refused_number_is_named_as_the_file_says_it() -> None:
    record = {"fields": {"prompt": "Q", "response1": "x", "response2": "y"}}
    [refused] = read([record | {"responses": {"preference": [{"value": 1, "user_id": "ann"}]}}])
    assert isinstance(refused, Rejected)
    assert "is 1, which" in str(refused.reason)


def test_our_own_table_is_read_by_a_mapping_too() -> None:
    row = {"pair": "p", "prompt": "Q", "a": "x", "b": "y", "votes": "[]", "chosen": "y", "rejected": "x"}
    mapping = {"prompt": "prompt", "a": "chosen", "b": "rejected"}
    table = "\r\n".join(",".join(cells) for cells in (row, row.values())).encode()
    [one] = read_comparisons(BytesIO(table), mapping=mapping)
    assert isinstance(one, ImportedComparison)
    assert (one.first.text, one.second.text) == ("y", "x")
