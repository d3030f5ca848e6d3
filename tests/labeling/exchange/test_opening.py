"""Records are found in whatever framing a file has: lines, arrays, objects, fields of an object, columns."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.exchange import ImportedComparison, ImportedPrompt, ReadLimits, Rejected, read_comparisons, read_prompts
from labeling.exchange.opening import open_records
from tests.labeling.exchange.builders import as_lines, read, trl
from tests.labeling.exchange.test_raw import objects, trickle

RECORDS: list[dict[str, Any]] = [trl(), trl("Why not?"), trl("{[,]}", 'a "b" }{ \\', "c")]
BY_COLUMN = {name: [record[name] for record in RECORDS] for name in RECORDS[0]}
BY_ROW = {name: {str(at): value for at, value in enumerate(values)} for name, values in BY_COLUMN.items()}


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(RECORDS),
        json.dumps(RECORDS, indent=2),
        "\n".join(json.dumps(one, indent=2) for one in RECORDS),
        "".join(json.dumps(one) for one in RECORDS),
        " ".join(json.dumps(one) for one in RECORDS) + "\n",
        ",\n".join(json.dumps(one) for one in RECORDS) + ",\n",
        json.dumps({"data": RECORDS}),
        json.dumps(
            {"version": 1, "columns": ["prompt", "chosen"], "anything": RECORDS, "done": {"at": [1, 2]}}, indent=1
        ),
        json.dumps({"train": RECORDS[:1], "test": RECORDS[1:]}),
        json.dumps(BY_COLUMN),
        json.dumps(BY_COLUMN, indent=2),
        json.dumps(BY_ROW),
        "\ufeff" + json.dumps(BY_ROW),
    ],
)
@pytest.mark.parametrize("size", [7, 1 << 16])
def test_every_framing_gives_the_same_records(data: str, size: int) -> None:
    entries = list(read_comparisons(trickle(data.encode(), size)))
    assert all(isinstance(one, ImportedComparison) for one in entries), entries
    assert [one.first.text for one in entries if isinstance(one, ImportedComparison)] == BY_COLUMN["chosen"]
    assert [one.record for one in entries] == [1, 2, 3]


def test_a_single_pretty_object_is_one_record() -> None:
    assert [type(one) for one in read(json.dumps(trl(), indent=4).encode())] == [ImportedComparison]


def test_lists_of_messages_are_no_columns() -> None:
    turns = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]
    record = {"chosen": turns, "rejected": [turns[0], {"role": "assistant", "content": "B"}]}
    [comparison] = read(json.dumps(record, indent=1).encode())
    assert isinstance(comparison, ImportedComparison)


def test_a_broken_object_among_others_costs_only_itself() -> None:
    data = json.dumps(trl(), indent=1) + "\noops\n" + '{\n "prompt": 7 7\n}' + json.dumps(trl("Why not?"), indent=1)
    kinds = [type(one) for one in read(data.encode())]
    assert kinds == [ImportedComparison, Rejected, Rejected, ImportedComparison]


def test_the_lines_of_a_broken_first_record_are_named_once_each() -> None:
    records = read(b'{"prompt": "a", \n' + as_lines([trl()] * 2))
    assert [type(one) for one in records] == [Rejected, ImportedComparison, ImportedComparison]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(objects, min_size=1, max_size=4),
    st.integers(1, 40),
    st.sampled_from([None, 1]),
    st.sampled_from(["", "\n", ", "]),
)
def test_objects_are_cut_however_they_arrive(values: list[object], size: int, indent: int | None, between: str) -> None:
    data = between.join(json.dumps(value, indent=indent) for value in values).encode()
    _, records = open_records(trickle(data, size), ReadLimits(), "objects")
    assert [json.loads(one.data) for one in records] == values


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (b'["quoted"] is a list in which language?\nSecond', ['["quoted"] is a list in which language?', "Second"]),
        (b"{name} asks for help.\nSecond", ["{name} asks for help.", "Second"]),
        (b"Write a poem, please\nSecond", ["Write a poem, please", "Second"]),
        (b'["a", "b"]', ["a", "b"]),
        (
            b'prompt,category\n"Write a poem, please",poetry\n"What is\n2+2?",math\n',
            ["Write a poem, please", "What is\n2+2?"],
        ),
    ],
)
def test_lines_of_text_stay_lines_of_text(data: bytes, texts: list[str]) -> None:
    prompts = [one for one in read_prompts(io.BytesIO(data)) if isinstance(one, ImportedPrompt)]
    assert [one.messages[0]["content"] for one in prompts] == texts


@pytest.mark.parametrize("indent", [None, 2])
def test_the_answer_of_the_datasets_server_is_read(indent: int | None) -> None:
    rows = [{"prompt": f"Q{number}", "chosen": "Yes.", "rejected": "No."} for number in range(3)]
    kinds = [{"feature_idx": 0, "name": "prompt", "type": {"dtype": "string", "_type": "Value"}}]
    listed = [{"row_idx": at, "row": row, "truncated_cells": ["chosen"][: at == 2]} for at, row in enumerate(rows)]
    answer = {"features": kinds, "rows": listed, "num_rows_total": 3, "partial": False}
    records = list(read_comparisons(io.BytesIO(json.dumps(answer, indent=indent).encode())))
    assert [(one.record, type(one)) for one in records] == [
        (1, ImportedComparison),
        (2, ImportedComparison),
        (3, Rejected),
    ]
    assert isinstance(records[0], ImportedComparison)
    assert (records[0].prompt[0]["content"], records[0].dialect, records[0].metadata) == ("Q0", "trl", {})
    assert isinstance(records[2], Rejected)
    assert "shortened" in str(records[2].reason)


def test_a_row_need_not_have_a_number() -> None:
    rows = [{"row": {"prompt": "Q", "chosen": "Yes.", "rejected": "No."}}]
    [one] = read_comparisons(io.BytesIO(json.dumps({"features": [{"name": "prompt"}], "rows": rows}).encode()))
    assert isinstance(one, ImportedComparison)
