"""Battles whose cells list the texts of several turns are conversations, whatever columns tell the winner."""

import io
import json
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected, read_comparisons
from tests.labeling.exchange.builders import as_lines, message

QUESTIONS, ONE, OTHER = ["Capital of Peru?", 'And "Chile"?'], ["Lima.", "Santiago."], ["Cusco.", "It's Arica."]
WON = {"winner_model_a": "0", "winner_model_b": "1", "winner_tie": "0"}
FORMS: list[Callable[[list[str]], Any]] = [json.dumps, repr, list]
NAMES = [("response_a", "response_b"), ("answer_1", "answer_2"), ("one", "two")]


def read(record: dict[str, Any], mapping: Any = None) -> ImportedComparison | Rejected:
    (found,) = read_comparisons(io.BytesIO(as_lines([record])), mapping=mapping)
    return found


CASES = [
    *product(FORMS, [{"winner": "b"}, {"preference": "model_b"}], NAMES),
    *product(FORMS[:2], [WON], NAMES[:1]),
]


@pytest.mark.parametrize(("form", "outcome", "names"), CASES)
@pytest.mark.parametrize("turns", [1, 2])
def test_cells_that_list_texts_are_the_turns(
    form: Callable[[list[str]], Any], outcome: dict[str, str], names: tuple[str, str], turns: int
) -> None:
    cells = zip(("prompt", *names), (QUESTIONS, ONE, OTHER), strict=True)
    record = {name: form(texts[:turns]) for name, texts in cells} | outcome
    mapping = (
        {"prompt": "prompt", "a": "one", "b": "two", "preference": next(iter(outcome))} if "one" in names else None
    )
    one = read(record, mapping)
    assert isinstance(one, ImportedComparison), one
    assert one.prompt == [message("user", QUESTIONS[0])]
    assert one.preference == "second"
    for side, texts in ((one.first, ONE), (one.second, OTHER)):
        said = [message("assistant", texts[0]), message("user", QUESTIONS[1]), message("assistant", texts[1])]
        assert list(side.turns) == (said if turns == 2 else [])
        assert turns == 2 or side.text == texts[0]


@pytest.mark.parametrize("names", NAMES[:2])
@pytest.mark.parametrize(
    ("cells", "code"),
    [((QUESTIONS, ONE, OTHER[:1]), "several_turns"), ((QUESTIONS, ONE, ["Cusco.", None]), "wrong_type")],
)
def test_turns_that_do_not_fit_are_refused(names: tuple[str, str], cells: Any, code: str) -> None:
    record = dict(zip(("prompt", *names), map(json.dumps, cells), strict=True)) | {"winner": "a"}
    refused = read(record)
    assert isinstance(refused, Rejected)
    assert (refused.code, refused.field) == (code, names[1])


@pytest.mark.parametrize("cells", [("List two.", '["a", "b"]', '["c"]'), ('["a", "b"] has how many?', "Two.", "One.")])
def test_a_text_that_is_json_stays_one_where_the_others_are_none(cells: tuple[str, str, str]) -> None:
    one = read(dict(zip(("prompt", *NAMES[0]), cells, strict=True)))
    assert isinstance(one, ImportedComparison)
    assert (one.prompt[0]["content"], one.first.text, one.second.text) == cells
