"""Every refusal of a file has a template, so that its reader sees a sentence in their language."""

import ast
import inspect
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.phrases import Phrase, gettext_noop
from labeling.exchange import UndetectedDialect, UnreadableInput, errors
from labeling.exchange.parsing import BadRecordError

LABELING = Path(inspect.getfile(errors)).parents[1]
FILES = [*sorted((LABELING / "exchange").glob("*.py")), *sorted((LABELING / "actions").glob("*import*.py"))]

REFUSALS = {
    name: 0 for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.ExchangeError)
}
REFUSALS |= {"UnfitOption": 1, "BadRecordError": 1, "WrongLine": 1, "Phrase": 0}
"""The errors that refuse something, each with the place of the sentence among its arguments."""

WITHOUT = {"places.py", "decoding.py"}
"""Files with a template that no catalogue can have: a name alone, and what Python's reader of JSON says."""


def unmarked(source: str) -> Iterator[str]:
    """The refusals of a file whose sentence is text that no catalogue has."""
    tree = ast.parse(source)
    for scope in [tree, *(one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef))]:
        for call in (one for one in ast.walk(scope) if isinstance(one, ast.Call)):
            place = REFUSALS.get(called(call))
            if place is not None and len(call.args) > place and is_text(call.args[place], scope):
                yield ast.unparse(call)
            if called(call) == "gettext_noop" and not isinstance(call.args[0], ast.Constant):
                yield ast.unparse(call)


def called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def is_text(sentence: ast.expr, scope: ast.AST) -> bool:
    """Whether a sentence is written where it is used, or in a variable of the function, without its mark."""
    if isinstance(sentence, ast.Call):
        return called(sentence) == "str"
    if isinstance(sentence, ast.Name):
        values = [
            one.value
            for one in ast.walk(scope)
            if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == sentence.id
        ]
        return any(isinstance(value, ast.Constant | ast.JoinedStr | ast.BinOp) for value in values)
    return isinstance(sentence, ast.Constant | ast.JoinedStr | ast.BinOp | ast.IfExp)


NAMES = {"pairs.py"}
"""Files in which the words of an error are the name of a field."""


def test_no_refusal_repeats_the_words_of_a_library() -> None:
    found = [
        f"{file.name}: {keyword.arg}"
        for file in FILES
        if file.parent.name == "exchange" and file.name not in NAMES
        for keyword in ast.walk(ast.parse(file.read_text()))
        if isinstance(keyword, ast.keyword) and ast.unparse(keyword.value) == "str(error)"
    ]
    assert found == []


def test_every_refusal_has_a_template_that_catalogues_hold() -> None:
    found = {file.name: sorted(set(unmarked(file.read_text()))) for file in FILES}
    assert {name: calls for name, calls in found.items() if calls} == {}
    assert {file.name for file in FILES if "Marked(" in file.read_text()} == WITHOUT


@pytest.mark.parametrize(
    "source",
    [
        'raise UnreadableInput(f"The file is {kind}.")',
        'raise UnreadableInput("The file is empty.")',
        'raise BadRecordError("role", f"{name!r} is empty.", name)',
        'def read():\n    reason = f"{name} is empty."\n    raise BadRecordError("role", reason, name)',
        'raise UnreadableInput(gettext_noop(f"The file is {kind}."))',
        "raise SnapshotDamaged(str(error))",
        'raise WrongLine(number, "Line %(line)s: " + reason)',
    ],
)
def test_one_without_a_template_is_found(source: str) -> None:
    assert list(unmarked(source))


def test_an_error_of_the_process_that_reads_keeps_its_template() -> None:
    sent = UnreadableInput(gettext_noop("The file is %(kind)s."), kind=Phrase(gettext_noop("a PDF document")))
    got = pickle.loads(pickle.dumps(sent))
    assert (str(got), got.phrase.template) == ("The file is a PDF document.", "The file is %(kind)s.")
    unknown = UndetectedDialect(Phrase(gettext_noop("The dialect cannot be detected.")), line=3, fields="a")
    got = pickle.loads(pickle.dumps(unknown))
    assert (got.line, got.fields, got.phrase.template) == (3, "a", "The dialect cannot be detected.")


def test_a_bad_record_says_its_reason_in_english() -> None:
    error = BadRecordError("missing_field", gettext_noop("The field %(name)s is missing."), "id", name="'id'")
    assert (str(error), error.reason.values, error.field) == ("The field 'id' is missing.", {"name": "'id'"}, "id")
