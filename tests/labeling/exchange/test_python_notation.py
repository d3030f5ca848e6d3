"""Messages that a table holds in Python's notation are messages, and nothing in them runs."""

import json
from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected
from labeling.exchange.python_notation import as_json
from tests.labeling.exchange.builders import message, read, trl

QUESTION = message("user", 'It\'s "Q"\n\\x é')
NUMPY = "[{'content': 'Q', 'role': 'user'}\n {'content': '%s', 'role': 'assistant'}]"


def csv_of(*cells: str) -> bytes:
    doubled = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    return f"prompt,chosen,rejected\n{doubled}\n".encode()


@pytest.mark.parametrize("written", [str, json.dumps])
@pytest.mark.parametrize("wrap", [lambda one: [one], lambda one: one])
def test_messages_as_a_text_are_messages(written: Any, wrap: Any) -> None:
    cells = [written(wrap(one)) for one in (QUESTION, message("assistant", "a"), {"from": "gpt", "value": "b"})]
    for data in (csv_of(*cells), json.dumps(trl(*cells)).encode()):
        [one] = read(data)
        assert isinstance(one, ImportedComparison)
        assert (one.prompt, one.first.text, one.second.text) == ([QUESTION], "a", "b")


def test_a_list_as_numpy_prints_it_has_no_commas() -> None:
    [one] = read(csv_of("Q", NUMPY % "a", NUMPY % "b"))
    assert isinstance(one, ImportedComparison)
    assert (one.prompt, one.first.text, one.second.text) == ([message("user", "Q")], "a", "b")


def test_messages_that_cannot_be_read_are_refused_by_name_and_never_run() -> None:
    for value in ("array(['x'], dtype=object)", "__import__('os').getcwd()", "f'{1}'", "b'x'", "lambda: 1"):
        [one] = read(json.dumps(trl(f"[{{'role': 'user', 'content': {value}}}]", "a", "b")).encode())
        assert isinstance(one, Rejected)
        assert str(one.reason) == "The field 'prompt' holds messages in Python's notation that cannot be read."


@pytest.mark.parametrize(
    "text",
    [
        "[{'role': 'user', 'content': name}] is what the API takes.",
        "{'colour': 'red'}",
        '{"from": "Oslo", "value": "12:30"}',
        '{"from": 1, "value": 2}',
        "[{'price': 3}]",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    [one] = read(json.dumps(trl("Q", text, "b")).encode())
    assert isinstance(one, ImportedComparison)
    assert one.first.text == text


@pytest.mark.parametrize(
    "text",
    [
        "[{'name': 'toxicity', 'value': np.float64(0.1)}]",
        "[{'name': 'toxicity', 'value': nan}]",
        "[{'name': n} for n in xs]",
    ],
)
def test_lists_of_another_matter_in_a_column_are_metadata(text: str) -> None:
    [one] = read(json.dumps({**trl("Q", "a", "b"), "scores": text}).encode())
    assert isinstance(one, ImportedComparison)
    assert one.metadata["scores"] == text


def test_words_and_numbers_have_their_names_in_json() -> None:
    assert json.loads(as_json("{'a': None, 'b': [True, False, -1, 2.5e3]}") or "") == {
        "a": None,
        "b": [True, False, -1, 2500.0],
    }
    assert as_json("'\\N{no such character}'") is None


def test_outputs_of_alpacaeval_are_texts_even_if_they_are_messages() -> None:
    text = json.dumps([message("user", "x")])
    record = {"instruction": "Q", "output_1": text, "output_2": "b", "preference": 1.0}
    [one] = read(json.dumps(record).encode())
    assert isinstance(one, ImportedComparison)
    assert one.first.text == text
