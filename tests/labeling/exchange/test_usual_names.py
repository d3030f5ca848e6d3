"""Fields whose names are known in another spelling are read as that field, or refused by name."""

import csv
import io
import json
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from labeling.exchange import ImportedComparison, ImportedPrompt, Rejected, read_comparisons, read_prompts
from tests.labeling.exchange.builders import message

PAIR = {"prompt": "Name two fruits.", "chosen": "Apples and plums.", "rejected": "Potatoes."}
ASKED = message("user", "Name two fruits.")
PIRATE = message("system", "You are a pirate.")


def as_json(record: dict[str, Any]) -> bytes:
    return json.dumps(record).encode()


def as_table(record: dict[str, Any]) -> bytes:
    target = io.StringIO(newline="")
    csv.writer(target).writerows([record.keys(), record.values()])
    return target.getvalue().encode()


def as_parquet(record: dict[str, Any]) -> bytes:
    target = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist([record]), target)
    return target.getvalue()


FORMS = [as_json, as_table, as_parquet]


def only(data: bytes) -> ImportedComparison:
    (one,) = read_comparisons(io.BytesIO(data))
    assert isinstance(one, ImportedComparison), one
    return one


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["System", "SYSTEM", "System Prompt", "system-message", "systemInstruction"])
def test_a_system_message_is_known_in_any_spelling(form: Any, name: str) -> None:
    one = only(form({name: PIRATE["content"], **PAIR}))
    assert (one.prompt, one.metadata) == ([PIRATE, ASKED], {})
    (prompt,) = read_prompts(io.BytesIO(form({name: PIRATE["content"], "prompt": PAIR["prompt"]})))
    assert isinstance(prompt, ImportedPrompt)
    assert (prompt.messages, prompt.metadata) == ([PIRATE, ASKED], {})


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["Annotator", "Annotator ID", "annotator-name", "workerID", "Worker Id", "Rater"])
def test_an_annotator_is_known_in_any_spelling(form: Any, name: str) -> None:
    one = only(form({**PAIR, name: "ann"}))
    assert ([vote.annotator for vote in one.votes], one.metadata) == (["ann"], {})


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("fields", "prompt"),
    [
        ({"Prompt": "Name two fruits."}, [ASKED]),
        ({"Question": "Name two fruits."}, [ASKED]),
        ({"Instruction": "Name two", "Context": "fruits."}, [message("user", "Name two\n\nfruits.")]),
        ({"prompt": "Name two", "Input": "fruits."}, [message("user", "Name two\n\nfruits.")]),
        (
            {"prompt": "Name two fruits.", "Conversation History": '[["Hi.", "Hello."]]'},
            [message("user", "Hi."), message("assistant", "Hello."), ASKED],
        ),
    ],
)
def test_the_parts_of_a_prompt_are_known_in_any_spelling(form: Any, fields: dict[str, str], prompt: list[Any]) -> None:
    texts = {name: PAIR[name] for name in ("chosen", "rejected")}
    assert only(form(fields | texts)).prompt == prompt
    (alone,) = read_prompts(io.BytesIO(form(fields | {"score": "3"})))
    assert isinstance(alone, ImportedPrompt)
    assert alone.messages == prompt


@pytest.mark.parametrize("part", ["data", "fields"])
def test_the_data_of_a_labeling_tools_task_too(part: str) -> None:
    texts = {"Question": PAIR["prompt"], "System Prompt": PIRATE["content"], "response1": "A", "response2": "B"}
    record: dict[str, Any] = {part: texts} | ({"annotations": []} if part == "data" else {"responses": {}})
    assert only(as_json(record)).prompt == [PIRATE, ASKED]


def test_the_outcome_and_what_cannot_be_kept_are_known_as_well() -> None:
    sides = {"prompt": "Q", "response_a": "A", "response_b": "B"}
    assert only(as_json(sides | {"Winner": "b"})).preference == "second"
    (refused,) = read_comparisons(io.BytesIO(as_json(PAIR | {"Images": ["x.png"]})))
    assert isinstance(refused, Rejected)
    assert refused.code == "unkept_field"


def test_two_spellings_of_one_field_are_refused_unless_they_say_the_same() -> None:
    (refused,) = read_comparisons(io.BytesIO(as_json(PAIR | {"system": "Be brief.", "System": "Be long."})))
    assert isinstance(refused, Rejected)
    assert (refused.code, refused.field) == ("duplicate_field", "System")
    (prompt,) = read_prompts(io.BytesIO(as_json({"prompt": "Q", "Prompt": "R"})))
    assert isinstance(prompt, Rejected)
    assert only(as_json(PAIR | {"system": PIRATE["content"], "System": PIRATE["content"]})).prompt == [PIRATE, ASKED]
    assert only(as_json(PAIR | {"system": PIRATE["content"], "System": ""})).prompt == [PIRATE, ASKED]


def test_a_mapping_names_its_columns_as_the_file_does() -> None:
    row = {"Prompt": "Q", "One": "A", "Two": "B", "Annotator": "ann", "System": "S"}
    mapping = {"prompt": "Prompt", "a": "One", "b": "Two", "preference": "=a", "annotator": "Annotator"}
    (one,) = read_comparisons(io.BytesIO(as_json(row)), mapping=mapping | {"system": "System"})
    assert isinstance(one, ImportedComparison)
    assert ([vote.annotator for vote in one.votes], one.prompt[0]["content"]) == (["ann"], "S")
